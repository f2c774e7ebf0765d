"""The classifier's trainer: a collection to a run folder, on the one training loop."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from impasto.collection.collection import Collection
from impasto.errors import CollectionError, RunError, SettingsError
from impasto.models.classifier import stem_stride
from impasto.models.classifiers import build
from impasto.records.run import Run, open_run
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.task import ClassifierTask
from impasto.training.muon import make_optimizer
from impasto.training.trainer import TrainingJob, train
from impasto.training.training_findings import training_findings
from impasto.weights import autoencoder_of, give_network, own_network


def train_classifier(
    collection: Collection,
    run: Path | str,
    settings: ClassifierSettings | None = None,
    *,
    network: nn.Module | None = None,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """Train a classifier, or continue an interrupted run; a finished one is returned as it is.

    Args:
        collection: to learn from; its test split is never touched.
        run: the folder to write.
        settings: the defaults where ``None``.
        network: a module of the user's, ``(B, 3, H, W)`` in [-1, 1] to logits ``(B, styles)``,
            trained as a copy; no file holds its code, so ``open_run`` must be given it again.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there are fewer than two styles to tell apart.
        RunError: ``warm_start`` is no autoencoder's, not finished, or of another collection.
        SettingsError: it has a network of another shape.
        ImpastoError: for all that ``trainer.train`` refuses.
    """
    settings = settings or ClassifierSettings()
    if (collection.counts("train") > 0).sum() < 2:
        raise CollectionError(
            f"{collection.path} has training pictures of fewer than two styles: add another style"
        )

    run, initial = Path(run), None
    if network is not None:
        settings = settings.model_copy(update={"network": "own"})
        give_network(run, network)
    if settings.network == "own":
        _check_own(run, collection, settings)
    if settings.warm_start is not None:
        if not _finished(run):  # a finished run needs no initial weights, whose run may be gone
            initial = _warm_start(Path(settings.warm_start), collection, settings)
        # Relative to the run's folder: the same training after both were moved
        place = os.path.relpath(Path(settings.warm_start).resolve(), run.resolve())
        settings = settings.model_copy(update={"warm_start": Path(place).as_posix()})

    def model() -> nn.Module:
        shape: dict[str, Any] = {
            name: getattr(settings, name) for name in ("size", "resolution", "stride")
        }
        styles = len(collection.vocabulary)
        if settings.network == "own":
            return own_network(run)
        made = build(
            settings.network, styles=styles, **shape, head_scale=settings.balance.head_scale
        )
        if initial is not None:
            trunk = autoencoder_of(initial, torch.device("cpu")).trunk.state_dict()
            body = {name: weight for name, weight in trunk.items() if not name.startswith("head.")}
            made.load_state_dict(body, strict=False)  # all but a head of its own
        return made

    def facts(task: ClassifierTask) -> Mapping[str, Any]:
        own = {"prior": task.balance.last_prior.tolist(), "head_scale": settings.balance.head_scale}
        return own if initial is None else {**own, "warm_start_seconds": initial.facts["seconds"]}

    trainer = TrainingJob(
        kind="classifier",
        settings=settings,
        task=lambda accelerator: ClassifierTask(collection, settings, accelerator),
        model=model,
        optimizer=lambda network: make_optimizer(
            network, settings.learning_rate, settings.muon_learning_rate, settings.weight_decay
        ),
        facts=facts,
        findings=lambda lines: training_findings(lines, collection),
    )
    return train(trainer, collection, run, resume=resume, progress=progress)


def _check_own(run: Path, collection: Collection, settings: ClassifierSettings) -> None:
    """Refuse a module of the user's that does not give a logit for each style."""
    if settings.balance.head_scale is not None:
        raise SettingsError("balance.loss=ldam brings a head of its own: not with your own network")
    side, styles = settings.resolution, len(collection.vocabulary)
    with torch.no_grad():
        made = own_network(run).eval()(torch.zeros(2, 3, side, side))
    if made.shape != (2, styles):
        raise SettingsError(
            f"network gives {tuple(made.shape)} for 2 pictures: it must give (2, {styles}), a "
            "logit for each style"
        )


def _finished(run: Path) -> bool:
    return (run / "run.json").exists() and open_run(run, "classifier").state == "done"


def _warm_start(path: Path, collection: Collection, settings: ClassifierSettings) -> Run:
    """Return the autoencoder's run, which must have the same collection and so no test picture."""
    run = open_run(path, "autoencoder")
    if run.state != "done":
        raise RunError(f"{path} is not finished: repeat its impasto train autoencoder first")
    if run.collection["fingerprint"] != collection.fingerprint:
        raise RunError(
            f"warm_start={path} learned from another state of {run.collection['path']}, perhaps "
            f"from test pictures: train an autoencoder on {collection.path}"
        )
    if settings.network != "classifier":
        raise SettingsError(
            f"warm_start: only network=classifier can begin as an autoencoder, not "
            f"{settings.network}"
        )
    stride = stem_stride(run.settings["resolution"])
    if (settings.size, settings.stride or stem_stride(settings.resolution)) != (
        run.settings["size"],
        stride,
    ):
        shape = (
            f"size={run.settings['size']}, resolution={run.settings['resolution']} and so "
            f"stride={stride}"
        )
        raise SettingsError(f"warm_start={path} is of {shape}: train the classifier with the same")
    return run

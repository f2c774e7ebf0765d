"""The classifier's trainer: a collection to a run folder, on the one training loop."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import nn

from impasto.collection.collection import Collection
from impasto.errors import CollectionError, RunError, SettingsError
from impasto.models.classifier import Size, stem_stride
from impasto.models.classifiers import Network, build
from impasto.records.run import Run, open_run
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.task import ClassifierTask
from impasto.training.imbalance import BalanceSettings
from impasto.training.muon import make_optimizer
from impasto.training.trainer import MuonSettings, Trainer, train
from impasto.training.training_findings import training_findings
from impasto.weights import autoencoder_of


class ClassifierSettings(MuonSettings):
    """How a classifier is trained."""

    network: Network = Field(
        "classifier", description="impasto's classifier, a residual network, or the course's two"
    )
    size: Size = Field(
        "small", description="width and depth of the classifier: tiny, small or base"
    )
    weight_decay: float = Field(
        0.1, ge=0, description="decoupled weight decay of convolutions and linear layers"
    )
    stride: Literal[2, 4] | None = Field(
        None,
        description="of the stem; 2 looks four times as closely, for four times the work; none: 4 from 96 pixels",
    )
    warm_start: str | None = Field(
        None,
        description="an autoencoder's run on the same collection: begin as its manner's network; none: afresh",
    )
    label_smoothing: float = Field(
        0.1, ge=0, lt=1, description="share of each label spread over the styles, by frequency"
    )
    balance: BalanceSettings = Field(BalanceSettings(), description="what is done for rare styles")
    first_resolution: int = Field(
        64, ge=32, description="what it sees at first; grows to resolution"
    )
    growth: float = Field(
        0.7, ge=0, le=1, description="share of the steps until the full resolution; 0: at once"
    )
    augment: AugmentSettings = Field(
        AugmentSettings(), description="how training pictures are varied"
    )

    @model_validator(mode="after")
    def _to_the_end(self) -> "ClassifierSettings":
        if self.patience and (self.balance.sampling == "progressive" or self.balance.deferred > 0):
            raise ValueError(
                "patience may stop a training before balance.sampling=progressive or balance.deferred is done: "
                "leave it at 0"
            )
        return self


def train_classifier(
    collection: Collection,
    run: Path | str,
    settings: ClassifierSettings | None = None,
    *,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """The finished run; one that was cut off is continued, one that is finished is returned as it is.

    Args:
        collection: to learn from; its test split is never touched.
        run: the folder to write.
        settings: the defaults where ``None``.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there are fewer than two styles to tell apart.
        RunError: the run to begin as is no autoencoder's, not finished, or of another collection.
        SettingsError: it has a network of another shape.
        ImpastoError: for all that ``start.train`` refuses.
    """
    settings = settings or ClassifierSettings()
    if (collection.counts("train") > 0).sum() < 2:
        raise CollectionError(
            f"{collection.path} has training pictures of fewer than two styles: nothing to tell apart"
        )

    run, beginning = Path(run), None
    if settings.warm_start is not None:
        if not _finished(run):  # a finished run needs no beginning, which may be gone by then
            beginning = _beginning(Path(settings.warm_start), collection, settings)
        # From the run's folder, so that it is the same training from any other, and after both were
        # moved
        place = os.path.relpath(Path(settings.warm_start).resolve(), run.resolve())
        settings = settings.model_copy(update={"warm_start": Path(place).as_posix()})

    def model() -> nn.Module:
        shape: dict[str, Any] = {
            name: getattr(settings, name) for name in ("size", "resolution", "stride")
        }
        styles = len(collection.vocabulary)
        made = build(
            settings.network, styles=styles, **shape, head_scale=settings.balance.head_scale
        )
        if beginning is not None:
            trunk = autoencoder_of(beginning, torch.device("cpu")).trunk.state_dict()
            body = {name: weight for name, weight in trunk.items() if not name.startswith("head.")}
            made.load_state_dict(body, strict=False)  # all but a head of its own
        return made

    def facts(task: ClassifierTask) -> Mapping[str, Any]:
        own = {"prior": task.balance.last_prior.tolist(), "head_scale": settings.balance.head_scale}
        return (
            own if beginning is None else {**own, "warm_start_seconds": beginning.facts["seconds"]}
        )

    trainer = Trainer(
        kind="classifier",
        settings=settings,
        task=lambda accelerator: ClassifierTask(collection, settings, accelerator),
        model=model,
        optimizer=lambda network: make_optimizer(
            network, settings.learning_rate, settings.matrix_learning_rate, settings.weight_decay
        ),
        facts=facts,
        judge=lambda lines: training_findings(lines, collection),
    )
    return train(trainer, collection, run, resume=resume, progress=progress)


def _finished(run: Path) -> bool:
    return (run / "run.json").exists() and open_run(run, "classifier").state == "done"


def _beginning(path: Path, collection: Collection, settings: ClassifierSettings) -> Run:
    """The autoencoder's run that a classifier may begin as.

    It has seen no label, and no test picture either: that holds for the very same collection alone.
    """
    run = open_run(path, "autoencoder")
    if run.state != "done":
        raise RunError(f"{path} is not finished: repeat its impasto train autoencoder first")
    if run.collection["fingerprint"] != collection.fingerprint:
        raise RunError(
            f"warm_start={path} learned from another state of {run.collection['path']}, perhaps from pictures to be "
            f"tested on: train an autoencoder on {collection.path}"
        )
    if settings.network != "classifier":
        raise SettingsError(
            f"warm_start: only network=classifier can begin as an autoencoder, not {settings.network}"
        )
    stride = stem_stride(run.settings["resolution"])
    if (settings.size, settings.stride or stem_stride(settings.resolution)) != (
        run.settings["size"],
        stride,
    ):
        shape = f"size={run.settings['size']}, resolution={run.settings['resolution']} and so stride={stride}"
        raise SettingsError(f"warm_start={path} is of {shape}: train the classifier with the same")
    return run

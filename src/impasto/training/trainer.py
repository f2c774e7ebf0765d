"""Training jobs: from a collection to a finished run, on the training loop.

Inputs and settings are checked before anything is written. A folder that holds the same training is
continued; one that holds another is refused. The facts of the run are recorded; then the loop runs.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import nn

from impasto.collection.collection import Collection
from impasto.devices import accelerator_on, lora_precision, precision_of
from impasto.errors import CollectionError, RunError, SettingsError
from impasto.files import write_table
from impasto.records import finding as finding_records
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run, RunKind
from impasto.state.diff import as_known, difference, differences
from impasto.state.folder import locked, refuse_other_work, remove_leftovers
from impasto.training.loop import Plan, Task, Tools, fit
from impasto.training.settings import LoopSettings, TrainingSettings
from impasto.training.trackers import require_tracker

T = TypeVar("T", bound=Task)


@dataclass(frozen=True, slots=True)
class TrainingJob(Generic[T]):
    """Training of one kind of run: settings, task, network, optimiser, findings.

    Attributes:
        kind: of run.
        settings: of the training.
        task: batches, loss and validation, on the processes given.
        model: a network with fresh weights from torch's global generator, seeded by the caller.
        optimizer: of the network; each group keeps its peak learning rate under ``peak``.
        facts: recorded at the beginning, beside those of every trainer.
        findings: findings from the lines of ``metrics.jsonl``.
        plan: how long and how, where it is not as for a training from scratch.
        export: writes what else a finished run holds, before it counts as finished; gives facts of
            it.
        extends: whether a run may be continued for more epochs than it started with.
        from_scratch: whether the network is new and sees the stored pictures alone.
        allowed: names of files that a folder may hold before its run starts.
        first: trains what this training uses, before it begins and once its folder is checked.
        subset: the part of the collection that is learned from, as a collection of its own;
            ``None``: all of it.
        validates: whether there must be validation pictures.
    """

    kind: RunKind
    settings: LoopSettings
    task: Callable[[Accelerator], T]
    model: Callable[[], nn.Module]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    facts: Callable[[T], Mapping[str, Any]]
    findings: Callable[[Sequence[Mapping[str, Any]]], list[Finding]]
    plan: Callable[[T, Run], Plan] | None = None
    export: Callable[[Run], Mapping[str, Any]] | None = None
    extends: bool = False
    from_scratch: bool = True
    allowed: frozenset[str] = frozenset({"seen.parquet"})
    first: Callable[[], None] | None = None
    subset: Collection | None = None
    validates: bool = True


def train(
    trainer: TrainingJob[T],
    collection: Collection,
    path: Path,
    *,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """Train, or continue an interrupted run; a finished one is returned as it is.

    Args:
        trainer: what is trained, and how.
        collection: to learn from; its test split is never touched.
        path: the folder to write.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there is nothing to choose on.
        RunError: the folder holds a run of other settings or of another collection, or the loss
            became no number.
        SettingsError: the batch cannot be divided among the processes, there is no such device, or
            the collection stores smaller pictures than the network is to see.
        MissingExtraError: the tracker is not installed.
        OutputError: the folder cannot be written.
    """
    settings = trainer.settings
    _check(trainer.subset or collection, trainer)
    require_tracker(settings.tracker)  # before anything is written
    accelerator = _accelerator(settings, path)
    if not resume and (path / "run.json").exists():
        raise RunError(f"{path} already holds a run: resume it, or choose another folder with -o")
    earlier = _existing(path, collection, trainer)
    if earlier is not None and earlier.state == "done":
        return earlier
    with locked(path) if accelerator.is_main_process else nullcontext():
        if accelerator.is_main_process:
            remove_leftovers(path)
        return _trained(trainer, collection, path, accelerator, progress=progress)


def _trained(
    trainer: TrainingJob[T],
    collection: Collection,
    path: Path,
    accelerator: Accelerator,
    *,
    progress: bool,
) -> Run:
    run = _existing(path, collection, trainer)
    if run is None:
        refuse_other_work(path, trainer.allowed)
    elif run.state == "done":
        return run
    if trainer.first is not None:
        trainer.first()
    task = trainer.task(accelerator)
    with torch.random.fork_rng([]):  # initial weights come from the global generator
        torch.manual_seed(trainer.settings.seed % 2**63)
        model = trainer.model()
    model = model.to(accelerator.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if run is None:
        run = _begin(path, collection, trainer, task, model, accelerator)
    plan = trainer.plan(task, run) if trainer.plan else _plan(task, trainer.settings, run)
    done = fit(task, model, trainer.optimizer(model), run, plan, Tools(accelerator, progress))
    reached = {
        "steps_done": done.step,
        "best_epoch": done.best_step / task.per_epoch,
        "best_loss": done.best if math.isfinite(done.best) else None,
        "seconds": round(done.seconds, 3),
        "data_share_of_step": round(done.data_seconds / max(done.seconds, 1e-9), 4),
    }
    if accelerator.is_main_process:
        finding_records.save(path / "findings.json", trainer.findings(run.metrics()))
        runs.finish(run, reached | (dict(trainer.export(run)) if trainer.export else {}))
    accelerator.wait_for_everyone()
    return runs.open_run(path, trainer.kind)


def _check(collection: Collection, trainer: TrainingJob[T]) -> None:
    if len(collection.indices("train")) == 0:
        raise CollectionError(
            f"{collection.path} has no training pictures: add some and run impasto prepare again"
        )
    if trainer.validates and len(collection.indices("validation")) == 0:
        raise CollectionError(
            f"{collection.path} has no validation pictures to choose on: add pictures and run "
            "impasto prepare again"
        )
    stored = collection.pixels.shape[1]  # names without pictures are refused here
    resolution = trainer.settings.resolution
    if trainer.from_scratch and resolution > stored:
        raise SettingsError(
            f"resolution={resolution} is more than the {stored} pixels that {collection.path} "
            "stores: lower it, or prepare with a larger --pixels"
        )


def _accelerator(settings: LoopSettings, path: Path) -> Accelerator:
    tracker = None if settings.tracker == "none" else settings.tracker
    accelerator = accelerator_on(settings.device, log_with=tracker, project_dir=str(path))
    if settings.batch_size % accelerator.num_processes:
        raise SettingsError(
            f"batch_size={settings.batch_size} cannot be divided among "
            f"{accelerator.num_processes} processes"
        )
    return accelerator


def _existing(path: Path, collection: Collection, trainer: TrainingJob[T]) -> Run | None:
    """The run in the folder, checked to be this very training."""
    if not (path / "run.json").exists():
        return None
    run = runs.open_run(path, trainer.kind)
    collection.vocabulary.require(run.styles, f"the run in {path}")
    if run.collection["fingerprint"] != collection.fingerprint:
        raise RunError(
            f"{path} was trained on another state of {run.collection['path']}: choose another "
            "folder with -o, or prepare the collection as it was"
        )
    had = as_known(run.settings, type(trainer.settings))
    changed = differences(had, trainer.settings)
    epochs = trainer.settings.epochs
    if list(changed) == ["epochs"] and trainer.extends and epochs > had["epochs"]:
        steps = run.facts["steps_per_epoch"] * epochs
        settings, facts = {**run.settings, "epochs": epochs}, {**run.facts, "steps": steps}
        return runs.extend(run, settings, facts)
    if changed:
        line = difference(had, trainer.settings)
        raise RunError(
            f"{path} was trained with other settings ({line}): repeat them, or choose another "
            "folder"
        )
    return run


def _begin(
    path: Path,
    collection: Collection,
    trainer: TrainingJob[T],
    task: T,
    model: nn.Module,
    accelerator: Accelerator,
) -> Run:
    """Create the run's folder with its facts."""
    setting, device = trainer.settings.precision, accelerator.device
    own = precision_of if trainer.from_scratch else lora_precision
    precision = [own(setting, device)]
    broadcast_object_list(precision)  # processes may run on other machines
    taken = trainer.subset or collection
    facts = {
        "precision": precision[0],
        "steps": trainer.settings.epochs * task.per_epoch,
        "steps_per_epoch": task.per_epoch,
        "train_counts": taken.counts("train").tolist(),
        "resolution": trainer.settings.resolution,
        "parameters": sum(p.numel() for p in model.parameters()),
        "processes": accelerator.num_processes,
        **trainer.facts(task),
    }
    if accelerator.is_main_process:
        splits = taken.table.select(["sha256", "split"])
        seen = splits.filter(pa.compute.not_equal(splits["split"], "test"))
        write_table(path / "seen.parquet", seen)
        about = {
            "path": str(collection.path.resolve()),
            "fingerprint": collection.fingerprint,
            "pictures": len(collection),
            "size": collection.settings["pixels"],
            "fit": collection.settings["fit"],
        }
        dumped: dict[str, Any] = trainer.settings.model_dump(mode="json")
        runs.create(
            path,
            trainer.kind,
            settings=dumped,
            styles=collection.vocabulary.styles,
            collection=about,
            facts=facts,
        )
    accelerator.wait_for_everyone()
    return runs.open_run(path, trainer.kind)


def _plan(task: Task, settings: LoopSettings, run: Run) -> Plan:
    assert isinstance(settings, TrainingSettings), (
        "a trainer of other settings has a plan of its own"
    )
    steps = settings.epochs * task.per_epoch
    return Plan(
        steps=steps,
        per_epoch=task.per_epoch,
        batch_size=settings.batch_size,
        warmup=math.ceil(settings.warmup * steps),
        decay=settings.ema_decay,
        clip=settings.max_grad_norm,
        precision=run.facts["precision"],
        patience=settings.patience,
        seed=settings.seed,
    )

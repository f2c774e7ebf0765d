"""Training loop: steps, EMA, schedule, validation, checkpoints and metrics of every trainer.

A trainer is a ``Task``: batches, a loss and validation scores. Everything random is a function of
(seed, step), so a training that continues from its checkpoint takes the same steps as an
uninterrupted one. It runs on one process or, under torchrun, on several (Accelerate).
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from impasto.devices import Precision, autocast
from impasto.errors import RunError
from impasto.files import make_folder, output_error, write_text
from impasto.files.checksums import seal
from impasto.progress import training_progress
from impasto.records.run import Run
from impasto.training import checkpoint
from impasto.training.checkpoint import Progress
from impasto.training.ema import Average
from impasto.training.interrupt import deferred_interrupt
from impasto.training.schedule import warmup_constant, warmup_cosine
from impasto.training.trackers import tracked

LOGS_PER_EPOCH = 10
LOSS_SCALE = 1024.0  # in float16, whose smallest numbers gradients would fall below
CHECKPOINT_SECONDS = 60.0


class Task(Protocol):
    """Batches, loss and validation of one kind of training."""

    shown: str
    """Validation score that the display shows beside the loss."""

    @property
    def per_epoch(self) -> int:
        """Steps between two validations."""

    def batch(self, step: int) -> Any:
        """Return this process's shard of a batch, on the device.

        With accumulation, ``step`` counts batches.
        """

    def loss(self, model: nn.Module, batch: Any) -> Tensor:
        """The mean loss of a batch."""

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Scores of a network on the validation split, equal on every process.

        The weights with the lowest ``loss`` are kept: other scores of a long tail depend on a
        handful of pictures. No scores where there is nothing to validate on: the last weights are
        kept then.
        """

    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Draw the network's output after an epoch into ``folder``, where it makes pictures."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Schedule of a training.

    Attributes:
        steps: gradient steps in all.
        per_epoch: steps between two validations.
        batch_size: pictures in a step, over all processes.
        warmup: steps until the peak learning rate.
        decay: of the weights' average.
        clip: largest norm of the gradient.
        precision: of the arithmetic.
        patience: validations without a lower loss until the training stops; 0 never stops early.
        seed: of dropout.
        schedule: of the learning rate after the warm-up.
        accumulation: batches behind a step, each as large as memory allows.
    """

    steps: int
    per_epoch: int
    batch_size: int
    warmup: int
    decay: float
    clip: float
    precision: Precision
    patience: int = 0
    seed: int = 0
    schedule: Literal["cosine", "constant"] = "cosine"
    accumulation: int = 1


def fit(
    task: Task,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    run: Run,
    plan: Plan,
    tools: "Tools",
) -> Progress:
    """Train or continue training; the best weights are in the run's folder afterwards.

    Raises:
        RunError: the loss is no number any more, or the checkpoint is damaged.
        OutputError: the run's folder cannot be written.
        KeyboardInterrupt: on Ctrl-C, after the step that was under way; the same call continues.
    """
    average = Average(model, plan.decay)
    progress = checkpoint.load(run.checkpoint_path, model, average.model, optimizer) or Progress()
    make_folder(run.checkpoint_path)
    _rewind(run, progress.step, tools.accelerator)
    trained, prepared = tools.accelerator.prepare(model, optimizer)
    main = tools.accelerator.is_main_process
    with (
        tracked(tools.accelerator, run.path, run.settings, progress.step),
        training_progress(plan.steps, plan.per_epoch, shown=tools.progress and main) as show,
        deferred_interrupt() as interrupted,
    ):
        state = _State(task, model, average, optimizer, run, plan, tools, progress)
        while progress.step < plan.steps and not (
            plan.patience and progress.stale >= plan.patience
        ):
            _step(state, trained, prepared, show)
            # All processes together: one that went on alone would wait for the others for ever
            stop = torch.tensor(float(interrupted()), device=tools.accelerator.device)
            if float(tools.accelerator.reduce(stop, "sum")) > 0:
                _save(state)
                raise KeyboardInterrupt
        _save(state)
    return progress


@dataclass(frozen=True, slots=True)
class Tools:
    """Accelerator of a training, and whether progress is shown."""

    accelerator: Accelerator
    progress: bool = False


@dataclass(slots=True)
class _State:
    task: Task
    model: nn.Module
    average: Average
    optimizer: torch.optim.Optimizer
    run: Run
    plan: Plan
    tools: Tools
    progress: Progress
    saved: float = 0.0  # progress.seconds at the last checkpoint


def _step(
    state: _State,
    model: nn.Module,
    optimizer: Any,
    show: Callable[[int, Mapping[str, float]], None],
) -> None:
    """One gradient step, and what is due after it."""
    progress, plan, accelerator = state.progress, state.plan, state.tools.accelerator
    began = time.perf_counter()
    if plan.schedule == "constant":
        rate = warmup_constant(progress.step, plan.warmup)
    else:
        rate = warmup_cosine(progress.step, plan.steps, plan.warmup)
    for group in state.optimizer.param_groups:
        group["lr"] = rate * group["peak"]
    loss = _gradients(state, model)
    if plan.precision == "float16":
        _unscale(model)
    accelerator.clip_grad_norm_(model.parameters(), plan.clip)
    value = float(accelerator.reduce(loss, "mean"))
    if not math.isfinite(value):
        raise RunError(
            f"{state.run.path}: the loss is {value} at step {progress.step}: lower learning_rate "
            "and train into another folder, or use precision=float32"
        )
    optimizer.step()
    optimizer.zero_grad()
    state.average.update(state.model, progress.step)
    progress.step += 1
    progress.loss_sum += value
    progress.loss_count += 1
    progress.seconds += time.perf_counter() - began
    _after(state, rate, value, show)


def _gradients(state: _State, model: nn.Module) -> Tensor:
    """The mean loss of a step's batches, whose gradients the network then has."""
    progress, plan, accelerator = state.progress, state.plan, state.tools.accelerator
    began, parts = time.perf_counter(), plan.accumulation
    batches = [state.task.batch(progress.step * parts + part) for part in range(parts)]
    progress.data_seconds += time.perf_counter() - began
    model.train()
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    losses = []
    with torch.random.fork_rng(devices):  # dropout: the only user of the global generator
        torch.manual_seed(
            ((plan.seed * 1_000_003 + progress.step) * 4096 + accelerator.process_index) % 2**63
        )
        for part, batch in enumerate(batches, 1):
            with autocast(accelerator.device, plan.precision):
                loss = state.task.loss(model, batch) / parts
            # Processes exchange their gradients once a step
            scaled = loss * LOSS_SCALE if plan.precision == "float16" else loss
            with nullcontext() if part == parts else accelerator.no_sync(model):
                accelerator.backward(scaled)
            losses.append(loss.detach())
    return torch.stack(losses).sum()


def _unscale(model: nn.Module) -> None:
    """Take the scale of the loss from the gradients; those that overflowed make no step."""
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    finite = all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
    for gradient in gradients:
        if finite:
            gradient.div_(LOSS_SCALE)
        else:
            gradient.zero_()


def _after(
    state: _State, rate: float, loss: float, show: Callable[[int, Mapping[str, float]], None]
) -> None:
    """Metrics, validation and checkpoint, where they are due."""
    progress, plan = state.progress, state.plan
    speed = progress.step * plan.batch_size / max(progress.seconds, 1e-9)
    show(progress.step, {"loss": loss, "pictures/s": speed})
    if progress.step % max(1, plan.per_epoch // LOGS_PER_EPOCH) == 0:
        line = {
            "loss": progress.loss_sum / progress.loss_count,
            "learning_rate": rate * state.optimizer.param_groups[-1]["peak"],
            "pictures_per_second": speed,
        }
        _write(state, "train", line)
        progress.loss_sum, progress.loss_count = 0.0, 0
    if progress.step % plan.per_epoch == 0 or progress.step == plan.steps:
        began = time.perf_counter()
        with autocast(state.tools.accelerator.device, plan.precision):
            scores = state.task.validate(state.average.model)
        better = not scores or scores["loss"] < progress.best
        if better:
            progress.best = scores.get("loss", progress.best)
            progress.best_step, progress.stale = progress.step, 0
            if state.tools.accelerator.is_main_process:
                checkpoint.save_weights(state.run.weights_path, state.average.model)
        else:
            progress.stale += 1
        if state.tools.accelerator.is_main_process:
            with autocast(state.tools.accelerator.device, plan.precision):
                epoch = math.ceil(progress.step / plan.per_epoch)
                state.task.illustrate(state.average.model, state.run.path / "progress", epoch)
        progress.seconds += time.perf_counter() - began
        _write(state, "validation", {**scores, "best": better})
        shown = state.task.shown
        if scores:
            names = {"validation": "loss", shown.replace("_", " "): shown}
            show(progress.step, {name: scores[score] for name, score in names.items()})
        _save(state)
    elif progress.seconds - state.saved >= CHECKPOINT_SECONDS:
        _save(state)


def _save(state: _State) -> None:
    if state.tools.accelerator.is_main_process:
        checkpoint.save(
            state.run.checkpoint_path,
            state.progress,
            state.model,
            state.average.model,
            state.optimizer,
        )
        if state.run.metrics_path.exists():
            seal(state.run.metrics_path)
    state.saved = state.progress.seconds


def _write(state: _State, event: str, numbers: Mapping[str, Any]) -> None:
    """Append a line to metrics.jsonl, and log the same numbers to the tracker."""
    if not state.tools.accelerator.is_main_process:
        return
    progress = state.progress
    epoch = progress.step / state.plan.per_epoch
    line = {"event": event, "step": progress.step, "epoch": round(epoch, 3), **numbers}
    line["seconds"] = round(progress.seconds, 3)
    try:
        with state.run.metrics_path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
    except OSError as error:
        raise output_error(state.run.metrics_path, error) from error
    values = {f"{event}/{name}": float(value) for name, value in numbers.items()}
    state.tools.accelerator.log(values, step=progress.step)


def _rewind(run: Run, step: int, accelerator: Accelerator) -> None:
    """Forget the metrics of steps that will be taken again."""
    if accelerator.is_main_process and run.metrics_path.exists():
        kept = [json.dumps(line) + "\n" for line in run.metrics() if line["step"] <= step]
        write_text(run.metrics_path, "".join(kept))
        seal(run.metrics_path)
    accelerator.wait_for_everyone()

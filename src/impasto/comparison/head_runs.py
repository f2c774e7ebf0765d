"""Remedies that give the plain network a new head: from its run folder to one of the same network with that head.

The network is not trained again, and not even asked again: ``training/heads.py`` makes the head
    from what it saw.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from safetensors.torch import save as serialised
from torch import from_numpy

from impasto.collection.collection import Collection
from impasto.comparison import select_head as choice
from impasto.files import replacing, write_text
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.run import Run
from impasto.state.fingerprint import fingerprint
from impasto.training.heads import Head, logit_adjusted, retrained, tau_normalised, weights_scaled
from impasto.training.training_findings import training_findings

BALANCED: Final = frozenset({"classifier-re-training", "learnable-weight-scaling"})
"""Heads that are trained on every style equally often."""
STRENGTHS: Final = tuple(round(0.1 * step, 1) for step in range(31))
"""Of post-hoc logit adjustment and tau-normalisation; 0 is the plain head."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a new head is made from; nothing of it is of the test split.

    Attributes:
        head: the plain network's.
        prior: the styles' shares in its training, ``float64 (styles,)``.
        train: gives representations of the training pictures, ``float16 (views, N, D)``.
        labels: their styles, ``int64 (N,)``.
        validation: representations of the validation pictures, ``float32 (V, D)``.
        validation_labels: ``int64 (V,)``.
        seed: of the sampling.
    """

    head: Head
    prior: NDArray[np.float64]
    train: Callable[[], NDArray[np.float16]]
    labels: NDArray[np.int64]
    validation: Floats
    validation_labels: NDArray[np.int64]
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A new head.

    Attributes:
        head: the head.
        strength: chosen on validation; ``None`` where there is none to choose.
        prior: the styles' shares that its answers still suppose.
    """

    head: Head
    strength: float | None
    prior: NDArray[np.float64]


def make_head(name: str, stage: Stage) -> Made:
    """The head of a remedy by its name in the catalogue."""
    even = np.full(len(stage.prior), 1 / len(stage.prior))
    if name == "post-hoc-logit-adjustment":
        tau = _strength(stage, lambda tau: logit_adjusted(stage.head, stage.prior, tau))
        return Made(
            logit_adjusted(stage.head, stage.prior, tau), tau, even
        )  # the tau at which they count as equal
    if name == "tau-normalisation":
        tau = _strength(stage, lambda tau: tau_normalised(stage.head, tau))
        return Made(tau_normalised(stage.head, tau), tau, even)
    seen = stage.train().astype(np.float32)
    if name == "classifier-re-training":
        return Made(retrained(seen, stage.labels, len(stage.prior), seed=stage.seed), None, even)
    return Made(weights_scaled(stage.head, seen, stage.labels, seed=stage.seed), None, even)


def _strength(stage: Stage, head: Callable[[float], Head]) -> float:
    """The strength with the highest mean log-likelihood a style on validation; of equal ones the weakest."""
    reached = [
        choice.likelihood(head(tau).logits(stage.validation), stage.validation_labels)
        for tau in STRENGTHS
    ]
    return STRENGTHS[int(np.argmax(reached))]


def head_of(run: Run) -> Head:
    """The linear head among a run's weights."""
    tensors = load_file(run.weights_path)
    return Head(tensors["head.weight"].numpy(), tensors["head.bias"].numpy())


def head_run(
    path: Path, name: str, plain: Run, stage: Stage, collection: Collection, key: Mapping[str, Any]
) -> Run:
    """The finished run of the plain network with a new head; one that is there is kept where it was made of the same.

    Args:
        path: the folder to write.
        name: of the remedy.
        plain: the run of the plain network.
        stage: what the head is made from.
        collection: that the network was trained on.
        key: what the stage was made from, as plain data.
    """
    if (path / "run.json").exists():
        kept = runs.open_run(path, "classifier")
        if kept.state == "done" and kept.facts.get("made_from") == fingerprint(**key):
            return kept
        (path / "run.json").unlink()  # cut off, or of another backbone
    began = time.perf_counter()
    made = make_head(name, stage)
    seconds = round(time.perf_counter() - began, 3)
    tensors = load_file(plain.weights_path) | {
        "head.weight": from_numpy(made.head.weight),
        "head.bias": from_numpy(made.head.bias),
    }
    with replacing(path / "best.safetensors") as temporary:
        temporary.write_bytes(serialised(tensors))
    with replacing(path / "seen.parquet") as temporary:
        temporary.write_bytes((plain.path / "seen.parquet").read_bytes())
    line = _validated(made.head.logits(stage.validation), stage, plain, seconds)
    write_text(path / "metrics.jsonl", json.dumps(line) + "\n")
    findings.save(path / "findings.json", training_findings([line], collection))
    facts = {
        **plain.facts,
        "prior": made.prior.tolist(),
        "backbone": plain.path.name,
        "head": name,
        "strength": made.strength,
        "made_from": fingerprint(**key),
    }
    run = runs.create(
        path,
        "classifier",
        settings=plain.settings,
        styles=plain.styles,
        collection=plain.collection,
        facts=facts,
    )
    return runs.finish(run, {"seconds": seconds, "best_loss": line["loss"]})


def _validated(logits: Floats, stage: Stage, plain: Run, seconds: float) -> dict[str, Any]:
    """The one validation of a new head, as a line of ``metrics.jsonl``; the loss is the negative log-likelihood."""
    labels, styles, answers = stage.validation_labels, len(stage.prior), logits.argmax(1)
    return {
        "event": "validation",
        "step": plain.facts["steps_done"],
        "epoch": plain.facts["best_epoch"],
        "seconds": seconds,
        "loss": -choice.likelihood(logits, labels),
        **metrics.scores(labels, answers, styles),
        "best": True,
    }

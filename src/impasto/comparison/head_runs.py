"""Runs of long-tail methods that give the plain network a new head.

The network is not trained again, and its features are computed once: ``training/heads.py`` makes
the head from them.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, assert_never

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from safetensors.torch import save as serialised
from torch import from_numpy

from impasto.collection.collection import Collection
from impasto.comparison.class_likelihood import class_likelihood
from impasto.comparison.long_tail_methods import HeadMethod
from impasto.errors import RunError
from impasto.files import verify, write_bytes, write_text
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.run import Run
from impasto.state.fingerprint import fingerprint
from impasto.training.heads import Head, logit_adjusted, retrained, tau_normalised, weights_scaled
from impasto.training.training_findings import training_findings

STRENGTHS: Final = tuple(round(0.1 * step, 1) for step in range(31))
"""Strengths of post-hoc logit adjustment and tau-normalisation; 0 is the plain head."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadInputs:
    """Inputs of a new head; nothing of them is of the test split.

    Attributes:
        head: the plain network's.
        prior: the styles' shares in its training, ``float64 (styles,)``.
        train: gives features of the training pictures, ``float16 (views, N, D)``.
        labels: their styles, ``int64 (N,)``.
        validation: features of the validation pictures, ``float32 (V, D)``.
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
class NewHead:
    """A new head; all of them answer as if every style were equally frequent.

    Attributes:
        head: the head.
        strength: chosen on validation; ``None`` where there is none to choose.
    """

    head: Head
    strength: float | None = None


def make_head(method: HeadMethod, inputs: HeadInputs) -> NewHead:
    """Make the head of a long-tail method."""
    head, prior = inputs.head, inputs.prior
    match method:
        case "post-hoc-logit-adjustment":
            return _strongest(inputs, lambda tau: logit_adjusted(head, prior, tau))
        case "tau-normalisation":
            return _strongest(inputs, lambda tau: tau_normalised(head, tau))
        case "classifier-re-training":
            features = inputs.train().astype(np.float32)
            return NewHead(retrained(features, inputs.labels, len(prior), seed=inputs.seed))
        case "learnable-weight-scaling":
            features = inputs.train().astype(np.float32)
            return NewHead(weights_scaled(head, features, inputs.labels, seed=inputs.seed))
        case _:
            assert_never(method)


def _strongest(inputs: HeadInputs, make: Callable[[float], Head]) -> NewHead:
    """The head with the highest likelihood on validation; of equal ones the weakest."""
    reached = [
        class_likelihood(make(tau).logits(inputs.validation), inputs.validation_labels)
        for tau in STRENGTHS
    ]
    tau = STRENGTHS[int(np.argmax(reached))]
    return NewHead(make(tau), tau)


def head_of(run: Run) -> Head:
    """Linear head among a run's weights."""
    verify(run.weights_path, "train again into another folder", refusal=RunError)
    tensors = load_file(run.weights_path)
    return Head(tensors["head.weight"].numpy(), tensors["head.bias"].numpy())


def head_run(
    path: Path,
    method: HeadMethod,
    plain: Run,
    inputs: HeadInputs,
    *,
    collection: Collection,
    key: Mapping[str, Any],
) -> Run:
    """Return the finished run of the plain network with a new head.

    One that is there is kept where it was made from the same.

    Args:
        path: the folder to write.
        method: the long-tail method.
        plain: the run of the plain network.
        inputs: of the head.
        collection: that the network was trained on.
        key: what the inputs were made from, as plain data.
    """
    made_from = fingerprint(**key)
    if (path / "run.json").exists():
        earlier = runs.open_run(path, "classifier")
        if earlier.state == "done" and earlier.facts.get("made_from") == made_from:
            return earlier
        (path / "run.json").unlink()  # cut off, or of another backbone
    began = time.perf_counter()
    new = make_head(method, inputs)
    seconds = round(time.perf_counter() - began, 3)
    verify(plain.weights_path, "train again into another folder", refusal=RunError)
    tensors = load_file(plain.weights_path) | {
        "head.weight": from_numpy(new.head.weight),
        "head.bias": from_numpy(new.head.bias),
    }
    write_bytes(path / "best.safetensors", serialised(tensors))
    write_bytes(path / "seen.parquet", (plain.path / "seen.parquet").read_bytes())
    line = _validated(new.head.logits(inputs.validation), inputs, plain, seconds)
    write_text(path / "metrics.jsonl", json.dumps(line) + "\n")
    findings.save(path / "findings.json", training_findings([line], collection))
    facts = {
        **plain.facts,
        # The answers of a new head suppose every style equally frequent
        "prior": np.full(len(inputs.prior), 1 / len(inputs.prior)).tolist(),
        "backbone": plain.path.name,
        "head": method,
        "strength": new.strength,
        "made_from": made_from,
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


def _validated(logits: Floats, inputs: HeadInputs, plain: Run, seconds: float) -> dict[str, Any]:
    """The one validation of a new head, as a line of ``metrics.jsonl``."""
    labels, answers = inputs.validation_labels, logits.argmax(1)
    return {
        "event": "validation",
        "step": plain.facts["steps_done"],
        "epoch": plain.facts["best_epoch"],
        "seconds": seconds,
        "loss": -class_likelihood(logits, labels),
        **metrics.scores(labels, answers, len(inputs.prior)),
        "best": True,
    }

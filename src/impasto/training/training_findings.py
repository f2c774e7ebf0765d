"""Findings of a training: no learning (IMP201) and overfitting (IMP202)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from impasto.collection.collection import Collection
from impasto.numerics.formatting import percent
from impasto.records.finding import Finding, Outcome

FEW = 30  # validation pictures below which nothing is said of IMP201
RISE = 1.1  # of the validation loss above its lowest from which IMP202 is an issue


def training_findings(lines: Sequence[Mapping[str, Any]], collection: Collection) -> list[Finding]:
    """IMP201 and IMP202, from the lines of ``metrics.jsonl``."""
    validations = [line for line in lines if line["event"] == "validation"]
    kept = min(validations, key=lambda line: float(line["loss"]))
    best = float(kept["balanced_accuracy"])
    counts = collection.counts("validation")
    present = counts[counts > 0]
    chance = 1 / len(present)  # what the majority class scores when classes weigh the same
    # Two standard errors of guessing, so that luck does not pass for learning: the mean of the
    # styles' recalls, each of as many pictures as the style has
    margin = 2 * float(np.sqrt(chance * (1 - chance) * (1 / present).sum())) / len(present)
    pictures = int(present.sum())
    text = (
        f"The balanced accuracy of the weights kept is {percent(best)} on {pictures} validation "
        f"pictures; guessing has {percent(chance)}, and by luck up to {percent(chance + margin)}."
    )
    numbers = {"balanced_accuracy": best, "majority": chance, "margin": margin}
    outcome: Outcome = "passed" if best > chance + margin else "issue"
    # Where luck reaches 100 %, nothing could pass
    if pictures < FEW or chance + margin >= 1:
        outcome, text = "not applicable", f"Too few to tell: {text}"
    return [Finding("IMP201", outcome, text, numbers), _overfitting(validations)]


def overfitting_findings(lines: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """IMP202, from the lines of ``metrics.jsonl`` of a network without class scores."""
    return [_overfitting([line for line in lines if line["event"] == "validation"])]


def _overfitting(validations: Sequence[Mapping[str, Any]]) -> Finding:
    losses = [float(line["loss"]) for line in validations]
    rise = losses[-1] / max(min(losses), 1e-9)
    text = f"The last validation loss is {losses[-1]:.3f}, the lowest was {min(losses):.3f}."
    return Finding(
        "IMP202",
        "issue" if rise > RISE else "passed",
        text,
        {"last": losses[-1], "lowest": min(losses)},
    )

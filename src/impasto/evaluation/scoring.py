"""From logits to the content of ``metrics.json``.

Nothing here looks at a picture or writes a file.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.evaluation.baselines import baselines
from impasto.evaluation.loaded_classifier import Outputs, PriorCorrection
from impasto.evaluation.settings import EvaluateSettings
from impasto.numerics import conformal, metrics
from impasto.numerics.bootstrap import confusion_estimates, share_estimate
from impasto.numerics.calibration import fit_temperature, reliability
from impasto.records import run as runs

FORMAT = 1
MANY, FEW = (
    100,
    20,
)  # training pictures: more are many, fewer are few (Liu et al. 2019, arXiv:1904.05160)
Floats = NDArray[np.float64]


def calibrate(
    belief: PriorCorrection, checked: Outputs, settings: EvaluateSettings
) -> dict[str, Any] | None:
    """What ``predict`` needs to know, from validation pictures alone; ``None`` where there are none."""
    if not len(checked.rows):
        return None
    temperature = fit_temperature(
        checked.logits,
        checked.labels,
        belief.prior,
        adjustment=belief.adjustment,
        shares=belief.shares,
    )
    known = belief(checked.logits, temperature)
    limits = conformal.thresholds(
        known, checked.labels, level=settings.level, uniform=belief.uniform
    )
    return {
        "format": FORMAT,
        "temperature": temperature,
        "prior": settings.prior,
        "flip": settings.flip,
        "scales": list(settings.scales),
        "level": settings.level,
        "thresholds": limits.tolist(),
    }


def score(
    found: Collection,
    belief: PriorCorrection,
    looked: Outputs,
    checked: Outputs,
    calibration: Mapping[str, Any] | None,
    settings: EvaluateSettings,
) -> dict[str, Any]:
    """The content of ``metrics.json``.

    Args:
        found: the collection.
        belief: how logits become probabilities.
        looked: what the network says of the test pictures.
        checked: and of the validation pictures.
        calibration: of ``calibrate``.
        settings: of the evaluation.
    """
    shares = belief(looked.logits, calibration["temperature"] if calibration else 1.0)
    confusion = metrics.confusion_matrix(looked.labels, shares.argmax(1), len(found.vocabulary))
    again: dict[str, int] = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    top_3 = metrics.top_k(looked.labels, shares, 3)
    rows = _per_style(found, confusion)
    parts = {"train": found.indices("train"), "validation": checked.rows, "test": looked.rows}
    return {
        "format": FORMAT,
        "split": "test",
        "pictures": len(looked.rows),
        "collection": str(found.path),
        "collection_fingerprint": found.fingerprint,
        "command": runs.command(),
        "prior": settings.prior,
        "styles": list(found.vocabulary.styles),
        "scores": {
            **confusion_estimates(confusion, **again),
            "top_3": share_estimate(top_3, looked.labels, **again),
        },
        "baselines": baselines(found, parts, uniform=belief.uniform, **again),
        "per_style": rows,
        "groups": {group: _group(rows, group) for group in ("many", "medium", "few")},
        "confusion": confusion.tolist(),
        "calibration": _calibration(belief, looked, shares, calibration) if calibration else None,
        "conformal": _conformal(belief, looked, shares, calibration) if calibration else None,
        "validation": _validation(belief, checked, calibration["temperature"])
        if calibration
        else {},
    }


def _per_style(found: Collection, confusion: NDArray[np.int64]) -> list[dict[str, Any]]:
    counts, tested = found.counts("train"), confusion.sum(1)
    columns = {
        "precision": metrics.precisions(confusion),
        "recall": metrics.recalls(confusion),
        "f1": metrics.f1_scores(confusion),
    }
    return [
        {
            "style": style,
            "train": int(counts[place]),
            "test": int(tested[place]),
            **{
                name: float(column[place]) if tested[place] else None
                for name, column in columns.items()
            },
            "group": "many" if counts[place] > MANY else "few" if counts[place] < FEW else "medium",
        }
        for place, style in enumerate(found.vocabulary.styles)
    ]


def _group(rows: list[dict[str, Any]], group: str) -> dict[str, Any] | None:
    """The mean recall of the styles of a group; ``None`` where there are none."""
    mine = [row["recall"] for row in rows if row["group"] == group and row["recall"] is not None]
    return {"styles": len(mine), "recall": float(np.mean(mine))} if mine else None


def _calibration(
    belief: PriorCorrection, looked: Outputs, shares: Floats, calibration: Mapping[str, Any]
) -> dict[str, Any]:
    raw = belief(looked.logits, 1.0)
    weights = _weights(belief, looked)
    before, _ = reliability(looked.labels, raw.argmax(1), raw.max(1), weights)
    after, bins = reliability(looked.labels, shares.argmax(1), shares.max(1), weights)
    return {
        "temperature": calibration["temperature"],
        "ece_before": before,
        "ece_after": after,
        "bins": bins,
    }


def _weights(belief: PriorCorrection, looked: Outputs) -> Floats:
    """How much each test picture counts.

    Where styles are supposed equally frequent, every style the same.
    """
    counts = np.bincount(looked.labels)
    return 1.0 / counts[looked.labels] if belief.uniform else np.ones(len(looked.labels))


def _conformal(
    belief: PriorCorrection, looked: Outputs, shares: Floats, calibration: Mapping[str, Any]
) -> dict[str, Any]:
    inside = conformal.members(shares, np.asarray(calibration["thresholds"]))
    held = inside[np.arange(len(inside)), looked.labels]
    weights = _weights(belief, looked)
    coverage, size = (
        float(np.average(values, weights=weights)) for values in (held, inside.sum(1))
    )
    return {"level": calibration["level"], "coverage": coverage, "mean_size": size}


def _validation(belief: PriorCorrection, checked: Outputs, temperature: float) -> dict[str, float]:
    answers, styles = belief(checked.logits, temperature).argmax(1), len(belief.prior)
    return {"pictures": len(checked.rows), **metrics.scores(checked.labels, answers, styles)}

"""Scores of a classifier from its logits: ``metrics.json`` and ``calibration.json``."""

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
from impasto.records.evaluation import (
    CalibrationBin,
    CalibrationScores,
    ClassifierEvaluation,
    ConformalScores,
    FrequencyGroup,
    GroupRecall,
    PredictionCalibration,
    StyleScores,
    ValidationScores,
    score_table,
)

# Training pictures: more are many, fewer are few (Liu et al. 2019, arXiv:1904.05160)
MANY, FEW = 100, 20
Floats = NDArray[np.float64]


def frequency_group(count: int) -> FrequencyGroup:
    """Group of a style with a number of training pictures."""
    if count > MANY:
        return "many"
    return "few" if count < FEW else "medium"


def calibrate(
    correction: PriorCorrection, validation: Outputs, settings: EvaluateSettings, weights: str
) -> PredictionCalibration | None:
    """Fit temperature and conformal thresholds on validation pictures; ``None`` without any.

    Args:
        correction: from logits to probabilities.
        validation: the classifier's outputs for validation pictures.
        settings: of the evaluation.
        weights: fingerprint of the classifier's weights.
    """
    if not len(validation.rows):
        return None
    temperature = fit_temperature(
        validation.logits,
        validation.labels,
        correction.prior,
        adjustment=correction.adjustment,
        shares=correction.shares,
    )
    probabilities = correction(validation.logits, temperature)
    thresholds = conformal.thresholds(
        probabilities, validation.labels, level=settings.level, uniform=correction.uniform
    )
    return PredictionCalibration(
        temperature=temperature,
        prior=settings.prior,
        flip=settings.flip,
        scales=settings.scales,
        level=settings.level,
        weights=weights,
        thresholds=tuple(thresholds.tolist()),
    )


def score(
    collection: Collection,
    correction: PriorCorrection,
    test: Outputs,
    validation: Outputs,
    calibration: PredictionCalibration | None,
    settings: EvaluateSettings,
) -> ClassifierEvaluation:
    """Compute every number of a classifier's evaluation.

    Args:
        collection: with pictures.
        correction: from logits to probabilities.
        test: the classifier's outputs for test pictures.
        validation: its outputs for validation pictures.
        calibration: of ``calibrate``.
        settings: of the evaluation.
    """
    temperature = calibration.temperature if calibration else 1.0
    probabilities = correction(test.logits, temperature)
    styles = collection.vocabulary.styles
    confusion = metrics.confusion_matrix(test.labels, probabilities.argmax(1), len(styles))
    drawing = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    hits = metrics.top_k(test.labels, probabilities, 3)
    estimates = confusion_estimates(confusion, **drawing)
    estimates["top_3"] = share_estimate(hits, test.labels, **drawing)
    parts = {"train": collection.indices("train"), "validation": validation.rows, "test": test.rows}
    rows = _per_style(collection, confusion)
    return ClassifierEvaluation(
        split="test",
        pictures=len(test.rows),
        collection=str(collection.path),
        collection_fingerprint=collection.fingerprint,
        command=runs.command(),
        prior=settings.prior,
        styles=styles,
        scores=score_table(estimates),
        baselines=baselines(collection, parts, uniform=correction.uniform, **drawing),
        per_style=rows,
        groups={name: _group_recall(rows, name) for name in ("many", "medium", "few")},
        confusion=tuple(map(tuple, confusion.tolist())),
        calibration=_calibration(correction, test, temperature) if calibration else None,
        conformal=_conformal(probabilities, test, calibration) if calibration else None,
        validation=_validation(correction, validation, temperature) if calibration else None,
    )


def _per_style(collection: Collection, confusion: NDArray[np.int64]) -> tuple[StyleScores, ...]:
    counts, tested = collection.counts("train"), confusion.sum(1)
    precision, recall = metrics.precisions(confusion), metrics.recalls(confusion)
    f1 = metrics.f1_scores(confusion)
    rows = []
    for place, style in enumerate(collection.vocabulary.styles):
        there = tested[place] > 0
        row = StyleScores(
            style=style,
            train=int(counts[place]),
            test=int(tested[place]),
            precision=float(precision[place]) if there else None,
            recall=float(recall[place]) if there else None,
            f1=float(f1[place]) if there else None,
            group=frequency_group(int(counts[place])),
        )
        rows.append(row)
    return tuple(rows)


def _group_recall(rows: tuple[StyleScores, ...], group: FrequencyGroup) -> GroupRecall | None:
    recalls = [row.recall for row in rows if row.group == group and row.recall is not None]
    if not recalls:
        return None
    return GroupRecall(styles=len(recalls), recall=float(np.mean(recalls)))


def _weights(labels: NDArray[np.int64], uniform: bool) -> Floats:
    """Weight of each test picture: under a uniform prior every style weighs the same."""
    return 1.0 / np.bincount(labels)[labels] if uniform else np.ones(len(labels))


def _calibration(
    correction: PriorCorrection, test: Outputs, temperature: float
) -> CalibrationScores:
    weights = _weights(test.labels, correction.uniform)
    raw, scaled = correction(test.logits, 1.0), correction(test.logits, temperature)
    before, _ = reliability(test.labels, raw.argmax(1), raw.max(1), weights)
    after, bins = reliability(test.labels, scaled.argmax(1), scaled.max(1), weights)
    return CalibrationScores(
        temperature=temperature,
        ece_before=before,
        ece_after=after,
        bins=tuple(CalibrationBin.model_validate(row) for row in bins),
    )


def _conformal(
    probabilities: Floats, test: Outputs, calibration: PredictionCalibration
) -> ConformalScores:
    inside = conformal.members(probabilities, np.asarray(calibration.thresholds))
    held = inside[np.arange(len(inside)), test.labels]
    weights = _weights(test.labels, calibration.prior == "uniform")
    return ConformalScores(
        level=calibration.level,
        coverage=float(np.average(held, weights=weights)),
        mean_size=float(np.average(inside.sum(1), weights=weights)),
    )


def _validation(
    correction: PriorCorrection, validation: Outputs, temperature: float
) -> ValidationScores:
    answers = correction(validation.logits, temperature).argmax(1)
    scores = metrics.scores(validation.labels, answers, len(correction.prior))
    return ValidationScores(pictures=len(validation.rows), scores=scores)

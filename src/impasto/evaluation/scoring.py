"""Scores of a classifier from its logits: ``metrics.json`` and ``calibration.json``."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.evaluation.baselines import baselines
from impasto.evaluation.loaded_classifier import Outputs, PriorCorrection
from impasto.evaluation.picture_draws import resampled_units
from impasto.evaluation.prior_scores import PriorScores
from impasto.evaluation.settings import EvaluateSettings
from impasto.numerics import conformal, metrics
from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.calibration import (
    brier_score,
    fit_temperature,
    log_loss,
    perfect_errors,
    reliability,
)
from impasto.numerics.metrics import SCORES
from impasto.records import run as runs
from impasto.records.evaluation import (
    MATCHED,
    CalibrationBin,
    CalibrationScores,
    ClassifierEvaluation,
    ConformalScores,
    FrequencyGroup,
    GroupRecall,
    PredictionCalibration,
    Prior,
    StyleScores,
    TestMix,
    ValidationScores,
)
from impasto.records.record import Interval

# Training pictures: more are many, fewer are few (Liu et al. 2019, arXiv:1904.05160)
MANY, FEW = 100, 20
BOTH: Final[tuple[Prior, ...]] = ("uniform", "train")
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
    *,
    mix: TestMix,
    draws: PictureDraws,
) -> ClassifierEvaluation:
    """Compute every number of a classifier's evaluation.

    Args:
        collection: with pictures.
        correction: from logits to probabilities, under the prior of the settings.
        test: the classifier's outputs for test pictures.
        validation: its outputs for validation pictures.
        calibration: of ``calibrate``.
        settings: of the evaluation.
        mix: the prior that matches the test split.
        draws: of the test pictures.
    """
    temperature = calibration.temperature if calibration else 1.0
    styles = collection.vocabulary.styles
    scored = PriorScores(draws, mix.prior)
    shares = {prior: correction.under(prior)(test.logits, temperature) for prior in BOTH}
    answers = {prior: found.argmax(1) for prior, found in shares.items()}
    drawn = {
        prior: {
            **draws.scores(answers[prior]),
            "top_3": draws.shares(metrics.top_k(test.labels, shares[prior], 3)),
        }
        for prior in BOTH
    }
    tables = scored.tables(drawn)
    parts = {"train": collection.indices("train"), "validation": validation.rows, "test": test.rows}
    rows = _per_style(collection, draws, answers[settings.prior])
    return ClassifierEvaluation(
        split="test",
        pictures=len(test.rows),
        collection=str(collection.path),
        collection_fingerprint=collection.fingerprint,
        command=runs.command(),
        prior=settings.prior,
        test_mix=mix,
        resampled=resampled_units(collection, test.rows),
        styles=styles,
        scores=scored.read(tables),
        by_prior=tables,
        baselines=baselines(collection, parts, scored, drawn),
        per_style=rows,
        groups={name: _group_recall(rows, name) for name in ("many", "medium", "few")},
        confusion=tuple(
            map(
                tuple,
                metrics.confusion_matrix(
                    test.labels, answers[settings.prior], len(styles)
                ).tolist(),
            )
        ),
        calibration=_calibration(correction.under(mix.prior), test, draws, temperature, settings)
        if calibration
        else None,
        conformal=_conformal(shares[settings.prior], test, calibration) if calibration else None,
        ood=None,
        validation=_validation(correction, validation, temperature) if calibration else None,
    )


def _per_style(
    collection: Collection, draws: PictureDraws, answers: NDArray[np.int64]
) -> tuple[StyleScores, ...]:
    confusions = draws.confusions(answers)
    confusion, drawn = confusions[0], metrics.recalls(confusions)
    counts, tested = collection.counts("train"), confusion.sum(1)
    precision, recall = metrics.precisions(confusion), metrics.recalls(confusion)
    f1 = metrics.f1_scores(confusion)
    rows = []
    for place, style in enumerate(collection.vocabulary.styles):
        there = tested[place] > 0
        between = draws.estimate(drawn[:, place], style=place) if there else None
        row = StyleScores(
            style=style,
            train=int(counts[place]),
            test=int(tested[place]),
            precision=float(precision[place]) if there else None,
            recall=float(recall[place]) if there else None,
            recall_interval=Interval(**between) if between else None,
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
    correction: PriorCorrection,
    test: Outputs,
    draws: PictureDraws,
    temperature: float,
    settings: EvaluateSettings,
) -> CalibrationScores:
    raw, scaled = correction(test.logits, 1.0), correction(test.logits, temperature)
    before, _ = reliability(test.labels, raw.argmax(1), raw.max(1))
    after, bins = reliability(test.labels, scaled.argmax(1), scaled.max(1))
    perfect = perfect_errors(
        scaled.max(1),
        scaled.argmax(1) == test.labels,
        draws.unit,
        rounds=settings.bootstrap_samples,
        seed=settings.seed,
    )
    return CalibrationScores(
        prior="uniform" if correction.uniform else "train",
        temperature=temperature,
        ece_before=before,
        ece_after=after,
        ece_perfect=float(perfect.mean()),
        ece_perfect_99=float(np.quantile(perfect, 0.99)),
        nll_before=log_loss(raw, test.labels),
        nll_after=log_loss(scaled, test.labels),
        brier_before=brier_score(raw, test.labels),
        brier_after=brier_score(scaled, test.labels),
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
    found = {
        prior: metrics.scores(
            validation.labels,
            correction.under(prior)(validation.logits, temperature).argmax(1),
            len(correction.prior),
        )
        for prior in BOTH
    }
    # Validation pictures are mixed as those of the training are
    scores = {name: found["train" if name in MATCHED else "uniform"][name] for name in SCORES}
    return ValidationScores(pictures=len(validation.rows), scores=scores)

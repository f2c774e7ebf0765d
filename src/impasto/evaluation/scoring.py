"""Scores of a classifier from its logits: ``metrics.json`` and ``calibration.json``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.picture_draws import resampled_units
from impasto.evaluation.baselines import Baseline, beside, drawn_baselines
from impasto.evaluation.loaded_classifier import Outputs, PriorCorrection
from impasto.evaluation.prior_scores import Drawn, PriorScores
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
    AnswerPrior,
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
    found: dict[AnswerPrior, Floats] = {
        prior: correction.under(prior)(test.logits, temperature) for prior in BOTH
    }
    answers = TestAnswers(test.rows, {p: f.argmax(1) for p, f in found.items()}, found)
    scored = PriorScores(draws, mix.prior)
    parts = {"train": collection.indices("train"), "validation": validation.rows, "test": test.rows}
    simple = drawn_baselines(collection, parts, scored)
    evaluation = score_answers(collection, answers, settings.prior, simple, mix=mix, draws=draws)
    if not calibration:
        return evaluation
    sets = _conformal(found[settings.prior], test, calibration)
    under = correction.under(mix.prior)
    changes = {
        "calibration": calibration_scores(
            mix.prior,
            test.labels,
            under(test.logits, 1.0),
            under(test.logits, temperature),
            temperature=temperature,
            draws=draws,
            seed=settings.seed,
        ),
        "conformal": sets,
        "validation": _validation(correction, validation, temperature),
    }
    return evaluation.model_copy(update=changes)


@dataclass(frozen=True, slots=True)
class TestAnswers:
    """Answers to test pictures, by the prior that they suppose.

    Attributes:
        rows: of the collection, ``int64 (N,)``.
        styles: the answers by prior, ``int64 (N,)`` each; the number of styles stands for none.
        probabilities: likewise, ``float64 (N, styles)`` each; empty where they are not known.
    """

    __test__ = False  # no test case of pytest

    rows: NDArray[np.int64]
    styles: Mapping[AnswerPrior, NDArray[np.int64]]
    probabilities: Mapping[AnswerPrior, Floats]

    def drawn(self, draws: PictureDraws) -> Drawn:
        """Scores of the pictures as they are and of each draw, by prior and name."""
        found: dict[AnswerPrior, dict[str, Floats]] = {}
        for prior, answers in self.styles.items():
            found[prior] = draws.scores(answers)
            if prior in self.probabilities:
                hit = metrics.top_k(draws.labels, self.probabilities[prior], 3)
                found[prior]["top_3"] = draws.shares(hit)
        return found


def score_answers(
    collection: Collection,
    answers: TestAnswers,
    prior: AnswerPrior,
    simple: Mapping[str, Baseline | None],
    *,
    mix: TestMix,
    draws: PictureDraws,
) -> ClassifierEvaluation:
    """Score answers beside baselines.

    Args:
        collection: with pictures.
        answers: to test pictures.
        prior: of the answers behind confusion matrix and scores of each style.
        simple: the baselines on the same draws.
        mix: the prior that matches the test split.
        draws: of the test pictures.
    """
    styles, rows = collection.vocabulary.styles, answers.rows
    scored, drawn = PriorScores(draws, mix.prior), answers.drawn(draws)
    tables = scored.tables(drawn)
    per_style = _per_style(collection, draws, answers.styles[prior])
    count = len(styles)
    # Answers that name no style have a column beyond the last style
    confusion = metrics.confusion_matrix(draws.labels, answers.styles[prior], count + 1)
    return ClassifierEvaluation(
        split="test",
        pictures=len(rows),
        collection=str(collection.path),
        collection_fingerprint=collection.fingerprint,
        command=runs.command(),
        prior=prior,
        test_mix=mix,
        resampled=resampled_units(collection, rows),
        styles=styles,
        scores=scored.read(tables),
        by_prior=tables,
        baselines=beside(simple, scored, drawn),
        per_style=per_style,
        groups={name: _group_recall(per_style, name) for name in ("many", "medium", "few")},
        confusion=tuple(map(tuple, confusion[:count, :count].tolist())),
        calibration=None,
        conformal=None,
        ood=None,
        validation=None,
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


def calibration_scores(
    prior: AnswerPrior,
    labels: NDArray[np.int64],
    raw: Floats,
    scaled: Floats,
    *,
    temperature: float,
    draws: PictureDraws,
    seed: int,
) -> CalibrationScores:
    """Calibration of probabilities before and after temperature scaling.

    Args:
        prior: that they suppose.
        labels: the true styles, ``(N,)``.
        raw: before, ``(N, styles)``.
        scaled: after; the same where nothing is scaled.
        temperature: that they were scaled by.
        draws: of the test pictures.
        seed: of the simulation of perfect calibration.
    """
    before, _ = reliability(labels, raw.argmax(1), raw.max(1))
    after, bins = reliability(labels, scaled.argmax(1), scaled.max(1))
    perfect = perfect_errors(
        scaled.max(1),
        scaled.argmax(1) == labels,
        draws.unit,
        rounds=len(draws.weights) - 1,
        seed=seed,
    )
    return CalibrationScores(
        prior=prior,
        temperature=temperature,
        ece_before=before,
        ece_after=after,
        ece_perfect=float(perfect.mean()),
        ece_perfect_99=float(np.quantile(perfect, 0.99)),
        nll_before=log_loss(raw, labels),
        nll_after=log_loss(scaled, labels),
        brier_before=brier_score(raw, labels),
        brier_after=brier_score(scaled, labels),
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

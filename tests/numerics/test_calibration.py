"""Temperature and calibration error recover what was planted."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from impasto.numerics.calibration import (
    brier_score,
    fit_temperature,
    log_loss,
    log_posterior,
    perfect_errors,
    probabilities,
    reliability,
)


def planted(
    temperature: float, prior: np.ndarray, adjustment: float, count: int = 20000
) -> tuple[np.ndarray, ...]:
    """Logits whose softmax at ``temperature``, with the prior, is the truth behind the labels."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, (count, len(prior)))
    truth = softmax(logits + adjustment * np.log(prior), axis=1)
    labels = (truth.cumsum(1) > generator.random((count, 1))).argmax(1)
    return (logits * temperature).astype(np.float32), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("adjustment", [0.0, 1.0])
def test_the_temperature_is_found(temperature: float, adjustment: float) -> None:
    prior = np.array([0.6, 0.3, 0.1])
    logits, labels = planted(temperature, prior, adjustment)
    found = fit_temperature(logits, labels, prior, adjustment=adjustment, shares=prior)
    assert found == pytest.approx(temperature, rel=0.05)
    scores = log_posterior(logits, prior, adjustment=adjustment, temperature=found, shares=prior)
    shares = probabilities(scores)
    error, _ = reliability(labels, shares.argmax(1), shares.max(1))
    assert error < 0.015


def test_the_prior_enters_as_bayes_says() -> None:
    prior, logits = np.array([0.7, 0.2, 0.1]), np.array([[0.3, -0.2, 1.0]], np.float32)
    balanced = probabilities(log_posterior(logits, prior, adjustment=1, temperature=1, shares=None))
    assert balanced == pytest.approx(softmax(logits, axis=1))
    frequent = probabilities(
        log_posterior(logits, prior, adjustment=1, temperature=1, shares=prior)
    )
    assert frequent == pytest.approx(balanced * prior / (balanced * prior).sum())
    # A plain network has the prior within its logits: it is taken out for a uniform one
    plain = probabilities(log_posterior(logits, prior, adjustment=0, temperature=1, shares=None))
    assert plain == pytest.approx(balanced / prior / (balanced / prior).sum())
    # Trained on one mixture of styles, asked about another
    drawn = np.array([0.4, 0.3, 0.3])
    moved = probabilities(log_posterior(logits, drawn, adjustment=0, temperature=1, shares=prior))
    assert moved == pytest.approx(balanced * prior / drawn / (balanced * prior / drawn).sum())


def test_the_error_is_the_mean_gap_of_the_bins() -> None:
    labels = np.zeros(10, np.int64)
    predicted = np.array([0] * 6 + [1] * 4)  # 60 % right
    error, bins = reliability(labels, predicted, np.full(10, 0.9))
    assert error == pytest.approx(0.3)
    assert [b["count"] for b in bins if b["count"]] == [10]
    assert sum(b["count"] for b in bins) == 10
    assert reliability(labels, predicted, np.full(10, 1.0))[0] == pytest.approx(0.4)


def test_gaps_of_either_sign_add_up() -> None:
    """One bin over-confident by 0.3, one under-confident by 0.2; signed gaps would cancel."""
    right = [True] * 6 + [False] * 4 + [True] * 15 + [False] * 5
    confidence = np.array([0.9] * 10 + [0.55] * 20)
    error, bins = reliability(np.zeros(30, int), np.where(right, 0, 1), confidence)
    assert error == pytest.approx(10 / 30 * 0.3 + 20 / 30 * 0.2)
    filled = [one for one in bins if one["count"]]
    assert [one["accuracy"] for one in filled] == pytest.approx([0.75, 0.6])


def test_the_error_agrees_with_a_slow_loop() -> None:
    rng = np.random.default_rng(4)
    confidence, labels = rng.uniform(0, 1, 300), np.zeros(300, int)
    predicted = np.where(rng.random(300) < confidence**2 + 0.1, 0, 1)
    slow = 0.0
    for number in range(15):
        rows = [row for row in range(300) if number / 15 < confidence[row] <= (number + 1) / 15]
        hits = [float(predicted[row] == 0) for row in rows]
        if rows:
            gap = abs(sum(hits) / len(rows) - sum(confidence[rows]) / len(rows))
            slow += len(rows) / 300 * gap
    assert reliability(labels, predicted, confidence)[0] == pytest.approx(slow)


def test_weights_count_a_picture_as_often_as_they_say() -> None:
    generator = np.random.default_rng(0)
    labels, predicted = generator.integers(0, 2, 40), generator.integers(0, 2, 40)
    confidence, often = generator.uniform(0.5, 1, 40), generator.integers(1, 5, 40)
    repeated = reliability(
        *(np.repeat(values, often) for values in (labels, predicted, confidence))
    )[0]
    assert reliability(labels, predicted, confidence, often.astype(float))[0] == pytest.approx(
        repeated
    )


def test_proper_scores_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(1)
    shares = generator.dirichlet(np.ones(4), 200)
    labels = generator.integers(0, 4, 200)
    assert log_loss(shares, labels) == pytest.approx(sklearn_log_loss(labels, shares))
    # Scikit-learn's score of two classes is half of the sum over both
    two = shares[:, :2] / shares[:, :2].sum(1, keepdims=True)
    halves = 2 * brier_score_loss(labels % 2, two[:, 1])
    assert brier_score(two, labels % 2) == pytest.approx(halves)


def error_of(confidence: np.ndarray, hit: np.ndarray) -> float:
    return reliability(np.zeros(len(hit), int), np.where(hit, 0, 1), confidence)[0]


def test_perfect_calibration_has_an_error_too() -> None:
    """The simulation against answers drawn one by one, each with its own probability."""
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.2, 1, 150)
    drawn = [error_of(confidence, generator.random(150) < confidence) for _ in range(1500)]
    found = perfect_errors(confidence, np.ones(150, bool), np.arange(150), rounds=1500, seed=0)
    assert found.mean() == pytest.approx(np.mean(drawn), abs=0.003)
    assert np.quantile(found, 0.95) == pytest.approx(np.quantile(drawn, 0.95), abs=0.006)
    assert found.mean() > 0.06  # of 150 pictures: far above zero


def false_alarms(each: int, trials: int = 200) -> float:
    """Share of perfectly calibrated networks whose error lies above the 95th percentile.

    An artist's ``each`` pictures have one confidence, and are right or wrong together.
    """
    alarms = 0
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        unit = np.repeat(np.arange(180 // each), each)
        confidence = generator.uniform(0.2, 1, 180 // each)[unit]
        hit = generator.random(180 // each)[unit] < confidence
        perfect = perfect_errors(confidence, hit, unit, rounds=200, seed=trial)
        alarms += error_of(confidence, hit) > np.quantile(perfect, 0.95)
    return alarms / trials


def test_perfect_calibration_is_rarely_called_off() -> None:
    assert false_alarms(each=1) <= 0.09
    assert false_alarms(each=6) <= 0.12

"""Intervals from the confusion matrix are those of pictures drawn again one by one."""

import numpy as np
import pytest

from impasto.numerics import metrics
from impasto.numerics.bootstrap import (
    confusion_scores,
    resample,
    share_with_interval,
    with_intervals,
)


def answers(styles: int, each: int, right: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(styles), each)
    said = np.where(
        generator.random(len(labels)) < right, labels, generator.integers(0, styles, len(labels))
    )
    return labels, said


def test_many_matrices_score_as_one_by_one() -> None:
    cases = [answers(5, 9, share, seed) for seed, share in enumerate((0.1, 0.5, 0.9))]
    scores = confusion_scores(np.stack([metrics.confusion_matrix(*case, 6) for case in cases]))
    for number, (labels, said) in enumerate(cases):
        assert scores["accuracy"][number] == pytest.approx(metrics.accuracy(labels, said))
        assert scores["balanced_accuracy"][number] == pytest.approx(
            metrics.balanced_accuracy(labels, said, 6)
        )
        assert scores["macro_f1"][number] == pytest.approx(metrics.macro_f1(labels, said, 6))


def test_the_interval_is_that_of_drawing_pictures_again() -> None:
    labels, said = answers(4, 30, 0.6, 1)
    fast = with_intervals(metrics.confusion_matrix(labels, said, 4), resamples=4000, seed=0)
    generator, slow = np.random.default_rng(5), []
    for _ in range(4000):
        rows = np.concatenate([generator.choice(np.flatnonzero(labels == s), 30) for s in range(4)])
        slow.append(metrics.macro_f1(labels[rows], said[rows], 4))
    low, high = np.quantile(slow, [0.025, 0.975])
    assert fast["macro_f1"]["low"] == pytest.approx(low, abs=0.01)
    assert fast["macro_f1"]["high"] == pytest.approx(high, abs=0.01)


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    held = 0
    for seed in range(200):
        labels, said = answers(4, 40, 0.6, seed)
        score = with_intervals(metrics.confusion_matrix(labels, said, 4), resamples=300, seed=0)[
            "accuracy"
        ]
        held += score["low"] <= 0.6 + 0.4 / 4 <= score["high"]
    assert 178 <= held <= 199  # 190 on average; percentile intervals are a little narrow


def test_a_share_of_hits_has_the_same_interval_as_an_accuracy() -> None:
    labels, said = answers(4, 50, 0.5, 3)
    share = share_with_interval(said == labels, labels, resamples=4000, seed=0)
    score = with_intervals(metrics.confusion_matrix(labels, said, 4), resamples=4000, seed=0)[
        "accuracy"
    ]
    assert share["value"] == score["value"]
    assert (share["low"], share["high"]) == pytest.approx((score["low"], score["high"]), abs=0.011)


def test_resampling_keeps_the_number_of_pictures_of_every_style() -> None:
    confusion = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 5]])
    drawn = resample(confusion, 50, np.random.default_rng(0))
    assert drawn.shape == (50, 3, 3)
    assert (drawn.sum(2) == confusion.sum(1)).all()
    assert (drawn[:, confusion == 0] == 0).all()

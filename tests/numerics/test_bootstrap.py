"""Intervals from the confusion matrix are those of pictures drawn again one by one."""

import numpy as np
import pytest

from impasto.numerics import metrics
from impasto.numerics.bootstrap import (
    cluster_mean_estimate,
    confusion_estimates,
    draw_units,
    draw_weights,
    estimate,
    mean_estimate,
    resample_table,
    share_estimate,
)


def answers(styles: int, each: int, right: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(styles), each)
    said = np.where(
        generator.random(len(labels)) < right, labels, generator.integers(0, styles, len(labels))
    )
    return labels, said


def test_the_interval_is_that_of_drawing_pictures_again() -> None:
    labels, said = answers(4, 30, 0.6, 1)
    fast = confusion_estimates(metrics.confusion_matrix(labels, said, 4), resamples=4000, seed=0)
    generator, slow = np.random.default_rng(5), []
    for _ in range(4000):
        rows = np.concatenate([generator.choice(np.flatnonzero(labels == s), 30) for s in range(4)])
        slow.append(metrics.scores(labels[rows], said[rows], 4)["macro_f1"])
    low, high = np.quantile(slow, [0.025, 0.975])
    assert fast["macro_f1"]["low"] == pytest.approx(low, abs=0.01)
    assert fast["macro_f1"]["high"] == pytest.approx(high, abs=0.01)


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    held = 0
    for seed in range(200):
        labels, said = answers(4, 40, 0.6, seed)
        score = confusion_estimates(
            metrics.confusion_matrix(labels, said, 4), resamples=300, seed=0
        )["accuracy"]
        held += score["low"] <= 0.6 + 0.4 / 4 <= score["high"]
    assert 178 <= held <= 199  # 190 on average; percentile intervals are a little narrow


def test_a_share_of_hits_has_the_same_interval_as_an_accuracy() -> None:
    labels, said = answers(4, 50, 0.5, 3)
    share = share_estimate(said == labels, labels, resamples=4000, seed=0)
    score = confusion_estimates(metrics.confusion_matrix(labels, said, 4), resamples=4000, seed=0)[
        "accuracy"
    ]
    assert share["value"] == score["value"]
    assert (share["low"], share["high"]) == pytest.approx((score["low"], score["high"]), abs=0.011)


def test_resampling_keeps_the_number_of_pictures_of_every_style() -> None:
    confusion = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 5]])
    drawn = resample_table(confusion, 50, np.random.default_rng(0))
    assert drawn.shape == (50, 3, 3)
    assert (drawn.sum(2) == confusion.sum(1)).all()
    assert (drawn[:, confusion == 0] == 0).all()


def test_the_seed_makes_the_interval() -> None:
    labels, said = answers(4, 30, 0.6, 2)
    confusion, values = metrics.confusion_matrix(labels, said, 4), (labels == said).astype(float)
    makers = (
        lambda seed: confusion_estimates(confusion, resamples=200, seed=seed)["macro_f1"],
        lambda seed: share_estimate(labels == said, labels, resamples=200, seed=seed),
        lambda seed: mean_estimate(values, resamples=200, seed=seed),
        lambda seed: cluster_mean_estimate(values, labels, resamples=200, seed=seed),
    )
    for made in makers:
        assert made(1) == made(1)
        assert made(1)["value"] == made(2)["value"]
        assert (made(1)["low"], made(1)["high"]) != (made(2)["low"], made(2)["high"])


def test_weights_keep_every_group_and_draw_units_evenly() -> None:
    groups = np.array([0, 2, 0, 2, 2, 0, 0])
    drawn = draw_weights(groups, 4000, np.random.default_rng(0))
    assert (drawn[:, groups == 0].sum(1) == 4).all()
    assert (drawn[:, groups == 2].sum(1) == 3).all()
    assert drawn.mean(0) == pytest.approx(np.ones(7), abs=0.05)
    assert (draw_units(5, 100, np.random.default_rng(0)).sum(1) == 5).all()


def test_an_estimate_is_the_value_between_percentiles() -> None:
    found = estimate(2.5, np.arange(1001) / 1000)
    assert found == pytest.approx({"value": 2.5, "low": 0.025, "high": 0.975})


def test_a_mean_has_the_interval_of_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(3, 2, 400)
    found = mean_estimate(values, resamples=4000, seed=0)
    error = 1.96 * values.std() / 20
    assert found["value"] == pytest.approx(values.mean())
    assert found["low"] == pytest.approx(values.mean() - error, abs=0.02)
    assert found["high"] == pytest.approx(values.mean() + error, abs=0.02)


def test_clusters_are_drawn_whole() -> None:
    """Five copies of each value say no more than one: the interval is that of the clusters."""
    values, clusters = np.random.default_rng(0).normal(0, 1, 60), np.arange(60)
    one = cluster_mean_estimate(values, clusters, resamples=1000, seed=0)
    five = cluster_mean_estimate(
        np.repeat(values, 5), np.repeat(clusters, 5), resamples=1000, seed=0
    )
    assert five == pytest.approx(one)

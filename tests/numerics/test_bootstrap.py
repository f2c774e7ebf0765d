"""Intervals from the confusion matrix are those of pictures drawn again one by one."""

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from impasto.numerics import metrics
from impasto.numerics.bootstrap import (
    PictureDraws,
    artist_clusters,
    cluster_mean_estimate,
    confusion_estimates,
    draw_weights,
    estimate,
    mean_estimate,
    resample_table,
    wilson,
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
    draws = PictureDraws.make(labels, 4, None, resamples=4000, seed=0)
    share = draws.estimate(draws.shares(said == labels))
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
    assert drawn[:, groups == 0].sum(1) == pytest.approx(4)
    assert drawn[:, groups == 2].sum(1) == pytest.approx(3)
    assert drawn.mean(0) == pytest.approx(np.ones(7), abs=0.05)
    alike = draw_weights(np.zeros(5, np.int64), 100, np.random.default_rng(0))
    assert alike.sum(1) == pytest.approx(5)


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


@pytest.mark.parametrize(("hits", "count"), [(0, 4), (4, 4), (7, 9), (30, 100)])
def test_wilsons_interval_is_that_of_statsmodels(hits: int, count: int) -> None:
    found = wilson(hits / count, count)
    low, high = proportion_confint(hits, count, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-6)


def test_all_right_is_no_certainty() -> None:
    labels = np.repeat([0, 1], 4)
    draws = PictureDraws.make(labels, 2, None, resamples=100, seed=0)
    found = draws.estimate(draws.shares(np.ones(8, bool)))
    assert found["high"] == 1.0
    assert found["low"] == pytest.approx(proportion_confint(8, 8, method="wilson")[0], abs=1e-6)
    gain = draws.estimate(
        draws.shares(np.ones(8, bool)) - draws.shares(np.zeros(8, bool)), least=-1
    )
    assert (gain["value"], gain["high"]) == (1.0, 1.0)
    assert gain["low"] == pytest.approx(found["low"])


@pytest.mark.parametrize("artists", [None, np.arange(60) // 3])
def test_a_network_that_always_answers_the_same_is_no_certainty(
    artists: NDArray[np.int64] | None,
) -> None:
    """Every resample has the same scores; the interval is as wide as the number of units asks."""
    labels = np.arange(60) % 5 if artists is None else np.arange(60) // 12
    draws = PictureDraws.make(labels, 5, artists, resamples=100, seed=0)
    constant, other = np.zeros(60, np.int64), np.full(60, 1)
    count = 60 if artists is None else 20
    for name, values in draws.scores(constant).items():
        found = draws.estimate(values)
        low, high = proportion_confint(values[0] * count, count, method="wilson")
        assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-6), name
        assert found["low"] < found["value"] < found["high"]
    recall = metrics.recalls(draws.confusions(constant))
    for style in range(5):
        found = draws.estimate(recall[:, style], style=style)
        assert found["high"] - found["low"] > 0.2
    gain = draws.scores(constant)["accuracy"] - draws.scores(other)["accuracy"]
    found = draws.estimate(gain, least=-1)
    assert found["low"] < -0.05 < 0.05 < found["high"]


def test_one_style_alone_has_wilsons_interval() -> None:
    labels = np.repeat([0, 1], [5, 40])
    draws = PictureDraws.make(labels, 2, None, resamples=100, seed=0)
    recall = metrics.recalls(draws.confusions(np.where(np.arange(45) < 4, 0, 1)))
    found = draws.estimate(recall[:, 0], style=0)
    assert (found["low"], found["high"]) == pytest.approx(
        proportion_confint(4, 5, method="wilson"), abs=1e-6
    )


def test_a_share_of_clusters_counts_clusters() -> None:
    """Each artist's pictures all right or all wrong: as many pictures as artists."""
    hits, artist = np.repeat([1.0] * 6 + [0.0] * 4, 5), np.repeat(np.arange(10), 5)
    found = cluster_mean_estimate(hits, artist, resamples=4000, seed=0, shares=True)
    worth = 9  # the variance p (1 − p) / (n − 1) of ten artists
    student = 2.262  # t of nine degrees of freedom, by the tables
    centre = (0.6 + student**2 / (2 * worth)) / (1 + student**2 / worth)
    assert (found["low"] + found["high"]) / 2 == pytest.approx(centre, abs=0.01)
    every = cluster_mean_estimate(np.ones(50), artist, resamples=100, seed=0, shares=True)
    assert every["low"] == pytest.approx(proportion_confint(10, 10, method="wilson")[0], abs=1e-6)
    exact = cluster_mean_estimate(np.ones(50), artist, resamples=100, seed=0)
    assert (exact["low"], exact["high"]) == (1, 1)  # a measure that is 1 by definition


def test_a_mean_of_few_has_students_interval() -> None:
    values = np.random.default_rng(3).normal(0, 1, 8)
    found = mean_estimate(values, resamples=20_000, seed=0)
    half = 2.365 * values.std(ddof=1) / 8**0.5  # seven degrees of freedom, by the tables
    assert (found["high"] - found["low"]) / 2 == pytest.approx(half, rel=0.02)


def test_units_of_unequal_sizes_are_worth_fewer() -> None:
    """Of one large artist and four small ones fewer are drawn than of five alike."""
    weights = draw_weights(
        np.zeros(5, np.int64), 500, np.random.default_rng(0), sizes=np.array([16.0, 1, 1, 1, 1])
    )
    drawn = (weights > 0).sum(1)
    assert weights.sum(1) == pytest.approx(5)
    assert drawn.max() == 2  # Kish: 20² / 260 = 1.54 units of five


def test_units_beyond_one_a_style_are_degrees_of_freedom() -> None:
    labels, artist = np.repeat([0, 2], [20, 3]), np.r_[np.zeros(16, np.int64), 1:8]
    draws = PictureDraws.make(labels, 3, artist, resamples=10, seed=0)
    assert (draws.freedom(), draws.freedom(0), draws.freedom(2)) == (6, 4, 2)


def test_artists_are_clusters_and_the_unknown_stand_alone() -> None:
    found = artist_clusters(["b", None, "a", "b", None])
    assert found is not None
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 4
    assert artist_clusters([None, "a", "b"]) is None  # nobody has two pictures
    assert artist_clusters(["a", "a"]) is None  # nobody else could be drawn


def test_artists_are_drawn_whole_within_their_style() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    artist = np.array([5, 5, 6, 7, 7, 8, 9])
    draws = PictureDraws.make(labels, 2, artist, resamples=200, seed=0)
    assert draws.units == 5
    weight = draws.weights[:, draws.unit]  # of each picture
    assert (weight[0] == 1).all()
    assert (weight[:, 0] == weight[:, 1]).all() and (weight[:, 3] == weight[:, 4]).all()
    assert weight[:, 0] + weight[:, 2] == pytest.approx(2)  # two artists of the first style
    assert weight[:, 3] + weight[:, 5] + weight[:, 6] == pytest.approx(3)


def test_the_only_artist_of_a_style_is_drawn_picture_by_picture() -> None:
    labels, artist = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 2])
    draws = PictureDraws.make(labels, 2, artist, resamples=200, seed=0)
    assert draws.units == 5
    assert np.ptp(draws.weights[:, draws.unit[0]]) > 0


def test_a_score_is_that_of_the_drawn_pictures() -> None:
    """Weights as repetitions: each drawn picture written out as often as it was drawn."""
    labels, said = answers(3, 5, 0.5, 0)
    draws = PictureDraws.make(labels, 3, None, resamples=30, seed=0)
    found, shares = draws.scores(said), draws.shares(said == labels)
    for place, weight in enumerate(draws.weights[:, draws.unit]):
        times = np.rint(weight * (4 if place else 1) / (5 if place else 1)).astype(int)
        rows = np.repeat(np.arange(15), times)
        for name, value in metrics.scores(labels[rows], said[rows], 3).items():
            assert found[name][place] == pytest.approx(value)
        assert shares[place] == pytest.approx(np.mean(said[rows] == labels[rows]))


def coverage(clusters: int, each: int, spread: float, trials: int = 150) -> dict[str, float]:
    """Share of intervals that hold the true accuracy, drawing artists and drawing pictures.

    Four styles with ``clusters`` artists each and ``each`` pictures by everyone; an artist's
    pictures are right with a probability of his own, whose standard deviation is ``spread``.
    """
    held = {"artists": 0, "pictures": 0}
    artist = np.repeat(np.arange(4 * clusters), each)
    labels = artist // clusters
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        own = 0.6 + spread * generator.choice([-1.0, 1.0], 4 * clusters)
        hit = generator.random(len(labels)) < own[artist]
        for name, unit in (("artists", artist if each > 1 else None), ("pictures", None)):
            draws = PictureDraws.make(labels, 4, unit, resamples=300, seed=trial)
            found = draws.estimate(draws.shares(hit))
            held[name] += found["low"] <= 0.6 <= found["high"]
    return {name: count / trials for name, count in held.items()}


def test_intervals_hold_the_truth_with_few_pictures() -> None:
    assert 0.93 <= coverage(clusters=5, each=1, spread=0.0)["pictures"] <= 0.99


def test_intervals_hold_the_truth_where_artists_pictures_go_together() -> None:
    found = coverage(clusters=8, each=6, spread=0.3)
    assert 0.90 <= found["artists"] <= 0.99
    assert found["pictures"] < 0.85  # as if no two were by one artist: far too narrow

"""Agreement of clusters with labels:

scikit-learn agrees, chance is where it belongs, intervals hold the value.
"""

import numpy as np
import pytest
from sklearn import metrics

from impasto.embedding import cluster_metrics
from impasto.embedding.null_labels import null_labels
from impasto.numerics.bootstrap import PictureDraws
from impasto.records.atlas import ChanceScores
from impasto.records.record import Interval

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 5, 300)
CLUSTERS = np.where(
    RNG.random(300) < 0.6, LABELS, RNG.integers(-1, 7, 300)
)  # -1: noise, a cluster of its own


def purity(labels: np.ndarray, clusters: np.ndarray) -> float:
    """Slow and obvious: the share that answering each cluster's most frequent label gets right."""
    right = 0
    for cluster in set(clusters.tolist()):
        inside = labels[clusters == cluster].tolist()
        right += max(inside.count(label) for label in set(inside))
    return right / len(labels)


SLOW = {
    "nmi": metrics.normalized_mutual_info_score,
    "ami": metrics.adjusted_mutual_info_score,
    "ari": metrics.adjusted_rand_score,
    "v_measure": metrics.v_measure_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "purity": purity,
}


@pytest.mark.parametrize(
    "clusters",
    [CLUSTERS, LABELS, np.zeros(300, int), np.arange(300)],
    ids=["some", "right", "one", "each"],
)
def test_scores_are_those_of_scikit_learn(clusters: np.ndarray) -> None:
    scores = cluster_metrics.score_estimates(LABELS, clusters, resamples=100, seed=0)
    assert set(scores) == set(SLOW)
    for name, slow in SLOW.items():
        assert scores[name].value == pytest.approx(slow(LABELS, clusters), abs=1e-9), name
        assert scores[name].low <= scores[name].value + 1e-9
        assert scores[name].high >= scores[name].value - 1e-9


def test_intervals_are_as_wide_as_the_scores_vary() -> None:
    """Drawing paintings anew from the same source:

    the scores land in an interval's width of each other.
    """

    def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        labels = np.repeat(np.arange(5), 100)
        return labels, np.where(rng.random(500) < 0.6, labels, rng.integers(0, 5, 500))

    values = [
        cluster_metrics.score_estimates(*drawn(seed), resamples=100, seed=0)["nmi"].value
        for seed in range(60)
    ]
    first = cluster_metrics.score_estimates(*drawn(0), resamples=400, seed=0)["nmi"]
    assert first.high - first.low == pytest.approx(3.92 * np.std(values), rel=0.35)


def test_an_interval_is_not_lifted_by_repeated_paintings() -> None:
    """Plain percentile intervals of the NMI of unrelated labels would lie wholly above it."""
    rng = np.random.default_rng(1)
    labels, clusters = np.repeat(np.arange(10), 20), rng.integers(0, 10, 200)
    score = cluster_metrics.score_estimates(labels, clusters, resamples=200, seed=0)["nmi"]
    assert score.low < score.value < score.high


def chance_of(labels: np.ndarray, clusters: np.ndarray, artists: np.ndarray) -> ChanceScores:
    null = null_labels(labels, artists, shufflings=200, seed=0)
    return cluster_metrics.chance_scores(labels, clusters, null)


def test_chance_is_where_shuffled_labels_are() -> None:
    rng, unknown = np.random.default_rng(2), np.full(len(LABELS), -1)
    by_chance = chance_of(rng.permutation(LABELS), CLUSTERS, unknown)
    assert by_chance.nmi.p > 0.01
    assert by_chance.ami.mean == pytest.approx(0, abs=0.01)
    assert by_chance.nmi.mean > 0.01  # why NMI alone says little
    real = chance_of(LABELS, CLUSTERS, unknown)
    assert real.shuffled == "paintings"
    assert {level.p for level in (real.nmi, real.ami, real.ari, real.purity)} == {1 / 201}


def by_artists(seed: int, told: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Styles, clusters and artists of paintings whose clusters follow artists.

    Each of 60 artists, of 2 to 30 paintings, has one of six styles by dice. Where ``told``, artists
    of one style lie in one place, and otherwise anywhere.
    """
    rng = np.random.default_rng(seed)
    style = rng.integers(0, 6, 60)
    place = style if told else rng.integers(0, 6, 60)
    artists = np.repeat(np.arange(60), rng.integers(2, 31, 60))
    away = rng.random(len(artists)) < 0.3
    clusters = np.where(away, rng.integers(0, 6, len(artists)), place[artists])
    return style[artists], clusters, artists


def test_styles_dealt_to_artists_by_dice_are_rarely_called_above_chance() -> None:
    trials = 60
    made = [by_artists(seed, told=False) for seed in range(trials)]
    found = [chance_of(*trial).ami.p < 0.05 for trial in made]
    assert np.sum(found) <= 7  # binomial: 95 % of trials at a true rate of 5 % have at most 6
    # Single paintings that exchange styles would call nearly all of them
    alone = [chance_of(labels, clusters, np.full(len(labels), -1)) for labels, clusters, _ in made]
    assert np.mean([level.ami.p < 0.05 for level in alone]) > 0.9


def test_styles_that_artists_of_a_place_share_are_above_chance() -> None:
    found = [chance_of(*by_artists(seed, told=True)) for seed in range(10)]
    assert all(level.shuffled == "artists" and level.ami.p < 0.05 for level in found)


def test_artists_keep_their_paintings_together_and_unknown_ones_exchange_single_paintings() -> None:
    artists = np.array([0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [-1] * 6)
    labels = np.array([0] * 4 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5, 5, 5, 6, 6, 6])
    null = null_labels(labels, artists, shufflings=50, seed=0)
    assert null.shuffled == "artists"
    for drawn in null.labels:
        of_artists = [set(drawn[artists == artist].tolist()) for artist in range(5)]
        assert sorted(map(min, of_artists)) == [0, 1, 2, 3, 4]
        assert all(len(one) == 1 for one in of_artists)
        assert sorted(drawn[artists == -1].tolist()) == [5, 5, 5, 6, 6, 6]
    assert len({tuple(drawn[:20].tolist()) for drawn in null.labels}) > 20
    assert len({tuple(drawn[20:].tolist()) for drawn in null.labels}) > 10
    few = null_labels(labels[:16], artists[:16], shufflings=2, seed=0)
    assert few.shuffled == "paintings"


def test_a_difference_is_that_of_the_scores_and_paired() -> None:
    worse = np.where(np.random.default_rng(3).random(300) < 0.2, 0, CLUSTERS)
    gain = cluster_metrics.score_gains(LABELS, CLUSTERS, worse, resamples=300, seed=0)
    scores = [
        cluster_metrics.score_estimates(LABELS, clusters, resamples=300, seed=0)
        for clusters in (CLUSTERS, worse)
    ]
    for name, score in gain:
        assert score.value == pytest.approx(scores[0][name].value - scores[1][name].value)
    unpaired = sum((score["nmi"].high - score["nmi"].low) ** 2 for score in scores) ** 0.5
    assert gain.nmi.high - gain.nmi.low < unpaired  # the same paintings are drawn for both
    nothing = cluster_metrics.score_gains(LABELS, CLUSTERS, CLUSTERS, resamples=100, seed=0)
    assert nothing.nmi == Interval(value=0, low=0, high=0)


def test_best_matches_are_found_by_looking_at_every_cluster() -> None:
    table = cluster_metrics.contingency(LABELS, CLUSTERS)
    best = cluster_metrics.best_matches(table[None])
    names = np.unique(CLUSTERS)
    for label in range(5):
        found = [metrics.f1_score(label == LABELS, name == CLUSTERS) for name in names]
        assert best.cluster[0, label] == int(np.argmax(found))
        inside = names[best.cluster[0, label]] == CLUSTERS
        assert best.f1[0, label] == pytest.approx(max(found))
        assert best.precision[0, label] == pytest.approx(
            metrics.precision_score(label == LABELS, inside)
        )
        assert best.recall[0, label] == pytest.approx(metrics.recall_score(label == LABELS, inside))


def test_many_styles_and_clusters_are_drawn_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """In portions, and without empty pairs of clusters, the spread is what it is in one piece."""
    others = np.random.default_rng(4).integers(0, 9, 300)
    null = null_labels(LABELS, np.full(300, -1), shufflings=50, seed=0)
    whole = cluster_metrics.score_estimates(LABELS, CLUSTERS, resamples=400, seed=0)
    gains = cluster_metrics.score_gains(LABELS, CLUSTERS, others, resamples=400, seed=0)
    chance = cluster_metrics.chance_scores(LABELS, CLUSTERS, null)
    monkeypatch.setattr(cluster_metrics, "CELLS", 1_000)
    assert cluster_metrics.chance_scores(LABELS, CLUSTERS, null) == chance
    portions = cluster_metrics.score_estimates(LABELS, CLUSTERS, resamples=400, seed=0)
    apart = dict(cluster_metrics.score_gains(LABELS, CLUSTERS, others, resamples=400, seed=0))
    pairs = [(one, portions[name]) for name, one in whole.items()]
    pairs += [(one, apart[name]) for name, one in gains]
    for one, other in pairs:
        assert other.value == one.value
        assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=0.02)


def artists_world(seed: int, artists: int = 60, works: int = 12) -> tuple[np.ndarray, ...]:
    """Styles, clusters and artists: some artists' works go to the cluster of their style, all.

    Others' works go to a cluster of the artist's own liking. What an artist's first work tells, all
    tell.
    """
    rng = np.random.default_rng(seed)
    style = np.arange(artists) % 4
    liked = np.where(rng.random(artists) < 0.6, style, rng.integers(0, 4, artists))
    who = np.repeat(np.arange(artists), works)
    clusters = np.where(rng.random(len(who)) < 0.9, liked[who], rng.integers(0, 4, len(who)))
    return style[who], clusters, who


def test_intervals_over_artists_hold_what_all_artists_would_give() -> None:
    labels, clusters, _ = artists_world(10**6, artists=20_000, works=2)
    truth = metrics.adjusted_mutual_info_score(labels, clusters)
    held = {"artists": 0, "paintings": 0}
    for seed in range(100):
        labels, clusters, who = artists_world(seed)
        draws = PictureDraws.make(labels, 4, who, resamples=200, seed=seed)
        for unit, artists in (("artists", draws), ("paintings", None)):
            found = cluster_metrics.score_estimates(
                labels, clusters, resamples=200, seed=seed, artists=artists
            )["ami"]
            held[unit] += found.low <= truth <= found.high
    assert held["artists"] >= 88
    assert held["paintings"] < 70


def test_a_difference_over_artists_is_paired_and_wider_than_over_paintings() -> None:
    labels, clusters, who = artists_world(3)
    others = np.where(np.random.default_rng(4).random(len(who)) < 0.2, 0, clusters)
    draws = PictureDraws.make(labels, 4, who, resamples=300, seed=0)
    over_artists, over_paintings = (
        cluster_metrics.score_gains(
            labels, clusters, others, resamples=300, seed=0, artists=artists
        ).ami
        for artists in (draws, None)
    )
    assert over_artists.value == over_paintings.value
    assert over_artists.high - over_artists.low > over_paintings.high - over_paintings.low
    nothing = cluster_metrics.score_gains(
        labels, clusters, clusters, resamples=300, seed=0, artists=draws
    )
    assert nothing.ami == Interval(value=0, low=0, high=0)


def test_artists_that_each_have_one_painting_are_paintings() -> None:
    draws = PictureDraws.make(LABELS, 5, None, resamples=2000, seed=0)
    by_unit, by_table = (
        cluster_metrics.score_estimates(LABELS, CLUSTERS, resamples=2000, seed=1, artists=artists)
        for artists in (draws, None)
    )
    for name, one in by_unit.items():
        assert one.value == by_table[name].value
        assert (one.low, one.high) == pytest.approx(
            (by_table[name].low, by_table[name].high), abs=0.01
        ), name

"""Statistics of comparisons against slow, obvious re-writes; coverage of the intervals."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from impasto.comparison import resampling
from impasto.comparison.resampling import Draws
from impasto.numerics import metrics
from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.sign_tests import holm, sign_flip_p

Ints = NDArray[np.int64]
true_styles = np.array([0] * 12 + [1] * 7 + [2] * 3)
ALONE = np.arange(len(true_styles))
"""Every picture by an artist of its own."""
GROUPS = {"many": [0, 1], "few": [2], "none": [3], "nobody": []}


def made(
    labels: Ints = true_styles,
    *,
    styles: int = 4,
    seeds: int,
    resamples: int,
    seed: int,
    artists: Ints | None = None,
) -> Draws:
    pictures = PictureDraws.make(labels, styles, artists, resamples=resamples, seed=seed)
    return Draws.make(pictures, seeds=seeds, seed=seed)


def answers(
    seeds: int, right: float, seed: int = 0, labels: Ints = true_styles, styles: int = 4
) -> Ints:
    generator = np.random.default_rng(seed)
    guessed = generator.integers(0, styles, (seeds, len(labels)))
    return np.where(generator.random((seeds, len(labels))) < right, labels, guessed)


def test_scores_are_those_of_the_metrics_seed_by_seed() -> None:
    mine = answers(3, 0.5)
    found = resampling.scores(mine, made(seeds=3, resamples=1, seed=0), GROUPS)
    for seed, said in enumerate(mine):
        assert found["accuracy"][seed] == pytest.approx(float(np.mean(true_styles == said)))
        assert found["balanced_accuracy"][seed] == pytest.approx(
            metrics.scores(true_styles, said, 4)["balanced_accuracy"]
        )
        assert found["macro_f1"][seed] == pytest.approx(
            metrics.scores(true_styles, said, 4)["macro_f1"]
        )
        recall = [float(np.mean(said[true_styles == style] == style)) for style in range(3)]
        assert found["many"][seed] == pytest.approx((recall[0] + recall[1]) / 2)
        assert found["few"][seed] == pytest.approx(recall[2])
    assert "none" not in found and "nobody" not in found  # no test picture, no style


def test_a_resample_is_its_pictures_scored_again() -> None:
    """The slow re-write: gather each resample's pictures and score them by the metrics."""
    mine, draws = answers(3, 0.6), made(seeds=3, resamples=20, seed=1)
    found = resampling.resampled(mine, draws, GROUPS)
    for draw in range(21):
        weight = draws.pictures.weights[draw]
        held = np.bincount(true_styles, weights=weight)
        assert held == pytest.approx([12, 7, 3])  # within each style
        f1, few = [], []
        for said in mine:
            table = np.zeros((4, 4))
            np.add.at(table, (true_styles, said), weight)
            right, true, named = np.diag(table), table.sum(1), table.sum(0)
            f1.append(np.mean([2 * right[s] / (true[s] + named[s]) for s in range(3)]))
            few.append(right[2] / true[2])
        assert found["macro_f1"][draw] == pytest.approx(float(draws.seeds[draw] @ f1))
        assert found["few"][draw] == pytest.approx(float(draws.seeds[draw] @ few))


def test_resamples_in_blocks_are_those_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, draws = answers(3, 0.6), made(seeds=3, resamples=20, seed=1)
    whole = resampling.resampled(mine, draws, GROUPS)
    sizes: list[int] = []
    every = Draws.confusions
    monkeypatch.setattr(
        Draws, "confusions", lambda self, a: sizes.append(len(self.seeds)) or every(self, a)
    )
    monkeypatch.setattr(resampling, "BLOCK", 3 * 4 * 4 * 7)
    parts = resampling.resampled(mine, draws, GROUPS)
    assert sizes == [7, 7, 7]
    assert parts.keys() == whole.keys()
    assert all(parts[name] == pytest.approx(whole[name]) for name in whole)


def test_the_spread_over_seeds_is_that_of_a_mean() -> None:
    """Of seeds that differ and pictures that do not:

    a resample's variance is the unbiased variance of the mean.
    """
    for values in ([0.0, 0.3, 0.9], [0.2, 0.6], [0.1, 0.2, 0.4, 0.8]):
        draws = made(seeds=len(values), resamples=40_000, seed=2)
        drawn = draws.seeds[1:] @ np.array(values)
        assert drawn.var() == pytest.approx(np.var(values, ddof=1) / len(values), rel=0.05)


def test_one_seed_has_no_spread_over_seeds() -> None:
    assert np.array_equal(made(seeds=1, resamples=50, seed=0).seeds, np.ones((51, 1)))


def test_intervals_of_differences_hold_the_true_one() -> None:
    """Made-up networks:

    pictures of unequal difficulty, a seed of unequal luck, a remedy worth 8 points in truth.
    """
    generator, trials, held = np.random.default_rng(0), 150, 0
    labels = np.repeat(np.arange(3), 40)
    for trial in range(trials):
        hard = generator.normal(0, 0.15, len(labels))
        luck = generator.normal(0, 0.03, (2, 3, 1))
        chance = np.clip(np.array([0.45, 0.53])[:, None, None] + luck + hard, 0, 1)
        right = generator.random((2, 3, len(labels))) < chance
        plain, remedy = np.where(right, labels, (labels + 1) % 3)
        draws = made(labels, styles=3, seeds=3, resamples=400, seed=trial)
        drawn = (
            resampling.resampled(remedy, draws, {})["accuracy"]
            - resampling.resampled(plain, draws, {})["accuracy"]
        )
        found = draws.summary(drawn, least=-1)
        held += found["low"] <= 0.08 <= found["high"]
    # Three seeds tell little of their own spread, so the intervals may be somewhat narrow; never
    # grossly so
    assert 0.89 <= held / trials <= 0.995


def test_a_remedy_that_changes_nothing_has_a_difference_of_nothing() -> None:
    mine, draws = answers(2, 0.5), made(seeds=2, resamples=100, seed=3)
    one, other = (resampling.resampled(mine.copy(), draws, GROUPS) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    found = resampling.sign_test(mine, mine, true_styles, ALONE)
    assert (found.gained, found.lost, found.p) == (0, 0, 1.0)


def test_with_one_seed_the_test_is_mcnemars() -> None:
    for seed in range(5):
        plain, remedy = answers(1, 0.4, seed), answers(1, 0.6, seed + 100)
        gained = sum(
            p != t and r == t for p, r, t in zip(plain[0], remedy[0], true_styles, strict=True)
        )
        lost = sum(
            p == t and r != t for p, r, t in zip(plain[0], remedy[0], true_styles, strict=True)
        )
        found = resampling.sign_test(plain, remedy, true_styles, ALONE)
        assert (found.gained, found.lost, found.seeds) == (gained, lost, ((gained, lost),))
        assert found.p == pytest.approx(binomtest(gained, gained + lost, 0.5).pvalue)
        exact = sum(math.comb(gained + lost, k) for k in range(min(gained, lost) + 1)) / 2 ** (
            gained + lost
        )
        assert found.p == pytest.approx(min(1.0, 2 * exact))


def test_an_artists_pictures_change_sign_together() -> None:
    """All 2^4 signs of four artists with 3, 2, 1 and −1 net pictures, one by one."""
    sums = np.array([3, 2, 1, -1, 0])
    totals = [abs(sum(s * n for s, n in zip(signs, (3, 2, 1, 1), strict=True)))
              for signs in itertools.product((-1, 1), repeat=4)]  # fmt: skip
    expected = sum(total >= 5 for total in totals) / 16
    assert sign_flip_p(sums) == pytest.approx(expected)
    assert sign_flip_p(np.zeros(4, np.int64)) == 1.0


def test_ten_pictures_by_one_artist_are_no_ten_pictures() -> None:
    labels, artist = np.zeros(12, np.int64), np.array([0] * 10 + [1, 2])
    plain, remedy = np.ones((1, 12), np.int64), np.zeros((1, 12), np.int64)
    assert resampling.sign_test(plain, remedy, labels, artist).p == pytest.approx(2 / 8)
    assert resampling.sign_test(plain, remedy, labels, np.arange(12)).p == pytest.approx(2 / 2**12)


def test_more_seeds_of_the_same_answers_make_nothing_surer() -> None:
    plain, remedy = answers(1, 0.3), answers(1, 0.8, 7)
    one = resampling.sign_test(plain, remedy, true_styles, ALONE)
    three = resampling.sign_test(
        np.repeat(plain, 3, 0), np.repeat(remedy, 3, 0), true_styles, ALONE
    )
    assert three.p == one.p and three.gained == one.gained


def test_a_picture_gained_by_one_seed_and_lost_by_another_does_not_count() -> None:
    labels = np.array([0, 0])
    found = resampling.sign_test(
        np.array([[0, 1], [1, 1]]), np.array([[1, 0], [0, 1]]), labels, labels
    )
    assert (found.gained, found.lost) == (1, 0)
    assert found.seeds == ((1, 1), (1, 0))


def holm_slowly(p_values: Sequence[float]) -> list[float]:
    """Each hypothesis is rejected at the levels at which the step-down procedure rejects it."""
    found = []
    for p in p_values:
        needed = [min(1.0, sum(other >= q for other in p_values) * q) for q in p_values if q <= p]
        found.append(max(needed))
    return found


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8, unique=True))
def test_holms_correction(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(holm_slowly(p_values))


def test_holms_correction_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []

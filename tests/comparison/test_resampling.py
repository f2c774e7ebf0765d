"""Statistics of comparisons against slow, obvious re-writes; coverage of the intervals."""

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

Ints = NDArray[np.int64]
true_styles = np.array([0] * 12 + [1] * 7 + [2] * 3)
GROUPS = {"many": [0, 1], "few": [2], "none": [3], "nobody": []}


def answers(
    seeds: int, right: float, seed: int = 0, labels: Ints = true_styles, styles: int = 4
) -> Ints:
    generator = np.random.default_rng(seed)
    guessed = generator.integers(0, styles, (seeds, len(labels)))
    return np.where(generator.random((seeds, len(labels))) < right, labels, guessed)


def test_scores_are_those_of_the_metrics_seed_by_seed() -> None:
    mine = answers(3, 0.5)
    found = resampling.scores(mine, true_styles, 4, GROUPS)
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
    mine, draws = answers(3, 0.6), Draws.make(true_styles, styles=4, seeds=3, resamples=20, seed=1)
    found = resampling.resampled(mine, draws, GROUPS)
    for resample in range(20):
        rows = np.repeat(np.arange(len(true_styles)), draws.pictures[resample].astype(int))
        assert np.array_equal(
            np.bincount(true_styles[rows], minlength=3), [12, 7, 3]
        )  # within each style
        by_seed = [metrics.scores(true_styles[rows], said[rows], 4)["macro_f1"] for said in mine]
        assert found["macro_f1"][resample] == pytest.approx(float(draws.seeds[resample] @ by_seed))
        few = [float(np.mean(said[rows][true_styles[rows] == 2] == 2)) for said in mine]
        assert found["few"][resample] == pytest.approx(float(draws.seeds[resample] @ few))


def test_resamples_in_blocks_are_those_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, draws = answers(3, 0.6), Draws.make(true_styles, styles=4, seeds=3, resamples=20, seed=1)
    whole = resampling.resampled(mine, draws, GROUPS)
    made: list[int] = []
    every = Draws.confusions
    monkeypatch.setattr(
        Draws, "confusions", lambda self, a: made.append(len(self.pictures)) or every(self, a)
    )
    monkeypatch.setattr(resampling, "BLOCK", 3 * 4 * 4 * 7)
    parts = resampling.resampled(mine, draws, GROUPS)
    assert made == [7, 7, 6]
    assert parts.keys() == whole.keys()
    assert all(np.array_equal(parts[name], whole[name]) for name in whole)


def test_the_spread_over_seeds_is_that_of_a_mean() -> None:
    """Of seeds that differ and pictures that do not:

    a resample's variance is the unbiased variance of the mean.
    """
    for values in ([0.0, 0.3, 0.9], [0.2, 0.6], [0.1, 0.2, 0.4, 0.8]):
        draws = Draws.make(true_styles, styles=4, seeds=len(values), resamples=40_000, seed=2)
        drawn = draws.seeds @ np.array(values)
        assert drawn.var() == pytest.approx(np.var(values, ddof=1) / len(values), rel=0.05)


def test_one_seed_has_no_spread_over_seeds() -> None:
    assert np.array_equal(
        Draws.make(true_styles, styles=4, seeds=1, resamples=50, seed=0).seeds, np.ones((50, 1))
    )


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
        draws = Draws.make(labels, styles=3, seeds=3, resamples=400, seed=trial)
        drawn = (
            resampling.resampled(remedy, draws, {})["accuracy"]
            - resampling.resampled(plain, draws, {})["accuracy"]
        )
        low, high = np.quantile(drawn, [0.025, 0.975])
        held += low <= 0.08 <= high
    # Three seeds tell little of their own spread, so the intervals may be somewhat narrow; never
    # grossly so
    assert 0.89 <= held / trials <= 0.995


def test_a_remedy_that_changes_nothing_has_a_difference_of_nothing() -> None:
    mine, draws = answers(2, 0.5), Draws.make(true_styles, styles=4, seeds=2, resamples=100, seed=3)
    one, other = (resampling.resampled(mine.copy(), draws, GROUPS) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    found = resampling.sign_test(mine, mine, true_styles)
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
        found = resampling.sign_test(plain, remedy, true_styles)
        assert (found.gained, found.lost, found.seeds) == (gained, lost, ((gained, lost),))
        assert found.p == pytest.approx(binomtest(gained, gained + lost, 0.5).pvalue)
        exact = sum(math.comb(gained + lost, k) for k in range(min(gained, lost) + 1)) / 2 ** (
            gained + lost
        )
        assert found.p == pytest.approx(min(1.0, 2 * exact))


def test_more_seeds_of_the_same_answers_make_nothing_surer() -> None:
    plain, remedy = answers(1, 0.3), answers(1, 0.8, 7)
    one = resampling.sign_test(plain, remedy, true_styles)
    three = resampling.sign_test(np.repeat(plain, 3, 0), np.repeat(remedy, 3, 0), true_styles)
    assert three.p == one.p and three.gained == one.gained


def test_a_picture_gained_by_one_seed_and_lost_by_another_does_not_count() -> None:
    labels = np.array([0, 0])
    found = resampling.sign_test(np.array([[0, 1], [1, 1]]), np.array([[1, 0], [0, 1]]), labels)
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
    assert resampling.holm(p_values) == pytest.approx(holm_slowly(p_values))


def test_holms_correction_by_hand() -> None:
    assert resampling.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert resampling.holm([]) == []

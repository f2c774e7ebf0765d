"""Confusion against years:

slow re-writes agree, planted links are found, and luck is not taken for one.
"""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from impasto.evaluation import confusion_vs_years as module
from impasto.evaluation.confusion_vs_years import (
    DATED,
    confusion_rates,
    confusion_vs_years,
    mantel,
    spearman,
)
from impasto.records.explanation import YearsCorrelation

Floats = NDArray[np.float64]


def symmetric(number: int, seed: int) -> Floats:
    """A random symmetric matrix with ties."""
    values = np.random.default_rng(seed).integers(0, 6, (number, number)).astype(float)
    return np.triu(values, 1) + np.triu(values, 1).T


def collection(
    medians: list[int], follows: bool, seed: int = 0, each: int = 200
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]], list[str]]:
    """Counts and years of styles whose confusion falls with the gap in years, or ignores it."""
    rng = np.random.default_rng(seed)
    years = [rng.integers(year - 8, year + 9, 40) for year in medians]
    gaps = np.abs(np.subtract.outer(medians, medians)).astype(float)
    if not follows:
        mixed = rng.permutation(len(medians))
        gaps = gaps[mixed][:, mixed]
    shares = np.exp(-gaps / 60)
    counts = np.stack([rng.multinomial(each, row / row.sum()) for row in shares])
    return counts, years, [f"Style_{year}" for year in medians]


SPREAD = [1500, 1620, 1700, 1760, 1830, 1870, 1900, 1920]


def correlated(follows: bool, seed: int = 0) -> YearsCorrelation:
    found = confusion_vs_years(*collection(SPREAD, follows, seed), resamples=200, seed=1)
    assert found.correlation is not None
    return found.correlation


def test_spearman_is_scipys() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, (4, 30)).astype(float), rng.integers(0, 5, (4, 30)).astype(float)
    assert spearman(a, b) == pytest.approx(
        [spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    )
    assert spearman(np.ones(5), np.arange(5.0)) == 0


def test_mantel_is_a_plain_loop() -> None:
    a, b = symmetric(5, 0), symmetric(5, 1)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]

    def correlation(order: tuple[int, ...]) -> float:
        moved = [a[order[i], order[j]] for i, j in pairs]
        return float(spearmanr(moved, [b[i, j] for i, j in pairs]).statistic)

    value = correlation(tuple(range(5)))
    every = [correlation(order) for order in permutations(range(5))]
    found = mantel(a, b, np.random.default_rng(0))
    assert found.value == pytest.approx(value)
    assert found.p_value == pytest.approx(np.mean([abs(v) >= abs(value) - 1e-9 for v in every]))
    assert (found.permutations, found.exact) == (120, True)


def test_random_permutations_come_near_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = symmetric(7, 2), symmetric(7, 4)
    exact = mantel(a, b, np.random.default_rng(0))
    monkeypatch.setattr(module, "EXACT", 6)
    drawn = mantel(a, b, np.random.default_rng(0))
    assert (drawn.permutations, drawn.exact) == (module.PERMUTATIONS, False)
    assert drawn.value == exact.value
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.02)


def test_the_order_of_the_styles_means_nothing() -> None:
    a, b, order = symmetric(6, 4), symmetric(6, 5), np.random.default_rng(0).permutation(6)
    moved = mantel(a[order][:, order], b[order][:, order], np.random.default_rng(0))
    still = mantel(a, b, np.random.default_rng(0))
    assert (moved.value, moved.p_value) == pytest.approx((still.value, still.p_value))


def test_a_matrix_follows_itself() -> None:
    a = symmetric(7, 6)
    assert mantel(a, a, np.random.default_rng(0)).value == pytest.approx(1)
    assert mantel(a, -a, np.random.default_rng(0)).value == pytest.approx(-1)


def test_confusion_that_follows_the_years_is_found() -> None:
    found = correlated(follows=True)
    assert found.value < -0.8
    assert found.p_value < 0.01
    assert found.low <= found.value <= found.high < -0.5


def test_confusion_that_does_not_is_seldom_taken_for_it() -> None:
    values = [correlated(follows=False, seed=seed) for seed in range(40)]
    assert (
        np.mean([found.p_value < 0.05 for found in values]) <= 0.125
    )  # 2 of 40 by luck; 5 are allowed
    assert abs(np.mean([found.value for found in values])) < 0.15


def test_the_rate_is_the_mean_of_both_shares() -> None:
    counts = np.array(
        [[8, 2, 0], [1, 3, 0], [0, 0, 0]]
    )  # a style without test pictures is confused with nothing
    rates = confusion_rates(counts)
    assert rates[0, 1] == rates[1, 0] == pytest.approx((2 / 10 + 1 / 4) / 2)
    assert rates[2].sum() == 0


def test_styles_with_few_dates_are_left_out_by_name() -> None:
    counts, years, styles = collection(SPREAD, follows=True)
    years[3] = years[3][: DATED - 1]
    years[5] = years[5][:0]
    found = confusion_vs_years(counts, years, styles, resamples=100, seed=0)
    assert [row.style for row in found.years if not row.used] == [
        "Style_1760",
        "Style_1870",
    ]
    assert found.years[5].model_dump() == {
        "style": "Style_1870", "dated": 0, "median": None, "low": None, "high": None, "used": False
    }  # fmt: skip
    assert len(found.pairs) == 15
    assert not {"Style_1760", "Style_1870"} & {
        getattr(pair, name) for pair in found.pairs for name in ("a", "b")
    }
    kept = [0, 1, 2, 4, 6, 7]
    rates = confusion_rates(counts)[np.ix_(kept, kept)]
    pair = next(p for p in found.pairs if (p.a, p.b) == ("Style_1500", "Style_1830"))
    assert pair.confusion == pytest.approx(rates[0, 3])
    assert pair.gap == abs(np.median(years[0]) - np.median(years[4]))


def test_leaving_each_style_out_in_turn_brackets_the_correlation() -> None:
    counts, years, styles = collection(SPREAD, follows=True, seed=3)
    found = confusion_vs_years(counts, years, styles, resamples=100, seed=0)
    values = []
    for left_out in styles:
        rest = [pair for pair in found.pairs if left_out not in (pair.a, pair.b)]
        values.append(spearmanr([p.gap for p in rest], [p.confusion for p in rest]).statistic)
    assert found.correlation.without_one.model_dump() == pytest.approx(
        {"low": min(values), "high": max(values)}
    )


def test_few_styles_or_no_confusion_are_not_judged() -> None:
    counts, years, styles = collection(SPREAD[:4], follows=True)
    assert confusion_vs_years(counts, years, styles, resamples=100, seed=0).correlation is None
    counts, years, styles = collection(SPREAD, follows=True)
    perfect = np.diag(counts.sum(1))
    assert confusion_vs_years(perfect, years, styles, resamples=100, seed=0).correlation is None

"""Confusions of styles against the gap in years: Spearman's correlation with a Mantel test.

Pairs of styles are not independent – a style takes part in many of them –, so the p value comes
from permuting styles (Mantel 1967, "The detection of disease clustering and a generalized
regression approach"; with ranks, Dietz 1983).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from impasto.numerics.bootstrap import interval, resample_table
from impasto.records.explanation import (
    ConfusionVsYears,
    StylePair,
    StyleYears,
    ValueRange,
    YearsCorrelation,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
DATED = 10  # works with a year from which a style has a median year
STYLES = 5  # with fewer, even the most extreme of all permutations is no rarity
PERMUTATIONS = 9_999  # drawn where there are too many to go through all
EXACT = 8  # styles up to which all permutations are gone through: 8! = 40,320


@dataclass(frozen=True, slots=True)
class MantelTest:
    """Spearman's correlation of two matrices over pairs, and its two-sided p value.

    Attributes:
        value: the correlation.
        p_value: share of the permutations with as strong a correlation.
        permutations: how many there are behind it.
        exact: whether these are all.
    """

    value: float
    p_value: float
    permutations: int
    exact: bool


def confusion_vs_years(
    confusion: Counts,
    years: Sequence[NDArray[np.int64]],
    styles: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> ConfusionVsYears:
    """Correlate confusion with the gap in years.

    There is no correlation where fewer than ``STYLES`` styles can be compared or nothing was
    confused.

    Args:
        confusion: counts ``(styles, styles)``, rows true.
        years: of each style's dated works.
        styles: their names.
        resamples: of the bootstrap.
        seed: of resampling and permuting.
    """
    kept = [
        place for place, dated in enumerate(years) if len(dated) >= DATED and confusion[place].sum()
    ]
    rows = tuple(
        _style_years(style, dated, place in kept)
        for place, (style, dated) in enumerate(zip(styles, years, strict=True))
    )
    medians = np.array([np.median(years[place]) for place in kept])
    gaps = np.abs(medians[:, None] - medians)
    rates = confusion_rates(confusion)[np.ix_(kept, kept)]
    left, right = np.triu_indices(len(kept), 1)
    pairs = tuple(
        StylePair(a=styles[kept[i]], b=styles[kept[j]], gap=gaps[i, j], confusion=rates[i, j])
        for i, j in zip(left.tolist(), right.tolist(), strict=True)
    )
    correlation = None
    if len(kept) >= STYLES and np.ptp(gaps[left, right]) > 0 and np.ptp(rates[left, right]) > 0:
        rng = np.random.default_rng(seed)
        drawn = _resampled(confusion, years, kept, resamples, rng)
        test = mantel(gaps, rates, rng)
        correlation = YearsCorrelation(
            value=test.value,
            **interval(drawn),
            p_value=test.p_value,
            permutations=test.permutations,
            exact=test.exact,
            without_one=_without_one(gaps, rates),
        )
    return ConfusionVsYears(dated_from=DATED, years=rows, pairs=pairs, correlation=correlation)


def confusion_rates(confusion: Counts) -> Floats:
    """Confusion of two styles: the mean of both shares, ``float64 (…, styles, styles)``."""
    shares = confusion / np.maximum(confusion.sum(-1, keepdims=True), 1)
    return np.asarray((shares + np.swapaxes(shares, -1, -2)) / 2)


def mantel(a: Floats, b: Floats, rng: np.random.Generator) -> MantelTest:
    """Mantel test: Spearman's correlation of two symmetric matrices ``(n, n)`` over pairs.

    Rows and columns of one matrix are permuted together: all ``n!`` ways where n is at most
    ``EXACT``, else ``PERMUTATIONS`` random ones and the one observed.
    """
    number, exact = len(a), len(a) <= EXACT
    left, right = np.triu_indices(number, 1)
    square = np.zeros_like(a)
    square[left, right] = _standardised_ranks(a[left, right])
    square += square.T
    if exact:
        orders = np.array(list(permutations(range(number))))  # the first is the one observed
    else:
        drawn = [rng.permutation(number) for _ in range(PERMUTATIONS)]
        orders = np.array([np.arange(number), *drawn])
    other = _standardised_ranks(b[left, right])
    # One by one: all at once would take memory for every pair of every permutation
    values = np.array([square[order[left], order[right]] @ other for order in orders])
    extreme = np.abs(values) >= abs(values[0]) - 1e-9  # equal but for rounding
    count = math.factorial(number) if exact else PERMUTATIONS
    return MantelTest(float(values[0]), float(extreme.mean()), count, exact)


def spearman(a: Floats, b: Floats) -> Floats:
    """Spearman's rank correlation along the last axis; 0 where one of them is constant."""
    return np.asarray((_standardised_ranks(a) * _standardised_ranks(b)).sum(-1))


def _standardised_ranks(values: Floats) -> Floats:
    """Ranks with mean 0 and length 1 along the last axis, equal values sharing theirs."""
    ranks = rankdata(values, axis=-1)
    ranks -= ranks.mean(-1, keepdims=True)
    length = np.sqrt((ranks**2).sum(-1, keepdims=True))
    return np.asarray(ranks / np.where(length > 0, length, 1))


def _style_years(style: str, dated: NDArray[np.int64], used: bool) -> StyleYears:
    low, median, high = None, None, None
    if len(dated):
        low, median, high = np.quantile(dated, (0.25, 0.5, 0.75)).tolist()
    return StyleYears(style=style, dated=len(dated), median=median, low=low, high=high, used=used)


def _resampled(
    confusion: Counts,
    years: Sequence[NDArray[np.int64]],
    kept: Sequence[int],
    resamples: int,
    rng: np.random.Generator,
) -> Floats:
    """Correlations with pictures and dated works resampled within styles, ``(resamples,)``."""
    rates = confusion_rates(resample_table(confusion, resamples, rng))[:, kept][:, :, kept]
    medians = []
    for place in kept:
        drawn = rng.choice(years[place], (resamples, len(years[place])))
        medians.append(np.median(drawn, axis=1))
    left, right = np.triu_indices(len(kept), 1)
    years_of = np.stack(medians, axis=1)  # (resamples, styles)
    gaps = np.abs(years_of[:, left] - years_of[:, right])
    return spearman(gaps, rates[:, left, right])


def _without_one(gaps: Floats, rates: Floats) -> ValueRange:
    """Smallest and largest correlation when any one style is left out."""
    values = []
    for left_out in range(len(gaps)):
        rest = np.delete(np.arange(len(gaps)), left_out)
        left, right = rest[np.stack(np.triu_indices(len(rest), 1))]
        values.append(float(spearman(gaps[left, right], rates[left, right])))
    return ValueRange(low=min(values), high=max(values))

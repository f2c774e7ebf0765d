"""Does a network confuse what stood close in time? Confusions against the gap in years, over pairs of styles.

Pairs are not independent – a style takes part in many of them –, so the correlation is judged by
permuting styles (Mantel 1967, "The detection of disease clustering and a generalized regression
approach"; with ranks, Dietz 1983).
"""

import math
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from impasto.numerics.bootstrap import interval, resample_table

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
DATED = 10  # works with a year from which a style has a median year
STYLES = 5  # with fewer, even the most extreme of all permutations is no rarity
PERMUTATIONS = 9_999  # drawn where there are too many to go through all
EXACT = 8  # styles up to which all permutations are gone through: 8! = 40,320


def confusion_and_years(
    confusion: Counts,
    years: Sequence[NDArray[np.int64]],
    styles: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """The correlation of confusion with the gap in years, and everything behind it.

    Args:
        confusion: counts ``(styles, styles)``, rows true.
        years: of each style's dated works.
        styles: their names.
        resamples: of the bootstrap.
        seed: of resampling and permuting.

    Returns:
        ``years`` (a row a style), ``pairs`` (a row a pair of compared styles), and ``correlation``,
        ``None`` where fewer than ``STYLES`` styles can be compared or nothing was confused.
    """
    kept = [
        place for place, dated in enumerate(years) if len(dated) >= DATED and confusion[place].sum()
    ]
    rows = [
        _dates(style, dated, place in kept)
        for place, (style, dated) in enumerate(zip(styles, years, strict=True))
    ]
    medians, rates = np.array([rows[place]["median"] for place in kept]), confusion_rates(confusion)
    gaps, mixed = np.abs(medians[:, None] - medians), rates[np.ix_(kept, kept)]
    left, right = np.triu_indices(len(kept), 1)
    pairs = [
        {
            "a": styles[kept[i]],
            "b": styles[kept[j]],
            "gap": float(gaps[i, j]),
            "confusion": float(mixed[i, j]),
        }
        for i, j in zip(left.tolist(), right.tolist(), strict=True)
    ]
    correlation = None
    if len(kept) >= STYLES and np.ptp(gaps[left, right]) > 0 and np.ptp(mixed[left, right]) > 0:
        generator = np.random.default_rng(seed)
        drawn = _drawn(confusion, [years[place] for place in kept], kept, resamples, generator)
        correlation = {
            **mantel(gaps, mixed, generator),
            **interval(drawn),
            "without_one": _without_one(gaps, mixed),
        }
    return {"dated_from": DATED, "years": rows, "pairs": pairs, "correlation": correlation}


def confusion_rates(confusion: Counts) -> Floats:
    """How often two styles are taken for each other.

    The mean of both shares, ``float64 (…, styles, styles)``.
    """
    shares = confusion / np.maximum(confusion.sum(-1, keepdims=True), 1)
    return np.asarray((shares + np.swapaxes(shares, -1, -2)) / 2)


def mantel(a: Floats, b: Floats, generator: np.random.Generator) -> dict[str, Any]:
    """Spearman's correlation of two symmetric matrices ``(n, n)`` over pairs, and its two-sided p-value.

    Rows and columns of one matrix are permuted together: all ``n!`` ways where n is at most
        ``EXACT``, else
    ``PERMUTATIONS`` random ones and the one observed.

    Returns:
        ``value``, ``p_value``, ``permutations`` (the number behind it), ``exact``.
    """
    number, exact = len(a), len(a) <= EXACT
    left, right = np.triu_indices(number, 1)
    square = np.zeros_like(a)
    square[left, right] = _standard(a[left, right])
    square += square.T
    if exact:
        orders = np.array(list(permutations(range(number))))  # the first is the one observed
    else:
        drawn = [generator.permutation(number) for _ in range(PERMUTATIONS)]
        orders = np.array([np.arange(number), *drawn])
    other = _standard(b[left, right])
    values = np.array(
        [square[order[left], order[right]] @ other for order in orders]
    )  # one by one: memory is as pairs
    extreme = np.abs(values) >= abs(values[0]) - 1e-9  # equal but for rounding
    return {
        "value": float(values[0]),
        "p_value": float(extreme.mean()),
        "permutations": math.factorial(number) if exact else PERMUTATIONS,
        "exact": exact,
    }


def spearman(a: Floats, b: Floats) -> Floats:
    """Spearman's rank correlation along the last axis; 0 where one of them is constant."""
    return np.asarray((_standard(a) * _standard(b)).sum(-1))


def _standard(values: Floats) -> Floats:
    """Ranks with mean 0 and length 1 along the last axis, equal values sharing theirs."""
    ranks = rankdata(values, axis=-1)
    ranks -= ranks.mean(-1, keepdims=True)
    length = np.sqrt((ranks**2).sum(-1, keepdims=True))
    return np.asarray(ranks / np.where(length > 0, length, 1))


def _dates(style: str, dated: NDArray[np.int64], used: bool) -> dict[str, Any]:
    low, median, high = (
        np.quantile(dated, (0.25, 0.5, 0.75)).tolist() if len(dated) else (None, None, None)
    )
    return {
        "style": style,
        "dated": len(dated),
        "median": median,
        "low": low,
        "high": high,
        "used": used,
    }


def _drawn(
    confusion: Counts,
    years: Sequence[NDArray[np.int64]],
    kept: Sequence[int],
    resamples: int,
    generator: np.random.Generator,
) -> Floats:
    """The correlation with test pictures and dated works drawn again within each style, ``(resamples,)``."""
    rates = confusion_rates(resample_table(confusion, resamples, generator))[:, kept][:, :, kept]
    medians = np.stack(
        [np.median(generator.choice(part, (resamples, len(part))), axis=1) for part in years],
        axis=1,
    )
    left, right = np.triu_indices(len(kept), 1)
    return spearman(np.abs(medians[:, left] - medians[:, right]), rates[:, left, right])


def _without_one(gaps: Floats, mixed: Floats) -> dict[str, float]:
    """The smallest and largest correlation when any one style is left out."""
    values = []
    for left_out in range(len(gaps)):
        rest = np.delete(np.arange(len(gaps)), left_out)
        left, right = rest[np.stack(np.triu_indices(len(rest), 1))]
        values.append(float(spearman(gaps[left, right], mixed[left, right])))
    return {"low": min(values), "high": max(values)}

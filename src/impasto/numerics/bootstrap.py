"""Bootstrap: resampled pictures, clusters or seeds, and 95 % percentile intervals.

Percentile intervals after Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter
13. Pictures are resampled within their style, because the number of test pictures of a style was
fixed beforehand. Whole artists are resampled where pictures depend on each other (cluster
bootstrap: Davison and Hinkley 1997, "Bootstrap methods and their application", section 3.8). A
difference of two methods is paired: both are scored on the same draws.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.metrics import Confusions, stacked_scores

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Score = dict[str, float]
"""A number and its 95 % interval: ``value``, ``low``, ``high``."""
LEVEL = 0.95


def interval(drawn: NDArray[np.floating]) -> Score:
    """95 % percentile interval of resampled values ``(resamples,)``: ``low`` and ``high``."""
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"low": float(low), "high": float(high)}


def estimate(
    value: float | np.floating | NDArray[np.floating], drawn: NDArray[np.floating]
) -> Score:
    """A value with the 95 % interval of its resamples ``(resamples,)``."""
    return {"value": float(value), **interval(drawn)}


def first_estimate(values: NDArray[np.floating]) -> Score:
    """The first value with the 95 % interval of the others, ``(1 + resamples,)``."""
    return estimate(values[0], values[1:])


def draw_weights(
    groups: Labels,
    resamples: int,
    rng: np.random.Generator,
    *,
    dtype: type[np.generic] = np.int64,
) -> NDArray[Any]:
    """Counts of each unit in each resample, ``(resamples, N)``; groups keep their size.

    Args:
        groups: the class of each unit, ``(N,)``; all equal: units are drawn from the whole.
        resamples: the number of draws.
        rng: source of the draws.
        dtype: of the result; ``float32`` takes half the memory.
    """
    weights = np.zeros((resamples, len(groups)), dtype)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        weights[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), resamples)
    return weights


def draw_units(count: int, resamples: int, rng: np.random.Generator) -> Labels:
    """Counts of each of ``count`` clusters in each resample, ``(resamples, count)``."""
    return draw_weights(np.zeros(count, np.int64), resamples, rng)


def draw_tables(counts: Labels, shares: Floats, resamples: int, rng: np.random.Generator) -> Labels:
    """Contingency tables ``(resamples, rows, columns)`` drawn row by row from a multinomial.

    Args:
        counts: the sum of each row, ``(rows,)``.
        shares: the distribution of each row, ``(rows, columns)``.
        resamples: the number of tables.
        rng: source of the draws.
    """
    rows = [rng.multinomial(n, p, resamples) for n, p in zip(counts, shares, strict=True)]
    return np.stack(rows, axis=1)


def resample_table(table: Labels, resamples: int, rng: np.random.Generator) -> Labels:
    """Tables ``(resamples, rows, columns)`` of pictures drawn again within each row.

    It equals resampling the pictures behind a confusion matrix, at a thousandth of the cost.
    """
    counts = table.sum(1)
    shares = table / np.maximum(counts, 1)[:, None]
    shares[counts == 0, 0] = 1  # a row without pictures draws none, but must be a distribution
    return draw_tables(counts, shares, resamples, rng)


def confusion_estimates(confusion: Confusions, *, resamples: int, seed: int) -> dict[str, Score]:
    """Each score of one confusion matrix with its 95 % interval, pictures drawn within styles."""
    values = stacked_scores(confusion)
    drawn = stacked_scores(resample_table(confusion, resamples, np.random.default_rng(seed)))
    return {name: estimate(values[name], drawn[name]) for name in values}


def share_estimate(hit: NDArray[np.bool_], labels: Labels, *, resamples: int, seed: int) -> Score:
    """Share of hits ``(N,)`` with its 95 % interval, pictures drawn within styles."""
    counts = np.bincount(labels)
    shares = np.bincount(labels, weights=hit) / np.maximum(counts, 1)
    drawn = np.random.default_rng(seed).binomial(counts, shares, (resamples, len(counts)))
    return estimate(hit.mean(), drawn.sum(1) / len(hit))


def resampled_means(values: Floats, *, resamples: int, seed: int) -> Floats:
    """Means of resampled rows: ``(resamples,)`` of ``(N,)``, ``(resamples, K)`` of ``(N, K)``."""
    places = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    return np.asarray(values[places].mean(1))


def mean_estimate(values: Floats, *, resamples: int, seed: int) -> Score:
    """Mean of values ``(N,)`` with its 95 % interval; equal seeds draw the same rows (paired)."""
    return estimate(values.mean(), resampled_means(values, resamples=resamples, seed=seed))


def cluster_mean_estimate(values: Floats, clusters: Labels, *, resamples: int, seed: int) -> Score:
    """Mean of values ``(N,)`` with its 95 % interval, whole clusters ``(N,)`` drawn again."""
    counts = np.bincount(clusters).astype(np.float64)
    weights = draw_units(len(counts), resamples, np.random.default_rng(seed))
    sums = np.bincount(clusters, weights=values)
    return estimate(values.mean(), weights @ sums / (weights @ counts))

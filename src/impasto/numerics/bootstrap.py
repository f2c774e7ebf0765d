"""Scores with bootstrap intervals, from a confusion matrix alone.

Resampling pictures within their style is drawing each row of the confusion matrix from a
multinomial distribution, so a thousand resamples cost milliseconds. Percentile intervals after
Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13; resampled style by style
because the number of test pictures a style was settled beforehand.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Score = dict[str, float]
LEVEL = 0.95


def confusion_scores(confusions: Counts) -> Mapping[str, NDArray[np.float64]]:
    """Accuracy, balanced accuracy and macro-F1 of many confusion matrices ``(K, styles, styles)`` at once, ``(K,)``.

    The same definitions as in ``metrics``; styles without pictures do not count.
    """
    hits = np.diagonal(confusions, axis1=1, axis2=2).astype(np.float64)  # (K, styles)
    true, named = confusions.sum(2), confusions.sum(1)
    present = true[0] > 0
    f1 = 2 * hits / np.maximum(true + named, 1)
    return {
        "accuracy": hits.sum(1) / true.sum(1),
        "balanced_accuracy": (hits[:, present] / true[:, present]).mean(1),
        "macro_f1": f1[:, present].mean(1),
    }


def with_intervals(confusion: Counts, *, resamples: int, seed: int) -> dict[str, Score]:
    """The scores of one confusion matrix, each as ``{"value", "low", "high"}`` with its 95 % interval."""
    values = confusion_scores(confusion[None])
    drawn = confusion_scores(resample(confusion, resamples, np.random.default_rng(seed)))
    return {name: {"value": float(values[name][0]), **interval(drawn[name])} for name in values}


def share_with_interval(
    hit: NDArray[np.bool_], labels: NDArray[np.int64], *, resamples: int, seed: int
) -> Score:
    """The share of hits among pictures, with its 95 % interval."""
    generator = np.random.default_rng(seed)
    counts = np.bincount(labels)
    hits = np.bincount(labels, weights=hit)
    drawn = generator.binomial(
        counts, np.where(counts > 0, hits / np.maximum(counts, 1), 0.0), (resamples, len(counts))
    )
    return {"value": float(hit.mean()), **interval(drawn.sum(1) / len(hit))}


def resample(confusion: Counts, resamples: int, generator: np.random.Generator) -> Counts:
    """``(resamples, styles, styles)``.

    Confusion matrices of pictures drawn again within each style.
    """
    counts = confusion.sum(1)
    shares = confusion / np.maximum(counts, 1)[:, None]
    shares[counts == 0, 0] = 1  # a row without pictures draws none, but must be a distribution
    return np.stack(
        [generator.multinomial(n, p, resamples) for n, p in zip(counts, shares, strict=True)],
        axis=1,
    )


def interval(drawn: NDArray[np.float64]) -> dict[str, float]:
    """The 95 % percentile interval of resampled scores."""
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"low": float(low), "high": float(high)}

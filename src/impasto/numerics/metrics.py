"""Scores of a classifier, as pure functions of arrays; everything else about evaluation stands on these.

Styles that do not occur among the labels count neither in balanced accuracy nor in macro-F1:
nothing is known of them.
"""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def accuracy(labels: Labels, predicted: Labels) -> float:
    """The share of right answers."""
    return float(np.mean(labels == predicted))


def confusion_matrix(labels: Labels, predicted: Labels, styles: int) -> Labels:
    """Counts ``int64 (styles, styles)``: rows are true, columns predicted."""
    flat = np.bincount(labels * styles + predicted, minlength=styles * styles)
    return flat.reshape(styles, styles).astype(np.int64)


def recalls(confusion: NDArray[np.int64]) -> Floats:
    """Of each style's pictures, the share recognised; NaN for a style without pictures."""
    return _divided(confusion.diagonal(), confusion.sum(1))


def precisions(confusion: NDArray[np.int64]) -> Floats:
    """Of the answers that name a style, the share that is right; 0 where none names it."""
    return np.nan_to_num(_divided(confusion.diagonal(), confusion.sum(0)))


def f1_scores(confusion: NDArray[np.int64]) -> Floats:
    """The harmonic mean of precision and recall of each style; NaN for a style without pictures."""
    scores = 2 * confusion.diagonal() / np.maximum(confusion.sum(0) + confusion.sum(1), 1)
    return np.where(confusion.sum(1) > 0, scores, np.nan)


def balanced_accuracy(labels: Labels, predicted: Labels, styles: int) -> float:
    """The mean recall over the styles that occur (Brodersen et al. 2010)."""
    return float(np.nanmean(recalls(confusion_matrix(labels, predicted, styles))))


def macro_f1(labels: Labels, predicted: Labels, styles: int) -> float:
    """The mean F1 score over the styles that occur."""
    return float(np.nanmean(f1_scores(confusion_matrix(labels, predicted, styles))))


def top_k(labels: Labels, probabilities: Floats, k: int) -> NDArray[np.bool_]:
    """Whether each picture's style is among the ``k`` likeliest, ``bool (N,)``; of equal ones the first counts."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return np.asarray((order == labels[:, None]).any(1))


def _divided(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole, np.float64)

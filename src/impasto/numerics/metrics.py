"""Confusion matrices, and the scores of a classifier computed from them.

``SCORES`` is the one table of score names, titles and their order: bootstrap, tables, report,
terminal and page read it, so that a new metric is one function and one line here. Every score takes
one confusion matrix or a stack of them. Styles that do not occur among the labels count neither in
balanced accuracy nor in macro-F1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Confusions = NDArray[Any]
"""Counts or weights ``(…, styles, styles)``: rows are true styles, columns predicted ones."""


def contingency(rows: Labels, columns: Labels, shape: tuple[int, int]) -> Labels:
    """Count pairs ``int64 shape``; both arrays ``(N,)`` hold positions."""
    cells = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return cells.reshape(shape).astype(np.int64)


def confusion_matrix(labels: Labels, predicted: Labels, styles: int) -> Labels:
    """Confusion matrix ``int64 (styles, styles)``: rows are true, columns predicted."""
    return contingency(labels, predicted, (styles, styles))


def weighted_confusions(
    labels: Labels,
    predicted: Labels,
    styles: int,
    weights: NDArray[Any],
    *,
    units: Labels | None = None,
) -> Confusions:
    """Confusion matrices ``(draws, styles, styles)`` of weighted pictures, one for each draw.

    Args:
        labels: true styles, ``(N,)``.
        predicted: ``(N,)``.
        styles: the number of styles.
        weights: how often each draw holds each unit, ``(draws, units)``.
        units: the unit of each picture, ``(N,)``; ``None``: every picture is one.
    """
    result = np.zeros((len(weights), styles, styles), weights.dtype)
    for style in range(styles):
        rows = np.flatnonzero(labels == style)
        known, place = np.unique(rows if units is None else units[rows], return_inverse=True)
        table = contingency(place, predicted[rows], (len(known), styles))
        result[:, style] = weights[:, known] @ table.astype(weights.dtype)
    return result


def recalls(confusions: Confusions) -> Floats:
    """Recall of each style, ``(…, styles)``; NaN for a style without pictures."""
    return _divided(_diagonal(confusions), confusions.sum(-1))


def precisions(confusions: Confusions) -> Floats:
    """Precision of each style, ``(…, styles)``; 0 where no answer names it."""
    return np.nan_to_num(_divided(_diagonal(confusions), confusions.sum(-2)))


def f1_scores(confusions: Confusions) -> Floats:
    """F1 score of each style, ``(…, styles)``; NaN for a style without pictures."""
    true = confusions.sum(-1)
    scores = 2 * _diagonal(confusions) / np.maximum(confusions.sum(-2) + true, 1)
    return np.where(true > 0, scores, np.nan)


def accuracy(confusions: Confusions) -> Floats:
    """Share of right answers."""
    return np.asarray(_diagonal(confusions).sum(-1) / confusions.sum((-2, -1)))


def balanced_accuracy(confusions: Confusions) -> Floats:
    """Mean recall over the styles that occur (Brodersen et al. 2010)."""
    return mean_over_styles(recalls(confusions))


def macro_f1(confusions: Confusions) -> Floats:
    """Mean F1 score over the styles that occur."""
    return mean_over_styles(f1_scores(confusions))


def mean_over_styles(values: Floats) -> Floats:
    """Mean over the last axis, NaN left out; NaN where nothing is left.

    Styles are added one after another, so that a style without pictures changes no bit.
    """
    columns = np.moveaxis(values, -1, 0).copy()
    there = ~np.isnan(columns)
    return _divided(np.where(there, columns, 0.0).sum(0), there.sum(0))


@dataclass(frozen=True, slots=True)
class Metric:
    """A score by its title and its function of confusion matrices ``(…, styles, styles)``."""

    title: str
    of: Callable[[Confusions], Floats]

    @property
    def heading(self) -> str:
        """The title with a capital letter."""
        return self.title[0].upper() + self.title[1:]


SCORES: Final[Mapping[str, Metric]] = {
    "accuracy": Metric("accuracy", accuracy),
    "balanced_accuracy": Metric("balanced accuracy", balanced_accuracy),
    "macro_f1": Metric("macro-F1", macro_f1),
}


def stacked_scores(confusions: Confusions) -> dict[str, Floats]:
    """Each of ``SCORES`` of confusion matrices ``(…, styles, styles)``, ``(…)``."""
    return {name: metric.of(confusions) for name, metric in SCORES.items()}


def scores(labels: Labels, predicted: Labels, styles: int) -> dict[str, float]:
    """Each of ``SCORES`` of predicted styles ``(N,)``."""
    confusion = confusion_matrix(labels, predicted, styles)
    return {name: float(value) for name, value in stacked_scores(confusion).items()}


def top_k(labels: Labels, probabilities: Floats, k: int) -> NDArray[np.bool_]:
    """Whether the true style is among the ``k`` likeliest, ``bool (N,)``; ties go to the first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return np.asarray((order == labels[:, None]).any(1))


def _diagonal(confusions: Confusions) -> Floats:
    return np.diagonal(confusions, axis1=-2, axis2=-1).astype(np.float64)


def _divided(part: Floats, whole: NDArray[Any]) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole, np.float64)


def weighted_auroc(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    low_weights: NDArray[np.float64],
    high_weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Area under the ROC curve in each draw, ``(B,)``: how often a high value is the higher.

    Args:
        low: values of pictures that should have low ones, ``(N,)``.
        high: of pictures that should have high ones, ``(M,)``; ties count half.
        low_weights: of the former in each draw, ``(B, N)``.
        high_weights: of the latter, ``(B, M)``.
    """
    order = np.argsort(low, kind="stable")
    cumulative = np.cumsum(low_weights[:, order], axis=1)
    cumulative = np.concatenate((np.zeros((len(cumulative), 1)), cumulative), axis=1)
    below, up_to = (
        cumulative[:, np.searchsorted(low[order], high, "left")],
        cumulative[:, np.searchsorted(low[order], high, "right")],
    )
    wins = (high_weights * (below + up_to) / 2).sum(1)
    return np.asarray(wins / (high_weights.sum(1) * low_weights.sum(1)))

"""Retrieval scores from similarities, and corrections of hubness.

Hubs are items among the nearest neighbours of very many others; they appear in every space of many
dimensions (Radovanović et al. 2010, JMLR 11). Both corrections rescale a similarity by what each of
the two items is usually similar to.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr
from scipy.stats import skew

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
LOCAL: int = 10
"""Neighbours behind CSLS and behind the counts of occurrences."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Each query's items, the most similar first.

    Attributes:
        order: columns of the items, ``int64 (Q, M)``; those that may not be retrieved come last.
        allowed: whether the item at each place may be retrieved, ``bool (Q, M)``.
    """

    order: Places
    allowed: Mask

    @classmethod
    def of(cls, similarity: Floats, allowed: Mask) -> "Ranking":
        """Rank similarities ``(Q, M)``; ``allowed`` tells which items each query may retrieve."""
        order = np.argsort(np.where(allowed, -similarity, np.inf), axis=1, kind="stable")
        return cls(order, np.take_along_axis(allowed, order, 1))

    def relevant(self, queries: Places, items: Places) -> Mask:
        """Whether the item at each place has the query's label, ``bool (Q, M)``."""
        return np.asarray((items[self.order] == queries[:, None]) & self.allowed)


def average_precision(relevant: Mask) -> NDArray[np.float64]:
    """Average precision of each query ``(Q,)``; NaN without a relevant item.

    Args:
        relevant: whether the item at each rank is relevant, ``(Q, M)``.
    """
    hits = relevant.cumsum(1, dtype=np.float32)
    hits /= np.arange(1, relevant.shape[1] + 1, dtype=np.float32)
    return _divided((hits * relevant).sum(1, dtype=np.float64), relevant.sum(1))


def pair_auc(relevant: Mask, allowed: Mask) -> NDArray[np.float64]:
    """Share of pairs of a relevant and another item in the right order, of each query ``(Q,)``.

    The area under the ROC curve; NaN where a query has no relevant item, or no other.

    Args:
        relevant: whether the item at each rank is relevant, ``(Q, M)``.
        allowed: whether the item at each rank counts at all, ``(Q, M)``.
    """
    others = allowed & ~relevant
    before = others.cumsum(1, dtype=np.float32)
    count, wrong = relevant.sum(1), (before * relevant).sum(1, dtype=np.float64)
    return 1 - _divided(wrong, count * others.sum(1))


def csls(queries: Floats, items: Floats) -> Floats:
    """Cross-domain similarity local scaling (Conneau et al. 2018, arXiv:1710.04087).

    ``2 cos(q, i) − r(q) − r(i)``, where ``r`` is the mean cosine with the ten nearest items.

    Args:
        queries: similarities of queries and items, ``(Q, M)``; −inf where they may not meet.
        items: similarities of the items with each other, ``(M, M)``, likewise.
    """
    return np.asarray(2 * queries - _local(queries)[:, None] - _local(items)[None], np.float32)


def mutual_proximity(queries: Floats, items: Floats) -> Floats:
    """Logarithm of mutual proximity by independent normal distributions (Schnitzer et al. 2012).

    The probability that a random item is less similar to the query, times the probability that it
    is less similar to the item.

    Args:
        queries: similarities of queries and items, ``(Q, M)``; −inf where they may not meet.
        items: similarities of the items with each other, ``(M, M)``, likewise.
    """
    result = np.zeros(queries.shape, np.float32)
    for table, axis in ((queries, 1), (items, 0)):
        mean, deviation = _moments(table)
        shape = (-1, 1) if axis else (1, -1)
        result += log_ndtr((queries - mean.reshape(shape)) / deviation.reshape(shape))
    return result


def hubness(similarity: Floats) -> float:
    """Skewness of the number of times that each item is among a query's ten nearest.

    Args:
        similarity: of queries and items, ``(Q, M)``; −inf where they may not meet.
    """
    count = min(LOCAL, similarity.shape[1])
    near = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
    met = np.isfinite(np.take_along_axis(similarity, near, 1))
    counts = np.bincount(near[met], minlength=similarity.shape[1])
    return float(skew(counts)) if np.ptp(counts) else 0.0


def _local(table: Floats) -> Floats:
    """Mean similarity of each row with its nearest items."""
    count = min(LOCAL, table.shape[1])
    near = -np.partition(-table, count - 1, axis=1)[:, :count]
    met = np.isfinite(near)
    return np.asarray(_divided(np.where(met, near, 0).sum(1), met.sum(1)), np.float32)


def _moments(table: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each row's similarities."""
    met = np.isfinite(table)
    count, values = met.sum(1), np.where(met, table, 0)
    mean = _divided(values.sum(1), count)
    spread = np.where(met, values - mean[:, None], 0)
    deviation = np.sqrt(_divided((spread**2).sum(1), count))
    return mean.astype(np.float32), np.maximum(deviation, 1e-6).astype(np.float32)


def _divided(part: NDArray[np.generic], whole: NDArray[np.generic]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.true_divide(part, whole), np.float64)

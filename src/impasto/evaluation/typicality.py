"""Typicality: the cosine of each test picture to the middle of its style, in the features.

The likeness of a picture is the cosine between its features and the mean of the features of its
style's other test pictures. The probability of the own style would be another measure: it says what
is far from all other styles, not what is like its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.neighbours import unit

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
LEAST = 3  # test pictures from which a style has a middle


def likeness(features: NDArray[np.float32], labels: Places) -> Floats:
    """Cosine of each picture to the middle of its style, ``float64 (N,)``; NaN without a middle.

    All features are first moved so that the mean of the styles' means is the origin – what every
    painting shares says nothing – and scaled to length 1. A picture does not count in the middle
    that it is compared with. A style has a middle from ``LEAST`` pictures.

    Args:
        features: ``(N, D)``.
        labels: their styles, ``(N,)``.
    """
    vectors, present = features.astype(np.float64), np.unique(labels)
    vectors = vectors - np.mean([vectors[labels == style].mean(0) for style in present], axis=0)
    vectors = unit(vectors)
    result = np.full(len(labels), np.nan)
    for style in present:
        own = labels == style
        if own.sum() >= LEAST:
            others = vectors[own].sum(0) - vectors[own]  # a sum points where the mean does
            result[own] = (vectors[own] * unit(others)).sum(1)
    return result


@dataclass(frozen=True, slots=True)
class Typicality:
    """Test pictures of each style in the order of their likeness to its middle.

    Attributes:
        likeness: of each picture, ``float64 (N,)``; NaN where its style has no middle.
        orders: for each style the places of its pictures, the most typical first; empty for a
            style without a middle.
    """

    likeness: Floats
    orders: tuple[Places, ...]

    @classmethod
    def of(cls, features: NDArray[np.float32], labels: Places, styles: int) -> "Typicality":
        """Order test pictures with features ``(N, D)`` and labels ``(N,)``."""
        near, orders = likeness(features, labels), []
        for style in range(styles):
            own = np.flatnonzero((labels == style) & ~np.isnan(near))
            orders.append(own[np.argsort(-near[own], kind="stable")])
        return cls(near, tuple(orders))

    def ends(self, style: int, count: int) -> tuple[Places, Places]:
        """The most typical and the most atypical pictures, the extreme ones first.

        There are ``count`` at each end, fewer where a style has fewer than twice as many.
        """
        order = self.orders[style]
        count = min(count, len(order) // 2)
        return order[:count], order[::-1][:count]

    def halves(self) -> tuple[Places, Places]:
        """The more and the less typical half of every style, together."""
        nearer = [order[: len(order) // 2] for order in self.orders]
        further = [order[len(order) - len(order) // 2 :] for order in self.orders]
        return np.concatenate(nearer), np.concatenate(further)

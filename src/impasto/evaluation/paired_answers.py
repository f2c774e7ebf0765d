"""Paired comparison of answers to the same pictures: differences on the same draws, and a test.

Whole artists are drawn again, or have their signs flipped, where artists are known.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.sign_tests import sign_flip_p
from impasto.records.evaluation import ScoreTable
from impasto.records.record import Interval

Labels = NDArray[np.int64]
STEPS: Final = 4000
"""Steps that the units' differences are rounded to, all together, for the exact test."""


def gains(
    draws: PictureDraws,
    own: Mapping[str, NDArray[np.float64]],
    other: Mapping[str, NDArray[np.float64]],
) -> ScoreTable:
    """Differences of scores with their intervals.

    Args:
        draws: of the pictures.
        own: each score of the pictures as they are and of each draw, ``(1 + resamples,)``.
        other: likewise, of whom they are compared with.
    """
    return {
        name: Interval(**draws.estimate(own[name] - other[name], least=-1.0))
        for name in own
        if name in other
    }


def paired_p(draws: PictureDraws, own: Labels, other: Labels, *, balanced: bool = True) -> float:
    """Two-sided p of a difference in accuracy, or in balanced accuracy.

    Under the null hypothesis the two could be exchanged for each artist: the signs of the artists'
    differences are flipped (Fisher 1935), in all combinations.

    Args:
        draws: of the pictures.
        own: answers, ``(N,)``.
        other: likewise, of whom they are compared with.
        balanced: every style weighs the same, else every picture.
    """
    labels = draws.labels
    change = (own == labels).astype(np.float64) - (other == labels)
    if balanced:
        change /= np.bincount(labels)[labels]
    sums = np.bincount(draws.unit, weights=change)
    total = np.abs(sums).sum()
    if total == 0:
        return 1.0
    scale = 1.0 if not balanced and total <= STEPS else STEPS / total
    return sign_flip_p(np.rint(sums * scale).astype(np.int64))

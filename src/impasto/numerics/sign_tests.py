"""Exact sign tests, and Holm's correction for several of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def sign_flip_p(sums: NDArray[np.int64]) -> float:
    """Exact two-sided p of sums ``(units,)`` whose signs are as likely plus as minus.

    The distribution of the total is built up one unit at a time.
    """
    sizes = np.abs(sums)
    chance = np.zeros(2 * int(sizes.sum()) + 1)
    middle = len(chance) // 2
    chance[middle] = 1.0
    for size in sizes[sizes > 0].tolist():
        moved = np.zeros_like(chance)
        moved[size:] += chance[:-size] / 2
        moved[:-size] += chance[size:] / 2
        chance = moved
    far = np.abs(np.arange(len(chance)) - middle) >= abs(int(sums.sum()))
    return float(min(1.0, chance[far].sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979).

    The chance of any false alarm among all tests stays below the level.
    """
    order = np.argsort(p_values, kind="stable")
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected

"""Largest borrowed region: pieces of a reference as they are, and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.numerics.borrowed_regions import largest_region


def whole(height: int = 8, width: int = 10, reference: int = 0) -> NDArray[np.int32]:
    y, x = np.mgrid[:height, :width]
    return np.stack((np.full_like(y, reference), y + 3, x + 2), -1).astype(np.int32)


def test_a_copy_is_one_region() -> None:
    assert largest_region(whole()) == 1


def test_pixels_from_anywhere_are_regions_of_their_own() -> None:
    rng = np.random.default_rng(0)
    y, x = (rng.permutation(80).reshape(8, 10) * 7 for _ in range(2))
    scattered = np.stack((np.zeros_like(y), y, x), -1).astype(np.int32)
    assert largest_region(scattered) == 1 / 80
    # One place again and again is no region either: it does not move with the pixel
    assert largest_region(np.zeros((8, 10, 3), np.int32)) == 1 / 80


def test_a_piece_ends_where_its_place_or_its_reference_changes() -> None:
    moved = whole()
    moved[:, 4:, 1] += 1  # the six columns at the right come from one row lower
    assert largest_region(moved) == pytest.approx(48 / 80)
    other = whole()
    other[:, 4:, 0] = 1
    assert largest_region(other) == pytest.approx(48 / 80)
    # Connected around a corner
    corner = whole()
    corner[4:, 5:, 2] += 30
    assert largest_region(corner) == pytest.approx(60 / 80)

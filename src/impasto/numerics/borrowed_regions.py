"""Largest connected region that a picture takes unchanged in place from another."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def largest_region(origin: NDArray[np.int32]) -> float:
    """Share of a picture that is one connected borrowed region, in (0, 1].

    Two neighbours belong to one region where both come from one reference and their places in it
    are neighbours in the same direction: the region is a piece of the reference as it is.

    Args:
        origin: reference, row and column that each pixel comes from, ``int32 (H, W, 3)``.
    """
    height, width = origin.shape[:2]
    places = np.arange(height * width).reshape(height, width)
    across = (origin[:, 1:] - origin[:, :-1] == (0, 0, 1)).all(2)
    down = (origin[1:] - origin[:-1] == (0, 1, 0)).all(2)
    ends = (
        np.concatenate((places[:, :-1][across], places[:-1][down])),
        np.concatenate((places[:, 1:][across], places[1:][down])),
    )
    joined = coo_array((np.ones(len(ends[0]), bool), ends), shape=(places.size, places.size))
    _, regions = connected_components(joined, directed=False)
    return float(np.bincount(regions).max() / places.size)

"""Unit vectors and nearest neighbours by cosine."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[Any]
BLOCK = 2048
"""Rows compared at a time, at most."""
CELLS = 2**24
"""Cosines in memory at a time: 64 MB, and copies of them."""
GROUP = 64
"""Neighbouring columns whose maximum is looked at first, where there are very many columns."""


def unit(vectors: Vectors) -> Vectors:
    """Return the vectors ``(…, D)`` at length 1."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), vectors.dtype)


def centred_unit(vectors: Vectors) -> Vectors:
    """Return the vectors ``(…, D)`` less their own mean, at length 1: dot products correlate."""
    return unit(vectors - vectors.mean(-1, keepdims=True))


def nearest(
    vectors: Vectors, among: Vectors, count: int, *, itself: bool = False
) -> tuple[NDArray[np.int64], Vectors]:
    """Return the ``count`` nearest rows of ``among``, the nearest first, and their cosines.

    Args:
        vectors: of length 1, ``(N, D)``.
        among: of length 1, ``(M, D)``.
        count: at most ``M``, less one where ``itself``.
        itself: row i of both is the same painting, and no neighbour of itself.

    Returns:
        Places in ``among`` and cosines, each ``(N, count)``. Of equal ones the first is the
        single nearest.
    """
    places, cosines = [], []
    block = max(1, min(BLOCK, CELLS // max(len(among), 1)))
    for start in range(0, len(vectors), block):
        likeness = vectors[start : start + block] @ among.T
        if itself:
            rows = np.arange(len(likeness))
            likeness[rows, start + rows] = -np.inf
        # argmax gives the first of equal ones
        found = likeness.argmax(1)[:, None] if count == 1 else _largest(likeness, count)
        near = np.take_along_axis(likeness, found, 1)
        order = np.argsort(-near, axis=1, kind="stable")
        places.append(np.take_along_axis(found, order, 1))
        cosines.append(np.take_along_axis(near, order, 1))
    return np.concatenate(places), np.concatenate(cosines)


def _largest(values: Vectors, count: int) -> NDArray[np.int64]:
    """Columns of the ``count`` largest values of each row ``(N, M)``, in any order.

    None of them lies outside the ``count`` groups of columns with the largest maxima, so that only
    these are sorted: a tenth of the time of sorting 100,000 columns.
    """
    many = values.shape[1]
    if many < 4 * GROUP * count:
        return np.argpartition(-values, count - 1, axis=1)[:, :count]
    maxima = np.maximum.reduceat(values, np.arange(0, many, GROUP), axis=1)
    groups = np.argpartition(-maxima, count - 1, axis=1)[:, :count]
    columns = (groups[:, :, None] * GROUP + np.arange(GROUP)).reshape(len(values), -1)
    there = np.take_along_axis(values, np.minimum(columns, many - 1), 1)
    there[columns >= many] = -np.inf
    best = np.argpartition(-there, count - 1, axis=1)[:, :count]
    return np.asarray(np.take_along_axis(columns, best, 1), np.int64)

"""Duplicates: equal files by hash, near-duplicates by perceptual hash, confirmed on pixels."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from impasto.collection.phash import thumbnails

RADIUS = 10  # bits that two hashes may differ in to be looked at more closely
# Of the thumbnails' luminance, from which two pictures are one; see docs/methods/audit.md
CORRELATION = 0.95
FLAT = 2.0  # standard deviation of luminance (0–255) below which a picture has nothing to compare
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Copies:
    """Pairs of rows ``(i, j)`` with ``i < j``.

    Attributes:
        exact: ``int64 (P, 2)``, pairs whose files are equal.
        near: ``int64 (Q, 2)``, pairs that look the same and are not exact.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]

    @property
    def all(self) -> NDArray[np.int64]:
        """Exact and near pairs together."""
        return np.concatenate((self.exact, self.near))


def find_copies(
    hashes: Sequence[str | None], phash: NDArray[np.uint64] | None, pixels: NDArray[np.uint8] | None
) -> Copies:
    """Find all copies among pictures.

    Args:
        hashes: of each file; ``None`` where unknown.
        phash: ``uint64 (N,)``, or ``None`` where there are no pictures.
        pixels: ``uint8 (N, H, W, 3)``, to confirm on.
    """
    exact = exact_pairs(hashes)
    if phash is None or pixels is None:
        return Copies(exact, np.empty((0, 2), np.int64))
    candidates = close_pairs(phash, RADIUS)
    near = candidates[_confirmed(candidates, pixels)]
    keep = np.fromiter(
        (hashes[a] is None or hashes[a] != hashes[b] for a, b in near.tolist()), bool, len(near)
    )
    return Copies(exact, near[keep])


def exact_pairs(hashes: Sequence[str | None]) -> NDArray[np.int64]:
    """All pairs of equal hashes, ``int64 (P, 2)``, sorted."""
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(hashes):
        if value is not None:
            rows.setdefault(value, []).append(row)
    pairs = sorted(pair for same in rows.values() for pair in itertools.combinations(same, 2))
    return np.array(pairs, np.int64).reshape(-1, 2)


def close_pairs(phash: NDArray[np.uint64], radius: int) -> NDArray[np.int64]:
    """Pairs of hashes that differ in at most ``radius`` bits, ``int64 (P, 2)``, by brute force.

    81,446 hashes make 3.3 billion pairs: some ten seconds, which no index is worth.
    """
    found = []
    for start in range(0, len(phash), _CHUNK):
        block = phash[start : start + _CHUNK, None]
        rest = phash[None, start:]
        rows, columns = np.nonzero(np.bitwise_count(block ^ rest) <= radius)
        later = columns > rows
        found.append(np.stack((rows[later] + start, columns[later] + start), 1))
    return np.concatenate(found).astype(np.int64) if found else np.empty((0, 2), np.int64)


def groups_of(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of ``count`` pictures tied by pairs, ``int64 (count,)``."""
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _confirmed(pairs: NDArray[np.int64], pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether the standardised thumbnails of each pair correlate at ``CORRELATION`` or more."""
    rows, inverse = np.unique(pairs, return_inverse=True)
    if len(rows) == 0:
        return np.zeros(0, bool)
    flat = np.empty((len(rows), 32 * 32), np.float32)
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        flat[start : start + _CHUNK] = thumbnails(pixels[part]).reshape(len(part), -1)
    deviation = flat.std(1)
    flat = (flat - flat.mean(1, keepdims=True)) / np.maximum(deviation, 1e-6)[:, None]
    left, right = inverse.reshape(-1, 2).T
    correlation = np.einsum("ij,ij->i", flat[left], flat[right]) / flat.shape[1]
    return np.asarray(
        (correlation >= CORRELATION) & (np.minimum(deviation[left], deviation[right]) > FLAT)
    )

"""Duplicates: equal files by hash, near-duplicates by perceptual hash, confirmed on pixels."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from impasto.collection.alignment import FLAT, SIDE, agreement
from impasto.collection.phash import crop_hash, thumbnails

RADIUS = 12  # bits that two hashes may differ in to be looked at more closely
CROPS = (0.0, 0.03, 0.06, 0.1)  # shares cut off each edge before hashing
# Of aligned thumbnails, from which two pictures are one; see docs/methods/audit.md
AGREEMENT = 0.8
_CHUNK = 1024
_HASHES = 64  # compared with all others at a time


@dataclass(frozen=True, slots=True)
class Copies:
    """Pairs of rows ``(i, j)`` with ``i < j``.

    Attributes:
        exact: ``int64 (P, 2)``, pairs whose files are equal.
        near: ``int64 (Q, 2)``, pairs that look the same and are not exact.
        mirrored: ``bool (Q,)``, near pairs of which one is the other's mirror image.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    mirrored: NDArray[np.bool_]

    @property
    def all(self) -> NDArray[np.int64]:
        """Exact and near pairs together."""
        return np.concatenate((self.exact, self.near))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Pairs that may be copies.

    Attributes:
        pairs: ``int64 (P, 2)``, the picture that is cropped and another; a pair may occur twice.
        crop: ``float32 (P,)``, the share cut off each edge of the first.
        mirrored: ``bool (P,)``, whether the first is mirrored.
    """

    pairs: NDArray[np.int64]
    crop: NDArray[np.float32]
    mirrored: NDArray[np.bool_]


def find_copies(hashes: Sequence[str | None], pixels: NDArray[np.uint8] | None) -> Copies:
    """Find all copies among pictures.

    Args:
        hashes: of each file; ``None`` where unknown.
        pixels: ``uint8 (N, H, W, 3)``, or ``None`` where there are no pictures.
    """
    exact = exact_pairs(hashes)
    if pixels is None:
        return Copies(exact, np.empty((0, 2), np.int64), np.empty(0, bool))
    first, place = _distinct(hashes)
    near, mirrored = _near(_candidates(pixels, first), pixels)
    near, mirrored = _of_all_files(near, mirrored, place)
    return Copies(exact, near, mirrored)


def exact_pairs(hashes: Sequence[str | None]) -> NDArray[np.int64]:
    """All pairs of equal hashes, ``int64 (P, 2)``, sorted."""
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(hashes):
        if value is not None:
            rows.setdefault(value, []).append(row)
    pairs = sorted(pair for same in rows.values() for pair in itertools.combinations(same, 2))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _distinct(hashes: Sequence[str | None]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the first file of each content, ``int64 (M,)``, and that row for every file, (N,)."""
    met: dict[str, int] = {}
    place = np.array(
        [row if value is None else met.setdefault(value, row) for row, value in enumerate(hashes)],
        np.int64,
    )
    return np.unique(place), place


def _of_all_files(
    near: NDArray[np.int64], mirrored: NDArray[np.bool_], place: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Pairs of contents as pairs of all files that have them, sorted."""
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], near)
    ends = np.searchsorted(place[order], near, side="right")
    found = sorted(
        ((min(a, b), max(a, b)), flip)
        for (left, right), (left_end, right_end), flip in zip(
            starts.tolist(), ends.tolist(), mirrored.tolist(), strict=True
        )
        for a, b in itertools.product(
            order[left:left_end].tolist(), order[right:right_end].tolist()
        )
    )
    return (
        np.array([pair for pair, _ in found], np.int64).reshape(-1, 2),
        np.array([flip for _, flip in found], bool),
    )


def close_pairs(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64], radius: int
) -> NDArray[np.int64]:
    """All ``(i, j)`` where a hash and another differ in at most ``radius`` bits, ``int64 (P, 2)``.

    By brute force: 9,069 hashes with all of themselves take a tenth of a second, and an index that
    allows for 12 bits of 64 would look at most of them as well.
    """
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(hashes), _HASHES):
        block = hashes[start : start + _HASHES, None]
        rows, columns = np.nonzero(np.bitwise_count(block ^ others[None]) <= radius)
        found.append(np.stack((rows + start, columns), 1))
    return np.concatenate(found).astype(np.int64)


def groups_of(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of ``count`` pictures tied by pairs, ``int64 (count,)``."""
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _candidates(pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> _Candidates:
    """Pairs of rows of which one picture, cropped or mirrored or both, hashes like the other.

    Pictures of a single tone have nothing that could be compared, and are in no pair.
    """
    forms = [(crop, mirrored) for mirrored in (False, True) for crop in CROPS]
    hashed = np.empty((len(forms), len(rows)), np.uint64)
    lively = np.empty(len(rows), bool)
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        small = thumbnails(pixels[rows[part]], SIDE)
        lively[part] = small.std((1, 2)) > FLAT
        for form, (crop, mirrored) in enumerate(forms):
            seen = small[:, :, ::-1] if mirrored else small
            hashed[form, part] = crop_hash(seen, crop)
    rows, hashed = rows[lively], hashed[:, lively]
    pairs, crops, flips = [], [], []
    for of_form, (crop, mirrored) in zip(hashed, forms, strict=True):
        found = close_pairs(of_form, hashed[0], RADIUS)
        once = found[:, 0] < found[:, 1] if crop == 0 else found[:, 0] != found[:, 1]
        pairs.append(rows[found[once]])
        crops.append(np.full(once.sum(), crop, np.float32))
        flips.append(np.full(once.sum(), mirrored))
    return _Candidates(np.concatenate(pairs), np.concatenate(crops), np.concatenate(flips))


def _near(
    candidates: _Candidates, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The pairs that agree once aligned, sorted, and which of them are mirrored."""
    best: dict[tuple[int, int], tuple[float, bool]] = {}
    for start in range(0, len(candidates.pairs), _CHUNK):
        part = slice(start, start + _CHUNK)
        pairs, mirrored = candidates.pairs[part], candidates.mirrored[part]
        rows, places = np.unique(pairs, return_inverse=True)
        small = thumbnails(pixels[rows], SIDE)
        left, right = places.reshape(-1, 2).T
        first = small[left]
        first[mirrored] = first[mirrored][:, :, ::-1]
        agreed = agreement(first, small[right], candidates.crop[part])
        for (a, b), value, flip in zip(
            pairs.tolist(), agreed.tolist(), mirrored.tolist(), strict=True
        ):
            pair = (min(a, b), max(a, b))
            best[pair] = max(best.get(pair, (-1.0, True)), (value, flip))
    near = sorted((pair, flip) for pair, (value, flip) in best.items() if value >= AGREEMENT)
    return (
        np.array([pair for pair, _ in near], np.int64).reshape(-1, 2),
        np.array([flip for _, flip in near], bool),
    )

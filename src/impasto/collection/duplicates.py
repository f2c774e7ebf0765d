"""Duplicates: equal files by hash, near-duplicates by perceptual hash, confirmed on pixels.

Copies are kept as groups and as pairs of groups, so that a thousand equal files are one group and
not half a million pairs. ``collection.copy_pairs`` counts and lists their pairs.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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
MANY: Final = 100
"""Different pictures linked as near duplicates from which a group is one: its other pairs are not
compared."""
_FORMS: Final = tuple((crop, mirrored) for mirrored in (False, True) for crop in CROPS)
_CHUNK = 1024
_HASHES = 64  # compared with all others at a time


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies among N pictures.

    Attributes:
        content: ``int64 (N,)``, the row of the first file that is equal to each.
        look: ``int64 (N,)``, likewise of the first picture whose stored pixels are equal, or that
            is in one group of more than ``MANY`` near duplicates.
        near: ``int64 (Q, 2)``, pairs of looks that look the same, ``i < j``, sorted.
        mirrored: ``bool (Q,)``, near pairs of which one is the other's mirror image.
    """

    content: NDArray[np.int64]
    look: NDArray[np.int64]
    near: NDArray[np.int64]
    mirrored: NDArray[np.bool_]

    @property
    def ties(self) -> NDArray[np.int64]:
        """Pairs that tie every picture to all its copies, ``int64 (P, 2)``, P < N + Q."""
        rows = np.arange(len(self.look))
        copied = self.look != rows
        return np.concatenate((np.stack((self.look[copied], rows[copied]), 1), self.near))


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

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> "_Candidates":
        return _Candidates(self.pairs[which], self.crop[which], self.mirrored[which])

    @classmethod
    def joined(cls, parts: Sequence["_Candidates"]) -> "_Candidates":
        """Several as one."""
        return cls(
            np.concatenate([part.pairs for part in parts]),
            np.concatenate([part.crop for part in parts]),
            np.concatenate([part.mirrored for part in parts]),
        )


class _Linked:
    """Groups of pictures linked so far, smaller ones taken into larger ones."""

    def __init__(self, count: int) -> None:
        self.of = np.arange(count)  # the group of each picture
        self.size = np.ones(count, np.int64)  # of each group
        self._members: dict[int, list[int]] = {}

    def link(self, one: int, other: int) -> None:
        """Make one group of those of two pictures."""
        large, small = sorted((int(self.of[one]), int(self.of[other])), key=self.size.__getitem__)[
            ::-1
        ]
        if large == small:
            return
        moved = self._members.pop(small, [small])
        self._members.setdefault(large, [large]).extend(moved)
        self.of[moved] = large
        self.size[large] += len(moved)

    def settled(self, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Pairs within one group of more than ``MANY``."""
        groups = self.of[pairs]
        return np.asarray((groups[:, 0] == groups[:, 1]) & (self.size[groups[:, 0]] > MANY))


def find_copies(hashes: Sequence[str | None], pixels: NDArray[np.uint8] | None) -> Copies:
    """Find all copies among pictures.

    Args:
        hashes: of each file; ``None`` where unknown.
        pixels: ``uint8 (N, H, W, 3)``, or ``None`` where there are no pictures.
    """
    content = first_of_equals(hashes)
    if pixels is None:
        return Copies(content, content, np.empty((0, 2), np.int64), np.empty(0, bool))
    rows, hashed = _hashed(pixels, np.unique(content))
    look = _equal_pixels(pixels, rows, hashed[0], content)
    first = look[rows] == rows
    near, mirrored, linked = _near(rows[first], hashed[:, first], pixels)
    large = linked.size[linked.of] > MANY
    groups = np.arange(len(look))
    groups[rows[first][large]] = rows[first][_first_rows(linked.of)[large]]
    single = ~np.isin(near[:, 0], rows[first][large])
    return Copies(content, groups[look], near[single], mirrored[single])


def first_of_equals(hashes: Sequence[str | None]) -> NDArray[np.int64]:
    """The first row with each row's hash, its own where that is unknown, ``int64 (N,)``."""
    met: dict[str, int] = {}
    return np.array(
        [row if value is None else met.setdefault(value, row) for row, value in enumerate(hashes)],
        np.int64,
    )


def _first_rows(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of each row's group."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(first[place], np.int64)


def _equal_pixels(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    hashed: NDArray[np.uint64],
    content: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The first row with pixels equal to each row's, by ``content`` where not among ``rows``."""
    look = np.arange(len(content))
    _, place, count = np.unique(hashed, return_inverse=True, return_counts=True)
    met: dict[bytes, int] = {}
    for row in rows[count[place] > 1].tolist():
        look[row] = met.setdefault(hashlib.sha256(pixels[row].tobytes()).digest(), row)
    return np.asarray(look[content])


def close_pairs(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64], radius: int
) -> NDArray[np.int64]:
    """All ``(i, j)`` where a hash and another differ in at most ``radius`` bits, ``int64 (P, 2)``.

    By brute force: 9,069 hashes with all of themselves take a tenth of a second, and an index that
    allows for 12 bits of 64 would look at most of them as well.
    """
    return np.concatenate(
        [np.empty((0, 2), np.int64), *_blocks_of_close_pairs(hashes, others, radius)]
    )


def _blocks_of_close_pairs(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64], radius: int
) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(hashes), _HASHES):
        block = hashes[start : start + _HASHES, None]
        rows, columns = np.nonzero(np.bitwise_count(block ^ others[None]) <= radius)
        yield np.stack((rows + start, columns), 1)


def groups_of(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of ``count`` pictures tied by pairs, ``int64 (count,)``."""
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _hashed(
    pixels: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Rows of pictures that can be compared, ``(M,)``, and their hashes in each form, ``(F, M)``.

    Pictures of a single tone have nothing that could be compared, and are in no pair.
    """
    hashed = np.empty((len(_FORMS), len(rows)), np.uint64)
    lively = np.empty(len(rows), bool)
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        small = thumbnails(pixels[rows[part]], SIDE)
        lively[part] = small.std((1, 2)) > FLAT
        for form, (crop, mirrored) in enumerate(_FORMS):
            seen = small[:, :, ::-1] if mirrored else small
            hashed[form, part] = crop_hash(seen, crop)
    return rows[lively], hashed[:, lively]


def _candidates(hashed: NDArray[np.uint64]) -> Iterator[_Candidates]:
    """Pairs of which one picture, cropped or mirrored or both, hashes like the other."""
    for of_form, (crop, mirrored) in zip(hashed, _FORMS, strict=True):
        for found in _blocks_of_close_pairs(of_form, hashed[0], RADIUS):
            once = found[:, 0] < found[:, 1] if crop == 0 else found[:, 0] != found[:, 1]
            pairs = found[once]
            crops, flips = np.full(len(pairs), crop, np.float32), np.full(len(pairs), mirrored)
            yield _Candidates(pairs, crops, flips)


def _batches(blocks: Iterable[_Candidates], linked: _Linked) -> Iterator[_Candidates]:
    """Candidates in batches, without those in one large group by then: few are in memory."""
    waiting: list[_Candidates] = []
    for block in blocks:
        waiting.append(block[~linked.settled(block.pairs)])
        if sum(len(part.pairs) for part in waiting) >= _CHUNK:
            yield from _slices(_Candidates.joined(waiting), linked)
            waiting = []
    if waiting:
        yield from _slices(_Candidates.joined(waiting), linked)


def _slices(whole: _Candidates, linked: _Linked) -> Iterator[_Candidates]:
    for start in range(0, len(whole.pairs), _CHUNK):
        part = whole[start : start + _CHUNK]
        part = part[~linked.settled(part.pairs)]
        if len(part.pairs):
            yield part


def _near(
    rows: NDArray[np.int64], hashed: NDArray[np.uint64], pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], _Linked]:
    """The pairs of rows that agree once aligned, sorted, which are mirrored, and their groups."""
    best: dict[tuple[int, int], tuple[float, bool]] = {}
    linked = _Linked(len(rows))
    for batch in _batches(_candidates(hashed), linked):
        places, at = np.unique(batch.pairs, return_inverse=True)
        small = thumbnails(pixels[rows[places]], SIDE)
        left, right = at.reshape(-1, 2).T
        first = small[left]
        first[batch.mirrored] = first[batch.mirrored][:, :, ::-1]
        agreed = agreement(first, small[right], batch.crop)
        copies = agreed >= AGREEMENT
        for (a, b), value, flip in zip(
            batch.pairs[copies].tolist(),
            agreed[copies].tolist(),
            batch.mirrored[copies].tolist(),
            strict=True,
        ):
            pair = (min(a, b), max(a, b))
            best[pair] = max(best.get(pair, (-1.0, True)), (value, flip))
            linked.link(a, b)
    near = sorted((pair, flip) for pair, (_, flip) in best.items())
    pairs = np.array([pair for pair, _ in near], np.int64).reshape(-1, 2)
    return rows[pairs], np.array([flip for _, flip in near], bool), linked

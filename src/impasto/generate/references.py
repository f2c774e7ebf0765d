"""References of a style: the paintings whose patches are borrowed.

A bank holds the most typical training pictures of every style. For a source, the references are
those of the bank that have light and dark where the source has it. The source itself, and near
copies of it, are never references.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.phash import perceptual_hash, thumbnails
from impasto.numerics.neighbours import centred_unit

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]

CANDIDATES: Final = 200  # most training pictures of a style that are looked at
BANK: Final = 60  # most typical ones of them that are kept
LAYOUT: Final = 8  # height and width of the lightness that layouts are compared by
COPY_BITS: Final = 10  # bits of the perceptual hash within which a picture is a near copy
PALETTE: Final = 0.3  # weight of the colours of the first reference in the choice of the others
GREY: Final = 0.6  # share of a style's median chroma below which a painting is too grey for it


@dataclass(frozen=True)
class ReferenceBank:
    """Typical training pictures of every style.

    Attributes:
        collection: that they belong to.
        rows: of the bank in the collection, by style, the most typical first.
    """

    collection: Collection
    rows: tuple[Rows, ...]

    @classmethod
    def of(
        cls,
        collection: Collection,
        probabilities: Callable[[Rows], NDArray[np.floating]],
    ) -> "ReferenceBank":
        """Choose the bank among the training pictures of a collection.

        Args:
            collection: its training pictures are candidates, evenly spaced in each style.
            probabilities: of all styles for rows of the collection, ``(N, styles)``; a typical
                picture is one whose own style is likely.
        """
        candidates = _candidates(collection)
        likely = probabilities(np.concatenate(candidates))
        first, chosen = 0, []
        for style, rows in enumerate(candidates):
            own = likely[first : first + len(rows), style]
            chosen.append(rows[np.argsort(-own, kind="stable")[:BANK]])
            first += len(rows)
        return cls(collection, tuple(chosen))

    @cached_property
    def _described(self) -> list[tuple[NDArray[np.float64], ...]]:
        """Layout, palette and chroma of each painting of the bank, by style."""
        return [_describe(self.collection.pixels[rows]) for rows in self.rows]

    def choose(
        self, style: int, source: Pixels, count: int = 2, *, exclude: str | None = None
    ) -> Rows:
        """Return the rows of the references of a source, nearest in layout first.

        The first is the nearest in layout; the others are near it in colours as well, so that the
        picture has one palette. Paintings that are far greyer than their style come last.

        Args:
            style: index of the target style.
            source: ``uint8 (H, W, 3)``.
            count: of the references; fewer where the bank has fewer.
            exclude: SHA-256 of a file that is no reference, as the source's own.
        """
        rows = self.rows[style]
        allowed = self._allowed(rows, source, exclude)
        rows = rows[allowed]
        if not len(rows):
            return rows
        layouts, palettes, chroma = (part[allowed] for part in self._described[style])
        layout, _, own_chroma = (part[0] for part in _describe(source[None]))
        fit = layouts @ layout
        grey = GREY * np.median(chroma)
        if own_chroma > grey:
            fit = fit - (chroma < grey)
        first = int(np.argmax(fit))
        fit = fit - PALETTE * np.abs(palettes - palettes[first]).sum(1)
        fit[first] = np.inf
        return rows[np.argsort(-fit, kind="stable")[:count]]

    def _allowed(self, rows: Rows, source: Pixels, exclude: str | None) -> NDArray[np.bool_]:
        """Whether a painting of the bank is neither the source nor a near copy of it."""
        hashes = self.collection.column("phash")
        theirs = np.array([hashes[row] or 0 for row in rows], np.uint64)
        allowed = np.ones(len(rows), bool)
        for picture in (source, source[:, ::-1]):
            for form in _forms(picture):
                own = perceptual_hash(np.ascontiguousarray(form)[None])[0]
                allowed &= np.bitwise_count(theirs ^ own) > COPY_BITS
        if exclude is not None:
            marks = self.collection.column("sha256")
            allowed &= np.array([marks[row] != exclude for row in rows], bool)
        return allowed


def _candidates(collection: Collection) -> list[Rows]:
    train = collection.indices("train")
    result = []
    for style in range(len(collection.vocabulary)):
        own = train[collection.labels[train] == style]
        result.append(evenly(own, CANDIDATES))
    return result


def _forms(picture: Pixels) -> Sequence[Pixels]:
    """The whole picture and its middle square: a collection stores either."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture, picture[top : top + side, left : left + side]


def _describe(pictures: Pixels) -> tuple[NDArray[np.float64], ...]:
    """Layout ``(N, 64)`` of unit length, palette ``(N, 6)`` and mean chroma ``(N,)``."""
    layouts = centred_unit(
        thumbnails(pictures, LAYOUT).reshape(len(pictures), LAYOUT**2).astype(float)
    )
    pixels = pictures.shape[1] * pictures.shape[2]  # also of no pictures
    flat = pictures.reshape(len(pictures), pixels, 3)[:, ::4].astype(np.float64) / 255
    palettes = np.concatenate((flat.mean(1), flat.std(1)), 1)
    red, green, blue = np.moveaxis(flat, -1, 0)
    chroma = np.hypot(red - green, (red + green) / 2 - blue).mean(1)
    return layouts, palettes, chroma

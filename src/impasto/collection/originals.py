"""Original files behind a collection's stored squares, for work that needs more pixels."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection
from impasto.collection.entries import Entry
from impasto.collection.parallel_decode import Waiting, contents
from impasto.collection.sources import read_again
from impasto.errors import ImpastoError, InputError
from impasto.images.decode import MAX_MEGAPIXELS, decode


@dataclass(frozen=True, slots=True)
class Originals:
    """The original files of paintings, as far as the source still holds files of their sizes.

    Attributes:
        collection: the collection.
        known: the file of each painting that was found, by the row in the collection; its content
            is checked on reading.
        hashes: SHA-256 of each painting's file.
        sizes: height and width of each painting's original in pixels.
        reason: why the source cannot be read; empty where it can.
    """

    collection: Collection
    known: Mapping[int, Waiting]
    hashes: Sequence[str | None]
    sizes: Sequence[tuple[int, int]]
    reason: str = ""

    @classmethod
    def of(cls, collection: Collection) -> "Originals":
        """Find the originals in the collection's source, and log how many are missing."""
        entries: dict[str, Entry] = {}
        sources, reason = collection.record.sources, ""
        try:
            found = read_again(collection.record)
            entries = {entry.id: entry for entry in found.entries if entry.place}
        except ImpastoError as error:
            reason = str(error)
        columns = (collection.column(name) for name in ("id", "bytes", "modified"))
        known = {}
        for row, (name, size, modified) in enumerate(zip(*columns, strict=True)):
            entry = entries.get(name)
            if entry is not None and size is not None:
                item = Waiting(entry, size, modified)
                if _is_there(item):
                    known[row] = item
        sides = (collection.column(name) for name in ("height", "width"))
        sizes = [(height or 0, width or 0) for height, width in zip(*sides, strict=True)]
        originals = cls(collection, known, collection.column("sha256"), sizes, reason)
        if originals.missing:
            logging.getLogger(__name__).warning(
                "%d of %d original files are not in %s%s: the stored pixels take their place",
                originals.missing,
                len(collection),
                " or ".join(sources),
                f" ({reason})" if reason else "",
            )
        return originals

    @property
    def missing(self) -> int:
        """Paintings whose original was not found."""
        return len(self.collection) - len(self.known)

    def verified(self, rows: Sequence[int]) -> tuple["Originals", list[int]]:
        """Leave out the originals among ``rows`` whose content has changed; they and their rows.

        A file of the recorded size and time counts as unchanged; any other is read.
        """
        changed = [row for row in rows if row in self.known and self._has_changed(row)]
        known = dict(self.known)
        for row in changed:
            del known[row]
        return replace(self, known=known), changed

    def _has_changed(self, row: int) -> bool:
        item = self.known[row]
        if item.entry.row is not None:
            return False  # within a file of many: checked on reading
        try:
            if Path(item.entry.place or "").stat().st_mtime_ns == item.modified:
                return False
        except OSError:
            return True
        return self._content(row) is None

    def picture(self, row: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A painting at a height and width, ``uint8 (H, W, 3)``.

        The middle of its original, or the stored square where that is gone or has changed.
        """
        if (data := self._content(row)) is not None:
            return decode(data, size, "crop", self._max_megapixels).pixels
        stored = Image.fromarray(np.asarray(self.collection.pixels[row]))
        return np.asarray(
            stored.resize(size[::-1], Image.Resampling.BICUBIC, reducing_gap=3.0), np.uint8
        )

    def whole(self, row: int, short: int) -> NDArray[np.uint8]:
        """A whole painting with a shorter side of at most ``short`` pixels, ``uint8 (H, W, 3)``.

        It keeps its proportions and is never enlarged. The stored square where the original is gone
        or has changed.
        """
        if (data := self._content(row)) is None:
            return np.asarray(self.collection.pixels[row])
        height, width = self.sizes[row]
        scale = min(1.0, short / min(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        return decode(data, size, max_megapixels=self._max_megapixels).pixels

    @property
    def _max_megapixels(self) -> int:
        """The largest picture that was read when the collection was prepared."""
        return int(self.collection.settings.get("max_megapixels", MAX_MEGAPIXELS))

    def short(self, row: int) -> int:
        """Pixels of the shorter side that ``whole`` can give at most."""
        if row not in self.known:
            return int(self.collection.pixels.shape[1])
        return min(self.sizes[row])

    def _content(self, row: int) -> bytes | None:
        """The original file, unless it is gone or has changed."""
        if (item := self.known.get(row)) is None:
            return None
        data = next(iter(contents([item])))
        if isinstance(data, InputError):
            return None
        return data if hashlib.sha256(data).hexdigest() == self.hashes[row] else None


def _is_there(item: Waiting) -> bool:
    """Whether a file of its size lies there; copies of a collection's pictures have other times."""
    if item.entry.row is not None:
        return True  # within a file of many, or at an address
    try:
        return Path(item.entry.place or "").stat().st_size == item.bytes
    except OSError:
        return False

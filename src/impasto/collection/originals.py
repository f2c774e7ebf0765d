"""The original files behind a collection's stored squares, for those who need more pixels than were stored."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.chunks import Waiting, contents
from impasto.collection.decode import decode
from impasto.collection.painting import Collection
from impasto.collection.sources import read_source
from impasto.errors import ImpastoError, InputError
from impasto.files import read_json


@dataclass(frozen=True, slots=True)
class Originals:
    """Where each painting's original is, as far as it still lies there unchanged.

    Attributes:
        collection: whose.
        known: by the row in the collection.
    """

    collection: Collection
    known: Mapping[int, Waiting]

    @classmethod
    def of(cls, collection: Collection) -> "Originals":
        """Those that the collection's source still holds; none where it is gone."""
        entries = {}
        with contextlib.suppress(ImpastoError):  # a source that is gone is a source without originals
            record = read_json(collection.path / "collection.json")
            labels = record["settings"].get("labels")
            found = read_source(_source(record["source"]), Path(labels) if labels else None)
            entries = {entry.id: entry for entry in found.entries if entry.place}
        columns = (collection.column(name) for name in ("id", "bytes", "modified"))
        known = {}
        for row, (name, size, modified) in enumerate(zip(*columns, strict=True)):
            entry = entries.get(name)
            if entry is None or size is None:
                continue
            item = Waiting(entry, size, modified)
            if _unchanged(item):
                known[row] = item
        return cls(collection, known)

    def picture(self, row: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A painting at a height and width, ``uint8 (H, W, 3)``: its original's middle, or else the stored square."""
        if (item := self.known.get(row)) is not None:
            with contextlib.suppress(InputError):
                return decode(next(iter(contents([item]))), size, "crop").pixels
        stored = Image.fromarray(np.asarray(self.collection.pixels[row]))
        return np.asarray(stored.resize(size[::-1], Image.Resampling.BICUBIC, reducing_gap=3.0), np.uint8)


def _source(spelled: str) -> Any:
    """What ``prepare`` was given, from how it recorded it."""
    if spelled.startswith("hf:") or Path(spelled).exists() or " and " not in spelled:
        return spelled
    return [Path(part) for part in spelled.split(" and ")]


def _unchanged(item: Waiting) -> bool:
    if "://" in (item.entry.place or ""):
        return True
    try:
        status = Path(item.entry.place or "").stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (item.bytes, item.modified)

"""The original files behind a collection's stored squares, for those who need more pixels than were stored."""

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection
from impasto.collection.parallel_decode import Waiting, contents
from impasto.collection.sources import read_source
from impasto.errors import ImpastoError
from impasto.files import read_json
from impasto.images.decode import decode


@dataclass(frozen=True, slots=True)
class Originals:
    """Where each painting's original is, as far as a file of its size lies there; its content is tested on reading.

    Attributes:
        collection: whose.
        known: by the row in the collection.
        marks: SHA-256 of each painting's file.
    """

    collection: Collection
    known: Mapping[int, Waiting]
    marks: Sequence[str | None]

    @classmethod
    def of(cls, collection: Collection) -> "Originals":
        """Those that the collection's source still holds; none where it is gone."""
        entries = {}
        with contextlib.suppress(
            ImpastoError
        ):  # a source that is gone is a source without originals
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
            if _there(item):
                known[row] = item
        return cls(collection, known, collection.column("sha256"))

    def picture(self, row: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A painting at a height and width, ``uint8 (H, W, 3)``.

        Its original's middle, or else the stored square.
        """
        if (item := self.known.get(row)) is not None:
            data = next(iter(contents([item])))
            if hashlib.sha256(data).hexdigest() == self.marks[row]:
                return decode(data, size, "crop").pixels
        stored = Image.fromarray(np.asarray(self.collection.pixels[row]))
        return np.asarray(
            stored.resize(size[::-1], Image.Resampling.BICUBIC, reducing_gap=3.0), np.uint8
        )


def _source(spelled: str) -> Any:
    """What ``prepare`` was given, from how it recorded it."""
    if spelled.startswith("hf:") or Path(spelled).exists() or " and " not in spelled:
        return spelled
    return [Path(part) for part in spelled.split(" and ")]


def _there(item: Waiting) -> bool:
    """Whether a file of its size lies there; copies of a collection's pictures have other times."""
    if item.entry.row is not None:
        return True  # within a file of many, or at an address
    try:
        return Path(item.entry.place or "").stat().st_size == item.bytes
    except OSError:
        return False

"""Entries: labelled pictures as a source names them, before any of them is decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from impasto.collection.file_names import read_name

PICTURES: Final = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".gif",
        ".bmp",
        ".tif",
        ".tiff",
        ".ppm",
        ".avif",
        ".jp2",
    ]
)
"""File name extensions of pictures."""
SIDES: Final[Mapping[str, str]] = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
"""Words for the sides of a split, as people name folders and columns."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled picture, not yet decoded.

    Attributes:
        id: unique within the source: the path, with ``/`` between folders.
        style: as the source spells it.
        place: the file, or the parquet file (a path or an address) that holds it; ``None`` for a
            name alone.
        row: row group and row within it, for a picture inside a parquet file.
        split: the side that the source names: ``train``, ``validation`` or ``test``.
        artist: slug, ``None`` where unknown.
        title: in words.
        year: of making.
        repaired: whether the name was encoded twice.
    """

    id: str
    style: str
    place: str | None
    row: tuple[int, int] | None = None
    split: str | None = None
    artist: str | None = None
    title: str | None = None
    year: int | None = None
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Everything a source says before its pictures are opened.

    Attributes:
        entries: in the order of the table or list; those of folders sorted by id.
        styles: names that the source lists, also those without a picture.
        aliases: other spellings of styles.
        ignored: files that are no pictures.
        mismatches: what the source's parts disagree on, in words.
    """

    entries: tuple[Entry, ...]
    styles: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignored: int = 0
    mismatches: tuple[str, ...] = ()


def entry_of(id_: str, style: str, place: Path | None, split: str | None = None) -> Entry:
    """An entry with what its file name tells."""
    name = read_name(id_)
    return Entry(
        id=id_,
        style=style,
        place=None if place is None else str(place),
        split=split,
        artist=name.artist,
        title=name.title,
        year=name.year,
        repaired=name.repaired,
    )

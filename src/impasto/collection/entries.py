"""Entries: labelled pictures as a source names them, before any of them is decoded."""

import re
from collections.abc import Mapping, Sequence
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
LIKELY_PICTURES: Final = frozenset(
    [
        *("", ".heic", ".heif", ".mpo", ".pjpeg", ".pjp", ".psd", ".svg", ".jxl", ".tga", ".exr"),
        *(".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".eps", ".ico", ".hdr", ".dds"),
        *(".download", ".crdownload", ".part", ".pdf"),
    ]
)
"""Endings, and none, of files that are likely to be pictures but cannot be read as such."""
SYSTEM_FOLDERS: Final = frozenset(
    [
        *("@eadir", "$recycle.bin", "lost+found", "__macosx", "system volume information"),
        *("#recycle", "@recycle", "recycler", "#snapshot", "@tmp"),
    ]
)
"""Folders that desktops, network drives and file systems make, in lower case; never styles."""
SYSTEM_FILES: Final = frozenset(["thumbs.db", "desktop.ini", "icon\r"])
"""Files that desktops make, in lower case."""
_SIDES: Final[Mapping[str, str]] = {
    word: side
    for side, words in {
        "train": ("train", "training", "trainset", "trainingset", "trn"),
        "test": ("test", "testing", "testset", "testingset", "tst", "holdout"),
        "validation": (
            *("val", "valid", "validation", "valset", "validset", "validationset"),
            *("dev", "devset", "development"),
        ),
    }.items()
    for word in words
}
_FILLERS: Final = frozenset(
    [
        *("set", "data", "dataset", "split", "folder", "files"),
        *("image", "images", "imgs", "picture", "pictures"),
    ]
)
_WORD: Final = re.compile(r"[^\W\d_]+")


def side_of(name: str) -> str | None:
    """The side of a split that a folder, file or cell names: ``1_train``, ``Test Set``, ``dev``.

    ``None`` where it names none, or more than a side.
    """
    side, rest = side_and_rest(name)
    return side if not rest else None


def side_and_rest(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The one side that a name holds, and its other words (``seg_train``: train and ``seg``)."""
    words = [word for word in _WORD.findall(name.casefold()) if word not in _FILLERS]
    named = [word for word in words if word in _SIDES]
    if len(named) != 1:
        return None, tuple(words)
    return _SIDES[named[0]], tuple(word for word in words if word != named[0])


def is_system_folder(name: str) -> bool:
    """Whether a folder is hidden, begins with ``_``, or belongs to the system."""
    return name[0] in "._" or name.casefold() in SYSTEM_FOLDERS


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
        column: of a parquet file that holds the picture, for a picture inside one.
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
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture or row of a source that cannot become an entry.

    Attributes:
        id: its path, or the table and the row's number.
        reason: in words.
    """

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Things of one kind that a source holds and that did not become entries.

    Attributes:
        what: in words, such as ``.heic files``.
        items: their names within the source.
        matters: whether they are likely to be pictures, or labels of pictures, that are missed.
        way_out: what to do about them; empty where there is nothing to do.
    """

    what: str
    items: tuple[str, ...]
    matters: bool = True
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Everything a source says before its pictures are opened.

    Attributes:
        entries: in the order of the table or list; those of folders sorted by id.
        styles: names that the source lists, also those without a picture.
        aliases: other spellings of styles.
        ignored: files that are no pictures.
        mismatches: what the source's parts disagree on, in words.
        left_out: what was not read, by kind.
        skipped: pictures and rows that are named but cannot be read or labelled.
        decided: pictures that a table of decisions excluded or relabelled, and how.
        notes: how the source was read where that is not plain to see, in words.
    """

    entries: tuple[Entry, ...]
    styles: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignored: int = 0
    mismatches: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    decided: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


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


def other_endings(endings: Mapping[str, Sequence[str]]) -> list[LeftOut]:
    """Files by the endings that make them no pictures here."""
    return [
        LeftOut(
            f"{ending} files" if ending else "files without an ending",
            tuple(names),
            matters=ending in LIKELY_PICTURES,
            way_out=(
                "save them as JPEG or PNG, if they are pictures"
                if ending in LIKELY_PICTURES
                else ""
            ),
        )
        for ending, names in sorted(endings.items())
    ]

"""Paths of pictures as tables spell them, found among the files that are there.

Looked up in this order: as it stands; with ``/`` for backslashes and without ``./``; in another
form of letters (case, accents, blanks and underscores); without or with another ending; and, for a
name without folders, anywhere below. Whatever is not exact is counted by kind.
"""

import os
import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote

from impasto.collection.entries import PICTURES, is_system_folder
from impasto.collection.vocabulary import plain

MatchKind = Literal["exact", "slashes", "spelling", "ending", "below"]
WORDS: Final[dict[MatchKind, str]] = {
    "slashes": "with other slashes or dots",
    "spelling": "in another spelling of case, accents, blanks or underscores",
    "ending": "without their ending or with another",
    "below": "by their name in a folder below",
}
"""How a path was found, in words that follow its number."""


@dataclass(frozen=True, slots=True)
class Match:
    """The path of a file as it stands on disk, and how it was found."""

    path: str
    how: MatchKind


def cleaned(cell: str) -> str:
    """A path with ``/`` between folders, without quotes, ``./`` and ``a/../``."""
    text = cell.strip().strip("\"'").replace("\\", "/").removeprefix("file://")
    return posixpath.normpath(text) if text else ""


def legible(name: str) -> str:
    """A name whose bytes are no UTF-8, with those bytes spelled out."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


class PathIndex:
    """Paths that are there, by all the forms in which they may be asked for."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._spelled: dict[str, list[str]] = defaultdict(list)
        self._stems: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = defaultdict(list)
        self._name_stems: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._paths):
            key, stem = _keys(path)
            self._spelled[key].append(path)
            self._stems[stem].append(path)
            self._names[key.rsplit("/", 1)[-1]].append(path)
            self._name_stems[stem.rsplit("/", 1)[-1]].append(path)

    @property
    def paths(self) -> list[str]:
        """All paths, sorted."""
        return sorted(self._paths)

    def __contains__(self, path: str) -> bool:
        """Whether a path is there, as it stands."""
        return path in self._paths

    def find(self, cell: str) -> Match | None:
        """The one path that a cell means; ``None`` where there is none, or more than one."""
        if cell in self._paths:
            return Match(cell, "exact")
        path = cleaned(cell)
        if path in self._paths:
            return Match(path, "slashes")
        for spelled in dict.fromkeys((path, unquote(path))):
            key, stem = _keys(spelled)
            ways: list[tuple[MatchKind, list[str]]] = [
                ("spelling", self._spelled.get(key, [])),
                ("ending", self._stems.get(stem, [])),
                ("ending", self._stems.get(key, [])),  # a dot, no ending
            ]
            if "/" not in spelled:
                names = self._names.get(key) or self._name_stems.get(stem) or []
                ways.append(("below", names))
            for how, found in ways:
                if (one := _only(found, spelled)) is not None:
                    return Match(one, how)
        return None

    def with_tail(self, cell: str) -> str | None:
        """A path that ends in as many folders of the cell as possible, or ``None``."""
        parts = cleaned(cell).split("/")
        for start in range(1, len(parts)):
            tail = "/".join(parts[start:])
            if (found := self.find(tail)) is not None:
                return found.path
        return None

    def by_name(self, cell: str) -> dict[str, int]:
        """All paths with a cell's file name, with or without its ending, whatever their folders.

        Each with the number of parts, from the name on, that are those of the cell.
        """
        path = cleaned(cell)
        for spelled in dict.fromkeys((path, unquote(path))):
            key, stem = _keys(spelled)
            *folders, name = key.split("/")
            bare = stem.rsplit("/", 1)[-1]
            found = (
                self._names.get(name) or self._name_stems.get(bare) or self._name_stems.get(name)
            )
            if found:
                return {
                    one: 1 + _common_end(_keys(one)[0].split("/")[:-1], folders) for one in found
                }
        return {}


class PictureFolder:
    """The pictures in and below a folder, found by paths within it.

    Attributes:
        folder: the folder.
        linked: folders that are links, which are not followed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.linked: list[str] = []
        self._index: PathIndex | None = None

    def find(self, cell: str) -> Match | None:
        """The file that a cell means; paths are those within the folder, or absolute outside."""
        raw = (cell, "exact"), (cleaned(cell), "slashes")
        for path, how in raw:
            if path and self._is_file(path):
                inner = self._within(path)
                return Match(inner, "exact" if inner == cell or how == "exact" else "slashes")
        return self.index.find(cleaned(cell))

    @property
    def index(self) -> PathIndex:
        """All pictures in the folder; it is walked through once, when a path is not exact."""
        if self._index is None:
            self._index = PathIndex(self.pictures())
        return self._index

    def pictures(self, below: str = "") -> Iterator[str]:
        """The pictures in the folder, or in a folder within it, by their paths in the folder."""
        for path in self.files(below):
            if Path(path).suffix.lower() in PICTURES:
                yield path

    def files(self, below: str = "", *, deep: bool = True) -> Iterator[str]:
        """The files likewise, without hidden ones and those of the system."""
        for root, folders, names in os.walk(self.folder / below):
            inner = Path(root).relative_to(self.folder)
            kept = [name for name in sorted(folders) if not is_system_folder(name)]
            for name in kept:
                if (Path(root) / name).is_symlink():
                    path = legible((inner / name).as_posix())
                    if path not in self.linked:
                        self.linked.append(path)
            folders[:] = kept if deep else []
            for name in sorted(names):
                if not name.startswith("."):
                    yield (inner / name).as_posix()

    def _is_file(self, path: str) -> bool:
        try:
            return (self.folder / path).is_file()
        except (OSError, ValueError):  # too long, or with a zero byte
            return False

    def _within(self, path: str) -> str:
        """A path within the folder; one outside stays absolute."""
        normal = posixpath.normpath((self.folder / path).absolute().as_posix())
        top = posixpath.normpath(self.folder.absolute().as_posix())
        return (
            posixpath.relpath(normal, top) if normal.startswith(top.rstrip("/") + "/") else normal
        )


def _keys(path: str) -> tuple[str, str]:
    """A path in the form in which paths are compared, with and without its ending."""
    key = "/".join(plain(part) for part in path.split("/"))
    stem, dot, ending = key.rpartition(".")
    return key, stem if dot and f".{ending}" in PICTURES else key


def _common_end(one: list[str], other: list[str]) -> int:
    """The number of last parts that two paths share."""
    same = 0
    for own, asked in zip(reversed(one), reversed(other), strict=False):
        if own != asked:
            break
        same += 1
    return same


def _only(found: list[str], wanted: str) -> str | None:
    """The one path found, or the one that differs from the wanted in letters' form alone."""
    if len(found) > 1:
        form = unicodedata.normalize("NFC", wanted)
        found = [path for path in found if unicodedata.normalize("NFC", path) == form]
    return found[0] if len(found) == 1 else None

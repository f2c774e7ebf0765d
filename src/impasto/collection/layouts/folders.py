"""Folders as sources: ``<Style>/*.jpg``, or ``train/<Style>/`` and ``test/<Style>/``.

Sides have the names that people give them (``training_set``, ``1_train``, ``dev``); such names and
those of system folders are never styles. A folder around all of them is stepped into. Links to
folders elsewhere are followed once; those back into the source are not, and are counted.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from impasto.collection.entries import (
    PICTURES,
    SYSTEM_FILES,
    Entry,
    LeftOut,
    Source,
    entry_of,
    is_system_folder,
    other_endings,
    side_and_rest,
    side_of,
)
from impasto.collection.file_names import artist_slug
from impasto.collection.layouts import label_tables as tables
from impasto.collection.layouts.picture_paths import legible
from impasto.collection.vocabulary import plain
from impasto.errors import InputError

COMPANION = "paintings.csv"
TABLES: Final = frozenset([".csv", ".tsv", ".xlsx", ".xls", ".ods", ".jsonl", ".ndjson"])
_NO_ARTIST: Final = frozenset(
    [
        *("data", "deep", "files", "images", "image", "img", "imgs", "jpeg", "jpg", "large"),
        *("misc", "more", "new", "old", "original", "originals", "other", "others", "photo"),
        *("photos", "picture", "pictures", "png", "scan", "scans", "small", "work", "works"),
        *("artwork", "artworks", "painting", "paintings", "downloads", "duplicates", "backup"),
    ]
)
"""Names of folders within a style that name no artist."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A folder that holds one folder a style, and what it is within the source."""

    folder: Path
    prefix: str = ""
    side: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """Entries of the parts of a source, and everything else in them."""

    entries: list[Entry] = field(default_factory=list)
    styles: dict[str, dict[str, str]] = field(default_factory=dict)
    endings: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unlabelled: dict[str, list[str]] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def read_folder(path: Path, columns: Mapping[str, str] | None = None) -> Source:
    """Read a folder of styles, or of sides of styles, and a ``paintings.csv`` beside them.

    Args:
        path: the folder.
        columns: the table's own names of columns, by those known here.

    Raises:
        InputError: there are no style folders, or sides without training pictures.
    """
    root = _inner(path)
    within = "" if root == path else root.relative_to(path).as_posix() + "/"
    sides = _sides(root)
    parts = [_side_part(root / name, f"{within}{name}/", side) for name, side in sides.items()]
    found = _read(parts or [_Part(root, within)], path)
    if sides:
        _tell_beside(found, root, within, sides)
    source = _source(found)
    if within:
        source = replace(source, notes=(f"The styles are the folders in {within}",))
    companion = path / COMPANION
    if companion.is_file():
        source = tables.enriched(source, companion, columns)
    unread = [
        file.name
        for file in sorted(path.iterdir())
        if file.suffix.lower() in TABLES and file.name != COMPANION and file.name[0] != "."
    ]
    if unread:
        ignored = LeftOut(
            "tables beside the folders",
            tuple(unread),
            matters=False,
            way_out="--labels TABLE reads one in place of the folders' names",
        )
        source = replace(source, left_out=(*source.left_out, ignored))
    return source


def read_flat(path: Path, style: str) -> Source:
    """Read all pictures in and below a folder as one style."""
    found = _Found()
    found.styles[""] = {plain(style): style}
    _read_style(path, _Part(path), path.resolve(), found)
    return _source(replace(found, entries=[replace(one, style=style) for one in found.entries]))


def style_folders(path: Path) -> list[Path]:
    """The folders in a folder that may hold a style, sorted."""
    return _folders(path)


def pictures_below(path: Path) -> Iterator[str]:
    """The pictures in and below a folder, by their paths within it."""
    return _picture_names(path)


def read_two_sides(training: Path, test: Path) -> Source:
    """Read a training folder and a test folder, wherever they are.

    Raises:
        InputError: one of them is missing.
    """
    for path in (training, test):
        if not path.is_dir():
            raise InputError(
                f"no folder {path}: name a training and a test folder with one folder a style"
            )
    found = _read([_Part(training, "train/", "train")], training)
    return _source(_read([_Part(test, "test/", "test")], test, found))


def _inner(path: Path) -> Path:
    """The folder that holds the styles or sides: ``path``, or the one folder within, if deeper."""
    seen = set()  # a link may lead in circles
    while path.resolve() not in seen:
        seen.add(path.resolve())
        folders = _folders(path)
        if len(folders) != 1 or side_of(folders[0].name) or _pictures_in(path):
            break
        deeper = _folders(folders[0])
        if not deeper or _pictures_in(folders[0]):
            break
        if len(deeper) == 1 and side_of(deeper[0].name) is None and not _folders(deeper[0]):
            break  # a style with one artist, not a folder around styles
        path = folders[0]
    return path


def _sides(root: Path) -> dict[str, str]:
    """The folders that are sides, by name.

    Raises:
        InputError: there are sides only, and none for training.
    """
    folders = [folder.name for folder in _folders(root)]
    sides = {name: side for name in folders if (side := side_of(name))}
    if not sides:  # seg_train and seg_test: the same words beside the side
        alike: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
        for name in folders:
            side, rest = side_and_rest(name)
            if side:
                alike[rest][name] = side
        sides = next((found for found in alike.values() if len(set(found.values())) > 1), {})
    if "train" in sides.values():
        return sides
    if sides and len(sides) == len(folders):
        raise InputError(
            f"{root} holds {' and '.join(sides)} and no folder for training: name one of them "
            "train, or give the folder of styles itself"
        )
    return {}


def _side_part(folder: Path, prefix: str, side: str) -> _Part:
    """A side, or the folder of the same name or side within it, as some archives unpack."""
    while True:
        inner = _folders(folder)
        if len(inner) != 1 or _pictures_in(folder) or not _folders(inner[0]):
            return _Part(folder, prefix, side)
        name = inner[0].name
        if side_of(name) != side and name.casefold() != folder.name.casefold():
            return _Part(folder, prefix, side)
        folder, prefix = inner[0], f"{prefix}{name}/"


def _read(parts: Sequence[_Part], root: Path, found: _Found | None = None) -> _Found:
    """Read parts of the source ``root``, beside what was found already."""
    found = found or _Found()
    top = root.resolve()
    for part in parts:
        named = found.styles.setdefault(part.prefix, {})
        loose = [part.prefix + legible(path.name) for path in _pictures_in(part.folder)]
        for style in _folders(part.folder):
            inside = part.prefix + legible(style.name)
            if style.is_symlink() and top.is_relative_to(style.resolve()):
                found.links.append(inside)
            elif side_of(style.name):
                loose += [inside + "/" + path for path in _picture_names(style)]
            else:
                named[plain(legible(style.name))] = legible(style.name)
                _read_style(style, part, top, found)
        if loose:
            found.unlabelled[part.prefix] = loose
        if loose and not named:  # a side without labels has no styles to compare
            del found.styles[part.prefix]
    return found


def _read_style(style: Path, part: _Part, top: Path, found: _Found) -> None:
    entries = []
    folders = set()  # the folders within the style that pictures lie in
    for file in _files(style, top, part, found.links):
        inner = legible(file.relative_to(part.folder).as_posix())
        if file.suffix.lower() not in PICTURES:
            if file.name.casefold() not in SYSTEM_FILES:
                found.endings[file.suffix.lower()].append(part.prefix + inner)
            continue
        entry = entry_of(inner, legible(style.name), file, part.side)
        entries.append(replace(entry, id=part.prefix + inner))
        folders.add(legible(file.relative_to(style).as_posix()).rpartition("/")[0])
    if "" not in folders:  # every picture lies in a folder of its artist
        entries = [
            entry if entry.artist else replace(entry, artist=_artist_in(entry, part.prefix))
            for entry in entries
        ]
    found.entries.extend(entries)


def _artist_in(entry: Entry, prefix: str) -> str | None:
    """The artist whom the folder within a style names."""
    folder = entry.id.removeprefix(prefix).split("/")[1]
    known = any(letter.isalpha() for letter in folder) and folder.casefold() not in _NO_ARTIST
    return artist_slug(folder) if known and side_of(folder) is None else None


def _tell_beside(found: _Found, root: Path, within: str, sides: dict[str, str]) -> None:
    """Note the pictures beside the sides."""
    found.beside.extend(within + legible(path.name) for path in _pictures_in(root))
    for folder in _folders(root):
        if folder.name not in sides:
            inside = within + legible(folder.name)
            found.beside.extend(f"{inside}/{path}" for path in _picture_names(folder))


def _source(found: _Found) -> Source:
    every = {key: name for named in found.styles.values() for key, name in named.items()}
    names = {name for named in found.styles.values() for name in named.values()}
    return Source(
        entries=tuple(sorted(found.entries, key=lambda entry: entry.id)),
        styles=tuple(sorted(names)),
        ignored=sum(map(len, found.endings.values())),
        mismatches=tuple(
            f"{prefix.rstrip('/')} has no folder {every[key]}"
            for prefix, named in sorted(found.styles.items())
            for key in sorted(every.keys() - named.keys())
        ),
        left_out=tuple(_left_out(found)),
    )


def _left_out(found: _Found) -> Iterator[LeftOut]:
    for prefix, names in sorted(found.unlabelled.items()):
        where = f"in {prefix.rstrip('/')} " if prefix else ""
        yield LeftOut(
            f"pictures {where}without a style's folder",
            tuple(names),
            way_out="impasto predict names their styles",
        )
    if found.beside:
        yield LeftOut(
            "pictures beside the training and test folders",
            tuple(found.beside),
            way_out="move them into these folders",
        )
    if found.links:
        yield LeftOut(
            "links back into the source",
            tuple(found.links),
            way_out="nothing is missed where the folder is read in its own place",
        )
    yield from other_endings(found.endings)


def _folders(path: Path) -> list[Path]:
    return sorted(
        (child for child in path.iterdir() if child.is_dir() and not is_system_folder(child.name)),
        key=str,
    )


def _pictures_in(path: Path) -> list[Path]:
    """The files with a picture's ending that lie directly in a folder, sorted."""
    return sorted(
        child
        for child in path.iterdir()
        if child.suffix.lower() in PICTURES and child.name[0] != "." and child.is_file()
    )


def _picture_names(folder: Path) -> Iterator[str]:
    """The pictures in and below a folder, by their paths within it."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_system_folder(name))
        for name in sorted(names):
            if Path(name).suffix.lower() in PICTURES and not name.startswith("."):
                yield legible((Path(root) / name).relative_to(folder).as_posix())


def _files(style: Path, top: Path, part: _Part, unfollowed: list[str]) -> Iterator[Path]:
    """The files of a style; a linked folder is read once, and never where it is in the source."""
    waiting, seen = [style], {style.resolve()}
    while waiting:
        for root, folders, names in os.walk(waiting.pop(0)):
            folders[:] = sorted(name for name in folders if not is_system_folder(name))
            for folder in map(Path(root).joinpath, folders):
                if folder.is_symlink():
                    target = folder.resolve()
                    read = {top, *seen}  # what is within them, or around them, would be read twice
                    if any(target.is_relative_to(x) or x.is_relative_to(target) for x in read):
                        name = folder.relative_to(part.folder).as_posix()
                        unfollowed.append(part.prefix + legible(name))
                    else:
                        seen.add(target)
                        waiting.append(folder)
            yield from (Path(root) / name for name in sorted(names) if not name.startswith("."))

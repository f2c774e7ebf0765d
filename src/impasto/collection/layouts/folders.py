"""Folders as sources: ``<Style>/*.jpg``, or ``train/<Style>/`` and ``test/<Style>/``."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from impasto.collection.entries import PICTURES, SIDES, Entry, Source, entry_of
from impasto.collection.layouts import label_tables as tables
from impasto.errors import InputError

COMPANION = "paintings.csv"


def read_folder(path: Path) -> Source:
    """Read a folder of styles, or of sides of styles, and a ``paintings.csv`` beside them.

    Raises:
        InputError: there are no style folders.
    """
    sides = {
        child.name: SIDES[child.name.lower()]
        for child in _folders(path)
        if child.name.lower() in SIDES
    }
    sides = sides if "train" in sides.values() else {}
    parts: list[tuple[Path, str, str | None]] = [
        (path / name, f"{name}/", side) for name, side in sorted(sides.items())
    ]
    found = _read(parts or [(path, "", None)])
    companion = path / COMPANION
    return tables.enriched(found, companion) if companion.is_file() else found


def read_several(paths: Sequence[Path]) -> Source:
    """Read a training folder and a test folder, wherever they are.

    Raises:
        InputError: there is one folder only, more than two, or one of them is missing.
    """
    if len(paths) != 2:
        raise InputError(f"{len(paths)} sources: name one folder, or a training and a test folder")
    for path in paths:
        if not path.is_dir():
            raise InputError(
                f"no folder {path}: name a training and a test folder with one folder a style"
            )
    return _read([(paths[0], "train/", "train"), (paths[1], "test/", "test")])


def _legible(name: str) -> str:
    """A name whose bytes are no UTF-8, with those bytes spelled out."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _read(parts: Sequence[tuple[Path, str, str | None]]) -> Source:
    entries: list[Entry] = []
    styles: dict[str, set[str]] = {}
    ignored = 0
    for folder, prefix, side in parts:
        named = styles.setdefault(prefix, set())
        for style in _folders(folder):
            named.add(_legible(style.name))
            for file in _files(style):
                if file.suffix.lower() in PICTURES:
                    inner = _legible(file.relative_to(folder).as_posix())
                    entries.append(
                        replace(
                            entry_of(inner, _legible(style.name), file, side), id=prefix + inner
                        )
                    )
                else:
                    ignored += 1
    every = set().union(*styles.values())
    return Source(
        entries=tuple(sorted(entries, key=lambda entry: entry.id)),
        styles=tuple(sorted(every)),
        ignored=ignored,
        mismatches=tuple(
            f"{prefix.rstrip('/')} has no folder {style}"
            for prefix, named in sorted(styles.items())
            for style in sorted(every - named)
        ),
    )


def _folders(path: Path) -> list[Path]:
    return sorted(
        (child for child in path.iterdir() if child.is_dir() and child.name[0] not in "._"), key=str
    )


def _files(path: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        yield from (Path(root) / name for name in sorted(names) if not name.startswith("."))

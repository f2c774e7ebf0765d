"""Folders of pictures as people lay them out for LoRA: flat, a folder a style, kohya's ``10_name``.

One style is enough. Captions lie beside the pictures as ``.txt`` or ``.caption`` files, or in a
table of ``file_name`` and ``text``. The number before a folder's name is kohya's ``repeats``.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from impasto.collection.entries import Entry, LeftOut, Source
from impasto.collection.layouts import folders
from impasto.collection.layouts.table_rows import has_rows_of, read_rows
from impasto.errors import InputError
from impasto.numerics.formatting import count

TABLES: Final = tuple(
    f"{stem}{ending}"
    for stem in ("metadata", "captions")
    for ending in (".jsonl", ".csv", ".tsv", ".parquet")
)
"""Names of tables of captions that lie among the pictures."""
CAPTION_ENDINGS: Final = (".txt", ".caption")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("path", "file name", "filename", "file", "image", "image path", "file path"),
    "caption": ("text", "prompt", "description"),
}
"""Columns of a table of captions, with other names for each, in order of preference."""
_REPEATS: Final = re.compile(r"(\d+)_(.+)")


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions found for pictures.

    Attributes:
        by_id: caption by the picture's id.
        files: caption files and tables that were used, by their path within the folder.
        notes: what was found and what was left out, in words.
    """

    by_id: Mapping[str, str]
    files: frozenset[str]
    notes: tuple[str, ...]


def repeats_of(name: str) -> tuple[int, str]:
    """Repeats and name of a folder: ``(10, "mystyle")`` for ``10_mystyle``, 1 without a number."""
    found = _REPEATS.fullmatch(name)
    return (max(1, int(found[1])), found[2]) if found else (1, name)


def read_training_folder(path: Path) -> Source:
    """Read a folder of pictures to fine-tune on; every picture is for training.

    Pictures in folders: the folder names their style. Pictures in no folder: one style with the
    name of ``path``.

    Raises:
        InputError: there is no picture.
    """
    styled = [child for child in folders.style_folders(path) if any(folders.pictures_below(child))]
    found = folders.read_folder(path) if styled else None
    if found is None or not found.entries:  # also train/ with pictures and no styles in it
        found = folders.read_flat(path, repeats_of(path.resolve().name)[1])
    if not found.entries:
        raise InputError(
            f"no pictures in {path}: give a folder with pictures such as JPEG or PNG files"
        )
    entries = tuple(
        replace(entry, style=repeats_of(entry.style)[1], split="train") for entry in found.entries
    )
    used = read_captions(path, [entry.id for entry in entries]).files
    return replace(
        found,
        entries=entries,
        styles=tuple(sorted({entry.style for entry in entries})),
        left_out=tuple(_without(found.left_out, used)),
        mismatches=(),
    )


def read_repeats(path: Path, entries: Iterable[Entry]) -> dict[str, int]:
    """Repeats of each picture by its id, from the number before its folder's name."""
    around = repeats_of(path.resolve().name)[0]
    repeats = {}
    for entry in entries:
        numbers = [repeats_of(part)[0] for part in PurePosixPath(entry.id).parts[:-1]]
        repeats[entry.id] = max([around, *numbers])
    return repeats


def read_captions(path: Path, ids: Sequence[str]) -> Captions:
    """Read the captions that lie beside pictures or in tables among them.

    A file beside a picture comes before a row of a table.

    Args:
        path: the folder of pictures.
        ids: of the pictures: their paths within the folder.

    Raises:
        InputError: a table or a caption file cannot be read.
    """
    by_id: dict[str, str] = {}
    files: set[str] = set()
    notes: list[str] = []
    around = sorted({PurePosixPath(name).parent.as_posix() for name in ids} | {"."})
    for folder in around:
        for table in TABLES:
            place = path / folder / table
            if not place.is_file():
                continue
            rows = caption_rows(place, notes.append)
            if rows is None:  # a table of labels or of something else
                continue
            prefix = "" if folder == "." else f"{folder}/"
            found, lost = by_names(rows, ids, prefix)
            by_id |= found
            files.add(f"{prefix}{table}")
            notes.append(f"{count(len(found), 'caption')} from {prefix}{table}")
            if lost:
                notes.append(f"{prefix}{table} names {count(len(lost), 'picture')} without a file, "
                             f"{lost[0]} the first")  # fmt: skip
    beside = _beside(path, ids)
    by_id |= {name: text for name, (_, text) in beside.items()}
    files |= {file for file, _ in beside.values()}
    if beside:
        notes.append(f"{count(len(beside), 'caption')} from files beside the pictures")
    return Captions(by_id, frozenset(files), tuple(notes))


def _beside(path: Path, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Caption file and caption of each picture that has one beside it, with no text left out."""
    found = {}
    for name in ids:
        for ending in CAPTION_ENDINGS:
            file = PurePosixPath(name).with_suffix(ending).as_posix()
            place = path / file
            if place.is_file():
                try:
                    text = " ".join(place.read_text(encoding="utf-8-sig").split())
                except (OSError, UnicodeDecodeError) as error:
                    raise InputError(
                        f"cannot read the caption {place} ({error}): save it as UTF-8"
                    ) from error
                if text:
                    found[name] = file, text
                    break
    return found


def caption_rows(table: Path, on_note: Callable[[str], None]) -> list[tuple[str, str]] | None:
    """Names of pictures and captions in a table; ``None`` where it has no such columns.

    Raises:
        InputError: the table cannot be read.
    """
    if not has_rows_of(table, COLUMNS, tuple(COLUMNS)):
        return None
    found = read_rows(table, COLUMNS, tuple(COLUMNS), mapped=False)
    for note in found.notes:
        on_note(note)
    return [
        (row.text("id"), " ".join(row.text("caption").split()))
        for row in found.rows
        if row.text("id") and row.text("caption")
    ]


def by_names(
    rows: Iterable[tuple[str, str]], ids: Sequence[str], prefix: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Captions by id, and names of no picture.

    A name is an id, a path below ``prefix``, or a bare file name (with or without its ending) that
    one picture has.
    """
    known = set(ids)
    short: dict[str, list[str]] = defaultdict(list)
    for name in ids:
        path = PurePosixPath(name)
        for key in {path.name, path.stem}:
            short[key].append(name)
    found: dict[str, str] = {}
    lost: list[str] = []
    for given, caption in rows:
        name = PurePosixPath(given.replace("\\", "/")).as_posix()
        bare = short.get(PurePosixPath(name).name, [])
        if prefix + name in known:
            found[prefix + name] = caption
        elif name in known:
            found[name] = caption
        elif len(bare) == 1:
            found.setdefault(bare[0], caption)
        else:
            lost.append(given)
    return found, lost


def _without(left: Iterable[LeftOut], used: frozenset[str]) -> Iterable[LeftOut]:
    """Things that were left out, but for caption files and tables."""
    for kind in left:
        items = tuple(name for name in kind.items if name not in used)
        if items:
            yield replace(kind, items=items)

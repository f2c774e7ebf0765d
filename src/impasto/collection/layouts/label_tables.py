"""Tables of labels as sources: CSV, parquet or JSON lines.

Columns: path, style and perhaps artist, title, year, split.
"""

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from impasto.collection.entries import Entry, Source, entry_of, side_of
from impasto.collection.file_names import artist_slug, repair, year_of
from impasto.collection.layouts import hf_parquet as parquet
from impasto.errors import InputError

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "path": ("file", "filename", "file_name", "filepath", "file_path", "image_path", "image"),
    "style": ("label", "class", "class_name", "category", "movement"),
    "artist": (),
    "title": (),
    "year": (),
    "split": (),
}
"""Names of columns that people use, in lower case, by the name that is known here."""


def read_table(table: Path, folder: Path) -> Source:
    """The pictures that a table names, by paths within ``folder``.

    Raises:
        InputError: the table cannot be read, lacks a column, repeats a path, or names a side that
            is none.
    """
    if parquet.holds_pictures(table):
        return parquet.read_parquet_files([str(table)])
    notes: list[str] = []
    rows = read_rows(table, notes.append)
    if not rows or not {"path", "style"} <= rows[0].keys():
        found = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise InputError(
            f"{table} needs the columns path and style (and may have artist, title, year, split); "
            f"it has {found}: rename them"
        )
    entries: dict[str, Entry] = {}
    for number, row in enumerate(rows, 1):
        path, style = str(row.get("path") or ""), str(row.get("style") or "").strip()
        if not path or not style:
            raise InputError(
                f"{table}, row {number}: path or style is empty: fill it in or remove the row"
            )
        if path in entries:
            raise InputError(
                f"{table}, row {number}: {path} stands twice: keep one row for each picture"
            )
        file = folder / path
        try:
            there = file.exists()
        except (OSError, ValueError) as error:  # too long, or with a zero byte
            raise InputError(
                f"{table}, row {number}: the path {path[:60]!r} names no file: correct it"
            ) from error
        entry = entry_of(Path(path).as_posix(), style, file if there else None)
        entries[path] = _described(entry, row, f"{table}, row {number}")
    if any(
        entry.place for entry in entries.values()
    ):  # then a missing file is a fault, to be named as such
        entries = {p: replace(e, place=e.place or str(folder / p)) for p, e in entries.items()}
    ordered = tuple(entries.values())
    styles = tuple(sorted({entry.style for entry in ordered}))
    return Source(ordered, styles, notes=(*notes, *_unread_years(table, rows)))


def enriched(source: Source, table: Path) -> Source:
    """Add a table's artists, titles, years and sides to the entries whose ids are its paths."""
    notes: list[str] = []
    rows = read_rows(table, notes.append)
    by_path = {str(row.get("path")): row for row in rows}
    entries = (
        _described(entry, by_path[entry.id], f"{table}, {entry.id}")
        if entry.id in by_path
        else entry
        for entry in source.entries
    )
    notes = [*source.notes, *notes, *_unread_years(table, rows)]
    return replace(source, entries=tuple(entries), notes=tuple(notes))


def _unread_years(table: Path, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A note on the years that are no numbers of a year, where there are any."""
    unread = [
        str(row["year"])
        for row in rows
        if row.get("year") not in (None, "") and year_of(row["year"]) is None
    ]
    if unread:
        yield f"{len(unread)} years of {table.name} could not be read, as {unread[0]!r}: left out"


def read_rows(table: Path, on_note: Callable[[str], None]) -> list[dict[str, Any]]:
    """The rows of a CSV (with a header), parquet or JSON-lines file.

    Args:
        table: the file.
        on_note: called with one line for whatever had to be guessed to read it.

    Raises:
        InputError: it is missing, in another format or damaged.
    """
    try:
        match table.suffix.lower():
            case ".csv" | ".tsv":
                usual = "\t" if table.suffix.lower() == ".tsv" else ","
                return _csv_rows(table.name, _text(table, on_note), usual, on_note)
            case ".parquet":
                return list(pq.read_table(table).to_pylist())
            case ".jsonl" | ".ndjson":
                lines_ = table.read_text(encoding="utf-8").splitlines()
                return [dict(json.loads(line)) for line in lines_ if line.strip()]
    except (OSError, ValueError, TypeError, pa.ArrowException, csv.Error) as error:
        raise InputError(
            f"cannot read the table {table}: {' '.join(str(error).split())}"
        ) from error
    raise InputError(f"{table} is not a table that can be read: use .csv, .tsv, .parquet or .jsonl")


def _text(table: Path, on_note: Callable[[str], None]) -> str:
    """The text of a table in UTF-8 or UTF-16, else as Windows wrote it in Western Europe."""
    data = table.read_bytes()
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        on_note(f"{table.name} was read as UTF-16")
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        on_note(f"{table.name} is no UTF-8 and was read as Windows-1252")
        return data.decode("cp1252")


def _csv_rows(
    name: str, text: str, usual: str, on_note: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Rows by the delimiter and header that give path and style; else by the usual delimiter."""
    first: list[dict[str, Any]] | None = None
    for delimiter in dict.fromkeys((usual, ",", ";", "\t")):
        blanks = f"{delimiter} " in text.split("\n", 1)[0]
        lines = io.StringIO(text, newline="")
        reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=blanks)
        given = list(reader.fieldnames or ())
        reader.fieldnames = _columns(given)
        if {"path", "style"} <= set(reader.fieldnames):
            if delimiter != usual:
                on_note(f"The columns of {name} are divided by {delimiter!r}")
            for own, known in zip(given, reader.fieldnames, strict=True):
                if own.strip().casefold() != known:
                    on_note(f"The column {own!r} of {name} was read as {known}")
            return list(reader)
        first = list(reader) if first is None else first
    return first or []


def _columns(names: Sequence[str]) -> list[str]:
    """Columns under the names known here, where they are written or called otherwise."""
    plain = [name.strip().casefold() for name in names]
    columns = list(names)
    for known, others in SYNONYMS.items():
        if known in names:
            continue
        found = next((other for other in (known, *others) if plain.count(other) == 1), None)
        if found is not None:
            columns[plain.index(found)] = known
    return columns


def _described(entry: Entry, row: Mapping[str, Any], place: str) -> Entry:
    """The entry with artist, title, year and side, where the table has those columns."""
    changes: dict[str, Any] = {}
    if "artist" in row:
        changes["artist"] = artist_slug(None if row["artist"] is None else str(row["artist"]))
    if row.get("title"):
        changes["title"] = repair(str(row["title"]))
    if row.get("year") not in (None, ""):
        changes["year"] = year_of(row["year"]) or entry.year
    if side := str(row.get("split") or "").strip().lower():
        if (named := side_of(side)) is None:
            raise InputError(f"{place}: the split {side!r} is none of train, validation, test")
        changes["split"] = named
    return replace(entry, **changes)

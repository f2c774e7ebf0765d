"""Rows of tables as people have them: CSV, TSV, text, parquet, JSON and JSON lines.

Encoding, delimiter and columns are detected; what had to be guessed is noted. A row that cannot be
read is set aside by its number, counted as office programs do: the header is row 1.
"""

import codecs
import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from impasto.collection.entries import PICTURES, Skipped
from impasto.collection.vocabulary import plain
from impasto.errors import InputError

PICTURE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "path": (
        *("file", "filename", "file name", "filepath", "file path", "image path", "image"),
        *("img", "picture", "datei", "dateiname", "bilddatei", "bild", "pfad", "dateipfad"),
        *("fichier", "chemin", "archivo", "ruta", "immagine", "bestand"),
    ),
    "style": (
        *("label", "labels", "class", "class name", "category", "movement", "art style"),
        *("stil", "stilrichtung", "kunststil", "klasse", "kategorie", "epoche"),
        *("mouvement", "estilo", "stile", "stijl"),
    ),
    "artist": (
        *("artist name", "painter", "creator", "author", "künstler", "kuenstler", "künstlerin"),
        *("maler", "artiste", "peintre", "artista", "kunstenaar"),
    ),
    "title": ("titel", "titre", "titulo", "título", "titolo"),
    "year": ("date", "jahr", "datum", "datierung", "année", "annee", "año", "anno", "jaar"),
    "split": ("subset", "set", "side", "aufteilung"),
}
"""Columns of a table of labels, each with other names that people give it."""
_MOST_BYTES_OF_A_CELL: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table.

    Attributes:
        number: as office programs count.
        cells: by the names of columns that are known here.
        others: cells of all other columns, by the table's own names.
    """

    number: int
    cells: Mapping[str, Any]
    others: Mapping[str, Any] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """A cell as trimmed text, empty where there is none."""
        value = self.cells.get(column)
        return "" if value is None else str(value).strip()


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Rows of a table, and how it was read.

    Attributes:
        path: the file.
        rows: those that could be read.
        columns: those of the file, by the names that are known here.
        others: all other columns of the file.
        skipped: rows that could not be read.
        notes: what had to be guessed, in words.
    """

    path: Path
    rows: tuple[TableRow, ...]
    columns: Mapping[str, str]
    others: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def row_name(self, number: int) -> str:
        """A row by table and number."""
        return f"{self.path.name}, row {number}"


@dataclass(slots=True)
class _Raw:
    """Rows as they stand in the file, with numbers."""

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_rows(
    table: Path,
    known: Mapping[str, tuple[str, ...]],
    required: Sequence[str],
    columns: Mapping[str, str] | None = None,
    *,
    mapped: bool = True,
) -> LabelTable:
    """The rows of a table, with its columns under the names known here.

    Args:
        table: the file.
        known: columns that are looked for, with other names for each.
        required: those among them that the table must have.
        columns: the table's own names of columns, by the names known here; an empty one means that
            the column is not read.
        mapped: whether the caller's ``columns`` come from an option, which an error may name.

    Raises:
        InputError: it is missing, in another format, damaged, empty, or lacks a required column.
    """
    raw, mapping = _raw(table, known, required, columns or {})
    for name, own in (columns or {}).items():
        if own and name in known and name not in mapping:
            raise InputError(
                f"{table} has no column {own!r}: it has {', '.join(raw.columns) or 'none'}"
            )
    if not raw.columns and not raw.skipped:
        raise InputError(f"{table} is empty: fill it in, or name another table")
    missing = [name for name in required if name not in mapping]
    if missing and raw.columns:
        raise InputError(_lacking(table, raw, missing, mapped=mapped))
    if not raw.rows:
        why = f": {raw.skipped[0].id}: {raw.skipped[0].reason}" if raw.skipped else ""
        raise InputError(f"{table} has no rows{why}: fill it in, or name another table")
    taken = set(mapping.values())
    others = tuple(own for own in raw.columns if own not in taken)
    rows = tuple(
        TableRow(
            number,
            {name: cells.get(own) for name, own in mapping.items()},
            {own: cells.get(own) for own in others},
        )
        for number, cells in raw.rows
    )
    renamed = [
        f"{own!r} as {name}"
        for name, own in mapping.items()
        if plain(own) != name and name not in (columns or {})
    ]
    noted = [f"Columns of {table.name} were read under other names: {', '.join(renamed)}"]
    notes = (*raw.notes, *(noted if renamed else ()))
    return LabelTable(table, rows, mapping, others, tuple(raw.skipped), notes)


def has_rows_of(table: Path, known: Mapping[str, tuple[str, ...]], required: Sequence[str]) -> bool:
    """Whether a table has rows and the required columns.

    Raises:
        InputError: it is missing, in another format or damaged.
    """
    raw, mapping = _raw(table, known, required, {})
    return bool(raw.rows) and all(name in mapping for name in required)


def _raw(
    table: Path,
    known: Mapping[str, tuple[str, ...]],
    required: Sequence[str],
    columns: Mapping[str, str],
) -> tuple[_Raw, dict[str, str]]:
    """The rows of a file in any format, and its columns by the names known here.

    Raises:
        InputError: it is missing, in another format or damaged.
    """
    try:
        return _in_format(table, known, required, columns)
    except (OSError, ValueError, TypeError, pa.ArrowException, csv.Error) as error:
        raise InputError(
            f"cannot read the table {table}: {' '.join(str(error).split())}"
        ) from error


def _in_format(
    table: Path,
    known: Mapping[str, tuple[str, ...]],
    required: Sequence[str],
    columns: Mapping[str, str],
) -> tuple[_Raw, dict[str, str]]:
    match table.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            wanted = {*required, *(name for name, own in columns.items() if own)}
            best: tuple[_Raw, dict[str, str]] | None = None
            for raw in _delimited(table):
                mapping = _mapping(raw.columns, known, columns)
                if wanted and wanted <= mapping.keys():
                    return raw, mapping
                if best is None or len(raw.columns) > len(best[0].columns):
                    best = raw, mapping
            assert best is not None
            return best
        case ".parquet":
            content = pq.read_table(table)
            raw = _Raw(list(content.column_names), list(enumerate(content.to_pylist(), 1)))
        case ".jsonl" | ".ndjson":
            raw = _json_lines(table)
        case ".json":
            raw = _objects(table, _listed(json.loads(_text(table, [])), known))
        case ".xlsx" | ".xls" | ".ods":
            raise InputError(f"{table} is a workbook: save the sheet as CSV and name that")
        case _:
            raise InputError(
                f"{table} is not a table that can be read: use .csv, .tsv, .parquet, .json or "
                ".jsonl"
            )
    return raw, _mapping(raw.columns, known, columns)


def _mapping(
    found: Sequence[str], known: Mapping[str, tuple[str, ...]], columns: Mapping[str, str]
) -> dict[str, str]:
    """The table's own columns by the names known here, as far as it has them."""
    by_name: dict[str, list[str]] = {}
    for own in found:
        by_name.setdefault(plain(own), []).append(own)
    mapping: dict[str, str] = {}
    for name, others in known.items():
        if name in columns:
            if not columns[name]:
                continue
            wanted = columns[name]
            for own in [wanted] if wanted in found else by_name.get(plain(wanted), [])[:1]:
                mapping[name] = own
            continue
        taken = set(mapping.values()) | set(columns.values())
        for other in (name, *others):
            if len(by_name.get(other, ())) == 1 and by_name[other][0] not in taken:
                mapping[name] = by_name[other][0]
                break
    return mapping


def _lacking(table: Path, raw: _Raw, missing: Sequence[str], *, mapped: bool) -> str:
    """The error for columns that are not there, with those that are and the option that maps."""
    if any(Path(name).suffix.lower() in PICTURES for name in raw.columns):
        return (
            f"the first row of {table} already names a picture ({', '.join(raw.columns)[:80]}): "
            "add a row with the names of the columns above it, such as path,style"
        )
    cells = [cells for _, cells in raw.rows]
    guesses = {"path": column_of_paths(raw.columns, cells)} if "path" in missing else {}
    named = ",".join(f"{name}={_quoted(guesses.get(name) or '…')}" for name in missing)
    way_out = f"say which is which with --columns {named}" if mapped else "name its columns so"
    return (
        f"{table} needs {' and '.join(f'a column {name}' for name in missing)}; it has "
        f"{', '.join(raw.columns)}: {way_out}"
    )


def _quoted(column: str) -> str:
    return f'"{column}"' if " " in column or "," in column else column


def column_of_paths(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The column in which most cells of the first rows end as files of pictures do."""
    first = rows[:50]
    for name in columns:
        endings = [Path(str(cells.get(name) or "")).suffix.lower() for cells in first]
        if 2 * sum(ending in PICTURES for ending in endings) > len(endings):
            return name
    return None


def _text(table: Path, notes: list[str]) -> str:
    """The text of a table in UTF-8 or UTF-16, else as Windows wrote it in Western Europe."""
    data = table.read_bytes()
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        notes.append(f"{table.name} was read as UTF-16")
        return data.decode("utf-16")
    for encoding, start in (("utf-16-le", 1), ("utf-16-be", 0)):
        half = data[start:400:2]
        if len(half) > 2 and half.count(0) == len(half):  # every other byte: Latin letters
            notes.append(f"{table.name} was read as UTF-16")
            return data.decode(encoding)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append(f"{table.name} is no UTF-8 and was read as Windows-1252")
        return data.decode("cp1252", errors="replace")


def _delimited(table: Path) -> Iterator[_Raw]:
    """Rows by each delimiter in turn, the usual one first."""
    notes: list[str] = []
    text = _text(table, notes)
    usual = "\t" if table.suffix.lower() == ".tsv" else ","
    for delimiter in dict.fromkeys((usual, ",", ";", "\t", "|")):
        blanks = f"{delimiter} " in text.split("\n", 1)[0]
        lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=blanks
        )
        noted = (
            []
            if delimiter == usual
            else [f"The columns of {table.name} are divided by {delimiter!r}"]
        )
        raw = _Raw(notes=[*notes, *noted])
        with _long_cells():
            header = next(lines, [])
            raw.columns = [name.strip() for name in header]
            for number, cells in enumerate(lines, 2):
                if any(cell.strip() for cell in cells):
                    raw.rows.append((number, dict(zip(raw.columns, cells, strict=False))))
        yield raw


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let the cells of a table be long; the limit is the process's."""
    before = csv.field_size_limit(min(_MOST_BYTES_OF_A_CELL, sys.maxsize))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _listed(content: Any, known: Mapping[str, tuple[str, ...]]) -> Any:
    """JSON as a list of objects, whichever way pandas wrote it (``to_json(orient=…)``).

    ``split`` has columns and data, ``index`` an object a picture under its path, ``columns`` an
    object a column. FiftyOne has classes, and labels by picture, or ``samples``. Anything else is
    returned as it is.
    """
    if not isinstance(content, dict):
        return content
    if "classes" in content and isinstance(content.get("labels"), dict):
        names: dict[Any, Any] = dict(enumerate(content["classes"] or ()))
        cells = {
            path: label.get("label") if isinstance(label, dict) else label
            for path, label in content["labels"].items()
        }
        return [{"path": path, "style": names.get(cell, cell)} for path, cell in cells.items()]
    if isinstance(content.get("columns"), list) and isinstance(content.get("data"), list):
        names, index = content["columns"], content.get("index")
        rows = [dict(zip(names, row, strict=False)) for row in content["data"]]
        return (
            [{"": place, **row} for place, row in zip(index, rows, strict=False)] if index else rows
        )
    if not content or not all(isinstance(value, dict) for value in content.values()):
        lists = [value for value in content.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 else content
    paths = {"path", *known.get("path", ())}
    if any(plain(name) in paths for name in content):
        places = dict.fromkeys(place for column in content.values() for place in column)
        return [{name: column.get(at) for name, column in content.items()} for at in places]
    return [{"path": place, **row} for place, row in content.items()]


def _json_lines(table: Path) -> _Raw:
    notes: list[str] = []
    lines = _text(table, notes).splitlines()
    values: list[Any] = []
    for line in lines:
        try:
            values.append(json.loads(line) if line.strip() else "")
        except ValueError as error:
            values.append(error)
    raw = _objects(table, values)
    return _Raw(raw.columns, raw.rows, raw.skipped, notes)


def _objects(table: Path, values: Any) -> _Raw:
    """Rows of JSON objects; whatever else stands between them is set aside."""
    if not isinstance(values, list):
        raise InputError(f"{table} must hold a list of objects, one for each picture")
    raw = _Raw()
    for number, value in enumerate(values, 1):
        if isinstance(value, dict):
            raw.rows.append((number, {name: _label_within(cell) for name, cell in value.items()}))
            raw.columns += [name for name in value if name not in raw.columns]
        elif value != "":
            reason = f"no JSON ({value})" if isinstance(value, ValueError) else "no object"
            raw.skipped.append(Skipped(f"{table.name}, row {number}", reason))
    return raw


def _label_within(cell: Any) -> Any:
    """The label of an object that has one, as FiftyOne keeps it; any other cell as it is."""
    return cell["label"] if isinstance(cell, dict) and "label" in cell else cell

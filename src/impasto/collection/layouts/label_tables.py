"""Tables of labels as sources: one row a picture, with path and style.

Optional columns are artist, title, year and split. Rows that cannot be used are set aside by their
numbers; rows without a picture and pictures without a row are counted.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from impasto.collection.entries import (
    LIKELY_PICTURES,
    PICTURES,
    SYSTEM_FILES,
    Entry,
    LeftOut,
    Skipped,
    Source,
    entry_of,
    other_endings,
    side_of,
)
from impasto.collection.file_names import artist_slug, repair, year_of, year_range
from impasto.collection.layouts.picture_paths import (
    WORDS,
    Match,
    MatchKind,
    PathIndex,
    PictureFolder,
    cleaned,
    legible,
)
from impasto.collection.layouts.style_cells import CHOICES, Several, styles_in
from impasto.collection.layouts.table_rows import PICTURE_COLUMNS, LabelTable, TableRow, read_rows
from impasto.collection.vocabulary import plain
from impasto.errors import InputError
from impasto.numerics.formatting import count

_LONGEST_TITLE: Final = 300
_SYSTEMATIC: Final = 0.1
"""Share of rows with an unknown side from which the column is at fault, not the rows."""


@dataclass(slots=True)
class _TableReading:
    """A table on its way to entries."""

    table: LabelTable
    folder: PictureFolder
    several: Several
    skipped: list[Skipped] = field(default_factory=list)
    how: Counter[MatchKind] = field(default_factory=Counter)
    outside: int = 0
    repeated: list[str] = field(default_factory=list)
    multiple: list[str] = field(default_factory=list)

    def refuse(self, row: TableRow, reason: str) -> None:
        self.skipped.append(Skipped(self.table.row_name(row.number), reason))


def read_table(
    path: Path,
    folder: Path,
    columns: Mapping[str, str] | None = None,
    several: Several = "first",
    *,
    whole: bool = False,
) -> Source:
    """The pictures that a table names.

    Args:
        path: the table.
        folder: that its paths are relative to.
        columns: its own names of columns, by those known here.
        several: of the styles of a picture that has more than one.
        whole: whether all of the folder belongs to the table, so that every picture in it should
            have a row; else only the folders in which pictures were found do.

    Raises:
        InputError: the table cannot be read, lacks a column, or names no picture that is there.
    """
    table = read_rows(path, PICTURE_COLUMNS, ("path", "style"), columns)
    reading = _TableReading(table, PictureFolder(folder), several)
    reading.skipped.extend(table.skipped)
    _check_sides(table)
    rows = _rows_by_picture(reading)
    entries: list[Entry] = []
    for id_, (place, group) in rows.items():
        entries += _entries(reading, id_, place, group)
    styles = tuple(sorted({entry.style for entry in entries}))
    return Source(
        tuple(entries),
        styles,
        left_out=_beside(reading, rows, whole=whole),
        skipped=tuple(reading.skipped),
        notes=(*table.notes, *_notes(reading)),
    )


def enriched(source: Source, path: Path, columns: Mapping[str, str] | None = None) -> Source:
    """Add a table's artists, titles, years and sides to the entries that its paths name.

    Raises:
        InputError: the table cannot be read, or no path in it names a picture.
    """
    table = read_rows(path, PICTURE_COLUMNS, ("path",), columns)
    reading = _TableReading(table, PictureFolder(path.parent), "first")
    reading.skipped.extend(table.skipped)
    _check_sides(table)
    index = PathIndex(entry.id for entry in source.entries)
    found: dict[str, TableRow] = {}
    unmatched: list[str] = []
    for row in table.rows:
        match = index.find(row.text("path"))
        if match is None:
            unmatched.append(f"{table.row_name(row.number)}: {row.text('path')[:80]}")
        elif match.path in found:
            reading.repeated.append(table.row_name(row.number))
        else:
            reading.how[match.how] += 1
            found[match.path] = row
    if not found:
        raise InputError(
            f"no row of {path} names a picture in {path.parent}; the first, "
            f"{unmatched[0] if unmatched else 'none'}: correct its paths, or rename the table"
        )
    entries = tuple(
        _described(entry, found[entry.id]) if entry.id in found else entry
        for entry in source.entries
    )
    left_out = list(source.left_out)
    if unmatched:
        left_out.append(
            LeftOut(
                f"rows of {path.name} without a picture",
                tuple(unmatched),
                way_out="correct their paths",
            )
        )
    without = len(source.entries) - len(found)
    missing = (f"{without} of {len(source.entries)} pictures have no row in {path.name}",)
    return replace(
        source,
        entries=entries,
        left_out=tuple(left_out),
        skipped=(*source.skipped, *reading.skipped),
        notes=(*source.notes, *table.notes, *_notes(reading), *(missing if without else ())),
    )


def _rows_by_picture(reading: _TableReading) -> dict[str, tuple[str, list[TableRow]]]:
    """File and rows of each picture by its id, in the order of the table.

    Raises:
        InputError: no picture was found.
    """
    found: dict[str, tuple[Match, list[TableRow]]] = {}
    first: str | None = None
    for row in reading.table.rows:
        cell = row.text("path")
        if _unknown_side(row):
            side = row.text("split")
            reading.refuse(row, f"the split {side!r} is none of train, validation, test")
            continue
        if not cell:
            reading.refuse(row, "no path is given")
            continue
        match = None if "://" in cell[:12] else reading.folder.find(cell)
        if match is None:
            first = first or cell
            reading.skipped.append(_missing(reading, row, cell))
        elif match.path in found:
            found[match.path][1].append(row)
        else:
            reading.how[match.how] += 1
            found[match.path] = match, [row]
    if not found:
        raise InputError(_none_found(reading, first))
    return _with_ids(reading, {path: rows for path, (_, rows) in found.items()})


def _with_ids(
    reading: _TableReading, rows: Mapping[str, list[TableRow]]
) -> dict[str, tuple[str, list[TableRow]]]:
    """Rows by id: the path within the folder; pictures outside get one without their folder."""
    outside = {path for path in rows if path.startswith("/") or Path(path).is_absolute()}
    reading.outside = len(outside)
    top = Path(_common_folder(outside)) if outside else Path()
    result: dict[str, tuple[str, list[TableRow]]] = {}
    for path, group in rows.items():
        if path in outside:
            id_ = legible(f"elsewhere/{Path(path).relative_to(top).as_posix()}")
            result[id_] = path, group
        else:
            result[legible(path)] = str(reading.folder.folder / path), group
    return result


def _common_folder(paths: Iterable[str]) -> str:
    """The folder that all files lie in or below."""
    folders = {Path(path).parent for path in paths}
    common = min(folders)
    while not all(folder.is_relative_to(common) for folder in folders):
        common = common.parent
    return str(common)


def _missing(reading: _TableReading, row: TableRow, cell: str) -> Skipped:
    name = reading.table.row_name(row.number)
    if "://" in cell[:12] or cell.startswith("data:"):
        return Skipped(name, "its path is an address: pictures are not fetched")
    shown = cell if len(cell) <= 100 else cell[:100] + "…"
    try:
        is_folder = (reading.folder.folder / cleaned(cell)).is_dir()
    except (OSError, ValueError):
        return Skipped(name, f"its path names no file: {shown!r}")
    return Skipped(name, f"{shown} is a folder" if is_folder else f"no such file: {shown}")


def _none_found(reading: _TableReading, first: str | None) -> str:
    """The error where a table names no picture that is there."""
    table, folder = reading.table, reading.folder
    if first is None:
        kinds = "; ".join(dict.fromkeys(one.reason for one in reading.skipped[:5]))
        return f"{table.path} names no picture: {kinds}"
    shown = first if len(first) <= 100 else first[:100] + "…"
    if "://" in first[:12]:
        return (
            f"no picture of {table.path} was found: the first, {shown}, is an address: pictures "
            "are not fetched: download them, and give their paths"
        )
    text = (
        f"no picture of {table.path} was found: the first, {shown!r}, was looked for in "
        f"{folder.folder}"
    )
    if (alike := folder.index.with_tail(first)) is not None:
        return f"{text}, where {alike} is: correct the column of paths"
    return f"{text}: name the folder of the pictures, with --labels {table.path}"


def _check_sides(table: LabelTable) -> None:
    """Refuse a column of sides that mostly says something else.

    Raises:
        InputError: naming all the words in it that are no sides.
    """
    unknown = Counter(row.text("split") for row in table.rows if _unknown_side(row))
    if unknown.total() > max(1, _SYSTEMATIC * len(table.rows)):
        words = ", ".join(f"{word!r} ({n} rows)" for word, n in unknown.most_common(10))
        raise InputError(
            f"{table.path}: the splits {words} are none of train, validation, test: rename them, "
            "or leave the column out with --columns split="
        )


def _unknown_side(row: TableRow) -> bool:
    side = row.text("split")
    return bool(side) and side_of(side) is None


def _entries(reading: _TableReading, id_: str, place: str, rows: Sequence[TableRow]) -> list[Entry]:
    """The entries of one picture: one, or one for each style by choice."""
    named: dict[str, str] = {}
    for row in rows:
        styles = styles_in(row.cells.get("style"))
        new = [style for style in styles if plain(style) not in named]
        if not styles:
            reading.refuse(row, f"no style is given: {id_}")
        elif row is not rows[0] and not new:
            reading.repeated.append(reading.table.row_name(row.number))
        named |= {plain(style): style for style in new}
    several = list(named.values())
    if len(several) > 1:
        reading.multiple.append(id_)
        if reading.several == "skip":
            reading.skipped.append(Skipped(id_, f"several styles: {', '.join(several)}"))
            return []
        if reading.several == "first":
            several = several[:1]
    entries = []
    for number, style in enumerate(several, 1):
        entry = _described(entry_of(id_, style, Path(place)), rows[0])
        entries.append(replace(entry, id=id_ if number == 1 else f"{id_}#{number}"))
    return entries


def _described(entry: Entry, row: TableRow) -> Entry:
    """The entry with artist, title, year and side, where the table has those columns."""
    changes: dict[str, Any] = {}
    if "artist" in row.cells:
        changes["artist"] = artist_slug(row.text("artist"))
    if title := " ".join(repair(row.text("title")).split()):
        changes["title"] = title[:_LONGEST_TITLE]
    if date := row.text("year"):
        changes["year"] = year_of(date) or entry.year
    if side := row.text("split"):
        changes["split"] = side_of(side)
    return replace(entry, **changes)


def _notes(reading: _TableReading) -> list[str]:
    """Notes on how the table was read, where that is not plain to see."""
    name, notes = reading.table.path.name, []
    for how, words in WORDS.items():
        if often := reading.how[how]:
            found = count(often, f"path of {name} was", f"paths of {name} were")
            notes.append(f"{found} found {words}")
    if reading.outside:
        outside = count(reading.outside, f"picture of {name} lies", f"pictures of {name} lie")
        notes.append(f"{outside} outside {reading.folder.folder}")
    if reading.repeated:
        first = reading.repeated[0]
        repeated = count(len(reading.repeated), "row repeats", "rows repeat")
        notes.append(f"{repeated} another one; the first, {first}")
    if reading.multiple:
        of = len(reading.multiple)
        multiple = count(of, f"picture of {name} has", f"pictures of {name} have")
        notes.append(
            f"{multiple} several styles, as {reading.multiple[0]}: "
            f"{CHOICES[reading.several]} (--several first, all or skip)"
        )
    return [*notes, *_years(reading.table)]


def _years(table: LabelTable) -> list[str]:
    """Notes on dates that are more or less than a year."""
    dates = [date for row in table.rows if (date := row.text("year")) and date.lower() != "nan"]
    unread = [date for date in dates if year_of(date) is None]
    ranges = [date for date in dates if year_of(date) is not None and not _is_year(date)]
    name, notes = table.path.name, []
    if ranges:
        found = count(len(ranges), f"date of {name} is", f"dates of {name} are")
        notes.append(f"{found} no plain year, as {ranges[0][:40]!r}: its first year was taken")
    if unread:
        found = count(len(unread), f"date of {name} gives", f"dates of {name} give")
        notes.append(f"{found} no year, or too long a range, as {unread[0][:40]!r}: left empty")
    return notes


def _is_year(date: str) -> bool:
    found = year_range(date)
    return found is not None and date.removesuffix(".0") == str(found[0])


def _beside(reading: _TableReading, ids: Collection[str], *, whole: bool) -> tuple[LeftOut, ...]:
    """Pictures without a row and files of other endings, where the table's pictures lie."""
    folder, table = reading.folder, reading.table.path
    tops = {id_.partition("/")[0] if "/" in id_ else "" for id_ in ids} - {"elsewhere"}
    files: list[str] = []
    if whole:
        files += folder.files()
    else:
        for top in sorted(tops):
            files += folder.files(top, deep=top != "")
    named = set(ids)
    without, endings = [], defaultdict(list)
    for path in map(legible, files):
        ending = Path(path).suffix.lower()
        if ending in PICTURES and path not in named:
            without.append(path)
        elif ending in LIKELY_PICTURES and Path(path).name.casefold() not in SYSTEM_FILES:
            endings[ending].append(path)
    left_out = []
    if without:
        words = f"pictures without a row in {table.name}"
        left_out.append(LeftOut(words, tuple(without), way_out="give them a row"))
    if folder.linked:
        left_out.append(
            LeftOut("linked folders, not followed", tuple(folder.linked), way_out="name them")
        )
    return (*left_out, *other_endings(endings))

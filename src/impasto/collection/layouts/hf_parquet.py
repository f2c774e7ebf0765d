"""Hugging Face data sets in parquet as a source, with labels as ClassLabel numbers.

``huggan/wikiart`` has the columns image, artist, genre and style; the names behind the numbers
stand in the schema's metadata (https://huggingface.co/docs/datasets/about_dataset_features). Only
the label columns are read here; the pictures are read row group by row group when they are decoded,
from disk or through an address.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from impasto.collection.entries import Entry, Skipped, Source, side_of
from impasto.collection.file_names import artist_slug, year_of
from impasto.collection.layouts.style_cells import CHOICES, Several, styles_in
from impasto.collection.layouts.table_rows import PICTURE_COLUMNS
from impasto.collection.vocabulary import plain
from impasto.errors import InputError

_IMAGE_NAMES = ("image", "img", "picture", "photo")
_LABELS = ("style", "artist", "title", "year", "split")


@dataclass(slots=True)
class _ParquetReading:
    """Files of a data set on their way to entries.

    ``missing`` counts rows that hold the path of a picture which is not there.
    """

    columns: Mapping[str, str]
    several: Several
    root: str
    entries: list[Entry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    styles: set[str] = field(default_factory=set)
    notes: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


def found_in(path: Path) -> bool:
    """Whether a folder, or ``data/`` in it, holds parquet files with a column of pictures.

    Raises:
        InputError: it holds a data set in another form, whose pictures cannot be read.
    """
    files = _files(path)
    if not files and (arrow := sorted([*path.glob("*.arrow"), *path.glob("*/*.arrow")])):
        raise InputError(
            f"{arrow[0]} was written by save_to_disk: write it with to_parquet, and name the "
            "folder of those files"
        )
    return any(holds_pictures(file) for file in files[:1])


def holds_pictures(file: Path) -> bool:
    """Whether a parquet file has a column of pictures and not only of paths."""
    if file.suffix.lower() != ".parquet" or not file.is_file():
        return False
    try:
        return _image_column(pq.read_schema(file)) is not None
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(str(file), error) from error


def _unreadable(place: str, error: Exception) -> InputError:
    if "://" not in place and Path(place).is_file():
        with Path(place).open("rb") as stream:
            if stream.read(40).startswith(b"version https://git-lfs"):
                return InputError(
                    f"{place} is a pointer of Git LFS, not the data: run git lfs pull in its folder"
                )
    return InputError(f"cannot read {place}: {' '.join(str(error).split())}: download it again")


def _image_column(schema: pa.Schema, wanted: str = "") -> str | None:
    """The column of pictures: bytes, or bytes with a path; the one wanted, or named so, first."""
    found = [field.name for field in schema if _is_image(field.type)]
    names = [name for name in (wanted, *_IMAGE_NAMES) if name in found]
    return (names or found or [None])[0]


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return bool(kind.get_field_index("bytes") >= 0)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def read_parquet_folder(
    path: Path, columns: Mapping[str, str] | None = None, several: Several = "first"
) -> Source:
    """The pictures of a data set in a folder."""
    return read_parquet_files([str(file) for file in _files(path)], columns, several)


def read_parquet_files(
    places: Sequence[str],
    columns: Mapping[str, str] | None = None,
    several: Several = "first",
) -> Source:
    """The pictures of a data set by the paths or addresses of its files, in that order.

    Args:
        places: paths or addresses.
        columns: the files' own names of columns, by those known here; ``path`` is the pictures'.
        several: of the styles of a picture that has more than one.

    Raises:
        InputError: a file is damaged, lacks a column of pictures or styles, a label has no name, or
            the files hold paths of pictures none of which is there.
    """
    reading = _ParquetReading(columns or {}, several, _shared_folder(places))
    for place in places:
        try:
            with fsspec.open(place, "rb") as stream:
                _read_file(pq.ParquetFile(stream), place, reading)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(place, error) from error
    if reading.missing and not reading.entries:
        raise InputError(
            f"{places[0]} holds paths of pictures and not the pictures, and none of them is there; "
            f"the first, {reading.missing[0]}: put them there, or embed them when the data set is "
            "written (datasets: embed_external_files)"
        )
    return Source(
        tuple(reading.entries),
        tuple(sorted(reading.styles | {entry.style for entry in reading.entries if entry.style})),
        skipped=tuple(reading.skipped),
        notes=tuple(text.replace("{n}", str(count)) for text, count in reading.notes.items()),
    )


def read_row_group(place: str, group: int, image: str) -> list[bytes]:
    """The pictures' files in one row group's column ``image``; empty bytes where there is none.

    Raises:
        InputError: it is damaged or cannot be reached.
    """
    try:
        with fsspec.open(place, "rb") as stream:
            column = (
                pq.ParquetFile(stream)
                .read_row_group(group, columns=[image])
                .column(image)
                .to_pylist()
            )
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"cannot read row group {group} of {place} ({reason}): run again to go on from here"
        ) from error
    return [
        (value or {}).get("bytes") or b"" if isinstance(value, dict) else bytes(value or b"")
        for value in column
    ]


def _read_file(file: pq.ParquetFile, place: str, reading: _ParquetReading) -> None:
    """Add the entries of one file."""
    schema = file.schema_arrow
    image = _image_column(schema, reading.columns.get("path", ""))
    mapped = _label_columns(schema, reading.columns)
    if image is None or "style" not in mapped:
        lacking = "a column of pictures" if image is None else "a column style"
        has = ", ".join(f"{field.name} ({field.type})" for field in schema)
        raise InputError(
            f"{place} needs {lacking}; it has {has[:400]}: say which is which with "
            "--columns path=…,style=…"
        )
    if mapped["style"] != "style":
        reading.notes[f"The column {mapped['style']!r} was read as style"] += 1
    names = _class_names(schema)
    reading.styles |= set(names.get(mapped["style"], ()))
    if mapped["style"] not in names and pa.types.is_integer(schema.field(mapped["style"]).type):
        reading.notes["The styles are numbers: the file does not hold the names behind them"] += 1
    number = 0
    for group in range(file.num_row_groups):
        values = file.read_row_group(group, columns=list(mapped.values())).to_pylist()
        paths = _paths(file, group, image, len(values))
        for row, cells in enumerate(values):
            id_ = f"{_stem(place, reading)}/{number:06d}"
            number += 1
            entry = _entry(id_, cells, mapped, names, place)
            if paths[row] is not None:
                found = _beside(place, paths[row] or "")
                if found is None:
                    reading.missing.append(paths[row] or "")
                    reading.skipped.append(Skipped(id_, f"no such file: {paths[row]}"))
                    continue
                entry = replace(entry, place=str(found))
            else:
                entry = replace(entry, row=(group, row), column=image)
            reading.entries += _by_style(entry, cells[mapped["style"]], names, mapped, reading)


def _stem(place: str, reading: _ParquetReading) -> str:
    """A file within its data set: the hub has 0000.parquet in every folder."""
    return place.removeprefix(reading.root).strip("/").removesuffix(".parquet")


def _label_columns(schema: pa.Schema, columns: Mapping[str, str]) -> dict[str, str]:
    """The file's own columns of labels by the names known here."""
    by_name = {plain(name): name for name in reversed(schema.names)}
    mapped = {}
    for known in _LABELS:
        if known in columns:
            if columns[known] in schema.names:
                mapped[known] = columns[known]
            continue
        for other in (known, *PICTURE_COLUMNS[known]):
            if other in by_name and not _is_image(schema.field(by_name[other]).type):
                mapped[known] = by_name[other]
                break
    return mapped


def _paths(file: pq.ParquetFile, group: int, image: str, rows: int) -> list[str | None]:
    """Paths in place of pictures, ``None`` where the picture itself is there."""
    kind = file.schema_arrow.field(image).type
    metadata = file.metadata.row_group(group)
    chunks = [metadata.column(place) for place in range(metadata.num_columns)]
    held = next((one for one in chunks if one.path_in_schema == f"{image}.bytes"), None)
    if held is None or not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return [None] * rows
    if held.statistics is not None and held.statistics.null_count == 0:
        return [None] * rows
    known = file.read_row_group(group, columns=[f"{image}.path"]).column(image).to_pylist()
    if held.statistics is None or held.statistics.null_count < rows:
        cells = file.read_row_group(group, columns=[f"{image}.bytes"]).column(image).to_pylist()
        known = [
            None if (cell or {}).get("bytes") else path
            for cell, path in zip(cells, known, strict=True)
        ]
    return [(cell or {}).get("path") if isinstance(cell, dict) else None for cell in known]


def _beside(place: str, path: str) -> Path | None:
    """A picture by its path in a file: absolute, or from the file's folder or one above it."""
    if "://" in place:
        return None
    for folder in (Path(place).parent, Path(place).parent.parent):
        try:
            if (folder / path).is_file():
                return folder / path
        except (OSError, ValueError):
            return None
    return None


def _entry(
    id_: str,
    cells: Mapping[str, Any],
    mapped: Mapping[str, str],
    names: dict[str, list[str]],
    place: str,
) -> Entry:
    """The entry of one row, without its style."""
    parts = place.removesuffix(".parquet").split("/")[:-3:-1]  # the file's name, then its folder's
    words = [part.removeprefix("partial-").split("-")[0] for part in parts]
    side = next((named for word in words if (named := side_of(word))), None)
    values = {known: cells.get(own) for known, own in mapped.items()}
    artist = _name(values.get("artist"), names.get(mapped.get("artist", "")), place)
    title = values.get("title")
    return Entry(
        id=id_,
        style="",
        place=place,
        split=side_of(str(values["split"])) if "split" in values else side,
        artist=artist_slug(artist),
        title=None if title is None else str(title),
        year=year_of(values.get("year")),
    )


def _by_style(
    entry: Entry,
    cell: Any,
    names: dict[str, list[str]],
    mapped: Mapping[str, str],
    reading: _ParquetReading,
) -> list[Entry]:
    """The entry with its style, or by choice with each of several; an empty one where unknown."""
    known = names.get(mapped["style"])
    several = cell if isinstance(cell, list) else [cell]
    named: list[str] = []
    for one in several:
        if known is None or isinstance(one, str):
            named += styles_in(one)
        elif (name := _name(one, known, entry.place or "")) is not None:
            named.append(name)
    styles = list(dict.fromkeys(named)) or [""]
    if len(styles) > 1:
        reading.notes[
            f"{{n}} pictures have several styles: {CHOICES[reading.several]} "
            "(--several first, all or skip)"
        ] += 1
        if reading.several == "skip":
            reading.skipped.append(Skipped(entry.id, f"several styles: {', '.join(styles)}"))
            return []
        if reading.several == "first":
            styles = styles[:1]
    return [
        replace(entry, style=style, id=entry.id if number == 1 else f"{entry.id}#{number}")
        for number, style in enumerate(styles, 1)
    ]


def _shared_folder(places: Sequence[str]) -> str:
    """The folder that all files lie below, at an address too."""
    levels = zip(*(place.split("/")[:-1] for place in places), strict=False)
    return "/".join(level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels))


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names behind ClassLabel numbers, by column."""
    try:
        features = (
            json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
            .get("info", {})
            .get("features", {})
        )
    except ValueError:
        return {}
    labels = {
        name: feature for name, feature in features.items() if isinstance(feature, dict)
    }  # others are lists
    return {
        name: list(feature["names"]) for name, feature in labels.items() if feature.get("names")
    }


def _name(value: Any, names: list[str] | None, place: str) -> str | None:
    if value is None or names is None or isinstance(value, str):
        return None if value is None else str(value)
    if value == -1:  # how ClassLabel says that nobody labelled it
        return None
    if not 0 <= int(value) < len(names):
        raise InputError(
            f"{place}: the label {value} has no name: the file's metadata names {len(names)}"
        )
    return names[int(value)]


def _files(path: Path) -> list[Path]:
    return sorted(
        {*path.glob("*.parquet"), *path.glob("data/*.parquet"), *path.glob("*/*.parquet")}
    )

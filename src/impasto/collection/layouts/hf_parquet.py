"""Hugging Face data sets in parquet as a source, with labels as ClassLabel numbers.

``huggan/wikiart`` has the columns image, artist, genre and style; the names behind the numbers
stand in the schema's metadata (https://huggingface.co/docs/datasets/about_dataset_features). Only
the label columns are read here; the pictures are read row group by row group when they are decoded,
from disk or through an address.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from impasto.collection.entries import Entry, Source, side_of
from impasto.collection.file_names import artist_slug, year_of
from impasto.errors import InputError


def found_in(path: Path) -> bool:
    """Whether a folder, or ``data/`` in it, holds parquet files with a column of pictures."""
    return any(holds_pictures(file) for file in _files(path)[:1])


def holds_pictures(file: Path) -> bool:
    """Whether a parquet file holds pictures and not only paths."""
    if file.suffix.lower() != ".parquet" or not file.is_file():
        return False
    try:
        return "image" in pq.read_schema(file).names
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"cannot read {file}: {' '.join(str(error).split())}: download it again"
        ) from error


def read_parquet_folder(path: Path) -> Source:
    """The pictures of a data set in a folder."""
    return read_parquet_files([str(file) for file in _files(path)])


def read_parquet_files(places: Sequence[str]) -> Source:
    """The pictures of a data set by the paths or addresses of its files, in that order.

    Raises:
        InputError: a file is damaged, lacks the columns image and style, or a label has no name.
    """
    entries: list[Entry] = []
    styles: set[str] = set()
    root = _shared_folder(places)
    for place in places:
        try:
            with fsspec.open(place, "rb") as stream:
                file = pq.ParquetFile(stream)
                names = _class_names(file.schema_arrow)
                if not {"image", "style"} <= set(file.schema_arrow.names):
                    raise InputError(f"{place} needs the columns image and style")
                styles |= set(names.get("style", ()))
                entries += _entries(file, place, root, names)
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"cannot read {place}: {' '.join(str(error).split())}") from error
    styles |= {entry.style for entry in entries if entry.style}
    return Source(tuple(entries), tuple(sorted(styles)))


def read_row_group(place: str, group: int) -> list[bytes]:
    """The pictures' files in one row group, in order; empty bytes where there is none.

    Raises:
        InputError: it is damaged or cannot be reached.
    """
    try:
        with fsspec.open(place, "rb") as stream:
            column = (
                pq.ParquetFile(stream)
                .read_row_group(group, columns=["image"])
                .column("image")
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


def _entries(
    file: pq.ParquetFile, place: str, root: str, names: dict[str, list[str]]
) -> Iterator[Entry]:
    columns = [
        name
        for name in ("style", "artist", "title", "year", "split")
        if name in file.schema_arrow.names
    ]
    stem = (
        place.removeprefix(root).strip("/").removesuffix(".parquet")
    )  # the hub has 0000.parquet in every folder
    parts = place.removesuffix(".parquet").split("/")[
        :-3:-1
    ]  # the file's name first, then its folder's
    words = [part.removeprefix("partial-").split("-")[0] for part in parts]
    side = next((named for word in words if (named := side_of(word))), None)
    number = 0
    for group in range(file.num_row_groups):
        for row, values in enumerate(file.read_row_group(group, columns=columns).to_pylist()):
            artist, title = (
                _name(values.get("artist"), names.get("artist"), place),
                values.get("title"),
            )
            yield Entry(
                id=f"{stem}/{number:06d}",
                style=_name(values["style"], names.get("style"), place) or "",
                place=place,
                row=(group, row),
                split=side_of(str(values["split"])) if "split" in values else side,
                artist=artist_slug(artist),
                title=None if title is None else str(title),
                year=year_of(values.get("year")),
            )
            number += 1


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

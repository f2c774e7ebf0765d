"""Sources: every layout of labelled pictures as one list of entries.

Folders of styles, train and test folders, tables (CSV, parquet, JSON lines), the official WikiArt
lists and Hugging Face data sets are told apart here and read by the module of their name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from impasto.collection.file_names import read_name
from impasto.errors import InputError

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
SIDES: Final[Mapping[str, str]] = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
LAYOUTS: Final = (
    "<Style>/*.jpg, train/<Style>/*.jpg with test/<Style>/*.jpg, a table (csv, parquet, jsonl) with path and style, "
    "the WikiArt lists (style_train.csv, style_val.csv, style_class.txt), or a Hugging Face data set in parquet"
)


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


@dataclass(frozen=True, slots=True)
class Source:
    """Everything a source says before its pictures are opened.

    Attributes:
        entries: in the order of the table or list; those of folders sorted by id.
        styles: names that the source lists, also those without a picture.
        aliases: other spellings of styles.
        ignored: files that are no pictures.
        mismatches: what the source's parts disagree on, in words.
    """

    entries: tuple[Entry, ...]
    styles: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignored: int = 0
    mismatches: tuple[str, ...] = ()


def read_source(source: Path | str | Sequence[Path | str], labels: Path | None = None) -> Source:
    """The entries of a source in any layout.

    Args:
        source: a folder, a table, a Hugging Face name (``hf:owner/name``), or several folders: one
            with training and one with test pictures.
        labels: a table of labels for the pictures in the folder ``source``.

    Raises:
        InputError: it is missing, in no known layout, or names fewer than two styles.
    """
    from impasto.collection.layouts import folders  # noqa: PLC0415 – they import Entry
    from impasto.collection.layouts import hf_hub as hub  # noqa: PLC0415 – they import Entry
    from impasto.collection.layouts import hf_parquet as parquet  # noqa: PLC0415 – they import Entry
    from impasto.collection.layouts import label_tables as tables  # noqa: PLC0415 – they import Entry
    from impasto.collection.layouts import wikiart_lists as lists  # noqa: PLC0415 – they import Entry

    if not isinstance(source, Path | str):
        found = folders.read_several([Path(part) for part in source])
    elif str(source).startswith("hf:"):
        found = hub.read_hub(str(source).removeprefix("hf:"))
    else:
        path = Path(source)
        if labels is not None:
            found = tables.read_table(labels, path)
        elif path.is_file():
            found = tables.read_table(path, path.parent)
        elif not path.is_dir():
            raise InputError(
                f"no folder or file {path}: name a source in one of these layouts: {LAYOUTS}"
            )
        elif lists.found_in(path):
            found = lists.read_lists(path)
        elif parquet.found_in(path):
            found = parquet.read_parquet_folder(path)
        else:
            found = folders.read_folder(path)
    if not found.entries:
        raise InputError(
            f"no labelled pictures in {source}; the layouts that can be read are: {LAYOUTS}"
        )
    if len(styles := {entry.style for entry in found.entries}) < 2:
        raise InputError(
            f"all pictures in {source} are of one style ({styles.pop()}): two or more are needed"
        )
    return found


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

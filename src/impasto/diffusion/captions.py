"""Captions, from labels by a template or from a user's table."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

from impasto.collection.collection import Collection
from impasto.errors import InputError, SettingsError

FIELDS: Final = ("style", "artist", "title", "year")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_FIELD: Final = re.compile(r"\{(\w*)\}")
_READERS: Final = {".csv": pc.read_csv, ".parquet": pq.read_table, ".jsonl": pj.read_json}


def spoken(name: str) -> str:
    """The style's name as in a sentence: ``art nouveau modern`` for ``Art_Nouveau_Modern``."""
    return name.replace("_", " ").replace("-", " ").strip().lower()


def fill(template: str, fields: Mapping[str, Any]) -> str:
    """Fill in a template's ``{fields}``; a part in [brackets] goes if one of its fields is unknown.

    Raises:
        SettingsError: it names a field that there is not, or one outside brackets that is not
            known.
    """
    named = _FIELD.findall(template)
    if strangers := sorted(set(named) - fields.keys()):
        raise SettingsError(
            f"the template {template!r} names {strangers[0]!r}: the fields are "
            f"{', '.join(sorted(fields))}"
        )

    def part(found: re.Match[str]) -> str:
        known = all(fields[name] is not None for name in _FIELD.findall(found.group(1)))
        return found.group(1) if known else ""

    kept = _OPTIONAL.sub(part, template)
    if missing := [name for name in _FIELD.findall(kept) if fields[name] is None]:
        raise SettingsError(
            f"the template {template!r} needs a {missing[0]} for every painting: put it in "
            "[brackets]"
        )
    return " ".join(_FIELD.sub(lambda found: str(fields[found.group(1)]), kept).split())


def template_captions(collection: Collection, template: str) -> list[str]:
    """The caption of every painting, in the collection's order.

    Raises:
        SettingsError: as for ``fill``.
    """
    columns = zip(*(collection.column(name) for name in FIELDS), strict=True)
    return [
        fill(template, {
            "style": spoken(style),
            "artist": spoken(artist).title() if artist else None,
            "title": str(title) if title else None,
            "year": year,
        })
        for style, artist, title, year in columns
    ]  # fmt: skip


def table_captions(collection: Collection, path: Path) -> list[str]:
    """Read a table of ``id`` (or ``path``) and ``caption``; captions in the collection's order.

    Raises:
        InputError: it cannot be read, lacks a column, or has no caption for a painting.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path} is no table of captions: give a csv, parquet or jsonl file with id and caption"
        )
    try:
        table = reader(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"cannot read the captions in {path}: {' '.join(str(error).split())}"
        ) from error
    key = next((name for name in ("id", "path") if name in table.column_names), None)
    if key is None or "caption" not in table.column_names:
        raise InputError(
            f"{path} needs the columns id and caption; it has {', '.join(table.column_names)}"
        )
    known = dict(zip(table[key].to_pylist(), table["caption"].to_pylist(), strict=True))
    ids: Sequence[str] = collection.column("id")
    if missing := [name for name in ids if not known.get(name)]:
        raise InputError(
            f"{path} has no caption for {len(missing)} of {len(ids)} paintings, {missing[0]} the "
            "first: add them"
        )
    return [str(known[name]) for name in ids]

"""Captions, from labels by a template or from a user's table."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from impasto.collection.collection import Collection
from impasto.collection.layouts.training_folders import by_names, caption_rows, read_captions
from impasto.errors import InputError, SettingsError

STYLED: Final = "a painting in the style of {style}[, {prompt}]"
"""Style and prompt as one caption; the style first, so it is never what is cut off."""
FIELDS: Final = ("style", "artist", "title", "year")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_FIELD: Final = re.compile(r"\{(\w*)\}")
_ENDINGS: Final = frozenset([".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"])


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


def style_words(style: str, trigger: str | None) -> str:
    """The words for a style in captions and prompts: the trigger word, or the style's name."""
    return trigger or spoken(style)


def template_captions(
    collection: Collection, rows: Iterable[int], template: str, trigger: str | None = None
) -> dict[int, str]:
    """Captions of paintings by their rows, from their labels.

    Raises:
        SettingsError: as for ``fill``.
    """
    columns = [collection.column(name) for name in FIELDS]
    captions = {}
    for row in map(int, rows):
        style, artist, title, year = (column[row] for column in columns)
        captions[row] = fill(template, {
            "style": style_words(style, trigger),
            "artist": spoken(artist).title() if artist else None,
            "title": str(title) if title else None,
            "year": year,
        })  # fmt: skip
    return captions


def table_captions(collection: Collection, rows: Iterable[int], path: Path) -> dict[int, str]:
    """Read captions of paintings by their rows from a table, or from a folder of caption files.

    A table has a column of ids, paths or bare file names (``id``, ``path``, ``file_name``) and one
    of captions (``caption``, ``text``).

    Raises:
        InputError: it cannot be read, lacks a column, or has no caption for one of the paintings.
    """
    ids: Sequence[str] = collection.column("id")
    if path.is_dir():
        known = dict(read_captions(path, ids).by_id)
        if not known:
            raise InputError(
                f"no captions in {path}: it needs a .txt file for each picture, by the picture's "
                "path in its source"
            )
    elif path.suffix.lower() not in _ENDINGS:
        raise InputError(
            f"{path} is no table of captions: give a csv, parquet or jsonl file with id and "
            "caption, or a folder of .txt files"
        )
    else:
        found = caption_rows(path, lambda note: None)
        if found is None:
            raise InputError(
                f"{path} needs the columns id (or path, file_name) and caption (or text), and rows"
            )
        known, _ = by_names(found, ids)
    wanted = [int(row) for row in rows]
    if missing := [row for row in wanted if not known.get(ids[row])]:
        raise InputError(
            f"{path} has no caption for {len(missing)} of {len(wanted)} paintings, "
            f"{ids[missing[0]]} the first: add them"
        )
    return {row: known[ids[row]] for row in wanted}


def with_trigger(caption: str, trigger: str | None) -> str:
    """The caption with the trigger word first, where it lacks it."""
    if not trigger or trigger.casefold() in caption.casefold():
        return caption
    return f"{trigger}, {caption}"

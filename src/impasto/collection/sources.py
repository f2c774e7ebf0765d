"""Sources: every layout of labelled pictures as one list of entries.

Folders of styles, train and test folders, tables (CSV, parquet, JSON lines), the official WikiArt
lists and Hugging Face data sets are recognised here, and read by the module of their name.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from impasto.collection.entries import Source
from impasto.collection.layouts import (
    folders,
    hf_hub,
    hf_parquet,
    label_tables,
    training_folders,
    wikiart_lists,
)
from impasto.collection.vocabulary import plain
from impasto.errors import InputError

SourcePath = Path | str | Sequence[Path | str]
"""A folder, a table, a Hugging Face name (``hf:owner/name``), or a training and a test folder."""
LAYOUTS: Final = (
    "<Style>/*.jpg, train/<Style>/*.jpg with test/<Style>/*.jpg, a table (csv, parquet, jsonl) "
    "with path and style, the WikiArt lists (style_train.csv, style_val.csv, style_class.txt), "
    "or a Hugging Face data set in parquet"
)


def spelled(source: SourcePath) -> list[str]:
    """A source as absolute paths, the same from every working folder."""
    parts = [source] if isinstance(source, Path | str) else source
    return [str(Path(part).resolve()) if Path(part).exists() else str(part) for part in parts]


def require_source(source: SourcePath, labels: Path | str | None = None) -> None:
    """Refuse a source, or its table of labels, that is not there.

    Raises:
        InputError: naming it.
    """
    for part in [source] if isinstance(source, Path | str) else source:
        if not str(part).startswith("hf:") and not Path(part).exists():
            raise InputError(
                f"no folder or file {part}: name a source in one of these layouts: {LAYOUTS}"
            )
    if labels is not None and not Path(labels).is_file():
        raise InputError(f"no table of labels {labels}: give its path with labels=…")


def read_source(source: SourcePath, labels: Path | None = None) -> Source:
    """The entries of a source in any layout.

    Args:
        source: where the pictures or their names are.
        labels: a table of labels for the pictures in the folder ``source``.

    Raises:
        InputError: it is missing, in no known layout, or names fewer than two styles.
    """
    found = _read(source, labels)
    if not found.entries:
        raise InputError(
            f"no labelled pictures in {source}; the layouts that can be read are: {LAYOUTS}"
        )
    if len(styles := {entry.style for entry in found.entries}) < 2:
        raise InputError(
            f"all pictures in {source} are of one style ({styles.pop()}): two or more are needed "
            "to classify; to fine-tune on one, impasto train lora takes the folder itself"
        )
    return found


def read_to_fine_tune(source: SourcePath) -> Source:
    """The entries of a folder of pictures to fine-tune on, in which one style is enough.

    Raises:
        InputError: it is missing, or has no picture.
    """
    require_source(source)
    plain_folder = isinstance(source, Path | str) and Path(source).is_dir()
    if plain_folder and not _has_lists(Path(str(source))):
        return _merged(training_folders.read_training_folder(Path(str(source))))
    return read_source(source)


def _has_lists(path: Path) -> bool:
    return wikiart_lists.found_in(path) or hf_parquet.found_in(path)


def _read(source: SourcePath, labels: Path | None) -> Source:
    require_source(source, labels)
    if not isinstance(source, Path | str):
        found = folders.read_several([Path(part) for part in source])
    elif str(source).startswith("hf:"):
        found = hf_hub.read_hub(str(source).removeprefix("hf:"))
    else:
        path = Path(source)
        if labels is not None:
            found = label_tables.read_table(labels, path)
        elif path.is_file():
            found = label_tables.read_table(path, path.parent)
        elif wikiart_lists.found_in(path):
            found = wikiart_lists.read_lists(path)
        elif hf_parquet.found_in(path):
            found = hf_parquet.read_parquet_folder(path)
        else:
            found = folders.read_folder(path)
    return _merged(found)


def _merged(found: Source) -> Source:
    """The source with each style in one spelling: the most frequent, in NFC and trimmed."""
    spellings: dict[str, Counter[str]] = {}
    for name in found.styles:
        spellings.setdefault(plain(name), Counter())[name] += 0
    for entry in found.entries:
        if entry.style:
            spellings.setdefault(plain(entry.style), Counter())[entry.style] += 1
    chosen: dict[str, str] = {}
    notes = []
    for _, counts in sorted(spellings.items()):
        best = min(counts, key=lambda name: (-counts[name], name))
        style = unicodedata.normalize("NFC", best).strip()
        chosen |= dict.fromkeys(counts, style)
        if len(counts) > 1:
            others = ", ".join(repr(name) for name in sorted(counts) if name != style)
            notes.append(f"{style} is also spelled {others}: one style")
    if all(name == style for name, style in chosen.items()):
        return found
    aliases = {alias: chosen.get(style, style) for alias, style in found.aliases.items()}
    aliases |= {name: style for name, style in chosen.items() if name != style}
    return replace(
        found,
        entries=tuple(
            replace(entry, style=chosen.get(entry.style, entry.style)) for entry in found.entries
        ),
        styles=tuple(sorted({chosen[name] for name in found.styles})),
        aliases=aliases,
        notes=(*found.notes, *notes),
    )

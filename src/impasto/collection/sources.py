"""Sources: every layout of labelled pictures as one list of entries.

Folders of styles, train and test folders, tables (CSV, parquet, JSON lines), the official WikiArt
lists and Hugging Face data sets are recognised here, and read by the module of their name. Several
sources are merged; styles are renamed and brought to one spelling; decisions are applied last.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from impasto.collection.decisions import decided, renamed
from impasto.collection.entries import Entry, LeftOut, Skipped, Source, side_of
from impasto.collection.layouts import (
    folders,
    hf_hub,
    hf_parquet,
    label_tables,
    training_folders,
    wikiart_lists,
)
from impasto.collection.settings import PrepareSettings
from impasto.collection.vocabulary import plain
from impasto.config import parse
from impasto.errors import InputError
from impasto.files import read_json
from impasto.path_names import unused
from impasto.records.collection import CollectionRecord
from impasto.records.place import refuse_results
from impasto.records.record import first_error

SourcePath = Path | str | Sequence[Path | str]
"""A folder, a table, a collection, a Hugging Face name (``hf:owner/name``), or several of them."""
LAYOUTS: Final = (
    "<Style>/*.jpg, train/<Style>/*.jpg with test/<Style>/*.jpg, a table (csv, parquet, jsonl) "
    "with path and style, the WikiArt lists (style_train.csv, style_val.csv, style_class.txt), "
    "or a Hugging Face data set in parquet"
)


def spelled(source: SourcePath) -> list[str]:
    """A source as absolute paths, the same from every working folder."""
    parts = [source] if isinstance(source, Path | str) else source
    return [str(Path(part).resolve()) if Path(part).exists() else str(part) for part in parts]


def require_source(source: SourcePath, tables: Mapping[str, Path | str] | None = None) -> None:
    """Refuse a source, or a table beside it, that is not there.

    Args:
        source: where the pictures or their names are.
        tables: paths by the names of the settings that name them.

    Raises:
        InputError: naming it.
    """
    for part in [source] if isinstance(source, Path | str) else source:
        if not str(part).startswith("hf:") and not Path(part).exists():
            raise InputError(
                f"no folder or file {part}: name a source in one of these layouts: {LAYOUTS}"
            )
        refuse_results(Path(part))
    for name, table in (tables or {}).items():
        if not Path(table).is_file():
            words = name.replace("rename_styles", "names of styles")
            raise InputError(f"no table of {words} {table}: give its path with {name}=…")


def read_source(source: SourcePath, settings: PrepareSettings | None = None) -> Source:
    """The entries of a source in any layout.

    Args:
        source: where the pictures or their names are; of several sources, two folders are training
            and test, others are merged.
        settings: of ``prepare``, with the tables that name or change labels; the defaults where
            ``None``.

    Raises:
        InputError: it is missing, in no known layout, or names fewer than two styles.
    """
    settings = settings or PrepareSettings()
    require_source(source, settings.tables())
    parts = [source] if isinstance(source, Path | str) else list(source)
    if settings.labels is not None and len(parts) > 1:
        raise InputError("labels=… is for one folder of pictures: name that one")
    if len(parts) == 1:
        found = _read(parts[0], settings)
    elif len(parts) == 2 and not settings.merge and all(map(_is_folder_of_styles, parts)):
        training, test = map(Path, parts)
        found = folders.read_two_sides(training, test)
        if (side_of(training.name), side_of(test.name)) != ("train", "test"):
            note = f"{training} was read as training and {test} as test (--merge makes them one)"
            found = replace(found, notes=(*found.notes, note))
    else:
        found = merged([(Path(str(part)), _read(part, settings)) for part in parts])
    if settings.rename_styles is not None:
        found = renamed(found, Path(settings.rename_styles))
    found = _one_spelling(found)
    if settings.decisions is not None:
        found = decided(found, Path(settings.decisions))
    where = " and ".join(map(str, parts))
    if not any(entry.style for entry in found.entries):
        why = f" ({_first(found.skipped)})" if found.skipped else ""
        raise InputError(
            f"no labelled pictures in {where}{why}{_table_beside(parts)}; the layouts that can be "
            f"read are: {LAYOUTS}"
        )
    styles = {entry.style for entry in found.entries if entry.style}
    if len(styles) < 2 and not settings.to_fine_tune:
        raise InputError(
            f"all pictures in {where} are of one style ({styles.pop()}): two or more are needed "
            "to classify; to fine-tune on one, impasto train lora takes the folder itself"
            f"{_table_beside(parts)}"
        )
    return found


def read_to_fine_tune(source: SourcePath) -> Source:
    """The entries of a folder of pictures to fine-tune on, in which one style is enough.

    Raises:
        InputError: it is missing, or has no picture.
    """
    return read_source(source, PrepareSettings(to_fine_tune=True))


def _table_beside(parts: Sequence[Path | str]) -> str:
    """A hint at a table in the folder of pictures, which may hold their styles."""
    for folder in map(Path, parts):
        if folder.is_dir():
            for table in sorted(folder.iterdir()):
                if table.suffix.lower() in folders.TABLES and table.name != folders.COMPANION:
                    return f"; if {table} holds their styles, name that"
    return ""


def _first(skipped: Sequence[Skipped]) -> str:
    return f"{skipped[0].id}: {skipped[0].reason}"


def _is_folder_of_styles(part: Path | str) -> bool:
    path = Path(part)
    return path.is_dir() and not (
        (path / "collection.json").is_file()
        or wikiart_lists.found_in(path)
        or hf_parquet.found_in(path)
    )


def _read(source: Path | str, settings: PrepareSettings) -> Source:
    """One source, whatever its layout."""
    columns, several = settings.columns, settings.several
    if str(source).startswith("hf:"):
        return hf_hub.read_hub(str(source).removeprefix("hf:"), columns, several)
    path = Path(source)
    if (path / "collection.json").is_file():
        return _of_collection(path)
    if settings.labels is not None:
        found = label_tables.read_table(Path(settings.labels), path, columns, several, whole=True)
    elif hf_parquet.holds_pictures(path):
        found = hf_parquet.read_parquet_files([str(path)], columns, several)
    elif path.is_file():
        found = label_tables.read_table(path, path.parent, columns, several)
    elif wikiart_lists.found_in(path):
        found = wikiart_lists.read_lists(path)
    elif hf_parquet.found_in(path):
        found = hf_parquet.read_parquet_folder(path, columns, several)
    elif settings.to_fine_tune:
        found = training_folders.read_training_folder(path)
    else:
        found = folders.read_folder(path, columns)
    return found


def _of_collection(path: Path) -> Source:
    """The source that a prepared collection was made from, read as it was then."""
    try:
        record = CollectionRecord.model_validate(read_json(path / "collection.json"))
    except ValidationError as error:
        raise InputError(
            f"{path} is not a whole collection ({first_error(error)}): prepare it again"
        ) from error
    return read_again(record)


def read_again(record: CollectionRecord) -> Source:
    """The source of a collection, read with the settings that it was prepared with.

    Raises:
        InputError: it is gone, or can no longer be read.
    """
    known = {k: v for k, v in record.settings.items() if k in PrepareSettings.model_fields}
    sources = record.sources
    return read_source(sources[0] if len(sources) == 1 else sources, parse(PrepareSettings, known))


def merged(parts: Sequence[tuple[Path, Source]]) -> Source:
    """Several sources as one; ids begin with the name of their source.

    A file that two of them name counts once, for the first.
    """
    taken: set[str] = set()
    seen: dict[str, str] = {}
    entries: list[Entry] = []
    again: list[str] = []
    left_out: list[LeftOut] = []
    skipped: list[Skipped] = []
    notes: list[str] = []
    for path, source in parts:
        name = unused(path.resolve().name if path.is_dir() else path.stem, taken)
        own: dict[str, str] = {}
        for entry in source.entries:
            id_ = f"{name}/{entry.id}"
            if entry.place is not None and entry.row is None:
                file = str(Path(entry.place).resolve())
                if file in seen:
                    again.append(f"{id_} ({seen[file]})")
                    continue
                own[file] = id_
            entries.append(replace(entry, id=id_))
        seen |= own
        left_out += [
            replace(
                kind, what=f"{kind.what} in {name}", items=tuple(f"{name}/{i}" for i in kind.items)
            )
            for kind in source.left_out
        ]
        skipped += [replace(one, id=f"{name}/{one.id}") for one in source.skipped]
        notes += [f"{name}: {note}" for note in source.notes]
    if again:
        left_out.append(
            LeftOut("pictures that an earlier source names too", tuple(again), matters=False)
        )
    sources = [source for _, source in parts]
    return Source(
        tuple(entries),
        tuple(sorted({style for source in sources for style in source.styles})),
        aliases={alias: style for source in sources for alias, style in source.aliases.items()},
        ignored=sum(source.ignored for source in sources),
        mismatches=tuple(one for source in sources for one in source.mismatches),
        left_out=tuple(left_out),
        skipped=tuple(skipped),
        decided=tuple(one for source in sources for one in source.decided),
        notes=tuple(notes),
    )


def _one_form(name: str) -> str:
    """A style's name in NFC, without control characters, trimmed, with single blanks."""
    letters = unicodedata.normalize("NFC", name)
    kept = (
        "" if unicodedata.category(one) in ("Cc", "Cf") and one not in "\t\n\r\u200d" else one
        for one in letters
    )
    return " ".join("".join(kept).split())


def _one_spelling(found: Source) -> Source:
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
        style = _one_form(best)
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

"""Prepare: a source of labelled pictures to a collection, decoded once, in parallel, and never half-written.

Decoded pictures go to COLLECTION/.work/ a chunk at a time; a preparation that was cut off takes
them from there. An earlier collection in the same folder gives its pixels for every file that has
not changed. ``collection.json`` is
written last: without it there is no collection.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from impasto.collection import duplicates
from impasto.collection.collection import (
    FORMAT,
    SCHEMA,
    SPLITS,
    Collection,
    fingerprint,
    open_collection,
)
from impasto.collection.entries import Entry, Source
from impasto.collection.parallel_decode import PIXELS, Picked, Picture, decode_all, stat_all
from impasto.collection.phash import perceptual_hash
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_source
from impasto.collection.split import SplitPlan, assign
from impasto.collection.vocabulary import Vocabulary
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.files import make_folder, output_error, read_json, replacing, write_json
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.run import command

WORK: Final = ".work"
_MINE: Final = (
    "paintings.parquet",
    "pixels.npy",
    "styles.json",
    "collection.json",
    "findings.json",
    WORK,
)


def prepare(
    source: Path | str | Sequence[Path | str],
    collection: Path | str,
    settings: PrepareSettings | None = None,
    *,
    progress: bool = False,
) -> Collection:
    """The collection made from a source; one that is there and still right is returned as it is.

    Args:
        source: see ``impasto.collection.sources``.
        collection: the folder to write.
        settings: the defaults where ``None``.
        progress: show a bar with the rate and the time left on standard error.

    Raises:
        InputError: the source is missing, in no known layout, of one style only, or no picture in
            it can be read.
        OutputError: the folder cannot be written or holds other work.
        SettingsError: the split asked for cannot be made of this source.
    """
    settings, path = settings or PrepareSettings(), Path(collection)
    _claim(path, [source] if isinstance(source, Path | str) else source)
    found = read_source(source, Path(settings.labels) if settings.labels else None)
    labelled = [entry for entry in found.entries if entry.style]
    nameless = [
        {"id": entry.id, "reason": "no style is given"}
        for entry in found.entries
        if not entry.style
    ]
    pictures, unreadable = stat_all(labelled)
    old = _reusable(path, settings)
    picked = (
        decode_all(pictures, old, path / WORK, settings, progress=progress)
        if pictures
        else Picked.nothing()
    )
    names_only = all(entry.place is None for entry in labelled)
    refused = [*nameless, *unreadable, *picked.refused]
    if not names_only and not picked.pictures:
        first = refused[0]
        raise InputError(
            f"no picture in {_spelled(source)} can be read; the first, {first['id']}: {first['reason']}"
        )
    entries = labelled if names_only else [picture.entry for picture in picked.pictures]
    if len({entry.style for entry in entries}) < 2:
        raise InputError(
            f"fewer than two styles in {_spelled(source)} have a picture that can be read"
        )
    vocabulary = Vocabulary.of([*found.styles, *(entry.style for entry in labelled)], found.aliases)
    phash = None if names_only else perceptual_hash(picked.pixels)
    plan = _plan(entries, picked, phash, settings)
    table = _table(entries, picked.pictures, phash, plan)
    mine = _findings(found, refused, entries, names_only)
    facts = _facts(_spelled(source), settings, table, vocabulary, plan)
    _write(path, table, picked, vocabulary, mine, facts)
    shutil.rmtree(path / WORK, ignore_errors=True)
    return open_collection(path)


def _claim(path: Path, sources: Sequence[Path | str]) -> None:
    """Refuse a folder that holds anything but a collection or the beginning of one, or lies among the pictures."""
    for folder in map(Path, sources):
        if folder.is_dir() and folder.resolve() in (path.resolve(), *path.resolve().parents):
            raise OutputError(
                f"{path} lies within the source {folder}: choose a folder outside with -o"
            )
    if not path.exists():
        return
    if not path.is_dir():
        raise OutputError(f"{path} is a file, not a folder: choose another with -o")
    strangers = sorted(
        child.name for child in path.iterdir() if child.name not in _MINE and child.name[0] != "."
    )
    if strangers:
        raise OutputError(
            f"{path} holds other work ({', '.join(strangers[:3])}): choose another folder with -o"
        )
    for left in path.glob(
        ".*.part"
    ):  # by a preparation that was killed while writing; they can be large
        left.unlink(missing_ok=True)


def _reusable(path: Path, settings: PrepareSettings) -> Collection | None:
    """The collection in the folder, if its pixels are of the size and fit asked for."""
    try:
        old = open_collection(path)
        same = all(old.settings.get(name) == getattr(settings, name) for name in ("size", "fit"))
        return old if same and len(old.pixels) else None
    except ImpastoError:
        return None  # damaged or not there: everything is decoded anew


def _plan(
    entries: Sequence[Entry],
    picked: Picked,
    phash: NDArray[np.uint64] | None,
    settings: PrepareSettings,
) -> SplitPlan:
    groups = None
    if phash is not None:
        copies = duplicates.find_copies([p.sha256 for p in picked.pictures], phash, picked.pixels)
        groups = duplicates.groups_of(len(entries), copies.all).tolist()
    return assign(
        [entry.id for entry in entries],
        [entry.style for entry in entries],
        [entry.artist for entry in entries],
        [entry.split for entry in entries],
        groups,
        how=settings.split,
        test_share=settings.test_share,
        validation_share=settings.validation_share,
        seed=settings.seed,
    )


def _table(
    entries: Sequence[Entry],
    pictures: Sequence[Picture],
    phash: NDArray[np.uint64] | None,
    plan: SplitPlan,
) -> pa.Table:
    columns: dict[str, Any] = {
        "id": [entry.id for entry in entries],
        "style": [entry.style for entry in entries],
        "split": plan.splits,
        "given_split": [entry.split for entry in entries],
        "artist": [entry.artist for entry in entries],
        "title": [entry.title for entry in entries],
        "year": [entry.year for entry in entries],
        "phash": [None] * len(entries) if phash is None else phash,
    }
    for name in ("width", "height", "format", "bytes", "modified", "sha256"):
        columns[name] = [getattr(picture, name) for picture in pictures] or [None] * len(entries)
    return pa.table([pa.array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _findings(
    found: Source, refused: Sequence[dict[str, str]], entries: Sequence[Entry], names_only: bool
) -> list[Finding]:
    """What only prepare knows; ``audit`` carries it over."""
    repaired = [
        {"id": entry.id, "artist": entry.artist or ""} for entry in entries if entry.repaired
    ]
    aside = f"{len(refused)} of {len(found.entries)} files were set aside"
    double = f"{len(repaired)} names were encoded twice and have been read as they were meant"
    alone = f"{len(entries)} names without pictures: they can be audited, not trained on"
    away = "; ".join(found.mismatches)
    result = []
    for code, bad, text, well, items in (
        ("IMP101", bool(refused), aside, "Every file could be read", refused),
        ("IMP111", bool(away), away, "All parts of the source name the same styles", ()),
        ("IMP113", bool(repaired), double, "No name was encoded twice", repaired[:200]),
        ("IMP114", names_only, alone, "The pictures were found beside their names", ()),
    ):
        counts = {"IMP101": len(refused), "IMP111": len(found.mismatches), "IMP113": len(repaired)}
        numbers = {"count": float(counts.get(code, len(entries) if names_only else 0))}
        if code == "IMP101":
            numbers |= {"files": float(len(found.entries)), "ignored": float(found.ignored)}
        result.append(
            Finding(
                code,
                "issue" if bad else "passed",
                f"{text if bad else well}.",
                numbers,
                list(items),
            )
        )
    return result


def _facts(
    source: str, settings: PrepareSettings, table: pa.Table, vocabulary: Vocabulary, plan: SplitPlan
) -> dict[str, Any]:
    settled = settings.model_dump(
        mode="json", exclude={"workers"}
    )  # the number of threads changes nothing
    return {
        "format": FORMAT,
        "source": source,
        "settings": settled,
        "split": plan.how,
        "not_testable": list(plan.not_testable),
        "counts": {split: plan.splits.count(split) for split in SPLITS},
        "fingerprint": fingerprint(table, vocabulary, settled),
        "command": command(),
    }


def _write(
    path: Path,
    table: pa.Table,
    picked: Picked,
    vocabulary: Vocabulary,
    mine: Sequence[Finding],
    facts: dict[str, Any],
) -> None:
    """Write the collection; nothing at all where the same one is there already."""
    try:
        old, recorded = open_collection(path), read_json(path / "collection.json")
        same = {**recorded, "command": ""} == {
            **facts,
            "command": "",
        } and old.vocabulary == vocabulary
        if same and old.table.equals(table) and picked.file is None:
            codes = {finding.code for finding in mine}
            if [f for f in findings.load(path / "findings.json") if f.code in codes] != list(mine):
                findings.save(path / "findings.json", mine)
            return
        del old
    except ImpastoError:
        pass
    make_folder(path)
    try:
        (path / "collection.json").unlink(missing_ok=True)
        if picked.file:
            picked.file.replace(path / PIXELS)
        elif not picked.pictures:
            (path / PIXELS).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
    with replacing(path / "paintings.parquet") as temporary:
        pq.write_table(table, temporary)
    vocabulary.save(path / "styles.json")
    findings.save(path / "findings.json", mine)
    write_json(path / "collection.json", facts)


def _spelled(source: Path | str | Sequence[Path | str]) -> str:
    return (
        str(source)
        if isinstance(source, Path | str)
        else " and ".join(str(part) for part in source)
    )

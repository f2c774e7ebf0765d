"""Prepare: a source of labelled pictures becomes a collection, decoded once and in parallel.

Decoded pictures go to COLLECTION/.work/ a chunk at a time; a preparation that was cut off takes
them from there. An earlier collection in the same folder gives its pixels for every file that has
not changed. ``collection.json`` is written last: without it there is no collection.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection import duplicates
from impasto.collection.collection import (
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
from impasto.collection.sources import SourcePath, read_source, spelled
from impasto.collection.split import SplitPlan, assign
from impasto.collection.vocabulary import Vocabulary
from impasto.errors import ImpastoError, InputError, OutputError, SettingsError
from impasto.files import make_folder, move_written, output_error, write_table
from impasto.files.checksums import damage, forget
from impasto.numerics.formatting import count
from impasto.records import finding as findings
from impasto.records import label_check
from impasto.records.collection import CollectionRecord
from impasto.records.finding import Finding
from impasto.records.run import command
from impasto.state.fingerprint import settled
from impasto.state.folder import locked, refuse_other_work, remove_leftovers

WORK: Final = ".work"
AUDIT: Final = "audit.json"
WRITTEN: Final = frozenset(
    [
        *("paintings.parquet", PIXELS, "styles.json", "collection.json", "findings.json", AUDIT),
        *(label_check.FILE, label_check.TABLE),
    ]
)
NAMED: Final = 3  # things that a finding's text names for each reason
REASONS: Final = 6  # reasons that it names
LISTED: Final = 200  # repaired names that a finding lists; its numbers count all


def prepare(
    source: SourcePath,
    collection: Path | str,
    settings: PrepareSettings | None = None,
    *,
    progress: bool = False,
) -> Collection:
    """Make a collection from a source; one that is there and still right is returned as it is.

    Args:
        source: see ``impasto.collection.sources``.
        collection: the folder to write.
        settings: the defaults where ``None``.
        progress: show a bar with the rate and the time left on standard error.

    Raises:
        InputError: the source is missing, in no known layout, of one style only, or no picture in
            it can be read.
        OutputError: the folder cannot be written, holds other work, or is in use by another
            process.
        SettingsError: the split asked for cannot be made of this source.
    """
    settings, path = settings or PrepareSettings(), Path(collection)
    _refuse_inside(path, source)
    refuse_other_work(path, WRITTEN)
    if settings.to_fine_tune and settings.labels:
        raise SettingsError("to_fine_tune reads no table of labels: leave one of them out")
    found = read_source(source, settings)
    with locked(path):
        remove_leftovers(path)
        return _prepared(found, spelled(source), path, settings, progress=progress)


def _prepared(
    found: Source, sources: list[str], path: Path, settings: PrepareSettings, *, progress: bool
) -> Collection:
    where = " and ".join(sources)
    labelled = [entry for entry in found.entries if entry.style]
    refused = [{"id": one.id, "reason": one.reason} for one in found.skipped]
    refused += [
        {"id": entry.id, "reason": "no style is given"}
        for entry in found.entries
        if not entry.style
    ]
    pictures, unreadable = stat_all(labelled)
    picked = Picked.nothing()
    if pictures:
        picked = decode_all(
            pictures, _reusable(path, settings), path / WORK, settings, progress=progress
        )
    refused += [*unreadable, *picked.refused]
    names_only = all(entry.place is None for entry in labelled)
    if not names_only and not picked.pictures:
        first = refused[0]
        raise InputError(
            f"no picture in {where} can be read; the first, {first['id']}: {first['reason']}"
        )
    entries = labelled if names_only else [picture.entry for picture in picked.pictures]
    if len({entry.style for entry in entries}) < 2 and not settings.to_fine_tune:
        raise InputError(f"fewer than two styles in {where} have a picture that can be read")
    vocabulary = Vocabulary.of([*found.styles, *(entry.style for entry in labelled)], found.aliases)
    phash = None if names_only else perceptual_hash(picked.pixels)
    plan = _plan(entries, picked, phash, settings)
    table = _table(entries, picked.pictures, phash, plan)
    settled_settings = settled(settings)
    for name, place in settings.tables().items():
        settled_settings[name] = str(Path(place).resolve())
    record = CollectionRecord(
        sources=tuple(sources),
        settings=settled_settings,
        split=plan.how,
        not_testable=plan.not_testable,
        counts={split: plan.splits.count(split) for split in SPLITS},
        fingerprint=fingerprint(table, vocabulary, settled_settings),
        command=command(),
    )
    notes = [
        {"id": picture.entry.id, "reason": picture.note}
        for picture in picked.pictures
        if picture.note
    ]
    judged = _findings(found, refused, entries, notes, names_only=names_only)
    made = picked.file
    del picked  # its pixels are mapped from the file that is moved to its place
    if made is not None or not _is_there(path, table, vocabulary, record):
        _write(path, table, vocabulary, made, names_only=names_only)
        findings.save(path / "findings.json", judged)
        record.write(path / "collection.json")
    elif damage(path / "findings.json") or findings.load(path / "findings.json") != judged:
        findings.save(path / "findings.json", judged)
    shutil.rmtree(path / WORK, ignore_errors=True)
    return open_collection(path)


def _refuse_inside(path: Path, source: SourcePath) -> None:
    """Refuse a folder among the pictures."""
    for folder in map(Path, [source] if isinstance(source, Path | str) else source):
        if folder.is_dir() and folder.resolve() in (path.resolve(), *path.resolve().parents):
            raise OutputError(
                f"{path} lies within the source {folder}: choose a folder outside with -o"
            )


def _reusable(path: Path, settings: PrepareSettings) -> Collection | None:
    """The collection in the folder, if its pixels are of the size and fit asked for."""
    try:
        old = open_collection(path)
        same = all(old.settings.get(name) == getattr(settings, name) for name in ("pixels", "fit"))
        return old if same and len(old.pixels) else None
    except ImpastoError:
        return None  # damaged or not there: everything is decoded anew


def _plan(
    entries: Sequence[Entry],
    picked: Picked,
    phash: NDArray[np.uint64] | None,
    settings: PrepareSettings,
) -> SplitPlan:
    if settings.to_fine_tune:
        styles = tuple(sorted({entry.style for entry in entries}))
        return SplitPlan(["train"] * len(entries), styles, "given")
    groups = None
    if phash is not None:
        copies = duplicates.find_copies([p.sha256 for p in picked.pictures], picked.pixels)
        groups = duplicates.groups_of(len(entries), copies.ties).tolist()
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
    found: Source,
    refused: Sequence[dict[str, str]],
    entries: Sequence[Entry],
    levels: Sequence[dict[str, str]],
    *,
    names_only: bool,
) -> list[Finding]:
    repaired = [
        {"id": entry.id, "artist": entry.artist or ""} for entry in entries if entry.repaired
    ]
    of = len(found.entries) + len(found.skipped)
    files = {"files": float(of), "ignored": float(found.ignored)}
    decided = [{"id": one.id, "decision": one.reason} for one in found.decided]
    return [
        _finding(
            "IMP101",
            len(refused),
            f"{len(refused):,} of {of:,} files and rows were set aside: {_by_reason(refused)}.",
            "Every file with a picture's ending could be read and labelled.",
            refused,
            **files,
        ),
        _finding(
            "IMP111",
            len(found.mismatches),
            f"{'; '.join(found.mismatches)}.",
            "All parts of the source name the same styles.",
        ),
        _finding(
            "IMP113",
            len(repaired),
            f"{count(len(repaired), 'name was', 'names were')} encoded twice, and read as meant.",
            "No name was encoded twice.",
            repaired[:LISTED],
        ),
        _finding(
            "IMP114",
            len(entries) if names_only else 0,
            f"{count(len(entries), 'name')} without pictures: they can be audited, not trained on.",
            "The pictures were found beside their names.",
        ),
        _left_out(found),
        _finding(
            "IMP116",
            len(found.notes),
            f"{found.notes[0] if found.notes else ''}"
            + (
                f", and {count(len(found.notes) - 1, 'note')} more."
                if len(found.notes) > 1
                else "."
            ),
            "Folders, columns and spellings were taken as they stand.",
            [{"note": note} for note in found.notes],
        ),
        _finding(
            "IMP117",
            len(levels),
            f"The brightness of {count(len(levels), 'picture')} was guessed: {_by_reason(levels)}.",
            "Every file says what its brightest value is.",
            levels[:LISTED],
        ),
        _finding(
            "IMP118",
            len(decided),
            f"{count(len(decided), 'picture was', 'pictures were')} excluded or relabelled by "
            "hand: "
            f"{_by_reason(decided, 'decision')}.",
            "No picture was excluded or relabelled by hand.",
            decided[:LISTED],
        ),
    ]


def _by_reason(items: Sequence[dict[str, str]], name: str = "reason") -> str:
    """The things concerned, by reason: how many, and the first few by name."""
    groups: dict[str, list[str]] = {}
    for item in items:
        reason, _, detail = item[name].partition(": ")
        groups.setdefault(reason, []).append(item["id"] + (f", {detail}" if detail else ""))
    parts = []
    for reason, ids in sorted(groups.items(), key=lambda group: -len(group[1])):
        shown = [one if len(one) <= 120 else one[:120] + "…" for one in ids[:NAMED]]
        rest = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        parts.append(f"{len(ids)} {reason} ({'; '.join(shown)}{rest})")
    more = f"; {count(len(parts) - REASONS, 'other reason')}" if len(parts) > REASONS else ""
    return "; ".join(parts[:REASONS]) + more


_HEAD: Final = re.compile(r"\b(file|link|folder|picture|row|table)s\b")  # of a kind left out


def _left_out(found: Source) -> Finding:
    """Things in the source that the collection lacks; an issue where they matter."""
    ways_out: dict[str, list[str]] = {}
    for kind in found.left_out:
        first = f" ({kind.items[0][:80]}{', …' if len(kind.items) > 1 else ''})"
        number = len(kind.items)
        what = _HEAD.sub(r"\1", kind.what, count=1) if number == 1 else kind.what
        words = f"{number:,} {what}{first if kind.matters else ''}"
        ways_out.setdefault(kind.way_out, []).append(words)
    sentences = [
        ", ".join(words) + (f": {way_out}" if way_out else "")
        for way_out, words in ways_out.items()
    ]
    items = [{"id": name, "reason": kind.what} for kind in found.left_out for name in kind.items]
    text = f"Left out: {'; '.join(sentences)}." if sentences else "Nothing was left out."
    missed = sum(len(kind.items) for kind in found.left_out if kind.matters)
    numbers = {"count": float(missed), "left_out": float(len(items))}
    return Finding("IMP115", "issue" if missed else "passed", text, numbers, items[:LISTED])


def _finding(
    code: str,
    count: int,
    issue: str,
    passed: str,
    items: Sequence[dict[str, str]] = (),
    **numbers: float,
) -> Finding:
    numbers = {"count": float(count), **numbers}
    if count:
        return Finding(code, "issue", issue, numbers, list(items))
    return Finding(code, "passed", passed, numbers, list(items))


def _is_there(
    path: Path, table: pa.Table, vocabulary: Vocabulary, record: CollectionRecord
) -> bool:
    """Whether the same collection is in the folder already."""
    try:
        old = open_collection(path)
    except ImpastoError:
        return False
    same_record = old.record.model_copy(update={"command": record.command}) == record
    same_content = old.vocabulary == vocabulary and old.table.equals(table)
    return same_record and same_content and (path / "findings.json").exists()


def _write(
    path: Path, table: pa.Table, vocabulary: Vocabulary, pixels: Path | None, *, names_only: bool
) -> None:
    """Write pixels, table and vocabulary; until ``collection.json`` follows there is none."""
    make_folder(path)
    try:
        (path / "collection.json").unlink(missing_ok=True)
        (path / AUDIT).unlink(missing_ok=True)
        if pixels is not None:
            move_written(pixels, path / PIXELS)
        elif names_only:
            forget(path / PIXELS)
            (path / PIXELS).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
    write_table(path / "paintings.parquet", table)
    vocabulary.save(path / "styles.json")

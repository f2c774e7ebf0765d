"""Parallel decoding: pictures in threads, a chunk at a time, each chunk kept on disk.

Threads are enough: libjpeg-turbo and Pillow release the interpreter while they decode and resize.
No more than a few chunks are in memory at a time, so a collection may be larger than memory.
"""

import hashlib
import json
import os
import stat
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.entries import Entry
from impasto.collection.layouts import hf_parquet as parquet
from impasto.collection.settings import PrepareSettings
from impasto.errors import InputError, OutputError
from impasto.files import make_folder, replacing
from impasto.images.decode import decode, picture_bytes
from impasto.progress import progress_bar

PIXELS: Final = "pixels.npy"
CHUNK: Final = 128  # pictures between two writes: at 128 pixels 6 MB, and less than a second's work


@dataclass(frozen=True, slots=True)
class Waiting:
    """A picture's file as it lies there: enough to tell whether it changed."""

    entry: Entry
    bytes: int
    modified: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture without its pixels, see ``collection.SCHEMA``."""

    entry: Entry
    width: int
    height: int
    format: str
    bytes: int
    modified: int
    sha256: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picked:
    """The pictures that could be read, in the order of their ids, and the files that could not.

    Attributes:
        pictures: those that could be read.
        pixels: theirs, ``uint8 (N, size, size, 3)``, memory-mapped.
        refused: ``id`` and ``reason`` of the others.
        file: where the pixels are, to be moved to their place; ``None`` where they are in it
            already.
    """

    pictures: list[Picture]
    pixels: NDArray[np.uint8]
    refused: list[dict[str, str]]
    file: Path | None = None

    @classmethod
    def nothing(cls) -> "Picked":
        """No pictures at all."""
        return cls([], np.empty((0, 0, 0, 3), np.uint8), [])


_Chunk = tuple[Path, list[dict[str, Any]]]
"""A decoded chunk: its file, and the facts of each picture or the ``reason`` why it was refused."""


@dataclass(frozen=True, slots=True)
class _Decoded:
    """All chunks of a preparation, on disk."""

    chunks: Sequence[Sequence[Waiting]]
    done: Sequence[_Chunk]
    work: Path
    size: int

    def facts(self) -> dict[str, dict[str, Any]]:
        """The facts of every picture by its id."""
        pairs = zip(self.chunks, self.done, strict=True)
        return {
            item.entry.id: fact
            for chunk, (_, facts) in pairs
            for item, fact in zip(chunk, facts, strict=True)
        }

    def pixels(self) -> Iterator[NDArray[np.uint8]]:
        """The pixels of every picture that was not refused, in order."""
        for path, facts in self.done:
            found = _read_chunk(path)
            if found is None:
                raise OutputError(f"{path} vanished while it was needed: run impasto prepare again")
            yield from (
                pixels for fact, pixels in zip(facts, found[1], strict=True) if "reason" not in fact
            )


def stat_all(entries: Sequence[Entry]) -> tuple[list[Waiting], list[dict[str, str]]]:
    """Size and time of every entry's file; and the entries whose file is missing, with reasons."""
    waiting, missing = [], []
    for entry in entries:
        if entry.place is None:
            continue
        if entry.row is not None and "://" in entry.place:  # at an address
            waiting.append(Waiting(entry, 0, 0))
            continue
        try:
            status = Path(entry.place).stat()
            if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
                missing.append({"id": entry.id, "reason": "not a regular file"})
                continue
            waiting.append(Waiting(entry, status.st_size, status.st_mtime_ns))
        except OSError as error:
            missing.append({"id": entry.id, "reason": error.strerror or str(error)})
    return waiting, missing


def decode_all(
    waiting: Sequence[Waiting],
    old: Collection | None,
    work: Path,
    settings: PrepareSettings,
    *,
    progress: bool,
) -> Picked:
    """Decode all pictures.

    Unchanged ones come from ``old``, those of an interrupted preparation from ``work``.

    Raises:
        OutputError: ``work`` cannot be written.
    """
    kept = _unchanged(waiting, old)
    fresh = [item for item in waiting if item.entry.id not in kept]
    chunks = [fresh[start : start + CHUNK] for start in range(0, len(fresh), CHUNK)]
    if chunks:
        make_folder(work)
    workers = settings.workers or os.cpu_count() or 1
    # Around all threads: they share the filters, and must not restore each other's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = _decode_chunks(chunks, work, settings, workers, progress=progress)
    return _gather(waiting, kept, old, _Decoded(chunks, done, work, settings.pixels))


def _decode_chunks(
    chunks: Sequence[Sequence[Waiting]],
    work: Path,
    settings: PrepareSettings,
    workers: int,
    *,
    progress: bool,
) -> list[_Chunk]:
    done: list[_Chunk] = []
    with (
        ThreadPoolExecutor(workers) as pool,
        progress_bar("decoding", sum(map(len, chunks)), shown=progress) as advance,
    ):
        tasks = [pool.submit(_chunk, chunk, work, settings) for chunk in chunks]
        try:
            for chunk, task in zip(chunks, tasks, strict=True):
                done.append(task.result())
                advance(len(chunk))
        except BaseException:  # an interruption too must not wait for chunks not yet begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _unchanged(waiting: Sequence[Waiting], old: Collection | None) -> dict[str, int]:
    """The row of the old collection for each id whose file is the same."""
    if old is None:
        return {}
    known = zip(old.column("id"), old.column("bytes"), old.column("modified"), strict=True)
    rows = {key: row for row, key in enumerate(known)}
    found = (
        (item.entry.id, rows.get((item.entry.id, item.bytes, item.modified))) for item in waiting
    )
    return {name: row for name, row in found if row is not None}


def _gather(
    waiting: Sequence[Waiting], kept: dict[str, int], old: Collection | None, fresh: _Decoded
) -> Picked:
    """Old and new pictures in one order."""
    facts_of_old = (
        old.table.select(["width", "height", "format", "sha256"]).to_pylist() if old else []
    )
    notes = _notes_of(old) if old is not None else {}
    facts_of_new = fresh.facts()
    pictures: list[Picture] = []
    rows: list[int] = []  # in the old collection; -1: fresh
    refused: list[dict[str, str]] = []
    for item in waiting:
        row = kept.get(item.entry.id, -1)
        if row >= 0:
            facts = {**facts_of_old[row], "note": notes.get(item.entry.id, "")}
        else:
            facts = facts_of_new[item.entry.id]
        if "reason" in facts:
            refused.append({"id": item.entry.id, "reason": str(facts["reason"])})
            continue
        pictures.append(
            Picture(entry=item.entry, bytes=item.bytes, modified=item.modified, **facts)
        )
        rows.append(row)
    if old is not None and rows == list(range(len(old))):
        return Picked(pictures, old.pixels, refused)
    path = make_folder(fresh.work) / PIXELS
    pixels = fresh.pixels()
    with replacing(path) as temporary, temporary.open("wb") as stream:
        shape = (len(pictures), fresh.size, fresh.size, 3)
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        for row in rows:
            stream.write((next(pixels) if row < 0 or old is None else old.pixels[row]).tobytes())
    return Picked(pictures, np.load(path, mmap_mode="r"), refused, path)


def _notes_of(old: Collection) -> dict[str, str]:
    """Guesses about the levels of an earlier collection's pictures, by their ids."""
    try:
        found = old.findings
    except InputError:
        return {}
    return {
        item["id"]: item["reason"] for one in found if one.code == "IMP117" for item in one.items
    }


def _chunk(chunk: Sequence[Waiting], work: Path, settings: PrepareSettings) -> _Chunk:
    """One chunk decoded into its file, where that is not there and whole already."""
    size, fit, most = settings.pixels, settings.fit, settings.max_megapixels
    key = (
        repr([(w.entry.id, w.entry.place, w.entry.row, w.bytes, w.modified) for w in chunk])
        + f"{size}{fit}{most}"
    )
    path = work / f"{hashlib.sha256(os.fsencode(key)).hexdigest()[:24]}.npz"
    if (found := _read_chunk(path)) is not None:
        return path, found[0]
    facts: list[dict[str, Any]] = []
    pixels = np.zeros((len(chunk), size, size, 3), np.uint8)
    for row, data in enumerate(contents(chunk)):
        try:
            if isinstance(data, InputError):
                raise data
            picture = decode(data, size, fit, most)
        except InputError as error:
            facts.append({"reason": str(error)})
            continue
        pixels[row] = picture.pixels
        digest = hashlib.sha256(data).hexdigest()
        facts.append(
            {
                "width": picture.width,
                "height": picture.height,
                "format": picture.format,
                "sha256": digest,
                "note": picture.note,
            }
        )
    with replacing(path, noted=False) as temporary, temporary.open("wb") as stream:
        np.savez(stream, pixels=pixels, facts=np.array([json.dumps(fact) for fact in facts]))
    return path, facts


def _read_chunk(path: Path) -> tuple[list[dict[str, Any]], NDArray[np.uint8]] | None:
    """Facts and pixels of a chunk decoded earlier, if it is there and whole."""
    try:
        with np.load(path, allow_pickle=False) as saved:
            return [json.loads(text) for text in saved["facts"].tolist()], saved["pixels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def contents(chunk: Sequence[Waiting]) -> Iterator[bytes | InputError]:
    """The bytes of each picture's file, or the reason why there are none."""
    group: tuple[str, int, str] | None = None
    rows: list[bytes] = []
    for item in chunk:
        place = item.entry.place or ""
        if item.entry.row is None:
            yield _content(Path(place), item.bytes)
            continue
        if group != (wanted := (place, item.entry.row[0], item.entry.column or "image")):
            group = wanted
            rows = parquet.read_row_group(*group)
        yield rows[item.entry.row[1]]


def _content(path: Path, size: int) -> bytes | InputError:
    """A file that had so many bytes when it was listed."""
    try:
        data = picture_bytes(path)
    except InputError as error:
        return error
    return data if len(data) == size else InputError("it changed while it was read")

"""Checksums of files that a stage wrote, and their verification when they are read.

Each folder has one file of checksums, ``.checksums.json``, with a line for each file that is read
again later. It is written before a file takes its place and names the earlier content too until
that is done, so a process may be killed at any moment. Files without a line are not checked: an
earlier version wrote them, or somebody put them there.
"""

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from impasto.errors import ImpastoError, InputError
from impasto.files.atomic import flush, move, temporary_beside

CHECKSUMS: Final = ".checksums.json"
FORMAT: Final = 1
AGAIN: Final = "run the stage that wrote it again"
BLOCK: Final = 1 << 24
"""Bytes hashed by one thread at a time; the digest of a longer file is that of its blocks'."""

Stamp = tuple[int, int, int]
Entry = dict[str, Any]
_lock = threading.RLock()  # threads of this process may write into one folder
_verified: dict[Path, tuple[Stamp, str]] = {}  # by this process, with the file's stamp then


def digest_of(path: Path, length: int | None = None) -> str:
    """SHA-256 of a file, or of its first ``length`` bytes; of the digests of its blocks if long.

    Blocks of 16 MiB are hashed by several threads.
    """
    size = path.stat().st_size if length is None else length
    if size <= BLOCK:
        return hashlib.sha256(_block(path, 0, size)).hexdigest()
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        starts = range(0, size, BLOCK)
        parts = pool.map(partial(_digest_from, path, size), starts)
        return hashlib.sha256(b"".join(parts)).hexdigest()


def _digest_from(path: Path, size: int, start: int) -> bytes:
    return hashlib.sha256(_block(path, start, min(BLOCK, size - start))).digest()


def _block(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def note(path: Path, content: Path) -> None:
    """Note the checksum of ``content``, which is about to take the place of ``path``.

    That of the file that is still there counts too, until ``settle``.
    """
    new: Entry = {"bytes": content.stat().st_size, "sha256": digest_of(content)}
    with _lock:
        entries = _entries(path.parent)
        old = entries.get(path.name)
        if old is not None and path.is_file():
            new["before"] = {name: value for name, value in old.items() if name != "before"}
        if old != new:
            _write(path.parent, entries | {path.name: new}, flushed=True)


def settle(path: Path) -> None:
    """Note that a file has taken its place: the earlier content counts no longer."""
    with _lock:
        entries = _entries(path.parent)
        entry = entries.get(path.name, {})
        if entry.pop("before", None) is not None:
            _write(path.parent, entries, flushed=False)
    if entry.get("bytes", 0) > BLOCK:
        _verified[path.resolve()] = _stamp(path.stat()), entry["sha256"]


def seal(path: Path) -> None:
    """Note the checksum of a file that grows: what it holds now may only be added to."""
    size = path.stat().st_size
    entry = {"bytes": size, "sha256": digest_of(path, size), "grows": True}
    with _lock:
        entries = _entries(path.parent)
        if entries.get(path.name) != entry:
            _write(path.parent, entries | {path.name: entry}, flushed=False)


def forget(path: Path) -> None:
    """Drop the checksum of a file that is to be removed."""
    with _lock:
        entries = _entries(path.parent)
        if entries.pop(path.name, None) is not None:
            _write(path.parent, entries, flushed=False)


def is_noted(path: Path) -> bool:
    """Whether a checksum of a file is known."""
    return path.name in _entries(path.parent)


def verify(
    path: Path,
    way_out: str = AGAIN,
    *,
    refusal: type[ImpastoError] = InputError,
) -> None:
    """Refuse a file that is not as it was written; one without a checksum passes, as none does.

    A long file that this process has verified is read again only where its stamp has changed.

    Args:
        path: the file.
        way_out: the end of the message.
        refusal: the class of the error.

    Raises:
        ImpastoError: of the class ``refusal``.
    """
    reason = damage(path)
    if reason is not None:
        raise refusal(f"{path} is damaged ({reason}): {way_out}")


def damage(path: Path) -> str | None:
    """Reason to refuse a file; ``None`` where it is as it was written, or not known."""
    try:
        entries = _read(path.parent)
    except ValueError as error:
        return f"its checksum cannot be read, {path.parent / CHECKSUMS} is damaged: {error}"
    entry = entries.get(path.name)
    if entry is None or not path.is_file():
        return None
    return _damage(path, entry)


def _damage(path: Path, entry: Entry) -> str | None:
    """Reason to refuse a file with this entry."""
    try:
        found = path.stat()
        if _is_whole(path, found, entry):
            return None
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    if found.st_size != entry["bytes"]:
        return f"{found.st_size:,} bytes instead of the {entry['bytes']:,} that were written"
    return "its checksum is not that of the file that was written"


def damaged_files(folder: Path) -> dict[Path, str]:
    """Files in a folder and below that are not as they were written, each with the reason.

    Files that have a checksum and are gone count too.
    """
    found: dict[Path, str] = {}
    for sheet in sorted(folder.rglob(CHECKSUMS)):
        try:
            entries = _read(sheet.parent)
        except ValueError as error:
            found[sheet] = str(error)
            continue
        for name, entry in sorted(entries.items()):
            path = sheet.parent / name
            reason = _damage(path, entry) if path.is_file() else "it is missing"
            if reason is not None:
                found[path] = reason
    return found


def count(folder: Path) -> int:
    """Number of files in a folder and below whose checksum is known."""
    return sum(len(_entries(sheet.parent)) for sheet in folder.rglob(CHECKSUMS))


def _is_whole(path: Path, found: os.stat_result, entry: Entry) -> bool:
    """Whether a file is as its entry says, or as it was before a rename that did not happen."""
    stamp, key = _stamp(found), path.resolve()
    known = [entry, entry["before"]] if "before" in entry else [entry]
    if any(_verified.get(key) == (stamp, one["sha256"]) for one in known):
        return True
    for one in known:
        if _fits(path, found.st_size, one):
            if found.st_size > BLOCK:
                _verified[key] = stamp, one["sha256"]
            return True
    return False


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _fits(path: Path, size: int, entry: Mapping[str, Any]) -> bool:
    wanted = int(entry["bytes"])
    if size < wanted or (size > wanted and not entry.get("grows")):
        return False
    return bool(digest_of(path, wanted) == entry["sha256"])


def _entries(folder: Path) -> dict[str, Entry]:
    """Entries of a folder; none where the file of checksums is damaged, for it is written anew."""
    try:
        return _read(folder)
    except ValueError:
        return {}


def _read(folder: Path) -> dict[str, Entry]:
    """Entries of a folder by file name.

    Raises:
        ValueError: the file of checksums is damaged.
    """
    try:
        text = (folder / CHECKSUMS).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    data = json.loads(text)
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, dict) or text != _text(files):
        raise ValueError("its own checksum is another")
    return files


def _text(files: Mapping[str, Entry]) -> str:
    """The file of checksums as it is written, to the byte."""
    content = {"format": FORMAT, "own": _own(files), "files": dict(files)}
    return json.dumps(content, indent=1) + "\n"


def _own(files: Mapping[str, Entry]) -> str:
    """Checksum of the entries themselves."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _write(folder: Path, files: Mapping[str, Entry], *, flushed: bool) -> None:
    path = folder / CHECKSUMS
    if not files:
        path.unlink(missing_ok=True)
        return
    with temporary_beside(path) as temporary:
        temporary.write_text(_text(files), encoding="utf-8", newline="\n")
        if flushed:
            flush(temporary)
        move(temporary, path)

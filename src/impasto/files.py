"""Atomic writing of files: a temporary name beside the target, then one rename.

Used by every stage. A failure of the disk becomes an ``OutputError`` that names the place and the
way out.
"""

import errno
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from impasto.errors import InputError, OutputError

if TYPE_CHECKING:
    import pyarrow as pa

_WAYS_OUT = {
    errno.ENOSPC: "the disk is full: free some space or choose another folder with -o",
    errno.EDQUOT: "the disk quota is used up: free some space or choose another folder with -o",
    errno.EROFS: "the disk is read-only: choose another folder with -o",
    errno.EACCES: "permission denied: choose a folder you may write to with -o",
    errno.EPERM: "permission denied: choose a folder you may write to with -o",
    errno.ENOTDIR: "part of that path is a file, not a folder: choose another with -o",
    errno.EEXIST: "a file of that name is in the way: remove it or choose another folder with -o",
}

_IN_USE: Final = frozenset({5, 32, 33, 1224})
"""Windows' codes for a file that cannot be replaced because it is open or mapped somewhere."""
_PATIENCE: Final = (0.05, 0.1, 0.2, 0.4)
"""Seconds between attempts at such a file: scanners and indexers hold new files for a moment."""

WRITE_ERRORS = frozenset(_WAYS_OUT)
"""The ``errno`` values that are the user's disk's fault and not a defect of impasto."""


def output_error(path: Path, error: OSError) -> OutputError:
    """The one-line ``OutputError`` for an ``OSError`` met while writing ``path``."""
    way_out = _WAYS_OUT.get(error.errno or 0, error.strerror or str(error))
    if getattr(error, "winerror", None) in _IN_USE:
        way_out = (
            "it is open in another program, or may not be written: close what uses it and run the "
            "same command again, or choose another folder with -o"
        )
    return OutputError(f"cannot write {path}: {way_out}")


def damaged_error(path: Path, what: str, error: Exception) -> InputError:
    """The one-line ``InputError`` for a file that does not hold ``what`` its stage wrote."""
    return InputError(f"{path} does not hold {what} ({error}): run the stage that wrote it again")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; renamed to ``path`` when the block ends well.

    The parent folder is made where it is missing. When the block fails, the temporary file is
    removed and ``path`` keeps its earlier content. The new content is flushed to the disk before
    the rename.

    Raises:
        OutputError: the disk is full, read-only, or the folder may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        Path(name).chmod(0o644)  # os.fchmod is missing on Windows before Python 3.13
    except OSError as error:
        raise output_error(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:  # Windows flushes only handles that may write
            os.fsync(written.fileno())
        move(temporary, path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Rename a file over another on the same disk, in one step.

    Close the file and give up its memory maps first: Windows renames no file that is open, and
    replaces none. Where another program holds one for a moment, it is tried again.

    Raises:
        OSError: it cannot be renamed.
    """
    for seconds in _PATIENCE:
        try:
            source.replace(target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
        time.sleep(seconds)
    source.replace(target)


def make_folder(path: Path) -> Path:
    """``path`` as an existing folder.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
    return path


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_table(path: Path, table: "pa.Table | Mapping[str, Any]") -> None:
    """Write a table, or columns by name, as Parquet, whole or not at all."""
    import pyarrow as pa  # noqa: PLC0415 – slow, and few files are tables
    import pyarrow.parquet as pq  # noqa: PLC0415

    with replacing(path) as temporary:
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(dict(table)), temporary)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        InputError: the file is missing, unreadable or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(
            f"{path} is not a JSON file ({error}): restore it or make it anew"
        ) from error

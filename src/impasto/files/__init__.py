"""Files that stages write and read: whole or not at all, and checked when they are read again.

``replacing`` writes to a temporary name beside the target, notes its checksum and renames it;
``read_json`` and ``verify`` refuse what is not as it was written.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.errors import InputError
from impasto.files import atomic, checksums
from impasto.files.atomic import WRITE_ERRORS, move, output_error
from impasto.files.checksums import AGAIN, verify

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = [
    "WRITE_ERRORS",
    "damaged_error",
    "make_folder",
    "move",
    "move_written",
    "output_error",
    "read_array",
    "read_json",
    "read_table",
    "replacing",
    "verify",
    "write_bytes",
    "write_json",
    "write_table",
    "write_text",
]


def damaged_error(path: Path, what: str, error: Exception) -> InputError:
    """The one-line ``InputError`` for a file that does not hold ``what`` its stage wrote."""
    return InputError(f"{path} does not hold {what} ({error}): run the stage that wrote it again")


@contextmanager
def replacing(path: Path, *, noted: bool = True) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; renamed to ``path`` when the block ends well.

    The parent folder is made where it is missing. When the block fails, the temporary file is
    removed and ``path`` keeps its earlier content. The new content is flushed to the disk before
    the rename.

    Args:
        path: the file.
        noted: note its checksum, for files that are read again.

    Raises:
        OutputError: the disk is full, read-only, or the folder may not be written to.
    """
    with atomic.temporary_beside(path) as temporary:
        yield temporary
        atomic.flush(temporary)
        if noted:
            checksums.note(path, temporary)
        move(temporary, path)
        if noted:
            checksums.settle(path)


def move_written(source: Path, target: Path) -> None:
    """Rename a file that ``replacing`` wrote, and take its checksum along.

    Raises:
        OutputError: it cannot be renamed.
    """
    try:
        checksums.note(target, source)
        move(source, target)
        checksums.settle(target)
        checksums.forget(source)
    except OSError as error:
        raise output_error(target, error) from error


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


def write_bytes(path: Path, content: bytes, *, noted: bool = True) -> None:
    """Write ``content``, whole or not at all; ``noted``: as for ``replacing``."""
    with replacing(path, noted=noted) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, *, noted: bool = True) -> None:
    """Write ``text`` as UTF-8, whole or not at all; ``noted``: as for ``replacing``."""
    write_bytes(path, text.encode(), noted=noted)


def read_table(
    path: Path, columns: Sequence[str] | None = None, way_out: str = AGAIN
) -> "pa.Table":
    """The table of a Parquet file, or some of its columns.

    Raises:
        InputError: the file is missing, unreadable or not as it was written.
    """
    import pyarrow as pa  # noqa: PLC0415 – slow, and few files are tables
    import pyarrow.parquet as pq  # noqa: PLC0415

    verify(path, way_out)
    try:
        table = pq.read_table(path, columns=columns)
        table.validate(full=True)  # text that is no text is found now, not in the middle of work
        return table
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"{path} cannot be read ({reason}): {way_out}") from error


def read_array(path: Path, *, mapped: bool = False, way_out: str = AGAIN) -> "NDArray[Any]":
    """The array of a NumPy file, in memory or mapped from the disk.

    Raises:
        InputError: the file is missing, unreadable or not as it was written.
    """
    import numpy as np  # noqa: PLC0415 – slow, and few files are arrays

    verify(path, way_out)
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        return array
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, MemoryError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"{path} cannot be read ({reason}): {way_out}") from error


def write_table(path: Path, table: "pa.Table | Mapping[str, Any]") -> None:
    """Write a table, or columns by name, as Parquet, whole or not at all."""
    import pyarrow as pa  # noqa: PLC0415 – slow, and few files are tables
    import pyarrow.parquet as pq  # noqa: PLC0415

    with replacing(path) as temporary:
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(dict(table)), temporary)


def write_json(path: Path, value: Any, *, noted: bool = True) -> None:
    """Write ``value`` as indented JSON, whole or not at all; NaN and infinity are refused.

    ``noted``: as for ``replacing``.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(path, text, noted=noted)


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        InputError: the file is missing, unreadable, not JSON or not as it was written.
    """
    verify(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not a JSON file ({error}): restore it or make it anew"
        ) from error

"""Atomic exchange of files: a temporary name beside the target, then one rename.

A failure of the disk becomes an ``OutputError`` that names the place and the way out. The temporary
name ends in ``.HOST-PROCESS.part``, by which the next process that writes to the folder knows the
half-written files of one that was killed, and removes them.
"""

import contextlib
import errno
import os
import platform
import re
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from impasto.errors import OutputError

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

_HOST: Final = f"{zlib.crc32(platform.node().encode()):08x}"
_ABANDONED: Final = re.compile(rf"\..*\.{_HOST}-(\d+)\.part")
_cleared: set[Path] = set()  # folders in which this process has removed what others left

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


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """An empty file beside ``path``, removed when the block ends, if it is still there.

    The parent folder is made where it is missing.

    Raises:
        OutputError: the disk is full, read-only, or the folder may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent)
        ending = f".{_HOST}-{os.getpid()}.part"
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=ending)
        os.close(handle)
        Path(name).chmod(0o644)  # os.fchmod is missing on Windows before Python 3.13
    except OSError as error:
        raise output_error(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove the temporary files of processes of this machine that have ended, once a folder."""
    if folder in _cleared or os.name == "nt":  # Windows has no signal that only asks
        return
    _cleared.add(folder)
    for left in folder.iterdir():
        found = _ABANDONED.fullmatch(left.name)
        if found and not _is_running(int(found[1])):
            with contextlib.suppress(OSError):  # another process may have removed it
                left.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def flush(path: Path) -> None:
    """Flush the content of a file to the disk."""
    with path.open("rb+") as written:  # Windows flushes only handles that may write
        os.fsync(written.fileno())


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

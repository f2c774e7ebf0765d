"""Traits of Windows on Linux: what fails there fails here too.

No ``fcntl`` and no ``os.fchmod``; ``os.fsync`` refuses handles that may not write; a file that is
open or memory-mapped in this process can be neither renamed, replaced nor removed; a lock covers
bytes, and another process may not read them.
"""

import errno
import fcntl
import importlib.util
import os
import struct
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from impasto.state import file_lock, folder

SHARING_VIOLATION = 32


class FakeMsvcrt(types.ModuleType):
    """``msvcrt.locking`` on top of POSIX' byte locks of an open file."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")

    def locking(self, handle: int, mode: int, length: int) -> None:
        assert mode == self.LK_NBLCK
        at = os.lseek(handle, 0, os.SEEK_CUR)
        assert at > os.fstat(handle).st_size, "the locked byte could not be read"
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, at, length, 0)
        try:
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, lock)
        except OSError as error:
            raise PermissionError(errno.EACCES, "Permission denied") from error


def windows_lock() -> types.ModuleType:
    """``impasto.state.file_lock`` as it is imported on Windows."""
    spec = importlib.util.spec_from_file_location("windows_file_lock", file_lock.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setitem(sys.modules, "msvcrt", FakeMsvcrt())
        patch.setitem(sys.modules, "fcntl", None)
        spec.loader.exec_module(module)
    return module


def in_use(path: Path) -> str:
    """How this process still uses a file: "open", "mapped" or not at all."""
    try:
        about = path.stat()
    except OSError:
        return ""
    for handle in Path("/proc/self/fd").iterdir():
        try:
            if os.path.samestat(handle.stat(), about):
                return "open"
        except OSError:  # the handle of this listing
            continue
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        parts = line.split(maxsplit=5)
        if int(parts[4]) == about.st_ino and parts[5:] == [str(path.resolve())]:
            return "mapped"
    return ""


def imitate(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let this process meet the traits; the list fills with what was refused."""
    refused: list[str] = []

    def guarded(call: Callable[..., None], paths: int) -> Callable[..., None]:
        def guard(*arguments: Any, **options: Any) -> None:
            inside = options.get("dir_fd")
            start = Path(f"/proc/self/fd/{inside}").readlink() if inside else Path()
            for path in arguments[:paths]:
                if how := in_use(start / os.fspath(path)):
                    refused.append(f"{call.__name__} {path}: {how}")
                    error = PermissionError(errno.EACCES, f"the file is {how}", os.fspath(path))
                    error.winerror = SHARING_VIOLATION  # type: ignore[attr-defined]
                    raise error
            call(*arguments, **options)

        return guard

    def fsync(handle: int) -> None:
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            refused.append("fsync")
            raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.delattr(os, "fchmod")
    monkeypatch.setattr(os, "fsync", fsync)
    for name, paths in {"replace": 2, "rename": 2, "unlink": 1, "remove": 1}.items():
        monkeypatch.setattr(os, name, guarded(getattr(os, name), paths))
    monkeypatch.setattr(folder, "file_lock", windows_lock())
    return refused

"""Exclusive lock on an open file, by what the system offers; it ends with its process."""

import errno
import os
import sys
from pathlib import Path
from typing import Final

BEYOND: Final = 1 << 20
"""Windows' locks keep others from reading, so the locked byte lies behind all content."""

if sys.platform == "win32":
    import msvcrt

    def acquire(handle: int) -> None:
        """Lock an open file.

        Raises:
            BlockingIOError: another process holds the lock.
            OSError: the disk knows no locks.
        """
        os.lseek(handle, BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                raise BlockingIOError(errno.EWOULDBLOCK, error.strerror) from error
            raise
        finally:
            os.lseek(handle, 0, os.SEEK_SET)

    def release(handle: int, path: Path) -> None:
        """Unlock a file and remove it; another process may have opened it by then."""
        os.close(handle)  # before the removal: Windows removes no open file
        path.unlink()

else:
    import fcntl

    def acquire(handle: int) -> None:
        """Lock an open file.

        Raises:
            BlockingIOError: another process holds the lock.
            OSError: the disk knows no locks.
        """
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(handle: int, path: Path) -> None:
        """Remove a file and unlock it."""
        try:
            path.unlink()  # while it is locked: afterwards it might be another process's
        finally:
            os.close(handle)

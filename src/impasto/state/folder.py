"""Claims and locks on folders: the work that a folder holds, and the process that writes to it.

A folder is claimed by a mark, a JSON file that says what the work was begun with. Check the inputs
of a stage before claiming its folder.
"""

import contextlib
import errno
import gc
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from impasto.config import Settings
from impasto.errors import InputError, OutputError
from impasto.files import make_folder, output_error, read_json
from impasto.files.checksums import CHECKSUMS
from impasto.records.claim import ClaimRecord
from impasto.records.record import first_error
from impasto.records.run import command, environment
from impasto.state import file_lock
from impasto.state.diff import as_known, difference
from impasto.state.fingerprint import settled

LOCK: Final = ".lock"
_UNSUPPORTED: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_READ_ONLY: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
_held: set[Path] = set()  # folders that this process has locked: a stage within a stage passes


@dataclass(frozen=True)
class Claim:
    """Work that a stage begins, and how it recognises its folder.

    Attributes:
        what: the noun of the work in errors, as in "holds a study".
        mark: the file that claims the folder.
        settings: of the stage.
        inputs: what else the work depends on, as plain data.
        own: names of the files and folders that the stage writes beside the mark.
        finished: whether a part of the work in the folder is done; until then new settings are
            taken.
        later: settings that may be ``None`` at first and be given later, each with all settings
            that then count.
        way_out: what to do about work of other settings.
    """

    what: str
    mark: str
    settings: Settings
    inputs: Mapping[str, Any] = field(default_factory=dict)
    own: Collection[str] = ()
    finished: Callable[[], bool] = lambda: True
    later: Mapping[str, Collection[str]] = field(default_factory=dict)
    way_out: str = "repeat that, choose another folder with -o, or start over with --fresh"


@contextlib.contextmanager
def claimed(folder: Path, claim: Claim, *, fresh: bool = False) -> Iterator[None]:
    """Hold a folder for one piece of work: locked, marked, and free of half-written files.

    Args:
        folder: made where it is missing.
        claim: the work.
        fresh: remove the work that is there first; only in a folder that carries the mark.

    Raises:
        OutputError: the folder holds other work, or work of other settings or inputs; it cannot be
            written, or is in use by another process.
        InputError: the mark is damaged.
    """
    mark = folder / claim.mark
    if not mark.exists():
        refuse_other_work(folder)
    with locked(folder):
        if fresh and mark.exists():
            _clear(folder, claim)
        now = ClaimRecord(
            inputs=dict(claim.inputs),
            settings=settled(claim.settings),
            command=command(),
            environment=environment(),
        )
        if not mark.exists() or _changed(folder, claim, now):
            now.write(mark)
        remove_leftovers(folder)
        yield


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to a folder; the end of the process ends the lock.

    Raises:
        OutputError: another process holds it, or the folder cannot be written.
    """
    made = not folder.exists()
    path = make_folder(folder).resolve() / LOCK
    if path in _held:
        yield
        return
    handle = _acquired(folder, path)
    if handle is None:
        yield
        return
    _held.add(path)
    try:
        yield
    finally:
        _held.discard(path)
        with contextlib.suppress(OSError):  # the folder may be gone, or not be empty
            file_lock.release(handle, path)
            if made:
                folder.rmdir()


def refuse_other_work(folder: Path, own: Collection[str] = (), option: str = "-o") -> None:
    """Refuse a folder that holds anything but files and folders of the names in ``own``.

    Hidden files do not count.

    Args:
        folder: may be missing.
        own: names of what may be there.
        option: the option that names the folder.

    Raises:
        OutputError: naming some of what is there.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder} is a file, not a folder: choose another with {option}")
    try:
        names = sorted(child.name for child in folder.iterdir())
    except OSError as error:
        raise output_error(folder, error) from error
    if strangers := [name for name in names if name[0] != "." and name not in own]:
        raise OutputError(
            f"{folder} holds other work ({', '.join(strangers[:3])}): choose another folder with "
            f"{option}"
        )


def remove_leftovers(folder: Path) -> None:
    """Remove the half-written files of a process that was killed; hold the lock."""
    for leftover in folder.rglob(".*.part"):
        leftover.unlink(missing_ok=True)


def _changed(folder: Path, claim: Claim, now: ClaimRecord) -> bool:
    """Whether the mark must be written again; refuse what the work that is there does not allow."""
    try:
        old = ClaimRecord.model_validate(read_json(folder / claim.mark))
    except ValidationError as error:
        raise InputError(
            f"{folder / claim.mark} is damaged or of another version of impasto "
            f"({first_error(error)}): choose another folder with -o, or start over with --fresh"
        ) from error
    begun = as_known(old.settings, type(claim.settings))
    for stage, names in claim.later.items():
        if begun.get(stage) is None:
            begun |= {name: now.settings[name] for name in names}
    line = difference({**old.inputs, **begun}, {**now.inputs, **now.settings})
    if line and claim.finished():
        raise OutputError(
            f"{folder} holds a {claim.what} that was begun otherwise ({line}): {claim.way_out}"
        )
    return old.settings != now.settings or old.inputs != now.inputs


def _clear(folder: Path, claim: Claim) -> None:
    """Remove the work in a folder, the mark last."""
    refuse_other_work(folder, {*claim.own, claim.mark})
    gc.collect()  # files that are mapped cannot be removed on Windows, and cycles may hold some
    try:
        for name in [*sorted(claim.own), CHECKSUMS, claim.mark]:
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error


def _acquired(folder: Path, path: Path) -> int | None:
    """An open file that carries the lock; ``None`` where nothing can be written or locked."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if error.errno in _READ_ONLY:
                return None
            raise output_error(folder, error) from error
        try:
            file_lock.acquire(handle)
            if not (path.exists() and os.path.samestat(os.fstat(handle), path.stat())):
                os.close(handle)  # removed by its holder between the two calls
                continue
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle
        except BlockingIOError as error:
            holder = os.read(handle, 20).decode() or "unknown"
            os.close(handle)
            raise OutputError(
                f"{folder} is in use by another process (pid {holder}): "
                "wait until it has ended, or choose another folder with -o"
            ) from error
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise output_error(folder, error) from error
            logging.getLogger(__name__).warning("%s lies where no file can be locked", folder)
            os.close(handle)
            path.unlink(missing_ok=True)
            return None

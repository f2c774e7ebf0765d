"""Everything impasto refuses, as one tree.

    ImpastoError
    ├── InputError          a file or folder of the user's is missing or unreadable
    ├── OutputError         something cannot be written: full disk, a folder with other work
    ├── SettingsError       an unknown setting, or a value out of range
    ├── VocabularyError     two things that must speak of the same styles do not
    ├── CollectionError     a collection is missing, damaged, empty or changed
    ├── RunError            a run is missing, damaged, of another kind or training
    └── MissingExtraError   an optional dependency is not installed

Every message says what is wrong, where, and what to do about it, on one line. The command line
catches ``ImpastoError`` alone, prints that line and exits with status 2; any other exception is a
defect of impasto.
"""

import re
import shlex
import sys
from importlib import metadata
from pathlib import Path


class ImpastoError(Exception):
    """The root of every error that impasto raises on purpose."""


class InputError(ImpastoError):
    """A file or folder of the user's is missing or cannot be read as what it should be."""


class OutputError(ImpastoError):
    """Something cannot be written where the user asked for it."""


class SettingsError(ImpastoError):
    """A setting is unknown or its value is out of range."""


class VocabularyError(ImpastoError):
    """Two things that must speak of the same styles do not."""


class CollectionError(ImpastoError):
    """A collection is missing, damaged, empty or no longer the one that was meant."""


class RunError(ImpastoError):
    """A run is missing, damaged, of another kind, or was trained on something else."""


class MissingExtraError(ImpastoError):
    """An optional dependency is not installed; the message carries the exact install line."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs the optional extra {extra!r}: {install_line(extra)}")


def install_line(extra: str) -> str:
    """The command that installs the packages of an extra, wherever impasto itself came from.

    It names the packages, since no index has impasto.
    """
    marker = re.compile(rf";\s*extra\s*==\s*[\"']{extra}[\"']")
    wanted = [one for one in metadata.requires("impasto") or () if marker.search(one)]
    names = [marker.split(one)[0].strip() for one in wanted]
    python = Path(sys.executable).name or "python"
    if not names:  # an installation that knows nothing of the extra
        return f"{python} -m pip install -e '.[{extra}]' in the folder of the source"
    return shlex.join([python, "-m", "pip", "install", *names])

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
        super().__init__(
            f"{purpose} needs the optional extra {extra!r}: pip install 'impasto[{extra}]'"
        )

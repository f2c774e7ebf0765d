"""Fingerprints: digests of settings and inputs, by which a stage recognises earlier work."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from impasto.files import read_json, write_json
from impasto.files.checksums import damaged_files

FREE: Final = frozenset({"workers", "device", "leave_out", "tracker"})
"""Settings that change no result, at any depth: work goes on whatever their values are."""
INPUTS: Final = "inputs.json"
"""The note of a stage that is done: the settings and inputs that its files were made from."""


def settled(value: Any) -> Any:
    """Settings, or data that hold settings, as plain data without the settings in ``FREE``."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): settled(inner) for name, inner in value.items() if name not in FREE}
    if isinstance(value, list | tuple):
        return [settled(inner) for inner in value]
    return value


def fingerprint(**inputs: Any) -> str:
    """Digest of settings and other plain data by name, 32 hexadecimal digits."""
    text = json.dumps(settled(inputs), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_done(folder: Path, **inputs: Any) -> bool:
    """Whether a stage has finished in a folder with these settings and inputs.

    A stage whose files are damaged has not.
    """
    path = folder / INPUTS
    return path.is_file() and not damaged_files(folder) and read_json(path) == settled(inputs)


def not_done(folder: Path) -> None:
    """Note that the files of a folder are about to be made anew."""
    (folder / INPUTS).unlink(missing_ok=True)


def done(folder: Path, **inputs: Any) -> None:
    """Note that the files of a folder are whole, and what they were made from."""
    write_json(folder / INPUTS, settled(inputs))

"""Differences between two states of settings, in words."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from impasto.config import Settings, parse
from impasto.errors import SettingsError
from impasto.state.fingerprint import settled


def as_known(written: Mapping[str, Any], cls: type[Settings]) -> dict[str, Any]:
    """Settings from a file as plain data: today's names, and defaults where it names none.

    What cannot be read as ``cls`` comes back as it is. Settings that change no result are left out.
    """
    known: Any = written
    with contextlib.suppress(SettingsError):
        known = parse(cls, written)
    return dict(settled(known))


def differences(old: Any, new: Any) -> dict[str, str]:
    """Differences by dotted name, as ``{"train.size": 'was "small", now "tiny"'}``.

    Settings that change no result do not count.
    """
    return _differences(settled(old), settled(new), "")


def difference(old: Any, new: Any) -> str:
    """Differences in one line; empty where there are none."""
    return ", ".join(f"{name} {how}" for name, how in differences(old, new).items())


def _differences(old: Any, new: Any, place: str) -> dict[str, str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return {} if old == new else {place: f"was {json.dumps(old)}, now {json.dumps(new)}"}
    found: dict[str, str] = {}
    for name in sorted(old.keys() | new.keys()):
        found |= _differences(old.get(name), new.get(name), f"{place}.{name}".lstrip("."))
    return found

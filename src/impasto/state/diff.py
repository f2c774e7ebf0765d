"""Differences between two states of settings, in words."""

import json
from typing import Any

from impasto.state.fingerprint import settled


def differences(old: Any, new: Any) -> dict[str, str]:
    """What differs between plain data, by dotted name: ``{"train.size": 'was "small", now "tiny"'}``.

    Settings that change no result do not count.
    """
    return _differences(settled(old), settled(new), "")


def difference(old: Any, new: Any) -> str:
    """What differs, in one line; empty where nothing does."""
    return ", ".join(f"{name} {how}" for name, how in differences(old, new).items())


def _differences(old: Any, new: Any, place: str) -> dict[str, str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return {} if old == new else {place: f"was {json.dumps(old)}, now {json.dumps(new)}"}
    found: dict[str, str] = {}
    for name in sorted(old.keys() | new.keys()):
        found |= _differences(old.get(name), new.get(name), f"{place}.{name}".lstrip("."))
    return found

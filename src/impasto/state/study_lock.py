"""Whose folder is this? A study's ``study.json``.

What it was begun with, and so what may go on in it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from impasto.config import Settings, merged
from impasto.errors import InputError, OutputError
from impasto.files import make_folder, read_json, write_json
from impasto.records import run as runs

FORMAT: Final = 1
ADDED: Final = {"balance": ("balance",), "painter": ("painter", "paint")}
"""Settings without which a stage is left out, and all that a study is given of it when it is added later."""
Source = Path | str | Sequence[Path | str]


def claim(study: Path, source: Source | None, settings: Settings, defaults: Settings) -> None:
    """Write ``study.json``, or check that the folder's own speaks of the same study.

    Args:
        study: the folder.
        source: what its collection is prepared from; ``None``: the sample gallery.
        settings: of every stage.
        defaults: what settings are that an earlier impasto did not know and so did not write down.

    Raises:
        OutputError: the folder holds other work.
        InputError: it is a study of another source, or was begun with other settings.
    """
    path = study / "study.json"
    record: dict[str, Any] = {
        "format": FORMAT,
        "source": _spelled(source),
        "settings": settings.model_dump(mode="json"),
    }
    if not path.exists():
        if study.is_dir() and any(child.name[0] != "." for child in study.iterdir()):
            raise OutputError(
                f"{study} holds other work (no study.json): choose another folder with -o"
            )
        make_folder(study)
        write_json(path, {**record, "command": runs.command(), "environment": runs.environment()})
        return
    old = read_json(path)
    if old.get("source") != record["source"]:
        raise InputError(
            f"{study} is a study of {_said(old.get('source'))}, not of {_said(record['source'])}: "
            "choose another folder with -o"
        )
    begun = merged(
        defaults.model_dump(mode="json"), old.get("settings") or {}
    )  # an earlier impasto knew fewer
    added = {
        name: record["settings"][name]
        for stage in ADDED
        if begun[stage] is None
        for name in ADDED[stage]
    }
    begun |= added
    if changed := ", ".join(_changed(_settled(begun), _settled(record["settings"]))):
        raise InputError(
            f"{study} was begun with other settings ({changed}): repeat them, or choose another -o"
        )
    if any(added[stage] is not None for stage in ADDED if stage in added):
        write_json(path, {**old, "settings": begun})
    for leftover in study.rglob(
        ".*.part"
    ):  # half-written by a process of this study that was killed
        leftover.unlink(missing_ok=True)


def _settled(settings: Any) -> Any:
    """The settings without those that may differ when a study goes on: they change no result."""
    if not isinstance(settings, dict):
        return settings
    free = ("workers", "device", "leave_out")
    return {name: _settled(value) for name, value in settings.items() if name not in free}


def _changed(old: Any, new: Any, place: str = "") -> list[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [f"{place} was {json.dumps(old)}, now {json.dumps(new)}"]
    names = sorted(old.keys() | new.keys())
    inner = (_changed(old.get(n), new.get(n), f"{place}.{n}".lstrip(".")) for n in names)
    return [line for lines in inner for line in lines]


def _spelled(source: Source | None) -> list[str] | None:
    """A source as absolute paths, so that the same study is recognised from another working folder."""
    if source is None:
        return None
    parts = [source] if isinstance(source, Path | str) else list(source)
    return [str(Path(part).resolve()) if Path(part).exists() else str(part) for part in parts]


def _said(spelled: list[str] | None) -> str:
    return "the sample gallery" if spelled is None else " and ".join(spelled)

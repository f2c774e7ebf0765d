"""Settings: one frozen, strict model per verb, read from TOML or JSON, with unknown keys refused by name.

Each verb's settings class lives beside the code that it configures and derives from ``Settings``;
every field carries a description, from which the reference page is generated. The one JSON file
with the keys of the university course (``trainingdir``, ``testingdir``, …) is understood as well,
see ``CourseConfig``.
"""

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from impasto.errors import SettingsError


class Settings(BaseModel):
    """The base of all settings: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class CourseConfig(Settings):
    """The six keys of the course's ``config.json``, in the course's spelling."""

    trainingdir: str | None = None
    testingdir: str | None = None
    modelfile: str | None = None
    device: str | None = None
    epochs: int | None = None
    batch_size: int | None = None


S = TypeVar("S", bound=Settings)
Device = Literal["auto", "cpu", "cuda"]
"""Where a verb computes; auto takes a CUDA device where there is one."""


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML or JSON settings file.

    Raises:
        SettingsError: the file is missing, is neither format, or holds no table.
    """
    try:
        text = path.read_text(
            encoding="utf-8-sig"
        )  # some editors begin a file with a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the settings file {path}: {error}") from error
    try:
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(
            f"{path} is not valid {path.suffix.lstrip('.').upper() or 'TOML'}: {error}"
        ) from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path} must hold a table of settings, not a {type(data).__name__}")
    return data


def is_course(data: Mapping[str, Any]) -> bool:
    """Whether settings are in the course's form.

    It is told by ``trainingdir``, ``testingdir`` or ``modelfile``.
    """
    return bool({"trainingdir", "testingdir", "modelfile"} & data.keys())


def parse(cls: type[S], data: Mapping[str, Any], origin: str = "the settings") -> S:
    """``data`` checked as ``cls``; ``origin`` names the place in errors.

    Raises:
        SettingsError: naming every unknown key (with the nearest known one) and every bad value.
    """
    try:
        return cls.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        lines = [_explain(cls, detail) for detail in error.errors(include_url=False)]
        noun = "error" if len(lines) == 1 else "errors"
        raise SettingsError(f"{len(lines)} {noun} in {origin}: " + "; ".join(lines)) from error


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid upon ``base``, table by table."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        result[name] = (
            merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return result


def _explain(cls: type[Settings], detail: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "settings"
    if detail["type"] != "extra_forbidden":
        return f"{place}: {detail['msg'][:1].lower()}{detail['msg'][1:]}, not {detail['input']!r}"
    known = _fields(cls, detail["loc"][:-1])
    near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
    return f"{place}: unknown setting, {hint}"


def _fields(cls: type[Settings], path: tuple[str | int, ...]) -> list[str]:
    for part in path:
        inner = (
            table(cls.model_fields[str(part)].annotation) if str(part) in cls.model_fields else None
        )
        if inner is None:
            return []
        cls = inner
    return list(cls.model_fields)


def table(annotation: Any) -> type[Settings] | None:
    """The settings class of a field that holds a table, or may hold one; ``None`` for any other field."""
    kinds = (annotation, *get_args(annotation))
    return next(
        (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Settings)), None
    )

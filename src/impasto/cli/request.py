"""Requests: settings from a file, then from ``--set``, then from the options of a verb.

The file is TOML or JSON with the keys of the verb's settings class. The university course's
``config.json`` (``trainingdir``, ``testingdir``, ``modelfile``, ``device``, ``epochs``,
``batch_size``) is taken as it stands: its folders become the source, its model file names the study
folder, and the rest goes to the settings that know it.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from impasto.cli.messages import note
from impasto.config import CourseConfig, Settings, is_course, merged, parse, read
from impasto.errors import InputError, SettingsError

S = TypeVar("S", bound=Settings)
DEFAULT_STUDY = Path("study")


@dataclass(frozen=True, slots=True)
class Request:
    """Options and file of a command, before a settings class checks it.

    Attributes:
        values: settings by name, tables within tables.
        course: the course's own keys, where the file was of that form.
        origin: where the values come from, for error messages.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    course: CourseConfig | None = None
    origin: str = "the settings"

    def settings(self, cls: type[S], options: Mapping[str, Any] | None = None) -> S:
        """Return the values as ``cls``; ``options`` (``name`` or ``table.name``) win over them.

        An option that is ``None`` was not given.

        Raises:
            SettingsError: naming every unknown key and every bad value.
        """
        given = any(name.endswith("device") and value for name, value in (options or {}).items())
        course = _course_values(self.course, cls, chosen=given) if self.course else {}
        values = merged(course, self.values)
        for name, value in (options or {}).items():
            values = values if value is None else merged(values, _nested(name, value))
        return parse(cls, values, self.origin)

    def over(self, base: Mapping[str, Any]) -> "Request":
        """The same request, with other values than ``base`` only where it asks for them."""
        return replace(self, values=merged(base, self.values))

    @property
    def sources(self) -> tuple[Path, ...]:
        """The course's training and testing folder, as far as they are named."""
        if self.course is None:
            return ()
        return tuple(
            Path(name) for name in (self.course.trainingdir, self.course.testingdir) if name
        )

    @property
    def study(self) -> Path:
        """The study folder: the course's model file without its suffix, or ``study``.

        Where the pictures lie in a folder of that very name, ``-study`` is added to it.
        """
        if self.course is None or not self.course.modelfile:
            return DEFAULT_STUDY
        folder = Path(self.course.modelfile).with_suffix("")
        taken = any(
            folder.resolve() in (source.resolve(), *source.resolve().parents)
            for source in self.sources
        )
        return folder.with_name(f"{folder.name}-study") if taken else folder

    @property
    def collection(self) -> Path:
        """The collection of the study, for verbs that are given none."""
        return self.study / "collection"

    @property
    def run(self) -> Path:
        """The classifier's run of the study, likewise."""
        return self.study / "runs" / "classifier"

    def source(self, given: Sequence[str] | None) -> str | list[Path | str]:
        """The source named on the command line, else the course file's folders.

        Raises:
            InputError: neither names one.
        """
        parts: list[Any] = list(given or self.sources)
        if not parts:
            raise InputError(
                "no source: name a folder of pictures, "
                "or a --config with trainingdir and testingdir"
            )
        return str(parts[0]) if len(parts) == 1 else parts


def read_request(config: Path | None, assignments: Sequence[str] | None = None) -> Request:
    """The request in a settings file and ``name=value`` assignments, which win over the file.

    Raises:
        SettingsError: the file is missing or no settings file, or an assignment is not
            ``name=value``.
    """
    data = read(config) if config else {}
    origin = str(config) if config else "the settings"
    course = parse(CourseConfig, data, origin) if is_course(data) else None
    values = {} if course else data
    for text in assignments or ():
        values = merged(values, _assignment(text))
    return Request(
        values, course, origin if not assignments else f"{origin} and --set" if config else "--set"
    )


def _assignment(text: str) -> dict[str, Any]:
    """``"a.b=3"`` as ``{"a": {"b": 3}}``; a value that is no TOML value is taken as text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SettingsError(f"--set {text!r} is not of the form name=value")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    return _nested(name.strip(), parsed)


def _nested(name: str, value: Any) -> dict[str, Any]:
    """``"a.b"`` and 3 as ``{"a": {"b": 3}}``."""
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def _course_values(
    course: CourseConfig, cls: type[Settings], *, chosen: bool = False
) -> dict[str, Any]:
    """The course's device, epochs and batch size, for ``cls`` and each table in it that knows them.

    A table within one that has a device takes that one's, which an option may still change. Where
    the file names a GPU that this machine lacks, ``auto`` takes its place with a note, unless an
    option has ``chosen`` a device.
    """
    known = {"epochs": course.epochs, "batch_size": course.batch_size, "device": course.device}
    if course.device and course.device.startswith("cuda"):
        known["device"] = "cuda"  # the number is that of a device in the course's lab
    values = _known_values(known, cls)
    if known["device"] == "cuda" and not chosen and _names_device(values):
        from impasto.devices import device_of  # noqa: PLC0415 – torch

        try:
            device_of("cuda")
        except SettingsError:
            there = device_of("auto").type.replace("cpu", "the CPU")
            note(
                f"the settings file asks for {course.device}, which this machine lacks: computing "
                f"on {there}"
            )
            values = _known_values({**known, "device": "auto"}, cls)
    return values


def _known_values(known: Mapping[str, Any], cls: type[Settings]) -> dict[str, Any]:
    """The values in ``known`` for ``cls`` and each table in it that knows them."""
    values: dict[str, Any] = {}
    for name, info in cls.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Settings):
            inner = _known_values(known, info.annotation)
            if "device" in cls.model_fields:
                inner.pop("device", None)
            values.update({name: inner} if inner else {})
        elif known.get(name) is not None:
            values[name] = known[name]
    return values


def _names_device(values: Mapping[str, Any]) -> bool:
    return "device" in values or any(
        _names_device(inner) for inner in values.values() if isinstance(inner, Mapping)
    )


def alone(verb: str) -> None:
    """Refuse a verb for one process under torchrun.

    Raises:
        InputError: there are several processes.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(
            f"impasto {verb} is for one process: torchrun is for impasto train and impasto evaluate"
        )


def refuse(what: str, options: Mapping[str, Any]) -> None:
    """Refuse options that do not apply, by name.

    Raises:
        InputError: one was given.
    """
    for name, value in options.items():
        if value is not None:
            raise InputError(f"--{name.replace('_', '-')} does not apply to {what}: leave it out")

"""Settings: one frozen, strict model per verb, read from TOML or JSON or given as keywords.

Unknown keys are refused by name, and keys of earlier versions are understood (``RENAMED``). The
settings class of a verb lives beside the code that it configures and derives from ``Settings``;
every field has a description, from which the reference page is made.
"""

import difflib
import json
import logging
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from impasto.errors import SettingsError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

RENAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "clip": ("max_grad_norm",),
    "code_rate": ("decoder_lr_scale",),
    "content": ("content_weight",),
    "contrast": ("contrastive_weight",),
    "critic": ("style_weight",),
    "deferred": ("drw_start",),
    "divergence": ("kl_weight",),
    "ema": ("ema_decay",),
    "identity": ("identity_weight",),
    "judge": ("evaluator",),
    "manner": ("embedding_dim",),
    "matrix_learning_rate": ("muon_learning_rate",),
    "own": ("identity_share",),
    "pieces": ("crops",),
    "remedies": ("methods",),
    "resamples": ("bootstrap_samples",),
    "sampled": ("max_samples",),
    "size": ("pixels",),
    "structure": ("ssim_weight",),
    "teach": ("style_classifier",),
}
"""Earlier names of settings; of several new ones, a settings class has one.

``crop_area`` and ``crop_most`` became ``crop_scale``, and ``tensorboard`` became ``tracker``: their
values change as well, see ``_renamed``.
"""
NO_DISCRIMINATOR: Final = "the painter has no discriminator any more: leave it out"
REMOVED: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "adversarial_weight",
        "adversary",
        "discriminator_learning_rate",
        "opponent_learning_rate",
        "r1_weight",
        "slope",
    ),
    NO_DISCRIMINATOR,
)
"""Settings of earlier versions that nothing replaces, and the advice to whoever still has them."""
log = logging.getLogger("impasto")


class _SettingsClass(ModelMetaclass):
    """Class of settings classes: a wrong value given in Python raises ``SettingsError``."""

    def __call__(cls, *args: Any, **values: Any) -> Any:
        try:
            return super().__call__(*args, **values)
        except ValidationError as error:
            raise _refusal(cls, error, cls.__name__) from error  # type: ignore[arg-type]


class Settings(BaseModel, metaclass=_SettingsClass):
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


def _known_device(name: str) -> str:
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
        return name
    raise ValueError("input should be auto, cpu, cuda, cuda:N or mps")


Device = Annotated[
    str,
    AfterValidator(_known_device),
    Field(description="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else MPS, else cpu"),
]
"""Where a verb computes; auto takes CUDA, else Apple's MPS, else the processor."""


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML or JSON settings file.

    Raises:
        SettingsError: the file is missing, is neither format, or holds no table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark first
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the settings file {path}: {error}") from error
    try:
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except ValueError as error:
        kind = path.suffix.lstrip(".").upper() or "TOML"
        raise SettingsError(f"{path} is not valid {kind}: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path} must hold a table of settings, not a {type(data).__name__}")
    return data


def is_course(data: Mapping[str, Any]) -> bool:
    """Whether settings are in the course's form, which has keys of its own."""
    return bool({"trainingdir", "testingdir", "modelfile"} & data.keys())


def parse(cls: type[S], data: Mapping[str, Any], origin: str = "the settings") -> S:
    """``data`` checked as ``cls``; ``origin`` names the place in errors and warnings.

    Raises:
        SettingsError: naming every unknown key (with the nearest known one) and every bad value.
    """
    plain = json.dumps(_renamed(cls, data, origin), default=_plain)
    try:
        return cls.model_validate_json(plain)
    except ValidationError as error:
        raise _refusal(cls, error, origin) from error


def resolve(cls: type[S], settings: S | Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> S:
    """Settings of a verb: an object or a table, the defaults where ``None``, and keywords over it.

    Raises:
        SettingsError: settings of another class, an unknown key, or a bad value.
    """
    if isinstance(settings, BaseModel) and not isinstance(settings, cls):
        raise SettingsError(f"settings must be {cls.__name__}, not {type(settings).__name__}")
    if isinstance(settings, cls):
        if not keywords:
            return settings
        settings = settings.model_dump(mode="json", exclude_unset=True)
    return parse(cls, merged(settings or {}, keywords))  # type: ignore[arg-type]


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid upon ``base``, table by table."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[name] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def table(annotation: Any) -> type[Settings] | None:
    """The settings class of a field that holds a table, or may hold one, else ``None``."""
    kinds = (annotation, *get_args(annotation))
    return next(
        (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Settings)), None
    )


def _plain(value: Any) -> Any:
    """Settings as a table, everything else that JSON does not know as text."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    return str(value)


def _renamed(
    cls: type[Settings], data: Mapping[str, Any], origin: str, place: str = ""
) -> dict[str, Any]:
    """``data`` under today's names, with a warning for every earlier one."""
    known = cls.model_fields
    result: dict[str, Any] = {}
    for name, value in data.items():
        inner = table(known[name].annotation) if name in known else None
        if inner is not None and isinstance(value, Mapping):
            result[name] = _renamed(inner, value, origin, f"{place}{name}.")
        elif name in known or (new := _today(cls, name)) is None:
            result[name] = value
        else:
            log.warning("%s: %s%s is now called %s", origin, place, name, new)
            if new in data and new != "crop_scale":
                raise SettingsError(f"{origin}: {place}{name} and {place}{new} are one: leave one")
            inner = table(known[new].annotation)
            if new == "crop_scale":
                bounds = list(result.get(new) or data.get(new) or known[new].default)
                bounds[name == "crop_most"] = value
                result[new] = bounds
            elif new == "tracker":
                result[new] = "tensorboard" if value else "none"
            elif inner is not None and isinstance(value, Mapping):
                result[new] = _renamed(inner, value, origin, f"{place}{new}.")
            else:
                result[new] = value
    return result


def _today(cls: type[Settings], name: str) -> str | None:
    """Today's name of a setting of ``cls``; ``None`` where there is none."""
    also = {"crop_area": "crop_scale", "crop_most": "crop_scale", "tensorboard": "tracker"}
    candidates = RENAMED.get(name, (also.get(name, ""),))
    return next((new for new in candidates if new in cls.model_fields), None)


def _refusal(cls: type[Settings], error: ValidationError, origin: str) -> SettingsError:
    lines = [_explain(cls, detail) for detail in error.errors(include_url=False)]
    noun = "error" if len(lines) == 1 else "errors"
    return SettingsError(f"{len(lines)} {noun} in {origin}: " + "; ".join(lines))


def _explain(cls: type[Settings], detail: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "settings"
    if detail["type"] != "extra_forbidden":
        message = detail["msg"].removeprefix("Value error, ")
        return f"{place}: {message[:1].lower()}{message[1:]}, not {detail['input']!r}"
    if (advice := REMOVED.get(str(detail["loc"][-1]))) is not None:
        return f"{place}: {advice}"
    known = _fields(cls, detail["loc"][:-1])
    near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
    return f"{place}: unknown setting, {hint}"


def _fields(cls: type[Settings], path: tuple[str | int, ...]) -> list[str]:
    for part in path:
        field = cls.model_fields.get(str(part))
        inner = table(field.annotation) if field is not None else None
        if inner is None:
            return []
        cls = inner
    return list(cls.model_fields)

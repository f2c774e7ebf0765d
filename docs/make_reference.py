"""Write docs/reference.md from the code: verbs and options, settings, finding codes, errors.

``make docs`` runs it; tests/test_docs.py fails when the page and the code have drifted apart.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from pydantic_core import PydanticUndefined

from impasto import errors
from impasto.cli.main import app
from impasto.collection.settings import PrepareSettings
from impasto.comparison.balance import LongTailSettings
from impasto.comparison.by_artist import ByArtistSettings
from impasto.comparison.label_check import LabelCheckSettings
from impasto.config import CourseConfig, Settings, table
from impasto.embedding.settings import AtlasSettings
from impasto.evaluation.adapter_score import AdapterSettings
from impasto.evaluation.compare_class import ClassSettings
from impasto.evaluation.lora_score import ScorecardSettings
from impasto.evaluation.painter_score import PaintingSettings
from impasto.evaluation.picture_score import PictureSettings
from impasto.evaluation.predict import PredictSettings
from impasto.evaluation.settings import EvaluateSettings, PredictionsSettings
from impasto.gallery.gallery import SampleSettings
from impasto.generate.repaint import PatchSettings, RepaintSettings
from impasto.generate.text_to_image import DiffuseSettings
from impasto.pipeline import StudySettings
from impasto.records.finding_codes import CATALOGUE
from impasto.release.settings import ExportSettings
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.lora.settings import LoraSettings
from impasto.training.painter.settings import PainterSettings

PAGE = Path(__file__).with_name("reference.md")
SETTINGS: dict[str, type[Settings]] = {
    "sample": SampleSettings,
    "prepare": PrepareSettings,
    "audit --labels": LabelCheckSettings,
    "train classifier": ClassifierSettings,
    "train autoencoder": AutoencoderSettings,
    "train painter": PainterSettings,
    "train lora": LoraSettings,
    "balance": LongTailSettings,
    "evaluate": EvaluateSettings,
    "evaluate --predictions": PredictionsSettings,
    "compare --hidden": ClassSettings,
    "evaluate --by artist": ByArtistSettings,
    "atlas": AtlasSettings,
    "evaluate (a painter)": PaintingSettings,
    "evaluate (a LoRA)": ScorecardSettings,
    "evaluate --adapter": AdapterSettings,
    "evaluate --pictures": PictureSettings,
    "predict": PredictSettings,
    "paint (a collection)": PatchSettings,
    "paint (a painter)": RepaintSettings,
    "paint (a LoRA)": DiffuseSettings,
    "export": ExportSettings,
    "study": StudySettings,
}


def reference() -> str:
    """The whole page."""
    return "\n".join([*_opening(), *_verbs(), *_settings(), *_findings(), *_errors()]) + "\n"


def _opening() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield (
        "Made from the code by `make docs`; do not edit. Files are described in "
        "[formats](formats.md)."
    )
    yield ""
    yield (
        "Exit status of every verb: 0 done, 1 a finding invalidates the result, 2 an error of the "
        "user's, 130 interrupted."
    )
    yield ""


def _verbs() -> Iterator[str]:
    yield "## Verbs"
    for name, command in _commands(typer.main.get_command(app), ""):
        summary, _, example = (command.help or "").partition("\n\n")
        yield f"\n### impasto {name}\n\n{' '.join(summary.split())}"
        yield f"\n```sh\n{example.strip()}\n```\n"
        yield "| argument or option | what it does |\n| --- | --- |"
        for parameter in command.params:
            spelled = ", ".join(
                f"`{option}`" for option in parameter.opts if option.startswith("-")
            )
            yield (
                f"| {spelled or '`' + str(parameter.name).upper() + '`'} | "
                f"{_cell(getattr(parameter, 'help', ''))} |"
            )


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _settings() -> Iterator[str]:
    yield "\n## Settings\n"
    yield "In a TOML or JSON file given with `--config`, or one by one with `--set name=value`."
    for verb, cls in SETTINGS.items():
        yield (
            f"\n### Settings of {verb}\n\n| setting | type | default | meaning |\n| --- | --- "
            "| --- | --- |"
        )
        yield from _rows(cls, "", None)
    yield "\n### The course's config.json\n"
    keys = ", ".join(f"`{name}`" for name in CourseConfig.model_fields)
    yield (
        f"The keys {keys} are taken as they stand: see [the course's "
        "interface](how-to/course-config.md)."
    )


def _rows(cls: type[Settings], prefix: str, given: Settings | None) -> Iterator[str]:
    """Of each setting a row; ``given`` is the default of the table that they stand in."""
    for name, info in cls.model_fields.items():
        kind = info.annotation
        value = getattr(given, name) if given is not None else info.default
        if (inner := table(kind)) is not None:
            known = [verb for verb, other in SETTINGS.items() if other is inner]
            if known:
                off = "" if info.default is not None else "`None` "
                anchor = re.sub(r"[^a-z-]", "", known[0].lower().replace(" ", "-"))
                link = f"[{known[0]}](#settings-of-{anchor})"
                meaning = (
                    f"as for {link}"
                    if info.default is not None
                    else f"as for {link}: {info.description}"
                )
                yield f"| `{prefix}{name}` | table | {off}| {meaning} |"
            else:
                yield from _rows(inner, f"{prefix}{name}.", value)
            continue
        limits = ", ".join(filter(None, map(_limit, info.metadata)))
        spelled = (
            kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
        )
        spelled = spelled.replace("typing.", "").replace("NoneType", "None").replace("|", "or")
        default = "required" if value is PydanticUndefined else f"`{value!r}`"
        meaning = _cell(info.description or "") + (f" ({limits})" if limits else "")
        yield f"| `{prefix}{name}` | {_cell(spelled)} | {default} | {meaning} |"


def _limit(item: Any) -> str:
    signs = {
        "ge": "≥",
        "gt": ">",
        "le": "≤",
        "lt": "<",
        "min_length": "length ≥",
        "max_length": "length ≤",
    }
    for name, sign in signs.items():
        if hasattr(item, name):
            return f"{sign} {getattr(item, name)}"
    return ""  # a check whose meaning the description gives


def _findings() -> Iterator[str]:
    yield "\n## Findings\n"
    yield "| code | name | issue | passed | what to do | invalidates a test score |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind in CATALOGUE.values():
        invalidates = "yes" if kind.invalidates else ""
        texts = " | ".join(map(_cell, (kind.title_issue, kind.title_passed, kind.remedy)))
        yield f"| {kind.code} | {kind.name} | {texts} | {invalidates} |"


def _errors() -> Iterator[str]:
    yield "\n## Errors\n\n```"
    tree = (errors.__doc__ or "").splitlines()
    yield from (line[4:] for line in tree if line.startswith("    "))
    yield "```"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")

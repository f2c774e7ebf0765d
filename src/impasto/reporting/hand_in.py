"""Folder to hand in: the course's assignment part by part, from the files of a study.

FOLDER/README.md     every part with its finding, figures, tables, models and commands
FOLDER/figures/      charts as SVG and PNG, pictures as PNG
FOLDER/tables/       every table as CSV
FOLDER/commands.sh   the commands that made the study
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from impasto.files import write_text
from impasto.records.run import RunKind
from impasto.reporting.blocks import Block, Section, notice
from impasto.reporting.headline import Front, front
from impasto.reporting.markdown import answers_table, escape, joined, section_markdown
from impasto.reporting.sections import (
    balance,
    built,
    clusters,
    collection,
    limits,
    lora,
    painters,
    provenance,
    recognise,
)
from impasto.reporting.study import StudyRecords
from impasto.reporting.written import write_figures, write_tables
from impasto.state.folder import refuse_other_work

WRITTEN: Final = ("README.md", "figures", "tables", "commands.sh")
IMPRESSION: Final = (
    "Your own impression of these pictures belongs here: what changed, what stayed, and whether "
    "you would have named the style."
)


@dataclass(frozen=True, slots=True)
class AssignmentPart:
    """A part of the assignment: its name, its section, and the kind of model that it builds."""

    name: str
    section: Callable[[StudyRecords], Section]
    kind: RunKind | None = None
    ending: tuple[Block, ...] = ()


PARTS: Final = (
    AssignmentPart("Bonus A, a network that learns", recognise.section, "classifier"),
    AssignmentPart("Part 1, imbalance", balance.section),
    AssignmentPart("Part 2, autoencoder and clusters", clusters.section, "autoencoder"),
    AssignmentPart("Part 3, mismatched styles", painters.section, "painter", (notice(IMPRESSION),)),
    AssignmentPart("Bonus B, a text-to-image model", lora.section, "lora"),
)


def write_hand_in(study: StudyRecords, folder: Path) -> Path:
    """Write the folder, and return its ``README.md``.

    Args:
        study: the records; links to an atlas page are left out.
        folder: made where it is missing; one of an earlier hand-in is written anew.

    Raises:
        OutputError: the folder holds other work or cannot be written.
        ImpastoError: a file of the study is damaged.
    """
    refuse_other_work(folder, WRITTEN, "--hand-in")
    alone = replace(study, page=False)
    sections = [_section(alone, part) for part in PARTS]
    rest = [limits.section(alone), collection.section(alone)]
    write_figures([*sections, *rest], folder / "figures")
    write_tables([*sections, *rest], folder / "tables")
    commands = list(dict.fromkeys(command for _, command in provenance.commands(alone)))
    script = "#!/bin/sh\n# The commands that made this study, in order.\nset -eu\n"
    write_text(folder / "commands.sh", script + "".join(f"{line}\n" for line in commands))
    text = _readme(front(alone), sections, rest, commands)
    readme = folder / "README.md"
    write_text(readme, text)
    return readme


def _section(study: StudyRecords, part: AssignmentPart) -> Section:
    """The section of a part, with the models that were built for it."""
    made = part.section(study)
    models = [built.fold(run) for run in study.runs if run.run.kind == part.kind]
    shown = [replace(model, summary=f"What was built: {model.summary}", printed=True)
             for model in models]  # fmt: skip
    return replace(made, number=0, blocks=(*made.blocks, *part.ending, *shown))


def _readme(
    first: Front, sections: Sequence[Section], rest: Sequence[Section], commands: Sequence[str]
) -> str:
    parts = [f"# {escape(first.title)}", f"**{escape(first.study)}**: {escape(first.facts)}."]
    parts.append(answers_table(first.answers))
    for part, section in zip(PARTS, sections, strict=True):
        parts.append(section_markdown(section, f"{part.name}: ", unfolded=True))
    parts += [section_markdown(section) for section in rest]
    parts.append("## Commands")
    parts.append("The same in `commands.sh`. They continue or find done what is there.")
    parts.append("```sh\n" + "\n".join(commands) + "\n```")
    return joined(parts)

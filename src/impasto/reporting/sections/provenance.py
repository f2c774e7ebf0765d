"""Part of the appendix on provenance: commands, fingerprint, settings and environments."""

from collections.abc import Mapping
from typing import Any

from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    Row,
    Section,
    Table,
    columns,
    definitions,
    muted,
    prose,
)  # fmt: skip
from impasto.reporting.study import StudyRecords
from impasto.reporting.words import flattened


def section(study: StudyRecords) -> Section:
    """Return the part of the appendix on provenance."""
    rows = tuple(Row((part, Code(command))) for part, command in commands(study))
    title = "The command behind each part"
    blocks: list[Block] = [
        Table("Commands", title, columns("Part", "Command"), rows, look="settings"),
        prose(
            "Fingerprint of the collection: ", Code(study.collection.fingerprint),
            ". It changes when a picture, a label, a split or the stored size does.",
        ),
        _settings("collection", study.collection.settings),
    ]  # fmt: skip
    blocks += [_settings(f"training of {run.name}", run.run.settings) for run in study.runs]
    for run in study.runs:
        environment = (run.record.get("environment") or {}).items()
        began = muted(f"Begun {run.record.get('created', 'at an unknown time')}.")
        table = definitions("Versions and machine", environment)
        blocks.append(Details(f"Environment of {run.name}", (table, began)))
    return Section("made", "Commands, settings and environment", tuple(blocks), "Settings")


def _settings(part: str, settings: Mapping[str, Any]) -> Details:
    table = definitions(f"Settings of the {part}", flattened(settings))
    return Details(f"Settings: {part}", (table,))


def commands(study: StudyRecords) -> list[tuple[str, str]]:
    """Return what was made, and the command that made it."""
    rows = [("Collection", study.command)]
    for run in study.runs:
        rows.append((f"Run {run.name}", run.command))
        if run.evaluation:
            rows.append((f"Evaluation of {run.name}", run.evaluation.command))
        if run.by_artist:
            rows.append((f"Unseen artists, {run.name}", run.by_artist.command))
    rows += [(f"Atlas of {place.name}", atlas.command) for atlas, place in study.atlases]
    rows += [(f"Score of the pictures {name}", given.command) for name, given in study.given]
    if study.balance:
        rows.append(("Comparison of long-tail methods", study.balance.command))
    return rows

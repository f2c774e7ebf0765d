"""The tables of a report, as rows of plain values."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np

from impasto.records.finding import Finding
from impasto.records.lora_score import LoraScore
from impasto.reporting.facts import Evaluated, RunFacts, Score, StudyFacts
from impasto.reporting.loras import LoraFacts
from impasto.reporting.painters import PainterFacts, Painting
from impasto.reporting.words import baseline_name, baselines

ITEMS: Final = 40
"""Things listed under a finding; the rest is counted and stands in the finding's file."""
CONFUSIONS: Final = 12


@dataclass(frozen=True, slots=True)
class Census:
    """One style's pictures before and after preparation."""

    style: str
    set_aside: int
    train: int
    validation: int
    test: int

    @property
    def kept(self) -> int:
        """What preparation kept."""
        return self.train + self.validation + self.test

    @property
    def found(self) -> int:
        """What stood in the source."""
        return self.kept + self.set_aside


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The network's or a baseline's scores."""

    name: str
    scores: Mapping[str, Score | None]
    note: str


@dataclass(frozen=True, slots=True)
class Confusion:
    """Pictures of one style that were named another."""

    true: str
    named: str
    pictures: int
    of: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding as the report shows it: with the stage that said it and its items as a table."""

    finding: Finding
    stage: str
    place: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int


def census(facts: StudyFacts) -> tuple[list[Census], int]:
    """Each style's pictures, and the number set aside that belong to no known style."""
    collection = facts.collection
    aside: Counter[str | None] = Counter()
    for finding in facts.found:
        if finding.code == "IMP101" and finding.outcome == "issue":
            aside.update(_style_of(item, facts) for item in finding.items)
            listed = len(finding.items)
            aside[None] += max(
                0, int(finding.numbers.get("count", listed)) - listed
            )  # the list may be cut, not it
    counts = [collection.counts(split) for split in ("train", "validation", "test")]
    rows = [
        Census(style, aside[style], *(int(part[place]) for part in counts))
        for place, style in enumerate(collection.vocabulary.styles)
    ]
    return rows, aside[None]


def _style_of(item: Mapping[str, Any], facts: StudyFacts) -> str | None:
    known = {style: style for style in facts.collection.vocabulary.styles} | dict(
        facts.collection.vocabulary.aliases
    )
    parts = [
        str(item.get("style", "")),
        *PurePosixPath(str(item.get("id", item.get("path", "")))).parts,
    ]
    return next((known[part] for part in parts if part in known), None)


def score_rows(evaluation: Evaluated) -> list[ScoreRow]:
    """The network first, then its baselines."""
    return [ScoreRow("The network", evaluation.scores, "")] + [
        ScoreRow(
            baseline_name(name),
            {key: getattr(b, key) for key in type(b).model_fields if key != "note"},
            b.note or "",
        )
        for name, b in baselines(evaluation).items()
    ]


def confusions(evaluation: Evaluated) -> list[Confusion]:
    """The most frequent confusions, by the share of the true style's pictures."""
    matrix = np.asarray(evaluation.confusion)
    totals = matrix.sum(axis=1)
    pairs = [
        Confusion(evaluation.styles[i], evaluation.styles[j], int(matrix[i, j]), int(totals[i]))
        for i, j in np.argwhere(matrix > 0)
        if i != j
    ]
    return sorted(pairs, key=lambda pair: (-pair.pictures / pair.of, -pair.pictures, pair.true))[
        :CONFUSIONS
    ]


def judgements(facts: StudyFacts) -> list[Judgement]:
    """Every finding of every stage, those that spoil the result first, then issues, then the rest."""
    found = _judged(facts.found, "collection", "collection/findings.json, audit.json")
    for run in facts.runs:
        found += _judged(run.trained or (), f"training of {run.name}", f"{run.name}/findings.json")
        found += _judged(
            run.evaluated, f"evaluation of {run.name}", f"{run.name}/evaluation/findings.json"
        )
        if run.by_artist:
            found += _judged(
                run.by_artist.found, f"artists of {run.name}", f"{run.name}/by-artist/findings.json"
            )
    for autoencoder in facts.autoencoders:
        name = autoencoder.name
        found += _judged(
            autoencoder.found,
            f"autoencoder {name}",
            f"{name}/findings.json, evaluation/findings.json",
        )
    for atlas in facts.atlases:
        found += _judged(atlas.found, f"atlas of {atlas.name}", f"{atlas.name}/atlas/findings.json")
    for lora in facts.loras:
        found += _judged(lora.trained, f"training of {lora.name}", f"{lora.name}/findings.json")
        found += _judged(
            lora.scored, f"scorecard of {lora.name}", f"{lora.name}/evaluation/findings.json"
        )
    for painter in facts.painters:
        found += _judged(
            painter.trained, f"training of {painter.name}", f"{painter.name}/findings.json"
        )
        found += _judged(
            painter.scored, f"score of {painter.name}", f"{painter.name}/evaluation/findings.json"
        )
    if facts.balance:
        found += _judged(facts.balance.found, "comparison of remedies", "balance/findings.json")
    rank = {"issue": 1, "not applicable": 2, "passed": 3}
    return sorted(found, key=lambda j: 0 if j.finding.spoils else rank[j.finding.outcome])


def _judged(found: Iterable[Finding], stage: str, place: str) -> list[Judgement]:
    made = []
    for finding in found:
        columns = tuple(dict.fromkeys(name for item in finding.items[:ITEMS] for name in item))
        rows = tuple(
            tuple(plain(item.get(name)) for name in columns) for item in finding.items[:ITEMS]
        )
        made.append(
            Judgement(finding, stage, place, columns, rows, max(0, len(finding.items) - ITEMS))
        )
    return made


def plain(value: Any) -> str:
    """A value of a JSON file as it is read in a table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and all(isinstance(part, str | int) for part in value):
        return ", ".join(str(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def flattened(values: Mapping[str, Any], place: str = "") -> list[tuple[str, str]]:
    """Settings within settings as ``("augment.cutmix", "0.5")`` pairs, in their order."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += flattened(value, f"{place}{name}.")
        else:
            rows.append((f"{place}{name}", plain(value)))
    return rows


def settings_tables(facts: StudyFacts) -> list[tuple[str, list[tuple[str, str]]]]:
    """The settings of each stage, with a title."""
    tables = [("Collection", flattened(facts.collection.settings))]
    trained = [run.run for run in facts.runs] + [
        autoencoder.run for autoencoder in facts.autoencoders
    ]
    trained += [lora.run for lora in facts.loras] + [painter.run for painter in facts.painters]
    return tables + [(f"Training of {run.path.name}", flattened(run.settings)) for run in trained]


def commands(facts: StudyFacts) -> list[tuple[str, str]]:
    """What was made, and the command that made it."""
    rows = [("Collection", facts.collection.record.command)]
    for run in facts.runs:
        rows.append((f"Run {run.name}", str(run.record.get("command", "not recorded"))))
        if run.evaluation:
            rows.append((f"Evaluation of {run.name}", run.evaluation.command))
        if run.by_artist:
            rows.append((f"Unseen artists, {run.name}", run.by_artist.content.command))
    for autoencoder in facts.autoencoders:
        rows.append(
            (f"Run {autoencoder.name}", str(autoencoder.record.get("command", "not recorded")))
        )
        if autoencoder.content:
            rows.append((f"Evaluation of {autoencoder.name}", autoencoder.content.command))
    rows += [(f"Atlas of {atlas.name}", atlas.content.command) for atlas in facts.atlases]
    scored: list[tuple[str, LoraFacts | PainterFacts, str, LoraScore | Painting | None]]
    scored = [("LoRA", lora, "Scorecard", lora.card) for lora in facts.loras]
    scored += [("Painter", painter, "Score", painter.content) for painter in facts.painters]
    for kind, one, what, score in scored:
        rows.append((f"{kind} {one.name}", str(one.record.get("command", "not recorded"))))
        rows += [(f"{what} of {one.name}", score.command)] if score else []
    if facts.balance:
        rows.append(("Comparison of remedies", facts.balance.content.command))
    return rows


def training_facts(run: RunFacts) -> list[tuple[str, str]]:
    """What was settled and measured in training, without the counts that stand elsewhere."""
    skipped = {"train_counts", "seconds", "data_share_of_step"}
    return [
        (name.replace("_", " "), f"{value:,}" if type(value) is int else plain(value))
        for name, value in run.run.facts.items()
        if name not in skipped
    ]


def sources(facts: StudyFacts) -> Sequence[str]:
    """Where the pictures came from."""
    return [plain(part) for part in facts.collection.record.sources]

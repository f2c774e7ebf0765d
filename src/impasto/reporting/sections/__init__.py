"""Sections of a report, in their order.

A new section is a module with a function that turns a run's or a study's records into blocks, and
its line in ``SECTIONS``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from impasto.records.atlas import Atlas
from impasto.records.balance import BalanceResult
from impasto.records.by_artist import ByArtistResult
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.lora_score import LoraScore
from impasto.records.painter_score import PainterScore
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.record import Result
from impasto.reporting.blocks import Code, Number, Row, Section, Table, columns, prose
from impasto.reporting.sections import (
    art_history,
    autoencoder,
    balance,
    calibration,
    clusters,
    collection,
    confusions,
    examples,
    findings,
    heat,
    lora,
    painters,
    per_style,
    provenance,
    scores,
    second_labels,
    sheets,
    training,
    typical,
    unseen_artists,
)  # fmt: skip
from impasto.reporting.study import Place, StudyRecords, TrainedRun
from impasto.reporting.words import plain

StudySections = Callable[[StudyRecords], Iterator[Section]]
"""Sections of a study; none where it has nothing to show."""
RunSection = Callable[[TrainedRun[ClassifierEvaluation]], Section | None]
"""Section of a classifier's run; ``None`` where it has nothing to show."""


def each_classifier(*made: RunSection) -> StudySections:
    """Return sections that stand together, once for each classifier."""

    def sections(study: StudyRecords) -> Iterator[Section]:
        for run in study.classifiers:
            for make in made:
                section = make(run)
                if section:
                    yield section

    return sections


def no_run(study: StudyRecords) -> Iterator[Section]:
    """The section of a study without a classifier."""
    if not study.classifiers:
        text = "No network has been trained in this study. "
        parts = prose(text, Code("impasto train classifier"), " trains one.")
        yield Section("no-run", "No run yet", (parts,))


SECTIONS: Final[Sequence[StudySections]] = (
    findings.sections,
    each_classifier(scores.section),
    no_run,
    collection.sections,
    examples.sections,
    each_classifier(
        training.section,
        per_style.section,
        confusions.section,
        calibration.section,
        heat.section,
        typical.section,
        art_history.section,
        second_labels.section,
        sheets.section,
        unseen_artists.section,
    ),
    lambda study: map(autoencoder.section, study.autoencoders),
    lambda study: (clusters.section(*atlas) for atlas in study.atlases),
    painters.sections,
    lambda study: map(lora.section, study.loras),
    balance.sections,
    provenance.sections,
)


ALONE: Final[Mapping[type[Result], Callable[[Any, Place], Section]]] = {
    ClassifierEvaluation: scores.scores_section,
    AutoencoderEvaluation: autoencoder.reconstruction_section,
    PainterScore: painters.painter_section,
    LoraScore: lora.lora_section,
    ByArtistResult: unseen_artists.artists_section,
    BalanceResult: balance.section,
    Atlas: clusters.section,
}
"""The section on a result alone, by its class."""


def section_of(record: Result) -> Section:
    """Return the section on a result alone, as a notebook shows it."""
    if make := ALONE.get(type(record)):
        return make(record, Place())
    return Section("result", type(record).__name__, (_rows_table(record.rows()),))


def _rows_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The rows of a result that has no section of its own."""
    names = list(rows[0]) if rows else []
    cells = tuple(Row(tuple(_cell(row[name]) for name in names)) for row in rows)
    return Table("Result", "Result", columns(*names), cells, look="items")


def _cell(value: Any) -> str | Number:
    return Number(f"{value:.4g}", value) if isinstance(value, float) else plain(value)

"""Sections of a report, in their order.

A question of the first screen is a module with ``answer`` and ``section``; a part of the appendix
is a module with ``section``. Both turn a study's records into blocks, and have their line here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from impasto.records.atlas import Atlas
from impasto.records.balance import BalanceResult
from impasto.records.by_artist import ByArtistResult
from impasto.records.class_comparison import ClassComparison
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.lora_score import LoraScore
from impasto.records.painter_score import PainterScore
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.record import Result
from impasto.reporting.answer_cards import Answer
from impasto.reporting.blocks import Number, Row, Section, Table, columns
from impasto.reporting.sections import (
    autoencoder,
    balance,
    built,
    class_summary,
    clusters,
    collection,
    glossary,
    limits,
    lora,
    painters,
    provenance,
    recognise,
    unseen_artists,
)
from impasto.reporting.study import Place, StudyRecords
from impasto.reporting.words import plain

ANSWERS: Final[Sequence[Callable[[StudyRecords], Answer]]] = (
    recognise.answer,
    balance.answer,
    clusters.answer,
    painters.answer,
    lora.answer,
)
QUESTIONS: Final[Sequence[Callable[[StudyRecords], Section]]] = (
    recognise.section,
    balance.section,
    clusters.section,
    painters.section,
    lora.section,
    limits.section,
)
APPENDIX: Final[Sequence[Callable[[StudyRecords], Section]]] = (
    built.section,
    collection.section,
    limits.checks,
    provenance.section,
    lambda study: glossary.section(),
)


ALONE: Final[Mapping[type[Result], Callable[[Any, Place], Section]]] = {
    ClassifierEvaluation: recognise.scores_section,
    AutoencoderEvaluation: autoencoder.reconstruction_section,
    PainterScore: painters.painter_section,
    LoraScore: lora.lora_section,
    ByArtistResult: unseen_artists.artists_section,
    BalanceResult: balance.balance_section,
    Atlas: clusters.clusters_section,
    ClassComparison: lambda made, place: class_summary.sections(made)[0],
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

"""First screen of a report: one sentence, five answers, and what to know before quoting them."""

from dataclasses import dataclass

from impasto.numerics.formatting import count
from impasto.records.finding import invalidated
from impasto.reporting.answer_cards import Answer
from impasto.reporting.blocks import Exhibit, FindingEntry
from impasto.reporting.sections import ANSWERS
from impasto.reporting.sections.limits import entries, warnings
from impasto.reporting.study import StudyRecords


@dataclass(frozen=True, slots=True)
class Front:
    """The first screen of a report.

    Attributes:
        study: the study's name.
        title: the verdict in one sentence.
        facts: sizes of what is reported, in words.
        answers: to the five questions.
        warnings: the worst issues, at most three.
        more: the number of other issues.
        header: one painting of each style.
        page: whether there is an atlas page to link to.
    """

    study: str
    title: str
    facts: str
    answers: tuple[Answer, ...]
    warnings: tuple[FindingEntry, ...]
    more: int
    header: tuple[Exhibit, ...]
    page: bool


def front(study: StudyRecords) -> Front:
    """Return the first screen of a report on a study."""
    answers = tuple(make(study) for make in ANSWERS)
    collection = study.collection
    splits = [int(collection.counts(name).sum()) for name in ("train", "validation", "test")]
    facts = (
        f"{count(len(collection), 'painting')} in {count(len(collection.vocabulary), 'style')}"
        f"{', painted by code' if study.synthetic else ''}: "
        f"{splits[0]:,} to learn from, {splits[1]:,} to choose by, {splits[2]:,} to test on"
    )
    issues = [entry for entry in entries(study) if entry.finding.outcome == "issue"]
    first = warnings(study)
    return Front(
        study=study.name,
        title=headline(study, answers[0]),
        facts=facts,
        answers=answers,
        warnings=tuple(first),
        more=len(issues) - len(first),
        header=tuple(row[0] for row in study.paintings.examples(1).values()),
        page=study.page,
    )


def headline(study: StudyRecords, first: Answer) -> str:
    """Return the verdict on a study in one sentence, without numbers."""
    main = study.main
    if main is None:
        return "The paintings are prepared; no network has been trained on them yet"
    if main.evaluation is None:
        state = "is still being trained" if main.running else "has been trained"
        return f"A network {state}; how well it tells the styles apart has not been measured yet"
    everything = [*study.prepared, *(study.audited or ()), *main.found]
    if invalidated(everything):
        codes = ", ".join(sorted({found.code for found in everything if found.invalidates}))
        return f"A finding invalidates this result ({codes})"
    return first.finding

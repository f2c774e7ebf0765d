"""Report on a study, as Markdown and as one HTML file that opens offline.

STUDY/report.md      for reading in a repository; its pictures stand in STUDY/figures/
STUDY/report.html    the same, self-contained: pictures, styles and script are within the file
STUDY/figures/       every figure, charts as SVG and PNG
STUDY/tables/        every table as CSV

All is made from the study's files alone, and the same files give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.files import write_text
from impasto.plain_text import visible
from impasto.reporting.blocks import Section
from impasto.reporting.hand_in import write_hand_in
from impasto.reporting.headline import front
from impasto.reporting.html import report_html
from impasto.reporting.markdown import report_markdown
from impasto.reporting.sections import APPENDIX, QUESTIONS
from impasto.reporting.study import StudyRecords, read_study
from impasto.reporting.written import write_figures, write_tables


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The two forms of a report, and the README of a folder to hand in where one was asked for."""

    markdown: Path
    html: Path
    hand_in: Path | None = None


def write_report(
    study: Path,
    *,
    collection: Path | None = None,
    runs: Sequence[Path] | None = None,
    page: bool = False,
    hand_in: Path | None = None,
) -> ReportPaths:
    """Write the report of a study.

    Args:
        study: the folder to read and to write to.
        collection: where the collection is; ``STUDY/collection`` where ``None``.
        runs: the run folders; those under ``STUDY/runs`` where ``None``. Stages that have not
            happened yet are named in the report as missing.
        page: whether an atlas page will stand in ``STUDY/site``; one that does already is linked in
            any case.
        hand_in: a folder to write the course's assignment to, part by part; none where ``None``.

    Raises:
        ImpastoError: there is no study or no collection, a file is damaged, or the folder cannot be
            written.
    """
    study = Path(study)
    records = with_page(read_study(study, collection, runs), study, page=page)
    first, questions, appendix = front(records), questions_of(records), appendix_of(records)
    html = report_html(first, questions, appendix)
    markdown = report_markdown(first, questions, appendix)
    write_figures([*questions, *appendix], study / "figures")
    write_tables([*questions, *appendix], study / "tables")
    readme = None if hand_in is None else write_hand_in(records, hand_in)
    paths = ReportPaths(study / "report.md", study / "report.html", readme)
    write_text(paths.markdown, visible(markdown))
    write_text(paths.html, visible(html))
    return paths


def with_page(records: StudyRecords, study: Path, *, page: bool = False) -> StudyRecords:
    """Return the records, with links to the atlas page where there is one or will be."""
    return replace(records, page=page or (study / "site" / "index.html").is_file())


def questions_of(study: StudyRecords) -> list[Section]:
    """Return the sections on the five questions, and on what qualifies the answers."""
    return [make(study) for make in QUESTIONS]


def appendix_of(study: StudyRecords) -> list[Section]:
    """Return the parts of the appendix."""
    return [make(study) for make in APPENDIX]

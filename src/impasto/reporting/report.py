"""Report on a study, as Markdown and as one HTML file that opens offline.

STUDY/report.md      for reading in a repository; its figures stand in STUDY/figures/
STUDY/report.html    the same, self-contained: figures, styles and script are within the file

Both are made from the study's files alone, and the same files give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.files import write_text
from impasto.reporting.blocks import Section
from impasto.reporting.headline import front
from impasto.reporting.html import report_html
from impasto.reporting.markdown import report_markdown
from impasto.reporting.sections import SECTIONS
from impasto.reporting.sections.findings import entries
from impasto.reporting.study import StudyRecords, read_study
from impasto.reporting.thumbnails import examples_of


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The two forms of a report."""

    markdown: Path
    html: Path


def write_report(
    study: Path,
    *,
    collection: Path | None = None,
    runs: Sequence[Path] | None = None,
    page: bool = False,
) -> ReportPaths:
    """Write the report of a study.

    Args:
        study: the folder to read and to write ``report.md``, ``report.html`` and ``figures/`` to.
        collection: where the collection is; ``STUDY/collection`` where ``None``.
        runs: the run folders; those under ``STUDY/runs`` where ``None``. Stages that have not
            happened yet are named in the report as missing.
        page: whether an atlas page will stand in ``STUDY/site``; one that does already is linked in
            any case.

    Raises:
        ImpastoError: there is no study or no collection, a file is damaged, or the folder cannot be
            written.
    """
    study = Path(study)
    records = read_study(study, collection, runs)
    page = page or (study / "site" / "index.html").is_file()
    header = tuple(wall[0] for wall in examples_of(records.collection, 1).values())
    issues = sum(entry.finding.outcome == "issue" for entry in entries(records))
    first, parts = front(records, header, issues, page=page), sections(records)
    html = report_html(first, parts)
    markdown = report_markdown(first, parts, study / "figures")
    paths = ReportPaths(study / "report.md", study / "report.html")
    write_text(paths.markdown, markdown)
    write_text(paths.html, html)
    return paths


def sections(study: StudyRecords) -> list[Section]:
    """Return the sections of a report, in their order."""
    return [section for make in SECTIONS for section in make(study)]

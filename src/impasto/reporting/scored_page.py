"""Page on the predictions of another program, as HTML and Markdown.

OUTPUT/report.html   one file
OUTPUT/report.md     the same, its figures in OUTPUT/figures/ and its tables in OUTPUT/tables/
"""

from dataclasses import replace
from pathlib import Path

from impasto.files import write_text
from impasto.numerics.formatting import count
from impasto.plain_text import visible
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.finding import Finding
from impasto.reporting.blocks import Section
from impasto.reporting.html import Page, page_html
from impasto.reporting.markdown import page_markdown
from impasto.reporting.sections import limits, section_of
from impasto.reporting.written import write_figures, write_tables


def write_scored_page(evaluation: ClassifierEvaluation, folder: Path) -> None:
    """Write the page on scored predictions.

    Args:
        evaluation: of the predictions, with its findings beside it.
        folder: to write to.
    """
    page = scored_page(evaluation, evaluation.findings)
    write_figures(page.sections, folder / "figures")
    write_tables(page.sections, folder / "tables")
    write_text(folder / "report.html", visible(page_html(page)), noted=False)
    write_text(folder / "report.md", visible(page_markdown(page)), noted=False)


def scored_page(
    evaluation: ClassifierEvaluation,
    found: list[Finding],
    *,
    name: str = "",
    more: tuple[Section, ...] = (),
) -> Page:
    """Return the page on scored predictions.

    Args:
        evaluation: of the predictions.
        found: the findings on it.
        name: of the model; that of the file where empty.
        more: sections before that on the findings.
    """
    made = replace(section_of(evaluation), number=0)  # the number of a study's question
    file = Path(evaluation.source.file).name if evaluation.source else evaluation.path.parent.name
    facts = (
        f"Scored on {count(evaluation.pictures, evaluation.split + ' picture')} of "
        f"{Path(evaluation.collection).name}"
    )
    findings = limits.findings_section(found, evaluation.path.name)
    return Page(name or file, facts, evaluation.command, (made, *more, findings))

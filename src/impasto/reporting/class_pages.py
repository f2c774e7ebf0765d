"""Pages on a class's submissions: one for all of them, and one each.

OUTPUT/index.html           table, groups, equal mistakes; leads to the pages
OUTPUT/summary.md           the same; figures in OUTPUT/figures/, tables in OUTPUT/tables/
OUTPUT/pages/NAME.html      one submission, without the names of others
OUTPUT/pages/NAME.md        the same, its tables alone
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from impasto.files import write_text
from impasto.numerics.formatting import count, percent
from impasto.numerics.metrics import SCORES
from impasto.plain_text import visible
from impasto.records import finding as findings
from impasto.records.class_comparison import ClassComparison, Submission
from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import Block, Details, Row, Section, Table, columns, prose
from impasto.reporting.html import Page, page_html
from impasto.reporting.markdown import page_markdown
from impasto.reporting.scored_page import scored_page
from impasto.reporting.sections import class_summary, limits
from impasto.reporting.svg_chart import Chart
from impasto.reporting.words import points, score
from impasto.reporting.written import write_figures, write_tables


def write_class_pages(
    made: ClassComparison, folder: Path, *, announce: Callable[[str], None] | None = None
) -> None:
    """Write the pages on a comparison.

    Args:
        made: the comparison.
        folder: that it lies in.
        announce: called with a line when the pages are begun.
    """
    (announce or (lambda line: None))(f"writing {count(1 + len(made.submissions), 'page')}")
    page = summary_page(made)
    write_figures(page.sections, folder / "figures")
    write_tables(page.sections, folder / "tables")
    write_text(folder / "index.html", visible(page_html(page)), noted=False)
    write_text(folder / "summary.md", visible(page_markdown(page)), noted=False)
    for one in made.submissions:
        own = submission_page(made, one, folder / "submissions" / one.folder / "evaluation")
        html, text = visible(page_html(own)), visible(page_markdown(own, files=False))
        write_text(folder / "pages" / f"{one.folder}.html", html, noted=False)
        write_text(folder / "pages" / f"{one.folder}.md", text, noted=False)


def summary_page(made: ClassComparison) -> Page:
    """Return the page on all submissions."""
    title = (
        f"{count(len(made.submissions), 'submission')} on {count(made.pictures, 'hidden picture')}"
    )
    facts = f"{count(len(made.styles), 'style')} of {Path(made.collection).name}"
    found = limits.findings_section(made.findings, "")
    return Page(title, facts, made.command, (*class_summary.sections(made), found))


def submission_page(made: ClassComparison, one: Submission, folder: Path) -> Page:
    """Return the page on one submission, which may be handed back: it names no other."""
    verb = "impasto compare"
    evaluation = ClassifierEvaluation.read(folder / "metrics.json", what="evaluation", verb=verb)
    found = findings.load(folder / "findings.json")
    page = scored_page(evaluation, found, name=one.name, more=(_among(made, one),))
    return replace(page, sections=tuple(_light(section) for section in page.sections))


def _light(section: Section) -> Section:
    """A section with one chart, recall by style: drawing all of them takes seconds a page."""

    def kept(parts: Sequence[Block]) -> tuple[Block, ...]:
        found: list[Block] = []
        for part in parts:
            if isinstance(part, Details):
                found.append(replace(part, blocks=kept(part.blocks)))
            elif not isinstance(part, Chart):
                found.append(part)
            elif part.name == "styles":
                found.append(replace(part, small=None))
        return tuple(found)

    return replace(section, blocks=kept(section.blocks))


def _among(made: ClassComparison, one: Submission) -> Section:
    """The section on a submission's place in the class."""
    total, title = len(made.submissions), SCORES[made.score].title
    values = [other.scores[made.score].value for other in made.submissions]
    alike = {name for group in made.groups if one.name in group for name in group} - {one.name}
    text = (
        f"By {title} this is number {one.rank} of {total}. The median of the class is "
        f"{percent(float(np.median(values)))}, the best {percent(max(values))}. "
    )
    if alike:
        text += (
            f"Tests cannot tell it apart from {count(len(alike), 'other submission')}: the order "
            "among these is chance."
        )
    else:
        text += "Tests tell it apart from every other submission."
    blocks: list[Block] = [prose(text)]
    best = made.submissions[0]
    pair = next(
        (each for each in made.pairs if {each.one, each.other} == {one.name, best.name}), None
    )
    if pair is not None:
        gain = pair.gain if pair.one == one.name else None
        rows = (
            Row(("This submission", score(one.scores[made.score]))),
            Row(("The best submission", score(best.scores[made.score]))),
            Row(("The best less this", points(pair.gain if gain is None else gain))),
        )
        caption = f"{SCORES[made.score].heading} on the same pictures; the difference in points"
        blocks.append(
            Table("Place in the class", caption, columns("What", numbers=("Score",)), rows)
        )
    return Section("class", f"Number {one.rank} of {total}", tuple(blocks), "Class")

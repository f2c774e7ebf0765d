"""Markdown of a report (GitHub's); its figures and tables lie as files beside it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import quote

from impasto.numerics.formatting import count
from impasto.reporting import blocks
from impasto.reporting.answer_cards import VERDICTS, Answer
from impasto.reporting.headline import Front
from impasto.reporting.html import Page
from impasto.reporting.svg_chart import Chart
from impasto.reporting.written import image_name, table_name

MARKS = re.compile(r"([\\`*_{}\[\]<>|#~$])")
ITEMS = 5
"""Items listed under a finding; the rest is counted."""
LONG = 20
"""Rows of a table of items."""


def report_markdown(
    front: Front, questions: Sequence[blocks.Section], appendix: Sequence[blocks.Section]
) -> str:
    """Return the report as Markdown."""
    parts = [f"# {escape(front.title)}", f"**{escape(front.study)}**: {escape(front.facts)}."]
    if front.page:
        parts.append("[Explore the paintings](site/index.html)")
    parts += [answers_table(front.answers), *_warnings(front)]
    parts += [section_markdown(section) for section in questions]
    parts.append("# Appendix")
    parts += [section_markdown(section) for section in appendix]
    return joined(parts)


def page_markdown(page: Page, *, files: bool = True) -> str:
    """Return a page of sections as Markdown; ``files`` as for ``section_markdown``."""
    parts = [f"# {escape(page.title)}", f"{escape(page.facts)}."]
    parts += [section_markdown(one, unfolded=True, files=files) for one in page.sections]
    return joined(parts)


def joined(parts: Iterable[str]) -> str:
    """Return parts of a document as one text, with one empty line between them."""
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts)).strip() + "\n"


def answers_table(answers: Sequence[Answer]) -> str:
    """Return the answers as a table: question, verdict, number, finding, scale."""
    lines = ["| | Question | Verdict | Number | Finding |", "| --- | --- | --- | --- | --- |"]
    for one in answers:
        finding = f"{escape(one.finding)}."
        number = ""
        if one.verdict == "not run":
            finding += f" {code(one.command)}"
        else:
            number = f"**{escape(one.value)}** {escape(one.interval)}<br>{escape(one.unit)}"
            scale = ", ".join(f"{mark.label} {mark.text}" for mark in one.marks)
            finding += f"<br>{escape(scale)}"
        verdict = VERDICTS[one.verdict]
        lines.append(
            f"| {one.number} | {escape(one.question)} | {verdict} | {number} | {finding} |"
        )
    return "\n".join(lines)


def _warnings(front: Front) -> list[str]:
    if not front.warnings:
        return []
    lines = ["**Before you quote this**", ""]
    lines += [f"- {escape(entry.finding.title)}." for entry in front.warnings]
    return ["\n".join(lines)]


def section_markdown(
    section: blocks.Section, head: str = "", *, unfolded: bool = False, files: bool = True
) -> str:
    """Return a section.

    Args:
        section: to render.
        head: stands before its title.
        unfolded: whether folds that are printed stand open, under headings of their own.
        files: whether figures and tables lie as files beside it; else figures are left out.
    """
    number = f"{section.number} " if section.number else ""
    parts = [f"## {escape(head) or number}{escape(section.title)}"]
    renderer = _MarkdownRenderer(section, unfolded, files)
    parts += [renderer.block(block) for block in section.blocks]
    if section.sources:
        rows = "\n".join(
            f"- {escape(one.stage)}: {code(one.command)}"
            + (f", {code(one.file)}" if one.file else "")
            for one in section.sources
        )
        parts.append(f"<details><summary>Command and data</summary>\n\n{rows}\n\n</details>")
    return "\n\n".join(part for part in parts if part)


def escape(text: str) -> str:
    """Return text so that Markdown shows it as it is, in a table's cell too."""
    return MARKS.sub(r"\\\1", " ".join(text.splitlines()))


def code(text: str) -> str:
    """Return a code span, fenced by more backticks than it holds, pipes escaped for tables."""
    text = " ".join(text.splitlines()).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


@dataclass(frozen=True, slots=True)
class _MarkdownRenderer:
    """Renderer of the blocks of one section."""

    section: blocks.Section
    unfolded: bool
    files: bool

    def block(self, block: blocks.Block) -> str:  # noqa: PLR0911 – one for each kind
        match block:
            case blocks.Prose():
                text = "".join(map(_inline, block.parts))
                return f"> {text}" if block.tone == "notice" else text
            case blocks.Table():
                return self.table(block)
            case Chart():
                name = f"{self.section.prefix}{block.name}"
                return self.figure(f"{name}.png", block.alt, block.title, block.caption, name)
            case blocks.ImageFile():
                name = image_name(self.section, block)
                return self.figure(name, block.title, block.title, block.caption)
            case blocks.Gallery():
                name = f"{self.section.prefix}{block.name}.png"
                return self.figure(name, block.title, block.title, block.caption)
            case blocks.Slider():
                return self.block(block.plain)
            case blocks.FindingEntry():
                return _finding(block)
            case blocks.Details():
                inner = "\n\n".join(self.block(part) for part in block.blocks)
                if self.unfolded and block.printed:
                    return f"### {escape(block.summary)}\n\n{inner}"
                summary = f"<summary>{_tagged(block.summary)}</summary>"
                return f"<details>{summary}\n\n{inner}\n\n</details>"
            case _:
                assert_never(block)

    def figure(self, name: str, alt: str, title: str, caption: str, vector: str = "") -> str:
        if not self.files:
            return ""
        picture = f"![{escape(alt)}](figures/{quote(name)})"
        saved = f" ([SVG](figures/{quote(vector)}.svg))" if vector else ""
        return f"**{escape(title)}**\n\n{picture}\n\n*{escape(caption)}*{saved}"

    def table(self, table: blocks.Table) -> str:
        rules = ["---:" if column.kind == "number" else "---" for column in table.columns]
        rows = table.rows[:LONG] if table.look == "items" else table.rows
        lines = [
            f"| {' | '.join(escape(column.title) for column in table.columns)} |",
            f"| {' | '.join(rules)} |",
            *map(_row, rows),
        ]
        if table.footer:
            lines.append(_row(table.footer))
        saved = f" ([CSV](tables/{quote(table_name(self.section, table))}))" if self.files else ""
        return f"{escape(table.caption)}{saved}:\n\n" + "\n".join(lines)


def _inline(part: blocks.Inline) -> str:
    match part:
        case str():
            return escape(part)
        case blocks.Code():
            return code(part.text)
        case blocks.Strong():
            return f"**{escape(part.text)}**"
        case blocks.Link():
            return f"[{escape(part.text)}]({part.address})"
        case blocks.Number():
            return escape(str(part))
        case _:
            assert_never(part)


def _tagged(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _row(row: blocks.Row) -> str:
    return f"| {' | '.join(map(_inline, row.cells))} |"


def _finding(entry: blocks.FindingEntry) -> str:
    finding, stages = entry.finding, escape(", ".join(entry.stages))
    if finding.outcome != "issue":
        head = f"- **{finding.code} {escape(finding.title)}.** {escape(finding.text)}"
        return f"{head} ({stages})"
    ending = " – invalidates the result" if finding.invalidates else ""
    lines = [
        f"- **{finding.code} {escape(finding.title)}{ending}.** {escape(finding.text)} "
        f"**What to do:** {escape(finding.kind.remedy)} ({stages})"
    ]
    rows = entry.items.rows if entry.items else ()
    lines += [f"  - {', '.join(map(_inline, row.cells))}" for row in rows[:ITEMS]]
    if len(finding.items) > ITEMS:
        lines.append(f"  - and {count(len(finding.items) - ITEMS, 'more item')}")
    return "\n".join(lines)

"""Markdown of a report (GitHub's), with its figures as files beside it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from impasto.files import write_bytes
from impasto.numerics.formatting import count
from impasto.reporting import blocks
from impasto.reporting.headline import Front
from impasto.reporting.svg_chart import Chart
from impasto.reporting.thumbnails import Thumbnails, inline_picture, write_contact_sheet
from impasto.reporting.words import shown

MARKS = re.compile(r"([\\`*_{}\[\]<>|#~$])")
ITEMS = 5
"""Items listed under a finding; the rest is counted."""
LONG = 20
"""Rows of a table of items."""


def report_markdown(front: Front, sections: Sequence[blocks.Section], figures: Path) -> str:
    """Return the report as Markdown, and write its figures to a folder beside it."""
    facts = ", ".join(f"{escape(name)} {escape(value)}" for name, value in front.facts)
    parts = [f"# {escape(front.title)}", *map(escape, front.lead)]
    parts.append(f"*impasto study* **{escape(front.study)}**: {facts}.")
    if front.page:
        parts.append("[Walk among the paintings: the atlas](site/index.html)")
    parts += [_section(section, figures) for section in sections]
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts)).strip() + "\n"


def escape(text: str) -> str:
    """Return text so that Markdown shows it as it is, in a table's cell too."""
    return MARKS.sub(r"\\\1", " ".join(text.splitlines()))


def code(text: str) -> str:
    """Return a code span, fenced by more backticks than it holds, pipes escaped for tables."""
    text = " ".join(text.splitlines()).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _section(section: blocks.Section, figures: Path) -> str:
    parts = [f"## {escape(section.title)}"]
    parts += [_block(block, section.prefix, figures) for block in section.blocks]
    return "\n\n".join(parts)


def _block(block: blocks.Block, prefix: str, figures: Path) -> str:  # noqa: PLR0911 – one for each kind
    match block:
        case blocks.Prose():
            text = "".join(map(_inline, block.parts))
            return f"> {text}" if block.tone == "notice" else text
        case blocks.Table():
            return _table(block)
        case Chart():
            name = f"{prefix}{block.name}.png"
            block.write_png(figures / name)
            return _figure(name, block.alt, block.caption, block.command)
        case blocks.ImageFile():
            name = f"{prefix}{block.name or block.path.name}"
            inline_picture(block.path)  # refuses what is no picture
            write_bytes(figures / name, block.path.read_bytes())
            return _figure(name, block.caption, block.caption, block.command)
        case Thumbnails():
            write_contact_sheet(block, figures / "examples.png")
            order = ", ".join(map(shown, block.by_style))
            caption = f"{block.caption} One row a style, from top to bottom: {order}."
            return _figure("examples.png", "Examples, one row a style", caption, block.command)
        case blocks.Slider():
            return _block(block.plain, prefix, figures) if block.plain else ""
        case blocks.FindingEntry():
            return _finding(block)
        case blocks.Heading():
            return f"### {escape(block.text)}"
        case blocks.Details():
            inner = "\n\n".join(_block(part, prefix, figures) for part in block.blocks)
            return f"<details><summary>{_tagged(block.summary)}</summary>\n\n{inner}\n\n</details>"
        case _:
            assert_never(block)


def _inline(part: blocks.Inline) -> str:
    match part:
        case str():
            return escape(part)
        case blocks.Code():
            return code(part.text)
        case blocks.Strong():
            return f"**{escape(part.text)}**"
        case blocks.MadeBy():
            return f"Made by {code(part.command)}."
        case blocks.Number():
            return escape(str(part))
        case _:
            assert_never(part)


def _tagged(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _table(table: blocks.Table) -> str:
    rules = ["---:" if column.kind == "number" else "---" for column in table.columns]
    rows = table.rows[:LONG] if table.look == "items" else table.rows
    lines = [
        f"| {' | '.join(escape(column.title) for column in table.columns)} |",
        f"| {' | '.join(rules)} |",
        *map(_row, rows),
    ]
    if table.footer:
        lines.append(_row(table.footer))
    return f"{escape(table.caption)}:\n\n" + "\n".join(lines)


def _row(row: blocks.Row) -> str:
    return f"| {' | '.join(map(_inline, row.cells))} |"


def _figure(name: str, alt: str, caption: str, command: str) -> str:
    address = re.sub(r"[^\w./-]", lambda found: f"%{ord(found.group()):02X}", name)
    picture = f"![{escape(alt)}](figures/{address})"
    return f"{picture}\n\n*{escape(caption)}* {_inline(blocks.MadeBy(command))}"


def _finding(entry: blocks.FindingEntry) -> str:
    finding = entry.finding
    if finding.outcome != "issue":
        head = f"- **{finding.code} {escape(finding.title)}.** {escape(finding.text)}"
        return f"{head} ({escape(entry.stage)})"
    ending = " – invalidates the result" if finding.invalidates else ""
    lines = [
        f"- **{finding.code} {escape(finding.title)}{ending}.** {escape(finding.text)} "
        f"**What to do:** {escape(finding.kind.remedy)} ({escape(entry.stage)})"
    ]
    rows = entry.items.rows if entry.items else ()
    lines += [f"  - {', '.join(map(_inline, row.cells))}" for row in rows[:ITEMS]]
    if len(finding.items) > ITEMS:
        lines.append(f"  - and {count(len(finding.items) - ITEMS, 'more item')}")
    return "\n".join(lines)

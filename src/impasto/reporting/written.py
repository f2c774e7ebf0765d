"""Figures and tables of a report as files: charts as SVG and PNG, pictures, tables as CSV."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from impasto.files import write_bytes, write_text
from impasto.reporting.blocks import (
    Code,
    Gallery,
    ImageFile,
    Inline,
    Link,
    Number,
    Section,
    Strong,
    Table,
    walked,
)
from impasto.reporting.pictures import inline_picture, write_gallery
from impasto.reporting.svg_chart import Chart


def write_figures(sections: Sequence[Section], folder: Path) -> None:
    """Write every figure of sections into a folder."""
    for section in sections:
        for block in walked(section.blocks):
            if isinstance(block, Chart):
                for suffix in ("svg", "png"):
                    block.write(folder / f"{section.prefix}{block.name}.{suffix}")
            elif isinstance(block, Gallery):
                write_gallery(block, folder / f"{section.prefix}{block.name}.png")
            elif isinstance(block, ImageFile):
                inline_picture(block.path)  # refuses what is no picture
                write_bytes(folder / image_name(section, block), block.path.read_bytes())


def image_name(section: Section, image: ImageFile) -> str:
    """Name of an image file's copy beside the report."""
    return f"{section.prefix}{image.name or image.path.name}"


def write_tables(sections: Sequence[Section], folder: Path) -> None:
    """Write every table of sections into a folder, as CSV."""
    for section in sections:
        for block in walked(section.blocks):
            if isinstance(block, Table):
                write_text(folder / table_name(section, block), as_csv(block))


def table_name(section: Section, table: Table) -> str:
    """Name of a table's file beside the report."""
    slug = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")
    return f"{section.anchor}-{slug}.csv"


def as_csv(table: Table) -> str:
    """Return a table as CSV: numbers in full, their intervals in columns of their own."""
    rows = [*table.rows, *((table.footer,) if table.footer else ())]
    spans = [
        any(isinstance(row.cells[at], Number) and row.cells[at].interval for row in rows)
        for at in range(len(table.columns))
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    heads: list[str] = []
    for column, span in zip(table.columns, spans, strict=True):
        heads += [column.title, f"{column.title}, 95 % interval"] if span else [column.title]
    writer.writerow(heads)
    for row in rows:
        cells: list[str] = []
        for cell, span in zip(row.cells, spans, strict=True):
            cells.append(_text(cell))
            if span:
                cells.append(cell.interval.strip("()") if isinstance(cell, Number) else "")
        writer.writerow(cells)
    return buffer.getvalue()


def _text(cell: Inline) -> str:
    match cell:
        case str():
            text = cell
        case Code() | Strong() | Link():
            text = cell.text
        case Number():
            return cell.text if cell.value is None else f"{cell.value:.6g}"
    # A spreadsheet would compute what begins like this.
    return f"'{text}" if text[:1] in ("=", "+", "@", "-", "\t", "\r") and len(text) > 1 else text

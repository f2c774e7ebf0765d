"""Blocks of a report: a section is data, which HTML, Markdown and notebooks render alike.

Every string in a block is plain text; a renderer escapes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.records.finding import Finding
from impasto.records.record import Result
from impasto.reporting.svg_chart import Chart
from impasto.reporting.thumbnails import Thumbnails


@dataclass(frozen=True, slots=True)
class Code:
    """Text in a fixed-width face: a command, a path, a name of a setting."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Text in bold."""

    text: str


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The command that made what stands before it."""

    command: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is printed, its value for sorting, and its interval in small type."""

    text: str
    value: float | None = None
    interval: str = ""

    def __str__(self) -> str:
        """The number with its interval."""
        return f"{self.text} {self.interval}".rstrip()


Inline = str | Code | Strong | MadeBy | Number
"""A piece of running text, or a cell of a table."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    parts: tuple[Inline, ...]
    tone: Literal["plain", "muted", "notice"] = "plain"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand at its right."""

    title: str
    kind: Literal["text", "number"] = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``ours`` marks the row that the table is about."""

    cells: tuple[Inline, ...]
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row is its head, but for ``look="items"``.

    Attributes:
        title: what a screen reader calls it.
        caption: a sentence above it.
        columns: of every row.
        rows: in their order.
        footer: a last row that is not sorted.
        sortable: whether a click on a column's head sorts by it, in HTML.
        look: ``settings`` and ``items`` break long words, ``broad`` has many narrow columns.
        anchor: its id in HTML.
    """

    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footer: Row | None = None
    sortable: bool = False
    look: Literal["scores", "settings", "items", "broad"] = "scores"
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image file that another stage has written.

    Attributes:
        path: the file.
        caption: the figure in words.
        command: the command that made it.
        least_width: in CSS pixels, below which it cannot be read; a narrower window scrolls it.
        name: of its copy beside the Markdown; that of the file where empty.
    """

    path: Path
    caption: str
    command: str
    least_width: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Slider:
    """Pictures at one of several strengths, chosen by a slider in HTML.

    Attributes:
        sheet: an image with a row for each pair: the original, then the picture at each strength.
        side: width and height of a picture, in pixels.
        strengths: as they are printed.
        pairs: for each row the style of the picture, and the style that it is painted in.
        command: the command that made them.
        plain: the figure that stands in its place without JavaScript, on paper and in Markdown.
        number: keeps its ids apart from those of other sliders.
    """

    sheet: Path
    side: int
    strengths: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    command: str
    plain: ImageFile | None
    number: int


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """A finding with the stage that it is from, and its items where it has any."""

    finding: Finding
    stage: str
    items: Table | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that are folded away under a summary."""

    summary: str
    blocks: tuple["Block", ...]
    is_open: bool = False


Block = Prose | Table | Chart | ImageFile | Thumbnails | Slider | FindingEntry | Heading | Details


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a report.

    Attributes:
        anchor: its id in HTML.
        title: its heading.
        blocks: in their order.
        link: its title in the list of contents; the heading where empty.
        prefix: before the names of its figures, so that those of several runs differ.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    link: str = ""
    prefix: str = ""


def prose(*parts: Inline) -> Prose:
    """Return a paragraph."""
    return Prose(parts)


def muted(*parts: Inline) -> Prose:
    """Return a paragraph in a quiet colour."""
    return Prose(parts, "muted")


def notice(*parts: Inline) -> Prose:
    """Return a paragraph that warns."""
    return Prose(parts, "notice")


def columns(*titles: str, numbers: Sequence[str] = ()) -> tuple[Column, ...]:
    """Return columns of text, then columns of numbers."""
    return (
        *(Column(title) for title in titles),
        *(Column(title, "number") for title in numbers),
    )


def definitions(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Return a table of names and values."""
    return Table(
        title,
        title,
        columns("Name", "Value"),
        tuple(Row((Code(name), value)) for name, value in rows),
        look="settings",
    )


def figures(result: Result, captions: Mapping[str, str], command: str) -> tuple[ImageFile, ...]:
    """The figures of a result that are there, in the order of their captions by file name."""
    paths = {path.name: path for path in result.figures}
    return tuple(
        ImageFile(paths[name], caption, command)
        for name, caption in captions.items()
        if name in paths
    )

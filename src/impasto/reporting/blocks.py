"""Blocks of a report: a section is data, which HTML, Markdown and notebooks render alike.

Every string in a block is plain text; a renderer escapes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from impasto.records.finding import Finding
from impasto.reporting.svg_chart import Chart


@dataclass(frozen=True, slots=True)
class Code:
    """Text in a fixed-width face: a command, a path, a name of a setting."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Text in bold."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is printed, its value for sorting, and its interval in small type."""

    text: str
    value: float | None = None
    interval: str = ""

    def __str__(self) -> str:
        """The number with its interval."""
        return f"{self.text} {self.interval}".rstrip()


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to a page beside this one."""

    text: str
    address: str


Inline = str | Code | Strong | Number | Link
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
        title: what it shows, as a claim or a noun phrase.
        caption: how to read it.
        least_width: in CSS pixels, below which it cannot be read; a narrower window scrolls it.
        name: of its copy beside the report; that of the file where empty.
    """

    path: Path
    title: str
    caption: str
    least_width: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A picture with its words.

    Attributes:
        image: as it is shown.
        title: the first line under it.
        note: the second line.
        painting: the id of the painting, by which the atlas page finds it.
        alt: the picture in words; title and note where empty.
    """

    image: Image.Image
    title: str = ""
    note: str = ""
    painting: str = ""
    alt: str = ""

    @property
    def words(self) -> str:
        """Words in the picture's place, for those who do not see it."""
        return self.alt or ": ".join(part for part in (self.title, self.note) if part) or "Picture"


@dataclass(frozen=True, slots=True)
class ExhibitRow:
    """A row of pictures under a label."""

    label: str
    exhibits: tuple[Exhibit, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures in rows.

    Attributes:
        name: of its file beside the report, without suffix.
        title: what they show, as a claim or a noun phrase.
        caption: how they were chosen and how to read them.
        rows: of pictures.
        look: ``groups`` puts rows beside each other where there is room, ``grid`` keeps the columns
            of all rows in line, ``strip`` is one row.
    """

    name: str
    title: str
    caption: str
    rows: tuple[ExhibitRow, ...]
    look: Literal["groups", "grid", "strip"] = "groups"


@dataclass(frozen=True, slots=True)
class Slider:
    """Pictures at one of several strengths, chosen by a slider in HTML.

    Attributes:
        strengths: as they are printed.
        pairs: for each row the style of the picture, and the style that it is painted in.
        plain: a row for each pair, the original, then the picture at each strength; it stands in
            the slider's place without JavaScript and in Markdown.
        number: keeps its ids apart from those of other sliders.
    """

    strengths: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    plain: Gallery
    number: int


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """A finding with the stages that it is from, and its items where it has any."""

    finding: Finding
    stages: tuple[str, ...]
    items: Table | None


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that are folded away under a summary.

    ``printed`` folds are open on paper; the others are left out there.
    """

    summary: str
    blocks: tuple["Block", ...]
    printed: bool = False


Block = Prose | Table | Chart | ImageFile | Gallery | Slider | FindingEntry | Details


@dataclass(frozen=True, slots=True)
class Provenance:
    """Stage that a section rests on: its command, and the file with the numbers."""

    stage: str
    command: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a report.

    Attributes:
        anchor: its id in HTML.
        title: its heading; of a question the finding as a sentence.
        blocks: in their order.
        link: its title in the list of contents; the heading where empty.
        prefix: before the names of its figures, so that those of several runs differ.
        number: of a question of the first screen; 0: a part of the appendix.
        sources: what it rests on, once a section.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    link: str = ""
    prefix: str = ""
    number: int = 0
    sources: tuple[Provenance, ...] = ()


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


def walked(parts: Iterable[Block]) -> Iterator[Block]:
    """Return blocks and the blocks folded within them, in their order."""
    for part in parts:
        yield part
        if isinstance(part, Details):
            yield from walked(part.blocks)
        elif isinstance(part, Slider):
            yield part.plain
        elif isinstance(part, FindingEntry) and part.items:
            yield part.items

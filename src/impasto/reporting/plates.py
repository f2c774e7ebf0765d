"""Figures as they stand in a report: drawn charts, and pictures that another stage has written.

Each is also a file in the report's folder ``figures/``, for the Markdown form.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from impasto.files import replacing
from impasto.reporting.svg_chart import Chart
from impasto.reporting.thumbnails import inline_png

SHEETS: Final = {
    "worst": "The wrong answers that the network was surest of: the true style, and what it said.",
    "confused": "Pictures of the most frequent confusions, one confusion a row.",
    "heat": "The test pictures of each style that it recognised most surely, each beside where it looked.",
    "grid": "Test pictures, a row each: left as they are, then painted in every style.",
    "strength": "Test pictures, a row each: left as they are, then at rising strength in the style named at the left.",
    "reconstructions": "Test pictures, worst to best, in two bands: as they are, from PCA, from the network.",
    "scorecard": "A style a row, as in the table: pictures with the adapter, by the base alone, and real works.",
    "typical": "Left the most typical, right the most atypical test pictures of each style, with what it said.",
}
"""What the evaluation's sheets of pictures show, by name."""


@dataclass(frozen=True, slots=True)
class Plate:
    """A figure of the report.

    Attributes:
        name: the file in ``figures/``, with suffix.
        alt: the figure in words.
        caption: one sentence on how to read it.
        command: the command that made the numbers.
        html: an ``<svg>`` element; empty for a picture.
        source: the ``data:`` address of a picture; empty for an ``<svg>``.
        width, height: of a picture, in pixels.
        narrow: the least width in CSS pixels at which a picture can be read; a narrower window
            scrolls it.
    """

    name: str
    alt: str
    caption: str
    command: str
    html: str = ""
    source: str = ""
    width: int = 0
    height: int = 0
    narrow: int = 0


def plate_of(chart: Chart, folder: Path, caption: str, command: str, prefix: str = "") -> Plate:
    """A chart, drawn into ``folder`` too; ``prefix`` keeps it apart from another run's."""
    name = f"{prefix}{chart.name}.png"
    chart.write_png(folder / name)
    return Plate(name, chart.alt, caption, command, html=chart.svg(prefix))


def picture_of(path: Path, folder: Path, prefix: str, command: str) -> Plate:
    """A picture that another stage has written, copied into ``folder``.

    Raises:
        InputError: the file is no picture.
    """
    source, width, height = inline_png(path)
    with replacing(folder / f"{prefix}{path.name}") as temporary:
        temporary.write_bytes(path.read_bytes())
    caption = SHEETS.get(
        path.stem, path.stem.replace("_", " ").replace("-", " ").capitalize() + "."
    )
    return Plate(
        f"{prefix}{path.name}", caption, caption, command, source=source, width=width, height=height
    )

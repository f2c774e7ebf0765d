"""Charts of a report, each as SVG for HTML and as PNG for Markdown, from one matplotlib figure.

The SVG names colours as CSS variables, so that it follows the page into dark mode, uses the page's
fonts, carries a hover text on every part that has one, and holds nothing that points outside. Both
forms are the same bytes each time.
"""

import html
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from impasto.files import replacing
from impasto.images.figure_layout import boxes_for_lacking_glyphs, fix_layout
from impasto.images.palette import ACCENT, ALARM, INK, MUTED, PAPER, RULE, SECOND, THIRD

VARIABLES: Final = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "paper",
    ACCENT: "accent",
    SECOND: "second",
    THIRD: "third",
    ALARM: "alarm",
}
"""The light theme's colours; in SVG each stands as ``var(--name)``."""

WIDTH: Final = 8.6
"""Inches of a chart as wide as the page."""
PHONE: Final = 4.2
"""Inches of a chart as wide as a phone."""
PIXELS: Final = 112
"""CSS pixels an inch at most: 8.5 points read as 13 pixels, and no chart is blown up."""
DPI: Final = 144
"""Of a PNG: twice as fine as a screen's pixels."""

_RC: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "impasto",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlecolor": INK,
    "axes.axisbelow": True,
    "figure.facecolor": PAPER,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.facecolor": PAPER,
    "legend.framealpha": 0.85,
    "legend.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


@dataclass(slots=True)
class Sheet:
    """Figure of a chart, and its hover texts.

    Attributes:
        figure: the matplotlib figure.
        hovers: hover texts by the group id that ``hover`` gave.
    """

    figure: Figure
    hovers: dict[str, str] = field(default_factory=dict)

    @property
    def wide(self) -> bool:
        """Whether there is room for panels beside each other."""
        return bool(self.figure.get_figwidth() > PHONE)

    def hover(self, text: str) -> str:
        """A group id (``gid``) for an artist that shows ``text`` when the pointer rests on it."""
        gid = f"hover-{len(self.hovers)}"
        self.hovers[gid] = text
        return gid


@dataclass(frozen=True)
class Chart:
    """A chart that can be drawn; the figure is made when the first form of it is asked for.

    Attributes:
        name: of the file, without suffix.
        title: the claim that it makes, or what it shows.
        alt: the figure in words, for those who do not see it.
        caption: one sentence on how to read it.
        size: width and height in inches.
        draw: puts it on a sheet.
        narrow: the least width in CSS pixels at which it can be read; a narrower window scrolls it.
        small: width and height in inches of its form for a phone, where it has one.
        lifted: whether its own colours are made brighter on a dark ground.
    """

    name: str
    title: str
    alt: str
    caption: str
    size: tuple[float, float]
    draw: Callable[[Sheet], None]
    narrow: int = 560
    small: tuple[float, float] | None = None
    lifted: bool = False

    def svg(self, prefix: str = "", *, small: bool = False) -> str:
        """An inline ``<svg>`` element, in its form for a phone where ``small``.

        ``prefix`` keeps its ids apart from another run's.
        """
        size = self.small if small and self.small else self.size
        with mpl.rc_context(_RC), boxes_for_lacking_glyphs():
            sheet = self._sheet if size is self.size else self._drawn(size)
            buffer = io.StringIO()
            metadata: Mapping[str, Any] = {
                "Date": None,
                "Creator": None,
                "Format": None,
                "Type": None,
            }
            sheet.figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
        space = _safe(f"{prefix}{self.name}{'-small' if small else ''}")
        return _inline(buffer.getvalue(), self, space, sheet.hovers, size)

    def write(self, path: Path) -> None:
        """Write the light form, as PNG or as SVG by the suffix of the path."""
        form = path.suffix.removeprefix(".")
        empty = {"Date": None, "Creator": None, "Format": None, "Type": None}
        metadata: Any = empty if form == "svg" else {"Software": None}
        with mpl.rc_context(_RC), boxes_for_lacking_glyphs():
            sheet = self._sheet
            with replacing(path) as temporary:
                sheet.figure.savefig(temporary, format=form, dpi=DPI, metadata=metadata)

    @cached_property
    def _sheet(self) -> Sheet:
        return self._drawn(self.size)

    def _drawn(self, size: tuple[float, float]) -> Sheet:
        sheet = Sheet(Figure(figsize=size, dpi=DPI, layout="constrained"))
        self.draw(sheet)
        fix_layout(sheet.figure)
        return sheet


@dataclass(frozen=True, slots=True)
class Whisker:
    """A value with its interval, as a dot on a line at a height."""

    value: float
    low: float
    high: float
    y: float
    colour: str = ACCENT
    shape: str = "o"
    size: float = 6.0


def whisker(sheet: Sheet, axes: Axes, mark: Whisker, text: str) -> None:
    """Draw a value with its interval; ``text`` is shown where the pointer rests on it."""
    ends, at = [mark.low, mark.high], [mark.y, mark.y]
    axes.plot(ends, at, color=mark.colour, linewidth=2.4, solid_capstyle="round", alpha=0.5)
    axes.plot(
        [mark.value], [mark.y], mark.shape, color=mark.colour, markersize=mark.size,
        gid=sheet.hover(text),
    )  # fmt: skip


def quiet(axes: Axes, *, grid: Literal["x", "y", "both"] | None = None) -> Axes:
    """``axes`` without frame, with a faint grid along ``x``, ``y`` or ``both``."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    if grid:
        axes.grid(axis=grid)
    return axes


def _inline(
    text: str, chart: Chart, space: str, hovers: Mapping[str, str], size: tuple[float, float]
) -> str:
    """Matplotlib's SVG document as an element of a page."""
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(
        r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<style.*?</style>",
        "",
        text,
        flags=re.S,
    )
    text = re.sub(r"<[^>]*>", lambda tag: _tag(tag.group(), space), text)
    for gid, words in hovers.items():
        group = f'<g id="{space}-{gid}">'
        text = text.replace(group, f"<g><title>{html.escape(words)}</title>")
    text = re.sub(
        r"(<title>([^<]*)</title>\s*<a href=)", r'<title>\2</title><a aria-label="\2" href=', text
    )
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(
        r' id="([^"]*)"', lambda found: found.group() if found.group(1) in used else "", text
    )
    text = re.sub(
        r"<defs>\s*</defs>|\n\s*", lambda found: "\n" if found.group()[0] == "\n" else "", text
    )
    box = re.search(r'viewBox="[^"]*"', text)
    wide = round(size[0] * PIXELS)
    least = min(chart.narrow, wide) if size is chart.size else 260
    style = f"min-width:{least}px;max-width:{wide}px"
    look = "chart lifted" if chart.lifted else "chart"
    role = "group" if "<a " in text else "img"  # an image holds nothing that can be followed
    name = f' aria-label="{html.escape(chart.alt)}"' if role == "group" else ""
    head = f'<svg class="{look}" {box.group() if box else ""} role="{role}"{name} style="{style}">'
    title = f"<title>{html.escape(chart.alt)}</title>"
    return re.sub(r"<svg[^>]*>", lambda _: head + title, text, count=1).strip()


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name)


def _tag(tag: str, prefix: str) -> str:
    """One tag with our colours as variables, our fonts and ids, and digits that can be seen."""
    for colour, name in VARIABLES.items():
        tag = tag.replace(colour, f"var(--{name})")
    tag = re.sub(r"font: (bold |700 )?([\d.]+)px [^;\"]*", r"font: \1\2px var(--sans)", tag)
    tag = tag.replace("xlink:href=", "href=")
    tag = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{prefix}-", tag)
    return re.sub(r"(\.\d{2})\d+", r"\1", tag)

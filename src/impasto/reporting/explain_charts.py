"""The charts of what a network looks at and what its confusions follow."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from impasto.images.palette import ACCENT, INK, MUTED, RULE
from impasto.reporting.explained import Explained, History, Pair
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import count, percent, shown

LABELLED = 40  # pairs that are named in the scatter where there is room; every one is on hovering
LETTER, LINE, REACH = 0.054, 0.13, 0.07  # inches: of a letter, of a line, from a dot to its name
PLACES = (
    (REACH, 0.0, "left"), (-REACH, 0.0, "right"), (0.0, LINE, "center"), (0.0, -LINE, "center"),
    (REACH, LINE, "left"), (REACH, -LINE, "left"), (-REACH, LINE, "right"), (-REACH, -LINE, "right"),
)  # fmt: skip
HIGH = 4.4  # inches of the scatter
ROW = 7  # mean heat maps beside each other


def heat_chart(explained: Explained) -> Chart | None:
    """Where in the picture each style's evidence lies, one small map a style; ``None`` where there is none."""
    styles = [row for row in explained.styles if row.heat]
    if not styles:
        return None
    rows = -(-len(styles) // ROW)
    most = max(value for row in styles for line in row.heat or () for value in line)

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(rows, ROW, squeeze=False).ravel()
        for axes in panels[len(styles) :]:
            axes.set_visible(False)
        for axes, row in zip(panels, styles, strict=False):
            heat = row.heat or ()
            for top, line in enumerate(heat):
                for left, value in enumerate(line):
                    cell = Rectangle(
                        (left, top),
                        1,
                        1,
                        facecolor=ACCENT,
                        alpha=min(value / most, 1.0),
                        linewidth=0,
                    )
                    axes.add_patch(cell)
            quiet(axes).set(
                xlim=(0, len(heat)), ylim=(len(heat), 0), aspect="equal", xticks=[], yticks=[]
            )
            words = f"{shown(row.style)}: {percent(row.border, 0)} of the evidence in the outermost eighths"
            frame = Rectangle((0, 0), len(heat), len(heat), fill=False, edgecolor=RULE, linewidth=1)
            frame.set_gid(sheet.hover(words))
            axes.add_patch(frame)
            axes.set_title(_short(shown(row.style), 22), fontsize=7, fontweight="normal")
            axes.set_xlabel(f"border {percent(row.border, 0)}", fontsize=7)

    edge = max(styles, key=lambda row: row.border or 0)
    alt = (
        f"Mean heat of {count(len(styles), 'style')} over the picture, darker where more evidence lies. Even heat has "
        f"{percent(even_border(explained), 0)} in the border; {shown(edge.style)} has most there, "
        f"{percent(edge.border, 0)}."
    )
    return Chart("heat-mean", alt, (WIDTH, 0.2 + 1.55 * rows), draw, 680)


def even_border(explained: Explained) -> float:
    """The share of evidence in the outermost places of the maps, were it spread evenly; 0 without maps."""
    side = max((len(row.heat or ()) for row in explained.styles), default=0)
    return 1 - ((side - 2) / side) ** 2 if side else 0.0


def timeline_chart(history: History) -> Chart | None:
    """Each style's median year with the middle half of its dated works; ``None`` where no style has enough of them."""
    rows = sorted((row for row in history.years if row.used), key=lambda row: row.median or 0)
    if not rows:
        return None

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, row in enumerate(rows):
            words = f"{shown(row.style)}: median {row.median:g}, middle half {row.low:g} to {row.high:g}"
            axes.plot(
                [row.low or 0, row.high or 0],
                [y, y],
                color=ACCENT,
                linewidth=4,
                solid_capstyle="round",
                alpha=0.4,
            )
            axes.plot(
                [row.median or 0], [y], "o", color=ACCENT, markersize=6, gid=sheet.hover(words)
            )
            axes.annotate(
                f"{row.median:g}",
                (row.high or 0, y),
                (7, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(range(len(rows)), [f"{shown(row.style)}  ({row.dated:,})" for row in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.margins(x=0.07)
        axes.set_xlabel("year")

    alt = (
        f"Median years of {count(len(rows), 'style')}, from {shown(rows[0].style)} in {rows[0].median:g} to "
        f"{shown(rows[-1].style)} in {rows[-1].median:g}, with the middle half of their dated works."
    )
    return Chart("timeline", alt, (WIDTH, 0.7 + 0.26 * len(rows)), draw, 620)


def years_chart(history: History) -> Chart | None:
    """Confusion of each pair of styles against the gap in their median years; ``None`` where nothing is compared."""
    found = history.correlation
    if found is None:
        return None
    pairs = sorted(history.pairs, key=lambda pair: -pair.confusion)
    farthest = max(pair.gap for pair in pairs)

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="both")
        for pair in pairs:
            words = (
                f"{_names(pair)}: {pair.gap:.0f} years apart, confusion {percent(pair.confusion)}"
            )
            axes.plot(
                [pair.gap],
                [pair.confusion],
                "o",
                color=ACCENT,
                markersize=5,
                alpha=0.75,
                gid=sheet.hover(words),
            )
        axes.set_xscale("function", functions=(_root, _square))  # most pairs lie close in time
        high = 1.14 * pairs[0].confusion
        axes.set(xlim=(0, (1.02 * farthest**0.5 + 0.3) ** 2), ylim=(-0.06 * high, high))
        axes.set_xticks(
            [tick for tick in (0, 5, 20, 50, 100, 150, 200, 300, 500, 1000) if tick <= farthest]
        )
        for pair, (x, y, side) in _labels(pairs, (1.02 * farthest**0.5 + 0.3, 1.06 * high)):
            axes.annotate(
                _names(pair), (pair.gap, pair.confusion), (72 * x, 72 * y), textcoords="offset points",
                ha=side, va="center", fontsize=7, color=MUTED,
            )  # fmt: skip
        axes.set_xlabel("years between the styles’ medians")
        axes.set_ylabel("taken for each other")
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")

    alt = (
        f"Confusion against the gap in years for {count(len(pairs), 'pair')} of styles; rank correlation "
        f"{found.value:.2f}. Most confused: {_names(pairs[0])}, {pairs[0].gap:.0f} years apart, "
        f"{percent(pairs[0].confusion)}."
    )
    return Chart("confusion-years", alt, (WIDTH, HIGH), draw, 680)


def _labels(
    pairs: Sequence[Pair], spans: tuple[float, float]
) -> list[tuple[Pair, tuple[float, float, str]]]:
    """Which pairs are named, and where beside their dots (inches, alignment), so that nothing lies over another.

    The most confused come first and take the first place that is free; a pair that finds none stays
    unnamed.
    """
    inches = (WIDTH - 1.0, HIGH - 0.7)  # about what the axes leave
    dots = [
        (pair.gap**0.5 / spans[0] * inches[0], pair.confusion / spans[1] * inches[1])
        for pair in pairs
    ]
    taken = [(x - 0.03, y - 0.03, x + 0.03, y + 0.03) for x, y in dots]
    placed: list[tuple[Pair, tuple[float, float, str]]] = []
    for pair, (x, y) in zip(pairs[:LABELLED], dots, strict=False):
        long = LETTER * len(_names(pair))
        for dx, dy, side in PLACES:
            left = x + dx - {"left": 0, "right": long, "center": long / 2}[side]
            box = (left, y + dy - LINE / 2, left + long, y + dy + LINE / 2)
            inside = box[0] >= 0 and box[2] <= inches[0] and box[1] >= -0.15 and box[3] <= inches[1]
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                placed.append((pair, (dx, dy, side)))
                break
    return placed


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _names(pair: Pair) -> str:
    return f"{_short(shown(pair.a), 14)} – {_short(shown(pair.b), 14)}"


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(values, 0)))


def _square(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.square(values))

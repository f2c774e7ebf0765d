"""Part on confusion and art history: are styles confused that lay close in time?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.explanation import ConfusionVsYears, StylePair
from impasto.reporting.blocks import Block, Details, muted, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet

LABELLED = 40  # pairs that are named in the scatter where there is room; every one is on hovering
LETTER, LINE, REACH = 0.054, 0.13, 0.07  # inches: of a letter, of a line, from a dot to its name
PLACES = (
    (REACH, 0.0, "left"), (-REACH, 0.0, "right"), (0.0, LINE, "center"), (0.0, -LINE, "center"),
    (REACH, LINE, "left"), (REACH, -LINE, "left"), (-REACH, LINE, "right"),
    (-REACH, -LINE, "right"),
)  # fmt: skip
HIGH = 4.4  # inches of the scatter


def fold(run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the confusions of a run and the years of the styles."""
    if run.evaluation is None or run.explanation is None:
        return None
    history = run.explanation.confusion_vs_years
    blocks: list[Block] = [prose(history_words(history))]
    prefix = "" if run.place.number == 1 else f"{run.name}-"
    charts = (years_chart(history, prefix), timeline_chart(history, prefix))
    blocks += [chart for chart in charts if chart]
    skipped = [f"{style_title(row.style)} ({row.dated})" for row in history.years if not row.used]
    if skipped:
        few = f"with fewer than {history.dated_from} dated works or without test pictures"
        blocks.append(muted(f"Left out, {few}: {', '.join(skipped)}."))
    return Details(f"Art history: {_outcome(history)}", tuple(blocks))


def _outcome(history: ConfusionVsYears) -> str:
    found = history.correlation
    if found is None:
        return "too few dated works to compare confusion with the years"
    if found.p_value >= 0.05:
        return "confusion is not shown to follow the years"
    near = "close together" if found.value < 0 else "far apart"
    return f"styles {near} in time are confused more often"


def history_words(history: ConfusionVsYears) -> str:
    """Return the correlation of confusion and years in sentences."""
    found = history.correlation
    used = sum(row.used for row in history.years)
    if found is None:
        return (
            f"{used} of {len(history.years)} styles have at least {history.dated_from} dated works "
            "and test pictures; that is too few to compare, or none of them was taken for another."
        )
    ways = (
        f"{'all' if found.exact else ''} {found.permutations:,}{'' if found.exact else ' random'}"
    )
    if found.p_value >= 0.05:
        meaning = "a relation between confusion and years is not shown by these styles."
    elif found.value < 0:
        meaning = (
            "styles that lay close in time are taken for each other more often, beyond what chance "
            "would give."
        )
    else:
        meaning = (
            "it is styles far apart in time that are taken for each other, beyond what chance "
            "would give."
        )
    text = (
        f"Over {len(history.pairs)} pairs of {used} styles, Spearman’s correlation between "
        f"confusion and the gap in years is {found.value:.2f} (95 % interval {found.low:.2f} to "
        f"{found.high:.2f}, over other pictures of these styles). Of {ways.strip()} ways to "
        f"exchange the styles’ dates among them, {100 * found.p_value:.1f} % give one as strong. "
        f"Without any one of the styles it lies between {found.without_one.low:.2f} and "
        f"{found.without_one.high:.2f}. So {meaning}"
    )
    return text.replace("-0.", "−0.")


def timeline_chart(history: ConfusionVsYears, prefix: str = "") -> Chart | None:
    """Return each style's median year and quartiles; ``None`` where no style has enough works."""
    rows = [
        (style_title(row.style), row.dated, row.median, row.low, row.high)
        for row in history.years
        if row.used and row.median is not None and row.low is not None and row.high is not None
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: row[2])

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, (style, _, median, low, high) in enumerate(rows):
            gid = sheet.hover(f"{style}: median {median:g}, middle half {low:g} to {high:g}")
            axes.plot(
                [low, high], [y, y], color=ACCENT, linewidth=4, solid_capstyle="round", alpha=0.4
            )
            axes.plot([median], [y], "o", color=ACCENT, markersize=6, gid=gid)
            axes.annotate(f"{median:g}", (high, y), (7, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(rows)), [f"{style}  ({dated:,})" for style, dated, *_ in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.margins(x=0.07)
        axes.set_xlabel("year")

    first, last = rows[0], rows[-1]
    return Chart(
        f"{prefix}timeline",
        f"From {first[0]} to {last[0]}: when the styles were painted",
        f"Median years of {count(len(rows), 'style')}, from {first[0]} in {first[2]:g} to "
        f"{last[0]} in {last[2]:g}, with the middle half of their dated works.",
        "Dots are median years, lines the middle half of the dated works, whose number is in "
        "brackets.",
        (WIDTH, 0.7 + 0.26 * len(rows)),
        draw,
        620,
    )


def years_chart(history: ConfusionVsYears, prefix: str = "") -> Chart | None:
    """Return confusion of each pair against the gap in years; ``None`` without a correlation."""
    found = history.correlation
    if found is None:
        return None
    pairs = sorted(history.pairs, key=lambda pair: -pair.confusion)
    farthest = max(pair.gap for pair in pairs)
    right = 1.02 * farthest**0.5 + 0.3

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="both")
        for pair in pairs:
            text = f"{_names(pair)}: {pair.gap:.0f} years apart, "
            gid = sheet.hover(f"{text}confusion {percent(pair.confusion)}")
            dot: dict[str, Any] = {"color": ACCENT, "markersize": 5, "alpha": 0.75, "gid": gid}
            axes.plot([pair.gap], [pair.confusion], "o", **dot)
        axes.set_xscale("function", functions=(_root, np.square))  # most pairs lie close in time
        high = 1.14 * pairs[0].confusion
        axes.set(xlim=(0, right**2), ylim=(-0.06 * high, high))
        ticks = (0, 5, 20, 50, 100, 150, 200, 300, 500, 1000)
        axes.set_xticks([tick for tick in ticks if tick <= farthest])
        for pair, (x, y, side) in _labels(pairs, (right, 1.06 * high)):
            axes.annotate(
                _names(pair), (pair.gap, pair.confusion), (72 * x, 72 * y), ha=side, va="center",
                textcoords="offset points", fontsize=7, color=MUTED,
            )  # fmt: skip
        axes.set_xlabel("years between the styles’ medians")
        axes.set_ylabel("taken for each other")
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")

    most = pairs[0]
    return Chart(
        f"{prefix}confusion-years",
        f"{_outcome(history)[0].upper()}{_outcome(history)[1:]}",
        f"Confusion against the gap in years for {count(len(pairs), 'pair')} of styles; rank "
        f"correlation {found.value:.2f}. Most confused: {_names(most)}, {most.gap:.0f} years "
        f"apart, {percent(most.confusion)}.",
        "A dot is a pair of styles: how far apart in time (on a root scale), how often taken for "
        "each other.",
        (WIDTH, HIGH),
        draw,
        680,
    )


def _labels(
    pairs: Sequence[StylePair], spans: tuple[float, float]
) -> list[tuple[StylePair, tuple[float, float, str]]]:
    """Return pairs to be named, and places beside their dots (inches, alignment) that are free.

    The most confused come first; a pair that finds no free place stays unnamed.
    """
    inches = (WIDTH - 1.0, HIGH - 0.7)  # about what the axes leave
    dots = [
        (pair.gap**0.5 / spans[0] * inches[0], pair.confusion / spans[1] * inches[1])
        for pair in pairs
    ]
    taken = [(x - 0.03, y - 0.03, x + 0.03, y + 0.03) for x, y in dots]
    placed: list[tuple[StylePair, tuple[float, float, str]]] = []
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


def _names(pair: StylePair) -> str:
    names = (style_title(pair.a), style_title(pair.b))
    return " – ".join(n if len(n) <= 14 else n[:13].rstrip() + "…" for n in names)


def _root(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(values, 0)))

"""The report's charts of the remedies for imbalance, and the words for their numbers."""

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from impasto.images.palette import ACCENT, INK, MUTED, RULE
from impasto.reporting.comparison import COLUMNS, Compared, RemedyRow, Spread
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import NBSP, percent, shown

PLAIN: Final = "plain"
CHARTED: Final = ("balanced_accuracy", "rarest_third", "accuracy")


def points(spread: Spread) -> str:
    """``+4.2 (+2.1 to +6.3)``: a difference in points."""
    value, low, high = (
        f"{100 * number:+.1f}".replace("-", "−")
        for number in (spread.value, spread.low, spread.high)
    )
    return f"{value}{NBSP}({low} to {high})"


def p_value(p: float) -> str:
    """``0.034``, or ``< 0.001``."""
    return f"<{NBSP}0.001" if p < 0.001 else f"{p:.3f}"


def differences_chart(compared: Compared) -> Chart:
    """Each remedy's difference to plain training with its interval, one panel a score; the largest first."""
    rows = sorted(
        (row for row in compared.remedies if row.differences),
        key=lambda row: -(row.differences or {})["balanced_accuracy"].value,
    )
    best = compared.recommendation.remedy

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(1, len(CHARTED), sharey=True, sharex=True, squeeze=False)[0]
        for axes, key in zip(panels, CHARTED, strict=True):
            quiet(axes, grid="x").set_title(COLUMNS[key])
            axes.axvline(0, color=MUTED, linewidth=1)
            for y, row in enumerate(rows):
                _whisker(sheet, axes, y, (row, key, row.name == best))
            axes.set_xlabel("points against plain training")
        panels[0].set_yticks(range(len(rows)), [row.name for row in rows])
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        panels[0].tick_params(axis="y", labelcolor=INK)
        for label, row in zip(panels[0].get_yticklabels(), rows, strict=True):
            label.set_fontweight("bold" if row.name == best else "normal")

    said = "; ".join(
        f"{row.name} {points((row.differences or {})['balanced_accuracy'])}" for row in rows[:3]
    )
    alt = f"Dots with interval whiskers: differences to plain training, in points. Balanced accuracy, highest: {said}."
    return Chart("remedies", alt, (WIDTH, 1.0 + 0.26 * max(len(rows), 1)), draw, 760)


def _whisker(sheet: Sheet, axes: Axes, y: int, what: tuple[RemedyRow, str, bool]) -> None:
    row, key, chosen = what
    spread, colour = (row.differences or {})[key], ACCENT if chosen else MUTED
    ends = [100 * spread.low, 100 * spread.high]
    axes.plot(ends, [y, y], color=colour, linewidth=2.2, solid_capstyle="round", alpha=0.55)
    words = f"{row.name}, {COLUMNS[key].lower()}: {points(spread)} points"
    axes.plot(
        [100 * spread.value],
        [y],
        "o",
        color=colour,
        markersize=6 if chosen else 5,
        gid=sheet.hover(words),
    )


def shares_chart(compared: Compared) -> Chart:
    """Each style's share of the loss before and after, one panel for remedies that share them alike."""
    kinds: dict[tuple[float, ...], list[str]] = {}
    for row in compared.remedies:
        kinds.setdefault(row.distribution.share, []).append(row.name)
    plain = next(share for share, names in kinds.items() if PLAIN in names)
    order = np.argsort([-n for n in compared.train], kind="stable")
    wide = min(4, len(kinds))
    tall = -(-len(kinds) // wide)

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(tall, wide, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (share, names) in zip(panels, kinds.items(), strict=False):
            quiet(axes, grid="x").set_title(_headed(names), fontsize=7.5, fontweight="normal")
            before, after = (100 * np.asarray(values)[order] for values in (plain, share))
            axes.barh(range(len(order)), before, height=0.85, color=RULE)
            for y, bar in enumerate(axes.barh(range(len(order)), after, height=0.4, color=ACCENT)):
                style = shown(compared.styles[order[y]])
                bar.set_gid(
                    sheet.hover(f"{style}: {before[y]:.1f} % before, {after[y]:.1f} % after")
                )
        for axes in panels[len(kinds) :]:
            axes.set_axis_off()
        panels[0].set_yticks(range(len(order)), [shown(compared.styles[place]) for place in order])
        for axes in panels[::wide]:
            axes.tick_params(axis="y", labelcolor=INK, labelsize=7)
        panels[0].set_ylim(len(order) - 0.4, -0.6)
        sheet.figure.supxlabel(
            "share of the loss, per cent; wide and pale: before", fontsize=8, color=MUTED
        )

    first, last = order[0], order[-1]
    alt = (
        f"Bars of each style's share of the loss, before and after. Before: from {percent(plain[first])} of "
        f"{shown(compared.styles[first])} to {percent(plain[last])} of {shown(compared.styles[last])}."
    )
    return Chart("remedy-shares", alt, (WIDTH, tall * (0.75 + 0.15 * len(order))), draw, 760)


def _headed(names: Sequence[str]) -> str:
    """The names above a panel: two of them, and how many more."""
    told = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    return textwrap.fill(told, 34, break_on_hyphens=False)

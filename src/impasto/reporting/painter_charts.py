"""The report's chart of a painter: what it gains for each pair of styles."""

from typing import Final

from matplotlib.patches import Rectangle

from impasto.images.palette import ACCENT, ALARM, INK, MUTED, PAPER, RULE
from impasto.reporting.painters import Painting, Pair
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import count, shown

DARK: Final = 0.55  # shade from which a number on it is light


def pairs_chart(content: Painting) -> Chart:
    """The gain over doing nothing in hit rate, a row for each style that pictures had, a column for each they got."""
    sources = list(dict.fromkeys(pair.source for pair in content.pairs))
    targets = list(dict.fromkeys(row.style for row in content.per_style))

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot())
        axes.add_patch(
            Rectangle((-0.5, -0.5), len(targets), len(sources), facecolor=RULE, alpha=0.35)
        )
        for pair in content.pairs:
            x, y, size = (
                targets.index(pair.target),
                sources.index(pair.source),
                min(1.0, abs(pair.value)),
            )
            gid = sheet.hover(_words(pair))
            colour = ACCENT if pair.value > 0 else ALARM
            axes.add_patch(
                Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, alpha=0.94 * size, gid=gid)
            )
            clear = pair.low > 0 or pair.high < 0
            axes.text(
                x, y, f"{100 * pair.value:.0f}".replace("-", "−"), ha="center", va="center", gid=gid,
                color=PAPER if size > DARK else INK, size=7.5, weight="bold" if clear else "normal",
            )  # fmt: skip
        axes.set_xticks(
            range(len(targets)),
            [shown(name) for name in targets],
            rotation=90 if len(targets) > 4 else 0,
        )
        axes.set_yticks(range(len(sources)), [shown(name) for name in sources])
        axes.tick_params(labelcolor=INK, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, len(targets) - 0.5), ylim=(len(sources) - 0.5, -0.5), aspect="equal")
        axes.set_ylabel("style of the picture")
        axes.set_title(
            "style that it is painted in",
            fontweight="normal",
            color=MUTED,
            fontsize=8.5,
            loc="center",
        )

    best, worst = (chosen(content.pairs, key=lambda pair: pair.value) for chosen in (max, min))
    alt = (
        f"Gain over doing nothing of {count(len(content.pairs), 'pair')} of styles. Most: {_words(best)}; "
        f"least: {_words(worst)}."
    )
    side = min(WIDTH, 3.2 + 0.33 * len(targets))
    return Chart("pairs", alt, (side, side * 0.98), draw, 480 if len(targets) <= 13 else 780)


def _words(pair: Pair) -> str:
    value, low, high = (
        f"{100 * number:+.0f}".replace("-", "−") for number in (pair.value, pair.low, pair.high)
    )
    return f"{shown(pair.source)} painted as {shown(pair.target)}: {value} points ({low} to {high})"

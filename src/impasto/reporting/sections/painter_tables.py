"""Tables of painters' scores: arms, signs of a deceived evaluator, strengths, target styles."""

from collections.abc import Sequence
from typing import Final

from matplotlib.patches import Rectangle

from impasto.images.palette import ACCENT, ALARM, INK, MUTED, PAPER, RULE
from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.painter_score import (
    ARM_TITLES,
    EVALUATOR_TITLES,
    PAINTINGS,
    TREATMENT_TITLES,
    Arm,
    EvaluatorName,
    PainterScore,
)  # fmt: skip
from impasto.reporting.blocks import Inline, Row, Table, columns
from impasto.reporting.sections.painter_words import pair_words
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import distance, measured, number, score, share, whole

DARK: Final = 0.55
"""Shade from which a number on it is light."""


def arms_table(scored: Sequence[tuple[str, PainterScore]], *, of: str = "Paintings") -> Table:
    """Return all painters, then what they stand beside: once where it is the same for all.

    Args:
        scored: each with its name.
        of: the pictures, in the table's title.
    """
    rows: list[Row] = []
    for arm in ARM_TITLES:
        title = scored[0][1].title(arm)
        ours = arm in PAINTINGS
        known = [(name, _arm(result, arm)) for name, result in scored if arm in result.names]
        if not known:
            continue
        if len(scored) == 1 or (not ours and all(cells == known[0][1] for _, cells in known)):
            rows.append(Row((title, *known[0][1]), ours))
        else:
            rows += [Row((f"{title}: {name}", *cells), ours) for name, cells in known]
    numbers = (
        "Hit rate, network", "Normalised", "Hit rate, hand-made", "Normalised, hand-made",
        "Kernel distance", "SSIM", "Edges", "Original found", "Colour shift",
    )  # fmt: skip
    return Table(
        f"{of}, and what they stand beside",
        "Shares that two evaluators classify as the target style, and what is left of the "
        f"originals; in brackets 95 % intervals: {scored[0][1].resampled.text}",
        columns("Pictures", numbers=numbers),
        tuple(rows),
        look="broad",
    )


def _arm(result: PainterScore, name: Arm) -> tuple[Inline, ...]:
    arm = result.arm(name)
    kept = arm.content
    rates: list[Inline] = []
    for evaluator in EVALUATOR_TITLES:
        rate = arm.rates[evaluator]
        rates += [score(rate.hit), measured(rate.normalised)]
    return (
        *rates,
        distance(arm.kernel_distance),
        measured(kept.ssim if kept else None),
        measured(kept.edges if kept else None),
        score(kept.retrieved if kept else None),
        measured(kept.colour_shift if kept else None, 1),
    )


def signs_table(result: PainterScore, name: str) -> Table:
    """Return signs of adversarial patterns and of copying, a row an arm."""
    rows = []
    for arm in result.arms:
        cells: list[Inline] = [
            _changed(result, arm.arm, evaluator) for evaluator in EVALUATOR_TITLES
        ]
        cells.append(" / ".join(f"{peak:.1f}" for peak in arm.lattice.values()))
        cells.append(share(arm.copying.region) if arm.copying else "–")
        cells.append(share(arm.trained_on) if arm.trained_on is not None else "–")
        rows.append(Row((result.title(arm.arm), *cells), arm.arm in PAINTINGS))
    kinds = ", ".join(title.lower().replace("jpeg", "JPEG") for title in TREATMENT_TITLES.values())
    periods = ", ".join(str(period) for period in result.arm("real").lattice)
    numbers = (
        "Changes, network", "Changes, hand-made", "Lattice in dB", "Largest borrowed region",
        "Trained on these",
    )  # fmt: skip
    title = "Whether the hit rates can be believed"
    return Table(
        f"{title}: {name}" if name else title,
        f"Changes of the hit rate in points, {kinds}; spectral peaks at periods of {periods} "
        "pixels; share of a picture that is one borrowed region; balanced accuracy on real "
        "pictures of hand-made features that were fitted on these pictures",
        columns("Pictures", numbers=numbers),
        tuple(rows),
        look="broad",
    )


def _changed(result: PainterScore, name: Arm, evaluator: EvaluatorName) -> str:
    changes = result.arm(name).rates[evaluator].changes
    values = [f"{100 * change:+.1f}".replace("-", "−") for change in changes.values()]
    return " / ".join(values) or "–"


def strengths_table(result: PainterScore, name: str) -> Table:
    """Return the scores of the painter alone at rising strength."""
    steps = result.strength
    return Table(
        f"Scores by strength: {name}" if name else "Scores by strength",
        "Scores of the painter alone at rising strength, each picture in one other style",
        columns("Strength", numbers=[percent(step.strength, 0) for step in steps]),
        (
            Row(("Mean probability of the target style", *(share(s.probability) for s in steps))),
            Row(("Hit rate", *(share(step.hit) for step in steps))),
            Row(("SSIM with the original", *(number(step.ssim) for step in steps))),
        ),
    )


def styles_table(result: PainterScore, name: str) -> Table:
    """Return hit rates and distances, a row a target style."""
    rows = []
    for row in result.per_style:
        network, second = row.rates["network"], row.rates["handmade"]
        rows.append(
            Row(
                (
                    style_title(row.style),
                    whole(row.train),
                    *(share(network[name].hit.value) for name in result.names),
                    measured(network["painted"].normalised),
                    share(second["painted"].hit.value),
                    measured(second["painted"].normalised),
                    distance(row.kernel_distance.get("painted")),
                    distance(row.kernel_distance.get("unchanged")),
                )
            )
        )
    titles = (
        "Train", *(result.title(name) for name in result.names), "Normalised",
        f"{result.title('painted')}, hand-made", "Normalised, hand-made", "Distance",
        "Distance unchanged",
    )  # fmt: skip
    return Table(
        f"Every target style: {name}" if name else "Every target style",
        "Hit rate of each target style, and kernel distances to its real test pictures with 95 % "
        "intervals",
        columns("Style", numbers=titles),
        tuple(rows),
        sortable=True,
        look="broad",
    )


def pairs_chart(result: PainterScore, prefix: str) -> Chart:
    """Return the painter's gain over unchanged pictures, for each pair of styles."""
    sources = list(dict.fromkeys(pair.source for pair in result.pairs))
    targets = list(dict.fromkeys(row.style for row in result.per_style))

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot())
        wide, high = len(targets), len(sources)
        axes.add_patch(Rectangle((-0.5, -0.5), wide, high, facecolor=RULE, alpha=0.35))
        for pair in result.pairs:
            x, y = targets.index(pair.target), sources.index(pair.source)
            size, gid = min(1.0, abs(pair.value)), sheet.hover(pair_words(pair))
            colour, corner = ACCENT if pair.value > 0 else ALARM, (x - 0.5, y - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, alpha=0.94 * size, gid=gid))
            axes.text(
                x, y, f"{100 * pair.value:.0f}".replace("-", "−"), ha="center", va="center",
                gid=gid, color=PAPER if size > DARK else INK, size=7.5,
                weight="bold" if pair.clear else "normal",
            )  # fmt: skip
        axes.set_xticks(
            range(wide), list(map(style_title, targets)), rotation=90 if wide > 4 else 0
        )
        axes.set_yticks(range(high), list(map(style_title, sources)))
        axes.tick_params(labelcolor=INK, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, wide - 0.5), ylim=(high - 0.5, -0.5), aspect="equal")
        axes.set_ylabel("style of the picture")
        axes.set_title("target style", fontweight="normal", color=MUTED, fontsize=8.5, loc="center")

    most = max(result.pairs, key=lambda pair: pair.value)
    least = min(result.pairs, key=lambda pair: pair.value)
    side = min(WIDTH, 3.2 + 0.33 * len(targets))
    return Chart(
        f"{prefix}pairs",
        f"Most is gained by {pair_words(most)}",
        f"Gain over unchanged pictures for {count(len(result.pairs), 'pair')} of styles. Most: "
        f"{pair_words(most)}; least: {pair_words(least)}.",
        "Points gained over unchanged pictures by the painter alone; bold where ten or more "
        "pictures were painted and "
        f"an exact sign test, corrected for {count(len(result.pairs), 'pair')}, has p < 0.05.",
        (side, side * 0.98),
        draw,
        480 if len(targets) <= 13 else 780,
    )

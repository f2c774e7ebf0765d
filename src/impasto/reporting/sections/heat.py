"""Part on Grad-CAM heat maps: where in the picture each style's evidence lies."""

from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from impasto.images.palette import ACCENT, RULE
from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.explanation import Explanation
from impasto.reporting.blocks import Block, Details, ExhibitRow, Gallery, prose
from impasto.reporting.pictures import Paintings
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet

BESIDE = 7
"""Mean heat maps beside each other."""
TITLE = 22
"""Letters of a map's title."""


def fold(paintings: Paintings, run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the heat maps of a run."""
    if run.evaluation is None or run.explanation is None:
        return None
    text = (
        "Heat maps (Grad-CAM) show, coloured and glowing, the places that spoke for the style that "
        "was named; the rest is grey. They show what the answer rests on, not that it rests on it "
        "rightly."
    )
    name = "heat-mean" if run.place.number == 1 else f"{run.name}-heat-mean"
    chart = heat_chart(run.explanation, name)
    blocks: list[Block] = [prose(text)]
    if chart:
        blocks.append(chart)
    blocks += _pairs(paintings, run)
    title = chart.title if chart else "no style shows evidence"
    return Details(f"Where it looks: {title}", tuple(blocks))


def _pairs(paintings: Paintings, run: TrainedRun[ClassifierEvaluation]) -> list[Block]:
    """The painting of each style that was recognised most surely, beside its heat."""
    if run.explanation is None:
        return []
    answers = {
        one.painting: one
        for one in run.predictions
        if one.heat is not None and paintings.holds(one.painting)
    }
    rows = []
    for style in run.explanation.styles:
        found = next((answers[name] for name in style.surest if name in answers), None)
        if found is None:
            continue
        note = f"named {style_title(found.predicted)} {percent(found.confidence, 0)}"
        pair = (
            paintings.named(found.painting, note),
            paintings.named(found.painting, "", found.heat),
        )
        rows.append(ExhibitRow(style_title(style.style), pair))
    if not rows:
        return []
    text = "The test picture of each style that was recognised most surely, beside its heat map."
    name = "heat" if run.place.number == 1 else f"{run.name}-heat"
    return [Gallery(name, "Picture and heat, style by style", text, tuple(rows))]


def heat_chart(explanation: Explanation, name: str = "heat-mean") -> Chart | None:
    """Return a small mean heat map of each style; ``None`` where there is none."""
    styles = [(row.style, row.heat, row.border) for row in explanation.styles if row.heat]
    if not styles:
        return None
    tall = -(-len(styles) // BESIDE)
    most = max(value for _, heat, _ in styles for line in heat for value in line)
    side = len(styles[0][1])
    even = percent(1 - ((side - 2) / side) ** 2, 0)

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(tall, BESIDE, squeeze=False).ravel()
        for axes in panels[len(styles) :]:
            axes.set_visible(False)
        for axes, (style, heat, border) in zip(panels, styles, strict=False):
            colours = [to_rgba(ACCENT, min(value / most, 1.0)) for line in heat for value in line]
            axes.add_collection(
                PolyCollection(_squares(side), facecolors=colours, linewidths=0), autolim=False
            )
            quiet(axes).set(xlim=(0, side), ylim=(side, 0), aspect="equal", xticks=[], yticks=[])
            share = percent(border, 0)
            gid = sheet.hover(
                f"{style_title(style)}: {share} of the evidence in the outermost eighths"
            )
            frame = Rectangle((0, 0), side, side, fill=False, edgecolor=RULE, linewidth=1, gid=gid)
            axes.add_patch(frame)
            title = style_title(style)
            if len(title) > TITLE:
                title = title[: TITLE - 1].rstrip() + "…"
            axes.set_title(title, fontsize=7, fontweight="normal")
            axes.set_xlabel(f"border {share}", fontsize=7)

    edge, _, border = max(styles, key=lambda row: row[2] or 0)
    return Chart(
        name,
        f"{style_title(edge)} has most of its evidence near the border, {percent(border, 0)}",
        f"Mean heat of {count(len(styles), 'style')} over the picture. Even heat has {even} in the "
        f"border; {style_title(edge)} has most there, {percent(border, 0)}.",
        "Where in the picture each style’s evidence lies on average: the more of the blue covers "
        f"the ground, the more evidence. Evenly spread, {even} of it would lie in the border.",
        (WIDTH, 0.2 + 1.55 * tall),
        draw,
        680,
    )


def _squares(side: int) -> list[list[tuple[int, int]]]:
    """The corners of the cells of a square grid, row by row from the top left."""
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    return [
        [(left + x, top + y) for x, y in corners] for top in range(side) for left in range(side)
    ]

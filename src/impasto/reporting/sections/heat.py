"""Section on Grad-CAM heat maps: where in the picture each style's evidence lies."""

from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from impasto.images.palette import ACCENT, RULE
from impasto.numerics.formatting import count, percent
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.explanation import Explanation
from impasto.reporting.blocks import Block, Details, ImageFile, Section, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import shown

BESIDE = 7
"""Mean heat maps beside each other."""
TITLE = 22
"""Letters of a map's title."""


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section on the heat maps of a run."""
    if run.evaluation is None or run.explanation is None:
        return None
    place, command = run.place, run.evaluation.command
    text = (
        "Heat maps (Grad-CAM) show, coloured and glowing, the places that spoke for the style that "
        "was named; the rest is grey. They show what the answer rests on, not that it rests on it "
        "rightly."
    )
    blocks: list[Block] = [prose(text)]
    chart = heat_chart(run.explanation, command)
    if chart:
        blocks.append(chart)
    sheet = run.figure("heat.png")
    if sheet:
        caption = (
            "The test pictures of each style that it recognised most surely, each beside its heat."
        )
        picture = ImageFile(sheet, caption, command)
        blocks.append(Details("Picture and heat, style by style", (picture,), is_open=True))
    title = place.title("Where it looks")
    return Section(place.anchor("heat"), title, tuple(blocks), prefix=place.prefix)


def heat_chart(explanation: Explanation, command: str) -> Chart | None:
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
            gid = sheet.hover(f"{shown(style)}: {share} of the evidence in the outermost eighths")
            frame = Rectangle((0, 0), side, side, fill=False, edgecolor=RULE, linewidth=1, gid=gid)
            axes.add_patch(frame)
            name = shown(style)
            if len(name) > TITLE:
                name = name[: TITLE - 1].rstrip() + "…"
            axes.set_title(name, fontsize=7, fontweight="normal")
            axes.set_xlabel(f"border {share}", fontsize=7)

    edge, _, border = max(styles, key=lambda row: row[2] or 0)
    return Chart(
        "heat-mean",
        f"Mean heat of {count(len(styles), 'style')} over the picture, darker where more evidence "
        f"lies. Even heat has {even} in the border; {shown(edge)} has most there, "
        f"{percent(border, 0)}.",
        "Where in the picture each style’s evidence lies on average, darker for more. Evenly "
        f"spread, {even} of it would lie in the border.",
        command,
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

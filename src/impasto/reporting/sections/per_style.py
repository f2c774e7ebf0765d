"""Section on a classifier's precision and recall, style by style."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from impasto.images.palette import ACCENT, INK, PAPER, RULE, SECOND
from impasto.numerics.formatting import percent
from impasto.records.evaluation import PRIORS, ClassifierEvaluation
from impasto.reporting.blocks import Block, Column, Row, Section, Table, columns
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import score, share, shown, whole

ENOUGH = 10  # test pictures, as for IMP306


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section on the styles of a run."""
    evaluation, place = run.evaluation, run.place
    if evaluation is None:
        return None
    blocks: list[Block] = [styles_chart(evaluation)]
    groups = [
        Row((name, whole(group.styles), share(group.recall)))
        for name, group in evaluation.groups.items()
        if group
    ]
    if groups:
        blocks.append(
            Table(
                "Groups of styles",
                "Mean recall of the styles with many, medium and few training pictures",
                columns("Training pictures", numbers=("Styles", "Mean recall")),
                tuple(groups),
            )
        )
    rows = [
        Row(
            (
                shown(row.style),
                whole(row.train),
                whole(row.test),
                share(row.precision),
                score(row.recall_interval),
                share(row.f1),
                row.group,
            )
        )
        for row in evaluation.per_style
    ]
    numbers = columns("Style", numbers=("Train", "Test", "Precision", "Recall", "F1"))
    blocks.append(
        Table(
            "Scores of each style",
            f"Scores of every style, answers with {PRIORS[evaluation.prior]}; in brackets the 95 % "
            f"interval: {evaluation.resampled.text}. Under {ENOUGH} test pictures a score says "
            "next to nothing",
            (*numbers, Column("Group")),
            tuple(rows),
            sortable=True,
            anchor=place.anchor("per-style"),
        )
    )
    title = place.title("Style by style")
    return Section(place.anchor("styles"), title, tuple(blocks), prefix=place.prefix)


def styles_chart(evaluation: ClassifierEvaluation) -> Chart:
    """Return recall and precision of every style, ordered by training pictures."""
    rows = sorted(evaluation.per_style, key=lambda row: -row.train)

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, row in enumerate(rows):
            if row.recall is not None and row.precision is not None:
                axes.plot([row.recall, row.precision], [y, y], color=RULE, linewidth=2.4, zorder=1)
            text = f"{shown(row.style)}: recall {percent(row.recall)}, "
            text += f"precision {percent(row.precision)}"
            # The ring is wider than the dot, so that both are seen where they fall together.
            if row.precision is not None:
                _ring(axes, [row.precision], [y], SECOND, PAPER, 8.5).set_gid(sheet.hover(text))
            if row.recall is not None:
                _ring(axes, [row.recall], [y], ACCENT, ACCENT, 5).set_gid(sheet.hover(text))
        recall = "recall: of its pictures, how many were recognised"
        _ring(axes, [], [], ACCENT, ACCENT, 5).set_label(recall)
        precision = "precision: of those named so, how many are"
        _ring(axes, [], [], SECOND, PAPER, 8).set_label(precision)
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_yticks(range(len(rows)), [f"{shown(row.style)}  ({row.train:,})" for row in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        sheet.figure.legend(loc="outside upper left", ncols=2)

    scored = sorted((row for row in rows if row.recall is not None), key=lambda r: r.recall or 0)
    worst, best = scored[0], scored[-1]
    return Chart(
        "styles",
        "Recall and precision of each style, ordered by training pictures. Highest recall: "
        f"{shown(best.style)}, {percent(best.recall)}; lowest: {shown(worst.style)}, "
        f"{percent(worst.recall)}.",
        "Recall and precision; in brackets the training pictures, by which the styles are ordered.",
        evaluation.command,
        (WIDTH, 0.9 + 0.235 * len(rows)),
        draw,
        680,
    )


def _ring(axes: Axes, x: list[float], y: list[int], edge: str, face: str, size: float) -> Line2D:
    return axes.plot(
        x, y, "o", color=edge, markerfacecolor=face, markersize=size, markeredgewidth=1.3
    )[0]

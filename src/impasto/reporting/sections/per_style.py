"""Part on a classifier's recall and precision, style by style."""

from impasto.images.palette import ACCENT, INK, MUTED, PAPER, SECOND
from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.evaluation import PRIORS, ClassifierEvaluation, StyleScores
from impasto.reporting.blocks import Block, Column, Row, Table, columns
from impasto.reporting.svg_chart import PHONE, WIDTH, Chart, Sheet, Whisker, quiet, whisker
from impasto.reporting.words import score, share, whole

ENOUGH = 10  # test pictures, as for IMP306


def tables(evaluation: ClassifierEvaluation) -> list[Block]:
    """Return the scores of every style, and of groups of styles by training pictures."""
    rows = [
        Row(
            (
                style_title(row.style),
                whole(row.train),
                whole(row.test),
                score(row.recall_interval),
                share(row.precision),
                share(row.f1),
                row.group,
            )
        )
        for row in evaluation.per_style
    ]
    numbers = columns("Style", numbers=("Train", "Test", "Recall", "Precision", "F1"))
    made: list[Block] = [
        Table(
            "Scores of each style",
            f"Every style, answers with {PRIORS[evaluation.prior]}; in brackets the 95 % interval. "
            f"Under {ENOUGH} test pictures a score says next to nothing",
            (*numbers, Column("Group")),
            tuple(rows),
            sortable=True,
        )
    ]
    groups = [
        Row((name, whole(group.styles), share(group.recall)))
        for name, group in evaluation.groups.items()
        if group
    ]
    if groups:
        made.append(
            Table(
                "Groups of styles",
                "Mean recall of styles with many (more than 100), medium (20 to 100) and few "
                "(under 20) training pictures",
                columns("Training pictures", numbers=("Styles", "Mean recall")),
                tuple(groups),
            )
        )
    return made


def styles_chart(evaluation: ClassifierEvaluation, name: str = "") -> Chart:
    """Return recall with its interval, and precision, of every style, the best first."""
    scored = [row for row in evaluation.per_style if row.recall is not None]
    rows = sorted(scored, key=lambda row: -(row.recall or 0))
    mean = evaluation.scores["balanced_accuracy"].value

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        chance = 1 / len(evaluation.styles)
        for value, words in ((chance, "chance"), (mean, "mean")):
            axes.axvline(value, color=MUTED, linewidth=1, linestyle=(0, (3, 3)), zorder=0)
            axes.text(value, -0.75, words, color=MUTED, size=7.5, ha="center", va="bottom")
        for y, row in enumerate(rows):
            if row.precision is not None:
                text = f"{style_title(row.style)}: precision {percent(row.precision)}"
                axes.plot(
                    [row.precision], [y], "^", color=SECOND, markerfacecolor=PAPER, markersize=5.5,
                    gid=sheet.hover(text),
                )  # fmt: skip
            _recall(sheet, row, y)
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_yticks(
            range(len(rows)), [f"{style_title(row.style)}  ({row.test})" for row in rows]
        )
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.7)

    best, worst = rows[0], next(row for row in rows if row.recall == rows[-1].recall)
    ties = sum(row.recall == best.recall for row in rows) - 1
    who = f"{style_title(best.style)} is"
    if ties:
        who = f"{style_title(best.style)} and {count(ties, 'other style')} are"
    least = sum(row.recall == worst.recall for row in rows) - 1
    last = style_title(worst.style)
    if least:
        last += f" and {count(least, 'other style')}"
    title = f"{who} recognised most often, {last} least"
    if best.recall == worst.recall:
        title = "All styles are recognised equally often"
    return Chart(
        f"{name}-styles" if name else "styles",
        title,
        "Recall and precision of each style, the best first. Highest recall: "
        f"{style_title(best.style)}, {percent(best.recall)}; lowest: {style_title(worst.style)}, "
        f"{percent(worst.recall)}.",
        "Dots: recall, the share of a style’s pictures that are recognised, with 95 % intervals. "
        "Triangles: precision, the share of the pictures named so that are. In brackets: test "
        "pictures.",
        (WIDTH, 0.8 + 0.235 * len(rows)),
        draw,
        620,
        (PHONE, 0.8 + 0.22 * len(rows)),
    )


def _recall(sheet: Sheet, row: StyleScores, y: int) -> None:
    assert row.recall is not None
    found = row.recall_interval
    low, high = (found.low, found.high) if found else (row.recall, row.recall)
    text = f"{style_title(row.style)}: recall {score(found) if found else percent(row.recall)}"
    axes = sheet.figure.axes[0]
    whisker(sheet, axes, Whisker(row.recall, low, high, y, ACCENT, "o", 5.5), text)

"""Section on a classifier's confusions: the matrix, and the most frequent ones."""

import numpy as np
from matplotlib.patches import Rectangle

from impasto.images.palette import ACCENT, INK, MUTED, PAPER, RULE
from impasto.numerics.formatting import count, percent
from impasto.records.evaluation import PRIORS, ClassifierEvaluation
from impasto.reporting.blocks import Block, Number, Row, Section, Table, columns, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import share, shown

LISTED = 12


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section on the confusions of a run."""
    if run.evaluation is None:
        return None
    place, rows = run.place, confusions(run.evaluation)
    blocks: list[Block] = [confusion_chart(run.evaluation)]
    if rows:
        head = columns("True style", "Named", numbers=("Pictures", "Share"))
        caption = "The most frequent confusions, by share of the true style"
        blocks.append(Table("Most frequent confusions", caption, head, tuple(rows)))
    else:
        blocks.append(prose("No picture was confused."))
    title, link = place.title("Which styles are confused"), place.title("Confusions")
    return Section(place.anchor("confusions"), title, tuple(blocks), link, place.prefix)


def confusions(evaluation: ClassifierEvaluation) -> list[Row]:
    """Return rows of the most frequent confusions, by the share of the true style's pictures."""
    matrix, styles = np.asarray(evaluation.confusion), evaluation.styles
    totals = matrix.sum(axis=1)
    pairs = [(i, j) for i, j in np.argwhere(matrix > 0).tolist() if i != j]
    pairs.sort(key=lambda p: (-matrix[p] / totals[p[0]], -matrix[p], styles[p[0]]))
    return [
        Row(
            (
                shown(styles[i]),
                shown(styles[j]),
                Number(f"{matrix[i, j]} of {totals[i]}", int(matrix[i, j])),
                share(float(matrix[i, j] / totals[i])),
            )
        )
        for i, j in pairs[:LISTED]
    ]


def confusion_chart(evaluation: ClassifierEvaluation) -> Chart:
    """Return the confusion matrix: numbers are pictures, the shade is the share of the row."""
    names, matrix = [shown(style) for style in evaluation.styles], np.asarray(evaluation.confusion)
    size, shares = len(names), matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot())
        axes.add_patch(Rectangle((-0.5, -0.5), size, size, facecolor=RULE, alpha=0.35))
        for row, column in np.argwhere(matrix > 0).tolist():
            number, part, right = matrix[row, column], float(shares[row, column]), row == column
            text = f"{names[row]}, recognised" if right else f"{names[row]}, named {names[column]}"
            gid = sheet.hover(f"{text}: {number} of {matrix[row].sum()} ({percent(part, 0)})")
            corner, alpha = (column - 0.5, row - 0.5), 0.06 + 0.94 * part
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=ACCENT, alpha=alpha, gid=gid))
            axes.text(
                column, row, str(number), ha="center", va="center", gid=gid, size=7.5,
                color=PAPER if part > 0.42 else INK, weight="bold" if right else "normal",
            )  # fmt: skip
        axes.set_xticks(range(size), names, rotation=90 if size > 4 else 0)
        axes.set_yticks(range(size), names)
        axes.tick_params(labelcolor=INK, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
        axes.set_ylabel("true style")
        axes.set_title(
            "named by the network", fontweight="normal", color=MUTED, fontsize=8.5, loc="center"
        )

    side = min(WIDTH, 3.2 + 0.33 * size)
    return Chart(
        "confusion",
        f"Confusion matrix of {count(size, 'style')}: {int(np.trace(matrix)):,} of "
        f"{count(int(matrix.sum()), 'picture')} lie on the diagonal. The table of the most "
        "frequent confusions gives the rest in words.",
        "Rows are true styles; numbers are test pictures, the shade is their share of the row. "
        f"Answers with {PRIORS[evaluation.prior]}.",
        evaluation.command,
        (side, side * 0.98),
        draw,
        480 if size <= 13 else 780,
    )

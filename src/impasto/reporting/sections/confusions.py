"""Part on a classifier's confusions: the matrix, and the most frequent ones."""

from urllib.parse import urlencode

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from impasto.images.palette import ACCENT, INK, MUTED, PAPER, RULE
from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.evaluation import PRIORS, ClassifierEvaluation
from impasto.reporting.blocks import Block, Details, Number, Row, Table, columns, prose
from impasto.reporting.study import StudyRecords, TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import share

LISTED = 12


def fold(study: StudyRecords, run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the confusions of a run."""
    if run.evaluation is None:
        return None
    rows = confusions(run.evaluation)
    linked = run.name if study.page else ""
    name = "confusion" if run is study.main else f"{run.name}-confusion"
    blocks: list[Block] = [confusion_chart(run.evaluation, linked, name)]
    if rows:
        head = columns("True style", "Named", numbers=("Pictures", "Share"))
        caption = "The most frequent confusions, by share of the true style"
        blocks.append(Table("Most frequent confusions", caption, head, tuple(rows)))
    else:
        blocks.append(prose("No picture was confused."))
    most = most_frequent(run.evaluation) or "no picture was confused"
    return Details(f"Confusions: {most}", tuple(blocks))


def most_frequent(evaluation: ClassifierEvaluation) -> str:
    """Return the most frequent confusion in words; empty where there is none."""
    rows = confusions(evaluation)
    if not rows:
        return ""
    true, named, number, _ = rows[0].cells
    matrix = np.asarray(evaluation.confusion)
    if (matrix - np.diag(np.diag(matrix))).max() == 1:
        return "No style is taken for one other more than once"
    return f"{true} is taken for {named} most often, {number} pictures"


def similar_order(matrix: NDArray[np.int64]) -> list[int]:
    """Order of styles in which those that are taken for each other stand together."""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    both = (shares + shares.T) / 2
    if len(both) < 3:
        return list(range(len(both)))
    apart = 1 - both
    np.fill_diagonal(apart, 0)
    condensed = squareform(apart, checks=False)
    tree = linkage(condensed, "average", optimal_ordering=True)
    return [int(place) for place in leaves_list(tree)]


def confusions(evaluation: ClassifierEvaluation) -> list[Row]:
    """Return rows of the most frequent confusions, by the share of the true style's pictures."""
    matrix, styles = np.asarray(evaluation.confusion), evaluation.styles
    totals = matrix.sum(axis=1)
    pairs = [(i, j) for i, j in np.argwhere(matrix > 0).tolist() if i != j]
    pairs.sort(key=lambda p: (-matrix[p] / totals[p[0]], -matrix[p], styles[p[0]]))
    return [
        Row(
            (
                style_title(styles[i]),
                style_title(styles[j]),
                Number(f"{matrix[i, j]} of {totals[i]}", int(matrix[i, j])),
                share(float(matrix[i, j] / totals[i])),
            )
        )
        for i, j in pairs[:LISTED]
    ]


def confusion_chart(
    evaluation: ClassifierEvaluation, linked: str = "", name: str = "confusion"
) -> Chart:
    """Return the confusion matrix: numbers are pictures, the shade is the share of the row.

    Args:
        evaluation: of a classifier.
        linked: the run whose confusions the atlas page shows, to which each number leads.
        name: of the figure.
    """
    order = similar_order(np.asarray(evaluation.confusion))
    styles = [evaluation.styles[place] for place in order]
    names, matrix = (
        list(map(style_title, styles)),
        np.asarray(evaluation.confusion)[np.ix_(order, order)],
    )
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
            label = axes.text(
                column, row, str(number), ha="center", va="center", gid=gid, size=7.5,
                color=PAPER if part > 0.42 else INK, weight="bold" if right else "normal",
            )  # fmt: skip
            if linked:
                cell = [("run", linked), ("tab", "confusions"), ("cell", styles[row])]
                query = urlencode([*cell, ("cell", styles[column])])
                label.set_url(f"site/index.html#{query}")
        axes.set_xticks(range(size), names, rotation=90 if size > 4 else 0)
        axes.set_yticks(range(size), names)
        axes.tick_params(labelcolor=INK, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
        axes.set_ylabel("true style")
        axes.set_title(
            "named by the network", fontweight="normal", color=MUTED, fontsize=8.5, loc="center"
        )

    side = min(WIDTH, 3.2 + 0.33 * size)
    most = most_frequent(evaluation)
    return Chart(
        name,
        most or "No picture was confused",
        f"Confusion matrix of {count(size, 'style')}: {int(np.trace(matrix)):,} of "
        f"{count(int(matrix.sum()), 'picture')} lie on the diagonal. The table of the most "
        "frequent confusions gives the rest in words.",
        "Rows are true styles, ordered so that those taken for each other stand together; numbers "
        "are test pictures, the shade is their share of the row. Answers with "
        f"{PRIORS[evaluation.prior]}." + (" A number leads to its paintings." if linked else ""),
        (side, side * 0.98),
        draw,
        480 if size <= 13 else 780,
    )

"""Part on the label-order bug: a classifier before and after, beside the others."""

from collections.abc import Sequence

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.numerics.formatting import percent
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.label_order import LabelOrder
from impasto.records.record import Interval
from impasto.reporting.blocks import Block, Details, Row, Table, columns, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, Whisker, quiet, whisker
from impasto.reporting.words import score


def folds(scored: Sequence[TrainedRun[ClassifierEvaluation]]) -> list[Block]:
    """Return the part on the course's network; nothing where none lost its order."""
    return [fold(run.label_order, run.title, scored) for run in scored if run.label_order]


def fold(
    found: LabelOrder, name: str, scored: Sequence[TrainedRun[ClassifierEvaluation]]
) -> Details:
    """Return a network's accuracy with its labels out of order, in order, and others beside."""
    rows = [("labels in another order", found.lost), ("labels in their order", found.kept)]
    steps = [(f"{name}, {words}", one) for words, one in rows]
    steps += [
        (run.title, run.evaluation.by_prior["uniform"]["accuracy"])
        for run in scored
        if run.evaluation and run.label_order is None
    ]
    text = (
        f"Read in {found.orders:,} shuffled orders of the styles, the predictions of {name} are "
        f"right for {score(found.lost)} on average, the range of 95 % of the orders in brackets. A "
        "program that builds its list of classes from a set(), or from the folders of one split, "
        f"reads them so. In the order of the training they are right for {score(found.kept)}."
    )
    table = Table(
        "Order of labels",
        f"Accuracy on {found.pictures:,} test pictures, styles equally frequent",
        columns("Network", numbers=("Accuracy",)),
        tuple(Row((title, score(one))) for title, one in steps),
    )
    summary = (
        f"The course’s network: {percent(found.lost.value)} with its labels out of order, "
        f"{percent(found.kept.value)} with them in order"
    )
    return Details(summary, (prose(text), _chart(steps), table), True)


def _chart(steps: Sequence[tuple[str, Interval]]) -> Chart:
    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, (title, one) in enumerate(steps):
            colour = ACCENT if y else MUTED
            mark = Whisker(100 * one.value, 100 * one.low, 100 * one.high, y, colour)
            whisker(sheet, axes, mark, f"{title}: {score(one)}")
        axes.set_yticks(range(len(steps)), [title for title, _ in steps])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel("accuracy, per cent")

    listed = "; ".join(f"{title} {percent(one.value)}" for title, one in steps)
    return Chart(
        "label-order",
        "Accuracy before and after",
        f"Dots with interval whiskers: {listed}.",
        "Dots are accuracies, lines their 95 % intervals; of the first the range of the orders.",
        (WIDTH, 0.9 + 0.32 * len(steps)),
        draw,
        560,
    )

"""Section on the training of a classifier: learning curves, and what was settled."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from impasto.images.palette import ACCENT, MUTED, SECOND, THIRD
from impasto.numerics.formatting import count, percent
from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import Block, Code, Section, definitions, notice, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import plain

ELSEWHERE = {"train_counts", "seconds", "data_share_of_step"}
"""Facts of a run that stand in other sections, or nowhere."""
UNFINISHED = "is not finished: the same command goes on from where it was."


def section(run: TrainedRun[ClassifierEvaluation]) -> Section:
    """The section on a run's training."""
    place, trained_on = run.place, str(run.run.collection["fingerprint"])
    blocks: list[Block] = [*place.other_collection("This run", "trained on", trained_on)]
    if run.running:
        blocks.append(notice(f"This training {UNFINISHED}"))
    curves = curves_chart(run)
    without = "No validation has been made yet, so there are no learning curves."
    blocks.append(curves or prose(without))
    facts = [
        (name.replace("_", " "), f"{value:,}" if type(value) is int else plain(value))
        for name, value in run.run.facts.items()
        if name not in ELSEWHERE
    ]
    if facts:
        blocks.append(definitions("Settled and measured in training", facts))
    if not run.evaluation:
        text = " measures it on the test split."
        blocks.append(
            notice("This run has not been evaluated yet: ", Code("impasto evaluate"), text)
        )
    title = place.title("Training")
    return Section(place.anchor("training"), title, tuple(blocks), prefix=place.prefix)


def curves_chart(run: TrainedRun[ClassifierEvaluation]) -> Chart | None:
    """Return losses and validation scores over the epochs; ``None`` before the first validation."""
    lines = run.run.metrics()
    train = [line for line in lines if line["event"] == "train" and line.get("loss") is not None]
    valid = [line for line in lines if line["event"] == "validation"]
    if not valid:
        return None
    best = [line["epoch"] for line in valid if line.get("best")]

    def draw(sheet: Sheet) -> None:
        left, right = sheet.figure.subplots(1, 2)
        _losses(quiet(left, grid="both"), train, valid)
        quiet(right, grid="both").set_title("Scores on the validation split")
        colours = {"balanced_accuracy": ACCENT, "accuracy": SECOND, "macro_f1": THIRD}
        for name, colour in colours.items():
            points = [(line["epoch"], line[name]) for line in valid if line.get(name) is not None]
            x, y = [point[0] for point in points], [point[1] for point in points]
            right.plot(x, y, "o-", color=colour, markersize=2.6, label=SCORES[name].heading)
        right.set_ylim(bottom=0)
        right.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        for axes in (left, right):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if best:
                label = f"kept: epoch {best[-1]:g}"
                axes.axvline(best[-1], color=MUTED, linewidth=1, linestyle=(0, (3, 3)), label=label)
        left.legend(loc="best")
        right.legend(loc="best")

    top = max(line.get("balanced_accuracy") or 0 for line in valid)
    return Chart(
        "learning-curves",
        f"Left: training and validation loss over {count(len(valid), 'validation')}, the last "
        f"validation loss {valid[-1]['loss']:.2f}. Right: validation scores; the highest balanced "
        f"accuracy is {percent(top)}.",
        "The dashed line marks the weights that were kept.",
        run.command,
        (WIDTH, 3.1),
        draw,
        720,
    )


def _losses(
    axes: Axes, train: Sequence[Mapping[str, Any]], valid: Sequence[Mapping[str, Any]]
) -> None:
    axes.set_title("Loss")
    if train:
        steps = np.asarray([line["step"] for line in train], dtype=float)
        # A train line has its epoch only as a whole number; validations tie steps to epochs.
        ends = np.asarray([[line["step"], line["epoch"]] for line in valid], dtype=float)
        epochs = np.interp(steps, [0, *ends[:, 0]], [0, *ends[:, 1]])
        losses = np.asarray([line["loss"] for line in train], dtype=float)
        parts = np.array_split(np.arange(len(steps)), min(len(steps), 300))
        x, y = ([values[part].mean() for part in parts] for values in (epochs, losses))
        label = "training, with augmentation"
        axes.plot(x, y, color=MUTED, linewidth=1, alpha=0.8, label=label)
    x, y = ([line[name] for line in valid] for name in ("epoch", "loss"))
    axes.plot(x, y, "o-", color=ACCENT, markersize=2.6, label="validation")

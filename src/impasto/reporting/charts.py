"""The charts of a report, each drawn from the facts of a study alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from impasto.images.palette import ACCENT, ALARM, INK, MUTED, PAPER, RULE, SECOND, THIRD
from impasto.reporting.facts import Calibration, Evaluated, RunFacts, Score
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import SCORES, baseline_name, baselines, count, percent, shown

Counts = Mapping[str, Sequence[int]]


def scores_chart(evaluation: Evaluated) -> Chart:
    """Every score with its interval beside its baselines', one panel a score."""
    names = [
        name for name in ("accuracy", "balanced_accuracy", "macro_f1") if name in evaluation.scores
    ]
    simple = baselines(evaluation)
    rows = [("The network", evaluation.scores)] + [
        (baseline_name(name), dict(b)) for name, b in simple.items()
    ]

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axes, name in zip(panels, names, strict=True):
            quiet(axes, grid="x").set_title(SCORES[name])
            for y, (label, scores) in enumerate(rows):
                if scores.get(name) is not None:
                    _whisker(sheet, axes, y, (label, scores[name]))
            axes.set_xlim(0, 1.0)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
            axes.set_xlabel("per cent")
        panels[0].set_yticks(range(len(rows)), [label for label, _ in rows])
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        panels[0].tick_params(axis="y", labelcolor=INK)

    said = "; ".join(
        f"{label} {percent(scores['balanced_accuracy'].value)}"
        for label, scores in rows
        if "balanced_accuracy" in scores
    )
    alt = (
        f"Dots with interval whiskers for the network and its baselines. Balanced accuracy: {said}."
    )
    return Chart("scores", alt, (WIDTH, 1.0 + 0.3 * len(rows)), draw, 760)


def _whisker(sheet: Sheet, axes: Axes, y: int, row: tuple[str, Score]) -> None:
    label, score = row
    colour, text = (ACCENT, "bold") if y == 0 else (MUTED, "normal")
    low, high = score.low, score.high
    if low is not None and high is not None:
        axes.plot(
            [low, high], [y, y], color=colour, linewidth=2.2, solid_capstyle="round", alpha=0.55
        )
    words = f"{label}: {percent(score.value)}"
    words += f", 95 % interval {percent(low)} to {percent(high)}" if low is not None else ""
    axes.plot(
        [score.value],
        [y],
        "o",
        color=colour,
        markersize=6.5 if y == 0 else 5,
        gid=sheet.hover(words),
    )
    right = score.value < 0.75
    end = (high or score.value) if right else (low or score.value)
    axes.annotate(
        f"{100 * score.value:.1f}",
        (end, y),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        color=colour if y == 0 else INK,
        weight=text,
    )


def distribution_chart(styles: Sequence[str], counts: Counts) -> Chart:
    """How many pictures of each style are in train, validation and test, and how many were set aside."""
    colours = {"train": ACCENT, "validation": THIRD, "test": SECOND, "set aside": ALARM}
    totals = np.sum([counts[part] for part in colours], axis=0)
    order = np.argsort(-totals, kind="stable")

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        left = np.zeros(len(styles))
        for part, colour in colours.items():
            values = np.asarray(counts[part])[order]
            if not values.any():
                continue
            bars = axes.barh(
                range(len(styles)), values, left=left, height=0.68, color=colour, label=part
            )
            for bar, place in zip(bars, order, strict=True):
                bar.set_gid(sheet.hover(f"{shown(styles[place])}, {part}: {counts[part][place]:,}"))
            left += values
        for y, place in enumerate(order):
            axes.annotate(
                f"{totals[place]:,}",
                (totals[place], y),
                (5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(range(len(styles)), [shown(styles[place]) for place in order])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(styles) - 0.4, -0.6)
        axes.margins(x=0.07)
        axes.set_xlabel("pictures")
        sheet.figure.legend(loc="outside upper left", ncols=4)

    first, last = order[0], order[-1]
    alt = (
        f"Bars of the pictures of each style, from {shown(styles[first])} with {totals[first]:,} "
        f"to {shown(styles[last])} with {totals[last]:,}, divided into train, validation, test and set aside."
    )
    return Chart("distribution", alt, (WIDTH, 1.0 + 0.235 * len(styles)), draw, 680)


def curves_chart(facts: RunFacts) -> Chart | None:
    """Training and validation loss, and the validation scores, over the epochs; ``None`` before the first of them."""
    train = [
        line
        for line in facts.lines
        if line.get("event") == "train" and line.get("loss") is not None
    ]
    valid = [line for line in facts.lines if line.get("event") == "validation"]
    if not valid:
        return None
    best = [line["epoch"] for line in valid if line.get("best")]

    def draw(sheet: Sheet) -> None:
        left, right = sheet.figure.subplots(1, 2)
        _losses(quiet(left, grid="both"), train, valid)
        scores = quiet(right, grid="both")
        scores.set_title("Scores on the validation split")
        names = {"balanced_accuracy": ACCENT, "accuracy": SECOND, "macro_f1": THIRD}
        for name, colour in names.items():
            points = [(line["epoch"], line[name]) for line in valid if line.get(name) is not None]
            scores.plot(
                *zip(*points, strict=True), "o-", color=colour, markersize=2.6, label=SCORES[name]
            )
        scores.set_ylim(bottom=0)
        scores.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        for axes in (left, right):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            if best:
                axes.axvline(
                    best[-1],
                    color=MUTED,
                    linewidth=0.9,
                    linestyle=(0, (3, 3)),
                    label=f"kept: epoch {best[-1]:g}",
                )
        left.legend(loc="upper right")
        right.legend(loc="lower right")

    top = max(line.get("balanced_accuracy") or 0 for line in valid)
    alt = (
        f"Left: training and validation loss over {count(len(valid), 'validation')}, the last validation loss "
        f"{valid[-1]['loss']:.2f}. Right: validation scores; the highest balanced accuracy is {percent(top)}."
    )
    return Chart("learning-curves", alt, (WIDTH, 3.1), draw, 720)


def _losses(
    axes: Axes, train: Sequence[Mapping[str, Any]], valid: Sequence[Mapping[str, Any]]
) -> None:
    axes.set_title("Loss")
    if train:
        steps = np.asarray([line["step"] for line in train], dtype=float)
        ends = np.asarray([[line["step"], line["epoch"]] for line in valid], dtype=float)
        # A train line knows its step exactly and its epoch only as a whole number; validations tie
        # the two together.
        epochs = np.interp(steps, [0, *ends[:, 0]], [0, *ends[:, 1]])
        losses = np.asarray([line["loss"] for line in train], dtype=float)
        parts = np.array_split(np.arange(len(steps)), min(len(steps), 300))
        points = [(epochs[part].mean(), losses[part].mean()) for part in parts]
        axes.plot(
            *zip(*points, strict=True),
            color=MUTED,
            linewidth=1,
            alpha=0.8,
            label="training, with augmentation",
        )
    axes.plot(
        [v["epoch"] for v in valid],
        [v["loss"] for v in valid],
        "o-",
        color=ACCENT,
        markersize=2.6,
        label="validation",
    )


def styles_chart(evaluation: Evaluated) -> Chart:
    """Recall and precision of every style, the styles ordered by their training pictures."""
    rows = sorted(evaluation.per_style, key=lambda row: -row.train)

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, row in enumerate(rows):
            words = f"{shown(row.style)}: recall {percent(row.recall)}, precision {percent(row.precision)}"
            if row.recall is not None and row.precision is not None:
                axes.plot([row.recall, row.precision], [y, y], color=RULE, linewidth=2.4, zorder=1)
            # The ring is wider than the dot, so that both are seen where they fall together.
            for value, colour, face, size in (
                (row.precision, SECOND, PAPER, 8.5),
                (row.recall, ACCENT, ACCENT, 5),
            ):
                if value is not None:
                    _ring(axes, (value, y), (colour, face, size)).set_gid(sheet.hover(words))
        _ring(axes, None, (ACCENT, ACCENT, 5)).set_label(
            "recall: of its pictures, how many were recognised"
        )
        _ring(axes, None, (SECOND, PAPER, 8)).set_label(
            "precision: of those named so, how many are"
        )
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_yticks(range(len(rows)), [f"{shown(row.style)}  ({row.train:,})" for row in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        sheet.figure.legend(loc="outside upper left", ncols=2)

    scored = [row for row in rows if row.recall is not None]
    best, worst = (
        max(scored, key=lambda row: row.recall or 0),
        min(scored, key=lambda row: row.recall or 0),
    )
    alt = (
        f"Recall and precision of each style, ordered by training pictures. Highest recall: {shown(best.style)}, "
        f"{percent(best.recall)}; lowest: {shown(worst.style)}, {percent(worst.recall)}."
    )
    return Chart("styles", alt, (WIDTH, 0.9 + 0.235 * len(rows)), draw, 680)


def _ring(axes: Axes, point: tuple[float, float] | None, look: tuple[str, str, float]) -> Line2D:
    """A dot of edge colour, face colour and size; without a point, for the legend alone."""
    x, y = ([], []) if point is None else ([point[0]], [point[1]])
    (edge, face, size) = look
    return axes.plot(
        x, y, "o", color=edge, markerfacecolor=face, markersize=size, markeredgewidth=1.3
    )[0]


def confusion_chart(evaluation: Evaluated) -> Chart:
    """The confusion matrix.

    Numbers are pictures, the shade is the share of the true style's row.
    """
    names, matrix = [shown(style) for style in evaluation.styles], np.asarray(evaluation.confusion)
    number, share = len(names), matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot())
        axes.add_patch(Rectangle((-0.5, -0.5), number, number, facecolor=RULE, alpha=0.35))
        for row, column in np.argwhere(matrix > 0):
            part, words = share[row, column], f"{names[row]}, taken for {names[column]}"
            words = names[row] + ", recognised" if row == column else words
            words += f": {matrix[row, column]} of {matrix[row].sum()} ({percent(part, 0)})"
            cell = Rectangle(
                (column - 0.5, row - 0.5), 1, 1, facecolor=ACCENT, alpha=0.06 + 0.94 * float(part)
            )
            cell.set_gid(sheet.hover(words))
            axes.add_patch(cell)
            axes.text(
                column, row, str(matrix[row, column]), ha="center", va="center", gid=sheet.hover(words),
                color=PAPER if part > 0.42 else INK, size=7.5, weight="bold" if row == column else "normal",
            )  # fmt: skip
        axes.set_xticks(range(number), names, rotation=90 if number > 4 else 0)
        axes.set_yticks(range(number), names)
        axes.tick_params(labelcolor=INK, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, number - 0.5), ylim=(number - 0.5, -0.5), aspect="equal")
        axes.set_ylabel("true style")
        axes.set_title(
            "named by the network", fontweight="normal", color=MUTED, fontsize=8.5, loc="center"
        )

    hits = int(np.trace(matrix))
    alt = (
        f"Confusion matrix of {count(number, 'style')}: {hits:,} of {count(int(matrix.sum()), 'picture')} lie on the "
        "diagonal. The table of the most frequent confusions says the rest in words."
    )
    side = min(WIDTH, 3.2 + 0.33 * number)
    return Chart("confusion", alt, (side, side * 0.98), draw, 480 if number <= 13 else 780)


def reliability_chart(calibration: Calibration) -> Chart:
    """Accuracy against confidence after temperature scaling; the area of a dot is its number of pictures."""
    bins = [part for part in calibration.bins if part.count and part.confidence is not None]
    most = max((part.count for part in bins), default=1)

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="both")
        axes.plot(
            [0, 1],
            [0, 1],
            color=MUTED,
            linewidth=1,
            linestyle=(0, (3, 3)),
            label="perfectly calibrated",
        )
        points = [(part.confidence or 0.0, part.accuracy or 0.0) for part in bins]
        if points:
            axes.plot(*zip(*points, strict=True), color=ACCENT, linewidth=1, alpha=0.5)
        for part, (confidence, accuracy) in zip(bins, points, strict=True):
            words = f"{count(part.count, 'picture')} at {percent(confidence)} confidence: {percent(accuracy)} right"
            size = 4 + 9 * (part.count / most) ** 0.5
            axes.plot(
                [confidence], [accuracy], "o", color=ACCENT, markersize=size, gid=sheet.hover(words)
            )
        axes.set(
            xlim=(0, 1.03),
            ylim=(0, 1.03),
            aspect="equal",
            xlabel="confidence",
            ylabel="share that is right",
        )
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.legend(loc="upper left")

    alt = (
        f"Reliability diagram: share of right answers against confidence. Expected calibration error "
        f"{percent(calibration.ece_after)} after temperature scaling, {percent(calibration.ece_before)} before."
    )
    return Chart("reliability", alt, (4.6, 4.3), draw, 320)

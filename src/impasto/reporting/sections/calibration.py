"""Part on a classifier's probabilities: calibration, conformal sets, OOD score."""

from impasto.images.palette import ACCENT, MUTED, RULE
from impasto.numerics.bootstrap import wilson
from impasto.numerics.formatting import count, percent
from impasto.records.evaluation import (
    PRIORS,
    CalibrationBin,
    CalibrationScores,
    ClassifierEvaluation,
    OodScores,
)
from impasto.reporting.answer_cards import too_few
from impasto.reporting.blocks import Block, Details, Number, Row, Table, columns, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import Chart, Sheet, quiet
from impasto.reporting.words import score, share, whole

LARGE = 0.7  # of all styles: sets that are larger on average say little
OOD_KINDS = {
    "noise": "Noise",
    "text": "Pages of text",
    "diagrams": "Diagrams",
    "gradients": "Smooth gradients",
    "photographs": "Photographs",
    "given": "The pictures that were given",
}


def fold(run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the calibration of a run."""
    evaluation = run.evaluation
    if evaluation is None or evaluation.calibration is None:
        return None
    found, sets = evaluation.calibration, evaluation.conformal
    moved = found.ece_after - found.ece_before
    verb = "lowers" if moved < 0 else "raises" if moved > 0 else "leaves"
    off = found.ece_after > found.ece_perfect_99
    text = (
        f"With {PRIORS[found.prior]}, a temperature of {found.temperature:.3f}, fitted on the "
        f"validation split, {verb} the expected calibration error from "
        f"{percent(found.ece_before)} to {percent(found.ece_after)}. On as many pictures with "
        f"these confidences perfect calibration would give {percent(found.ece_perfect)}, at most "
        f"{percent(found.ece_perfect_99)} in 99 % of cases: the probabilities are "
        f"{'miscalibrated' if off else 'consistent with calibrated ones'}. The negative "
        f"log-likelihood goes from {found.nll_before:.3f} to {found.nll_after:.3f} nats, the Brier "
        f"score from {found.brier_before:.3f} to {found.brier_after:.3f}; lower is better."
    )
    if sets:
        text += (
            f" Conformal sets made to hold the true style in {percent(sets.level, 0)} of cases "
            f"hold it in {percent(sets.coverage)} and name {sets.mean_size:.2f} styles on average, "
            f"with {PRIORS[evaluation.prior]}; that is an average over styles, no promise for each."
        )
        if sets.mean_size > LARGE * len(evaluation.styles):
            text += " Sets as large as that say little."
    if few := too_few(evaluation.pictures):
        text = f"{few}. {text}"
    state = "miscalibrated" if off else "consistent with calibrated ones"
    summary = f"Calibration: the probabilities are {state}, error {percent(found.ece_after)}"
    name = "reliability" if run.place.number == 1 else f"{run.name}-reliability"
    blocks: tuple[Block, ...] = (prose(text), reliability_chart(found, name), bins_table(found))
    if evaluation.ood:
        blocks += _ood(evaluation.ood)
    return Details(summary, blocks)


def bins_table(found: CalibrationScores) -> Table:
    """Return the bins of the reliability diagram with their counts."""
    rows = [
        Row((share(part.confidence), whole(part.count), share(part.accuracy), *_span(part)))
        for part in found.bins
        if part.count and part.confidence is not None and part.accuracy is not None
    ]
    heads = ("Pictures", "Right", "95 % interval of right")
    caption = "Test pictures by confidence; Wilson's intervals"
    return Table("Reliability", caption, columns("Mean confidence", numbers=heads), tuple(rows))


def _span(part: CalibrationBin) -> list[Number]:
    low, high = _ends(part)
    return [Number(f"{100 * low:.1f}–{100 * high:.1f} %", low)]


def _ends(part: CalibrationBin) -> tuple[float, float]:
    """95 % interval of the share of right answers in a bin."""
    assert part.accuracy is not None
    found = wilson(part.accuracy, part.count)
    return found["low"], found["high"]


def _ood(found: OodScores) -> tuple[Block, ...]:
    """Sentences and a table on pictures that are no paintings."""
    usual = (
        "A picture’s out-of-distribution score is how far its colours, spectrum, edges and texture "
        "are from those of the training pictures; the network takes no part in it. "
    )
    if found.limit is None:
        text = (
            f"A limit beyond which predict warns is not applicable: {found.held_out} pictures are "
            "left for it, too few. "
        )
    else:
        beyond = found.beyond[str(found.false_alarms)]
        text = (
            f"Predict warns beyond a limit that {percent(found.false_alarms, 0)} of pictures like "
            f"the training’s may exceed, set on {found.held_out} others; of the test pictures "
            f"{percent(beyond.value)} do ({percent(beyond.low)} to {percent(beyond.high)}). "
        )
    rates = tuple(found.beyond)
    rows = [
        Row(
            (
                OOD_KINDS[row.kind],
                whole(row.pictures),
                whole(row.units),
                score(row.auroc),
                *(score(row.detected[rate]) for rate in rates),
            )
        )
        for row in found.kinds
    ]
    heads = [f"Named at {percent(float(rate), 0)} false alarms" for rate in rates]
    title = "Pictures that are no paintings"
    caption = (
        "AUROC: how often such a picture has a higher score than a test picture, 50 % by chance; "
        "in brackets 95 % intervals. Nothing was fitted or chosen on these pictures; crops of one "
        "photograph are one independent picture"
    )
    numbers = ("Pictures", "Independent", "AUROC", *heads)
    return (
        prose(usual + text),
        Table(title, caption, columns("Kind", numbers=numbers), tuple(rows)),
    )


def reliability_chart(found: CalibrationScores, name: str = "reliability") -> Chart:
    """Return accuracy against confidence after temperature scaling, a dot with interval a bin."""
    bins = [
        part
        for part in found.bins
        if part.count and part.confidence is not None and part.accuracy is not None
    ]

    def draw(sheet: Sheet) -> None:
        top, below = sheet.figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        quiet(top, grid="both").plot(
            [0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (3, 3))
        )
        for part in bins:
            low, high = _ends(part)
            text = f"{count(part.count, 'picture')} at {percent(part.confidence)} confidence: "
            gid = sheet.hover(f"{text}{percent(part.accuracy)} right")
            top.plot([part.confidence] * 2, [low, high], color=ACCENT, linewidth=2.2, alpha=0.5)
            top.plot([part.confidence], [part.accuracy], "o", color=ACCENT, markersize=5, gid=gid)
        width = 0.8 / max(len(found.bins), 1)
        quiet(below).bar(
            [part.confidence or 0 for part in bins],
            [part.count for part in bins],
            width,
            color=RULE,
        )
        for part in bins:
            below.annotate(
                f"{part.count:,}", (part.confidence or 0, part.count), (0, 2), size=7,
                textcoords="offset points", ha="center", color=MUTED,
            )  # fmt: skip
        top.set(xlim=(0, 1.03), ylim=(0, 1.03))
        top.set_ylabel("share that is right")
        below.set(xlabel="confidence", yticks=[], ylabel="pictures")
        below.margins(y=0.35)
        for axis in (top.xaxis, top.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")

    off = found.ece_after > found.ece_perfect_99
    title = "Confidence does not equal the share of right answers"
    if not off:
        title = "Confidence is consistent with the share of right answers"
    return Chart(
        name,
        title,
        "Reliability diagram: share of right answers against confidence. Expected calibration "
        f"error {percent(found.ece_after)} after temperature scaling, "
        f"{percent(found.ece_before)} before.",
        "On the dashed line, confidence equals the share of right answers. Lines are 95 % "
        "intervals, bars the pictures of each bin.",
        (5.4, 4.8),
        draw,
        360,
    )

"""Section on a classifier's probabilities: calibration, conformal sets, OOD score."""

from impasto.images.palette import ACCENT, MUTED
from impasto.numerics.formatting import count, percent
from impasto.records.evaluation import (
    PRIORS,
    CalibrationScores,
    ClassifierEvaluation,
    OodScores,
)
from impasto.reporting.blocks import Block, Row, Section, Table, columns, prose
from impasto.reporting.headline import FEW
from impasto.reporting.study import TrainedRun
from impasto.reporting.svg_chart import Chart, Sheet, quiet
from impasto.reporting.words import score, whole

LARGE = 0.7  # of all styles: sets that are larger on average say little
OOD_KINDS = {
    "noise": "Noise",
    "text": "Pages of text",
    "diagrams": "Diagrams",
    "gradients": "Smooth gradients",
    "photographs": "Photographs",
    "given": "The pictures that were given",
}


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section on the calibration of a run."""
    evaluation, place = run.evaluation, run.place
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
    if evaluation.pictures < FEW:
        text = f"Too few to tell: {count(evaluation.pictures, 'test picture')}. {text}"
    title = place.title("Are its probabilities calibrated?")
    blocks: tuple[Block, ...] = (prose(text), reliability_chart(found, evaluation.command))
    if evaluation.ood:
        blocks += _ood(evaluation.ood)
    link = place.title("Calibration")
    return Section(place.anchor("calibration"), title, blocks, link, place.prefix)


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


def reliability_chart(found: CalibrationScores, command: str) -> Chart:
    """Return accuracy against confidence after temperature scaling, a dot a bin."""
    bins = [
        (part.confidence, part.accuracy, part.count)
        for part in found.bins
        if part.count and part.confidence is not None and part.accuracy is not None
    ]

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="both")
        dashed, label = (0, (3, 3)), "perfectly calibrated"
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=dashed, label=label)
        if bins:
            x, y = [part[0] for part in bins], [part[1] for part in bins]
            axes.plot(x, y, color=ACCENT, linewidth=1, alpha=0.5)
        most = max((number for *_, number in bins), default=1)
        for confidence, accuracy, number in bins:
            text = f"{count(number, 'picture')} at {percent(confidence)} confidence: "
            gid = sheet.hover(f"{text}{percent(accuracy)} right")
            size = 4 + 9 * (number / most) ** 0.5
            axes.plot([confidence], [accuracy], "o", color=ACCENT, markersize=size, gid=gid)
        axes.set(xlim=(0, 1.03), ylim=(0, 1.03), aspect="equal")
        axes.set(xlabel="confidence", ylabel="share that is right")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.legend(loc="upper left")

    return Chart(
        "reliability",
        "Reliability diagram: share of right answers against confidence. Expected calibration "
        f"error {percent(found.ece_after)} after temperature scaling, "
        f"{percent(found.ece_before)} before.",
        "On the dashed line, confidence equals the share of right answers; the larger a dot, the "
        "more pictures.",
        command,
        (4.6, 4.3),
        draw,
        320,
    )

"""Section on a classifier's scores beside its baselines."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.numerics.formatting import count, percent
from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import (
    PRIORS,
    BaselineScores,
    ClassifierEvaluation,
    ScoreColumn,
)
from impasto.records.record import Interval
from impasto.reporting.blocks import (
    Block,
    Details,
    Inline,
    Row,
    Section,
    Strong,
    Table,
    columns,
    muted,
    prose,
)  # fmt: skip
from impasto.reporting.headline import BASELINES, baselines
from impasto.reporting.study import Place, TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import score

MEANINGS = Details(
    "What the numbers mean",
    (
        prose(
            Strong("Accuracy"), " is the share of pictures named rightly. ",
            Strong("Balanced accuracy"), " is the mean recall of the styles: every style counts "
            "the same, however many pictures it has. ",
            Strong("Macro-F1"), " is the mean over styles of the harmonic mean of precision and "
            "recall. ",
            Strong("Top-3 accuracy"), " counts a picture as right when its style is among the "
            "three most probable.",
        ),
        prose(
            Strong("Colour histograms"), " with logistic regression use which colours a picture "
            "has and nothing else. ",
            Strong("Guessing by frequency"), " draws a style as often as the prior has it. ",
            Strong("The largest style alone"), " always gives the same answer. ",
            Strong("The artist oracle"), " knows the artist and answers with that artist’s usual "
            "style in training: what it reaches can be learnt without seeing style at all.",
        ),
    ),
)  # fmt: skip


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section on a run's scores."""
    return scores_section(run.evaluation, run.place) if run.evaluation else None


def scores_section(evaluation: ClassifierEvaluation, place: Place) -> Section:
    """Return the section on an evaluation's scores."""
    simple = baselines(evaluation)
    shown = evaluation.columns
    rows = [Row(("The network", *_cells(shown, evaluation)), ours=True)]
    for name, baseline in simple.items():
        title = f"{BASELINES[name]} ({baseline.note})" if baseline.note else BASELINES[name]
        rows.append(Row((title, *_cells(shown, baseline))))
    pictures = count(evaluation.pictures, f"{evaluation.split} picture")
    blocks: list[Block] = [
        *place.other_collection("This evaluation", "made on", evaluation.collection_fingerprint),
        scores_chart(evaluation),
        Table(
            "Scores",
            f"Scores on {pictures}; in brackets the 95 % interval",
            columns("Who answers", numbers=tuple(column.heading for column in shown)),
            tuple(rows),
        ),
        prose(_how(evaluation)),
    ]
    if "artist_oracle" not in simple:
        blocks.append(muted("No artist oracle: the artists are not known."))
    title = place.title("Scores beside baselines")
    anchor, link = place.anchor("scores"), place.title("Scores")
    return Section(anchor, title, (*blocks, MEANINGS), link, place.prefix)


def _cells(
    shown: Sequence[ScoreColumn], row: BaselineScores | ClassifierEvaluation
) -> list[Inline]:
    return [score(column.of(row)) for column in shown]


def _how(evaluation: ClassifierEvaluation) -> str:
    """Sentences on what the answers suppose and what the intervals draw again."""
    mix = evaluation.test_mix
    return (
        "Every row answers under the prior of its column: how frequent the styles are supposed to "
        f"be. The test split is mixed nearer to {PRIORS[mix.prior]}: {mix.reason}. So the chart, "
        "the first line of the report and the comparison with the artist oracle take accuracy with "
        f"{PRIORS[mix.prior]}. Intervals are of {evaluation.resampled.text}."
    )


def scores_chart(evaluation: ClassifierEvaluation) -> Chart:
    """Return each score with its interval beside its baselines', one panel a score."""
    rows = [("The network", evaluation.scores)]
    for name, baseline in baselines(evaluation).items():
        rows.append((BASELINES[name], baseline.scores))

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(1, len(SCORES), sharey=True, squeeze=False)[0]
        for axes, (name, metric) in zip(panels, SCORES.items(), strict=True):
            quiet(axes, grid="x").set_title(metric.heading)
            axes.set_xlabel(f"per cent, {PRIORS[evaluation.prior_of(name)]}", fontsize=7)
            for y, (label, scores) in enumerate(rows):
                if name in scores:
                    _whisker(sheet, axes, y, label, scores[name])
            axes.set_xlim(0, 1.0)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
        panels[0].set_yticks(range(len(rows)), [label for label, _ in rows])
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        panels[0].tick_params(axis="y", labelcolor=INK)

    listed = "; ".join(
        f"{label} {percent(scores['balanced_accuracy'].value)}" for label, scores in rows
    )
    return Chart(
        "scores",
        "Dots with interval whiskers for the network and its baselines. Balanced accuracy: "
        f"{listed}.",
        "Dots are scores in per cent, lines their 95 % bootstrap intervals.",
        evaluation.command,
        (WIDTH, 1.0 + 0.3 * len(rows)),
        draw,
        760,
    )


def _whisker(sheet: Sheet, axes: Axes, y: int, label: str, found: Interval) -> None:
    ours = y == 0
    colour = ACCENT if ours else MUTED
    ends, value = [found.low, found.high], found.value
    axes.plot(ends, [y, y], color=colour, linewidth=2.2, solid_capstyle="round", alpha=0.55)
    text = f"{label}: {percent(value)}, 95 % interval {percent(ends[0])} to {percent(ends[1])}"
    size = 6.5 if ours else 5
    axes.plot([value], [y], "o", color=colour, markersize=size, gid=sheet.hover(text))
    right = value < 0.75
    axes.annotate(
        f"{100 * value:.1f}",
        (found.high if right else found.low, y),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        color=colour if ours else INK,
        weight="bold" if ours else "normal",
    )

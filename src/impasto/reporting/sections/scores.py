"""Scores of classifiers beside their baselines."""

from collections.abc import Sequence
from typing import Final

from impasto.numerics.formatting import count
from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import PRIORS, BaselineScores, ClassifierEvaluation, ScoreColumn
from impasto.reporting.blocks import Details, Inline, Row, Strong, Table, columns, prose
from impasto.reporting.words import score

SCORE_TITLES: Final = {
    **{name: metric.heading for name, metric in SCORES.items()},
    "top_3": "Top-3 accuracy",
}
BASELINES: Final = {
    "colour_histogram": "Colour histograms",
    "prior_matched": "Guessing by frequency",
    "majority": "The largest style alone",
    "artist_oracle": "Artist oracle",
}
METHOD: Final = Details(
    "Method: what is compared, and with what",
    (
        prose(
            Strong("Accuracy"), " is the share of pictures named rightly, ",
            Strong("balanced accuracy"), " the mean recall of the styles, ",
            Strong("macro-F1"), " the mean over styles of the harmonic mean of precision and "
            "recall, ", Strong("top-3 accuracy"), " the share of pictures whose style is among the "
            "three most probable. A comparison counts where the 95 % interval of the paired "
            "difference excludes 0.",
        ),
        prose(
            Strong("Colour histograms"), " with logistic regression see which colours a picture "
            "has and nothing else. ", Strong("Guessing by frequency"), " draws a style as often as "
            "the prior has it. ", Strong("The largest style alone"), " always gives the same "
            "answer. ", Strong("The artist oracle"), " knows the artist and answers with that "
            "artist’s usual style in training: what it reaches can be learnt without seeing style "
            "at all.",
        ),
    ),
)  # fmt: skip


def scores_table(evaluations: Sequence[tuple[str, ClassifierEvaluation]]) -> Table:
    """Return all scores of classifiers, then of the baselines of the first."""
    main = evaluations[0][1]
    found = main.columns
    rows = [
        Row(
            (title, *_cells(found, one)),
            ours=one is main,
        )
        for title, one in evaluations
    ]
    for name, baseline in baselines(main).items():
        title = f"{BASELINES[name]} ({baseline.note})" if baseline.note else BASELINES[name]
        rows.append(Row((title, *_cells(found, baseline))))
    mix = main.test_mix
    priors = (
        f"Every column answers under its prior: how frequent styles are supposed to be. The test "
        f"split is mixed nearer to {PRIORS[mix.prior]}: {mix.reason}"
    )
    if main.prior == "given":
        priors = (
            "The file's answers stand as they are, for its maker's prior is not known. Baselines "
            f"answer accuracy with {PRIORS[mix.prior]}, other scores with {PRIORS['uniform']}"
        )
    return Table(
        "Scores",
        f"Scores on {count(main.pictures, main.split + ' picture')}; in brackets 95 % intervals "
        f"of {main.resampled.text}. {priors}",
        columns("Who answers", numbers=tuple(column.heading for column in found)),
        tuple(rows),
        look="broad",
    )


def _cells(
    found: Sequence[ScoreColumn], row: BaselineScores | ClassifierEvaluation
) -> list[Inline]:
    return [score(column.of(row)) for column in found]


def baselines(evaluation: ClassifierEvaluation) -> dict[str, BaselineScores]:
    """Return the baselines that apply, in the order of ``BASELINES``."""
    measured = {name: evaluation.baselines.get(name) for name in BASELINES}
    return {name: baseline for name, baseline in measured.items() if baseline is not None}

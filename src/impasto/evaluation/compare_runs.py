"""Paired comparison of evaluated classifiers: the same test pictures, the same draws."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from impasto.collection.vocabulary import Vocabulary
from impasto.errors import InputError
from impasto.evaluation.paired_answers import gains, paired_p
from impasto.evaluation.prior_scores import PriorScores
from impasto.evaluation.scored_answers import ScoredAnswers, read_scored
from impasto.numerics.bootstrap import PictureDraws, artist_clusters
from impasto.numerics.metrics import SCORES
from impasto.numerics.sign_tests import holm
from impasto.records.record import Interval
from impasto.records.run_comparison import ComparedRun, RunComparison

RESAMPLES: Final = 2000


def compare_runs(
    runs: Sequence[Path], *, resamples: int = RESAMPLES, seed: int = 0
) -> RunComparison:
    """Compare classifiers by their answers to the same test pictures.

    The first run is the reference. Each score is of the answers under the prior that it is read
    under, as in an evaluation; a file's answers stand as they are. Artists are drawn where they are
    known.

    Args:
        runs: evaluated classifiers, or folders of scored predictions.
        resamples: bootstrap resamples.
        seed: of the draws.

    Raises:
        RunError: a path is no run of a classifier.
        InputError: fewer than two runs, one is not evaluated, or their collections or pictures are
            not the same.
    """
    if len(runs) < 2:
        raise InputError("a comparison needs two runs or more: name another one")
    opened = [read_scored(path) for path in runs]
    first = opened[0]
    for other in opened[1:]:
        _require_alike(first, other)
    vocabulary = Vocabulary(first.evaluation.styles)
    draws = PictureDraws.make(
        vocabulary.encode(first.table["style"].to_pylist()),
        len(vocabulary) + 1,
        artist_clusters(first.table["artist"].to_pylist()),
        resamples=resamples,
        seed=seed,
    )
    reader = PriorScores(draws, first.evaluation.test_mix.prior)
    answers = [one.answers() for one in opened]
    scored = [reader.read(one.drawn(draws)) for one in answers]
    main = [one.styles.get("given", one.styles.get("uniform")) for one in answers]
    raw = [paired_p(draws, np.asarray(own), np.asarray(main[0])) for own in main[1:]]
    compared = [
        ComparedRun(
            run=str(one.path),
            scores={name: Interval(**draws.estimate(values[name])) for name in SCORES},
            gains={} if p is None else gains(draws, values, scored[0]),
            p=p,
        )
        for one, values, p in zip(opened, scored, (None, *holm(raw)), strict=True)
    ]
    return RunComparison(
        collection=first.evaluation.collection_fingerprint,
        pictures=first.table.num_rows,
        units=draws.units,
        runs=tuple(compared),
    )


def _require_alike(first: ScoredAnswers, other: ScoredAnswers) -> None:
    one, two = first.evaluation, other.evaluation
    if one.collection_fingerprint != two.collection_fingerprint:
        raise InputError(
            f"{other.path} was evaluated on another collection than {first.path}: evaluate both on "
            "one with --collection"
        )
    columns = ["id", "style"]
    if one.styles != two.styles or not other.table.select(columns).equals(
        first.table.select(columns)
    ):
        raise InputError(
            f"{other.path} and {first.path} answered other pictures: evaluate both again"
        )

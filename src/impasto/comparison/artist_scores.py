"""Scores of a recipe on known and on unseen artists, with intervals that resample artists.

Pictures by one artist are right or wrong together, so that their number says little about how sure
a score is. The bootstrap therefore draws whole artists (``numerics.bootstrap.PictureDraws``; Field
and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x), the same ones for both arms.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.formatting import abridged, fitted, percent
from impasto.numerics.metrics import SCORES, recalls
from impasto.records.by_artist import ArmScores, ByArtistResult, StyleGap
from impasto.records.evaluation import ScoreTable
from impasto.records.record import Interval

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def compare_arms(draws: PictureDraws, ordinary: Labels, disjoint: Labels) -> ArmScores:
    """Score answers ``int64 (N,)`` of both arms, and the gap between them."""
    known = draws.scores(ordinary)
    unseen = draws.scores(disjoint)
    return ArmScores(
        ordinary=_table(draws, known),
        disjoint=_table(draws, unseen),
        gap=_table(draws, {name: known[name] - unseen[name] for name in SCORES}, -1),
    )


def _table(draws: PictureDraws, values: Mapping[str, Floats], least: float = 0) -> ScoreTable:
    return {name: Interval(**draws.estimate(values[name], least=least)) for name in SCORES}


def style_gaps(
    draws: PictureDraws, ordinary: Labels, disjoint: Labels, styles: Sequence[str]
) -> tuple[StyleGap, ...]:
    """Recall of each style in both arms, and the gap with its interval.

    Recalls and gap are ``None`` for a style without scored pictures.
    """
    known = recalls(draws.confusions(ordinary))  # (1 + resamples, styles)
    unseen = recalls(draws.confusions(disjoint))
    rows = []
    for place, style in enumerate(styles):
        own = draws.labels == place
        gaps, there = known[:, place] - unseen[:, place], bool(own.any())
        row = StyleGap(
            style=style,
            pictures=int(own.sum()),
            artists=len(np.unique(draws.unit[own])),
            ordinary=float(known[0, place]) if there else None,
            disjoint=float(unseen[0, place]) if there else None,
            gap=Interval(**draws.estimate(gaps, least=-1, style=place)) if there else None,
        )
        rows.append(row)
    return tuple(rows)


def as_lines(result: ByArtistResult, width: int | None = None) -> list[str]:
    """Return a comparison as lines of ``width``: scores in both arms, and the gap in points."""
    rows = [("balanced accuracy", "artists known", "artists unseen", "gap in points")]
    for title, arms in result.answerers.items():
        ordinary, disjoint = arms.ordinary["balanced_accuracy"], arms.disjoint["balanced_accuracy"]
        gap = arms.gap["balanced_accuracy"].points
        rows.append((title, str(ordinary), str(disjoint), gap))
    rows.append(("", "", "", ""))
    for row in result.per_style:
        if row.ordinary is not None and row.disjoint is not None and row.gap is not None:
            about = f"{row.style} ({row.artists} artists)"
            rows.append((about, percent(row.ordinary), percent(row.disjoint), row.gap.points))
    lines = [
        f"{result.pictures} pictures by {result.artists} artists, each scored once in each arm",
        f"{result.unknown} pictures by unknown artists were in every training",
        result.supposed,
    ]
    if result.not_testable:
        names = abridged(f"{row.style} ({row.artists})" for row in result.not_testable)
        lines.append(f"too few artists to test: {names}")
    return [*lines, *fitted(rows, width)]

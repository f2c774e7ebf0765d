"""Scores of a recipe on known and on unseen artists, with intervals that resample artists.

Pictures by one artist are right or wrong together, so that their number says little about how sure
a score is. The bootstrap therefore draws whole artists (a cluster bootstrap: Davison and Hinkley
1997, "Bootstrap methods and their application", section 3.8; Field and Welsh 2007,
doi:10.1111/j.1467-9868.2007.00593.x), the same ones for both arms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.bootstrap import draw_units, first_estimate
from impasto.numerics.formatting import aligned, percent
from impasto.numerics.metrics import SCORES, recalls, stacked_scores, weighted_confusions
from impasto.records.by_artist import ArmScores, ByArtistResult, StyleGap
from impasto.records.evaluation import ScoreTable
from impasto.records.record import Interval

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArtistClusters:
    """Scored pictures by artist.

    Attributes:
        labels: the true style of each, ``int64 (N,)``.
        cluster: the artist of each, ``int64 (N,)``, any numbers.
        styles: the number of styles.
        resamples: how often artists are drawn again.
        seed: of the drawing.
    """

    labels: Labels
    cluster: Labels
    styles: int
    resamples: int
    seed: int

    def confusions(self, answers: Labels) -> Floats:
        """Confusion matrices ``float64 (1 + resamples, styles, styles)``.

        The first is of all artists, the others of artists drawn with replacement.
        """
        names, artist = np.unique(self.cluster, return_inverse=True)
        rng = np.random.default_rng(self.seed)  # equal artists for every arm and answerer
        drawn = draw_units(len(names), self.resamples, rng)
        weights = np.concatenate((np.ones((1, len(names))), drawn))
        return weighted_confusions(self.labels, answers, self.styles, weights, units=artist)


def compare_arms(clusters: ArtistClusters, ordinary: Labels, disjoint: Labels) -> ArmScores:
    """Score answers ``int64 (N,)`` of both arms, and the gap between them."""
    known = stacked_scores(clusters.confusions(ordinary))
    unseen = stacked_scores(clusters.confusions(disjoint))
    return ArmScores(
        ordinary=_table(known),
        disjoint=_table(unseen),
        gap=_table({name: known[name] - unseen[name] for name in SCORES}),
    )


def _table(values: Mapping[str, Floats]) -> ScoreTable:
    return {name: Interval(**first_estimate(values[name])) for name in SCORES}


def style_gaps(
    clusters: ArtistClusters, ordinary: Labels, disjoint: Labels, styles: Sequence[str]
) -> tuple[StyleGap, ...]:
    """Recall of each style in both arms, and the gap with its interval.

    Recalls and gap are ``None`` for a style without scored pictures.
    """
    known = recalls(clusters.confusions(ordinary))  # (1 + resamples, styles)
    unseen = recalls(clusters.confusions(disjoint))
    rows = []
    for place, style in enumerate(styles):
        own = clusters.labels == place
        gaps, there = known[:, place] - unseen[:, place], bool(own.any())
        # A draw without any of the style's artists says nothing about it
        drawn = np.append(gaps[:1], gaps[1:][~np.isnan(gaps[1:])])
        row = StyleGap(
            style=style,
            pictures=int(own.sum()),
            artists=len(np.unique(clusters.cluster[own])),
            ordinary=float(known[0, place]) if there else None,
            disjoint=float(unseen[0, place]) if there else None,
            gap=Interval(**first_estimate(drawn)) if there else None,
        )
        rows.append(row)
    return tuple(rows)


def as_lines(result: ByArtistResult) -> list[str]:
    """Return a comparison as aligned lines: scores in both arms, and the gap in points."""
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
    ]
    if result.not_testable:
        names = ", ".join(f"{row.style} ({row.artists})" for row in result.not_testable)
        lines.append(f"too few artists to test: {names}")
    return [*lines, *aligned(rows)]

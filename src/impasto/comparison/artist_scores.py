"""What holding out artists costs: scores of both arms, their gap, and intervals that resample artists, not pictures.

Pictures by one artist are right or wrong together, so that their number says little about how sure
a score is. The bootstrap therefore draws whole artists (a cluster bootstrap: Davison and Hinkley
1997, "Bootstrap methods and their application", section 3.8; Field and Welsh 2007,
doi:10.1111/j.1467-9868.2007.00593.x), the same ones for both arms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.bootstrap import Score, draw_units, first_estimate
from impasto.numerics.formatting import aligned, percent, points, share
from impasto.numerics.metrics import SCORES, recalls, stacked_scores, weighted_confusions

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
ARMS = ("ordinary", "disjoint")


@dataclass(frozen=True, slots=True)
class Clusters:
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
        """``float64 (1 + resamples, styles, styles)``.

        All artists once, then artists drawn with replacement.
        """
        names, artist = np.unique(self.cluster, return_inverse=True)
        generator = np.random.default_rng(self.seed)  # equal artists for every arm and answerer
        drawn = draw_units(len(names), self.resamples, generator)
        weights = np.concatenate((np.ones((1, len(names))), drawn))
        return weighted_confusions(self.labels, answers, self.styles, weights, units=artist)


def compare_arms(clusters: Clusters, answers: Mapping[str, Labels]) -> dict[str, dict[str, Score]]:
    """Scores of one answerer in both arms, and the ordinary ones less the others: ``{arm or "gap": {score: …}}``.

    Args:
        clusters: the scored pictures.
        answers: in each arm, ``int64 (N,)``.
    """
    drawn = {arm: stacked_scores(clusters.confusions(answers[arm])) for arm in ARMS}
    drawn["gap"] = {name: drawn["ordinary"][name] - drawn["disjoint"][name] for name in SCORES}
    return {
        arm: {name: first_estimate(values[name]) for name in SCORES}
        for arm, values in drawn.items()
    }


def style_gaps(clusters: Clusters, answers: Mapping[str, Labels]) -> list[dict[str, Any]]:
    """Each style's scored pictures and artists, its recall in both arms, and the gap with its interval.

    Recalls and gap are ``None`` for a style without scored pictures.
    """
    found = {}
    for arm in ARMS:
        found[arm] = recalls(clusters.confusions(answers[arm]))  # (1 + resamples, styles)
    rows = []
    for style in range(clusters.styles):
        mine = clusters.labels == style
        row: dict[str, Any] = {
            "pictures": int(mine.sum()),
            "artists": len(np.unique(clusters.cluster[mine])),
        }
        if not row["pictures"]:
            rows.append({**row, **dict.fromkeys((*ARMS, "gap"))})
            continue
        gap = found["ordinary"][:, style] - found["disjoint"][:, style]
        both = {arm: float(found[arm][0, style]) for arm in ARMS}
        # A draw without any of the style's artists says nothing about it
        rows.append(
            {**row, **both, "gap": first_estimate(np.append(gap[:1], gap[1:][~np.isnan(gap[1:])]))}
        )
    return rows


def as_lines(result: Mapping[str, Any]) -> list[str]:
    """The content of ``by-artist.json`` as aligned lines.

    Who answers, in both arms, and the gap in points.
    """
    names = {"network": "this recipe", "artist_oracle": "artist oracle", "majority": "majority"}
    rows: list[tuple[str, ...]] = [
        ("balanced accuracy", "artists known", "artists unseen", "gap in points")
    ]
    for who, shown in names.items():
        arms = {arm: scores["balanced_accuracy"] for arm, scores in result["scores"][who].items()}
        rows.append((shown, *(share(arms[arm]) for arm in ARMS), points(arms["gap"])))
    rows.append(("", "", "", ""))
    for row in result["per_style"]:
        if row["pictures"]:
            about = f"{row['style']} ({row['artists']} artists)"
            rows.append((about, *(percent(row[arm]) for arm in ARMS), points(row["gap"])))
    about = f"{result['pictures']} pictures by {result['artists']} artists, each scored once in each arm"
    unknown = f"{result['unknown']} pictures by unknown artists were in every training"
    lacking = ", ".join(f"{row['style']} ({row['artists']})" for row in result["not_testable"])
    return [
        about,
        unknown,
        *([f"too few artists to test: {lacking}"] if lacking else []),
        *aligned(rows),
    ]

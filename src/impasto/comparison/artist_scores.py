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

from impasto.numerics.bootstrap import Score, interval

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
ARMS = ("ordinary", "disjoint")
NAMES = ("accuracy", "balanced_accuracy", "macro_f1")


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
        _, artist = np.unique(self.cluster, return_inverse=True)
        artists, cells = int(artist.max()) + 1, self.styles**2
        flat = artist * cells + self.labels * self.styles + answers
        each = np.bincount(flat, minlength=artists * cells).reshape(artists, cells)
        generator = np.random.default_rng(
            self.seed
        )  # the same artists for every arm and every answerer
        drawn = generator.multinomial(artists, np.full(artists, 1 / artists), self.resamples)
        weights = np.concatenate((np.ones((1, artists)), drawn))
        return np.asarray((weights @ each).reshape(-1, self.styles, self.styles), np.float64)


def scores_of(confusions: Floats) -> Mapping[str, Floats]:
    """Accuracy, balanced accuracy and macro-F1 of each confusion matrix ``(K, styles, styles)``, ``(K,)``.

    As in ``metrics``: a style of which a draw holds no picture does not count in it.
    """
    hits, true, named = (
        np.diagonal(confusions, axis1=1, axis2=2),
        confusions.sum(2),
        confusions.sum(1),
    )
    there = true > 0
    number = there.sum(1)
    f1 = 2 * hits / np.maximum(true + named, 1)
    return {
        "accuracy": hits.sum(1) / true.sum(1),
        "balanced_accuracy": (hits / np.maximum(true, 1)).sum(1) / number,
        "macro_f1": np.where(there, f1, 0).sum(1) / number,
    }


def compare_arms(clusters: Clusters, answers: Mapping[str, Labels]) -> dict[str, dict[str, Score]]:
    """Scores of one answerer in both arms, and the ordinary ones less the others: ``{arm or "gap": {score: …}}``.

    Args:
        clusters: the scored pictures.
        answers: in each arm, ``int64 (N,)``.
    """
    drawn = {arm: scores_of(clusters.confusions(answers[arm])) for arm in ARMS}
    drawn["gap"] = {name: drawn["ordinary"][name] - drawn["disjoint"][name] for name in NAMES}
    return {arm: {name: _score(values[name]) for name in NAMES} for arm, values in drawn.items()}


def style_gaps(clusters: Clusters, answers: Mapping[str, Labels]) -> list[dict[str, Any]]:
    """Each style's scored pictures and artists, its recall in both arms, and the gap with its interval.

    Recalls and gap are ``None`` for a style without scored pictures.
    """
    recalls = {}
    for arm in ARMS:
        confusions = clusters.confusions(answers[arm])
        true = confusions.sum(2)
        hits = np.diagonal(confusions, axis1=1, axis2=2)
        recalls[arm] = np.where(
            true > 0, hits / np.maximum(true, 1), np.nan
        )  # (1 + resamples, styles)
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
        gap = recalls["ordinary"][:, style] - recalls["disjoint"][:, style]
        both = {arm: float(recalls[arm][0, style]) for arm in ARMS}
        # A draw without any of the style's artists says nothing about it
        rows.append({**row, **both, "gap": _score(np.append(gap[:1], gap[1:][~np.isnan(gap[1:])]))})
    return rows


def _score(drawn: Floats) -> Score:
    """The first value, with the interval of the others."""
    return {"value": float(drawn[0]), **interval(drawn[1:])}


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
        rows.append((shown, *(_percent(arms[arm], "%") for arm in ARMS), _percent(arms["gap"], "")))
    rows.append(("", "", "", ""))
    for row in result["per_style"]:
        if row["pictures"]:
            about = f"{row['style']} ({row['artists']} artists)"
            rows.append(
                (about, *(f"{100 * row[arm]:.1f}%" for arm in ARMS), _percent(row["gap"], ""))
            )
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    about = f"{result['pictures']} pictures by {result['artists']} artists, each scored once in each arm"
    unknown = f"{result['unknown']} pictures by unknown artists were in every training"
    lacking = ", ".join(f"{row['style']} ({row['artists']})" for row in result["not_testable"])
    return [about, unknown, *([f"too few artists to test: {lacking}"] if lacking else []), *lines]


def _percent(score: Score, sign: str) -> str:
    value, low, high = (100 * score[name] for name in ("value", "low", "high"))
    return (
        f"{value:.1f}{sign} ({low:.1f}–{high:.1f})"
        if sign
        else f"{value:+.1f} ({low:+.1f} to {high:+.1f})"
    )

"""``by-artist.json``: a recipe's scores on artists in training and on artists held out."""

from typing import Any, Final, Literal

from impasto.records.evaluation import PRIORS, Prior, ScoreTable, flat_scores
from impasto.records.record import Interval, Record, Result

BY_ARTIST_TITLES: Final = {
    "network": "The network",
    "artist_oracle": "Artist oracle",
    "majority": "The largest style alone",
}


class ArmScores(Record):
    """Scores where an artist's other works may be in training, where not, and the gap."""

    ordinary: ScoreTable
    disjoint: ScoreTable
    gap: ScoreTable


class StyleGap(Record):
    """One style's recall in both arms; ``None`` where no picture of it was scored."""

    style: str
    pictures: int
    artists: int
    ordinary: float | None
    disjoint: float | None
    gap: Interval | None


class UntestedStyle(Record):
    """A style with too few artists to be tested."""

    style: str
    artists: int
    pictures: int


class FoldTraining(Record):
    """The training on one fold of one arm; ``held``: pictures that were held out."""

    arm: Literal["ordinary", "disjoint"]
    fold: int
    train: int
    validation: int
    held: int
    seconds: float


class ByArtistResult(Result):
    """Cost of holding out artists: scores of both arms, with intervals over artists.

    ``prior`` is that of all answers; ``unknown`` counts pictures without a known artist, which are
    in every training; ``unmatched`` the training pictures by which the arms differ.
    """

    format: Literal[2] = 2
    command: str
    collection: str
    collection_fingerprint: str
    folds: int
    seed: int
    prior: Prior
    train: dict[str, Any]
    styles: tuple[str, ...]
    pictures: int
    artists: int
    unknown: int
    unmatched: int
    scores: dict[str, ArmScores]
    per_style: tuple[StyleGap, ...]
    not_testable: tuple[UntestedStyle, ...]
    trainings: tuple[FoldTraining, ...]

    @property
    def supposed(self) -> str:
        """The prior of every answer, in words."""
        return f"every answer supposes {PRIORS[self.prior]}"

    @property
    def answerers(self) -> dict[str, ArmScores]:
        """The network's scores, then its baselines', by their titles."""
        return {title: self.scores[name] for name, title in BY_ARTIST_TITLES.items()}

    def rows(self) -> list[dict[str, Any]]:
        """One row for the network and each baseline in each arm, and for the gap."""
        return [
            {"name": name, "arm": arm, **flat_scores(table)}
            for name, arms in self.scores.items()
            for arm, table in arms
        ]

    def __repr__(self) -> str:
        gap = self.scores["network"].gap["balanced_accuracy"]
        return (
            f"<ByArtistResult: {self.pictures} pictures by {self.artists} artists, gap in balanced "
            f"accuracy {gap.points}>"
        )

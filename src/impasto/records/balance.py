"""``balance.json``: methods for long-tailed training compared on one collection, over seeds."""

from typing import Any, Final, Literal

from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import ResampledUnits, ScoreTable, flat_scores
from impasto.records.record import Record, Result

PLAIN: Final = "plain"
GROUPS: Final = {
    "many": "Many",
    "medium": "Medium",
    "few": "Few",
    "rarest_third": "Rarest third",
}
"""Groups of styles by their number of training pictures, with their titles."""
TITLES: Final = {**{name: metric.heading for name, metric in SCORES.items()}, **GROUPS}
"""Titles of the scores of a comparison."""


class SignTestResult(Record):
    """Test pictures gained and lost against plain training, and the exact sign test on them.

    Where artists are known an artist's pictures change sign together, else it is McNemar's test.
    ``p_holm`` is corrected for the number of methods; ``by_seed`` holds the pictures gained and
    lost with each seed.
    """

    gained: int
    lost: int
    p: float
    p_holm: float
    by_seed: tuple[tuple[int, int], ...]


class ClassShares(Record):
    """Pictures of each style in an epoch, and each style's share of the loss."""

    pictures: tuple[float, ...]
    share: tuple[float, ...]


class MethodValidation(Record):
    """Mean log-likelihood of a style and balanced accuracy on validation, means over seeds."""

    likelihood: float
    balanced_accuracy: float


class MethodScores(Record):
    """One long-tail method: its settings, its runs, and its scores on test pictures.

    ``scores`` also holds the mean recall of each group that has styles. ``by_seed`` holds the same
    of each seed, ``recall`` each style's recall, the mean over seeds. ``differences`` and
    ``sign_test`` are against plain training, and ``None`` for plain training itself.
    """

    name: str
    paper: str
    kind: Literal["training", "head"]
    changes: dict[str, Any]
    runs: tuple[str, ...]
    seconds: tuple[float, ...]
    strengths: tuple[float | None, ...] | None
    distribution: ClassShares
    validation: MethodValidation
    scores: ScoreTable
    by_seed: dict[str, tuple[float, ...]]
    recall: tuple[float | None, ...]
    differences: ScoreTable | None
    sign_test: SignTestResult | None


class MethodChoice(Record):
    """The method that validation chose, and whether its gain on test pictures is significant.

    ``peers`` are methods that validation cannot tell from it.
    """

    method: str
    clear: bool
    text: str
    peers: tuple[str, ...]


class BalanceResult(Result):
    """Comparison of long-tail methods: scores over test pictures and seeds, and the choice.

    ``resampled`` is what the intervals draw again besides the seeds.
    """

    format: Literal[3] = 3
    collection: str
    collection_fingerprint: str
    command: str
    settings: dict[str, Any]
    styles: tuple[str, ...]
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    pictures: dict[str, int]
    resampled: ResampledUnits
    seeds: tuple[int, ...]
    groups: dict[str, tuple[str, ...]]
    recommendation: MethodChoice
    methods: tuple[MethodScores, ...]

    @property
    def columns(self) -> dict[str, str]:
        """Titles of the scores that a table shows: groups without styles are left out."""
        return {name: title for name, title in TITLES.items() if self.groups.get(name, True)}

    @property
    def supposed(self) -> str:
        """The prior of the answers, in a sentence."""
        return (
            "A network's answer is its likeliest style as it was trained, without another prior: "
            "plain training supposes styles as frequent as in training, a method that balances "
            "them supposes them equally frequent. A gain is therefore one of method and prior."
        )

    @property
    def test_title(self) -> str:
        """The name of the test on gained and lost pictures."""
        if self.resampled.unit == "pictures":
            return "McNemar's exact test"
        return "the exact sign test by artist"

    def method(self, name: str) -> MethodScores:
        """The scores of the method with a name."""
        return next(row for row in self.methods if row.name == name)

    def rows(self) -> list[dict[str, Any]]:
        """One row a method: scores with the ends of their intervals."""
        return [
            {"method": row.name, "kind": row.kind, **flat_scores(row.scores)}
            for row in self.methods
        ]

    def __repr__(self) -> str:
        return (
            f"<BalanceResult: {len(self.methods)} methods, {len(self.seeds)} seeds; recommended: "
            f"{self.recommendation.method}>"
        )

"""``metrics.json`` of a classifier: scores beside baselines, calibration, confusion."""

from collections.abc import Mapping
from typing import Any, Literal

from impasto.numerics.formatting import count
from impasto.numerics.metrics import SCORES
from impasto.records.record import Interval, Record, Result

ScoreTable = dict[str, Interval]
"""Scores by their names in ``numerics.metrics.SCORES``."""
Prior = Literal["uniform", "train"]
"""How frequent styles are supposed to be: equally, or as in the training pictures."""
FrequencyGroup = Literal["many", "medium", "few"]
"""Styles by training pictures (Liu et al. 2019): more than 100, 20 to 100, fewer than 20."""


class ResampledUnits(Record):
    """Units that the intervals draw again: artists where they are known, else pictures.

    Attributes:
        unit: what is drawn.
        count: how many artists, or pictures, there are.
        unknown: pictures by unknown artists, each drawn by itself; 0 where pictures are the unit.
    """

    unit: Literal["artists", "pictures"]
    count: int
    unknown: int

    @property
    def text(self) -> str:
        """The noun phrase of a sentence on intervals: ``140 artists drawn again``."""
        if self.unit == "pictures":
            return (
                f"{count(self.count, 'picture')} drawn again one by one, as if no two were by one "
                "artist"
            )
        alone = f" and {count(self.unknown, 'picture')} by unknown ones" if self.unknown else ""
        few = "; so few artists tell little of others" if self.count < FEW_ARTISTS else ""
        return f"{count(self.count, 'artist')}{alone} drawn again, with all their pictures{few}"


FEW_ARTISTS = 20
"""Fewer artists than these make intervals that are too narrow."""


def score_table(estimates: Mapping[str, Mapping[str, float]]) -> ScoreTable:
    """Return estimates ``{name: {"value", "low", "high"}}`` as a table of scores."""
    return {name: Interval(**estimate) for name, estimate in estimates.items()}


class BaselineScores(Record):
    """The scores of something simpler than the network."""

    scores: ScoreTable
    note: str | None = None


class StyleScores(Record):
    """One style's pictures and scores; a score is ``None`` where no test picture has the style."""

    style: str
    train: int
    test: int
    precision: float | None
    recall: float | None
    f1: float | None
    group: FrequencyGroup


class GroupRecall(Record):
    """The number of tested styles of a group, and their mean recall."""

    styles: int
    recall: float


class CalibrationBin(Record):
    """Test pictures of similar confidence; ``None`` where the bin is empty."""

    confidence: float | None
    accuracy: float | None
    count: int


class CalibrationScores(Record):
    """Expected calibration error before and after temperature scaling (Guo et al. 2017)."""

    temperature: float
    ece_before: float
    ece_after: float
    bins: tuple[CalibrationBin, ...]


class ConformalScores(Record):
    """Coverage and mean size of split conformal sets at a level (Vovk et al. 2005)."""

    level: float
    coverage: float
    mean_size: float


class ValidationScores(Record):
    """Scores on the validation split, by which runs are compared."""

    pictures: int
    scores: dict[str, float]


class PredictionCalibration(Record):
    """``calibration.json``: temperature, views and conformal thresholds for ``impasto predict``.

    ``weights`` is the fingerprint of the weights that they hold for.
    """

    format: Literal[1] = 1
    temperature: float
    prior: Prior
    flip: bool
    scales: tuple[float, ...]
    level: float
    weights: str
    thresholds: tuple[float, ...]


class ClassifierEvaluation(Result):
    """Evaluation of a classifier on the test split, beside baselines, with 95 % intervals.

    ``scores`` holds ``top_3`` besides the scores of ``SCORES``. A baseline is ``None`` where it
    does not apply, a group where no tested style is in it; ``calibration``, ``conformal`` and
    ``validation`` are ``None`` without validation pictures.
    """

    format: Literal[2] = 2
    kind: Literal["classifier"] = "classifier"
    split: str
    pictures: int
    collection: str
    collection_fingerprint: str
    command: str
    prior: Prior
    styles: tuple[str, ...]
    scores: ScoreTable
    baselines: dict[str, BaselineScores | None]
    per_style: tuple[StyleScores, ...]
    groups: dict[FrequencyGroup, GroupRecall | None]
    confusion: tuple[tuple[int, ...], ...]
    calibration: CalibrationScores | None
    conformal: ConformalScores | None
    validation: ValidationScores | None

    def rows(self) -> list[dict[str, Any]]:
        """The classifier's scores and each baseline's, with the ends of their intervals."""
        tables: dict[str, ScoreTable] = {"classifier": self.scores}
        for name, baseline in self.baselines.items():
            if baseline:
                tables[name] = baseline.scores
        return [{"name": name, **flat_scores(table)} for name, table in tables.items()]

    def __repr__(self) -> str:
        score = self.scores["balanced_accuracy"]
        title = SCORES["balanced_accuracy"].title
        return f"<ClassifierEvaluation: {self.pictures} {self.split} pictures, {title} {score}>"


def flat_scores(table: Mapping[str, Interval]) -> dict[str, float]:
    """Scores as columns of one row: ``name``, ``name_low`` and ``name_high`` of each."""
    row: dict[str, float] = {}
    for name, score in table.items():
        row |= {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
    return row

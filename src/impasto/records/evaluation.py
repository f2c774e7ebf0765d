"""``metrics.json`` of a classifier: scores beside baselines, calibration, confusion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from impasto.numerics.formatting import count
from impasto.numerics.metrics import SCORES
from impasto.records.record import Interval, Record, Result

ScoreTable = dict[str, Interval]
"""Scores by their names in ``numerics.metrics.SCORES``."""
Prior = Literal["uniform", "train"]
"""How frequent styles are supposed to be: equally, or as in the training pictures."""
MATCHED: Final = ("accuracy", "top_3")
"""Scores whose answers suppose the mix of styles that the test split has.

All others weigh styles alike, and their answers suppose every style equally frequent.
"""
PRIORS: Final[Mapping[Prior, str]] = {
    "train": "styles as frequent as in training",
    "uniform": "styles equally frequent",
}
"""The priors in words."""
MEANINGFUL_TOP_3: Final = 3
"""Styles beyond which top-3 accuracy says anything."""
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


class TestMix(Record):
    """The prior nearer to the test split's mix of styles, and how that was decided."""

    __test__ = False  # no test case of pytest

    prior: Prior
    reason: str


class BaselineScores(Record):
    """The scores of something simpler than the network.

    Attributes:
        scores: each under the prior that it is read under, as the network's.
        by_prior: all scores under either prior, with the same adjustment as the network's.
        gains: the network's scores less these, on the same draws of the pictures.
        note: what it is, in a line.
    """

    scores: ScoreTable
    by_prior: dict[Prior, ScoreTable]
    gains: ScoreTable
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A column of a table of scores: a score under a prior, with the words for both."""

    name: str
    prior: Prior
    title: str

    @property
    def heading(self) -> str:
        """The title and the prior."""
        return f"{self.title}, {PRIORS[self.prior]}"

    def of(self, row: "BaselineScores | ClassifierEvaluation") -> Interval | None:
        """The score of a row of the table; ``None`` where it has none."""
        return row.by_prior[self.prior].get(self.name)


class StyleScores(Record):
    """One style's pictures and scores; a score is ``None`` where no test picture has the style."""

    style: str
    train: int
    test: int
    precision: float | None
    recall: float | None
    recall_interval: Interval | None
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
    """Calibration before and after temperature scaling (Guo et al. 2017), under ``prior``.

    ``ece_perfect`` and ``ece_perfect_99`` are the mean and the 99th percentile of the expected
    calibration error that perfect calibration would give on as many pictures with these
    confidences. ``nll`` is the negative log-likelihood in nats, ``brier`` the Brier score.
    """

    prior: Prior
    temperature: float
    ece_before: float
    ece_after: float
    ece_perfect: float
    ece_perfect_99: float
    nll_before: float
    nll_after: float
    brier_before: float
    brier_after: float
    bins: tuple[CalibrationBin, ...]


class ConformalScores(Record):
    """Coverage and mean size of split conformal sets at a level (Vovk et al. 2005)."""

    level: float
    coverage: float
    mean_size: float


class OodKindScores(Record):
    """Detection of pictures of one kind that are no paintings, beside test pictures.

    Attributes:
        kind: ``noise``, ``text``, ``diagrams``, ``gradients``, ``photographs``, or ``given``.
        pictures: how many there are.
        units: how many of them are independent: crops of one photograph are one.
        auroc: area under the ROC curve: how often one is further away than a test picture; 0.5 is
            chance.
        detected: share beyond the limit, by the limit's rate of false alarms as text; empty where
            there is no limit.
    """

    kind: str
    pictures: int
    units: int
    auroc: Interval
    detected: dict[str, Interval]


class OodScores(Record):
    """Out-of-distribution detection, tested on pictures that nothing was fitted or chosen on.

    Attributes:
        held_out: pictures that the limit is taken from.
        limit: distance beyond which ``predict`` warns; ``None`` with too few pictures held out.
        false_alarms: share of pictures like the training's that may lie beyond it.
        beyond: share of test pictures beyond the limit, by its rate of false alarms as text.
        kinds: of pictures that are no paintings.
    """

    held_out: int
    limit: float | None
    false_alarms: float
    beyond: dict[str, Interval]
    kinds: tuple[OodKindScores, ...]


class ValidationScores(Record):
    """Scores on the validation split, by which runs are compared."""

    pictures: int
    scores: dict[str, float]


class PredictionCalibration(Record):
    """``calibration.json``: temperature, views and conformal thresholds for ``impasto predict``.

    ``weights`` is the fingerprint of the weights that they hold for.
    """

    format: Literal[1] = 1
    temperature: float = Field(gt=0, allow_inf_nan=False)
    prior: Prior
    flip: bool
    scales: tuple[Annotated[float, Field(ge=0.5, le=4)], ...] = Field(min_length=1)
    level: float = Field(gt=0, lt=1)
    weights: str
    thresholds: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]


class ClassifierEvaluation(Result):
    """Evaluation of a classifier on the test split, beside baselines, with 95 % intervals.

    ``scores`` holds ``top_3`` besides the scores of ``SCORES``: accuracy and top-3 under the prior
    that matches the test split (``test_mix``), the others under the uniform one; ``by_prior`` has
    all of them under either. ``prior`` is that of the answers in ``predictions.parquet``,
    ``confusion``, ``per_style`` and ``groups``. A baseline is ``None`` where it does not apply, a
    group where no tested style is in it; ``calibration``, ``conformal`` and ``validation`` are
    ``None`` without validation pictures, and ``ood`` is, too, on another collection than the run's.
    """

    format: Literal[4] = 4
    kind: Literal["classifier"] = "classifier"
    split: str
    pictures: int
    collection: str
    collection_fingerprint: str
    command: str
    prior: Prior
    test_mix: TestMix
    resampled: ResampledUnits
    styles: tuple[str, ...]
    scores: ScoreTable
    by_prior: dict[Prior, ScoreTable]
    baselines: dict[str, BaselineScores | None]
    per_style: tuple[StyleScores, ...]
    groups: dict[FrequencyGroup, GroupRecall | None]
    confusion: tuple[tuple[int, ...], ...]
    calibration: CalibrationScores | None
    conformal: ConformalScores | None
    ood: OodScores | None
    validation: ValidationScores | None

    def prior_of(self, name: str) -> Prior:
        """The prior under which a score is read."""
        return self.test_mix.prior if name in MATCHED else "uniform"

    @property
    def columns(self) -> tuple[ScoreColumn, ...]:
        """Columns of a table of scores: accuracy under both priors, that of the split first."""
        titles = {name: metric.heading for name, metric in SCORES.items()}
        if len(self.styles) > MEANINGFUL_TOP_3:
            titles["top_3"] = "Top-3 accuracy"
        columns = [ScoreColumn(name, self.prior_of(name), title) for name, title in titles.items()]
        other: Prior = "train" if self.test_mix.prior == "uniform" else "uniform"
        return (columns[0], ScoreColumn("accuracy", other, titles["accuracy"]), *columns[1:])

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

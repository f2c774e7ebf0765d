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
AnswerPrior = Literal[Prior, "given"]
"""The prior of answers: one of those, or whichever the maker of foreign predictions supposed."""
MATCHED: Final = ("accuracy", "top_3")
"""Scores whose answers suppose the mix of styles that the test split has.

All others weigh styles alike, and their answers suppose every style equally frequent.
"""
PairedScore = Literal["balanced_accuracy", "accuracy"]
"""Scores that are sums over pictures, for which an exact paired test exists."""
PRIORS: Final[Mapping[AnswerPrior, str]] = {
    "train": "styles as frequent as in training",
    "uniform": "styles equally frequent",
    "given": "styles as frequent as the file’s maker supposed",
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
    by_prior: dict[AnswerPrior, ScoreTable]
    gains: ScoreTable
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """A column of a table of scores: a score under a prior, with the words for both.

    Under the prior ``given`` every row has its answers as they are read: a file's as they stand, a
    baseline's under the prior that the score is read under. A file whose prior is not known has
    its answers as they stand under every prior.
    """

    name: str
    prior: AnswerPrior
    title: str

    @property
    def heading(self) -> str:
        """The title and the prior."""
        return self.title if self.prior == "given" else f"{self.title}, {PRIORS[self.prior]}"

    def of(self, row: "BaselineScores | ClassifierEvaluation") -> Interval | None:
        """The score of a row of the table; ``None`` where it has none."""
        if self.prior == "given":
            return row.scores.get(self.name)
        return row.by_prior.get(self.prior, row.scores).get(self.name)


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

    prior: AnswerPrior
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


class PairedTest(Record):
    """Answers of a file beside those of a run, to the same pictures.

    Attributes:
        run: its folder.
        scores: of the run, each under the prior that it is read under.
        gains: the file's scores less the run's, on the same draws.
        p: two-sided, of as large a difference in balanced accuracy, from signs that are flipped an
            artist at a time.
    """

    run: str
    scores: ScoreTable
    gains: ScoreTable
    p: float


class PredictionSource(Record):
    """Table of predictions that was scored, and what became of its rows.

    Attributes:
        file: its path.
        digest: SHA-256 of its content.
        rows: that could be read.
        answered: pictures with an answer.
        missing: pictures without one.
        missing_rule: whether these count as wrong answers, or are left out.
        unreadable: rows that could not be read.
        unknown: rows that name no picture of the collection, or several.
        repeated: rows that say again what another one says.
        other_splits: rows on pictures of another split, which were left out.
        trained_on: pictures that the source says the model was trained on, left out; ``None`` where
            it says nothing.
        foreign: answers with a class that is no style of the collection; they are wrong.
        probabilities: what the file holds; ``None``: answers alone.
        notes: on how it was read.
        against: paired tests with runs.
    """

    file: str
    digest: str
    rows: int
    answered: int
    missing: int
    missing_rule: Literal["wrong", "leave-out"]
    unreadable: int
    unknown: int
    repeated: int
    other_splits: int
    trained_on: int | None
    foreign: int
    probabilities: Literal["shares", "percent", "logits", "scores"] | None
    notes: tuple[str, ...]
    against: tuple[PairedTest, ...] = ()


class ClassifierEvaluation(Result):
    """Evaluation of a classifier on the test split, beside baselines, with 95 % intervals.

    ``scores`` holds ``top_3`` besides the scores of ``SCORES``: accuracy and top-3 under the prior
    that matches the test split (``test_mix``), the others under the uniform one; ``by_prior`` has
    all of them under either. ``prior`` is that of the answers in ``predictions.parquet``,
    ``confusion``, ``per_style`` and ``groups``. A baseline is ``None`` where it does not apply, a
    group where no tested style is in it; ``calibration``, ``conformal`` and ``validation`` are
    ``None`` without validation pictures, and ``ood`` is, too, on another collection than the run's.

    ``source`` is the table where another program's predictions were scored. Unless that program's
    prior is known, ``prior`` is then ``given``, the only one in ``by_prior``, and scores are of the
    answers as they stand. Answers that are missing or name no style are in no column of
    ``confusion``.
    """

    format: Literal[4] = 4
    kind: Literal["classifier"] = "classifier"
    split: str
    pictures: int
    collection: str
    collection_fingerprint: str
    command: str
    prior: AnswerPrior
    test_mix: TestMix
    resampled: ResampledUnits
    styles: tuple[str, ...]
    scores: ScoreTable
    by_prior: dict[AnswerPrior, ScoreTable]
    baselines: dict[str, BaselineScores | None]
    per_style: tuple[StyleScores, ...]
    groups: dict[FrequencyGroup, GroupRecall | None]
    confusion: tuple[tuple[int, ...], ...]
    calibration: CalibrationScores | None
    conformal: ConformalScores | None
    ood: OodScores | None
    validation: ValidationScores | None
    source: PredictionSource | None = None

    def prior_of(self, name: str) -> AnswerPrior:
        """The prior under which a score is read."""
        if self.prior == "given":
            return "given"
        return self.test_mix.prior if name in MATCHED else "uniform"

    @property
    def columns(self) -> tuple[ScoreColumn, ...]:
        """Columns of a table of scores: accuracy under both priors, that of the split first."""
        titles = {name: metric.heading for name, metric in SCORES.items()}
        if len(self.styles) > MEANINGFUL_TOP_3:
            titles["top_3"] = "Top-3 accuracy"
        columns = [
            ScoreColumn(name, self.prior_of(name), title)
            for name, title in titles.items()
            if name in self.scores
        ]
        if self.prior == "given":
            return tuple(columns)
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

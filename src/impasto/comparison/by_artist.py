"""Scores of a classifier's recipe on artists whose works were not in training.

``impasto evaluate RUN --by artist`` trains the run's recipe anew on folds that hold out whole
artists, and on ordinary folds with as many pictures of each style, by more artists
(``artist_folds``); every painting by a known artist is scored once in each arm. The run itself is
not scored, its collection's test split takes no part.

RUN/by-artist/settings.json        what is being compared; other settings are refused
RUN/by-artist/ordinary-1/ …        one run a fold and arm, with ``answers.json``
RUN/by-artist/predictions.parquet  one row a scored picture
RUN/by-artist/findings.json        IMP402
RUN/by-artist/by-artist.json       every number; written last
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of
from impasto.comparison.artist_folds import ArtistFolds, Fold, artist_folds
from impasto.comparison.artist_scores import compare_arms, style_gaps
from impasto.config import Settings, parse
from impasto.evaluation.loaded_classifier import LoadedClassifier, open_classifier
from impasto.evaluation.scoring import calibrate
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import read_json, write_json, write_table
from impasto.files.checksums import damage
from impasto.numerics import metrics
from impasto.numerics.bootstrap import PictureDraws
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.by_artist import ByArtistResult, FoldTraining, UntestedStyle
from impasto.records.finding import Finding
from impasto.state.folder import Claim, claimed
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier

FORMAT = 1
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Announce = Callable[[str], None]
Arm = Literal["ordinary", "disjoint"]
ARMS: Final[tuple[Arm, ...]] = ("ordinary", "disjoint")
ANSWERERS: Final = ("network", "artist_oracle", "majority")


class ByArtistSettings(Settings):
    """Settings of a comparison of known and unseen artists."""

    folds: int = Field(
        5, ge=2, le=100, description="trainings in each of the two arms; each holds out one part"
    )
    seed: int = Field(0, ge=0, description="of the folds")
    train: ClassifierSettings | None = Field(
        None, description="how each network is trained; none: as the run was"
    )
    evaluate: EvaluateSettings = Field(
        EvaluateSettings(), description="views of the pictures, and intervals"
    )


def evaluate_by_artist(
    run: Path | str,
    settings: ByArtistSettings | None = None,
    *,
    progress: bool = False,
    announce: Announce | None = None,
) -> ByArtistResult:
    """Score a run's recipe on unseen artists beside ordinary folds, and write the result.

    A comparison that was cut off goes on where it was.

    Args:
        run: the run's folder; its settings are trained anew on every fold.
        settings: the defaults where ``None``.
        progress: show each training's live display on standard error.
        announce: called with one line after each fold.

    Raises:
        RunError: there is no classifier's run, or its collection has changed.
        CollectionError: no style has artists enough.
        SettingsError: there are more folds than artists, or so few that no artist is left to choose
            on.
        OutputError: the folder holds folds of other settings, or cannot be written.
    """
    settings = settings or ByArtistSettings()
    opened = runs.open_run(Path(run), "classifier")
    collection = collection_of(opened)
    recipe = settings.train or parse(
        ClassifierSettings, opened.settings, str(opened.path / "run.json")
    )
    # An autoencoder of the whole collection was trained on the artists that are held out here
    recipe = recipe.model_copy(update={"warm_start": None})
    if recipe.precision == "auto":  # both arms take the arithmetic of the run
        recipe = recipe.model_copy(update={"precision": opened.facts["precision"]})
    folder = opened.path / "by-artist"
    folds = artist_folds(collection, settings.folds, settings.seed)
    claim = Claim(
        what="comparison",
        mark="settings.json",
        settings=recipe,
        inputs={
            "collection": collection.fingerprint,
            "folds": settings.folds,
            "seed": settings.seed,
        },
        finished=lambda: any(folder.glob("*/run.json")),
        way_out="repeat that, or remove that folder",
    )
    comparison = _ArtistComparison(collection, folds, settings, recipe, folder)
    with claimed(folder, claim):
        for number in range(settings.folds):
            for arm in ARMS:
                line = comparison.train_fold(arm, number, progress=progress)
                if announce is not None:
                    announce(line)
        return comparison.write()


@dataclass(frozen=True, slots=True)
class _ArmAnswers:
    """Answers of one arm to every painting, ``int64 (paintings,)``; −1 where there is none.

    Attributes:
        by: answers of the network and of each baseline.
        fold: the fold that held each painting out.
    """

    by: dict[str, Labels]
    fold: Labels

    @classmethod
    def blank(cls, count: int) -> "_ArmAnswers":
        blank = np.full(count, -1, np.int64)
        return cls({name: blank.copy() for name in ANSWERERS}, blank.copy())


@dataclass(slots=True)
class _ArtistComparison:
    """The folds of both arms, one after another, and the answers so far."""

    collection: Collection
    folds: ArtistFolds
    settings: ByArtistSettings
    recipe: ClassifierSettings
    folder: Path
    answers: dict[Arm, _ArmAnswers] = field(init=False)
    trainings: list[FoldTraining] = field(default_factory=list)
    scored: Labels = field(init=False)

    def __post_init__(self) -> None:
        """Begin without answers."""
        self.answers = {arm: _ArmAnswers.blank(len(self.collection)) for arm in ARMS}
        tested = self.folds.tested[self.collection.labels]
        self.scored = np.flatnonzero((self.folds.cluster >= 0) & tested)

    def arm(self, arm: Arm) -> tuple[Fold, ...]:
        return self.folds.ordinary if arm == "ordinary" else self.folds.disjoint

    def train_fold(self, arm: Arm, number: int, *, progress: bool) -> str:
        """Train and score one fold; returns a line on it."""
        fold = self.arm(arm)[number]
        held, labels, styles = fold.held, self.collection.labels, len(self.collection.vocabulary)
        divided = self.collection.with_splits(fold.splits)
        path = self.folder / f"{arm}-{number + 1}"
        run = train_classifier(divided, path, self.recipe, progress=progress)
        answers = self.answers[arm]
        answers.fold[held] = number
        answers.by["network"][held] = _answers(path, divided, held, self.settings.evaluate)
        shutil.rmtree(run.checkpoint_path, ignore_errors=True)  # of no more use, and large
        train, validation = divided.indices("train"), divided.indices("validation")
        known = np.concatenate((train, validation))
        artists = np.asarray(self.collection.column("artist"), object)
        answers.by["artist_oracle"][held] = artist_oracle(
            artists[known].tolist(),
            labels[known],
            artists[held].tolist(),
            styles,
            uniform=self.settings.evaluate.prior == "uniform",
        )
        answers.by["majority"][held] = np.bincount(labels[known], minlength=styles).argmax()
        training = FoldTraining(
            arm=arm,
            fold=number + 1,
            train=len(train),
            validation=len(validation),
            held=len(held),
            seconds=float(run.facts["seconds"]),
        )
        self.trainings.append(training)
        here, score = held[np.isin(held, self.scored)], 0.0
        if len(here):
            scores = metrics.scores(labels[here], answers.by["network"][here], styles)
            score = scores["balanced_accuracy"]
        return (
            f"{arm} fold {number + 1} of {self.settings.folds}: {len(train):,} pictures to learn "
            f"from, {len(held):,} held out; balanced accuracy {100 * score:.1f} %; "
            f"{training.seconds:.0f} s of training"
        )

    def write(self) -> ByArtistResult:
        """Compare the arms, and write everything but the runs."""
        rows, folds, evaluation = self.scored, self.folds, self.settings.evaluate
        labels, styles = self.collection.labels, self.collection.vocabulary.styles
        draws = PictureDraws.make(
            labels[rows],
            len(styles),
            folds.cluster[rows],
            resamples=evaluation.bootstrap_samples,
            seed=evaluation.seed,
        )
        answers = {name: [self.answers[arm].by[name][rows] for arm in ARMS] for name in ANSWERERS}
        untested = [
            UntestedStyle(
                style=style,
                artists=int(folds.artists[place]),
                pictures=int((labels == place).sum()),
            )
            for place, style in enumerate(styles)
            if not folds.tested[place]
        ]
        result = ByArtistResult(
            command=runs.command(),
            collection=str(self.collection.path),
            collection_fingerprint=self.collection.fingerprint,
            folds=self.settings.folds,
            seed=self.settings.seed,
            prior=evaluation.prior,
            train=self.recipe.model_dump(mode="json"),
            styles=styles,
            pictures=len(rows),
            artists=len(np.unique(folds.cluster[rows])),
            unknown=folds.unknown,
            unmatched=self.unmatched(),
            scores={name: compare_arms(draws, *arms) for name, arms in answers.items()},
            per_style=style_gaps(draws, answers["network"][0], answers["network"][1], styles),
            not_testable=tuple(untested),
            trainings=tuple(self.trainings),
        )
        self.write_predictions()
        findings.save(self.folder / "findings.json", [_gap_finding(result)])
        return result.write(self.folder / "by-artist.json")

    def unmatched(self) -> int:
        """Training pictures by which the arms differ, over all folds and styles.

        Copies that stay together cost a few.
        """
        styles, different = len(self.collection.vocabulary), 0
        for pair in zip(self.folds.ordinary, self.folds.disjoint, strict=True):
            counts = []
            for fold in pair:
                rows = np.flatnonzero(np.asarray(fold.splits) == "train")
                counts.append(np.bincount(self.collection.labels[rows], minlength=styles))
            different += int(np.abs(counts[0] - counts[1]).sum())
        return different

    def write_predictions(self) -> None:
        """Write ``predictions.parquet``: the answers of both arms, and their folds."""
        rows, styles = self.scored, np.asarray(self.collection.vocabulary.styles, object)
        columns: dict[str, Any] = {
            name: self.collection.table.column(name).take(rows) for name in ("id", "artist")
        }
        columns["style"] = styles[self.collection.labels[rows]].tolist()
        for arm in ARMS:
            columns[arm] = styles[self.answers[arm].by["network"][rows]].tolist()
            columns[f"{arm}_fold"] = self.answers[arm].fold[rows] + 1
        write_table(self.folder / "predictions.parquet", columns)


def _answers(path: Path, divided: Collection, rows: Labels, settings: EvaluateSettings) -> Labels:
    """Answers of a fold's network, as an evaluation would give them; stored beside its weights."""
    network, cache = open_classifier(path, settings.device), path / "answers.json"
    views = settings.model_dump(mode="json", include={"prior", "flip", "scales"})
    key = {"weights": network.run.weights_fingerprint, "settings": views}
    if cache.exists() and damage(cache) is None and (stored := read_json(cache)).get("key") == key:
        return np.asarray(stored["answers"], np.int64)
    answers = np.asarray(_probabilities(network, divided, rows, settings).argmax(1), np.int64)
    write_json(cache, {"format": FORMAT, "key": key, "answers": answers.tolist()})
    return answers


def fold_probabilities(
    path: Path, divided: Collection, rows: Labels, settings: EvaluateSettings
) -> Floats:
    """Calibrated probabilities ``float64 (rows, styles)`` by the network of a finished fold.

    Args:
        path: the fold's run.
        divided: the collection with the fold's splits.
        rows: that the fold held out.
        settings: the prior, the views and the device.

    Raises:
        RunError: there is no such run, or it is damaged.
    """
    return _probabilities(open_classifier(path, settings.device), divided, rows, settings)


def _probabilities(
    network: LoadedClassifier, divided: Collection, rows: Labels, settings: EvaluateSettings
) -> Floats:
    correction = network.prior_correction(uniform=settings.prior == "uniform")
    validation = network.outputs(divided, divided.indices("validation"), settings.views)
    calibration = calibrate(correction, validation, settings, network.run.weights_fingerprint)
    logits = network.outputs(divided, rows, settings.views).logits
    return correction(logits, calibration.temperature if calibration else 1.0)


def _gap_finding(result: ByArtistResult) -> Finding:
    """IMP402: whether the 95 % interval of the gap excludes 0."""
    network = result.scores["network"]
    gap = network.gap["balanced_accuracy"]
    text = (
        f"On works of {result.artists} artists that the training never saw, balanced accuracy is "
        f"{100 * network.disjoint['balanced_accuracy'].value:.1f} %; where their other works may "
        f"be in training, {100 * network.ordinary['balanced_accuracy'].value:.1f} %: a gap in "
        f"points of {gap.points}."
    )
    if result.not_testable:
        names = ", ".join(row.style for row in result.not_testable)
        text += f" Too few artists to test: {names}."
    items = [
        {
            "style": row.style,
            "artists": row.artists,
            "ordinary": round(row.ordinary, 4),
            "disjoint": round(row.disjoint, 4),
        }
        for row in result.per_style
        if row.ordinary is not None and row.disjoint is not None
    ]
    numbers = {"gap": gap.value, "low": gap.low, "high": gap.high}
    return Finding("IMP402", "issue" if gap.low > 0 else "passed", text, numbers, items)

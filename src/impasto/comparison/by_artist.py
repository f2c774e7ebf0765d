"""``impasto evaluate RUN --by artist``: how much of a score hangs on artists whose other works were in training.

The run's own recipe is trained anew on folds that hold out whole artists, and on ordinary folds
that differ in nothing else (``artist_folds``); every painting by a known artist is scored once in
each arm. The run itself is not scored, its collection's test split takes no part.

RUN/by-artist/settings.json        what is being compared; other settings are refused
RUN/by-artist/ordinary-1/ …        one run a fold and arm, with ``answers.json``
RUN/by-artist/predictions.parquet  one row a scored picture
RUN/by-artist/findings.json        IMP402
RUN/by-artist/by-artist.json       every number; written last
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import Field

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of
from impasto.comparison.artist_folds import ArtistFolds, Fold, artist_folds
from impasto.comparison.artist_scores import ARMS, Clusters, compare_arms, style_gaps
from impasto.config import Settings, parse
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.evaluation.scoring import calibrate
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import read_json, replacing, write_json
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import open_run
from impasto.state.folder import Claim, claimed
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier

FORMAT = 1
Labels = NDArray[np.int64]
Say = Callable[[str], None]


class ByArtistSettings(Settings):
    """How a recipe is scored on artists that its training never saw."""

    folds: int = Field(
        5, ge=2, le=100, description="trainings in each of the two arms; each holds out one part"
    )
    seed: int = Field(0, ge=0, description="of the folds")
    train: ClassifierSettings | None = Field(
        None, description="how each network is trained; none: as the run was"
    )
    evaluate: EvaluateSettings = Field(
        EvaluateSettings(), description="how pictures are looked at, and intervals made"
    )


@dataclass(frozen=True, slots=True)
class ByArtist:
    """A finished comparison.

    Attributes:
        path: its folder in the run's folder.
        result: the content of ``by-artist.json``.
        findings: IMP402.
    """

    path: Path
    result: Mapping[str, Any]
    findings: list[Finding]


def evaluate_by_artist(
    run: Path | str,
    settings: ByArtistSettings | None = None,
    *,
    progress: bool = False,
    announce: Say | None = None,
) -> ByArtist:
    """The scores of a run's recipe on unseen artists beside ordinary ones, also written into the run's folder.

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
    settings, say = settings or ByArtistSettings(), announce or (lambda line: None)
    opened = open_run(Path(run), "classifier")
    collection = collection_of(opened)
    recipe = settings.train or parse(
        ClassifierSettings, opened.settings, str(opened.path / "run.json")
    )
    # An autoencoder of the whole collection has seen the artists that are held out here
    recipe = recipe.model_copy(update={"warm_start": None})
    if (
        recipe.precision == "auto"
    ):  # a trial for each fold could give the two arms different arithmetic
        recipe = recipe.model_copy(update={"precision": opened.facts["precision"]})
    settings = settings.model_copy(update={"train": recipe})
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
    with claimed(folder, claim):
        return _compared(_Work(collection, folds, settings, folder), say, progress=progress)


def _compared(work: "_Work", say: Say, *, progress: bool) -> ByArtist:
    folder = work.folder
    for number in range(work.settings.folds):
        for arm in ARMS:
            say(work.fold(arm, number, progress=progress))
    result = work.result()
    judged = [_judged(result)]
    work.write_predictions()
    findings.save(folder / "findings.json", judged)
    write_json(folder / "by-artist.json", result)
    return ByArtist(folder, result, judged)


class _Work:
    """The folds of both arms, one after another, and what they have answered so far."""

    def __init__(
        self, collection: Collection, folds: ArtistFolds, settings: ByArtistSettings, folder: Path
    ) -> None:
        self.collection, self.folds, self.settings, self.folder = (
            collection,
            folds,
            settings,
            folder,
        )
        self.arms: dict[str, tuple[Fold, ...]] = {
            "ordinary": folds.ordinary,
            "disjoint": folds.disjoint,
        }
        blank = np.full(len(collection), -1, np.int64)
        self.answers = {
            who: {arm: blank.copy() for arm in ARMS}
            for who in ("network", "artist_oracle", "majority")
        }
        self.place = {arm: blank.copy() for arm in ARMS}
        self.trainings: list[dict[str, Any]] = []
        tested = folds.tested[collection.labels]
        self.scored = np.flatnonzero((folds.cluster >= 0) & tested)

    def fold(self, arm: str, number: int, *, progress: bool) -> str:
        """Train and score one fold; a line on it."""
        fold, settings = self.arms[arm][number], self.settings
        divided = self.collection.with_splits(fold.splits)
        path = self.folder / f"{arm}-{number + 1}"
        made = train_classifier(divided, path, settings.train, progress=progress)
        held, labels, styles = fold.held, self.collection.labels, len(self.collection.vocabulary)
        self.place[arm][held] = number
        self.answers["network"][arm][held] = _answers(path, divided, held, settings.evaluate)
        shutil.rmtree(made.checkpoint_path, ignore_errors=True)  # of no more use, and large
        known = np.concatenate((divided.indices("train"), divided.indices("validation")))
        artists = np.asarray(self.collection.column("artist"), object)
        oracle = artist_oracle(
            artists[known].tolist(), labels[known], artists[held].tolist(), styles
        )
        self.answers["artist_oracle"][arm][held] = oracle
        self.answers["majority"][arm][held] = np.bincount(labels[known], minlength=styles).argmax()
        here = held[np.isin(held, self.scored)]
        right = (
            metrics.scores(labels[here], self.answers["network"][arm][here], styles)[
                "balanced_accuracy"
            ]
            if len(here)
            else 0
        )
        counts = {
            "train": len(divided.indices("train")),
            "validation": len(divided.indices("validation")),
        }
        seconds = float(made.facts["seconds"])
        self.trainings.append(
            {"arm": arm, "fold": number + 1, **counts, "held": len(held), "seconds": seconds}
        )
        return (
            f"{arm} fold {number + 1} of {settings.folds}: {counts['train']:,} pictures to learn from, {len(held):,} "
            f"held out; balanced accuracy {right:.1%}; {seconds:.0f} s of training"
        )

    def result(self) -> dict[str, Any]:
        """The content of ``by-artist.json``."""
        rows, folds, again = self.scored, self.folds, self.settings.evaluate
        vocabulary, labels = self.collection.vocabulary, self.collection.labels
        clusters = Clusters(
            labels[rows], folds.cluster[rows], len(vocabulary), again.bootstrap_samples, again.seed
        )
        given = {
            who: {arm: answers[rows] for arm, answers in arms.items()}
            for who, arms in self.answers.items()
        }
        per_style = [
            {"style": style, **row}
            for style, row in zip(
                vocabulary.styles, style_gaps(clusters, given["network"]), strict=True
            )
        ]
        out = [
            {
                "style": style,
                "artists": int(folds.artists[place]),
                "pictures": int((labels == place).sum()),
            }
            for place, style in enumerate(vocabulary.styles)
            if not folds.tested[place]
        ]
        assert self.settings.train is not None
        return {
            "format": FORMAT,
            "command": runs.command(),
            "collection": str(self.collection.path),
            "collection_fingerprint": self.collection.fingerprint,
            "folds": self.settings.folds,
            "seed": self.settings.seed,
            "train": self.settings.train.model_dump(mode="json"),
            "styles": list(vocabulary.styles),
            "pictures": len(rows),
            "artists": len(np.unique(folds.cluster[rows])),
            "unknown": folds.unknown,
            "unmatched": self.unmatched(),
            "scores": {who: compare_arms(clusters, arms) for who, arms in given.items()},
            "per_style": per_style,
            "not_testable": out,
            "trainings": self.trainings,
        }

    def unmatched(self) -> int:
        """By how many training pictures the arms differ, over all folds and styles; copies that stay together cost."""
        styles = len(self.collection.vocabulary)

        def counts(fold: Fold) -> Labels:
            rows = np.flatnonzero(np.asarray(fold.splits) == "train")
            return np.bincount(self.collection.labels[rows], minlength=styles)

        pairs = zip(self.folds.ordinary, self.folds.disjoint, strict=True)
        return int(sum(np.abs(counts(one) - counts(other)).sum() for one, other in pairs))

    def write_predictions(self) -> None:
        """One row a scored picture: what both arms said, and in which folds."""
        rows, styles = self.scored, np.asarray(self.collection.vocabulary.styles, object)
        columns: dict[str, Any] = {
            name: self.collection.table.column(name).take(rows) for name in ("id", "artist")
        }
        columns["style"] = styles[self.collection.labels[rows]].tolist()
        for arm in ARMS:
            columns[arm] = styles[self.answers["network"][arm][rows]].tolist()
            columns[f"{arm}_fold"] = self.place[arm][rows] + 1
        with replacing(self.folder / "predictions.parquet") as temporary:
            pq.write_table(pa.table(columns), temporary)


def _answers(path: Path, divided: Collection, rows: Labels, settings: EvaluateSettings) -> Labels:
    """The styles that a fold's network names, as an evaluation would; kept beside its weights."""
    network, kept = open_classifier(path, settings.device), path / "answers.json"
    key = {
        "weights": network.run.weights_fingerprint,
        "settings": settings.model_dump(mode="json", include={"prior", "flip", "scales"}),
    }
    if kept.exists() and (had := read_json(kept)).get("key") == key:
        return np.asarray(had["answers"], np.int64)
    belief = network.prior_correction(uniform=settings.prior == "uniform")
    calibration = calibrate(
        belief, network.outputs(divided, divided.indices("validation"), settings.views), settings
    )
    looked = network.outputs(divided, rows, settings.views)
    shares = belief(looked.logits, calibration["temperature"] if calibration else 1.0)
    answers = np.asarray(shares.argmax(1), np.int64)
    write_json(kept, {"format": FORMAT, "key": key, "answers": answers.tolist()})
    return answers


def _judged(result: Mapping[str, Any]) -> Finding:
    """Whether the gap is clear of zero."""
    ordinary, disjoint, gap = (
        result["scores"]["network"][arm]["balanced_accuracy"]
        for arm in ("ordinary", "disjoint", "gap")
    )
    low, value, high = (100 * gap[name] for name in ("low", "value", "high"))
    text = (
        f"On works of {result['artists']} artists that the training never saw, balanced accuracy is "
        f"{disjoint['value']:.1%}; where their other works may be in training, {ordinary['value']:.1%}: a gap of "
        f"{value:.1f} points ({low:.1f} to {high:.1f})."
    )
    if result["not_testable"]:
        text += f" Too few artists to test: {', '.join(row['style'] for row in result['not_testable'])}."
    numbers = {"gap": gap["value"], "low": gap["low"], "high": gap["high"]}
    items = [
        {
            "style": row["style"],
            "artists": row["artists"],
            **{arm: round(row[arm], 4) for arm in ARMS},
        }
        for row in result["per_style"]
        if row["pictures"]
    ]
    return Finding("IMP402", "issue" if gap["low"] > 0 else "passed", text, numbers, items)

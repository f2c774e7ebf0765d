"""Labels that look wrong: pictures ranked by the probability of their own style.

Two kinds of evidence are combined. *The picture*: logistic regression on hand-made features, and
the fold networks of ``evaluate --by artist`` where a run has them. Each picture is judged by heads
that learnt from neither it, its copies nor any work by its artist. *The artist*: the styles of the
artist's other works. Labels of the test split teach nothing; they are judged alone.

The ranking is cleanlab's label quality (self-confidence); pictures are flagged by its confident
learning (Northcutt et al. 2021, doi:10.1613/jair.1.12125).

COLLECTION/labels.json          every number, and the suspects
COLLECTION/label_suspects.csv   the suspects as a table to fill in: ``prepare --decisions``
"""

import csv
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from impasto.collection.collection import Collection
from impasto.collection.duplicates import groups_of
from impasto.collection.handmade_classifier import LIMIT, handmade_features
from impasto.collection.layouts.table_rows import read_rows
from impasto.collection.multi_style import copies_of
from impasto.collection.split import tied_units
from impasto.comparison.artist_folds import artist_folds, spread
from impasto.comparison.by_artist import fold_probabilities
from impasto.config import Device, Settings
from impasto.errors import CollectionError, InputError, MissingExtraError
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import write_text
from impasto.numerics import metrics
from impasto.records import run as runs
from impasto.records.by_artist import ByArtistResult
from impasto.records.label_check import COLUMNS, FILE, TABLE, Evidence, LabelCheck, LabelSuspect
from impasto.records.run import Run

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Announce = Callable[[str], None]
PENALTY: Final = 0.003  # C of the logistic regression; 0.001 and 0.003 found equally many flips
ITERATIONS: Final = 100
PSEUDO_WORKS: Final = 1.0  # weight of the styles' shares beside the artist's other works
LEAST: Final = 1e-6  # probability below which none is taken


class LabelCheckSettings(Settings):
    """Settings of ``audit --labels``."""

    folds: int = Field(
        5, ge=2, le=100, description="parts by whole artists; each is judged by the others"
    )
    listed: float = Field(
        0.1, gt=0, le=1, description="share of the pictures that are listed, the most suspect first"
    )
    device: Device = "auto"
    seed: int = Field(0, ge=0, description="of the folds")


def check_labels(
    collection: Collection,
    run: Path | str | None = None,
    settings: LabelCheckSettings | None = None,
    *,
    announce: Announce | None = None,
) -> LabelCheck:
    """Rank the pictures of a collection by how wrong their style looks, and write the result.

    Args:
        collection: with pictures.
        run: a classifier's; the fold networks of ``evaluate --by artist`` give evidence, too.
        settings: the defaults where ``None``.
        announce: called with one line about the evidence.

    Raises:
        MissingExtraError: cleanlab is not installed.
        InputError: the run is no classifier, or of another collection.
        CollectionError: there are no pictures, or too few artists or styles to make folds.
        OutputError: the collection's folder cannot be written.
    """
    settings = settings or LabelCheckSettings()
    _require_cleanlab()
    if not collection.has_pictures:
        raise CollectionError(f"{collection.path} has no pictures: labels are checked by them")
    opened = None if run is None else _classifier(Path(run), collection)
    folds = _folds(collection, settings)
    by_picture = _by_features(collection, folds)
    networks = None if opened is None else _by_networks(opened, collection, settings.device)
    if networks is not None:
        by_picture = _averaged(by_picture, networks)
    elif opened is not None and announce is not None:
        announce(
            f"{opened.path} has no fold networks: labels are checked by hand-made features; "
            f"impasto evaluate {opened.path} --by artist adds networks"
        )
    works = _other_works(collection, folds)
    judged = _judged(collection, folds)
    if not judged.any():
        raise CollectionError(
            f"{collection.path} has no style by artists of two folds: no label can be judged"
        )
    evidence: Evidence = "features" if networks is None else "features and networks"
    used = None if networks is None or opened is None else str(opened.path)
    ranking = _rank(collection.labels, by_picture, works, judged)
    result = _record(collection, ranking, settings, evidence=evidence, run=used)
    _write_table(collection.path / TABLE, [suspect.row() for suspect in result.suspects])
    return result.write(collection.path / FILE)


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the table of suspects; decisions that people have filled in stay."""
    filled: dict[str, dict[str, Any]] = {}
    if path.is_file():
        known = read_rows(path, {name: () for name in COLUMNS}, ("id", "decision"))
        for row in known.rows:
            if row.text("decision"):
                filled[row.text("id")] = {name: row.text(name) for name in COLUMNS}
    decided = ("decision", "style", "note")
    lines = [
        {**row, **{name: filled[row["id"]][name] for name in decided if row["id"] in filled}}
        for row in rows
    ]
    listed = {row["id"] for row in rows}
    lines += [row for name, row in filled.items() if name not in listed]
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    write_text(path, table.getvalue(), noted=False)


def _require_cleanlab() -> None:
    try:
        import cleanlab  # noqa: F401, PLC0415 – an extra
    except ImportError as error:
        raise MissingExtraError("Checking labels", "labels") from error


def _classifier(path: Path, collection: Collection) -> Run:
    """The run whose fold networks are asked.

    Raises:
        InputError: it is of another collection.
    """
    run = runs.open_run(path, "classifier")
    if run.collection["fingerprint"] != collection.fingerprint:
        raise InputError(
            f"{path} was trained on another collection than {collection.path} as it is now: "
            "train again, or check by features alone with --labels features"
        )
    return run


@dataclass(frozen=True, slots=True)
class _Folds:
    """Folds of all pictures by whole artists.

    Attributes:
        of: the fold of each picture, ``int64 (N,)``.
        teaches: whether its label may teach: it is not in the test split, ``bool (N,)``.
        copies: equal numbers for copies of one picture, ``int64 (N,)``.
    """

    of: Rows
    teaches: NDArray[np.bool_]
    copies: Rows

    @property
    def count(self) -> int:
        return int(self.of.max()) + 1

    def teaching(self, fold: int) -> Rows:
        """Rows whose labels teach the head that judges a fold."""
        return np.flatnonzero(self.teaches & (self.of != fold)).astype(np.int64)


def _folds(collection: Collection, settings: LabelCheckSettings) -> _Folds:
    """Artists with all their works in one fold, and so copies; the unknown each for themselves."""
    copies = groups_of(len(collection), copies_of(collection).ties)
    ids, styles, artists = map(collection.column, ("id", "style", "artist"))
    units = tied_units(ids, styles, artists, copies.tolist(), settings.seed)
    if len(units) < settings.folds:
        raise CollectionError(
            f"{collection.path} has {len(units)} artists or lone pictures: too few for "
            f"{settings.folds} folds; lower folds"
        )
    of = np.zeros(len(collection), np.int64)
    for unit, fold in zip(units, spread(units, settings.folds), strict=True):
        of[list(unit.rows)] = fold
    teaches = np.asarray(collection.column("split")) != "test"
    folds = _Folds(of, teaches, copies)
    for fold in range(settings.folds):
        if len(np.unique(collection.labels[folds.teaching(fold)])) < 2:
            raise CollectionError(
                f"{collection.path}: without the artists of fold {fold + 1} fewer than two styles "
                "have training pictures; set another number of folds"
            )
    return folds


def _by_features(collection: Collection, folds: _Folds) -> Floats:
    """Out-of-fold probabilities ``float64 (N, styles)`` by hand-made features.

    Every style is supposed equally frequent; one that a head has not learnt gets an even share.
    """
    labels, styles = collection.labels, len(collection.vocabulary)
    values = handmade_features(collection)
    result = np.empty((len(collection), styles))
    for fold in range(folds.count):
        rows, held = folds.teaching(fold), np.flatnonzero(folds.of == fold)
        mean = values[rows].mean(0, dtype=np.float64)
        scale = np.maximum(values[rows].std(0, dtype=np.float64), 1e-6)
        known, asked = (
            ((values[part] - mean) / scale).clip(-LIMIT, LIMIT) for part in (rows, held)
        )
        model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough for a ranking
            model.fit(known, labels[rows])
        learnt = len(model.classes_)
        result[held] = 1 / styles
        result[np.ix_(held, model.classes_)] = model.predict_proba(asked) * learnt / styles
    return result


def _by_networks(run: Run, collection: Collection, device: Device) -> Floats | None:
    """Out-of-fold probabilities by a run's fold networks; NaN for pictures that none held out.

    ``None`` where the run has no finished folds of this collection.
    """
    path = run.path / "by-artist" / "by-artist.json"
    if not path.is_file():
        return None
    record = ByArtistResult.read(path, what="comparison", verb="impasto evaluate --by artist")
    if record.collection_fingerprint != collection.fingerprint:
        return None
    result = np.full((len(collection), len(collection.vocabulary)), np.nan)
    settings = EvaluateSettings(prior="uniform", device=device)
    folds = artist_folds(collection, record.folds, record.seed)
    for number, fold in enumerate(folds.disjoint, 1):
        divided = collection.with_splits(fold.splits)
        place = path.parent / f"disjoint-{number}"
        result[fold.held] = fold_probabilities(place, divided, fold.held, settings)
    return result


def _averaged(features: Floats, networks: Floats) -> Floats:
    """Geometric mean of both where there are both, rows summing to 1."""
    both = np.where(np.isnan(networks), features, networks)
    return np.asarray(softmax((np.log(features + LEAST) + np.log(both + LEAST)) / 2, axis=1))


@dataclass(frozen=True, slots=True)
class _OtherWorks:
    """Styles of the other works by each picture's artist, copies of it left out.

    Attributes:
        counts: ``int64 (N, styles)``; 0 where the artist is not known.
        shares: of the styles among all pictures that teach, ``float64 (styles,)``.
    """

    counts: Rows
    shares: Floats

    @property
    def probabilities(self) -> Floats:
        """Styles that the artist's other works let expect, ``float64 (N, styles)``."""
        weighed = self.counts + PSEUDO_WORKS * self.shares
        return np.asarray(weighed / weighed.sum(1, keepdims=True))


def _other_works(collection: Collection, folds: _Folds) -> _OtherWorks:
    labels, styles = collection.labels, len(collection.vocabulary)
    teaching = np.flatnonzero(folds.teaches)
    shares = np.bincount(labels[teaching], minlength=styles) / len(teaching)
    by_artist: dict[str, list[int]] = {}
    artists = collection.column("artist")
    for row in teaching.tolist():
        if artists[row] is not None:
            by_artist.setdefault(artists[row], []).append(row)
    counts = np.zeros((len(collection), styles), np.int64)
    for row, artist in enumerate(artists):
        works = np.asarray(by_artist.get(artist, ()) if artist is not None else (), np.int64)
        others = works[folds.copies[works] != folds.copies[row]]
        counts[row] = np.bincount(labels[others], minlength=styles)
    return _OtherWorks(counts, shares)


def _judged(collection: Collection, folds: _Folds) -> NDArray[np.bool_]:
    """Whether each picture's style could be learnt from another fold than its own."""
    labels = collection.labels
    known = np.zeros((folds.count, len(collection.vocabulary)), bool)
    for fold in range(folds.count):
        known[fold, np.unique(labels[folds.teaching(fold)])] = True
    return np.asarray(known[folds.of, labels])


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Probabilities of every picture, and the order of those that were judged.

    Attributes:
        by_picture, combined: ``float64 (N, styles)``.
        works: styles of the artists' other works.
        order: rows, the most suspect first.
        flagged: ``bool (N,)``.
    """

    by_picture: Floats
    combined: Floats
    works: _OtherWorks
    order: Rows
    flagged: NDArray[np.bool_]


def _rank(
    labels: Rows, by_picture: Floats, works: _OtherWorks, judged: NDArray[np.bool_]
) -> _Ranking:
    """Combine the evidence by Bayes' rule, and let cleanlab rank and flag."""
    from cleanlab.filter import find_label_issues  # noqa: PLC0415 – an extra
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415

    # The picture's evidence supposes every style equally frequent: times the artist's expectation
    scores = np.log(by_picture.clip(LEAST)) + np.log(works.probabilities.clip(LEAST))
    combined = np.asarray(softmax(scores, axis=1))
    rows = np.flatnonzero(judged).astype(np.int64)
    # cleanlab wants the styles numbered without gaps
    present, given = np.unique(labels[rows], return_inverse=True)
    shares = combined[np.ix_(rows, present)]
    shares /= shares.sum(1, keepdims=True)
    quality = get_label_quality_scores(given, shares, method="self_confidence")
    flagged = np.zeros(len(labels), bool)
    if len(present) > 1:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "May not flag all label issues", UserWarning)
            flagged[rows] = find_label_issues(given, shares, filter_by="both", n_jobs=1)
    order = rows[np.argsort(quality, kind="stable")]
    return _Ranking(by_picture, combined, works, order, flagged)


def _record(
    collection: Collection,
    ranking: _Ranking,
    settings: LabelCheckSettings,
    *,
    evidence: Evidence,
    run: str | None,
) -> LabelCheck:
    labels, rows = collection.labels, ranking.order
    listed = max(1, round(settings.listed * len(rows)))
    answers = ranking.by_picture[rows].argmax(1)
    scores = metrics.scores(labels[rows], answers, len(collection.vocabulary))
    return LabelCheck(
        command=runs.command(),
        fingerprint=collection.fingerprint,
        evidence=evidence,
        run=run,
        folds=settings.folds,
        seed=settings.seed,
        pictures=len(rows),
        unjudged=len(collection) - len(rows),
        with_artist=int((ranking.works.counts.sum(1) > 0).sum()),
        balanced_accuracy=float(scores["balanced_accuracy"]),
        flagged=int(ranking.flagged.sum()),
        suspects=tuple(_suspect(collection, ranking, int(row)) for row in rows[:listed]),
    )


def _suspect(collection: Collection, ranking: _Ranking, row: int) -> LabelSuspect:
    names, own = collection.vocabulary.styles, int(collection.labels[row])
    others = ranking.combined[row].copy()
    others[own] = -1
    likelier, counts = int(others.argmax()), ranking.works.counts[row]
    works = int(counts.sum())
    table = collection.table
    return LabelSuspect(
        id=table.column("id")[row].as_py(),
        split=table.column("split")[row].as_py(),
        style=names[own],
        likelier=names[likelier],
        score=round(float(ranking.combined[row, own]), 6),
        likelier_score=round(float(others[likelier]), 6),
        by_picture=round(float(ranking.by_picture[row, own]), 6),
        artist=table.column("artist")[row].as_py(),
        artist_works=works,
        artist_share=round(float(counts[own] / works), 4) if works else None,
        flagged=bool(ranking.flagged[row]),
    )

"""Predictions of another program, matched to the pictures and styles of a collection.

Nothing is guessed in silence: what a row means is unmistakable, or the row is counted by the reason
why it was left out, or the table is refused.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from impasto.collection.collection import Collection, Split
from impasto.collection.entries import side_of
from impasto.collection.layouts.class_names import (
    ALPHABETICAL,
    ClassNames,
    class_names,
    whole_number,
)
from impasto.collection.layouts.picture_paths import PathIndex, cleaned
from impasto.collection.layouts.prediction_tables import (
    PredictionRow,
    PredictionTable,
    read_predictions,
)
from impasto.collection.layouts.table_rows import PICTURE_COLUMNS, read_rows
from impasto.errors import CollectionError, InputError
from impasto.evaluation.settings import PredictionsSettings, ScoredSplit
from impasto.numerics.formatting import count
from impasto.records.evaluation import PredictionSource
from impasto.records.place import TABLES

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
NEAR_ONE: Final = 0.03
"""Distance of a sum of probabilities from 1 that is rounding; they are divided by it."""
NAMED: Final = 3  # rows or pictures that a message names


@dataclass(frozen=True, slots=True)
class ScoredPictures:
    """Pictures of a collection that predictions are scored on.

    Attributes:
        collection: with these pictures as its test split, as far as baselines are concerned.
        split: which they are.
        rows: ``int64 (N,)``.
    """

    collection: Collection
    split: ScoredSplit
    rows: Labels
    index: PathIndex = field(repr=False)
    """Ids of the scored pictures."""
    beside: PathIndex = field(repr=False)
    """Ids of all others."""
    row_of: Mapping[str, int] = field(repr=False)
    """Row by id, of all pictures."""


def scored_pictures(collection: Collection, split: ScoredSplit = "test") -> ScoredPictures:
    """The pictures that predictions are scored on.

    Raises:
        CollectionError: there are none.
    """
    ids, splits = collection.column("id"), collection.column("split")
    turned: dict[str, Split]
    match split:
        case "test":
            found = collection
        case "validation":  # the test split is not looked at
            turned = {"train": "train", "validation": "test", "test": "validation"}
            found = collection.with_splits([turned[own] for own in splits])
        case "all":
            found = collection.with_splits(["test"] * len(splits))
    rows = found.indices("test")
    if not len(rows):
        raise CollectionError(
            f"{collection.path} has no {split} pictures: prepare it with --split stratified, or "
            "score all its pictures with --split all"
        )
    scored = set(rows.tolist())
    return ScoredPictures(
        found,
        split,
        rows,
        PathIndex(ids[row] for row in scored),
        PathIndex(id_ for row, id_ in enumerate(ids) if row not in scored),
        {id_: row for row, id_ in enumerate(ids)},
    )


@dataclass(frozen=True, slots=True)
class OtherTruths:
    """True styles as a table of predictions has them.

    Attributes:
        known: pictures that it names a true style of.
        other: those of another style in the collection: ``id``, ``style`` and ``file``.
    """

    known: int
    other: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class GivenPredictions:
    """Predictions for pictures of a collection.

    Attributes:
        rows: of the collection, that are scored, ``int64 (N,)``.
        answers: position of the style that each is given; the number of styles stands for none.
        probabilities: ``float64 (N, styles)``; ``None`` where the file has none for every style.
        source: what became of the file's rows.
        missing: ids of pictures without an answer.
        left_out: names of rows that were left out, each with the reason.
        trained_on: ids of pictures that the model was trained on.
        truths: true styles in the file; ``None`` where it has none.
    """

    rows: Labels
    answers: Labels
    probabilities: Floats | None
    source: PredictionSource
    missing: Sequence[str]
    left_out: Sequence[Mapping[str, str]]
    trained_on: Sequence[str]
    truths: OtherTruths | None


def read_given(
    path: Path, pictures: ScoredPictures, settings: PredictionsSettings
) -> GivenPredictions:
    """Read a table of predictions, and match it to the pictures of a collection.

    Args:
        path: a table, or a folder of texts.
        pictures: of the collection that are scored.
        settings: how the table is read.

    Raises:
        InputError: it cannot be read, answers no picture, contradicts itself, or holds numbers that
            are no probabilities.
        VocabularyError: a class is no style of the collection.
    """
    names = class_names(
        pictures.collection.vocabulary,
        settings.classes,
        renames=None if settings.rename_styles is None else Path(settings.rename_styles),
        others=settings.other_classes == "wrong",
    )
    known = set(names.order or ())

    def is_class(name: str) -> bool:
        return name in known or names.find(name) is not None

    table = read_predictions(path, is_class, settings.columns)
    reading = _Reading(table, pictures, names, settings)
    reading.match()
    reading.refuse_training()
    return reading.result()


@dataclass(slots=True)
class _Reading:
    """A table of predictions on its way to arrays."""

    table: PredictionTable
    pictures: ScoredPictures
    names: ClassNames
    settings: PredictionsSettings
    found: dict[int, PredictionRow] = field(default_factory=dict)
    """Row of the table by row of the collection."""
    repeated: int = 0
    unknown: list[tuple[PredictionRow, str]] = field(default_factory=list)
    outside: list[tuple[PredictionRow, str]] = field(default_factory=list)
    trained: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def match(self) -> None:
        """Find the picture of each row.

        Raises:
            InputError: no row names a picture, or two rows give one picture two answers.
        """
        for row in self.table.rows:
            id_, reason = self._picture(row.path)
            if id_ is None:
                self.unknown.append((row, reason))
            elif reason:
                self.outside.append((row, id_))
            else:
                self._add(self.pictures.row_of[id_], row)
        if not self.found and not self.outside:
            raise InputError(self._none_found())
        for id_ in self.pictures.index.paths:  # of a picture with two styles, the second entry
            base, mark, number = id_.rpartition("#")
            first = self.pictures.row_of.get(base) if mark and number.isdigit() else None
            if first in self.found:
                self.found.setdefault(self.pictures.row_of[id_], self.found[first])

    def _picture(self, cell: str) -> tuple[str | None, str]:
        """The id of the picture that a cell means, and why its row does not count.

        The picture is the one that shares most folders with the cell: at least the innermost one,
        where both name folders. Of equals, a scored one is meant.
        """
        pictures = self.pictures
        if cell in pictures.index:
            return cell, ""
        if cell in pictures.beside:
            return cell, "elsewhere"
        named = cleaned(cell).count("/") + 1
        scored, others = (
            {
                id_: same
                for id_, same in index.by_name(cell).items()
                if same >= min(2, named, id_.count("/") + 1)
            }
            for index in (pictures.index, pictures.beside)
        )
        most = max((*scored.values(), *others.values()), default=0)
        for found, elsewhere in ((scored, ""), (others, "elsewhere")):
            best = [id_ for id_, same in found.items() if same == most]
            if len(best) == 1:
                return best[0], elsewhere
            if best:
                return None, f"{cell} may be {best[0]} or {best[1]}: give paths with folders"
        return None, f"{cell} is no picture of the collection"

    def _add(self, place: int, row: PredictionRow) -> None:
        before = self.found.get(place)
        if before is None:
            self.found[place] = row
        elif (before.answer, before.scores) == (row.answer, row.scores):
            self.repeated += 1
        else:
            raise InputError(
                f"{self.table.path} answers {row.path} twice, and otherwise: {before.name} and "
                f"{row.name}: keep one row"
            )

    def _none_found(self) -> str:
        skipped = [f"{one.id}: {one.reason}" for one in self.table.skipped]
        first = next((reason for _, reason in self.unknown), next(iter(skipped), "it has no rows"))
        example = self.pictures.index.paths[0]
        return (
            f"{self.table.path} answers no {self.pictures.split} picture of "
            f"{self.pictures.collection.path}: {first}; the collection has pictures such as "
            f"{example}: correct the column of paths"
        )

    def refuse_training(self) -> None:
        """Leave out, or refuse, pictures of other splits and those that the model has learned.

        Raises:
            InputError: there are some, and no split was named.
        """
        named = self.settings.split is not None
        if self.outside and not named:
            splits = Counter(
                self.pictures.collection.column("split")[self.pictures.row_of[id_]]
                for _, id_ in self.outside
            )
            parts = ", ".join(f"{number:,} of {split}" for split, number in splits.most_common())
            raise InputError(
                f"{self.table.path} answers pictures of other splits than test ({parts}), as "
                f"{self.outside[0][1]}: a model is not scored on what it may have learned from; "
                "--split test leaves these rows out"
            )
        self.trained = {
            place for place, row in self.found.items() if side_of(row.split) == "train"
        } | self._listed()
        if self.trained and not named:
            ids = self.pictures.collection.column("id")
            raise InputError(
                f"{self.table.path}: the model was trained on "
                f"{count(len(self.trained), 'picture')} of the {self.pictures.split} split by its "
                f"own account, as {ids[min(self.trained)]}: --split {self.pictures.split} leaves "
                "them out"
            )
        for place in self.trained:
            self.found.pop(place, None)

    def _listed(self) -> set[int]:
        """Scored pictures that the settings' list names as trained on."""
        if self.settings.trained_on is None:
            return set()
        path = Path(self.settings.trained_on)
        cells = (
            [row.text("path") for row in read_rows(path, PICTURE_COLUMNS, ("path",)).rows]
            if path.suffix.lower() in TABLES
            else _lines(path)
        )
        found = {self._picture(cell) for cell in cells if cell}
        return {self.pictures.row_of[id_] for id_, reason in found if id_ and not reason}

    def result(self) -> GivenPredictions:
        """The arrays of the table.

        Raises:
            InputError: its numbers are no probabilities.
            VocabularyError: a class is no style of the collection.
        """
        ids = self.pictures.collection.column("id")
        wanted = [row for row in self.pictures.rows.tolist() if row not in self.trained]
        answered = [row for row in wanted if row in self.found]
        if not answered:
            raise InputError(
                f"{self.table.path} answers no {self.pictures.split} picture that the model was "
                "not trained on: nothing is left to score"
            )
        rows = [self.found[place] for place in answered]
        values = self._probabilities(rows)
        if values is not None and self._holds_truths(answered, values):
            rows = self._likeliest(answered)
        answers = self._answers(rows, values)
        missing = [row for row in wanted if row not in self.found]
        keep = wanted if self.settings.missing == "wrong" else answered
        place_of = {row: place for place, row in enumerate(answered)}
        none = self.names.none
        whole = np.full(len(keep), none)
        for at, row in enumerate(keep):
            if row in place_of:
                whole[at] = answers[place_of[row]]
        # Probabilities of unanswered pictures are not known: without them there are none at all
        complete = values if len(keep) == len(answered) else None
        return GivenPredictions(
            rows=np.asarray(keep, np.int64),
            answers=whole.astype(np.int64),
            probabilities=complete,
            source=self._source(len(answered), len(missing), answers, values is not None),
            missing=[ids[row] for row in missing],
            left_out=self._left_out(),
            trained_on=[ids[row] for row in sorted(self.trained)],
            truths=self._truths(answered),
        )

    def _holds_truths(self, answered: Sequence[int], values: Floats) -> bool:
        """Whether the column of answers holds the true styles.

        It names the collection's own style of every picture, and the likeliest class of some is
        another: a column ``label`` of the test set, beside probabilities.
        """
        own = self.pictures.collection.labels[answered]
        cells = [self.found[row].answer for row in answered]
        named = [self.names.place(cell) for cell in cells]
        return named == own.tolist() and bool((values.argmax(1) != own).any())

    def _likeliest(self, answered: Sequence[int]) -> list[PredictionRow]:
        """The rows with their answers moved to the true styles."""
        for place in answered:
            row = self.found[place]
            self.found[place] = replace(row, answer="", truth=row.truth or row.answer)
        self.notes.append(
            "the column of styles holds the true ones, and the probabilities other answers: the "
            "likeliest style is the answer"
        )
        return [self.found[place] for place in answered]

    def _truths(self, answered: Sequence[int]) -> OtherTruths | None:
        """True styles of the file beside the collection's; unknown names are others."""
        collection = self.pictures.collection
        ids, styles, other, known = collection.column("id"), collection.vocabulary.styles, [], 0
        for row in answered:
            cell = self.found[row].truth
            if not cell or (whole_number(cell) is not None and self.names.place(cell) is None):
                continue
            known += 1
            if self.names.place(cell) != collection.labels[row]:
                own = styles[int(collection.labels[row])]
                other.append({"id": ids[row], "style": own, "file": cell})
        return OtherTruths(known, other) if known else None

    def _source(
        self, answered: int, missing: int, answers: Labels, has_values: bool
    ) -> PredictionSource:
        says = self.settings.trained_on is not None or any(row.split for row in self.table.rows)
        return PredictionSource(
            file=str(self.table.path),
            digest=digest(self.table.path),
            rows=len(self.table.rows),
            answered=answered,
            missing=missing,
            missing_rule=self.settings.missing,
            unreadable=len(self.table.skipped),
            unknown=len(self.unknown),
            repeated=self.repeated,
            other_splits=len(self.outside),
            trained_on=len(self.trained) if says else None,
            foreign=int((answers == self.names.none).sum()),
            probabilities=self.settings.probabilities if has_values else None,
            notes=(*self.table.notes, *self.notes),
        )

    def _left_out(self) -> list[Mapping[str, str]]:
        items: list[Mapping[str, str]] = []
        items += [{"row": one.id, "reason": one.reason} for one in self.table.skipped]
        items += [{"row": row.name, "reason": reason} for row, reason in self.unknown]
        return items

    def _probabilities(self, rows: Sequence[PredictionRow]) -> Floats | None:
        """Probabilities ``(N, styles)``; ``None`` where some row has none for some class.

        Raises:
            InputError: they are neither shares nor what the settings say.
        """
        classes = list(dict.fromkeys(name for row in rows for name in row.scores))
        if not classes or any(len(row.scores) < len(classes) for row in rows):
            return None
        positions = self._positions(classes, rows)
        table = np.array([[row.scores[name] for name in classes] for row in rows], np.float64)
        shares = self._shares(table, rows)
        result = np.zeros((len(rows), self.names.none + 1))
        for column, name in enumerate(classes):
            result[:, positions[name]] += shares[:, column]
        lacking = [
            style
            for place, style in enumerate(self.names.vocabulary.styles)
            if place not in positions.values()
        ]
        if lacking:
            self.notes.append(f"no probabilities are given of {', '.join(lacking)}: counted as 0")
        if result[:, -1].any():  # some is on classes that are no style
            return None
        return result[:, :-1]

    def _positions(self, classes: Sequence[str], rows: Sequence[PredictionRow]) -> dict[str, int]:
        """The style of each class that has probabilities.

        Numbers without an order are taken for the vocabulary's where the answers, by name, prove
        it.
        """
        path, order = str(self.table.path), self.names.order
        if self.table.by_number and order and self.table.by_number != len(order):
            raise InputError(
                f"{path} has {self.table.by_number} numbers a picture, but --classes names "
                f"{len(order)} classes: give as many names as it has"
            )
        try:
            return self.names.positions(classes, path)
        except InputError:
            styles = self.names.vocabulary.styles
            numbers = [str(number) for number in range(len(styles))]
            if sorted(classes, key=len) != sorted(numbers, key=len):
                raise
            best = [styles[int(max(row.scores, key=row.scores.__getitem__))] for row in rows]
            named = [self.names.find(row.answer) for row in rows]
            if len(set(named)) < 2 or [styles.index(style) for style in best] != named:
                raise
            self.notes.append(
                f"numbered classes are the styles in {ALPHABETICAL} order, as the answers show"
            )
            return {number: int(number) for number in numbers}

    def _shares(self, table: Floats, rows: Sequence[PredictionRow]) -> Floats:
        path, how = self.table.path, self.settings.probabilities
        if not np.isfinite(table).all():
            bad = rows[int(np.flatnonzero(~np.isfinite(table).all(1))[0])].name
            raise InputError(f"{path}: a probability is no finite number: {bad}: correct it")
        if how == "logits":
            return np.asarray(softmax(table, axis=1))
        sums = table.sum(1)
        if how == "percent":
            table, sums = table / 100, sums / 100
        off = np.abs(sums - 1) > NEAR_ONE
        if (table < 0).any() or (how != "scores" and off.any()) or (sums <= 0).any():
            raise InputError(_no_shares(path, how, table, sums))
        return np.asarray(table / sums[:, None])

    def _answers(self, rows: Sequence[PredictionRow], values: Floats | None) -> Labels:
        """The style of each row by position: the answer named, else the likeliest class."""
        path = str(self.table.path)
        cells = [row.answer or max(row.scores, key=row.scores.__getitem__) for row in rows]
        if values is not None and not any(row.answer for row in rows):
            return np.asarray(values.argmax(1), np.int64)
        positions = self.names.positions(cells, path)
        answers = np.array([positions[cell] for cell in cells], np.int64)
        if values is not None:
            other = np.flatnonzero(answers != values.argmax(1))
            if 2 * len(other) > len(rows):
                raise InputError(
                    f"{path}: in {len(other):,} of {len(rows):,} rows the style is not that of the "
                    f"highest probability, as {rows[int(other[0])].name}: the columns are in "
                    "another order than the names; leave the probabilities out, or correct them"
                )
            if len(other):
                self.notes.append(
                    f"in {count(len(other), 'row')} the style is not that of the highest "
                    "probability: the style counts"
                )
        return answers


def _no_shares(path: Path, how: str, table: Floats, sums: Floats) -> str:
    """The error for numbers that are no probabilities, with what they look like."""
    between = f"sum to {sums.min():.3g} to {sums.max():.3g}"
    if how == "shares" and (table < 0).any():
        return (
            f"{path}: numbers of classes are negative, as logits are: give --probabilities logits"
        )
    if how == "shares" and np.abs(sums - 100).max() < 100 * NEAR_ONE:
        return f"{path}: probabilities {between}: give --probabilities percent"
    if how == "shares" and table.max() <= 1:
        return (
            f"{path}: probabilities {between} instead of 1: some classes have no column, or each "
            "was scored alone: give all of them, or --probabilities scores to divide by the sum"
        )
    if how == "shares":
        return (
            f"{path}: numbers of classes {between} instead of 1: give --probabilities logits, or "
            "scores to divide by the sum"
        )
    return f"{path}: numbers of classes {between} and are no {how}: choose another --probabilities"


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the list {path} ({error}): give a table with a column path, or a path a "
            "line"
        ) from error


def digest(path: Path) -> str:
    """SHA-256 of a table, or of the texts of a folder."""
    found = hashlib.sha256()
    for file in sorted(path.glob("*.txt")) if path.is_dir() else [path]:
        found.update(file.read_bytes())
    return found.hexdigest()

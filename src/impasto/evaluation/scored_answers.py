"""Answers of an evaluation as they lie on disk: a run's, or those of a table that was scored."""

import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection.vocabulary import Vocabulary
from impasto.errors import InputError
from impasto.evaluation.loaded_classifier import correction_of
from impasto.evaluation.scoring import BOTH, TestAnswers
from impasto.files import read_json, read_table
from impasto.records.evaluation import AnswerPrior, ClassifierEvaluation
from impasto.records.run import Run, open_run


@dataclass(frozen=True, slots=True)
class ScoredAnswers:
    """An evaluation and the answers behind it.

    Attributes:
        path: the folder that was named.
        evaluation: its scores.
        table: a row a picture: ``id``, ``artist``, ``style``, ``predicted`` and others.
        run: of a classifier; ``None`` where the answers are those of a file.
    """

    path: Path
    evaluation: ClassifierEvaluation
    table: pa.Table
    run: Run | None

    def answers(self, rows: NDArray[np.int64] | None = None) -> TestAnswers:
        """The answers by the prior that they suppose; a table's as they stand.

        Args:
            rows: of the collection, for the answers to carry; those of the table where ``None``.
        """
        vocabulary = Vocabulary.of(self.evaluation.styles)
        predicted = _positions(self.table, vocabulary)
        rows = np.arange(len(predicted)) if rows is None else rows
        styles: dict[AnswerPrior, NDArray[np.int64]] = {"given": predicted}
        if self.run is not None:
            calibration = self.evaluation.calibration
            temperature = calibration.temperature if calibration else 1.0
            logits = np.asarray(self.table["logits"].to_pylist(), np.float32)
            correction = correction_of(self.run)
            styles = {p: correction.under(p)(logits, temperature).argmax(1) for p in BOTH}
        return TestAnswers(rows, styles, {})


def read_scored(path: Path, collection: str | None = None) -> ScoredAnswers:
    """The evaluation of a run, or of a table of predictions, with its answers.

    Args:
        path: the run's folder, or the one that the scores of a table were written to.
        collection: fingerprint of the collection that the run should have been evaluated on; its
            own where ``None``, or where it was not.

    Raises:
        RunError: there is neither.
        InputError: the run is not evaluated, or a file is damaged.
    """
    own = path / "evaluation"
    run = None
    if (path / "run.json").is_file() or not (own / "metrics.json").is_file():
        run = open_run(path, "classifier")
    marks = {file.parent: read_json(file) for file in path.glob("evaluation*/metrics.json")}
    on_it = [place for place, mark in marks.items() if mark["collection_fingerprint"] == collection]
    folder = min(on_it, default=own)
    again = f"impasto evaluate {shlex.quote(str(path))}"
    if not (folder / "metrics.json").is_file():
        raise InputError(f"{path} is not evaluated: run {again} first")
    evaluation = ClassifierEvaluation.read(folder / "metrics.json", what="evaluation", verb=again)
    columns = ["id", "artist", "style", "predicted", *(["logits"] if run else [])]
    table = read_table(folder / "predictions.parquet", columns, f"run {again} again")
    return ScoredAnswers(path, evaluation, table, run)


def _positions(table: pa.Table, vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Positions of the answers; the one after the last style for none."""
    places = {style: place for place, style in enumerate(vocabulary.styles)}
    return np.array([places.get(name, len(places)) for name in table["predicted"].to_pylist()])

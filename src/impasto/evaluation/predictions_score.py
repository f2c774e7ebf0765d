"""The score of predictions that another program made, as of a run.

OUTPUT/evaluation/metrics.json           scores, baselines, per style, confusion, what was left out
OUTPUT/evaluation/predictions.parquet    one row a scored picture
OUTPUT/evaluation/findings.json          IMP301 to IMP306, IMP330 to IMP333
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection, open_collection
from impasto.collection.picture_draws import known_artists
from impasto.errors import InputError
from impasto.evaluation.baselines import Baseline, drawn_baselines
from impasto.evaluation.given_predictions import (
    GivenPredictions,
    ScoredPictures,
    read_given,
    scored_pictures,
)
from impasto.evaluation.loaded_classifier import PriorCorrection, shares_of
from impasto.evaluation.paired_answers import gains, paired_p
from impasto.evaluation.predictions_findings import predictions_findings
from impasto.evaluation.prior_scores import PriorScores, matching_prior
from impasto.evaluation.scored_answers import ScoredAnswers, read_scored
from impasto.evaluation.scoring import BOTH, TestAnswers, calibration_scores, score_answers
from impasto.evaluation.settings import PredictionsSettings
from impasto.files import write_table
from impasto.numerics.bootstrap import PictureDraws
from impasto.records import finding as findings
from impasto.records.evaluation import (
    AnswerPrior,
    ClassifierEvaluation,
    PairedTest,
    TestMix,
)
from impasto.records.record import Interval
from impasto.state.fingerprint import done, not_done
from impasto.state.folder import refuse_other_work

OWN: Final = ("evaluation", "report.html", "report.md", "figures", "tables")
"""Names of all that is written into the folder."""
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def score_predictions(
    file: Path,
    collection: Path | Collection,
    output: Path,
    settings: PredictionsSettings | None = None,
    *,
    against: Sequence[Path] = (),
    announce: Callable[[str], None] | None = None,
) -> ClassifierEvaluation:
    """Score a table of predictions, and write the result as of a run.

    Args:
        file: CSV, TSV, parquet, JSON or JSON lines; or a folder of texts.
        collection: with the pictures that it answers.
        output: the folder to write.
        settings: the defaults where ``None``.
        against: evaluated runs to compare with on the same pictures.
        announce: called with a line for each thing that a reader of the score must know.

    Raises:
        InputError: the table is refused; see ``read_given``.
        VocabularyError: a class is no style of the collection.
        RunError: a run to compare with is none.
        OutputError: the folder holds other work.
    """
    settings = settings or PredictionsSettings()
    if not file.exists():
        raise InputError(f"no predictions in {file}: give a table with --predictions")
    opened = collection if isinstance(collection, Collection) else open_collection(collection)
    pictures = scored_pictures(opened, settings.split or "test")
    refuse_other_work(output, OWN)
    given = read_given(file, pictures, settings)
    for line in summary_lines(given):
        (announce or (lambda text: None))(line)
    others = [read_scored(path, opened.fingerprint) for path in against]
    exam = Exam.of(pictures, given.rows, settings)
    _, evaluation = exam.score(given, settings, others)
    return write_score(evaluation, given, exam, output / "evaluation", settings)


@dataclass(frozen=True, slots=True)
class Exam:
    """Pictures to answer, with the draws and baselines that all answers to them share.

    Attributes:
        pictures: of the collection.
        rows: of it, ``int64 (N,)``.
        draws: of the rows; the style after the last is that of answers that name none.
        mix: the prior that matches the pictures.
        simple: the baselines.
        correction: the prior correction of probabilities of a known prior.
    """

    pictures: ScoredPictures
    rows: Labels
    draws: PictureDraws
    mix: TestMix
    simple: Mapping[str, Baseline | None]
    correction: PriorCorrection

    @classmethod
    def of(cls, pictures: ScoredPictures, rows: Labels, settings: PredictionsSettings) -> "Exam":
        """Draw the pictures again, and score the baselines on them."""
        collection = pictures.collection
        draws = PictureDraws.make(
            collection.labels[rows],
            len(collection.vocabulary) + 1,
            known_artists(collection, rows),
            resamples=settings.bootstrap_samples,
            seed=settings.seed,
        )
        shares = shares_of(collection.counts("train").astype(np.float64))
        own = collection.record.split != "given" and pictures.split != "all"
        mix = matching_prior(collection, shares, own=own)
        # Scored on validation, nothing is chosen on it, nor on the test split
        chosen_on = collection.indices("validation") if pictures.split == "test" else rows[:0]
        parts = {"train": collection.indices("train"), "validation": chosen_on, "test": rows}
        simple = drawn_baselines(collection, parts, PriorScores(draws, mix.prior))
        correction = PriorCorrection(shares, shares, 0.0, uniform=True)
        return cls(pictures, rows, draws, mix, simple, correction)

    def score(
        self,
        given: GivenPredictions,
        settings: PredictionsSettings,
        others: Sequence[ScoredAnswers] = (),
    ) -> tuple[TestAnswers, ClassifierEvaluation]:
        """Score the answers of a table beside baselines and other evaluations; both."""
        answers = self._answers(given, settings)
        prior: AnswerPrior = "given" if "given" in answers.styles else "uniform"
        collection = self.pictures.collection
        made = score_answers(
            collection, answers, prior, self.simple, mix=self.mix, draws=self.draws
        )
        calibration = None
        if answers.probabilities:
            under: AnswerPrior = prior if prior == "given" else self.mix.prior
            found = answers.probabilities[under]
            calibration = calibration_scores(
                under,
                self.draws.labels,
                found,
                found,
                temperature=1.0,
                draws=self.draws,
                seed=settings.seed,
            )
        tests = tuple(self._test(answers, prior, one) for one in others)
        whole = made.model_copy(
            update={
                "split": self.pictures.split,
                "calibration": calibration,
                "source": given.source.model_copy(update={"against": tests}),
            }
        )
        return answers, whole

    def _answers(self, given: GivenPredictions, settings: PredictionsSettings) -> TestAnswers:
        if settings.prior == "given":
            found = given.probabilities
            held: dict[AnswerPrior, Any] = {} if found is None else {"given": found}
            return TestAnswers(given.rows, {"given": given.answers}, held)
        if given.probabilities is None:
            raise InputError(
                f"{given.source.file} has no probability of every style for every picture, so that "
                f"--prior {settings.prior} can correct nothing: leave it out"
            )
        logs = np.log(np.maximum(given.probabilities, np.finfo(np.float64).tiny))
        if settings.prior == "uniform":  # as if the training's prior had never been left out
            logs += np.log(self.correction.prior)
        corrected: dict[AnswerPrior, Any] = {
            prior: self.correction.under(prior)(logs.astype(np.float32), 1.0) for prior in BOTH
        }
        return TestAnswers(
            given.rows, {prior: found.argmax(1) for prior, found in corrected.items()}, corrected
        )

    def _test(self, answers: TestAnswers, prior: AnswerPrior, other: ScoredAnswers) -> PairedTest:
        """A paired test with the answers of another evaluation.

        Raises:
            InputError: it did not answer the same pictures.
        """
        ids = self.pictures.collection.column("id")
        place = {id_: number for number, id_ in enumerate(other.table["id"].to_pylist())}
        missing = [ids[row] for row in self.rows if ids[row] not in place]
        if missing or other.evaluation.styles != self.pictures.collection.vocabulary.styles:
            what = f"did not answer {missing[0]}" if missing else "has other styles"
            raise InputError(
                f"{other.path} {what}: evaluate it on {self.pictures.collection.path} with "
                "--collection"
            )
        found = other.answers()
        order = np.array([place[ids[row]] for row in self.rows])
        ordered = TestAnswers(
            self.rows, {name: each[order] for name, each in found.styles.items()}, {}
        )
        scored = PriorScores(self.draws, self.mix.prior)
        ours = scored.read(answers.drawn(self.draws))
        theirs = scored.read(ordered.drawn(self.draws))
        key: AnswerPrior = "given" if "given" in ordered.styles else "uniform"
        return PairedTest(
            run=str(other.path),
            scores={
                name: Interval(**self.draws.estimate(values)) for name, values in theirs.items()
            },
            gains=gains(self.draws, ours, theirs),
            p=paired_p(self.draws, answers.styles[prior], ordered.styles[key]),
        )


def write_score(
    evaluation: ClassifierEvaluation,
    given: GivenPredictions,
    exam: Exam,
    folder: Path,
    settings: PredictionsSettings,
) -> ClassifierEvaluation:
    """Write the score of a table into a folder, and return it tied to the folder."""
    not_done(folder)
    file = folder / "predictions.parquet"
    write_answers(file, exam, given.rows, given.answers, given.probabilities)
    evaluation.write(folder / "metrics.json")
    findings.save(folder / "findings.json", predictions_findings(evaluation, given))
    fingerprint = exam.pictures.collection.fingerprint
    done(folder, settings=settings, digest=given.source.digest, collection=fingerprint)
    return evaluation.at(folder)


def write_answers(
    file: Path, exam: Exam, rows: Labels, answers: Labels, probabilities: Floats | None
) -> None:
    """Write ``predictions.parquet``, a row a picture.

    Args:
        file: to write.
        exam: with the pictures.
        rows: of the collection that were answered.
        answers: to them, ``(N,)``; the number of styles stands for none.
        probabilities: ``(N, styles)``; ``None`` where they are not known.
    """
    collection = exam.pictures.collection
    styles = np.asarray([*collection.vocabulary.styles, None], object)
    columns: dict[str, Any] = {
        name: collection.table.column(name).take(rows) for name in ("id", "artist")
    }
    columns |= {
        "style": styles[collection.labels[rows]].tolist(),
        "predicted": styles[answers].tolist(),
    }
    if probabilities is not None:
        columns |= {"confidence": probabilities.max(1), "probabilities": list(probabilities)}
    write_table(file, columns)


def summary_lines(given: GivenPredictions) -> list[str]:
    """Lines on all that a reader of the score must know."""
    source, lines = given.source, []
    for note in source.notes:
        lines.append(f"note: {note}")
    if source.missing:
        rule = "counts as a wrong answer" if source.missing_rule == "wrong" else "is left out"
        total = source.missing + source.answered
        lines.append(
            f"{source.missing:,} of {total:,} pictures have no row, as {given.missing[0]}: each "
            f"{rule}"
        )
    if source.foreign:
        lines.append(f"{source.foreign:,} answers name no style of the collection: they are wrong")
    if source.other_splits:
        lines.append(f"{source.other_splits:,} rows on pictures of other splits are left out")
    if given.trained_on:
        lines.append(f"{len(given.trained_on):,} pictures that it was trained on are left out")
    if source.repeated:
        lines.append(f"{source.repeated:,} rows repeat another one")
    if given.left_out:
        first = given.left_out[0]
        lines.append(
            f"{len(given.left_out):,} rows are left out; the first, {first['row']}: "
            f"{first['reason']}"
        )
    return lines

"""Comparison of many submissions on the same hidden pictures: a class's exam.

OUTPUT/comparison.json                        scores, groups, paired tests, equal mistakes
OUTPUT/findings.json                          IMP340, IMP341
OUTPUT/submissions/NAME/evaluation/           of each, as of ``evaluate --predictions``

A submission is a run, or a file of predictions. All are scored on the same pictures and draws; a
picture without an answer counts as wrong. One that cannot be scored is named with the reason, and
the rest goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from impasto.collection.collection import Collection, open_collection
from impasto.collection.run_collection import training_hashes
from impasto.config import Device
from impasto.errors import ImpastoError, InputError
from impasto.evaluation.equal_mistakes import equal_mistakes
from impasto.evaluation.evaluation_findings import number_findings, overlap_of
from impasto.evaluation.given_predictions import read_given, scored_pictures
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.evaluation.paired_answers import paired_p
from impasto.evaluation.predictions_score import Exam, write_answers, write_score
from impasto.evaluation.prior_scores import PriorScores
from impasto.evaluation.scoring import BOTH, TestAnswers, score_answers
from impasto.evaluation.settings import EvaluateSettings, PredictionsSettings
from impasto.files import read_json
from impasto.numerics.formatting import count
from impasto.numerics.letter_groups import letter_groups, letters
from impasto.numerics.sign_tests import holm
from impasto.path_names import path_names
from impasto.records import finding as findings
from impasto.records.class_comparison import (
    ClassComparison,
    EqualMistakes,
    Refusal,
    Submission,
    SubmissionPair,
)
from impasto.records.evaluation import AnswerPrior, ClassifierEvaluation, PairedScore
from impasto.records.finding import Finding
from impasto.records.place import TABLES
from impasto.records.record import Interval
from impasto.records.run import command
from impasto.state.folder import refuse_other_work

OWN: Final = (
    *("comparison.json", "findings.json", "submissions", "pages", "index.html", "summary.md"),
    *("figures", "tables"),
)
"""Names of all that is written into the folder."""
ORDERS: Final = ("classes.txt", "classes.json", "class_to_idx.json", "class_names.txt")
"""Files beside a submission that give the order of its class numbers."""


class ClassSettings(PredictionsSettings):
    """Settings of a comparison of submissions on hidden pictures."""

    split: Literal["test", "validation", "all"] = Field(
        "test",
        description="pictures that are scored: test, validation or all; other rows are left out",
    )
    missing: Literal["wrong"] = Field(
        "wrong", description="pictures without a row count as wrong: all answer the same pictures"
    )
    score: PairedScore = Field(
        "balanced_accuracy", description="that submissions are ranked and compared by"
    )
    level: float = Field(
        0.05, gt=0, lt=1, description="of the paired tests, together (Holm's correction)"
    )
    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class SubmissionPath:
    """A submission as it lies on disk.

    Attributes:
        name: of the file or folder.
        path: a run, a table, or a folder of texts.
        classes: a file beside it with the order of its class numbers; ``None`` without one.
    """

    name: str
    path: Path
    classes: Path | None = None


@dataclass(frozen=True, slots=True)
class _Scored:
    """A submission with its answers and scores."""

    entry: SubmissionPath
    answers: TestAnswers
    evaluation: ClassifierEvaluation


def compare_class(
    paths: Sequence[Path],
    hidden: Path | Collection,
    output: Path,
    settings: ClassSettings | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> ClassComparison:
    """Score and compare submissions on hidden pictures, and write the result.

    Args:
        paths: runs, files of predictions, and folders of them.
        hidden: the collection with the pictures.
        output: the folder to write.
        settings: the defaults where ``None``.
        announce: called with a line for each submission.

    Raises:
        InputError: there is no submission, or none can be scored.
        CollectionError: the collection has no pictures to score.
        OutputError: the folder holds other work.
    """
    settings, log = settings or ClassSettings(), announce or (lambda line: None)
    opened = hidden if isinstance(hidden, Collection) else open_collection(hidden)
    entries = find_entries(paths)
    refuse_other_work(output, OWN)
    pictures = scored_pictures(opened, settings.split)
    exam = Exam.of(pictures, pictures.rows, settings)
    folders = path_names([entry.name for entry in entries])
    scored: list[_Scored] = []
    refused: list[Refusal] = []
    for number, entry in enumerate(entries, 1):
        place = output / "submissions" / folders[entry.name]
        try:
            one = _score(entry, exam, settings, place)
        except ImpastoError as error:
            reason = str(error).replace(str(entry.path), entry.path.name)
            refused.append(Refusal(name=entry.name, file=str(entry.path), reason=reason))
            log(f"{number} of {len(entries)}: {entry.name} is refused: {reason}")
            continue
        scored.append(one)
        log(f"{number} of {len(entries)}: {entry.name}: {one.evaluation.scores[settings.score]}")
    if not scored:
        raise InputError(
            f"none of {count(len(entries), 'submission')} could be scored; the first, "
            f"{refused[0].name}: {refused[0].reason}"
        )
    made = _compared(scored, refused, exam, settings, folders)
    findings.save(output / "findings.json", _findings(made))
    return made.write(output / "comparison.json")


def find_entries(paths: Sequence[Path]) -> list[SubmissionPath]:
    """The submissions in files and folders, in the order of their names.

    A folder that is no run and no folder of texts holds a submission in each file and folder; of a
    folder within it, its one table or run is the submission.

    Raises:
        InputError: a path does not exist, or there is no submission.
    """
    found: list[SubmissionPath] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"no submission in {path}: give runs, tables, or a folder of them")
        if path.is_file() or _is_one(path):
            found.append(SubmissionPath(path.stem if path.is_file() else path.name, path))
            continue
        inner = [one for one in sorted(path.iterdir()) if one.name[0] not in "._"]
        found += [_within(one) for one in inner if one.name not in ORDERS]
    if not found:
        raise InputError(f"{paths[0]} holds no submission: give a table or a run for each student")
    names: dict[str, int] = {}
    unique = []
    for entry in found:
        names[entry.name] = names.get(entry.name, 0) + 1
        again = names[entry.name]
        name = entry.name if again == 1 else f"{entry.name} ({again})"
        unique.append(SubmissionPath(name, entry.path, entry.classes))
    return unique


def _is_one(folder: Path) -> bool:
    """Whether a folder is a run, a score of predictions, or one of texts."""
    if (folder / "run.json").is_file() or (folder / "evaluation" / "predictions.parquet").is_file():
        return True
    return _holds_texts(folder)


def _holds_texts(folder: Path) -> bool:
    """Whether a folder holds texts alone, one a picture."""
    files = [one for one in folder.iterdir() if one.name[0] != "."]
    return len(files) > len(ORDERS) and all(one.suffix == ".txt" for one in files)


def _within(path: Path) -> SubmissionPath:
    """The submission that a file or folder in a folder of submissions is."""
    if path.is_file():
        return SubmissionPath(path.stem, path)
    order = next((path / name for name in ORDERS if (path / name).is_file()), None)
    if _is_one(path):
        return SubmissionPath(path.name, path, order)
    tables = [
        one
        for one in sorted(path.rglob("*"))
        if (one.is_dir() and _holds_texts(one))
        or (one.is_file() and one.suffix.lower() in {*TABLES, ".json"} and one.name not in ORDERS)
    ]
    runs = sorted(path.rglob("run.json"))
    if len(runs) == 1 and not tables:
        return SubmissionPath(path.name, runs[0].parent)
    return SubmissionPath(path.name, tables[0] if len(tables) == 1 else path, order)


def _score(entry: SubmissionPath, exam: Exam, settings: ClassSettings, place: Path) -> _Scored:
    """Score one submission, and write its evaluation.

    Raises:
        ImpastoError: it cannot be scored.
    """
    refuse_other_work(place, ("evaluation",))
    if (entry.path / "run.json").is_file():
        return _score_run(entry, exam, settings, place)
    file = entry.path / "evaluation" / "predictions.parquet"
    file = file if file.is_file() else entry.path
    if file.is_dir() and not any(file.glob("*.txt")):
        names = ", ".join(sorted(one.name for one in file.iterdir())[:3]) or "nothing"
        raise InputError(f"{file} holds no table of predictions, or several: it holds {names}")
    own = settings
    if entry.classes is not None and settings.classes is None:
        own = settings.model_copy(update={"classes": str(entry.classes)})
    given = read_given(file, exam.pictures, own)
    if given.trained_on:
        raise InputError(
            f"{file}: the model was trained on {count(len(given.trained_on), 'hidden picture')} by "
            f"its own account, as {given.trained_on[0]}"
        )
    answers, evaluation = exam.score(given, own)
    written = write_score(evaluation, given, exam, place / "evaluation", own)
    return _Scored(entry, answers, written)


def _score_run(entry: SubmissionPath, exam: Exam, settings: ClassSettings, place: Path) -> _Scored:
    network = open_classifier(entry.path, settings.device)
    collection, run = exam.pictures.collection, network.run
    collection.vocabulary.require(run.styles, f"the run in {run.path}")
    found = network.outputs(collection, exam.rows, EvaluateSettings().views)
    calibration = run.evaluation_path / "calibration.json"
    temperature = float(read_json(calibration)["temperature"]) if calibration.is_file() else 1.0
    correction = network.prior_correction(uniform=True)
    shares: dict[AnswerPrior, NDArray[np.float64]] = {
        prior: correction.under(prior)(found.logits, temperature) for prior in BOTH
    }
    answers = TestAnswers(
        exam.rows, {prior: each.argmax(1) for prior, each in shares.items()}, shares
    )
    evaluation = score_answers(
        collection, answers, "uniform", exam.simple, mix=exam.mix, draws=exam.draws
    ).model_copy(update={"split": exam.pictures.split})
    folder = place / "evaluation"
    write_answers(
        folder / "predictions.parquet",
        exam,
        exam.rows,
        answers.styles["uniform"],
        shares["uniform"],
    )
    evaluation.write(folder / "metrics.json")
    hashes, ids = collection.column("sha256"), collection.column("id")
    known = set[str]().union(*training_hashes(run))
    learned = [ids[row] for row in exam.rows if hashes[row] in known]
    judged = [*number_findings(evaluation), overlap_of(learned, len(exam.rows))]
    findings.save(folder / "findings.json", sorted(judged, key=lambda one: one.code))
    return _Scored(entry, answers, evaluation.at(folder))


def _compared(
    scored: Sequence[_Scored],
    refused: Sequence[Refusal],
    exam: Exam,
    settings: ClassSettings,
    folders: dict[str, str],
) -> ClassComparison:
    key = settings.score
    scored = sorted(scored, key=lambda one: (-one.evaluation.scores[key].value, one.entry.name))
    names = [one.entry.name for one in scored]
    pairs = _pairs(scored, exam, settings)
    different = [
        (names.index(one.one), names.index(one.other))
        for one in pairs
        if one.corrected < settings.level
    ]
    groups = letter_groups(len(names), different)
    marks = letters(groups, len(names))
    values = [one.evaluation.scores[key].value for one in scored]
    first = scored[0].evaluation
    return ClassComparison(
        command=command(),
        collection=first.collection,
        collection_fingerprint=first.collection_fingerprint,
        split=exam.pictures.split,
        pictures=len(exam.rows),
        styles=first.styles,
        resampled=first.resampled,
        score=key,
        level=settings.level,
        baselines={name: one.scores for name, one in first.baselines.items() if one},
        submissions=tuple(
            _submission(one, folders[one.entry.name], values, marks[place], key)
            for place, one in enumerate(scored)
        ),
        refused=tuple(refused),
        groups=tuple(tuple(names[place] for place in group) for group in groups),
        pairs=tuple(pairs),
        mistakes=equal_mistakes(
            names,
            np.stack([_main(one.answers) for one in scored]),
            exam.draws.labels,
            len(first.styles),
        ),
    )


def _submission(
    one: _Scored, folder: str, values: Sequence[float], marks: str, key: PairedScore
) -> Submission:
    found, evaluation = one.evaluation.findings, one.evaluation
    beaten = [
        name
        for name, baseline in evaluation.baselines.items()
        if baseline and baseline.gains[key].low > 0
    ]
    return Submission(
        name=one.entry.name,
        file=str(one.entry.path),
        folder=folder,
        scores=evaluation.scores,
        rank=1 + sum(value > evaluation.scores[key].value for value in values),
        letters=marks,
        better_than=tuple(beaten),
        missing=evaluation.source.missing if evaluation.source else 0,
        issues=tuple(sorted({each.code for each in found if each.outcome == "issue"})),
        invalid=findings.invalidated(found),
    )


def _pairs(scored: Sequence[_Scored], exam: Exam, settings: ClassSettings) -> list[SubmissionPair]:
    """Paired differences and tests of every two submissions, the better one first."""
    key, draws = settings.score, exam.draws
    reader = PriorScores(draws, exam.mix.prior)
    drawn = [reader.read(one.answers.drawn(draws))[key] for one in scored]
    answers = [_read(one.answers, key, exam) for one in scored]
    found, raw = [], []
    for one, other in combinations(range(len(scored)), 2):
        raw.append(
            paired_p(draws, answers[one], answers[other], balanced=key == "balanced_accuracy")
        )
        found.append((one, other, draws.estimate(drawn[one] - drawn[other], least=-1.0)))
    return [
        SubmissionPair(
            one=scored[one].entry.name,
            other=scored[other].entry.name,
            gain=Interval(**gain),
            p=p,
            corrected=corrected,
        )
        for (one, other, gain), p, corrected in zip(found, raw, holm(raw), strict=True)
    ]


def _read(answers: TestAnswers, key: PairedScore, exam: Exam) -> NDArray[np.int64]:
    """The answers that a score is read of."""
    prior: AnswerPrior = exam.mix.prior if key == "accuracy" else "uniform"
    return answers.styles.get(prior, _main(answers))


def _main(answers: TestAnswers) -> NDArray[np.int64]:
    return answers.styles["given" if "given" in answers.styles else "uniform"]


def _findings(made: ClassComparison) -> list[Finding]:
    return [_equal(made, made.suspicious), _refused(made)]


def _equal(made: ClassComparison, found: Sequence[EqualMistakes]) -> Finding:
    numbers = {"pairs": float(len(made.mistakes)), "suspicious": float(len(found))}
    if len(made.submissions) < 2:
        return Finding("IMP340", "not applicable", "There is one submission.", numbers)
    pairs = count(len(made.pairs), "pair")
    text = f"None of {pairs} of submissions shares nearly all of its mistakes."
    if found:
        first = found[0]
        text = (
            f"{count(len(found), 'pair')} of submissions share nearly all of their mistakes; the "
            f"first, {first.one} and {first.other}: of {first.wrong} pictures that either has "
            f"wrong, {first.shared} are wrong in the same way, where {first.expected:.0f} were "
            "expected."
        )
    items = [
        {"one": one.one, "other": one.other, "shared": one.shared, "wrong": one.wrong}
        for one in found
    ]
    return Finding("IMP340", "issue" if found else "passed", text, numbers, items)


def _refused(made: ClassComparison) -> Finding:
    total = len(made.submissions) + len(made.refused)
    numbers = {"submissions": float(total), "refused": float(len(made.refused))}
    if not made.refused:
        return Finding("IMP341", "passed", f"All {total} submissions are scored.", numbers)
    text = f"{len(made.refused)} of {count(total, 'submission')} could not be scored."
    items = [{"name": one.name, "reason": one.reason} for one in made.refused]
    return Finding("IMP341", "issue", text, numbers, items)

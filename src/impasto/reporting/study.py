"""Records of a study, gathered for its report.

Nothing is computed here that another stage has measured. A stage that has not happened yet is
``None``; a file that is there but damaged is an error that names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from impasto.collection.audit import label_check
from impasto.collection.collection import Collection, open_collection
from impasto.files import read_json
from impasto.records import finding as findings
from impasto.records.atlas import Atlas
from impasto.records.balance import BalanceResult
from impasto.records.by_artist import ByArtistResult
from impasto.records.collection import AuditRecord
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.explanation import Explanation
from impasto.records.finding import Finding
from impasto.records.label_check import LabelCheck
from impasto.records.label_order import FILE as LABEL_ORDER
from impasto.records.label_order import LabelOrder
from impasto.records.lora_score import LoraScore
from impasto.records.painter_score import PainterScore
from impasto.records.place import GALLERY, require_study
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.record import Result
from impasto.records.run import Run, RunKind, open_run
from impasto.reporting.blocks import Block, Code, notice
from impasto.reporting.pictures import Paintings, PredictedStyle, predictions_of

E = TypeVar("E", bound=Result)
R = TypeVar("R", bound=Result)
GIVEN = "impasto evaluate --pictures"
COURSE = "plane"
"""Styling of the university course's form, the baseline of painters."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a record among those of its kind in a report.

    Attributes:
        name: the run's folder.
        number: from 1.
        count: of records of its kind.
        fingerprint: of the collection that the report describes; ``None`` outside of a report.
    """

    name: str = ""
    number: int = 1
    count: int = 1
    fingerprint: str | None = None

    @property
    def several(self) -> bool:
        """Whether the report has more than one of its kind."""
        return self.count > 1

    @property
    def prefix(self) -> str:
        """The beginning of the names of its figures."""
        return f"{self.name}-" if self.several else ""

    def anchor(self, anchor: str) -> str:
        """An anchor that no other record of its kind has."""
        return f"{anchor}-{self.number}" if self.several else anchor

    def other_collection(self, noun: str, verb: str, fingerprint: str) -> tuple[Block, ...]:
        """A notice where a record is not of the collection that the report describes."""
        if self.fingerprint in (None, fingerprint):
            return ()
        text = f"{noun} was {verb} another collection (fingerprint "
        return (notice(text, Code(fingerprint), ") than the one described here."),)


@dataclass(frozen=True, slots=True)
class TrainedRun(Generic[E]):
    """A run with its evaluation.

    Attributes:
        run: the opened run.
        place: among the runs of its kind.
        record: ``run.json`` as it stands.
        trained: findings of the training, ``None`` before its end.
        evaluation: ``None`` where it has not been evaluated.
        explanation: of a classifier's evaluation.
        by_artist: of a classifier's recipe.
        label_order: what a classifier would score if the order of its labels were lost.
        predictions: of a classifier, for test pictures.
    """

    run: Run
    place: Place
    record: Mapping[str, Any]
    trained: Sequence[Finding] | None
    evaluation: E | None
    explanation: Explanation | None = None
    by_artist: ByArtistResult | None = None
    label_order: LabelOrder | None = None
    predictions: tuple[PredictedStyle, ...] = ()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.path.name

    @property
    def command(self) -> str:
        """The command that trained it."""
        return str(self.record.get("command", "not recorded"))

    @property
    def running(self) -> bool:
        """Whether the training has not come to its end."""
        return self.run.state == "running"

    @property
    def found(self) -> list[Finding]:
        """Findings of training and evaluation."""
        return [*(self.trained or ()), *(self.evaluation.findings if self.evaluation else ())]

    @property
    def title(self) -> str:
        """The run in words: its name, and what is special about it."""
        settings = self.run.settings
        if self.run.kind == "painter" and settings.get("styling") == COURSE:
            return f"{self.name} (the course’s form)"
        if self.run.kind == "classifier" and settings.get("network") in ("in-class", "published"):
            return f"{self.name} (the course’s network)"
        return self.name


@dataclass(frozen=True, slots=True)
class StudyRecords:
    """Records of a study.

    Attributes:
        name: the study folder's name.
        collection: the opened collection.
        prepared: findings of prepare.
        audited: findings of the audit, ``None`` where the collection was not audited as it is.
        classifiers, autoencoders, loras: by name.
        painters: by name, the course's form last.
        atlases: each with its place, that of an autoencoder first, those of other vectors last,
            yardsticks at the very end.
        given: scores of pictures that other programs made, by the name of their folder.
        balance: the comparison of long-tail methods.
        labels: the check of the labels, ``None`` where they were not checked as they are.
        predictions: scores of other programs' predictions on this collection, by name.
        page: whether there is an atlas page to link to.
        synthetic: whether the pictures are those of a sample gallery, painted by code.
    """

    name: str
    collection: Collection
    prepared: Sequence[Finding]
    audited: Sequence[Finding] | None
    classifiers: tuple[TrainedRun[ClassifierEvaluation], ...]
    autoencoders: tuple[TrainedRun[AutoencoderEvaluation], ...]
    loras: tuple[TrainedRun[LoraScore], ...]
    painters: tuple[TrainedRun[PainterScore], ...]
    atlases: tuple[tuple[Atlas, Place], ...]
    given: tuple[tuple[str, PainterScore], ...]
    balance: BalanceResult | None
    labels: LabelCheck | None = None
    predictions: tuple[tuple[str, ClassifierEvaluation], ...] = ()
    page: bool = False
    synthetic: bool = False

    @property
    def runs(self) -> list[TrainedRun[Any]]:
        """All runs, by kind."""
        return [*self.classifiers, *self.autoencoders, *self.loras, *self.painters]

    @property
    def paintings(self) -> Paintings:
        """The paintings of the collection, to be shown."""
        return Paintings(self.collection)

    @property
    def command(self) -> str:
        """The command that prepared the collection."""
        return self.collection.record.command

    @property
    def main(self) -> TrainedRun[ClassifierEvaluation] | None:
        """The classifier that the headline is about: the best on validation, never on test."""
        return max(self.classifiers, key=_validation_score, default=None)


def read_study(
    study: Path, collection: Path | None = None, runs: Sequence[Path] | None = None
) -> StudyRecords:
    """Read the records of a study folder.

    Args:
        study: the folder.
        collection: where the collection is; ``STUDY/collection`` where ``None``.
        runs: the run folders; those under ``STUDY/runs`` where ``None``.

    Raises:
        ImpastoError: there is no study or no collection, or one of the files is damaged.
    """
    require_study(study)
    opened = open_collection(collection or study / "collection")
    mark = opened.fingerprint
    if runs is None:
        runs = sorted(path.parent for path in study.glob("runs/*/run.json"))
    opened_runs = [open_run(Path(path)) for path in runs]
    painters = _runs(
        opened_runs, "painter", mark, PainterScore, "painting.json", "score of a painter"
    )
    atlases = [
        (run.path.resolve().name, atlas)
        for run in sorted(opened_runs, key=lambda run: run.kind != "autoencoder")
        if (atlas := _result(Atlas, run.path / "atlas" / "atlas.json", "atlas", "impasto atlas"))
    ]
    others = [
        (file.parent.name, Atlas.read(file, what="atlas", verb="impasto atlas"))
        for file in sorted(study.glob("atlases/*/atlas.json"))
    ]
    atlases += sorted(others, key=lambda pair: pair[1].pretrained)
    audit = _result(AuditRecord, opened.path / "audit.json", "audit", "impasto audit")
    return StudyRecords(
        name=study.resolve().name,
        collection=opened,
        prepared=_findings(opened.path) or (),
        audited=audit.findings if audit and audit.fingerprint == mark else None,
        classifiers=_runs(
            opened_runs, "classifier", mark, ClassifierEvaluation, "metrics.json", "evaluation"
        ),
        autoencoders=_runs(
            opened_runs, "autoencoder", mark, AutoencoderEvaluation, "metrics.json", "evaluation"
        ),
        loras=_runs(opened_runs, "lora", mark, LoraScore, "scorecard.json", "scorecard"),
        painters=tuple(sorted(painters, key=lambda run: run.run.settings.get("styling") == COURSE)),
        atlases=tuple(
            (atlas, Place(name, number, len(atlases), mark))
            for number, (name, atlas) in enumerate(atlases, 1)
        ),
        given=tuple(
            (file.parent.name, PainterScore.read(file, what="score of pictures", verb=GIVEN))
            for file in sorted(study.glob("pictures/*/painting.json"))
        ),
        balance=_result(
            BalanceResult, study / "balance" / "balance.json", "comparison", "impasto balance"
        ),
        labels=label_check(opened),
        predictions=tuple(
            (path.parents[1].name, found)
            for path in sorted(study.glob("predictions/*/evaluation/metrics.json"))
            if (found := _predictions(path)).collection_fingerprint == mark
        ),
        synthetic=any(
            (place / GALLERY).is_file()
            for place in (*map(Path, opened.record.sources), study / "gallery")
        ),
    )


def _predictions(path: Path) -> ClassifierEvaluation:
    return ClassifierEvaluation.read(path, what="evaluation", verb="impasto evaluate --predictions")


def _runs(
    opened: Sequence[Run], kind: RunKind, fingerprint: str, result: type[R], file: str, noun: str
) -> tuple[TrainedRun[R], ...]:
    """The runs of one kind, each with its evaluation."""
    ours = [run for run in opened if run.kind == kind]
    made = []
    for number, run in enumerate(ours, 1):
        folder = run.evaluation_path
        evaluation = _result(result, folder / file, noun, "impasto evaluate")
        trained = TrainedRun(
            run=run,
            place=Place(run.path.name, number, len(ours), fingerprint),
            record=read_json(run.path / "run.json"),
            trained=_findings(run.path),
            evaluation=evaluation,
        )
        if kind == "classifier":
            trained = replace(
                trained,
                predictions=predictions_of(run),
                label_order=_result(
                    LabelOrder, run.path / LABEL_ORDER, "scores of label orders", "impasto study"
                ),
                explanation=_result(
                    Explanation, folder / "explanation.json", "explanation", "impasto evaluate"
                ),
                by_artist=_result(
                    ByArtistResult,
                    run.path / "by-artist" / "by-artist.json",
                    "comparison",
                    "impasto evaluate --by artist",
                ),
            )
        made.append(trained)
    return tuple(made)


def _result(result: type[R], path: Path, noun: str, verb: str) -> R | None:
    """A record; ``None`` where its stage has not happened or not finished."""
    return result.read(path, what=noun, verb=verb) if path.exists() else None


def _findings(folder: Path) -> list[Finding] | None:
    path = folder / "findings.json"
    return findings.load(path) if path.exists() else None


def _validation_score(run: TrainedRun[ClassifierEvaluation]) -> tuple[bool, float]:
    evaluation = run.evaluation
    validation = evaluation.validation if evaluation else None
    return evaluation is not None, validation.scores["balanced_accuracy"] if validation else 0.0

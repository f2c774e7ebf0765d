"""What a report says, gathered from a study's files: the collection, its runs and their evaluations.

Nothing is computed here that another stage has measured; a stage that has not happened yet is
``None``, and a file that is there but damaged is an error that names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from impasto.collection.collection import Collection, open_collection
from impasto.errors import ImpastoError, InputError, RunError
from impasto.files import read_json
from impasto.records import finding as findings
from impasto.records.collection import AuditRecord
from impasto.records.finding import Finding
from impasto.records.run import Run, open_run
from impasto.reporting.atlas_part import AtlasFacts, read_atlas
from impasto.reporting.autoencoders import AutoencoderFacts, read_autoencoder
from impasto.reporting.by_artist import ByArtistFacts, read_by_artist
from impasto.reporting.comparison import BalanceFacts, read_balance
from impasto.reporting.loras import LoraFacts, read_lora
from impasto.reporting.painters import PainterFacts, read_painter
from impasto.reporting.reading import read_as

"""Codes that only ``audit`` gives; ``prepare`` writes the file first, with findings of its own."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Score(_Part):
    """A share between 0 and 1 with its bootstrap interval, where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


class Baseline(_Part):
    """The scores of something simpler than the network."""

    accuracy: Score
    balanced_accuracy: Score
    macro_f1: Score
    top_3: Score | None = None
    note: str | None = None


class StyleRow(_Part):
    """One style's pictures and scores; a score is ``None`` where it has no meaning (no test picture)."""

    style: str
    train: int
    test: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    group: str | None = None


class Group(_Part):
    """The styles with many, medium or few training pictures, and their mean recall."""

    styles: int
    recall: float | None = None

    @field_validator("styles", mode="before")
    @classmethod
    def _count(cls, value: Any) -> Any:
        return len(value) if isinstance(value, list) else value


class Bin(_Part):
    """Test pictures of like confidence; ``None`` where the bin is empty."""

    confidence: float | None = None
    accuracy: float | None = None
    count: int = 0


class Calibration(_Part):
    """How far the probabilities can be taken at their word (Guo et al. 2017)."""

    temperature: float
    ece_before: float
    ece_after: float
    bins: tuple[Bin, ...] = ()


class Conformal(_Part):
    """Sets of styles that hold the true one with probability ``level`` (Vovk et al. 2005)."""

    level: float
    coverage: float | None = None
    mean_size: float | None = None


class Evaluated(_Part):
    """The content of an evaluation's ``metrics.json``."""

    split: str
    pictures: int
    collection_fingerprint: str
    command: str
    styles: tuple[str, ...]
    scores: dict[str, Score]
    baselines: dict[str, Baseline | None]
    per_style: tuple[StyleRow, ...]
    groups: dict[str, Group | None] = {}
    confusion: tuple[tuple[int, ...], ...]
    calibration: Calibration | None = None
    conformal: Conformal | None = None
    validation: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run: its record, its course, and its evaluation where there is one.

    Attributes:
        run: the opened run.
        record: ``run.json`` as it stands.
        lines: ``metrics.jsonl``.
        trained: what training found, ``None`` where it has not said yet.
        evaluation: ``None`` where the run has not been evaluated.
        evaluated: what the evaluation found.
        pictures: the evaluation's figures (PNG), by name.
        by_artist: its recipe on artists that it never saw, ``None`` where that was not measured.
    """

    run: Run
    record: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    trained: Sequence[Finding] | None
    evaluation: Evaluated | None
    evaluated: Sequence[Finding]
    pictures: tuple[Path, ...]
    by_artist: ByArtistFacts | None = None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.path.name


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """Everything a report speaks of.

    Attributes:
        name: the study folder's name.
        collection: the opened collection.
        found: what prepare and audit found, in the order of the codes.
        audited: whether the collection has been audited as it is.
        runs: the classifiers', by name.
        autoencoders: by name.
        balance: the comparison of remedies for imbalance, ``None`` where there is none.
        atlases: of the runs that have one, of whatever kind.
        loras: the runs of adapters, by name.
        painters: by name, the course's form last.
    """

    name: str
    collection: Collection
    found: Sequence[Finding]
    audited: bool
    runs: tuple[RunFacts, ...]
    autoencoders: tuple[AutoencoderFacts, ...] = ()
    balance: BalanceFacts | None = None
    atlases: tuple[AtlasFacts, ...] = ()
    loras: tuple[LoraFacts, ...] = ()
    painters: tuple[PainterFacts, ...] = ()

    @property
    def main(self) -> RunFacts | None:
        """The run that the verdict is about.

        The best on the validation split, never chosen on the test split.
        """
        if not self.runs:
            return None
        return max(
            self.runs, key=lambda facts: (facts.evaluation is not None, _validation_score(facts))
        )


def read_study(study: Path, collection: Path | None, runs: Sequence[Path] | None) -> StudyFacts:
    """The facts of a study folder.

    Args:
        study: the folder.
        collection: where the collection is; ``STUDY/collection`` where ``None``.
        runs: the run folders; those under ``STUDY/runs`` where ``None``.

    Raises:
        ImpastoError: there is no study or no collection, or one of the files is damaged.
    """
    if not study.is_dir():
        raise InputError(f"no study in {study} (no such folder): make one with impasto study")
    opened = open_collection(collection or study / "collection")
    audit, found = _audit(opened), list(_findings(opened.path / "findings.json") or ())
    if audit is not None:
        found += audit.findings
    places = sorted(path.parent for path in study.glob("runs/*/run.json")) if runs is None else runs
    opened_runs = [open_run(Path(place)) for place in places]
    painters = [read_painter(run) for run in opened_runs if run.kind == "painter"]
    return StudyFacts(
        name=study.resolve().name,
        collection=opened,
        found=sorted(found, key=lambda finding: finding.code),
        audited=audit is not None,
        runs=tuple(_run(run) for run in opened_runs if run.kind == "classifier"),
        autoencoders=tuple(
            read_autoencoder(run) for run in opened_runs if run.kind == "autoencoder"
        ),
        balance=read_balance(study / "balance"),
        atlases=tuple(atlas for place in places if (atlas := read_atlas(Path(place) / "atlas"))),
        loras=tuple(read_lora(run.path) for run in opened_runs if run.kind == "lora"),
        painters=tuple(sorted(painters, key=lambda painter: painter.baseline)),
    )


def _audit(collection: Collection) -> AuditRecord | None:
    """The audit of a collection as it is now."""
    path = collection.path / "audit.json"
    if not path.exists():
        return None
    audit = AuditRecord.read(path, what="audit", verb="impasto audit")
    return audit if audit.fingerprint == collection.fingerprint else None


def _run(run: Run) -> RunFacts:
    try:
        lines = run.metrics()
    except ValueError as error:
        raise RunError(
            f"{run.metrics_path} is damaged ({error}): train again into another folder"
        ) from error
    evaluation = None
    if (run.evaluation_path / "metrics.json").exists():
        evaluation = _evaluated(run.evaluation_path / "metrics.json")
    return RunFacts(
        run=run,
        record=read_json(run.path / "run.json"),
        lines=lines,
        trained=_findings(run.path / "findings.json"),
        evaluation=evaluation,
        evaluated=_findings(run.evaluation_path / "findings.json") or () if evaluation else (),
        pictures=tuple(sorted((run.evaluation_path / "figures").glob("*.png")))
        if evaluation
        else (),
        by_artist=read_by_artist(run.path / "by-artist"),
    )


def _evaluated(path: Path) -> Evaluated:
    return read_as(Evaluated, path, "evaluation", "impasto evaluate")


def _findings(path: Path) -> list[Finding] | None:
    if not path.exists():
        return None
    try:
        return findings.load(path)
    except ImpastoError:
        raise
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no list of findings ({error}): run the stage that wrote it again"
        ) from error


def _validation_score(facts: RunFacts) -> float:
    measured = facts.evaluation.validation if facts.evaluation else {}
    for name in ("balanced_accuracy", "accuracy"):
        value = measured.get(name)
        value = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(value, int | float):
            return float(value)
    return 0.0

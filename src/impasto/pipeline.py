"""A study: the whole path in order – gallery, collection, audit, training, evaluation, atlas, report, page.

STUDY/study.json         source, settings, command; refused when the folder is used for another study
STUDY/gallery/           the sample gallery, where no source was given
STUDY/collection/        what prepare and audit wrote
STUDY/runs/classifier/   the run, its evaluation and its atlas
STUDY/runs/autoencoder/  likewise, where it is wanted
STUDY/balance/           the comparison of remedies, where it is wanted
STUDY/report.md, .html   the report
STUDY/site/              the atlas page, where a run has an atlas

Every stage continues where it was or finds itself done, so a killed study is finished by the same
command.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from impasto.collection.audit import audit
from impasto.collection.collection import Collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import SourcePath, require_source, spelled
from impasto.comparison.balance import RemediesSettings, balance
from impasto.config import Device, Settings
from impasto.devices import device_of
from impasto.embedding.embed import EMBEDDING_KINDS
from impasto.embedding.make_atlas import make_atlas
from impasto.embedding.settings import AtlasSettings
from impasto.errors import SettingsError
from impasto.evaluation.evaluate import evaluate
from impasto.evaluation.painter_score import PaintingSettings, score_painter
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import read_json
from impasto.gallery.gallery import SampleSettings, paint_gallery
from impasto.page.export import has_atlas, write_site
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.reporting.report import write_report
from impasto.state.fingerprint import is_done
from impasto.state.folder import Claim, claimed
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.autoencoder.train import train_autoencoder
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.painter.train import PainterSettings, train_painter

WRITTEN: Final = frozenset(
    ["gallery", "collection", "runs", "balance", "report.md", "report.html", "figures", "site"]
)
"""Names of what a study writes beside ``study.json``."""
LATER: Final = {"balance": ("balance",), "painter": ("painter", "paint")}
"""Stages that a study may be given later, and the settings that then count."""


class StudySettings(Settings):
    """The settings of every stage, one table each."""

    sample: SampleSettings = Field(
        SampleSettings(), description="the gallery, painted where no source is given"
    )
    prepare: PrepareSettings = Field(PrepareSettings(), description="the collection")
    train: ClassifierSettings = Field(ClassifierSettings(), description="the classifier")
    autoencoder: AutoencoderSettings = Field(
        AutoencoderSettings(),
        description="the autoencoder; without resolution, device and seed: as the classifier",
    )
    warm_start: bool = Field(
        False,
        description="train the autoencoder first, and let the classifier begin as its manner's network",
    )
    leave_out: tuple[Literal["autoencoder", "page"], ...] = Field(
        (), description="stages that are not wanted"
    )
    evaluate: EvaluateSettings = Field(EvaluateSettings(), description="the evaluation")
    atlas: AtlasSettings = Field(AtlasSettings(), description="the atlas of every run")
    balance: RemediesSettings | None = Field(
        None,
        description="the comparison of remedies, many trainings; none: it is left out; without train: as above",
    )
    painter: PainterSettings | None = Field(
        None,
        description="the painter, the longest training; none: it is left out; without device and seed: as train",
    )
    paint: PaintingSettings = Field(PaintingSettings(), description="the painter's score")


@dataclass(frozen=True, slots=True)
class Study:
    """A finished study.

    Attributes:
        path: the study folder.
        collection: the collection's folder.
        run: the classifier's run.
        metrics: the content of the evaluation's ``metrics.json``.
        findings: everything that audit, trainings, evaluations and the comparison found.
        report: the HTML report; the Markdown one stands beside it.
        page: the atlas page; ``None`` where it was left out or no run has an atlas.
    """

    path: Path
    collection: Path
    run: Run
    metrics: dict[str, Any]
    findings: list[Finding]
    report: Path
    page: Path | None = None


def run_study(
    source: SourcePath | None,
    study: Path,
    settings: StudySettings | None = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> Study:
    """The finished study of ``source``, or of the sample gallery where that is ``None``.

    Args:
        source: anything ``prepare`` reads.
        study: the folder to write; one that was begun with the same source and settings is
            continued.
        settings: of each stage; the defaults where ``None``.
        fresh: remove the study that is in the folder, and begin it anew.
        progress: show each stage's progress on standard error.
        announce: called with one line as each stage begins.

    Raises:
        ImpastoError: a stage cannot do its work; what is done stays, and the same command goes on
            from there.
    """
    settings, say = settings or StudySettings(), announce or (lambda line: None)
    if settings.warm_start:
        _check_warm_start(settings)
    if source is not None:
        require_source(source, settings.prepare.labels)
    for device in _devices(settings):
        device_of(device)
    claim = Claim(
        what="study",
        mark="study.json",
        settings=settings,
        inputs={"source": None if source is None else spelled(source)},
        own=WRITTEN,
        finished=(study / "collection" / "collection.json").exists,
        later=LATER,
    )
    with claimed(study, claim, fresh=fresh):
        return _stages(source, study, settings, progress, say)


def _devices(settings: StudySettings) -> set[Device]:
    """Every device that a stage is to compute on."""
    tables = (settings.train, settings.autoencoder, settings.evaluate, settings.atlas)
    return {table.device for table in tables} | {settings.paint.device}


def _stages(
    source: SourcePath | None,
    study: Path,
    settings: StudySettings,
    progress: bool,
    say: Callable[[str], None],
) -> Study:
    if source is None:
        say("painting the sample gallery")
        paint_gallery(study / "gallery", settings.sample, progress=progress)
        source = study / "gallery"
    say("preparing the collection")
    collection = prepare(source, study / "collection", settings.prepare, progress=progress)
    say("auditing the collection")
    audited = [*collection.findings, *audit(collection).findings]
    coded = (
        _autoencoder(study, collection, settings, progress, say) if settings.warm_start else None
    )
    say("training the classifier")
    how = settings.train
    if settings.warm_start and (study / "runs" / "autoencoder").exists():
        how = how.model_copy(update={"warm_start": str(study / "runs" / "autoencoder")})
    run = train_classifier(collection, study / "runs" / "classifier", how, progress=progress)
    say("evaluating the classifier")
    metrics, evaluated = _evaluate_once(run, collection, settings.evaluate)
    if coded is None:
        coded = _autoencoder(study, collection, settings, progress, say)
    repainted = _painter(study, collection, settings, progress, say)
    mapped = _atlases(study, settings.atlas, say)
    compared = []
    if settings.balance is not None:
        say("comparing remedies for imbalance")
        compared = balance(
            collection,
            study / "balance",
            _remedies(settings.balance, settings),
            progress=progress,
            announce=say,
        ).findings
    say("writing the report")
    wanted = "page" not in settings.leave_out
    page = wanted and has_atlas(study)
    report = write_report(study, page=page)
    site = _write_page(study, page=page, wanted=wanted, say=say)
    trained = findings.load(run.path / "findings.json")
    found = [*audited, *trained, *evaluated, *coded, *repainted, *mapped, *compared]
    return Study(study, collection.path, run, metrics, found, report.html, site)


def _check_warm_start(settings: StudySettings) -> None:
    """Refuse before anything is trained what the classifier would refuse after the autoencoder's training."""
    if "autoencoder" in settings.leave_out:
        raise SettingsError("warm_start needs the autoencoder: take it out of leave_out")
    size, other = settings.train.size, settings.autoencoder.size
    if settings.train.network != "classifier" or size != other:
        raise SettingsError(
            f"warm_start: a classifier of network={settings.train.network}, size={size} cannot begin as an autoencoder "
            f"of size={other}: give train network=classifier, and both the same size"
        )


def _autoencoder(
    study: Path,
    collection: Collection,
    settings: StudySettings,
    progress: bool,
    say: Callable[[str], None],
) -> list[Finding]:
    """What training and evaluating the autoencoder found; nothing where it is not wanted or cannot be."""
    if "autoencoder" in settings.leave_out:
        return []
    given = settings.autoencoder
    shared = {"resolution", "device", "seed"} - given.model_fields_set
    own = given.model_copy(update={name: getattr(settings.train, name) for name in shared})
    if (have := len(collection.indices("train"))) <= own.latent:
        say(
            f"leaving the autoencoder out: {have} training pictures are too few for vectors of {own.latent} numbers"
        )
        return []
    say("training the autoencoder")
    run = train_autoencoder(collection, study / "runs" / "autoencoder", own, progress=progress)
    say("evaluating the autoencoder")
    _, evaluated = _evaluate_once(run, collection, settings.evaluate)
    return [*findings.load(run.path / "findings.json"), *evaluated]


def _painter(
    study: Path,
    collection: Collection,
    settings: StudySettings,
    progress: bool,
    say: Callable[[str], None],
) -> list[Finding]:
    """What training and scoring the painter found; nothing where it is not wanted."""
    if settings.painter is None:
        return []
    shared = {"device", "seed"} - settings.painter.model_fields_set
    own = settings.painter.model_copy(
        update={name: getattr(settings.train, name) for name in shared}
    )
    say("training the painter")
    run = train_painter(collection, study / "runs" / "painter", own, progress=progress)
    say("scoring the painter")
    inputs = {"weights": run.weights_fingerprint, "collection": collection.fingerprint}
    if not is_done(run.evaluation_path, settings=settings.paint, **inputs):
        score_painter(run.path, settings.paint, collection=collection.path, progress=progress)
    return [
        *findings.load(run.path / "findings.json"),
        *findings.load(run.evaluation_path / "findings.json"),
    ]


def _atlases(study: Path, settings: AtlasSettings, say: Callable[[str], None]) -> list[Finding]:
    """Make the atlas of every run with embeddings where it is missing; return the findings."""
    found: list[Finding] = []
    for run in (runs.open_run(path.parent) for path in sorted(study.glob("runs/*/run.json"))):
        if (
            run.kind in EMBEDDING_KINDS and run.weights_path.is_file()
        ):  # others were put here by hand
            say(f"making the atlas of {run.path.name}")
            found += make_atlas(run.path, settings=settings, announce=say).findings
    return found


def _write_page(
    study: Path, *, page: bool, wanted: bool, say: Callable[[str], None]
) -> Path | None:
    """The atlas page; where there is nothing to show, a line that says so instead."""
    if page:
        say("writing the atlas page")
        return write_site(study).page
    if wanted:
        say(
            f"no atlas, so no page: impasto atlas {study / 'runs' / 'classifier'}, then impasto site {study}"
        )
    return None


def _remedies(wanted: RemediesSettings, settings: StudySettings) -> RemediesSettings:
    """The comparison's settings, with the study's training where they have none of their own."""
    return (
        wanted
        if "train" in wanted.model_fields_set
        else wanted.model_copy(update={"train": settings.train})
    )


def _evaluate_once(
    run: Run, collection: Collection, settings: EvaluateSettings
) -> tuple[dict[str, Any], list[Finding]]:
    """The evaluation, made now unless the one in the run folder has the same weights, pictures and settings."""
    inputs = {"weights": run.weights_fingerprint, "collection": collection.fingerprint}
    if not is_done(run.evaluation_path, settings=settings, **inputs):
        evaluate(run.path, collection.path, settings)
    return read_json(run.evaluation_path / "metrics.json"), findings.load(
        run.evaluation_path / "findings.json"
    )

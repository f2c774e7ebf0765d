"""A study: the whole path in order, from the gallery to report and page.

STUDY/study.json         source, settings, command; another study in the folder is refused
STUDY/gallery/           the sample gallery, where no source was given
STUDY/collection/        what prepare and audit wrote
STUDY/runs/classifier/   the run, its evaluation and its atlas
STUDY/runs/autoencoder/  likewise, where it is wanted
STUDY/runs/in-class/     the course's network, where it is wanted; painter, course-painter and lora,
                         too
STUDY/balance/           the comparison of long-tail methods, where it is wanted
STUDY/report.md, .html   the report, with its figures in figures/ and its tables in tables/
STUDY/site/              the atlas page, where a run has an atlas

Every stage continues where it was or finds itself done, so a killed study is finished by the same
command.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import Field

from impasto.collection.audit import audit
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import SourcePath, require_source, spelled
from impasto.comparison.balance import ComparedMethods, LongTailSettings, balance
from impasto.comparison.label_order import lose_label_order
from impasto.config import Device, Settings
from impasto.devices import device_of
from impasto.embedding.embed import EMBEDDING_KINDS
from impasto.embedding.make_atlas import make_atlas
from impasto.embedding.settings import AtlasSettings
from impasto.errors import SettingsError
from impasto.evaluation.evaluate import evaluate, evaluation_settings
from impasto.evaluation.painter_score import PaintingSettings, score_painter
from impasto.evaluation.settings import EvaluateSettings
from impasto.gallery.gallery import SampleSettings, paint_gallery
from impasto.models.classifier import Size
from impasto.page.export import has_atlas, write_site
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.finding import Finding
from impasto.records.lora_score import LoraScore
from impasto.records.painter_score import PainterScore
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.record import Record
from impasto.records.run import Run, RunKind
from impasto.reporting.report import write_report
from impasto.state.fingerprint import is_done
from impasto.state.folder import Claim, claimed
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.autoencoder.train import train_autoencoder
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.lora.settings import LoraSettings
from impasto.training.painter.settings import PainterSettings
from impasto.training.painter.train import train_painter

T = TypeVar("T", bound=Settings)
WRITTEN: Final = frozenset(
    [
        *("gallery", "collection", "runs", "balance"),
        *("report.md", "report.html", "figures", "tables", "site"),
    ]
)
"""Names of what a study writes beside ``study.json``."""
SCORES: Final[Mapping[RunKind, type[Record]]] = {
    "classifier": ClassifierEvaluation,
    "autoencoder": AutoencoderEvaluation,
    "painter": PainterScore,
    "lora": LoraScore,
}
"""The record of the scores of each kind of run."""
LATER: Final = {
    "balance": ("balance",),
    "in_class": ("in_class",),
    "painter": ("painter", "paint"),
    "course_painter": ("course_painter", "paint"),
    "lora": ("lora",),
}
"""Stages that a study may be given later, and the settings that then count."""


class StudyComparison(ComparedMethods):
    """Comparison of long-tail methods in a study, with the classifier's settings."""

    size: Size | None = Field(None, description="of the networks; none: the classifier's")
    epochs: int | None = Field(None, ge=1, description="of each training; none: the classifier's")
    resolution: int | None = Field(
        None, ge=32, description="of each training; none: the classifier's"
    )

    def of_training(self, train: ClassifierSettings) -> LongTailSettings:
        """Return the settings of the comparison, given those of the study's classifier."""
        own = ("size", "epochs", "resolution")
        changes = {name: getattr(self, name) for name in own if getattr(self, name) is not None}
        return LongTailSettings(
            methods=self.methods,
            seeds=self.seeds,
            views=self.views,
            train=train.model_copy(update=changes),
        )


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
        description="train the autoencoder first and initialise the classifier with its encoder",
    )
    leave_out: tuple[Literal["autoencoder", "page"], ...] = Field(
        (), description="stages that are not wanted"
    )
    evaluate: EvaluateSettings = Field(EvaluateSettings(), description="the evaluation")
    atlas: AtlasSettings = Field(AtlasSettings(), description="the atlas of every run")
    balance: StudyComparison | None = Field(
        None, description="comparison of long-tail methods, many trainings; none: left out"
    )
    painter: PainterSettings | None = Field(
        None,
        description="the painter, the longest training; none: left out; "
        "without device and seed: as train",
    )
    paint: PaintingSettings = Field(PaintingSettings(), description="the painter's score")
    in_class: ClassifierSettings | None = Field(
        None,
        description="a second classifier, the course's network, to compare with; none: left out; "
        "without epochs, batch_size, device and seed: as train",
    )
    course_painter: PainterSettings | None = Field(
        None,
        description="a painter of the course's form, to stand beside the painter; none: left out; "
        "without device and seed: as train",
    )
    lora: LoraSettings | None = Field(
        None,
        description="fine-tuning of the text-to-image model lora.base; none: left out; without "
        "seed: as train",
    )


Stage = tuple[str, Callable[[], None]]
"""The name of a stage, and the function that does its work."""


@dataclass(frozen=True, slots=True)
class Study:
    """A finished study.

    Attributes:
        path: the study folder.
        collection: the collection's folder.
        run: the classifier's run.
        evaluation: the classifier's.
        findings: everything that audit, trainings, evaluations and the comparison found.
        report: the HTML report; the Markdown one stands beside it.
        page: the atlas page; ``None`` where it was left out or no run has an atlas.
    """

    path: Path
    collection: Path
    run: Run
    evaluation: ClassifierEvaluation
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
    """Do, or finish, the study of a source.

    Args:
        source: anything ``prepare`` reads; ``None``: the sample gallery.
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
    settings, log = settings or StudySettings(), announce or (lambda line: None)
    if settings.warm_start:
        _check_warm_start(settings)
    if settings.lora is not None:
        _check_lora(settings.lora)
    if settings.course_painter is not None and settings.painter is None:
        raise SettingsError("course_painter stands beside a painter: give painter, too")
    if source is not None:
        require_source(source, settings.prepare.tables())
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
        work = _Work(
            study, study / "gallery" if source is None else source, settings, progress, log
        )
        stages = work.stages(sample=source is None)
        for number, (name, stage) in enumerate(stages, 1):
            log(f"stage {number} of {len(stages)}: {name}{work.standing(name)}")
            stage()
        return work.result()


def _devices(settings: StudySettings) -> set[Device]:
    """Every device that a stage is to compute on."""
    tables = (settings.train, settings.autoencoder, settings.evaluate, settings.atlas)
    return {table.device for table in tables} | {settings.paint.device}


@dataclass
class _Work:
    """A study in progress: its stages, and the findings of those that are done."""

    study: Path
    source: SourcePath
    settings: StudySettings
    progress: bool
    log: Callable[[str], None]
    found: list[Finding] = field(default_factory=list)

    def stages(self, *, sample: bool) -> list[Stage]:
        """The stages in order, each with its name."""
        settings = self.settings
        data: list[Stage] = []
        if sample:
            data.append(("painting the sample gallery", self.paint_gallery))
        data += [
            ("preparing the collection", self.prepare),
            ("auditing the collection", self.audit),
        ]
        classifier: list[Stage] = [
            ("training the classifier", self.train_classifier),
            ("evaluating the classifier", partial(self.evaluate, "classifier")),
        ]
        autoencoder: list[Stage] = [
            ("training the autoencoder", self.train_autoencoder),
            ("evaluating the autoencoder", partial(self.evaluate, "autoencoder")),
        ]
        if "autoencoder" in settings.leave_out:
            trained = classifier
        elif settings.warm_start:
            trained = [*autoencoder, *classifier]
        else:
            trained = [*classifier, *autoencoder]
        rest: list[Stage] = []
        if settings.in_class is not None:
            rest += [
                ("training the course's network", self.train_in_class),
                ("evaluating the course's network", self.evaluate_in_class),
            ]
        if settings.course_painter is not None:
            train = partial(self.train_painter, "course-painter", settings.course_painter)
            rest.append(("training the course's painter", train))
        if settings.painter is not None:
            rest += [
                (
                    "training the painter",
                    partial(self.train_painter, "painter", settings.painter),
                ),
                ("scoring the painter", self.score_painter),
            ]
        if settings.lora is not None:
            rest += [
                ("fine-tuning the text-to-image model", self.train_lora),
                ("scoring the fine-tuned model", partial(self.evaluate, "lora")),
            ]
        rest.append(("making the atlas of every run", self.make_atlases))
        if settings.balance is not None:
            rest.append(("comparing long-tail methods", self.compare))
        rest.append(("writing the report", self.write_report))
        if "page" not in settings.leave_out:
            rest.append(("writing the atlas page", self.write_page))
        return [*data, *trained, *rest]

    def run_path(self, name: str) -> Path:
        return self.study / "runs" / name

    def standing(self, stage: str) -> str:
        """State of a training that is to begin, in brackets; empty for one not begun."""
        known = {f"training the {kind}": kind for kind in ("classifier", "autoencoder", "painter")}
        place = self.run_path(known[stage]) if stage in known else None
        line = runs.where_it_stands(place) if place else None
        return f" ({line})" if line else ""

    def paint_gallery(self) -> None:
        paint_gallery(self.study / "gallery", self.settings.sample, progress=self.progress)

    def prepare(self) -> None:
        self.collection = prepare(
            self.source, self.study / "collection", self.settings.prepare, progress=self.progress
        )
        self.found += self.collection.findings

    def audit(self) -> None:
        self.found += audit(self.collection).findings

    def train_classifier(self) -> None:
        settings = self.settings.train
        if self.settings.warm_start and self.run_path("autoencoder").exists():
            start = str(self.run_path("autoencoder"))
            settings = settings.model_copy(update={"warm_start": start})
        run = train_classifier(
            self.collection, self.run_path("classifier"), settings, progress=self.progress
        )
        self.found += findings.load(run.path / "findings.json")

    def train_autoencoder(self) -> None:
        own = self.as_train(self.settings.autoencoder, ("resolution", "device", "seed"))
        if (pictures := len(self.collection.indices("train"))) <= own.latent:
            self.log(
                f"leaving the autoencoder out: {pictures} training pictures are too few "
                f"for vectors of {own.latent} numbers"
            )
            return
        run = train_autoencoder(
            self.collection, self.run_path("autoencoder"), own, progress=self.progress
        )
        self.found += findings.load(run.path / "findings.json")

    def evaluate(self, name: str) -> None:
        """Evaluate a run, unless that was done with the same weights, pictures and settings."""
        if not self.run_path(name).exists():
            self.log(f"leaving the evaluation out: no {name} was trained")
            return
        run = runs.open_run(self.run_path(name))
        settings = evaluation_settings("lora")() if run.kind == "lora" else self.settings.evaluate
        if not self.is_evaluated(run, settings):
            evaluate(run.path, self.collection.path, settings)
        self.found += findings.load(run.evaluation_path / "findings.json")

    def train_in_class(self) -> None:
        assert self.settings.in_class is not None
        shared = ("epochs", "batch_size", "device", "seed")
        own = self.as_train(self.settings.in_class, shared)
        train_classifier(self.collection, self.run_path("in-class"), own, progress=self.progress)

    def evaluate_in_class(self) -> None:
        """Evaluate the course's network, and what a lost order of its labels would make of it.

        Its findings stand in the report, and do not decide whether the study is valid.
        """
        run = runs.open_run(self.run_path("in-class"))
        if not self.is_evaluated(run, self.settings.evaluate):
            evaluate(run.path, self.collection.path, self.settings.evaluate)
        lose_label_order(run)

    def as_train(self, given: T, names: Iterable[str]) -> T:
        """Settings in which those of these names that are not given are the classifier's."""
        shared = set(names) - given.model_fields_set
        return given.model_copy(
            update={name: getattr(self.settings.train, name) for name in shared}
        )

    def is_evaluated(self, run: Run, settings: Settings) -> bool:
        """Whether a run was evaluated so; what an earlier version wrote is made anew."""
        made_from = {"weights": run.weights_fingerprint, "collection": self.collection.fingerprint}
        written = SCORES[run.kind].model_fields["format"].default
        return is_done(run.evaluation_path, settings=settings, format=written, **made_from)

    def train_painter(self, name: str, given: PainterSettings) -> None:
        own = self.as_train(given, ("device", "seed"))
        place = self.run_path(name)
        run = train_painter(self.collection, place, own, progress=self.progress, announce=self.log)
        self.found += findings.load(run.path / "findings.json")

    def score_painter(self) -> None:
        run, settings = runs.open_run(self.run_path("painter")), self.settings.paint
        if self.settings.course_painter is not None and settings.course is None:
            beside = {"course": self.run_path("course-painter").as_posix()}
            settings = settings.model_copy(update=beside)
        if not self.is_evaluated(run, settings):
            score_painter(run.path, self.collection.path, settings)
        self.found += findings.load(run.evaluation_path / "findings.json")

    def train_lora(self) -> None:
        from impasto.training.lora.train import train_lora  # noqa: PLC0415 – an extra

        assert self.settings.lora is not None
        own = self.as_train(self.settings.lora, ("seed",))
        run = train_lora(self.collection, self.run_path("lora"), own, progress=self.progress)
        self.found += findings.load(run.path / "findings.json")

    def make_atlases(self) -> None:
        """Make the atlas of every run with embeddings, where it is missing."""
        for path in sorted(self.study.glob("runs/*/run.json")):
            run = runs.open_run(path.parent)
            if run.kind in EMBEDDING_KINDS and run.weights_path.is_file():  # not put here by hand
                self.log(f"making the atlas of {run.path.name}")
                made = make_atlas(run.path, settings=self.settings.atlas, announce=self.log)
                self.found += made.findings

    def compare(self) -> None:
        assert self.settings.balance is not None
        settings = self.settings.balance.of_training(self.settings.train)
        place = self.study / "balance"
        made = balance(self.collection, place, settings, progress=self.progress, announce=self.log)
        self.found += made.findings

    def write_report(self) -> None:
        page = "page" not in self.settings.leave_out and has_atlas(self.study)
        self.report = write_report(self.study, page=page).html

    def write_page(self) -> None:
        if has_atlas(self.study):
            write_site(self.study)
        else:
            place = shlex.quote(str(self.run_path("classifier")))
            self.log(
                f"no atlas, so no page: impasto atlas {place}, "
                f"then impasto site {shlex.quote(str(self.study))}"
            )

    def result(self) -> Study:
        run = runs.open_run(self.run_path("classifier"))
        page = self.study / "site" / "index.html"
        shown = "page" not in self.settings.leave_out and page.is_file()
        return Study(
            self.study,
            self.collection.path,
            run,
            ClassifierEvaluation.read(
                run.evaluation_path / "metrics.json", what="evaluation", verb="impasto evaluate"
            ),
            self.found,
            self.report,
            page if shown else None,
        )


def _check_warm_start(settings: StudySettings) -> None:
    """Refuse at once what the classifier would refuse after the autoencoder's training."""
    if "autoencoder" in settings.leave_out:
        raise SettingsError("warm_start needs the autoencoder: take it out of leave_out")
    size, other = settings.train.size, settings.autoencoder.size
    if settings.train.network != "classifier" or size != other:
        raise SettingsError(
            f"warm_start: a classifier of network={settings.train.network}, size={size} cannot "
            f"begin as an autoencoder of size={other}: "
            "give train network=classifier, and both the same size"
        )


def _check_lora(settings: LoraSettings) -> None:
    """Refuse at once what the fine-tuning would refuse after all other stages.

    Raises:
        SettingsError: no model is named.
        MissingExtraError: the extra is not installed.
    """
    if not settings.base:
        raise SettingsError("lora needs a model to fine-tune: name it with --set lora.base=MODEL")
    import impasto.diffusion  # noqa: F401, PLC0415 – asks for the extra

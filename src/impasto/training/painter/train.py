"""Training of the painter: a collection to a run folder, in three named steps.

RUN/style_classifier/   a classifier on the painter's half, whose loss the painter minimises
RUN/                    the painter, on the same half
RUN/evaluator/          a residual network on the other half, which ``impasto evaluate`` scores with
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Final

from torch import nn

from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import artist_division, disjoint_halves
from impasto.devices import accelerator_on
from impasto.errors import CollectionError, SettingsError
from impasto.models.classifier import Classifier
from impasto.models.painter import SHRINK, Painter, configured
from impasto.records.run import EVALUATOR, STYLE_CLASSIFIER, Run, open_run
from impasto.training.classifier.train import train_classifier
from impasto.training.muon import MuonAdamW
from impasto.training.painter.references import StyleReferences, style_references
from impasto.training.painter.settings import PainterSettings
from impasto.training.painter.task import PainterTask
from impasto.training.trainer import TrainingJob, train
from impasto.training.training_findings import overfitting_findings
from impasto.weights import classifier_of

INNER: Final = frozenset({"seen.parquet", STYLE_CLASSIFIER, EVALUATOR})


def train_painter(
    collection: Collection,
    run: Path | str,
    settings: PainterSettings | None = None,
    *,
    resume: bool = True,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> Run:
    """Train a painter, its style classifier before it and its evaluator after it.

    Each of the three is a run; one that was cut off is continued, one that is finished is kept.

    Args:
        collection: its test split is never touched; half of the training and validation pictures
            train the painter and its style classifier, the other half the evaluator.
        run: the folder to write.
        settings: the defaults where ``None``.
        resume: continue the training in the folder; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.
        announce: called with one line as each step begins.

    Raises:
        CollectionError: there are fewer than two styles to paint in.
        SettingsError: the resolution is not a multiple of twice the encoder's factor.
        ImpastoError: for all that ``trainer.train`` refuses.
    """
    settings, path = settings or PainterSettings(), Path(run)
    log = announce or (lambda line: None)
    if settings.resolution % (2 * SHRINK):
        raise SettingsError(
            f"resolution={settings.resolution}: a painter's is a multiple of {2 * SHRINK}"
        )
    stored = collection.pixels.shape[1]
    for name, table in (
        ("style_classifier", settings.style_classifier),
        ("evaluator", settings.evaluator),
    ):
        trained = table.epochs > 0 and "resolution" in table.model_fields_set
        if trained and table.resolution > stored:
            raise SettingsError(
                f"{name}.resolution={table.resolution} is more than the {stored} pixels that "
                f"{collection.path} stores: lower it, or prepare with more --pixels"
            )
    half, other = disjoint_halves(collection, settings.seed)
    if (half.counts("train") > 0).sum() < 2:
        raise CollectionError(
            f"{collection.path} has training pictures of fewer than two styles: nothing to paint in"
        )

    def train_style_classifier() -> None:
        log("training the style classifier")
        wanted = settings.style_classifier.training("classifier", settings)
        train_classifier(half, path / STYLE_CLASSIFIER, wanted, progress=progress)
        log("training the painter")

    @cache
    def loaded() -> tuple[Classifier | None, StyleReferences | None]:
        return _loaded(half, path, settings)

    job = TrainingJob(
        kind="painter",
        settings=settings,
        first=train_style_classifier if settings.uses_style_classifier else None,
        task=lambda accelerator: PainterTask(half, settings, *loaded(), accelerator),
        model=lambda: _fresh(half, settings, loaded()[1]),
        optimizer=lambda network: _optimizer(network, settings),
        facts=lambda task: {"halves": asdict(artist_division(half, other))},
        findings=overfitting_findings,
        subset=half,
        allowed=INNER,
    )
    painter = train(job, collection, path, resume=resume, progress=progress)
    if settings.evaluator.epochs:
        log("training the evaluator")
        train_evaluator(other, painter, settings, progress=progress)
    return painter


def train_evaluator(
    other: Collection, painter: Run, settings: PainterSettings, *, progress: bool = False
) -> Run:
    """Train the painter's evaluator in ``RUN/evaluator``, or return the one that is finished.

    Args:
        other: the half of the collection that the painter was not trained on.
        painter: the painter's run.
        settings: of the painter; its table ``evaluator``, its device and its seed count.
        progress: show a live display on standard error.
    """
    wanted = settings.evaluator.training("residual", settings)
    return train_classifier(other, painter.path / EVALUATOR, wanted, progress=progress)


def _fresh(
    half: Collection, settings: PainterSettings, references: StyleReferences | None
) -> Painter:
    painter = Painter(configured(settings.model_dump(mode="json"), len(half.vocabulary)))
    if references is not None and settings.styling != "plane":
        painter.bank.copy_(references.bank)
    return painter


def _optimizer(network: nn.Module, settings: PainterSettings) -> MuonAdamW:
    """Adam with a short memory: styles differ from step to step."""
    group: dict[str, Any] = {
        "params": list(network.parameters()),
        "peak": settings.learning_rate,
        "muon": False,
        "betas": (0.5, 0.99),
        "weight_decay": settings.weight_decay,
    }
    return MuonAdamW([group])


def _loaded(
    half: Collection, path: Path, settings: PainterSettings
) -> tuple[Classifier | None, StyleReferences | None]:
    """The style classifier with fixed weights, and the references; ``None`` where not used."""
    if settings.identity_share == 1 and settings.styling == "plane":
        return None, None
    device, classifier = accelerator_on(settings.device).device, None
    if settings.uses_style_classifier:
        run = open_run(path / STYLE_CLASSIFIER, "classifier")
        network = classifier_of(run, device).requires_grad_(False)
        assert isinstance(network, Classifier)
        classifier = network
    crop = min(settings.crop, settings.resolution)
    references = style_references(
        half, settings.resolution, crop, settings.seed, classifier, device
    )
    return classifier, references

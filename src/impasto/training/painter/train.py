"""The painter's trainer: a collection to a run folder, on the one training loop.

Painter, opponent and critic learn from one half of the collection (``collection/halves.py``). The
critic, a classifier of its own in RUN/critic, comes first. The other half is for the judge that
``impasto evaluate`` scores the painter by: it shares no picture with any of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field
from torch import nn

from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import disjoint_halves
from impasto.devices import accelerator_on
from impasto.errors import CollectionError, SettingsError
from impasto.models.classifier import Size
from impasto.models.classifiers import StyleNetwork
from impasto.models.discriminator import Discriminator, DiscriminatorConfig
from impasto.models.painter import SHRINK, Painter, Styling, configured
from impasto.records.run import Run
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.muon import MuonAdamW
from impasto.training.painter.task import Duel, PainterTask
from impasto.training.settings import TrainingSettings
from impasto.training.trainer import TrainingJob, train
from impasto.training.training_findings import over_fitting_findings
from impasto.weights import classifier_of

CRITIC: Final = "critic"
"""The folder of the critic's run in the painter's."""
SMALLEST: Final = 44  # pixels of which a quarter still has 11, the window of SSIM


class CriticSettings(ClassifierSettings):
    """How a painter's critic is trained: a classifier, at the painter's resolution."""

    epochs: int = Field(40, ge=1, description="passes over its half of the training pictures")
    resolution: int = Field(
        64, ge=32, description="height and width that it learns from, in pixels"
    )


class PainterSettings(TrainingSettings):
    """How a painter is trained."""

    epochs: int = Field(40, ge=1, description="passes over its half of the training pictures")
    batch_size: int = Field(32, ge=2, description="pictures in a step, over all processes")
    learning_rate: float = Field(
        1e-3, gt=0, description="peak learning rate of AdamW for the painter"
    )
    discriminator_learning_rate: float = Field(
        2e-3, gt=0, description="peak learning rate of AdamW for its opponent"
    )
    weight_decay: float = Field(0.0, ge=0, description="decoupled weight decay")
    max_grad_norm: float = Field(10.0, gt=0, description="largest norm of the gradient")
    resolution: int = Field(
        64, ge=SMALLEST, description="height and width at which it paints, in pixels"
    )
    size: Size = Field("small", description="width of painter and opponent: tiny, small or base")
    styling: Styling = Field(
        "modulation", description="how the decoder learns of the style; plane: the course's form"
    )
    embedding: int = Field(64, ge=2, description="numbers of a style's embedding")
    identity_share: float = Field(
        0.25, gt=0, le=1, description="share of pictures painted in their own style, or none"
    )
    identity_weight: float = Field(4.0, ge=0, description="weight of these coming back as they are")
    content_weight: float = Field(
        0.75, ge=0, description="weight of light and dark staying where they are in the others"
    )
    style_weight: float = Field(
        0.25, ge=0, description="weight of the critic seeing the style asked for; 0: no critic"
    )
    adversarial_weight: float = Field(
        1.0, ge=0, description="weight of passing for real with the opponent; 0: no opponent"
    )
    r1_weight: float = Field(
        10.0, ge=0, description="weight of the opponent's slope at real pictures"
    )
    teach: CriticSettings = Field(
        CriticSettings(),
        description="how the critic is trained; without device, seed and resolution: as above",
    )


COURSE: Final = PainterSettings(
    styling="plane", identity_share=1, content_weight=0, style_weight=0, adversarial_weight=0
)
"""The course's form, as a baseline:

a plane of style beside the encoding, and reconstruction alone.
"""
Preset = Literal["painter", "course"]
PRESETS: Final[Mapping[Preset, PainterSettings]] = {"painter": PainterSettings(), "course": COURSE}


def train_painter(
    collection: Collection,
    run: Path | str,
    settings: PainterSettings | None = None,
    *,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """The finished run; one that was cut off is continued, one that is finished is returned as it is.

    Args:
        collection: to learn from; half of its training and validation pictures, and its test split,
            are never touched.
        run: the folder to write.
        settings: the defaults where ``None``.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there are fewer than two styles to paint in.
        SettingsError: the resolution cannot be painted at.
        ImpastoError: for all that ``start.train`` refuses.
    """
    settings, path = settings or PainterSettings(), Path(run)
    if settings.resolution % (2 * SHRINK):
        raise SettingsError(
            f"resolution={settings.resolution}: a painter's is a multiple of {2 * SHRINK}"
        )
    half, _ = disjoint_halves(collection, settings.seed)
    if (half.counts("train") > 0).sum() < 2:
        raise CollectionError(
            f"{collection.path} has training pictures of fewer than two styles: nothing to paint in"
        )
    trainer = TrainingJob(
        kind="painter",
        settings=settings,
        task=lambda accelerator: PainterTask(
            half, settings, _critic(half, path, settings, progress=progress), accelerator
        ),
        model=lambda: _duel(half, settings),
        optimizer=lambda network: _optimizer(network, settings),
        facts=lambda task: {},
        judge=over_fitting_findings,
        learnt=half,
        beginnings=frozenset({"seen.parquet", CRITIC}),
    )
    return train(trainer, collection, path, resume=resume, progress=progress)


def _duel(half: Collection, settings: PainterSettings) -> nn.Module:
    styles = len(half.vocabulary)
    painter = Painter(configured(settings.model_dump(mode="json"), styles))
    fights = settings.adversarial_weight > 0 and settings.identity_share < 1
    return Duel(
        painter, Discriminator(DiscriminatorConfig(styles, settings.size)) if fights else None
    )


def _optimizer(network: nn.Module, settings: PainterSettings) -> MuonAdamW:
    """Adam with a short memory, as two networks at odds need it (Radford et al.

    2016, arXiv:1511.06434).
    """
    assert isinstance(network, Duel)
    shared: dict[str, Any] = {
        "muon": False,
        "betas": (0.5, 0.99),
        "weight_decay": settings.weight_decay,
    }
    groups = [
        {"params": list(network.painter.parameters()), "peak": settings.learning_rate, **shared}
    ]
    if network.opponent is not None:
        groups += [
            {
                "params": list(network.opponent.parameters()),
                "peak": settings.discriminator_learning_rate,
                **shared,
            }
        ]
    return MuonAdamW(groups)


def _critic(
    half: Collection, path: Path, settings: PainterSettings, *, progress: bool
) -> StyleNetwork | None:
    """The critic, trained where it is not yet; it learns nothing from the painter."""
    if settings.style_weight == 0 or settings.identity_share == 1:
        return None
    shared = {"device", "seed", "resolution"} - settings.teach.model_fields_set
    teach = settings.teach.model_copy(update={name: getattr(settings, name) for name in shared})
    run = train_classifier(half, path / CRITIC, teach, progress=progress)
    critic = classifier_of(run, accelerator_on(settings.device).device)
    return critic.requires_grad_(False)

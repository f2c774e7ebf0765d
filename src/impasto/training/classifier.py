"""The classifier's trainer: a collection to a run folder, on the one training loop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field
from torch import nn

from impasto.collection.painting import Collection
from impasto.errors import CollectionError
from impasto.models.build import Network, build
from impasto.models.classifier import Size
from impasto.runs import Run
from impasto.training.augment import AugmentSettings
from impasto.training.balance import BalanceSettings
from impasto.training.classifier_task import ClassifierTask
from impasto.training.judge import training_findings
from impasto.training.muon import make_optimizer
from impasto.training.start import MuonSettings, Trainer, train


class ClassifierSettings(MuonSettings):
    """How a classifier is trained."""

    network: Network = Field("classifier", description="impasto's classifier, a residual network, or the course's two")
    size: Size = Field("small", description="width and depth of the classifier: tiny, small or base")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="share of each label spread over all styles")
    balance: BalanceSettings = Field(BalanceSettings(), description="what is done for rare styles")
    first_resolution: int = Field(64, ge=32, description="what it sees at first; grows to resolution")
    growth: float = Field(0.7, ge=0, le=1, description="share of the steps until the full resolution; 0: at once")
    augment: AugmentSettings = Field(AugmentSettings(), description="how training pictures are varied")


def train_classifier(
    collection: Collection,
    run: Path | str,
    settings: ClassifierSettings | None = None,
    *,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """The finished run; one that was cut off is continued, one that is finished is returned as it is.

    Args:
        collection: to learn from; its test split is never touched.
        run: the folder to write.
        settings: the defaults where ``None``.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there are fewer than two styles to tell apart.
        ImpastoError: for all that ``start.train`` refuses.
    """
    settings = settings or ClassifierSettings()
    if (collection.counts("train") > 0).sum() < 2:
        raise CollectionError(
            f"{collection.path} has training pictures of fewer than two styles: nothing to tell apart"
        )

    def model() -> nn.Module:
        shape: dict[str, Any] = {"size": settings.size, "resolution": settings.resolution}
        styles = len(collection.vocabulary)
        return build(settings.network, styles=styles, **shape, head_scale=settings.balance.head_scale)

    def facts(task: ClassifierTask) -> Mapping[str, Any]:
        return {"prior": task.balance.last_prior.tolist(), "head_scale": settings.balance.head_scale}

    trainer = Trainer(
        kind="classifier",
        settings=settings,
        task=lambda accelerator: ClassifierTask(collection, settings, accelerator),
        model=model,
        optimizer=lambda network: make_optimizer(
            network, settings.learning_rate, settings.matrix_learning_rate, settings.weight_decay
        ),
        facts=facts,
        judge=lambda lines: training_findings(lines, collection),
    )
    return train(trainer, collection, Path(run), resume=resume, progress=progress)

"""What the loop needs of a classifier's training: batches, loss and validation."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.collection.batches import Batches
from impasto.collection.painting import Collection
from impasto.evaluation import metrics
from impasto.models.inputs import plain
from impasto.training.augment import augment
from impasto.training.losses import adjusted_cross_entropy
from impasto.training.pictures import Pictures
from impasto.training.schedule import growing_resolution

if TYPE_CHECKING:
    from impasto.training.classifier import ClassifierSettings


class ClassifierTask:
    """Batches, loss and validation of a classifier, see ``loop.Task``."""

    shown = "balanced_accuracy"

    def __init__(self, collection: Collection, settings: "ClassifierSettings", accelerator: Accelerator) -> None:
        rows = collection.indices("train")
        self.settings, self.accelerator = settings, accelerator
        size = min(settings.batch_size, len(rows))
        self.batches = Batches(rows, size - size % accelerator.num_processes, settings.seed)
        self.pictures = Pictures(collection, rows, accelerator.device)
        self.labels = collection.labels
        self.validation = collection.indices("validation")
        self.collection, self.styles = collection, len(collection.vocabulary)
        counts = collection.counts("train").astype(np.float64)
        # A style without a training picture keeps a finite prior, and is never predicted more than it deserves
        prior = torch.from_numpy(np.maximum(counts, 0.5) / counts.sum()).float()
        self.log_prior = prior.log().to(accelerator.device)
        self.identity = torch.eye(self.styles)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """This process's share of the augmented batch: the whole is made everywhere, so that CutMix is the same."""
        rows = self.batches.batch(step)
        targets = self.identity[self.labels[rows]].to(self.accelerator.device)
        generator = torch.Generator().manual_seed((self.settings.seed * 1_000_003 + step) % 2**63)
        x, targets = augment(
            self.pictures.take(rows),
            targets,
            settings=self.settings.augment,
            resolution=self.resolution(step),
            generator=generator,
        )
        share = slice(self.accelerator.process_index, None, self.accelerator.num_processes)
        return x[share], targets[share]

    @property
    def steps(self) -> int:
        """Of the whole training."""
        return self.settings.epochs * self.batches.per_epoch

    def resolution(self, step: int) -> int:
        """What the network sees at a step; the course's networks are made for one resolution."""
        last = self.settings.resolution
        first = self.settings.first_resolution if self.settings.network == "classifier" else last
        return growing_resolution(step, self.steps, first=first, last=last, share=self.settings.growth)

    def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        """The logit-adjusted cross-entropy."""
        x, targets = batch
        return adjusted_cross_entropy(
            model(x),
            targets,
            self.log_prior,
            adjustment=self.settings.logit_adjustment,
            smoothing=self.settings.label_smoothing,
        )

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss and scores on the validation split, each process having looked at its share."""
        mine = self.validation[self.accelerator.process_index :: self.accelerator.num_processes]
        parts = [self._logits(model, mine[start : start + 256]) for start in range(0, len(mine), 256)]
        pairs = [(mine, torch.cat(parts).numpy() if parts else np.empty((0, self.styles), np.float32))]
        gathered = gather_object(pairs) if self.accelerator.num_processes > 1 else pairs
        rows = np.concatenate([part[0] for part in gathered])
        logits = torch.from_numpy(np.concatenate([part[1] for part in gathered]))
        labels = self.labels[rows]
        return self._scores(logits, labels)

    def _logits(self, model: nn.Module, rows: NDArray[np.int64]) -> Tensor:
        x = plain(Pictures.gather(self.collection, rows).to(self.accelerator.device), self.settings.resolution)
        return model(x).float().cpu()  # type: ignore[no-any-return]

    def _scores(self, logits: Tensor, labels: NDArray[np.int64]) -> dict[str, float]:
        log_prior = self.log_prior.cpu()
        adjusted = logits + self.settings.logit_adjustment * log_prior
        loss = float(nn.functional.cross_entropy(adjusted, torch.from_numpy(labels)))
        # As evaluated: every style supposed equally frequent
        predicted = (logits + (self.settings.logit_adjustment - 1) * log_prior).argmax(1).numpy()
        return {
            "loss": loss,
            "accuracy": metrics.accuracy(labels, predicted),
            "balanced_accuracy": metrics.balanced_accuracy(labels, predicted, self.styles),
            "macro_f1": metrics.macro_f1(labels, predicted, self.styles),
        }

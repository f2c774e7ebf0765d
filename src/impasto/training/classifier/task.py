"""Classifier task of the training loop: batches, loss and validation."""

from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.collection.collection import Collection
from impasto.models.classifiers import any_resolution
from impasto.models.preprocess import plain
from impasto.numerics import metrics
from impasto.numerics.calibration import UNSEEN
from impasto.training.augment import augment, mixed_in
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.imbalance import ClassBalance
from impasto.training.pixel_batches import Pictures
from impasto.training.samplers import PARTNERS, StyleBatches, batches_of
from impasto.training.schedule import growing_resolution

Batch = tuple[Tensor, Tensor, int]
"""Pictures ``float (B, 3, R, R)``, targets ``(B, styles)`` and the step."""


class ClassifierTask:
    """Batches, loss and validation of a classifier, see ``loop.Task``."""

    shown = "balanced_accuracy"

    def __init__(
        self, collection: Collection, settings: ClassifierSettings, accelerator: Accelerator
    ) -> None:
        rows = collection.indices("train")
        self.settings, self.accelerator = settings, accelerator
        self.collection, self.styles, self.labels = (
            collection,
            len(collection.vocabulary),
            collection.labels,
        )
        labels, seed = self.labels[rows], settings.seed
        self.batches = batches_of(
            rows,
            labels,
            settings.balance,
            size=settings.batch_size,
            processes=accelerator.num_processes,
            seed=seed,
            epochs=settings.epochs,
        )
        balanced = settings.augment.partners == "balanced"
        self.partners = (
            StyleBatches(
                rows,
                labels,
                self.batches.size,
                seed,
                "inverse-frequency",
                settings.epochs,
                PARTNERS,
            )
            if balanced
            else None
        )
        blended = mixed_in(settings.augment) if balanced else 0.0
        self.balance = ClassBalance(
            settings.balance, collection.counts("train"), self.steps, blended
        )
        self.pictures = Pictures(collection, rows, accelerator.device)
        self.validation = collection.indices("validation")
        self.identity = torch.eye(self.styles)

    def batch(self, step: int) -> Batch:
        """Return this process's shard of the augmented batch, which every process makes whole."""
        generator = torch.Generator().manual_seed((self.settings.seed * 1_000_003 + step) % 2**63)
        partners = self.partners
        x, targets = augment(
            *self._labelled(self.batches.batch(step)),
            settings=self.settings.augment,
            resolution=self.resolution(step),
            generator=generator,
            partners=None if partners is None else lambda: self._labelled(partners.batch(step)),
        )
        share = slice(self.accelerator.process_index, None, self.accelerator.num_processes)
        return x[share], targets[share], step

    def _labelled(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Pictures ``uint8 (B, 3, H, W)`` and their targets ``(B, styles)``."""
        return self.pictures.take(rows), self.identity[self.labels[rows]].to(
            self.accelerator.device
        )

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.epochs * self.batches.per_epoch

    @property
    def per_epoch(self) -> int:
        """Steps between two validations."""
        return self.batches.per_epoch

    def resolution(self, step: int) -> int:
        """Return the pixels of a step's input; some networks take one resolution only."""
        last = self.settings.resolution
        first = self.settings.first_resolution if any_resolution(self.settings.network) else last
        return growing_resolution(
            step, self.steps, first=first, last=last, share=self.settings.growth
        )

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the mean loss of a batch under the long-tail method of the settings."""
        x, targets, step = batch
        return self.balance.loss(model(x), targets, step, smoothing=self.settings.label_smoothing)

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss and scores on the validation split, which processes divide."""
        local = self.validation[self.accelerator.process_index :: self.accelerator.num_processes]
        parts = [
            self._logits(model, local[start : start + 256]) for start in range(0, len(local), 256)
        ]
        pairs = [
            (local, torch.cat(parts).numpy() if parts else np.empty((0, self.styles), np.float32))
        ]
        gathered = gather_object(pairs) if self.accelerator.num_processes > 1 else pairs
        rows = np.concatenate([part[0] for part in gathered])
        logits = torch.from_numpy(np.concatenate([part[1] for part in gathered]))
        labels = self.labels[rows]
        return self._scores(logits, labels)

    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Draw nothing."""

    def _logits(self, model: nn.Module, rows: NDArray[np.int64]) -> Tensor:
        x = plain(
            Pictures.gather(self.collection, rows).to(self.accelerator.device),
            self.settings.resolution,
        )
        return model(x).float().cpu()  # type: ignore[no-any-return]

    def _scores(self, logits: Tensor, labels: NDArray[np.int64]) -> dict[str, float]:
        # Less the prior that the training put into them
        bare = (
            logits
            + (self.settings.balance.logit_adjustment - 1)
            * torch.from_numpy(self.balance.last_prior).log()
        )
        shares = np.maximum(self.balance.counts, UNSEEN) / self.balance.counts.sum()
        # Validation pictures are as frequent as the training's
        loss = float(
            nn.functional.cross_entropy(
                bare + torch.from_numpy(shares).log(), torch.from_numpy(labels)
            )
        )
        predicted = bare.argmax(1).numpy()  # as evaluated: every style supposed equally frequent
        return {
            "loss": loss,
            **metrics.scores(labels, predicted, self.styles),
        }

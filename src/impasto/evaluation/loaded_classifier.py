"""A trained classifier as evaluation and prediction use it: opened from its run, fed in batches."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.config import Device
from impasto.devices import accelerator_on
from impasto.evaluation.settings import Views
from impasto.images.tensors import byte_tensor
from impasto.models.classifiers import StyleNetwork, any_resolution
from impasto.models.preprocess import plain
from impasto.numerics.calibration import UNSEEN, log_posterior, probabilities
from impasto.records.evaluation import Prior
from impasto.records.run import Run, open_run
from impasto.weights import classifier_of

Floats = NDArray[np.float32]
BATCH = 128


@dataclass(frozen=True, slots=True)
class Outputs:
    """A classifier's outputs for some rows of a collection.

    Attributes:
        rows: ``int64 (N,)``.
        labels: their styles, ``int64 (N,)``.
        logits: ``float32 (N, styles)``.
        features: ``float32 (N, D)``.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    logits: Floats
    features: Floats


@dataclass(frozen=True, slots=True)
class PriorCorrection:
    """Prior correction: from logits to probabilities under another prior than the training's.

    Attributes:
        prior: the styles' effective shares in the training, ``float64 (styles,)``.
        shares: their shares of the training pictures, likewise.
        adjustment: the factor of the log prior in the training's loss.
        uniform: suppose every style equally frequent, instead of as in the training pictures.
    """

    prior: NDArray[np.float64]
    shares: NDArray[np.float64]
    adjustment: float
    uniform: bool

    def under(self, prior: Prior) -> "PriorCorrection":
        """The same correction under another prior."""
        return replace(self, uniform=prior == "uniform")

    @property
    def offset(self) -> NDArray[np.float64]:
        """Addend of the logits divided by their temperature, ``float64 (styles,)``."""
        zero = np.zeros((1, len(self.prior)), np.float32)
        return np.asarray(self._scores(zero, 1.0)[0])

    def __call__(self, logits: Floats, temperature: float) -> NDArray[np.float64]:
        """Probabilities ``float64 (N, styles)``."""
        return probabilities(self._scores(logits, temperature))

    def _scores(self, logits: Floats, temperature: float) -> NDArray[np.float64]:
        shares = None if self.uniform else self.shares
        return log_posterior(
            logits, self.prior, adjustment=self.adjustment, temperature=temperature, shares=shares
        )


@dataclass(frozen=True, slots=True)
class LoadedClassifier:
    """A classifier in evaluation mode, on its device.

    Attributes:
        run: where it comes from.
        model: in evaluation mode.
        accelerator: the processes that share the work.
        resolution: height and width of its input, in pixels.
        prior: the styles' effective shares in its training, after sampling and weighting,
            ``float64 (styles,)``.
        shares: the styles' shares of the training pictures, likewise; neither is ever quite zero.
        adjustment: the factor τ of the log prior in its loss: so much of the prior its logits leave
            out.
    """

    run: Run
    model: StyleNetwork
    accelerator: Accelerator
    resolution: int
    prior: NDArray[np.float64]
    shares: NDArray[np.float64]
    adjustment: float

    def prior_correction(self, *, uniform: bool) -> PriorCorrection:
        """Probabilities of its logits; ``uniform``: every style supposed equally frequent."""
        return PriorCorrection(self.prior, self.shares, self.adjustment, uniform)

    def outputs(self, collection: Collection, rows: NDArray[np.int64], views: Views) -> Outputs:
        """Outputs for some rows of a collection, averaged over views."""
        logits, features = self.logits_and_features(
            lambda places: collection.pixels[rows[places]], len(rows), views
        )
        return Outputs(rows, collection.labels[rows], logits, features)

    def logits_and_features(
        self, fetch: Callable[[NDArray[np.int64]], NDArray[np.uint8]], count: int, views: Views
    ) -> tuple[Floats, Floats]:
        """Logits and features of ``count`` pictures, each process computing its share of them.

        Args:
            fetch: pictures by position, ``uint8 (B, H, W, 3)``.
            count: how many there are.
            views: what is averaged over.

        Returns:
            ``float32 (count, styles)`` and ``float32 (count, D)``, equal on every process.
        """
        if count == 0:
            return np.empty((0, len(self.run.styles)), np.float32), np.empty((0, 0), np.float32)
        processes = self.accelerator.num_processes
        local = np.arange(self.accelerator.process_index, count, processes)
        batches = [local[start : start + BATCH] for start in range(0, len(local), BATCH)]
        computed = [(rows, *self._batch(fetch(rows), views)) for rows in batches]
        if processes > 1:
            computed = gather_object(computed)
        rows, logits, features = (np.concatenate(parts) for parts in zip(*computed, strict=True))
        order = np.argsort(rows, kind="stable")
        return logits[order], features[order]

    @torch.no_grad()
    def outputs_and_maps(
        self, pictures: NDArray[np.uint8], views: Views
    ) -> tuple[Floats, Floats, tuple[Tensor, ...]]:
        """Logits averaged over views, with embeddings and feature maps of the pictures themselves.

        The network sees the pictures themselves (whole, at its training's resolution, not
        mirrored) once, also where they are one of the views.

        Args:
            pictures: ``uint8 (B, H, W, 3)``, all in one batch.
            views: what the logits are averaged over.

        Returns:
            ``float32 (B, styles)``, ``float32 (B, D)``, and a feature map ``(B, C, h, w)`` a stage.
        """
        levels, count = byte_tensor(pictures).to(self.accelerator.device), len(pictures)
        maps = None
        described: list[Tensor] = []
        for side in self.sides(views):
            x = plain(levels, side)
            # Mirrored in the same batch: small batches cost most by the picture
            seen = self.model.features(torch.cat((x, x.flip(3))) if views.flip else x)
            parts = torch.split(self.model.describe(seen).float(), count)
            described += parts
            if side == self.resolution:
                maps, embeddings = tuple(one[:count] for one in seen), parts[0]
        if maps is None:
            maps = self.model.features(plain(levels, self.resolution))
            embeddings = self.model.describe(maps).float()
        logits = self.model.head(torch.stack(described)).mean(0)
        return logits.cpu().numpy(), embeddings.cpu().numpy(), maps

    @torch.no_grad()
    def _batch(self, pictures: NDArray[np.uint8], views: Views) -> tuple[Floats, Floats]:
        levels = byte_tensor(pictures).to(self.accelerator.device)
        inputs = [plain(levels, side) for side in self.sides(views)]
        inputs += [x.flip(3) for x in inputs] if views.flip else []
        features = torch.stack([self.model.embed(x).float() for x in inputs])  # (views, B, D)
        logits = self.model.head(features).mean(0)
        return logits.cpu().numpy(), features.mean(0).cpu().numpy()

    def sides(self, views: Views) -> tuple[int, ...]:
        """Height and width of the network's input for each scale of the views, in pixels."""
        if not any_resolution(self.run.settings["network"]):
            return (self.resolution,)
        return tuple(
            max(32, round(self.resolution * scale / 8) * 8) if scale != 1 else self.resolution
            for scale in views.scales
        )

    def input(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Network input ``float32 (B, 3, R, R)`` in [-1, 1] of pictures ``uint8 (B, H, W, 3)``."""
        return plain(byte_tensor(pictures).to(self.accelerator.device), self.resolution)


def open_classifier(path: Path, device: Device = "auto") -> LoadedClassifier:
    """Open the classifier of a run folder, with its best weights.

    Raises:
        RunError: there is no classifier's run, it has no weights yet, or they are damaged.
        SettingsError: there is no such device.
    """
    run = open_run(path, "classifier")
    accelerator = accelerator_on(device)
    model = classifier_of(run, accelerator.device)
    found = correction_of(run)
    return LoadedClassifier(
        run,
        model,
        accelerator,
        int(run.settings["resolution"]),
        found.prior,
        found.shares,
        found.adjustment,
    )


def correction_of(run: Run) -> PriorCorrection:
    """The prior correction of a run's logits, under the uniform prior; its weights stay closed."""
    counts = np.asarray(run.facts["train_counts"], np.float64)
    shares = shares_of(counts)
    # Runs of early versions have no prior of their own, and one setting less deep
    prior = np.asarray(run.facts.get("prior", shares), np.float64)
    adjustment = float(run.settings.get("balance", run.settings)["logit_adjustment"])
    return PriorCorrection(prior, shares, adjustment, uniform=True)


def shares_of(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of styles by their numbers of pictures; none is quite zero."""
    some = np.maximum(counts, UNSEEN)
    return np.asarray(some / some.sum())

"""A painter, its evaluator, and the test pictures that it is scored on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.evaluation.loaded_classifier import LoadedClassifier
from impasto.evaluation.settings import Views
from impasto.images.tensors import byte_tensor, float_tensor, to_pixels
from impasto.models.painter import Painter
from impasto.models.preprocess import plain
from impasto.records.run import Run

BATCH: Final = 64
ONCE: Final = Views(flip=False, scales=(1.0,))


@dataclass(frozen=True)
class PainterUnderTest:
    """A painter, its evaluator, and the test pictures to be painted.

    Attributes:
        run, painter: the painter's run and network.
        evaluator: the classifier of the paintings.
        found: the collection.
        rows: of the test pictures that are painted.
    """

    run: Run
    painter: Painter
    evaluator: LoadedClassifier
    found: Collection
    rows: NDArray[np.int64]

    @cached_property
    def originals(self) -> NDArray[np.uint8]:
        """The pictures to be painted, as large as they will be, ``uint8 (N, R, R, 3)``."""
        return self.stored(self.rows)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Their styles, ``int64 (N,)``."""
        return np.asarray(self.found.labels[self.rows])

    @property
    def resolution(self) -> int:
        """Height and width in pixels."""
        return int(self.run.settings["resolution"])

    def stored(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pictures of the collection as large as it paints, ``uint8 (N, R, R, 3)``."""
        parts = [np.empty((0, self.resolution, self.resolution, 3), np.uint8)]
        for start in range(0, len(rows), BATCH):
            raw = byte_tensor(self.found.pixels[rows[start : start + BATCH]])
            parts.append(to_pixels(plain(raw, self.resolution)))
        return np.concatenate(parts)

    @torch.no_grad()
    def painted(self, pictures: NDArray[np.uint8], weights: Tensor) -> NDArray[np.uint8]:
        """Pictures ``uint8 (N, R, R, 3)`` in mixtures of styles ``(N, styles)``."""
        device, parts = self.painter.styles.device, []
        for start in range(0, len(pictures), BATCH):
            x = float_tensor(pictures[start : start + BATCH]).contiguous(
                memory_format=torch.channels_last
            )
            parts.append(
                to_pixels(self.painter(x.to(device), weights[start : start + BATCH].to(device)))
            )
        return np.concatenate(parts)

    def classified(
        self, pictures: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """The evaluator's probabilities under a uniform prior, and its features."""
        logits, features = self.evaluator.logits_and_features(
            lambda at: pictures[at], len(pictures), ONCE
        )
        return self.evaluator.prior_correction(uniform=True)(logits, 1.0), features

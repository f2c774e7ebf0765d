"""A painter, and the test pictures that it is scored on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.images.tensors import byte_tensor, float_tensor, to_pixels
from impasto.models.painter import Painter
from impasto.models.preprocess import plain
from impasto.records.run import Run

BATCH: Final = 64


@dataclass(frozen=True)
class PainterUnderTest:
    """A painter, and the test pictures to be painted.

    Attributes:
        run, painter: the painter's run and network.
        found: the collection.
        rows: of the test pictures that are painted.
        pairs: which of these pictures is painted in each pair of picture and target style,
            ``int64 (M,)``.
        targets: the target style of each pair, likewise; never the picture's own.
    """

    run: Run
    painter: Painter
    found: Collection
    rows: NDArray[np.int64]
    pairs: NDArray[np.int64]
    targets: NDArray[np.int64]

    @cached_property
    def originals(self) -> NDArray[np.uint8]:
        """The pictures to be painted, as large as they will be, ``uint8 (N, R, R, 3)``."""
        return self.stored(self.rows)

    @cached_property
    def sources(self) -> NDArray[np.uint8]:
        """The picture of each pair, ``uint8 (M, R, R, 3)``."""
        return self.originals[self.pairs]

    @property
    def device(self) -> torch.device:
        """Device of the painter."""
        return self.painter.styles.device

    @property
    def labels(self) -> NDArray[np.int64]:
        """Their styles, ``int64 (N,)``."""
        return np.asarray(self.found.labels[self.rows])

    @property
    def resolution(self) -> int:
        """Height and width in pixels."""
        return int(self.run.settings["resolution"])

    def stored(self, rows: NDArray[np.int64], resolution: int | None = None) -> NDArray[np.uint8]:
        """Pictures of the collection as large as it paints, ``uint8 (N, R, R, 3)``."""
        size = resolution or self.resolution
        parts = [np.empty((0, size, size, 3), np.uint8)]
        for start in range(0, len(rows), BATCH):
            raw = byte_tensor(self.found.pixels[rows[start : start + BATCH]])
            parts.append(to_pixels(plain(raw, size)))
        return np.concatenate(parts)

    def painted(self, pictures: NDArray[np.uint8], weights: Tensor) -> NDArray[np.uint8]:
        """Pictures ``uint8 (N, R, R, 3)`` in mixtures of styles ``(N, styles)``."""
        return _painted(self.painter, pictures, weights)

    def painted_pairs(self, painter: Painter, resolution: int | None = None) -> NDArray[np.uint8]:
        """Every pair of picture and target style by a painter, at its resolution."""
        sources = self.sources
        if resolution is not None and resolution != self.resolution:
            sources = self.stored(self.rows, resolution)[self.pairs]
        return _painted(painter, sources, torch.eye(len(self.found.vocabulary))[self.targets])


@torch.no_grad()
def _painted(painter: Painter, pictures: NDArray[np.uint8], weights: Tensor) -> NDArray[np.uint8]:
    device, parts = painter.styles.device, [np.empty((0, *pictures.shape[1:]), np.uint8)]
    for start in range(0, len(pictures), BATCH):
        x = float_tensor(pictures[start : start + BATCH]).contiguous(
            memory_format=torch.channels_last
        )
        parts.append(to_pixels(painter(x.to(device), weights[start : start + BATCH].to(device))))
    return np.concatenate(parts)

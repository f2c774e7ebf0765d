"""Pictures in other styles and their originals: of a painter, or of another program."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.collection.picture_draws import known_artists
from impasto.images.tensors import byte_tensor, float_tensor, to_pixels
from impasto.models.painter import Painter
from impasto.models.preprocess import plain
from impasto.records.run import Run

BATCH: Final = 64


class PicturesUnderTest(Protocol):
    """Pairs of an original and a target style, which arms turn into pictures."""

    @property
    def found(self) -> Collection:
        """The collection of real works."""

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the originals that are of the collection."""

    @property
    def pairs(self) -> NDArray[np.int64]:
        """The original of each pair, ``int64 (M,)``."""

    @property
    def targets(self) -> NDArray[np.int64]:
        """The target style of each pair, likewise; never the original's own."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The style within which each original is drawn again, ``int64 (N,)``."""

    @property
    def artists(self) -> NDArray[np.int64] | None:
        """The artist of each original, ``int64 (N,)``; ``None``: each is drawn by itself."""

    @property
    def originals(self) -> NDArray[np.uint8]:
        """The originals, ``uint8 (N, R, R, 3)``."""

    @property
    def sources(self) -> NDArray[np.uint8]:
        """The original of each pair, ``uint8 (M, R, R, 3)``."""

    @property
    def has_source(self) -> NDArray[np.bool_]:
        """Whether each pair's original is known, and no other picture stands in, ``bool (M,)``."""

    @property
    def paired(self) -> bool:
        """Whether the originals' own styles are known."""

    def stored(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pictures of the collection in the same size, ``uint8 (N, R, R, 3)``."""


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
    def artists(self) -> NDArray[np.int64] | None:
        """Their artists, ``int64 (N,)``; ``None`` where too few are known."""
        return known_artists(self.found, self.rows)

    @property
    def has_source(self) -> NDArray[np.bool_]:
        """All originals are known, ``bool (M,)``."""
        return np.ones(len(self.pairs), bool)

    @property
    def paired(self) -> bool:
        """The originals' own styles are known."""
        return True

    @property
    def resolution(self) -> int:
        """Height and width in pixels."""
        return int(self.run.settings["resolution"])

    def stored(self, rows: NDArray[np.int64], resolution: int | None = None) -> NDArray[np.uint8]:
        """Pictures of the collection as large as it paints, ``uint8 (N, R, R, 3)``."""
        return stored_at(self.found, rows, resolution or self.resolution)

    def painted(self, pictures: NDArray[np.uint8], weights: Tensor) -> NDArray[np.uint8]:
        """Pictures ``uint8 (N, R, R, 3)`` in mixtures of styles ``(N, styles)``."""
        return _painted(self.painter, pictures, weights)

    def painted_pairs(self, painter: Painter, resolution: int | None = None) -> NDArray[np.uint8]:
        """Every pair of picture and target style by a painter, at its resolution."""
        sources = self.sources
        if resolution is not None and resolution != self.resolution:
            sources = self.stored(self.rows, resolution)[self.pairs]
        return _painted(painter, sources, torch.eye(len(self.found.vocabulary))[self.targets])


def stored_at(found: Collection, rows: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Pictures of a collection at another size, ``uint8 (N, size, size, 3)``."""
    parts = [np.empty((0, size, size, 3), np.uint8)]
    for start in range(0, len(rows), BATCH):
        raw = byte_tensor(found.pixels[rows[start : start + BATCH]])
        parts.append(to_pixels(plain(raw, size)))
    return np.concatenate(parts)


@torch.no_grad()
def _painted(painter: Painter, pictures: NDArray[np.uint8], weights: Tensor) -> NDArray[np.uint8]:
    device, parts = painter.styles.device, [np.empty((0, *pictures.shape[1:]), np.uint8)]
    for start in range(0, len(pictures), BATCH):
        x = float_tensor(pictures[start : start + BATCH]).contiguous(
            memory_format=torch.channels_last
        )
        parts.append(to_pixels(painter(x.to(device), weights[start : start + BATCH].to(device))))
    return np.concatenate(parts)

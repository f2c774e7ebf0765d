"""Vectors made ready for Euclidean distances: preparation, PCA, and raw pixels for comparison."""

from collections.abc import Callable, Iterator
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.decomposition import PCA

from impasto.collection.collection import Collection
from impasto.numerics.neighbours import unit
from impasto.records.atlas import Preparation

Vectors = NDArray[np.float32]
Transform = Callable[[Vectors], Vectors]
WHITENED = 64  # components kept by whitening: later ones are noise blown up
SIDE = 32  # pixels of the small pictures that raw pixels are taken from
TOGETHER = 10_000  # pictures up to which their raw pixels are in memory together


def fit_preparation(known: Vectors, preparation: Preparation, seed: int) -> Transform:
    """Fit a preparation to vectors ``(N, D)``, to be applied to them or to others."""
    match preparation:
        case "none":
            return lambda vectors: vectors
        case "standardise":
            # in float32, unlike StandardScaler, for the scores that were published
            mean, deviation = known.mean(0), known.std(0)
            scale = np.where(deviation > 1e-6, deviation, 1)
            return lambda vectors: np.asarray((vectors - mean) / scale, np.float32)
        case "unit":
            return unit
        case "whiten":
            return fit_pca(known, WHITENED, seed, whiten=True)
        case _:
            assert_never(preparation)


def fit_pca(known: Vectors, dimensions: int, seed: int, *, whiten: bool = False) -> Transform:
    """Fit PCA to vectors ``(N, D)``; the identity where ``dimensions`` is no reduction."""
    count = min(dimensions, *known.shape)
    if not whiten and count == known.shape[1]:
        return lambda vectors: vectors
    model = PCA(count, whiten=whiten, random_state=seed).fit(known)
    return lambda vectors: np.asarray(model.transform(vectors), np.float32)


def reduced(vectors: Vectors, dimensions: int, seed: int) -> Vectors:
    """Return the first principal components, ``(N, min(dimensions, D, N))``."""
    return fit_pca(vectors, dimensions, seed)(vectors)


def pixels(collection: Collection) -> Vectors:
    """Return pictures shrunk by averaging blocks, ``float32 (N, 32 · 32 · 3)`` in [-1, 1]."""
    return np.concatenate(list(_shrunk(collection)))


def pixel_components(collection: Collection, dimensions: int, seed: int) -> Vectors:
    """Return principal components of shrunk pictures, ``(N, min(dimensions, D, N))``.

    Of many pictures the covariance is summed block by block, so that they are never in memory
    together: a gigabyte for 81,446 of them.
    """
    if len(collection) <= TOGETHER:
        return reduced(pixels(collection), dimensions, seed)
    total, products = np.zeros(0), np.zeros((0, 0))
    for block in _shrunk(collection):
        if not total.size:
            total = np.zeros(block.shape[1])
            products = np.zeros((block.shape[1], block.shape[1]))
        total += block.sum(0, dtype=np.float64)
        products += block.T @ block
    mean, wide = total / len(collection), len(total)
    if dimensions >= wide:
        return pixels(collection)
    products -= len(collection) * np.outer(mean, mean)
    _, axes = eigh(products, subset_by_index=(wide - dimensions, wide - 1), overwrite_a=True)
    axes, mean = axes[:, ::-1].astype(np.float32), mean.astype(np.float32)  # the largest first
    return np.concatenate([(block - mean) @ axes for block in _shrunk(collection)])


def _shrunk(collection: Collection) -> Iterator[Vectors]:
    """Shrunk pictures, some at a time."""
    stored = collection.stored
    rows = stored_rows(collection)
    side = stored.shape[1]
    edges = np.linspace(0, side, min(SIDE, side) + 1).round().astype(int)
    wide = np.diff(edges)[:, None, None] * np.diff(edges)[None, :, None]
    for start in range(0, len(rows), 256):
        part = stored[rows[start : start + 256]].astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(part, edges[:-1], axis=1), edges[:-1], axis=2)
        yield np.asarray((sums / wide / 127.5 - 1).reshape(len(part), -1), np.float32)


def stored_rows(collection: Collection) -> NDArray[np.int64]:
    """Return the row of ``collection.stored`` of each painting, ``int64 (N,)``."""
    if collection.stored_rows is not None:
        return collection.stored_rows
    return np.arange(len(collection))

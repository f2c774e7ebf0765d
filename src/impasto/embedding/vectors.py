"""Vectors made ready for Euclidean distances: preparation, PCA, and raw pixels for comparison."""

from collections.abc import Callable
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from impasto.collection.collection import Collection
from impasto.numerics.neighbours import unit
from impasto.records.atlas import Preparation

Vectors = NDArray[np.float32]
Transform = Callable[[Vectors], Vectors]
WHITENED = 64  # components kept by whitening: later ones are noise blown up
SIDE = 32  # pixels of the small pictures that raw pixels are taken from


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
    stored = collection.stored
    rows = stored_rows(collection)
    side = stored.shape[1]
    edges = np.linspace(0, side, min(SIDE, side) + 1).round().astype(int)
    wide = np.diff(edges)[:, None, None] * np.diff(edges)[None, :, None]
    result = np.empty((len(rows), len(wide) ** 2 * 3), np.float32)
    for start in range(0, len(rows), 256):
        part = stored[rows[start : start + 256]].astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(part, edges[:-1], axis=1), edges[:-1], axis=2)
        result[start : start + len(part)] = (sums / wide / 127.5 - 1).reshape(len(part), -1)
    return result


def stored_rows(collection: Collection) -> NDArray[np.int64]:
    """Return the row of ``collection.stored`` of each painting, ``int64 (N,)``."""
    if collection.stored_rows is not None:
        return collection.stored_rows
    return np.arange(len(collection))

"""Vectors made ready for distances, what they are compared with, and who is near whom."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from impasto.collection.collection import Collection
from impasto.embedding.settings import Preparation
from impasto.numerics.neighbours import unit

Vectors = NDArray[np.float32]
WHITENED = 64  # components kept by whitening: later ones are noise blown up
SIDE = 32  # pixels of the small pictures that raw pixels are taken from


def prepared(vectors: Vectors, preparation: Preparation, seed: int) -> Vectors:
    """The vectors ``(N, D)`` as distances are measured on; no label is looked at."""
    return preparer(vectors, preparation, seed)(vectors)


def preparer(known: Vectors, preparation: Preparation, seed: int) -> Callable[[Vectors], Vectors]:
    """What is done to the vectors ``known``, to be done to them or to others."""
    if preparation == "standardise":
        middle, spread = known.mean(0), known.std(0)
        return lambda vectors: np.asarray(
            (vectors - middle) / np.where(spread > 1e-6, spread, 1), np.float32
        )
    if preparation == "unit":
        return unit
    if preparation == "whiten":
        return reducer(known, WHITENED, seed, whiten=True)
    return lambda vectors: vectors


def reduced(vectors: Vectors, dimensions: int, seed: int) -> Vectors:
    """The first principal components ``(N, min(dimensions, D, N))``; distances between them are the vectors' own."""
    return reducer(vectors, dimensions, seed)(vectors)


def reducer(
    known: Vectors, dimensions: int, seed: int, *, whiten: bool = False
) -> Callable[[Vectors], Vectors]:
    """Onto the first principal components of ``known``; nothing to do where those are all there are."""
    count = min(dimensions, *known.shape)
    if not whiten and count == known.shape[1]:
        return lambda vectors: vectors
    model = PCA(count, whiten=whiten, random_state=seed).fit(known)
    return lambda vectors: np.asarray(model.transform(vectors), np.float32)


def pixels(collection: Collection) -> Vectors:
    """Small pictures as they are, ``float32 (N, 32 · 32 · 3)`` in [-1, 1].

    Blocks of pixels averaged.
    """
    side = collection.pixels.shape[1]
    edges = np.linspace(0, side, min(SIDE, side) + 1).round().astype(int)
    wide = np.diff(edges)[:, None, None] * np.diff(edges)[None, :, None]
    result = np.empty((len(collection), len(wide) ** 2 * 3), np.float32)
    for start in range(0, len(collection), 256):
        part = collection.pixels[start : start + 256].astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(part, edges[:-1], axis=1), edges[:-1], axis=2)
        result[start : start + len(part)] = (sums / wide / 127.5 - 1).reshape(len(part), -1)
    return result

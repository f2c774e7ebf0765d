"""Perceptual hashes: 64 bits that hardly change when a picture is re-encoded or resized.

The signs of the 8×8 lowest frequencies of the luminance's cosine transform against their median
(Zauner 2010, "Implementation and benchmarking of perceptual image hash functions", section 3.2.1).
"""

import numpy as np
from numpy.typing import NDArray

SIDE = 32  # pixels of the thumbnail that is transformed
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_CHUNK = 128  # pictures at a time, so that memory stays small


def thumbnails(pixels: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.float32]:
    """Area-averaged luminance, ``float32 (N, side, side)`` in 0–255, of ``uint8 (N, H, W, 3)``."""
    rows, columns = _averaging(pixels.shape[1], side), _averaging(pixels.shape[2], side)
    small = np.empty((len(pixels), side, side), np.float32)
    for start in range(0, len(pixels), _CHUNK):
        part = pixels[start : start + _CHUNK]
        # By channel: six times as fast as a product of matrices three numbers wide
        luminance = sum(part[..., channel] * weight for channel, weight in enumerate(_LUMA))
        small[start : start + _CHUNK] = rows @ luminance @ columns.T
    return small


def perceptual_hash(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The hash of each picture, ``uint64 (N,)``, of ``uint8 (N, H, W, 3)``."""
    return hash_thumbnails(thumbnails(pixels))


def crop_hash(small: NDArray[np.float32], crop: float) -> NDArray[np.uint64]:
    """The hash of each thumbnail without a share ``crop`` of it at each edge."""
    rows, columns = (_averaging(side, SIDE, crop) for side in small.shape[1:])
    return hash_thumbnails(np.asarray(rows @ small @ columns.T, np.float32))


def hash_thumbnails(small: NDArray[np.float32]) -> NDArray[np.uint64]:
    """The hash of each thumbnail, ``uint64 (N,)``, of ``float32 (N, SIDE, SIDE)``."""
    n = np.arange(SIDE)
    cosines = np.cos(
        np.pi * (n[None, :] + 0.5) * np.arange(8)[:, None] / SIDE
    )  # DCT-II, frequencies 0–7
    low = (cosines @ small @ cosines.T).reshape(len(small), 64)
    median = np.median(
        low[:, 1:], axis=1, keepdims=True
    )  # frequency 0 is the mean brightness: left out
    bits = (low > median + 1e-3).astype(
        np.uint64
    )  # the margin makes all bits of a constant picture equal
    bits[:, 0] = 0
    return np.asarray((bits << np.arange(64, dtype=np.uint64)).sum(1, dtype=np.uint64))


def _averaging(length: int, side: int, crop: float = 0.0) -> NDArray[np.float32]:
    """The matrix ``(side, length)`` that averages ``length`` pixels over ``side`` equal spans.

    The spans leave out a share ``crop`` at both ends.
    """
    edges = np.linspace(crop * length, (1 - crop) * length, side + 1)
    left, right = edges[:-1, None], edges[1:, None]
    position = np.arange(length)[None, :]
    overlap = np.clip(np.minimum(right, position + 1) - np.maximum(left, position), 0, 1)
    return np.asarray(overlap / overlap.sum(1, keepdims=True), np.float32)

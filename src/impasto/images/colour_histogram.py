"""Colour histograms: the baseline that every learned representation stands beside."""

import numpy as np
from numpy.typing import NDArray

_CHUNK = 256


def histograms(pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Colour histograms ``float32 (len(rows), 512)`` of some rows of ``uint8 (N, H, W, 3)``.

    8 levels a channel, square roots of shares (Hellinger).
    """
    result = np.empty((len(rows), 512), np.float32)
    for start in range(0, len(rows), _CHUNK):
        part = pixels[rows[start : start + _CHUNK]]
        levels = (part >> 5).reshape(len(part), -1, 3).astype(np.int32)
        cells = levels[..., 0] * 64 + levels[..., 1] * 8 + levels[..., 2]
        cells += np.arange(len(part), dtype=np.int32)[:, None] * 512
        counted = np.bincount(cells.ravel(), minlength=len(part) * 512).reshape(len(part), 512)
        result[start : start + len(part)] = np.sqrt(counted / cells.shape[1])
    return result

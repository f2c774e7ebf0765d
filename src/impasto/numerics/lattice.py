"""Lattice measure: how far spectral peaks at small periods stand above their surroundings.

Networks that paint leave lattices of dots or stripes, whose period is a power of two; paintings
have none. A hit rate misses them.
"""

from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PERIODS: Final = (2, 4, 8)  # in pixels
LUMA: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601
AROUND: Final = 5  # frequencies to either side that count as surroundings
BESIDE: Final = 1  # frequencies to either side that belong to the peak, by the window's width


def lattice_peaks(pictures: NDArray[np.uint8]) -> Floats:
    """Height of the strongest peak at each of ``PERIODS``, in dB, ``(N, 3)``.

    The power of a picture's luma under a Hann window is taken at the frequencies with 1/p cycles a
    pixel across, down, or both (the diagonals) and at those beside them, and divided by the median
    power of the surroundings, a square of 11 frequencies without these; the largest counts. A
    picture without any lattice has more than 0 dB, since the largest of several powers is above
    their median: compare with real pictures of the same size.

    Args:
        pictures: ``uint8 (N, H, W, 3)``, at least 32 pixels high and wide.
    """
    height, width = pictures.shape[1:3]
    window = np.outer(np.hanning(height + 1)[:-1], np.hanning(width + 1)[:-1])
    result = np.empty((len(pictures), len(PERIODS)))
    for row, picture in enumerate(pictures):
        luma = picture.astype(np.float64) @ np.asarray(LUMA)
        power = np.abs(scipy.fft.fft2((luma - luma.mean()) * window)) ** 2
        for column, period in enumerate(PERIODS):
            down, across = round(height / period), round(width / period)
            places = ((0, across), (down, 0), (down, across), (down, -across))
            result[row, column] = max(_height(power, *place) for place in places)
    return result


def _height(power: Floats, down: int, across: int) -> float:
    """Decibels by which the power at a frequency stands above the median around it."""
    offsets = np.arange(-AROUND, AROUND + 1)
    rows = (down + offsets) % power.shape[0]
    columns = (across + offsets) % power.shape[1]
    near = power[np.ix_(rows, columns)]
    far = np.maximum.outer(np.abs(offsets), np.abs(offsets)) > BESIDE
    least = 1e-9 * max(float(power.max()), 1.0)  # of a constant picture nothing stands out
    return float(10 * np.log10((near[~far].max() + least) / (np.median(near[far]) + least)))

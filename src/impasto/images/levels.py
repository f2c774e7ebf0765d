"""Levels: samples of more than 8 bits, whole or floating, as 8 bits.

A file does not always say which of its values is white: 12 bits are stored in 16, 8 bits in 32,
floats up to 1 or up to 255. Where it is silent, the largest value decides, and that is noted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DEPTHS = ((255.0, "8 bits"), (4095.0, "12 bits"))
"""Whites of samples that are stored in 16 or 32 bits, and their names, from the darkest."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The value that is shown as white.

    Attributes:
        white: that value; black is 0.
        inverted: whether 0 is white instead.
        note: what had to be guessed, in words; empty where nothing was.
    """

    white: float
    inverted: bool = False
    note: str = ""

    def eight_bit(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Values as ``uint8``; whatever is no number is black."""
        scaled = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=self.white, neginf=0.0)
        scaled = scaled.clip(0, self.white) * np.float32(255 / self.white)
        eight = scaled.round().astype(np.uint8)
        return 255 - eight if self.inverted else eight


def levels_of(
    bands: Iterable[NDArray[np.generic]], *, declared: float | None = None, inverted: bool = False
) -> Levels:
    """The levels of a picture, given in bands of rows.

    Args:
        bands: the picture's values, whole or floating.
        declared: the value of white, where the file gives it.
        inverted: whether the file says that 0 is white.
    """
    if declared is not None:
        return Levels(declared, inverted)
    largest, is_float = 0.0, False
    for band in bands:
        is_float = band.dtype.kind == "f"
        finite = band[np.isfinite(band)] if is_float else band
        largest = max(largest, float(finite.max(initial=0)))
    white, note = _float_white(largest) if is_float else _whole_white(largest)
    return Levels(white, inverted, note)


def _whole_white(largest: float) -> tuple[float, str]:
    if largest == 0 or 4095 < largest <= 65535:
        return 65535.0, ""
    for white, depth in _DEPTHS:
        if largest <= white:
            return white, f"read as {depth} in a deeper file: no value above {largest:.0f}"
    return largest, f"the largest value is shown as white: {largest:.0f}"


def _float_white(largest: float) -> tuple[float, str]:
    if largest <= 1:
        return 1.0, ""
    if largest <= 2:  # overshoots of a filter, or highlights
        return 1.0, f"floating 1 is shown as white: values up to {largest:.3g}"
    for white in (255.0, 65535.0):
        if largest <= white:
            return white, f"floating {white:.0f} is shown as white: values up to {largest:.4g}"
    return largest, f"the largest value is shown as white: {largest:.4g}"

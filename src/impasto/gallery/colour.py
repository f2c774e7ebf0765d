"""Colour in Oklab: lightness L in [0, 1] and two opponent axes of about ±0.3.

After Ottosson, "A perceptual color space for image processing", 2020. Scaling a whole Oklab colour
is shading it: lightness and chroma fall together, as they do on a thing that turns away from the
light.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.floating[Any]]
"""Any float array of a picture: (S, S) of one quantity, or (S, S, 3) of Oklab colours."""

Labels = NDArray[np.signedinteger[Any]]
"""(S, S) whole numbers that say which thing, cell or pane a pixel belongs to."""

_TO_ROOTS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ],
    dtype=np.float32,
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ],
    dtype=np.float32,
)
# Linear light to 8-bit sRGB by table: a power a pixel would cost more than all the rest of the
# conversion.
_STEPS = np.arange(4096) / 4095
_GAMMA = np.round(
    255
    * np.where(
        _STEPS <= 0.0031308, 12.92 * _STEPS, 1.055 * np.maximum(_STEPS, 1e-9) ** (1 / 2.4) - 0.055
    )
).astype(np.uint8)


def lch(lightness: float, chroma: float, hue: float) -> NDArray[np.float32]:
    """The Oklab colour (3,) of a lightness, a chroma and a hue in degrees."""
    angle = np.deg2rad(hue)
    return np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], dtype=np.float32)


def turned(colours: Pixels, degrees: float | Pixels, chroma: float | Pixels = 1.0) -> Pixels:
    """Colours (..., 3) with hue turned by ``degrees`` and chroma multiplied, also by pixel."""
    angle = np.deg2rad(np.asarray(degrees, dtype=np.float32))
    cos, sin = np.cos(angle) * chroma, np.sin(angle) * chroma
    first, second = colours[..., 1], colours[..., 2]
    return np.stack(
        [colours[..., 0], first * cos - second * sin, first * sin + second * cos], axis=-1
    )


def mixed(one: Pixels, other: Pixels, share: float | Pixels) -> Pixels:
    """``one`` and ``other`` (..., 3) mixed, with ``share`` of ``other``, also by pixel."""
    weight = np.asarray(share, dtype=np.float32)
    weight = weight[..., None] if weight.ndim else weight
    return (one + (other - one) * weight).astype(np.float32)


def to_srgb(colours: Pixels) -> NDArray[np.uint8]:
    """Oklab (..., 3) as 8-bit sRGB; what lies outside of sRGB is clipped."""
    roots = colours.astype(np.float32) @ _TO_ROOTS.T
    linear = (roots * roots * roots) @ _TO_LINEAR.T
    codes: NDArray[np.uint8] = _GAMMA[(np.clip(linear, 0, 1) * 4095 + 0.5).astype(np.int16)]
    return codes

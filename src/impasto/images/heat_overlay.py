"""Heat map laid over a picture: grey where it is cold, glowing where it is hot.

The page draws the same with the same numbers, in ``page/static/panels/painting.js``.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.images.palette import HEAT


def heat_overlay(picture: Image.Image, heat: NDArray[np.float32]) -> Image.Image:
    """Return the picture under a heat map ``(H, W)`` in [0, 1], in the picture's own size."""
    mask = Image.fromarray((heat * 255).round().astype(np.uint8))
    warmth = np.asarray(mask.resize(picture.size, Image.Resampling.BICUBIC), np.float32) / 255
    warmth = warmth[..., None]
    colour = np.asarray(picture.convert("RGB"), np.float32)
    grey = np.asarray(picture.convert("L").convert("RGB"), np.float32)
    grey = grey * HEAT["grey"] + HEAT["lift"]
    # From red to yellow
    glow = np.concatenate(
        (np.full_like(warmth, 255), HEAT["green"] * warmth, HEAT["blue"] * (1 - warmth)), 2
    )
    base = grey + (colour - grey) * np.clip(2 * warmth, 0, 1)
    mixed = base + (glow - base) * (HEAT["strength"] * np.clip(2 * warmth - 1, 0, 1))
    return Image.fromarray(mixed.clip(0, 255).astype(np.uint8))

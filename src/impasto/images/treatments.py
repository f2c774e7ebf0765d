"""Treatments that leave a picture's style as it is: a shift, a slight blur, recompression."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Pixels = NDArray[np.uint8]


def shifted(pictures: Pixels, by: int) -> Pixels:
    """Pictures ``uint8 (N, H, W, 3)`` moved down and right, reflected where they end."""
    height, width = pictures.shape[1:3]
    beyond = ((0, 0), (by, 0), (by, 0), (0, 0))
    return np.ascontiguousarray(np.pad(pictures, beyond, mode="reflect")[:, :height, :width])


def blurred(pictures: Pixels, sigma: float) -> Pixels:
    """Pictures ``uint8 (N, H, W, 3)`` under a Gaussian filter of ``sigma`` pixels."""
    soft = gaussian_filter(pictures.astype(np.float32), (0, sigma, sigma, 0))
    return np.asarray(soft.round().clip(0, 255).astype(np.uint8))


def recompressed(pictures: Pixels, quality: int) -> Pixels:
    """Pictures ``uint8 (N, H, W, 3)`` written as JPEG and read again."""
    result = np.empty_like(pictures)
    for place, one in enumerate(pictures):
        file = io.BytesIO()
        Image.fromarray(one).save(file, "JPEG", quality=quality)
        with Image.open(file) as image:
            result[place] = np.asarray(image)
    return result

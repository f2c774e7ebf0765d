"""Aspect ratio buckets: batches of one shape, so that pictures keep their proportions.

After NovelAI's "Aspect ratio bucketing" (2022), with diffusers' own list of shapes.
"""

import math
from collections.abc import Sequence

import numpy as np
from diffusers.training_utils import generate_aspect_ratio_buckets
from numpy.typing import NDArray

Shape = tuple[int, int]
"""Height and width in pixels."""


def shapes(resolution: int, step: int, *, several: bool) -> list[Shape]:
    """The shapes of about ``resolution ** 2`` pixels in multiples of ``step``, the square first."""
    square = (resolution, resolution)
    if not several:
        return [square]
    return [
        square,
        *(shape for shape in generate_aspect_ratio_buckets(resolution, step) if shape != square),
    ]


def assign(
    sizes: Sequence[tuple[int | None, int | None]], known: Sequence[Shape]
) -> NDArray[np.int64]:
    """Return the nearest shape by aspect for each size ``(H, W)``; the first for unknown ones."""
    aspects = np.log([width / height for height, width in known])
    logs = [math.log(width / height) if height and width else 0.0 for height, width in sizes]
    return np.asarray(np.abs(np.asarray(logs)[:, None] - aspects[None, :]).argmin(1), np.int64)

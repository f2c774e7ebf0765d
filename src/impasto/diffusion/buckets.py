"""Aspect ratio buckets: batches of one shape, so that pictures keep their proportions.

After NovelAI's "Aspect ratio bucketing" (2022), up to 1:4.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int]
"""Height and width in pixels."""


WIDEST: Final = 4.0
"""Longer side over shorter side of a shape, at most: hand scrolls and pillar prints are longer."""


def shapes(resolution: int, step: int, *, several: bool) -> list[Shape]:
    """The shapes of about ``resolution ** 2`` pixels in multiples of ``step``, the square first.

    For each height the width that comes nearest to that many pixels, and the same lying.
    """
    square = (resolution, resolution)
    if not several:
        return [square]
    found = {square}
    for height in range(step, resolution + 1, step):
        width = max(step, round(resolution**2 / height / step) * step)
        off = height * width / resolution**2
        if width / height <= WIDEST and 0.75 < off < 1.25:
            found |= {(height, width), (width, height)}
    return [square, *sorted(found - {square})]


def cropped(size: tuple[int, int], shape: Shape) -> float:
    """Share of a picture ``(H, W)`` that is lost where it is cut to the proportions of a shape."""
    aspect, wanted = size[1] / size[0], shape[1] / shape[0]
    return 1 - min(aspect, wanted) / max(aspect, wanted)


def assign(
    sizes: Sequence[tuple[int | None, int | None]], known: Sequence[Shape]
) -> NDArray[np.int64]:
    """Return the nearest shape by aspect for each size ``(H, W)``; the first for unknown ones."""
    aspects = np.log([width / height for height, width in known])
    logs = [math.log(width / height) if height and width else 0.0 for height, width in sizes]
    return np.asarray(np.abs(np.asarray(logs)[:, None] - aspects[None, :]).argmin(1), np.int64)

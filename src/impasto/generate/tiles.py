"""Painter on pictures of any size: overlapping tiles, blended where they overlap."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.images.tensors import float_tensor, to_pixels
from impasto.models.painter import SHRINK, Painter

TILE: Final = 512  # height and width of a tile of a larger picture, in pixels
OVERLAP: Final = 64  # pixels that neighbouring tiles share; there they are blended


def paint_in_tiles(
    painter: Painter, picture: NDArray[np.uint8], weights: Tensor
) -> NDArray[np.uint8]:
    """Repaint a picture ``uint8 (H, W, 3)`` at its size, in overlapping tiles where it is large.

    Args:
        painter: in evaluation mode.
        picture: of any height and width.
        weights: of the styles, ``float32 (styles,)``; the rest to 1 is no style.
    """
    device = painter.styles.device
    x = float_tensor(picture[None], device)
    colours = painter.colours(x, weights.to(device)[None])  # of the whole: tiles agree
    height, width = x.shape[-2:]
    below, beside = -height % SHRINK, -width % SHRINK
    x = torch.nn.functional.pad(x, (0, beside, 0, below), mode="replicate")
    total = torch.zeros_like(x)
    share = torch.zeros_like(x[:, :1])
    rows, columns = (_starts(side) for side in x.shape[-2:])
    with torch.no_grad():
        for top in rows:
            for left in columns:
                place = (..., slice(top, top + TILE), slice(left, left + TILE))
                part = x[place].contiguous(memory_format=torch.channels_last)
                high, wide = (_fade(side, device) for side in part.shape[-2:])
                weight = high[:, None] * wide[None, :]
                origin = torch.tensor([[top, left]], device=device)
                total[place] += weight * painter(part, weights.to(device)[None], colours, origin)
                share[place] += weight
    painted: NDArray[np.uint8] = to_pixels((total / share)[..., :height, :width])[0]
    return painted


def _starts(side: int) -> list[int]:
    """First pixels of overlapping tiles along a side, evenly, at multiples of ``SHRINK``."""
    if side <= TILE:
        return [0]
    count = -(-(side - OVERLAP) // (TILE - OVERLAP))
    return [round(index * (side - TILE) / (count - 1) / SHRINK) * SHRINK for index in range(count)]


def _fade(length: int, device: torch.device) -> Tensor:
    """Weights that rise over the overlap from nearly 0, and fall again."""
    place = torch.arange(length, device=device, dtype=torch.float32) + 0.5
    return torch.minimum(place, length - place).clamp(max=OVERLAP) / OVERLAP

"""Preparation: pictures of any size to a network's inputs, as a module that exports to ONNX.

First to the squares that a collection stores (models/pillow_resize.py), then to the resolutions of
the network (models/preprocess.py), both in tensor operations.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.pillow_resize import resized


@dataclass(frozen=True, slots=True)
class PreparationConfig:
    """Sizes of the pictures on their way to a network.

    Attributes:
        stored: height and width of a collection's squares in pixels.
        crop: cut the longer side to a square, instead of squashing the whole picture.
        pillow: the major version of Pillow whose resizing is equalled.
        sides: height and width of each input of the network, in pixels.
    """

    stored: int
    crop: bool
    pillow: int
    sides: tuple[int, ...]


class Preparation(nn.Module):
    """Pictures ``uint8 (B, H, W, 3)`` to inputs ``float32 (B, 3, R, R)`` in [-1, 1], one a side."""

    def __init__(self, config: PreparationConfig) -> None:
        super().__init__()
        self.config = config
        for number, side in enumerate(config.sides):
            self.register_buffer(f"resize{number}", _weights(config.stored, side))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the inputs in the order of the sides."""
        how = self.config
        levels = resized(pictures, how.stored, crop=how.crop, pillow=how.pillow)
        inputs = []
        for side, weights in zip(how.sides, self.buffers(), strict=True):
            x = levels if side == how.stored else weights @ levels @ weights.transpose(0, 1)
            inputs.append(x / 127.5 - 1)
        return inputs


def _weights(length: int, side: int) -> Tensor:
    """The matrix ``(side, length)`` of torch's own bilinear interpolation with antialiasing."""
    if length == side:
        return torch.zeros(0)
    rows = torch.eye(length)[None, None]
    return F.interpolate(
        rows, (side, length), mode="bilinear", antialias=True, align_corners=False
    )[0, 0]

"""Preprocessing of the input: pictures in [-1, 1] at the network's resolution."""

import torch
from torch import Tensor
from torch.nn import functional as F


def plain(pictures: Tensor, resolution: int) -> Tensor:
    """Resize whole pictures with antialiasing and scale them to [-1, 1], without augmentation.

    Args:
        pictures: ``uint8 (B, 3, H, W)``.
        resolution: height and width of the result in pixels.

    Returns:
        ``float32 (B, 3, resolution, resolution)`` in [-1, 1].
    """
    x = pictures.float()
    if x.shape[-2:] != (resolution, resolution):
        x = F.interpolate(
            x, (resolution, resolution), mode="bilinear", antialias=True, align_corners=False
        )
    return (x / 127.5 - 1).contiguous(memory_format=torch.channels_last)

"""Conversion between pictures ``uint8 (N, H, W, 3)`` and tensors ``(N, 3, H, W)``."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Pixels = NDArray[np.uint8]


def byte_tensor(pixels: Pixels) -> "Tensor":
    """Return pictures as ``uint8 (N, 3, H, W)``, channels last in memory."""
    import torch  # noqa: PLC0415 – images load without torch

    writable = np.require(pixels, requirements=["C", "W"])  # torch refuses or warns of others
    return torch.from_numpy(writable).permute(0, 3, 1, 2)


def float_tensor(pixels: Pixels, device: "torch.device | str" = "cpu") -> "Tensor":
    """Return pictures as ``float32 (N, 3, H, W)`` in [-1, 1], computed on a device."""
    return byte_tensor(pixels).to(device).float() / 127.5 - 1


def to_pixels(x: "Tensor") -> Pixels:
    """Return pictures ``float (N, 3, H, W)`` in [-1, 1], clipped, as ``uint8 (N, H, W, 3)``."""
    levels = ((x.clamp(-1, 1) + 1) * 127.5).round().byte()
    return np.asarray(levels.permute(0, 2, 3, 1).cpu().numpy())

"""Adversarial pictures: the hit rate that an attack on a classifier reaches.

Projected gradient on a style classifier (Madry et al. 2018, arXiv:1706.06083), with a budget of
SSIM instead of a largest difference: each picture may change as much as a painter changed it. Such
pictures look like the original with noise. An evaluator that calls them the target style
responds to adversarial patterns.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto.images.tensors import float_tensor, to_pixels
from impasto.models.classifiers import StyleNetwork
from impasto.models.image_metrics import lightness, ssim

Pixels = NDArray[np.uint8]
STEPS: Final = 10
STEP: Final = 0.04  # of the range from -1 to 1, along the sign of the gradient
HALVINGS: Final = 6  # of the interval in which the largest change within the budget is looked for
BATCH: Final = 32


def adversarial_pictures(
    model: StyleNetwork,
    resolution: int,
    sources: Pixels,
    targets: NDArray[np.int64],
    budgets: NDArray[np.float64],
) -> Pixels:
    """Pictures ``uint8 (N, H, W, 3)`` that a classifier takes for their target styles.

    Args:
        model: the style classifier, in evaluation mode.
        resolution: height and width of its input.
        sources: the pictures, ``uint8 (N, H, W, 3)``.
        targets: a style for each, ``int64 (N,)``.
        budgets: the least SSIM of its lightness that each keeps, ``(N,)``.
    """
    parts = [np.empty((0, *sources.shape[1:]), np.uint8)]
    device = next(model.parameters()).device
    for at in range(0, len(sources), BATCH):
        x = float_tensor(sources[at : at + BATCH], device).contiguous()
        wanted = torch.from_numpy(targets[at : at + BATCH]).to(device)
        least = torch.from_numpy(budgets[at : at + BATCH]).float().to(device)
        parts.append(to_pixels(_ascended(model, resolution, x, wanted, least)))
    return np.concatenate(parts)


def _ascended(
    model: StyleNetwork, resolution: int, x: Tensor, targets: Tensor, budgets: Tensor
) -> Tensor:
    change = torch.zeros_like(x)
    for _ in range(STEPS):
        made = (x + change).clamp(-1, 1).requires_grad_()
        small = F.interpolate(
            made, (resolution, resolution), mode="bilinear", antialias=True, align_corners=False
        )
        with torch.enable_grad():
            loss = F.cross_entropy(model(small).float(), targets, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, made)
        change = _within(x, change - STEP * gradient.sign(), budgets)
    return x + change


@torch.no_grad()
def _within(x: Tensor, change: Tensor, budgets: Tensor) -> Tensor:
    """The largest part of a change that keeps the SSIM of the lightness, picture by picture."""
    change = (x + change).clamp(-1, 1) - x
    light = lightness(x)
    low, high = torch.zeros_like(budgets), torch.ones_like(budgets)
    kept = ssim(lightness(x + change), light) >= budgets
    if bool(kept.all()):
        return change
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        inside = ssim(lightness(x + middle[:, None, None, None] * change), light) >= budgets
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
    return change * torch.where(kept, torch.ones_like(low), low)[:, None, None, None]

"""Where a network looked: Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391)."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from impasto.models.build import StyleNetwork

STRENGTH = 0.65  # of the heat over the picture at its hottest


def grad_cam(model: StyleNetwork, x: Tensor, style: int) -> NDArray[np.float32]:
    """How much each place of a picture speaks for a style, ``float32 (H, W)`` in [0, 1].

    The last feature map, each channel weighted by the mean slope of the style's logit in it, where that is positive;
    divided by its largest value; all zero where nothing speaks for the style.

    Args:
        model: in evaluation mode.
        x: one picture, ``(1, 3, H, W)`` in [-1, 1].
        style: position in the vocabulary.
    """
    with torch.enable_grad():
        features = model.features(x).detach().requires_grad_()
        logit = model.head(model.describe(features))[0, style]
        (slope,) = torch.autograd.grad(logit, features)
    heat = F.relu((slope.mean((2, 3), keepdim=True) * features).sum(1, keepdim=True)).detach()  # (1, 1, h, w)
    heat = F.interpolate(heat, x.shape[-2:], mode="bicubic", align_corners=False).clamp(min=0)[0, 0]
    top = float(heat.max())
    return np.asarray((heat / top if top > 0 else heat).float().cpu().numpy(), np.float32)


def overlay(picture: Image.Image, heat: NDArray[np.float32]) -> Image.Image:
    """The picture, greyed where a heat map ``(H, W)`` in [0, 1] is cold and glowing where it is hot; of equal size."""
    mask = Image.fromarray((heat * 255).round().astype(np.uint8)).resize(picture.size, Image.Resampling.BICUBIC)
    warmth = np.asarray(mask, np.float32)[..., None] / 255
    colour = np.asarray(picture.convert("RGB"), np.float32)
    grey = np.asarray(picture.convert("L").convert("RGB"), np.float32) * 0.55 + 40
    glow = np.concatenate((np.full_like(warmth, 255), 190 * warmth, 40 * (1 - warmth)), 2)  # red to yellow
    base = grey + (colour - grey) * np.clip(2 * warmth, 0, 1)
    mixed = base + (glow - base) * (STRENGTH * np.clip(2 * warmth - 1, 0, 1)) * 0.8
    return Image.fromarray(mixed.clip(0, 255).astype(np.uint8))

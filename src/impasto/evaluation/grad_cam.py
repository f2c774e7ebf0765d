"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) over all feature maps of a network.

The last feature map has 4 × 4 places for a picture, the first 16 × 16. The network describes a
picture by all of them, so all of them say where its answer comes from (numbers in
docs/methods/explanation.md).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto.evaluation.loaded_classifier import LoadedClassifier
from impasto.models.classifiers import StyleNetwork

_CHUNK = 32


def heat_maps(
    network: LoadedClassifier, pictures: NDArray[np.uint8], styles: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Evidence of each place for a style, ``float32 (B, R, R)`` in [0, 1].

    Grad-CAM, divided by its largest value. All zero where nothing speaks for the style.

    Args:
        network: to look with.
        pictures: ``uint8 (B, H, W, 3)``.
        styles: a position in the vocabulary for each picture, ``int64 (B,)``.
    """
    side = network.resolution
    heat = np.zeros((len(pictures), side, side), np.float32)
    for start in range(0, len(pictures), _CHUNK):
        part = slice(start, start + _CHUNK)
        with torch.no_grad():
            features = network.model.features(network.input(pictures[part]))
        heat[part] = heat_of_maps(network, features, styles[part])
    return heat


def heat_of_maps(
    network: LoadedClassifier, features: Sequence[Tensor], styles: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Heat maps as of ``heat_maps``, from feature maps that are computed already.

    Args:
        network: that computed them.
        features: of the pictures, ``(B, C, h, w)`` a stage.
        styles: a position in the vocabulary for each picture, ``int64 (B,)``.
    """
    maps = _grad_cam(network.model, features, torch.from_numpy(styles))
    return np.asarray(_peaked(_stretched(maps, network.resolution)).cpu().numpy())


def coarse_heat(
    network: LoadedClassifier,
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int64],
    styles: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Heat maps of rows at the size of the feature maps, ``uint8 (n, h, w)``; 255 is the maximum.

    Args:
        network: to look with.
        pixels: ``uint8 (N, H, W, 3)``.
        rows: ``int64 (n,)``.
        styles: a position in the vocabulary for each of them, ``int64 (n,)``.
    """
    parts = []
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        maps = grad_cam(
            network.model, network.input(pixels[rows[part]]), torch.from_numpy(styles[part])
        )
        parts.append((_peaked(maps) * 255).round().byte().cpu().numpy())
    return np.concatenate(parts)


def grad_cam(model: StyleNetwork, x: Tensor, styles: Tensor) -> Tensor:
    """Grad-CAM of each picture for a style of its own, ``float32 (B, h, w)``, not below 0.

    Every feature map that the network describes speaks (of a residual network the last alone): its
    channels weighted by the mean slope of the style's logit in each. Coarse maps are spread evenly
    over the places of the finest, and of the sum what is positive is the heat.

    Args:
        model: in evaluation mode.
        x: pictures ``(B, 3, H, W)`` in [-1, 1].
        styles: positions in the vocabulary, ``int64 (B,)``.
    """
    with torch.no_grad():
        features = model.features(x)
    return _grad_cam(model, features, styles)


def _grad_cam(model: StyleNetwork, features: Sequence[Tensor], styles: Tensor) -> Tensor:
    """Grad-CAM from feature maps that are computed already."""
    first = features[0]
    with torch.enable_grad():
        maps = [stage.detach().requires_grad_() for stage in features]
        logits = model.head(model.describe(maps))
        # Pictures do not see each other, so the sum's slope in a picture's features is its own
        # logit's
        answers = logits.gather(1, styles.to(first.device)[:, None]).sum()
        slopes = torch.autograd.grad(
            answers, maps, allow_unused=True
        )  # not every network describes every map
    described = [
        (stage, slope) for stage, slope in zip(features, slopes, strict=True) if slope is not None
    ]
    finest = described[0][0].shape[-2:]
    heat = first.new_zeros(len(first), *finest)
    for stage, slope in described:
        weighted = (slope.mean((2, 3), keepdim=True) * stage).sum(1, keepdim=True)
        share = (
            weighted[0].numel() / heat[0].numel()
        )  # of a coarse place's worth for each fine place in it
        heat += F.interpolate(weighted, finest, mode="bilinear", align_corners=False)[:, 0] * share
    return heat.clamp(min=0).float()


def _stretched(maps: Tensor, side: int) -> Tensor:
    return F.interpolate(maps[:, None], (side, side), mode="bicubic", align_corners=False).clamp(
        min=0
    )[:, 0]


def _peaked(maps: Tensor) -> Tensor:
    top = maps.amax((1, 2), keepdim=True)
    return maps / torch.where(top > 0, top, 1)

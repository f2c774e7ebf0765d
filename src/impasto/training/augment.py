"""Augmentation of whole batches on the device: uint8 in, float in [-1, 1] out.

Everything random is drawn from the generator passed in, on the CPU, so that one seed means the same
pictures on every device. Crops after Szegedy et al. 2015 (arXiv:1409.4842), CutMix after Yun et al.
2019 (arXiv:1905.04899), mixup after Zhang et al. 2018 (arXiv:1710.09412); with balanced partners
after Park et al. 2022 (CMO, arXiv:2112.00412) and Galdran et al. 2021 (Balanced-MixUp,
arXiv:2109.09850).
"""

import math
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional as F

from impasto.config import Settings

Share = Annotated[float, Field(gt=0, le=1)]


class AugmentSettings(Settings):
    """Settings of augmentation; zeros with crop_scale (1, 1) and crop_ratio 1 change nothing."""

    crop_scale: tuple[Share, Share] = Field(
        (0.35, 1.0),
        description="smallest and largest share of the picture that a random crop shows",
    )
    crop_ratio: float = Field(
        1.33, ge=1, description="largest stretch of a crop's width against its height"
    )
    flip: bool = Field(True, description="mirror half of the pictures left to right")
    brightness: float = Field(
        0.15, ge=0, le=1, description="largest change of brightness, as a share of the range"
    )
    contrast: float = Field(
        0.15, ge=0, lt=1, description="largest change of contrast, as a factor 1 ± this"
    )
    saturation: float = Field(
        0.15, ge=0, lt=1, description="largest change of saturation, as a factor 1 ± this"
    )
    cutmix: float = Field(
        0.5, ge=0, le=1, description="share of batches in which a box comes from another picture"
    )
    mixup: float = Field(
        0.0, ge=0, le=1, description="share of batches in which two pictures are blended"
    )
    mixup_alpha: float = Field(
        0.2, gt=0, description="mixup's Beta(alpha, alpha): small keeps one picture dominant"
    )
    partners: Literal["batch", "balanced"] = Field(
        "batch",
        description="CutMix and mixup mix in: others of the batch, or every style equally often",
    )

    @model_validator(mode="after")
    def _shares(self) -> "AugmentSettings":
        if self.cutmix + self.mixup > 1:
            raise ValueError(
                "cutmix and mixup are shares of the batches: together they must not exceed 1"
            )
        if self.crop_scale[0] > self.crop_scale[1]:
            raise ValueError("crop_scale is the smallest share, then the largest")
        return self


def augment(
    pictures: Tensor,
    targets: Tensor,
    *,
    settings: AugmentSettings,
    resolution: int,
    generator: torch.Generator,
    partners: Callable[[], tuple[Tensor, Tensor]] | None = None,
) -> tuple[Tensor, Tensor]:
    """Varied pictures and their targets.

    Args:
        pictures: ``uint8 (B, 3, H, W)``.
        targets: ``float (B, styles)``, each row a distribution.
        settings: how far to go.
        resolution: height and width of the result in pixels.
        generator: the source of all randomness, on the CPU.
        partners: as many other pictures and targets, asked for when a batch is mixed; ``None``: the
            batch's own.

    Returns:
        ``float32 (B, 3, resolution, resolution)`` in [-1, 1], and targets of the shape given.
    """
    x = _varied(pictures, settings, resolution, generator)
    kind = float(torch.rand((), generator=generator))
    if kind < settings.cutmix + settings.mixup:
        if partners is None:
            other, other_targets = x, targets
            order = torch.randperm(len(x), generator=generator).to(x.device)
        else:
            others, other_targets = partners()
            other = _varied(others, settings, resolution, generator)
            order = torch.arange(len(x), device=x.device)
        if kind < settings.cutmix:
            x, kept = _cutmix(x, other, order, generator)
        else:
            x, kept = _mixup(x, other[order], settings.mixup_alpha, generator)
        targets = kept * targets + (1 - kept) * other_targets[order]
    return x.contiguous(memory_format=torch.channels_last), targets


def mixed_in(settings: AugmentSettings) -> float:
    """The mean share of a target that comes from another picture, in [0, 1].

    CutMix replaces half of the picture in the mean, less the part beyond the border: with side s =
    √u of the box, u and its centre uniform, E[(s − s²/4)²] = 1/2 − 1/5 + 1/48. A draw of mixup is
    one half in the mean.
    """
    return settings.cutmix * (1 / 2 - 1 / 5 + 1 / 48) + settings.mixup / 2


def _varied(
    pictures: Tensor, settings: AugmentSettings, resolution: int, generator: torch.Generator
) -> Tensor:
    boxes = crop_boxes(len(pictures), settings, generator).to(pictures.device)
    crops = cropped(pictures.float(), boxes, resolution, widest_crop(settings))
    return _recolour(crops, settings, generator)


def widest_crop(settings: AugmentSettings) -> float:
    """The largest share of a picture's width or height that a crop can show."""
    return min(1.0, math.sqrt(settings.crop_scale[1] * settings.crop_ratio))


def crop_boxes(count: int, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    """Random crops ``(B, 4)``.

    Centre x, centre y, half width, half height in [-1, 1]; mirrored ones are negative.
    """
    draw = torch.rand(5, count, generator=generator)
    smallest, largest = settings.crop_scale
    area = smallest + (largest - smallest) * draw[0]
    ratio = torch.exp((2 * draw[1] - 1) * math.log(settings.crop_ratio) / 2)
    width, height = (area.sqrt() * ratio).clamp(max=1), (area.sqrt() / ratio).clamp(max=1)
    x, y = (2 * draw[2] - 1) * (1 - width), (2 * draw[3] - 1) * (1 - height)
    if settings.flip:
        width = torch.where(draw[4] < 0.5, -width, width)
    return torch.stack((x, y, width, height), 1)


def cropped(pictures: Tensor, boxes: Tensor, resolution: int, widest: float = 1.0) -> Tensor:
    """The ``boxes`` ``(B, 4)`` of pictures ``float (B, C, H, W)``, at ``resolution``.

    Where two stored pixels or more may fall on one, no box being wider than the share ``widest``,
    they are sampled bilinearly on a grid of twice the resolution and averaged 2×2, so that
    shrinking does not alias.
    """
    fine = 2 * resolution if widest * pictures.shape[-1] >= 2 * resolution else resolution
    ticks = (torch.arange(fine, device=pictures.device, dtype=torch.float32) * 2 + 1) / fine - 1
    x = boxes[:, None, None, 0] + boxes[:, None, None, 2] * ticks[None, None, :]  # (B, 1, fine)
    y = boxes[:, None, None, 1] + boxes[:, None, None, 3] * ticks[None, :, None]  # (B, fine, 1)
    grid = torch.stack((x.expand(-1, fine, -1), y.expand(-1, -1, fine)), -1)  # (B, fine, fine, 2)
    source = pictures.contiguous(memory_format=torch.channels_last)
    fine_crop = F.grid_sample(
        source, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return F.avg_pool2d(fine_crop, fine // resolution) if fine != resolution else fine_crop


def _recolour(x: Tensor, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    """Jitter saturation, then contrast, then brightness; [0, 255] in, [-1, 1] out.

    All four are one affine map of a pixel and its grey, so the picture is gone through once and not
    four times.
    """
    draw = (2 * torch.rand(3, len(x), 1, 1, 1, generator=generator) - 1).to(x.device)
    saturation, contrast = 1 + settings.saturation * draw[0], 1 + settings.contrast * draw[1]
    grey = x.mean(1, keepdim=True)
    mean = (
        grey.mean((2, 3), keepdim=True) / 127.5 - 1
    )  # of the picture, which saturation leaves as it is
    lift = (1 - contrast) * mean + 2 * settings.brightness * draw[2] - contrast
    rest = grey.mul_(contrast * (1 - saturation) / 127.5).add_(lift)
    return torch.addcmul(rest, x, contrast * saturation / 127.5).clamp_(-1, 1)


def _cutmix(
    x: Tensor, other: Tensor, order: Tensor, generator: torch.Generator
) -> tuple[Tensor, float]:
    """CutMix in place: one box for the batch from ``other[order]``; and the share kept."""
    share, centre_x, centre_y = torch.rand(
        3, generator=generator
    ).tolist()  # area to replace: Beta(1, 1)
    size = x.shape[-1]
    half = math.sqrt(share) * size / 2
    top, bottom = (min(max(round(centre_y * size + s * half), 0), size) for s in (-1, 1))
    left, right = (min(max(round(centre_x * size + s * half), 0), size) for s in (-1, 1))
    x[:, :, top:bottom, left:right] = other[:, :, top:bottom, left:right][
        order
    ]  # a copy of the box alone
    return x, 1 - (bottom - top) * (right - left) / size**2


def _mixup(
    x: Tensor, other: Tensor, alpha: float, generator: torch.Generator
) -> tuple[Tensor, float]:
    """Mixup by one share for the batch from Beta(alpha, alpha); and the share kept."""
    seed = int(torch.randint(2**62, (), generator=generator))  # torch's own Beta takes no generator
    kept = float(np.random.default_rng(seed).beta(alpha, alpha))
    return kept * x + (1 - kept) * other, kept

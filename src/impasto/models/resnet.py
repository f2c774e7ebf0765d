"""ResNet: the network of the painter's evaluator, built otherwise than the classifier.

Basic blocks of two 3×3 convolutions, normalised after each, and the mean of the last feature map,
after He et al. 2016, "Deep residual learning for image recognition" (arXiv:1512.03385). The
classifier (models/classifier.py) has bottlenecks, pre-activation, and means and deviations of every
stage. Pictures that are adversarial to one are unlikely to be so to the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.classifier import BatchNorm, Size

WIDTHS: dict[Size, tuple[int, ...]] = {
    "tiny": (16, 32, 64),
    "small": (48, 96, 192),
    "base": (64, 128, 256, 512),
}
"""Channels of each stage; every stage has two blocks."""


@dataclass(frozen=True, slots=True)
class ResidualConfig:
    """Shape of a residual network.

    Attributes:
        styles: the number of classes.
        size: width and depth as one dial.
        stride: of the first convolution, 2 or 4: pictures of 64 or 128 pixels become 32.
    """

    styles: int
    size: Size = "small"
    stride: int = 2


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside an identity or 1×1 shortcut; ReLU after the sum."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.norm1 = BatchNorm(out)
        self.second = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norm2 = BatchNorm(out)
        alike = channels == out and stride == 1
        self.shortcut = None if alike else nn.Conv2d(channels, out, 1, stride, bias=False)
        self.norm3 = None if alike else BatchNorm(out)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, out, H / stride, W / stride)``."""
        y = self.norm2(self.second(F.relu(self.norm1(self.first(x)))))
        if self.shortcut is not None and self.norm3 is not None:
            x = self.norm3(self.shortcut(x))
        return F.relu(x + y)


class ResidualNetwork(nn.Module):
    """Pictures to one logit per style; any resolution of 32 pixels or more."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self.config = config
        widths = WIDTHS[config.size]
        self.stem = nn.Conv2d(3, widths[0], config.stride + 3, config.stride, padding=2, bias=False)
        self.norm = BatchNorm(widths[0])
        channels, stages = widths[0], []
        for index, width in enumerate(widths):
            stages.append(
                nn.Sequential(
                    BasicBlock(channels, width, 2 if index else 1), BasicBlock(width, width, 1)
                )
            )
            channels = width
        self.stages = nn.ModuleList(stages)
        self.head = nn.Linear(channels, config.styles)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return each stage's feature map, ``(B, C, H / s, W / s)`` first.

        Args:
            x: pictures ``(B, 3, H, W)`` in [-1, 1].
        """
        x, maps = F.relu(self.norm(self.stem(x))), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return tuple(maps)

    def describe(self, features: Sequence[Tensor]) -> Tensor:
        """The mean of the last feature map, ``(B, C)``."""
        return torch.mean(features[-1].float(), (2, 3))

    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding ``(B, C)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return self.describe(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, styles)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        logits: Tensor = self.head(self.embed(x))
        return logits

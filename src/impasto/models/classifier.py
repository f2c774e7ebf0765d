"""Classifier: a pre-activation residual network with batch normalisation, trained from scratch.

Bottleneck blocks after He et al. 2016, "Identity mappings in deep residual networks"
(arXiv:1603.05027). The descriptor holds the mean and the standard deviation of every channel of
every stage: texture statistics from strokes to forms, without places (Gatys et al. 2015,
arXiv:1505.07376, in its cheapest form).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional as F

Size = Literal["tiny", "small", "base"]
FINE = 96  # pixels from which the stem takes steps of four

WIDTHS: dict[Size, tuple[int, ...]] = {
    "tiny": (16, 32, 64, 128),
    "small": (32, 64, 128, 256),
    "base": (64, 128, 256, 512),
}
"""Channels of the stem and of each stage."""
DEPTHS: dict[Size, tuple[int, ...]] = {"tiny": (2, 2, 2), "small": (3, 4, 3), "base": (3, 6, 3)}
"""Blocks of each stage."""


def stem_stride(resolution: int) -> int:
    """Return the default stride of the stem for pictures of ``resolution`` pixels."""
    return 4 if resolution >= FINE else 2


@dataclass(frozen=True, slots=True)
class ClassifierConfig:
    """Shape of a classifier.

    Attributes:
        styles: the number of classes.
        size: width and depth as one dial.
        stride: of the stem, 2 or 4: pictures of 64 or 128 pixels become 32.
    """

    styles: int
    size: Size = "small"
    stride: int = 2


def one_process() -> bool:
    """Whether no other process takes part in the training."""
    return (
        not distributed.is_available()
        or not distributed.is_initialized()
        or distributed.get_world_size() == 1
    )


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation over the batch of all processes together.

    Ioffe and Szegedy 2015, arXiv:1502.03167. Several processes so learn what one would; unlike
    ``nn.SyncBatchNorm`` also without a GPU.
    """

    def forward(self, input: Tensor) -> Tensor:
        """``(B, C, H, W)`` normalised channel by channel."""
        if one_process() or not self.training:
            return super().forward(input)
        x = input.float()
        sums = torch.cat(
            (x.sum((0, 2, 3)), x.square().sum((0, 2, 3)), x.new_tensor([x.numel() / x.shape[1]]))
        )
        total: Tensor = all_reduce(sums)  # type: ignore[no-untyped-call]
        count = total[-1].detach()
        mean, square = (total[:-1] / count).chunk(2)
        variance = (square - mean.square()).clamp(min=0)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum or 0.1)  # type: ignore[union-attr]
            self.running_var.lerp_(variance * count / (count - 1), self.momentum or 0.1)  # type: ignore[union-attr]
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return (x * scale[:, None, None] + shift[:, None, None]).to(input.dtype)


class Bottleneck(nn.Module):
    """Pre-activation bottleneck: 1×1, 3×3, 1×1 convolutions beside an identity or 1×1 shortcut.

    The 3×3 convolution works on half of the channels, so that a block costs a third of one with two
    full 3×3 convolutions, and a training of the same minutes sees twice the pictures.
    """

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        narrow = out // 2
        self.norm1 = BatchNorm(channels)
        self.reduce = nn.Conv2d(channels, narrow, 1, bias=False)
        self.norm2 = BatchNorm(narrow)
        self.spatial = nn.Conv2d(narrow, narrow, 3, stride, padding=1, bias=False)
        self.norm3 = BatchNorm(narrow)
        self.expand = nn.Conv2d(narrow, out, 1, bias=False)
        self.shortcut = nn.Conv2d(channels, out, 1, bias=False) if channels != out else None
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, out, H / stride, W / stride)``."""
        h = F.relu(self.norm1(x))
        y: Tensor = self.spatial(F.relu(self.norm2(self.reduce(h))))
        y = self.expand(F.relu(self.norm3(y)))
        if self.shortcut is None:
            return x + y
        if self.stride > 1:  # rounding up, as the padded convolution does
            h = F.avg_pool2d(h, self.stride, ceil_mode=True)
        short: Tensor = self.shortcut(h)
        return short + y


class Classifier(nn.Module):
    """Pictures to one logit per style; any resolution of 32 pixels or more."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        (channels, *widths), depths = WIDTHS[config.size], DEPTHS[config.size]
        edge = (4 - config.stride) // 2
        self.stem = nn.Conv2d(3, channels, 4, config.stride, edge, bias=False)
        self.stages = nn.ModuleList()
        for width, depth in zip(widths, depths, strict=True):
            blocks = [
                Bottleneck(width if index else channels, width, 1 if index else 2)
                for index in range(depth)
            ]
            self.stages.append(nn.Sequential(*blocks))
            channels = width
        self.norms = nn.ModuleList(BatchNorm(width) for width in widths)
        self.descriptor_norms = nn.ModuleList(nn.LayerNorm(2 * width) for width in widths)
        self.head = nn.Linear(2 * sum(widths), config.styles)
        self._initialise()

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return each stage's feature map, ``(B, C, H / 2s, W / 2s)`` first.

        Args:
            x: pictures ``(B, 3, H, W)`` in [-1, 1].
        """
        x, maps = self.stem(x), []
        for stage, norm in zip(self.stages, self.norms, strict=True):
            x = stage(x)
            maps.append(F.relu(norm(x)))
        return tuple(maps)

    def describe(self, features: Sequence[Tensor]) -> Tensor:
        """Return the descriptor ``(B, 2 ΣC)`` of feature maps.

        Mean and standard deviation of every channel, normalised stage by stage.
        """
        parts = []
        for stage, norm in zip(features, self.descriptor_norms, strict=True):
            flat = stage.permute(0, 2, 3, 1).flatten(1, 2).float()  # (B, H·W, C), no copy
            mean = flat.mean(1)
            # Three times as fast as var(); the constant keeps the root's slope finite where a
            # channel is dead
            deviation = ((flat.square().mean(1) - mean.square()).clamp(min=0) + 1e-4).sqrt()
            parts.append(norm(torch.cat((mean, deviation), 1)))
        return torch.cat(parts, 1)

    def embed(self, x: Tensor) -> Tensor:
        """Return the embedding ``(B, 2 ΣC)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return self.describe(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, styles)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        logits: Tensor = self.head(self.embed(x))
        return logits

    def _initialise(self) -> None:
        """He initialisation (arXiv:1502.01852); a head with logits near 0."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

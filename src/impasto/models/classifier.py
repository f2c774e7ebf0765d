"""The classifier: a pre-activation residual network with batch normalisation, trained from scratch.

Residual blocks after He et al. 2016, "Identity mappings in deep residual networks" (arXiv:1603.05027). The descriptor
holds the mean and the standard deviation of every channel: what a texture is made of, not where it is (Gatys et al.
2015, arXiv:1505.07376, in its cheapest form).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional as F

Size = Literal["tiny", "small", "base"]

WIDTHS: dict[Size, tuple[int, ...]] = {
    "tiny": (16, 32, 64, 128),
    "small": (32, 64, 128, 256),
    "base": (64, 128, 256, 512),
}
DEPTHS: dict[Size, tuple[int, ...]] = {"tiny": (1, 1, 1, 1), "small": (1, 2, 2, 2), "base": (2, 2, 3, 2)}


@dataclass(frozen=True, slots=True)
class ClassifierConfig:
    """What a classifier is built from.

    Attributes:
        styles: the number of classes.
        size: width and depth as one dial.
        dropout: share of the descriptor's numbers dropped before the head while training.
    """

    styles: int
    size: Size = "small"
    dropout: float = 0.0


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) over the batch of all processes together.

    Several processes so learn what one would; unlike ``nn.SyncBatchNorm`` also without a GPU.
    """

    def forward(self, input: Tensor) -> Tensor:
        """``(B, C, H, W)`` normalised channel by channel."""
        alone = not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() == 1
        if alone or not self.training:
            return super().forward(input)
        x = input.float()
        sums = torch.cat((x.sum((0, 2, 3)), x.square().sum((0, 2, 3)), x.new_tensor([x.numel() / x.shape[1]])))
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


class Block(nn.Module):
    """Two 3×3 convolutions, each after normalisation and ReLU, beside an identity or 1×1 shortcut."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.norm1 = BatchNorm(channels)
        self.conv1 = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.norm2 = BatchNorm(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(channels, out, 1, bias=False) if channels != out else None
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, out, H / stride, W / stride)``."""
        h = F.relu(self.norm1(x))
        y: Tensor = self.conv2(F.relu(self.norm2(self.conv1(h))))
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
        widths, depths = WIDTHS[config.size], DEPTHS[config.size]
        self.stem = nn.Conv2d(3, widths[0], 4, stride=2, padding=1, bias=False)  # every path from here is normalised
        blocks: list[Block] = []
        channels = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for index in range(depth):
                blocks.append(Block(channels, width, 2 if stage > 0 and index == 0 else 1))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.norm = BatchNorm(channels)
        self.descriptor_norm = nn.LayerNorm(2 * channels)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * channels, config.styles)
        self._initialise()

    def features(self, x: Tensor) -> Tensor:
        """The last feature map, ``(B, C, H / 16, W / 16)``, of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return F.relu(self.norm(self.blocks(self.stem(x))))

    def describe(self, features: Tensor) -> Tensor:
        """The descriptor ``(B, 2 C)`` of a feature map: each channel's mean and standard deviation, normalised."""
        flat = features.float().flatten(2)  # (B, C, H·W)
        mean = flat.mean(2)
        # The constant keeps the root's slope finite where a channel is dead
        deviation = (flat.var(2, unbiased=False) + 1e-4).sqrt()
        described: Tensor = self.descriptor_norm(torch.cat((mean, deviation), 1))
        return described

    def embed(self, x: Tensor) -> Tensor:
        """The representation ``(B, 2 C)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return self.describe(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, styles)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        logits: Tensor = self.head(self.dropout(self.embed(x)))
        return logits

    def _initialise(self) -> None:
        """He initialisation (arXiv:1502.01852); a head that begins by answering nothing in particular."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

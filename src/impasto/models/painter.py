"""Painter: an encoder, and a decoder conditioned on style embeddings by FiLM.

The encoder shrinks a picture to a map of a quarter of its height and width. Instance normalisation
(Ulyanov et al. 2016, arXiv:1607.08022) removes mean and deviation of every channel, which carry
largely style. After each normalisation the decoder scales and shifts every channel; a small network
computes both from the style's embedding (Dumoulin et al. 2017, arXiv:1610.07629; FiLM, Perez et al.
2018, arXiv:1709.07871). Embeddings lie on the unit sphere. One more embedding stands for no style:
the painter then reconstructs the picture.

*plane* is the course's form, kept as the baseline: no normalisation of the encoding, and the
embedding mapped to a plane of 16 × 16 numbers as one more channel of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.classifier import Size

Styling = Literal["modulation", "plane"]
WIDTHS: dict[Size, int] = {"tiny": 16, "small": 48, "base": 96}
"""Channels at half of the height and width; twice as many at a quarter."""
SHRINK = 4  # height and width of a picture over those of its encoding
GROUP = 8  # channels that are normalised together outside the bottleneck: as fine as is fast
PLANE = 16


@dataclass(frozen=True, slots=True)
class PainterConfig:
    """Configuration of a painter.

    Attributes:
        styles: number of styles.
        size: width of the network: tiny, small or base.
        styling: conditioning of the decoder.
        embedding: dimension of a style's embedding.
    """

    styles: int
    size: Size = "small"
    styling: Styling = "modulation"
    embedding: int = 64


def configured(settings: Mapping[str, Any], styles: int) -> PainterConfig:
    """Return the configuration in the settings of a run."""
    return PainterConfig(styles, settings["size"], settings["styling"], settings["embedding"])


def standardised(x: Tensor) -> Tensor:
    """``(B, C, H, W)`` with mean 0 and deviation 1 in every channel of every picture.

    As ``F.instance_norm``, in half of its time where channels lie last in memory.
    """
    flat = x.permute(0, 2, 3, 1).flatten(1, 2).float()  # (B, H·W, C), as it lies in memory
    mean = flat.mean(1)
    scale = torch.rsqrt((flat.square().mean(1) - mean.square()).clamp(min=0) + 1e-5)
    shift, scale = ((part[:, :, None, None]).to(x.dtype) for part in (-mean * scale, scale))
    return torch.addcmul(shift, x, scale)


class Norm(nn.Module):
    """Group normalisation (Wu and He 2018, arXiv:1803.08494), scaled and shifted by a condition."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.groups = channels // GROUP
        self.learned = nn.Parameter(torch.stack((torch.ones(channels), torch.zeros(channels))))
        self.read = nn.Linear(condition, 2 * channels) if condition else None
        if self.read is not None:
            nn.init.normal_(self.read.weight, std=0.05)
            nn.init.zeros_(self.read.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``(B, C, H, W)`` normalised; ``condition`` is ``(B, condition)``."""
        both = (
            self.learned.flatten()[None]
            if self.read is None
            else self.learned.flatten() + self.read(condition)
        )
        scale, shift = (part[:, :, None, None].to(x.dtype) for part in both.chunk(2, 1))
        return torch.addcmul(shift, F.group_norm(x, self.groups), scale)


class Block(nn.Module):
    """Two 3×3 convolutions, each after normalisation and ReLU, beside the identity."""

    def __init__(self, channels: int, condition: int = 0) -> None:
        super().__init__()
        self.norm1, self.norm2 = Norm(channels, condition), Norm(channels, condition)
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``(B, C, H, W)`` to the same."""
        y = self.first(F.relu(self.norm1(x, condition)))
        changed: Tensor = x + self.second(F.relu(self.norm2(y, condition)))
        return changed


class Painter(nn.Module):
    """Pictures and styles to pictures, fully convolutional: ``SHRINK`` divides height and width."""

    def __init__(self, config: PainterConfig) -> None:
        super().__init__()
        self.config = config
        width, modulated = WIDTHS[config.size], config.styling == "modulation"
        condition = 2 * config.embedding if modulated else 0
        self.styles = nn.Parameter(
            F.normalize(torch.randn(config.styles + 1, config.embedding), dim=1)
        )
        if modulated:
            self.read = nn.Sequential(
                nn.Linear(config.embedding, condition),
                nn.ReLU(),
                nn.Linear(condition, condition),
                nn.ReLU(),
            )
        else:
            self.read = nn.Sequential(nn.Linear(config.embedding, PLANE**2))
        self.stem = nn.Conv2d(3, width, 4, 2, padding=1)
        self.fine = Block(width)
        self.down = nn.Conv2d(width, 2 * width, 4, 2, padding=1)
        self.coarse = nn.ModuleList(Block(2 * width) for _ in range(2))
        self.join = nn.Conv2d(2 * width + (not modulated), 2 * width, 1)
        self.form = nn.ModuleList(Block(2 * width, condition) for _ in range(3))
        self.up = nn.Conv2d(2 * width, 4 * width, 1)
        self.stroke = nn.ModuleList(Block(width, condition) for _ in range(2))
        self.norm = Norm(width, condition)
        self.paint = nn.Conv2d(width, 12, 3, padding=1)  # four pixels of three channels a place
        nn.init.normal_(self.paint.weight, std=0.02)

    def style(self, weights: Tensor) -> Tensor:
        """Embeddings ``(B, embedding)`` of unit length of mixed styles.

        Args:
            weights: of each style, ``(B, styles)``, each row summing to at most 1; the rest is no
                style at all.
        """
        rest = 1 - weights.sum(1, keepdim=True)
        mixed = torch.cat((weights, rest), 1) @ F.normalize(self.styles, dim=1)
        return F.normalize(mixed, dim=1)

    def encode(self, x: Tensor) -> Tensor:
        """Encode pictures ``(B, 3, H, W)`` in [-1, 1] as ``(B, C, H / 4, W / 4)``."""
        nothing = x.new_zeros(len(x), 0)
        x = self.down(F.relu(self.fine(self.stem(x), nothing)))
        for block in self.coarse:
            x = block(x, nothing)
        return standardised(x) if self.config.styling == "modulation" else x

    def decode(self, code: Tensor, style: Tensor) -> Tensor:
        """Decode to ``(B, 3, H, W)`` in [-1, 1], conditioned on embeddings ``(B, embedding)``."""
        condition = self.read(style * self.config.embedding**0.5)  # numbers of about 1
        if self.config.styling == "plane":
            plane = condition.view(-1, 1, PLANE, PLANE)
            if code.shape[-2:] != plane.shape[-2:]:
                plane = F.interpolate(plane, code.shape[-2:], mode="bilinear", align_corners=False)
            code = torch.cat((code, plane.to(code.dtype)), 1)
        x = self.join(code)
        for block in self.form:
            x = block(x, condition)
        x = F.pixel_shuffle(self.up(x), 2)
        for block in self.stroke:
            x = block(x, condition)
        return torch.tanh(F.pixel_shuffle(self.paint(F.relu(self.norm(x, condition))), 2).float())

    def embed(self, x: Tensor) -> Tensor:
        """Features of the content, ``(B, 16 C)``: means of the encoding over 4 × 4 places."""
        return F.adaptive_avg_pool2d(self.encode(x).float(), 4).flatten(1)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Repaint ``(B, 3, H, W)`` in [-1, 1] in styles mixed by ``weights`` ``(B, styles)``."""
        return self.decode(self.encode(x), self.style(weights))

"""The painter: a picture to what is where, and from there to a picture in any style.

The encoder shrinks a picture to a map of a quarter of its height and width, and takes mean and
deviation out of every channel of it (instance normalisation, Ulyanov et al. 2016,
arXiv:1607.08022): what they carry is largely style. The
decoder puts the style in again: after each of its normalisations a scale and a shift of every
    channel,
which a small network reads off the style's embedding (Dumoulin et al. 2017, arXiv:1610.07629; FiLM,
Perez et al. 2018, arXiv:1709.07871). Embeddings lie on the unit sphere; one more stands for no
style at all, and gives the picture back.

*plane* is the course's form, kept as the baseline: the encoding as it is, the embedding mapped to a
plane of 16 × 16 numbers and put beside it as one more channel.
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
    """What a painter is built from.

    Attributes:
        styles: how many there are.
        size: width as one dial.
        styling: how the decoder learns of the style.
        embedding: numbers of a style's embedding.
    """

    styles: int
    size: Size = "small"
    styling: Styling = "modulation"
    embedding: int = 64


def configured(settings: Mapping[str, Any], styles: int) -> PainterConfig:
    """The configuration that the settings of a run speak of."""
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
    """Group normalisation (Wu and He 2018, arXiv:1803.08494), scaled and shifted by what is known of the style."""

    def __init__(self, channels: int, told: int) -> None:
        super().__init__()
        self.groups = channels // GROUP
        self.learned = nn.Parameter(torch.stack((torch.ones(channels), torch.zeros(channels))))
        self.read = nn.Linear(told, 2 * channels) if told else None
        if self.read is not None:
            nn.init.normal_(self.read.weight, std=0.05)
            nn.init.zeros_(self.read.bias)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """``(B, C, H, W)`` normalised; ``told`` is ``(B, told)``."""
        both = (
            self.learned.flatten()[None]
            if self.read is None
            else self.learned.flatten() + self.read(told)
        )
        scale, shift = (part[:, :, None, None].to(x.dtype) for part in both.chunk(2, 1))
        return torch.addcmul(shift, F.group_norm(x, self.groups), scale)


class Block(nn.Module):
    """Two 3×3 convolutions, each after normalisation and ReLU, beside the identity."""

    def __init__(self, channels: int, told: int = 0) -> None:
        super().__init__()
        self.norm1, self.norm2 = Norm(channels, told), Norm(channels, told)
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """``(B, C, H, W)`` to the same."""
        y = self.first(F.relu(self.norm1(x, told)))
        changed: Tensor = x + self.second(F.relu(self.norm2(y, told)))
        return changed


class Painter(nn.Module):
    """Pictures and styles to pictures; fully convolutional, any height and width that ``SHRINK`` divides."""

    def __init__(self, config: PainterConfig) -> None:
        super().__init__()
        self.config = config
        width, modulated = WIDTHS[config.size], config.styling == "modulation"
        told = 2 * config.embedding if modulated else 0
        self.styles = nn.Parameter(
            F.normalize(torch.randn(config.styles + 1, config.embedding), dim=1)
        )
        if modulated:
            self.read = nn.Sequential(
                nn.Linear(config.embedding, told), nn.ReLU(), nn.Linear(told, told), nn.ReLU()
            )
        else:
            self.read = nn.Sequential(nn.Linear(config.embedding, PLANE**2))
        self.stem = nn.Conv2d(3, width, 4, 2, padding=1)
        self.fine = Block(width)
        self.down = nn.Conv2d(width, 2 * width, 4, 2, padding=1)
        self.coarse = nn.ModuleList(Block(2 * width) for _ in range(2))
        self.join = nn.Conv2d(2 * width + (not modulated), 2 * width, 1)
        self.form = nn.ModuleList(Block(2 * width, told) for _ in range(3))
        self.up = nn.Conv2d(2 * width, 4 * width, 1)
        self.stroke = nn.ModuleList(Block(width, told) for _ in range(2))
        self.norm = Norm(width, told)
        self.paint = nn.Conv2d(
            width, 12, 3, padding=1
        )  # four pixels of three channels at each place
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
        """What is where, ``(B, C, H / 4, W / 4)``, of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        nothing = x.new_zeros(len(x), 0)
        x = self.down(F.relu(self.fine(self.stem(x), nothing)))
        for block in self.coarse:
            x = block(x, nothing)
        return standardised(x) if self.config.styling == "modulation" else x

    def decode(self, code: Tensor, style: Tensor) -> Tensor:
        """Pictures ``(B, 3, H, W)`` in [-1, 1] from encodings, and embeddings ``(B, embedding)``."""
        told = self.read(style * self.config.embedding**0.5)  # numbers of about 1
        if self.config.styling == "plane":
            plane = told.view(-1, 1, PLANE, PLANE)
            if code.shape[-2:] != plane.shape[-2:]:
                plane = F.interpolate(plane, code.shape[-2:], mode="bilinear", align_corners=False)
            code = torch.cat((code, plane.to(code.dtype)), 1)
        x = self.join(code)
        for block in self.form:
            x = block(x, told)
        x = F.pixel_shuffle(self.up(x), 2)
        for block in self.stroke:
            x = block(x, told)
        return torch.tanh(F.pixel_shuffle(self.paint(F.relu(self.norm(x, told))), 2).float())

    def embed(self, x: Tensor) -> Tensor:
        """A representation of what is where, ``(B, 16 C)``.

        The encoding's means over 4 × 4 places.
        """
        return F.adaptive_avg_pool2d(self.encode(x).float(), 4).flatten(1)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Pictures ``(B, 3, H, W)`` in [-1, 1] painted anew, in styles mixed by ``weights`` ``(B, styles)``."""
        return self.decode(self.encode(x), self.style(weights))

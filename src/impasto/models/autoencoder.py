"""The autoencoder: a picture as a short vector and back again, and beside it a vector that says how it is painted.

The *code* is what a picture can be given back from: the principal components of the small picture,
    and upon them what
an encoder of a few residual blocks adds. The decoder is the best linear one, and upon it a picture
grown from the code, coarse to fine, by the encoder's blocks in reverse and a sub-pixel convolution
(Shi et al. 2016, arXiv:1609.05158) at its end. So it begins as PCA, and learns what PCA leaves out.
The *manner* is the answer of a network of its own, the classifier's (models/classifier.py) without
styles: the descriptor of all stages, mean and deviation of every channel,
brought to unit length: what pieces of one picture have in common, wherever they are cut.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.classifier import (
    BatchNorm,
    Bottleneck,
    Classifier,
    ClassifierConfig,
    Size,
    stem_stride,
)

HALVINGS = 3  # from the small picture to the last feature map
CODE_WIDTHS: dict[Size, tuple[int, int, int]] = {
    "tiny": (32, 64, 128),
    "small": (64, 128, 256),
    "base": (64, 128, 256),
}
"""Channels of encoder and decoder at each size of the map; wider ones learn the training pictures by heart."""


@dataclass(frozen=True, slots=True)
class AutoencoderConfig:
    """What an autoencoder is built from.

    Attributes:
        latent: numbers of the code, from which pictures come back.
        manner: numbers that say how it is painted.
        size: width and depth as one dial.
        resolution: of the pictures that it sees, a multiple of 8 strides.
        stride: 2 or 4, of the manner's stem; pictures come back at twice ``resolution / stride``.
        variational: whether the code is drawn from a normal distribution while training.
    """

    latent: int = 128
    embedding_dim: int = 128
    size: Size = "small"
    resolution: int = 128
    stride: int = 4
    variational: bool = False

    @property
    def small(self) -> int:
        """Height and width of the small picture that has principal components."""
        return self.resolution // self.stride

    @property
    def grid(self) -> int:
        """Height and width of the last feature map."""
        return self.small >> HALVINGS

    @property
    def painted(self) -> int:
        """Height and width of the pictures that come back, in pixels."""
        return 2 * self.small


def configured(settings: Mapping[str, Any]) -> AutoencoderConfig:
    """The configuration that the settings of a run speak of."""
    names = ("latent", "embedding_dim", "size", "resolution")
    shape = {name: settings[name] for name in names}
    return AutoencoderConfig(
        **shape, stride=stem_stride(settings["resolution"]), variational=settings["kl_weight"] > 0
    )


class Grow(nn.Module):
    """A feature map of twice the height and width, by nearest neighbours and a residual block."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.block = Bottleneck(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, out, 2 H, 2 W)``."""
        grown: Tensor = self.block(F.interpolate(x, scale_factor=2))
        return grown


class Autoencoder(nn.Module):
    """Pictures to vectors, vectors to pictures."""

    mean: Tensor  # (3 S²,)
    components: Tensor  # (latent, 3 S²)
    back_mean: Tensor  # (3 P²,)
    back: Tensor  # (latent, 3 P²)

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        wide, wider, widest = CODE_WIDTHS[config.size]
        cells = widest * config.grid**2
        numbers = 3 * config.small**2
        self.trunk = Classifier(
            ClassifierConfig(config.embedding_dim, config.size, stride=config.stride)
        )
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer(
            "components", torch.zeros(config.latent, numbers)
        )  # unit length times standard deviation
        pixels = 3 * config.painted**2
        self.register_buffer("back_mean", torch.zeros(pixels))
        self.register_buffer("back", torch.zeros(config.latent, pixels))
        self.stem = nn.Conv2d(3, wide // 2, 3, padding=1, bias=False)
        downwards = [(wide // 2, wide), (wide, wider), (wider, widest)]
        self.fold = nn.Sequential(
            *(Bottleneck(*step, stride=2) for step in downwards), Bottleneck(widest, widest, 1)
        )
        self.folded = BatchNorm(widest)
        self.learned = nn.Linear(cells, config.latent * (2 if config.variational else 1))
        self.seed = nn.Linear(config.latent, cells)
        self.first = Bottleneck(widest, widest, 1)
        self.grow = nn.ModuleList(
            Grow(*step) for step in ((widest, wider), (wider, wide), (wide, wide))
        )
        self.norm = BatchNorm(wide)
        self.paint = nn.Conv2d(
            wide, 12, 3, padding=1
        )  # four pixels of three channels at each place
        self._initialise()

    def shrink(self, x: Tensor) -> Tensor:
        """The small pictures that have principal components.

        ``(B, 3, S, S)`` of ``(B, 3, R, R)``.
        """
        return F.avg_pool2d(x.float(), self.config.stride)

    def begin(self, mean: Tensor, components: Tensor, back_mean: Tensor, back: Tensor) -> None:
        """Take over the principal components of the training pictures, as ``shrink`` gives these, flat.

        Args:
            mean: ``(3 S²,)``.
            components: ``(latent, 3 S²)``, orthogonal, each as long as its standard deviation.
            back_mean: what is painted where all numbers of the code are 0, ``(3 P²,)``.
            back: what each number of the code adds to it, ``(latent, 3 P²)``.
        """
        pairs = (
            (self.mean, mean),
            (self.components, components),
            (self.back_mean, back_mean),
            (self.back, back),
        )
        for mine, given in pairs:
            mine.copy_(given)

    def manner(self, x: Tensor) -> Tensor:
        """How pictures or pieces of them ``(B, 3, H, W)`` in [-1, 1] are painted.

        ``(B, manner)`` of unit length.
        """
        return F.normalize(self.trunk(x).float(), dim=1)

    def embed(self, x: Tensor) -> Tensor:
        """The representation by which pictures are compared: the manner."""
        return self.manner(x)

    def encode(self, x: Tensor) -> Tensor:
        """The codes ``(B, latent)`` of pictures ``(B, 3, R, R)`` in [-1, 1]; each number with a mean square of 1."""
        return self._coded(x)[0]

    def decode(self, code: Tensor) -> Tensor:
        """Pictures ``(B, 3, P, P)`` from codes ``(B, latent)``; about in [-1, 1], not cut off there."""
        grid, side = self.config.grid, self.config.painted
        coarse = (self.back_mean + code.float() @ self.back).view(len(code), 3, side, side)
        x = (
            self.seed(code)
            .view(len(code), -1, grid, grid)
            .contiguous(memory_format=torch.channels_last)
        )
        x = self.first(x)
        for grow in self.grow:
            x = grow(x)
        return coarse + F.pixel_shuffle(self.paint(F.relu(self.norm(x))), 2).float()

    def forward(self, x: Tensor, pieces: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """What a training needs in one call, so that it is one for all processes.

        Args:
            x: whole pictures ``(B, 3, R, R)`` in [-1, 1].
            pieces: of pictures, ``(N, 3, P, P)``.

        Returns:
            The pictures as they come back ``(B, 3, P, P)``; the code's divergence ``(B,)``; the
            pieces' manners ``(N, manner)``.
        """
        code, divergence = self._coded(x)
        manners = (
            code.new_zeros(0, self.config.embedding_dim) if pieces is None else self.manner(pieces)
        )
        return self.decode(code), divergence, manners

    def _coded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The codes, and their Kullback-Leibler divergence from a standard normal, ``(B,)``.

        Kingma and Welling 2014, "Auto-encoding variational Bayes" (arXiv:1312.6114), in nats; zero
        where nothing is drawn.
        """
        small = self.shrink(x)
        inverse = self.components / self.components.square().sum(1, keepdim=True).clamp(min=1e-12)
        code = (small.contiguous().flatten(1) - self.mean) @ inverse.T
        folded = self.fold(self.stem(small.contiguous(memory_format=torch.channels_last)))
        learned = self.learned(F.relu(self.folded(folded)).flatten(1)).float()
        if not self.config.variational:
            return code + learned, code.new_zeros(len(code))
        learned, log_variance = learned.chunk(2, 1)
        mean, log_variance = code + learned, log_variance.clamp(-10, 10)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        noise = torch.randn_like(mean) if self.training else torch.zeros_like(mean)
        return mean + noise * (0.5 * log_variance).exp(), divergence

    def _initialise(self) -> None:
        """He initialisation (arXiv:1502.01852); what is added to the principal components begins at nothing."""
        for part in (self.stem, self.fold, self.first, self.grow):
            for module in part.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.trunk.head.weight, std=1 / math.sqrt(self.trunk.head.in_features))
        for late in (self.learned, self.paint):
            nn.init.zeros_(late.weight)
            nn.init.zeros_(late.bias)  # type: ignore[arg-type]

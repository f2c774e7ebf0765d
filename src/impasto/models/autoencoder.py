"""Autoencoder: a picture to a latent and back, and to a contrastive embedding.

The *latent* reconstructs the picture: it is the principal components of the small picture plus the
output of an encoder of a few residual blocks. The decoder is the linear least-squares decoder plus
a residual decoder, coarse to fine, that ends in a sub-pixel convolution (Shi et al. 2016,
arXiv:1609.05158). At initialisation the whole is PCA; training learns what PCA leaves out. The
*embedding* compares pictures: it is the output of the classifier's network
(models/classifier.py) with a linear layer instead of the styles' head, brought to unit length.
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
LATENT_WIDTHS: dict[Size, tuple[int, int, int]] = {
    "tiny": (32, 64, 128),
    "small": (64, 128, 256),
    "base": (64, 128, 256),
}
"""Channels of encoder and decoder at each size of the map; wider ones overfit."""


@dataclass(frozen=True, slots=True)
class AutoencoderConfig:
    """Shape of an autoencoder.

    Attributes:
        latent: length of the latent.
        embedding_dim: length of the embedding.
        size: width and depth as one dial.
        resolution: of the input, a multiple of 8 strides.
        stride: 2 or 4, of the embedding's stem; reconstructions have twice ``resolution / stride``
            pixels.
        variational: whether training samples the latent from a normal distribution.
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
        """Height and width of the reconstructions in pixels."""
        return 2 * self.small


def configured(settings: Mapping[str, Any]) -> AutoencoderConfig:
    """Return the shape that the settings of a run ask for."""
    names = ("latent", "embedding_dim", "size", "resolution")
    shape = {name: settings[name] for name in names}
    return AutoencoderConfig(
        **shape, stride=stem_stride(settings["resolution"]), variational=settings["kl_weight"] > 0
    )


class Grow(nn.Module):
    """Upsampling by two: nearest neighbours, then a residual block."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.block = Bottleneck(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, out, 2 H, 2 W)``."""
        grown: Tensor = self.block(F.interpolate(x, scale_factor=2))
        return grown


class Autoencoder(nn.Module):
    """Autoencoder with a latent for reconstruction and an embedding for comparison."""

    mean: Tensor  # (3 S²,)
    components: Tensor  # (latent, 3 S²), each as long as its standard deviation
    back_mean: Tensor  # (3 P²,)
    back: Tensor  # (latent, 3 P²)

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        wide, wider, widest = LATENT_WIDTHS[config.size]
        cells = widest * config.grid**2
        numbers = 3 * config.small**2
        self.trunk = Classifier(
            ClassifierConfig(config.embedding_dim, config.size, stride=config.stride)
        )
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("components", torch.zeros(config.latent, numbers))
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
        self.paint = nn.Conv2d(wide, 12, 3, padding=1)  # four pixels of three channels
        self._initialise()

    def shrink(self, x: Tensor) -> Tensor:
        """Return the small pictures ``(B, 3, S, S)`` of pictures ``(B, 3, R, R)``."""
        return F.avg_pool2d(x.float(), self.config.stride)

    def set_principal_components(
        self, mean: Tensor, components: Tensor, back_mean: Tensor, back: Tensor
    ) -> None:
        """Store the principal components of the small training pictures and the linear decoder.

        Args:
            mean: ``(3 S²,)``.
            components: ``(latent, 3 S²)``, orthogonal, each as long as its standard deviation.
            back_mean: reconstruction of the latent 0, ``(3 P²,)``.
            back: weights of the linear decoder, ``(latent, 3 P²)``.
        """
        self.mean.copy_(mean)
        self.components.copy_(components)
        self.back_mean.copy_(back_mean)
        self.back.copy_(back)

    def embed(self, x: Tensor) -> Tensor:
        """Return the embeddings ``(B, embedding_dim)``, of unit length, of pictures or crops.

        Args:
            x: ``(B, 3, H, W)`` in [-1, 1].
        """
        return F.normalize(self.trunk(x).float(), dim=1)

    def encode(self, x: Tensor) -> Tensor:
        """Return the latents ``(B, latent)`` of pictures ``(B, 3, R, R)`` in [-1, 1].

        Each number has a mean square of about 1 over the training pictures.
        """
        return self._encoded(x)[0]

    def decode(self, latent: Tensor) -> Tensor:
        """Return pictures ``(B, 3, P, P)``, about in [-1, 1], from latents ``(B, latent)``."""
        grid, side = self.config.grid, self.config.painted
        coarse = (self.back_mean + latent.float() @ self.back).view(latent.shape[0], 3, side, side)
        x = (
            self.seed(latent)
            .view(latent.shape[0], -1, grid, grid)
            .contiguous(memory_format=torch.channels_last)
        )
        x = self.first(x)
        for grow in self.grow:
            x = grow(x)
        return coarse + F.pixel_shuffle(self.paint(F.relu(self.norm(x))), 2).float()

    def before_training(self, x: Tensor) -> Tensor:
        """Reconstruct pictures by principal components and the linear decoder alone, step 0."""
        side = self.config.painted
        back = self.back_mean + self._linear(self.shrink(x)) @ self.back
        return back.view(len(x), 3, side, side)

    def forward(self, x: Tensor, crops: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct pictures and embed crops in one call, as distributed training needs it.

        Args:
            x: whole pictures ``(B, 3, R, R)`` in [-1, 1].
            crops: of pictures, ``(N, 3, P, P)``.

        Returns:
            Reconstructions ``(B, 3, P, P)``; KL divergences of the latents ``(B,)``; embeddings of
            the crops ``(N, embedding_dim)``.
        """
        latent, divergence = self._encoded(x)
        if crops is None:
            embeddings = latent.new_zeros(0, self.config.embedding_dim)
        else:
            embeddings = self.embed(crops)
        return self.decode(latent), divergence, embeddings

    def _linear(self, small: Tensor) -> Tensor:
        """The principal components of small pictures, ``(B, latent)``."""
        inverse = self.components / self.components.square().sum(1, keepdim=True).clamp(min=1e-12)
        return (small.contiguous().flatten(1) - self.mean) @ inverse.T

    def _encoded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Latents, and their KL divergence in nats from a standard normal, ``(B,)``.

        Kingma and Welling 2014, "Auto-encoding variational Bayes" (arXiv:1312.6114); zero where
        the autoencoder is not variational.
        """
        small = self.shrink(x)
        linear = self._linear(small)
        folded = self.fold(self.stem(small.contiguous(memory_format=torch.channels_last)))
        learned = self.learned(F.relu(self.folded(folded)).flatten(1)).float()
        if not self.config.variational:
            return linear + learned, linear.new_zeros(linear.shape[0])
        learned, log_variance = learned.chunk(2, 1)
        mean, log_variance = linear + learned, log_variance.clamp(-10, 10)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)
        noise = torch.randn_like(mean) if self.training else torch.zeros_like(mean)
        return mean + noise * (0.5 * log_variance).exp(), divergence

    def _initialise(self) -> None:
        """He initialisation (arXiv:1502.01852); zero for what is added to the components."""
        for part in (self.stem, self.fold, self.first, self.grow):
            for module in part.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.trunk.head.weight, std=1 / math.sqrt(self.trunk.head.in_features))
        for late in (self.learned, self.paint):
            nn.init.zeros_(late.weight)
            nn.init.zeros_(late.bias)  # type: ignore[arg-type]

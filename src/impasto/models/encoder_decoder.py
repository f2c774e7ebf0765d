"""Encoder and decoder of an autoencoder, from pictures of any size to pictures, as two modules."""

import torch
from torch import Tensor, nn

from impasto.models.autoencoder import Autoencoder, AutoencoderConfig
from impasto.models.preparation import Preparation, PreparationConfig


class EncoderDecoder(nn.Module):
    """An autoencoder with the preparation of its pictures; it exports in two halves."""

    def __init__(
        self,
        config: AutoencoderConfig,
        preparation: PreparationConfig,
        network: Autoencoder | None = None,
    ) -> None:
        super().__init__()
        self.network = network or Autoencoder(config)
        self.prepare = Preparation(preparation)

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Latents ``(B, latent)`` and embeddings ``(B, embedding_dim)`` of pictures.

        Args:
            pictures: ``uint8 (B, H, W, 3)`` of any height and width.
        """
        (x,) = self.prepare(pictures)
        return self.network.encode(x), self.network.embed(x)

    def decode(self, latent: Tensor) -> Tensor:
        """Pictures ``uint8 (B, P, P, 3)`` from latents ``(B, latent)``."""
        return bytes_of(self.network.decode(latent))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstructions, latents and embeddings of pictures ``uint8 (B, H, W, 3)``."""
        latent, embedding = self.encode(pictures)
        return self.decode(latent), latent, embedding


class EncoderHalf(nn.Module):
    """``EncoderDecoder.encode`` as a module of its own."""

    def __init__(self, whole: EncoderDecoder) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Latents and embeddings of pictures."""
        return self.whole.encode(pictures)


class DecoderHalf(nn.Module):
    """``EncoderDecoder.decode`` as a module of its own."""

    def __init__(self, whole: EncoderDecoder) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, latent: Tensor) -> Tensor:
        """Pictures from latents."""
        return self.whole.decode(latent)


def bytes_of(x: Tensor) -> Tensor:
    """Pictures ``float (B, 3, H, W)`` in [-1, 1], clipped, as ``uint8 (B, H, W, 3)``."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)

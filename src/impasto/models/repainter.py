"""Repainter: a painter with pictures of any size in and pictures of the same size out."""

from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.encoder_decoder import bytes_of
from impasto.models.painter import SHRINK, Painter, PainterConfig


class Repainter(nn.Module):
    """Pictures, mixtures of styles and strengths to painted pictures, without patches."""

    def __init__(self, config: PainterConfig, network: Painter | None = None) -> None:
        super().__init__()
        self.network = network or Painter(config)

    def forward(self, pictures: Tensor, weights: Tensor, strength: Tensor) -> Tensor:
        """Repaint pictures ``uint8 (B, H, W, 3)`` of any height and width, at their size.

        Args:
            pictures: of 32 pixels or more a side; large ones are painted whole, not in tiles.
            weights: of each style, ``float32 (B, styles)``; the rest to 1 is no style.
            strength: from 0, the picture reconstructed, to 1, the styles, ``float32 (B,)``.

        Returns:
            ``uint8 (B, H, W, 3)``.
        """
        height, width = pictures.shape[1:3]
        x = pictures.permute(0, 3, 1, 2).float() / 127.5 - 1
        shares = strength[:, None] * weights
        colours = self.network.colours(x, shares)
        x = F.pad(x, (0, -width % SHRINK, 0, -height % SHRINK), mode="replicate")
        painted: Tensor = self.network(x, shares, colours)
        return bytes_of(painted[..., :height, :width])

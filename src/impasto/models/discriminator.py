"""Patch discriminator of real and painted crops (Isola et al. 2017, arXiv:1611.07004).

It has one logit for every style, of which only the target style's counts (Liu et al. 2019, FUNIT,
arXiv:1905.01723).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.classifier import Size

WIDTHS: dict[Size, int] = {"tiny": 16, "small": 48, "base": 96}
SLOPE = 0.2


@dataclass(frozen=True, slots=True)
class DiscriminatorConfig:
    """Configuration of a discriminator: the number of styles, and the width of the network."""

    styles: int
    size: Size = "small"


class Discriminator(nn.Module):
    """Pictures and styles to logits: above 0 for a real picture of the style."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        width = WIDTHS[config.size]
        widths = [3, width, 2 * width, 4 * width]
        self.halvings = nn.ModuleList(
            nn.Conv2d(channels, out, 4, 2, padding=1) for channels, out in pairwise(widths)
        )
        self.last = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)
        self.answers = nn.Conv2d(widths[-1], config.styles, 1)
        for module in (*self.halvings, self.last):
            nn.init.kaiming_normal_(module.weight, a=SLOPE, nonlinearity="leaky_relu")

    def forward(self, x: Tensor, styles: Tensor) -> Tensor:
        """Logits ``(B,)`` of ``(B, 3, H, W)`` in [-1, 1] for styles ``(B,)``, means over places."""
        for halving in self.halvings:
            x = F.leaky_relu(halving(x), SLOPE)
        x = (x + F.leaky_relu(self.last(x), SLOPE)) / 2**0.5
        answers: Tensor = self.answers(x).float().mean((2, 3))
        return torch.gather(answers, 1, styles[:, None])[:, 0]

"""Course baseline: the course's own convolutional network.

In class: one 4×4 convolution to a single channel, 4×4 max-pooling, batch normalisation, a linear
layer of 300 with dropout and ReLU, a linear layer to the styles, log-softmax. The published variant
of it adds a second linear layer, 300 to 150, with dropout and ReLU.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

Variant = Literal["in-class", "published"]


@dataclass(frozen=True, slots=True)
class CourseNetworkConfig:
    """Shape of the course's network.

    Attributes:
        styles: the number of classes.
        variant: ``in-class`` or ``published``.
        resolution: of its pictures in pixels, which its linear layer fixes; the course used 416.
        dropout: share of numbers dropped while training.
    """

    styles: int
    variant: Variant = "in-class"
    resolution: int = 128
    dropout: float = 0.01


class CourseNetwork(nn.Module):
    """Pictures to log-probabilities, which serve as logits too: softmax leaves them as they are."""

    def __init__(self, config: CourseNetworkConfig) -> None:
        super().__init__()
        self.config = config
        side = (config.resolution - 3) // 4
        self.convolution = nn.Conv2d(3, 1, 4)
        self.pool = nn.MaxPool2d(4, 4)
        self.norm = nn.BatchNorm1d(side * side)
        self.linear = nn.Linear(side * side, 300)
        self.second = nn.Linear(300, 150) if config.variant == "published" else None
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(300 if self.second is None else 150, config.styles)

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """The pooled map ``(B, 1, S, S)`` of pictures ``(B, 3, H, W)`` in [-1, 1], its only one."""
        return (self.pool(self.convolution(x)),)

    def describe(self, features: Sequence[Tensor]) -> Tensor:
        """The hidden numbers ``(B, 300)`` or ``(B, 150)`` of a pooled map."""
        (pooled,) = features
        hidden = F.relu(self.dropout(self.linear(self.norm(pooled.flatten(1)))))
        return hidden if self.second is None else F.relu(self.dropout(self.second(hidden)))

    def embed(self, x: Tensor) -> Tensor:
        """The hidden numbers of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return self.describe(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Log-probabilities ``(B, styles)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return F.log_softmax(self.head(self.embed(x)), dim=1)

"""The network that students of the course write.

Three convolutions, each with ReLU and pooling, and a hidden layer.
"""

import torch
from torch import Tensor, nn


class ThreeConvolutions(nn.Module):
    """Pictures ``(B, 3, R, R)`` to logits ``(B, styles)``, for one resolution R divisible by 8."""

    def __init__(
        self, styles: int, resolution: int, *, hidden: int = 256, dropout: float = 0.5
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for out in (32, 64, 128):
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels = out
        side = resolution // 8
        head = [nn.Flatten(), nn.Linear(channels * side**2, hidden), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, *head, nn.Linear(hidden, styles))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, 3, R, R)`` to ``(B, styles)``."""
        logits: Tensor = self.layers(x)
        return logits

    @staticmethod
    def optimizer(model: nn.Module) -> torch.optim.Optimizer:
        """Adam at its default learning rate."""
        return torch.optim.Adam(model.parameters(), lr=1e-3)

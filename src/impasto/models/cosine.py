"""Cosine head: a style's logit is the scaled cosine between the embedding and its weights.

The length of weights or embeddings cannot raise a logit. LDAM needs it (Cao et
al. 2019, arXiv:1906.07413, as in Wang et al. 2018, "Additive margin softmax", arXiv:1801.05599).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CosineHead(nn.Linear):
    """Linear layer of normalised embeddings and weights, without a bias."""

    def __init__(self, numbers: int, styles: int, scale: float) -> None:
        super().__init__(numbers, styles, bias=False)
        self.scale = scale

    def forward(self, input: Tensor) -> Tensor:
        """Logits ``(…, styles)`` in [-scale, scale] of embeddings ``(…, D)``."""
        # Scaled, the error of bfloat16 would be a tenth
        with torch.autocast(input.device.type, enabled=False):
            return self.scale * F.linear(
                F.normalize(input.float(), dim=-1), F.normalize(self.weight)
            )

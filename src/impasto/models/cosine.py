"""A head that looks at directions alone: a style's logit is the cosine to its weights, times a constant.

Neither frequent styles nor bright pictures can so raise a logit by length. LDAM needs it (Cao et
al. 2019, arXiv:1906.07413, as in Wang et al. 2018, "Additive margin softmax", arXiv:1801.05599).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CosineHead(nn.Linear):
    """Representations to scaled cosines, without a bias."""

    def __init__(self, numbers: int, styles: int, scale: float) -> None:
        super().__init__(numbers, styles, bias=False)
        self.scale = scale

    def forward(self, input: Tensor) -> Tensor:
        """Logits ``(…, styles)`` in [-scale, scale] of representations ``(…, D)``."""
        with torch.autocast(
            input.device.type, enabled=False
        ):  # scaled, bfloat16's error would be a tenth
            return self.scale * F.linear(
                F.normalize(input.float(), dim=-1), F.normalize(self.weight)
            )

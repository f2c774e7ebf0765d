"""The learning rate over a training: linear warm-up, then half a cosine to zero (arXiv:1608.03983, one cycle)."""

import math


def warmup_cosine(step: int, steps: int, warmup: int) -> float:
    """The factor on the peak learning rate at ``step`` of ``steps``, in (0, 1]."""
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return max(0.5 * (1 + math.cos(math.pi * progress)), 1e-8)

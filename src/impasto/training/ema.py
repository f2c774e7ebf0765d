"""Exponential moving average (EMA) of the weights.

Polyak and Juditsky 1992; Tarvainen and Valpola 2017, arXiv:1703.01780.
"""

import copy

import torch
from torch import Tensor, nn


class Average:
    """A second network whose weights and statistics follow the first one's.

    The decay grows from 0.1 as (1 + n) / (10 + n), so that the first, random weights are soon
    forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    def update(self, model: nn.Module, step: int) -> None:
        """Follow ``model`` after its step number ``step`` (from 0)."""
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(_floats(self.model), _floats(model), weight)
        for own, other in zip(self.model.buffers(), model.buffers(), strict=True):
            if not own.is_floating_point():
                own.copy_(other)


def _floats(model: nn.Module) -> list[Tensor]:
    return [t.detach() for t in (*model.parameters(), *model.buffers()) if t.is_floating_point()]

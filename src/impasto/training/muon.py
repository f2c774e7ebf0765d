"""The optimiser: Muon for the inner convolutions, AdamW for everything else.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) replaces each weight matrix's
momentum by the nearest semi-orthogonal matrix, so that all directions of the matrix learn at the
same pace.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


class MuonAdamW(torch.optim.Optimizer):
    """Muon for groups with ``muon`` true, AdamW for the others.

    AdamW is Loshchilov and Hutter 2019 (arXiv:1711.05101). Each group keeps its peak learning rate
    under ``peak``.
    """

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {"lr": 0.0, "momentum": 0.95, "betas": (0.9, 0.98), "eps": 1e-8})
        for group in self.param_groups:
            group["lr"] = group["peak"]

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change the weights by their gradients."""
        if closure is not None:
            raise NotImplementedError("the loop computes the loss itself")
        for group in self.param_groups:
            update = self._muon if group["muon"] else self._adamw
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    update(weight, weight.grad, self.state[weight], group)

    def _muon(
        self, weight: Tensor, gradient: Tensor, state: dict[str, Tensor], group: dict[str, Any]
    ) -> None:
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"]
        momentum.lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(momentum, group["momentum"])  # Nesterov
        matrix = orthogonalised(ahead.flatten(1))
        scale = max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5
        weight.add_(matrix.view(weight.shape), alpha=-group["lr"] * scale)

    def _adamw(
        self, weight: Tensor, gradient: Tensor, state: dict[str, Tensor], group: dict[str, Any]
    ) -> None:
        if not state:
            state |= {"first": torch.zeros_like(weight), "second": torch.zeros_like(weight)}
            state["step"] = torch.zeros(())  # torch leaves this one name on the CPU when it loads
        first, second, count = state["first"], state["second"], state["step"]
        count += 1
        low, high = group["betas"]
        first.lerp_(gradient, 1 - low)
        second.mul_(high).addcmul_(gradient, gradient, value=1 - high)
        steps = float(count)
        root = (second / (1 - high**steps)).sqrt_().add_(group["eps"])
        weight.addcdiv_(first, root, value=-group["lr"] / (1 - low**steps))


def orthogonalised(matrix: Tensor, rounds: int = 5) -> Tensor:
    """Bring singular values near 1 (0.7–1.2) by a quintic Newton–Schulz iteration.

    Each round is x ← p(x xᵀ) x with p(g) = 3.4445 − 4.7750 g + 2.0315 g². All p commute, so the
    rounds are run on the small square x xᵀ alone, and x itself is multiplied once: a third of the
    arithmetic for convolutions.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide / (wide.norm() + 1e-7)
    gram, product = x @ x.T, None
    for number in range(rounds):
        p = torch.addmm(-4.7750 * gram, gram, gram, alpha=2.0315)
        p.diagonal().add_(3.4445)
        product = p if product is None else product @ p
        if number < rounds - 1:
            gram = gram @ (p @ p)
    result: Tensor = x if product is None else product @ x
    return result if matrix.shape[0] <= matrix.shape[1] else result.T


def make_optimizer(
    model: nn.Module, rate: float, matrix_rate: float, weight_decay: float
) -> MuonAdamW:
    """An optimiser for a network, with its weights grouped as by ``weight_groups``."""
    return MuonAdamW(weight_groups(model.parameters(), rate, matrix_rate, weight_decay))


def weight_groups(
    weights: Iterable[Tensor], rate: float, matrix_rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Groups for ``MuonAdamW``.

    Args:
        weights: of a network or a part of it.
        rate: peak learning rate of AdamW.
        matrix_rate: peak learning rate of Muon on convolutions between features; 0 leaves them to
            AdamW.
        weight_decay: of convolutions and linear layers; norms and biases have none.
    """
    inner: list[Tensor] = []
    outer: list[Tensor] = []
    plain: list[Tensor] = []
    for weight in weights:
        if weight.ndim == 4 and weight.shape[1] > 3 and matrix_rate > 0:
            inner.append(weight)
        else:
            (outer if weight.ndim > 1 else plain).append(weight)
    groups = [
        {"params": inner, "peak": matrix_rate, "weight_decay": weight_decay, "muon": True},
        {"params": outer, "peak": rate, "weight_decay": weight_decay, "muon": False},
        {"params": plain, "peak": rate, "weight_decay": 0.0, "muon": False},
    ]
    return [group for group in groups if group["params"]]

"""The optimiser:

orthogonal updates for inner convolutions, torch's AdamW for the rest, and a state to resume.
"""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from impasto.models.classifier import Classifier, ClassifierConfig
from impasto.training.muon import MuonAdamW, make_optimizer, orthogonalised


def matrix(rows: int, columns: int, seed: int = 0) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(16, 144), (144, 16), (32, 32), (64, 9), (5, 7)])
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    values = torch.linalg.svdvals(orthogonalised(matrix(*shape) * 1e-3))
    assert (
        values.min() > 0.3 if shape == (32, 32) else values.min() > 0.65
    )  # a square one may be all but singular
    assert values.max() < 1.25


def test_the_directions_are_kept() -> None:
    """The result is U f(S) Vᵀ of the matrix's own U and V."""
    given = matrix(6, 11)
    u, _, vh = torch.linalg.svd(given, full_matrices=False)
    inner = u.T @ orthogonalised(given) @ vh.T
    torch.testing.assert_close(inner, torch.diag(inner.diagonal()), atol=1e-4, rtol=0)
    assert inner.diagonal().min() > 0.65


def test_a_zero_gradient_moves_nothing() -> None:
    assert torch.equal(orthogonalised(torch.zeros(4, 6)), torch.zeros(4, 6))


def convolution(seed: int = 0) -> nn.Parameter:
    return nn.Parameter(torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(seed)))


def muon_group(weight: Tensor, **given: Any) -> dict[str, Any]:
    return {"params": [weight], "peak": 0.1, "weight_decay": 0.0, "muon": True, **given}


def test_a_muon_step_is_the_orthogonalised_nesterov_momentum() -> None:
    weight = convolution()
    before, decay = weight.detach().clone(), 0.02
    optimizer = MuonAdamW([muon_group(weight, weight_decay=decay)])
    momentum = torch.zeros(8, 36)
    for step in range(3):
        gradient = matrix(8, 36, seed=step)
        weight.grad = gradient.view(8, 4, 3, 3).clone()
        optimizer.step()
        momentum = 0.95 * momentum + 0.05 * gradient
        ahead = 0.05 * gradient + 0.95 * momentum
        before = before * (1 - 0.1 * decay) - 0.1 * orthogonalised(ahead).view(8, 4, 3, 3)
    torch.testing.assert_close(weight.detach(), before, atol=1e-5, rtol=1e-4)


def test_tall_matrices_take_longer_steps() -> None:
    weight = nn.Parameter(torch.zeros(36, 4, 1, 1))
    weight.grad = matrix(36, 4).view(36, 4, 1, 1)
    MuonAdamW([muon_group(weight)]).step()
    values = torch.linalg.svdvals(weight.detach().flatten(1))
    assert 0.65 * 3 * 0.1 < float(values.min()) <= float(values.max()) < 1.25 * 3 * 0.1


def test_the_rest_follows_torchs_adamw() -> None:
    ours, theirs = (nn.Parameter(matrix(5, 3)) for _ in range(2))
    group = {"params": [ours], "peak": 0.01, "weight_decay": 0.1, "muon": False}
    optimizer = MuonAdamW([group])
    reference = torch.optim.AdamW([theirs], lr=0.01, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1)
    for step in range(20):
        rate = 0.01 / (1 + step)
        for optimiser, weight in ((optimizer, ours), (reference, theirs)):
            weight.grad = matrix(5, 3, seed=step)
            optimiser.param_groups[0]["lr"] = rate
            optimiser.step()
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


def test_a_loaded_state_goes_on_as_the_old_one() -> None:
    def steps(optimizer: MuonAdamW, weights: list[nn.Parameter], which: range) -> None:
        for step in which:
            for weight in weights:
                count = weight[0].numel()
                weight.grad = matrix(len(weight), count, seed=step).view(weight.shape)
            optimizer.step()

    def fresh() -> tuple[MuonAdamW, list[nn.Parameter]]:
        weights = [convolution(), nn.Parameter(matrix(5, 3))]
        adam = {"params": [weights[1]], "peak": 0.01, "weight_decay": 0.1, "muon": False}
        return MuonAdamW([muon_group(weights[0]), adam]), weights

    straight, expected = fresh()
    steps(straight, expected, range(6))
    first, weights = fresh()
    steps(first, weights, range(3))
    second, others = fresh()
    for other, weight in zip(others, weights, strict=True):
        other.data.copy_(weight.data)
    second.load_state_dict(first.state_dict())
    steps(second, others, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(others, expected, strict=True))


def groups_of(matrix_rate: float) -> tuple[Classifier, MuonAdamW]:
    with torch.random.fork_rng():
        model = Classifier(ClassifierConfig(3, "tiny"))
    return model, make_optimizer(model, 0.002, matrix_rate, 0.05)


def test_each_weight_has_its_place() -> None:
    """Muon:

    convolutions between features; AdamW: stem, head, norms; decay: what multiplies, not what adds.
    """
    model, optimizer = groups_of(0.02)
    place = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    assert len(place) == sum(1 for _ in model.parameters())
    for name, weight in model.named_parameters():
        group = place[id(weight)]
        inner = name.startswith("stages") and weight.ndim == 4
        assert group["muon"] == inner, name
        assert group["peak"] == (0.02 if group["muon"] else 0.002)
        assert group["weight_decay"] == (0.05 if weight.ndim > 1 else 0.0), name


def test_without_a_matrix_rate_all_is_adamw() -> None:
    model, optimizer = groups_of(0.0)
    assert not any(group["muon"] for group in optimizer.param_groups)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == sum(
        1 for _ in model.parameters()
    )


def test_weights_without_a_gradient_stay() -> None:
    weight = convolution()
    MuonAdamW([muon_group(weight, weight_decay=0.5)]).step()
    assert torch.equal(weight, convolution())

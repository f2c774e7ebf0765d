"""Sliced Wasserstein distances to tables: against NumPy's quantiles and plain loops."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from impasto.training.painter.quantile_tables import (
    at_quantiles,
    patch_filters,
    quantile_tables,
    responses,
    sampled_patches,
)

DRAW = torch.Generator


def maps(seed: int, count: int = 3, channels: int = 2, side: int = 11) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, side, side, generator=generator)


def slowly(x: torch.Tensor, weights: torch.Tensor, stride: int, first: tuple[int, int]) -> NDArray:
    """Responses of every filter at every place, one by one, ``(B, F, n)``."""
    size = weights.shape[-1]
    return np.array(
        [
            [
                [
                    (picture[:, top : top + size, left : left + size] * one).sum()
                    for top in range(first[0], picture.shape[1] - size + 1, stride)
                    for left in range(first[1], picture.shape[2] - size + 1, stride)
                ]
                for one in weights.double().numpy()
            ]
            for picture in x.double().numpy()
        ]
    )


def hazen(values: NDArray, count: int) -> NDArray:
    """NumPy's quantiles at (j + ½) / count, of values that stand at (i + ½) / n."""
    places = (np.arange(count) + 0.5) / count
    return np.quantile(values, places, axis=1, method="hazen").T


@pytest.mark.parametrize(("stride", "first"), [(1, (0, 0)), (3, (1, 2))])
def test_responses_are_sums_over_patches(stride: int, first: tuple[int, int]) -> None:
    x, weights = maps(0), maps(1, 4, 2, 5)
    found = responses(x, weights, stride, first).numpy()
    assert found == pytest.approx(slowly(x, weights, stride, first), abs=1e-4)


@pytest.mark.parametrize("count", [4, 50, 300])
def test_quantiles_are_numpys(count: int) -> None:
    values = np.sort(np.random.default_rng(0).normal(size=(3, 50)), 1)
    found = at_quantiles(torch.from_numpy(values).float(), count).numpy()
    assert found == pytest.approx(hazen(values, count), abs=1e-5)


def test_distances_are_mean_squared_differences_of_sorted_values() -> None:
    styles = [maps(0, 5), 2 * maps(1, 5)]
    tables = quantile_tables(styles, maps(2, 6, 2, 3), 2, 16, DRAW().manual_seed(0))
    used, x = torch.tensor([4, 1, 2]), maps(3, 2)
    found = tables.distances(x, torch.tensor([1, 0]), used, (0, 1))
    values = np.sort(slowly(x, tables.filters[used], 2, (0, 1)), 2)
    for distance, picture, style in zip(found, values, (1, 0), strict=True):
        expected = hazen(tables.quantiles[style][used].numpy(), picture.shape[1])
        assert float(distance) == pytest.approx(((picture - expected) ** 2).mean(), abs=1e-4)


def test_a_style_is_nearest_to_its_own_table() -> None:
    styles = [maps(0, 40), 2 * maps(1, 40), maps(2, 40) + 1]
    tables = quantile_tables(styles, maps(3, 12, 2, 3), 1, 64, DRAW().manual_seed(0))
    used = torch.arange(12)
    fresh = torch.cat((maps(4, 1), 2 * maps(5, 1), maps(6, 1) + 1))
    found = torch.stack(
        [tables.distances(fresh, torch.full((3,), style), used, (0, 0)) for style in range(3)], 1
    )
    assert found.argmin(1).tolist() == [0, 1, 2]
    assert (found.diagonal() < 0.1).all()
    every = np.concatenate([*slowly(torch.cat(styles), tables.filters, 1, (0, 0))], 1)
    assert every.std(1) == pytest.approx(np.ones(12), abs=0.05)  # all filters count alike


def test_a_style_without_paintings_does_no_harm() -> None:
    tables = quantile_tables([maps(0), maps(1)[:0]], maps(2, 4, 2, 3), 1, 8, DRAW().manual_seed(0))
    assert tables.quantiles.shape == (2, 4, 8) and not tables.quantiles[1].any()


def test_the_gradient_leads_to_the_style() -> None:
    target = 0.5 * maps(0, 30) + 0.3
    generator = DRAW().manual_seed(0)
    tables = quantile_tables([target], patch_filters(target, 3, 24, generator), 1, 64, generator)
    x, styles = maps(7, 8).requires_grad_(), torch.zeros(8, dtype=torch.int64)
    optimizer = torch.optim.Adam([x], 0.05)
    distances = []
    for _ in range(60):
        distance = tables.distances(x, styles, torch.arange(24), (0, 0)).mean()
        optimizer.zero_grad()
        distance.backward()
        optimizer.step()
        distances.append(distance.item())
    assert distances[-1] < distances[0] / 4
    assert x.mean().item() == pytest.approx(0.3, abs=0.1)


def test_patches_are_those_of_the_maps() -> None:
    x = maps(0, 2, 3, 6)
    found = sampled_patches(x, 4, 200, DRAW().manual_seed(0))
    every = {
        tuple(x[number, :, top : top + 4, left : left + 4].flatten().tolist())
        for number in range(2)
        for top in range(3)
        for left in range(3)
    }
    assert found.shape == (200, 48)
    assert {tuple(patch.tolist()) for patch in found} == every  # all 18 places come up

"""Colour transfer: what the optimal transport map does to means and covariances."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from impasto.models.colour_transfer import applied, colour_statistics, transport


def pictures(seed: int, mean: float = 0.0, spread: float = 0.2) -> torch.Tensor:
    """Two pictures ``(2, 3, 24, 20)`` whose channels are correlated."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.eye(3) + 0.5 * torch.rand(3, 3, generator=generator)
    noise = torch.randn(2, 24, 20, 3, generator=generator) @ mixing
    return (mean + spread * noise).clamp(-1, 1).permute(0, 3, 1, 2)


def test_statistics_are_numpys() -> None:
    x = pictures(0)
    for picture, found in zip(x, colour_statistics(x), strict=True):
        flat = picture.flatten(1).numpy()
        assert found[:3].numpy() == pytest.approx(flat.mean(1), abs=1e-5)
        assert found[3:].view(3, 3).numpy() == pytest.approx(np.cov(flat, bias=True), abs=1e-5)


def test_the_map_is_the_monge_map_of_gaussians() -> None:
    source, target = (colour_statistics(x) for x in (pictures(1), pictures(2, 0.2, 0.15)))
    for before, after, found in zip(source, target, transport(source, target), strict=True):
        a, b = (s[3:].view(3, 3).double().numpy() + 0.01 * np.eye(3) for s in (before, after))
        root = np.real(sqrtm(a))
        inverse = np.linalg.inv(root)
        expected = inverse @ np.real(sqrtm(root @ b @ root)) @ inverse
        assert found[:, :3].numpy() == pytest.approx(expected, abs=1e-4)
        assert expected @ a @ expected == pytest.approx(b, abs=1e-8)  # it carries one to the other


def test_a_picture_takes_the_mean_of_the_other() -> None:
    x, other = pictures(3, -0.1, 0.1), pictures(4, 0.1, 0.1)
    made = applied(transport(colour_statistics(x), colour_statistics(other)), x)
    assert made.mean((2, 3)).numpy() == pytest.approx(other.mean((2, 3)).numpy(), abs=0.01)


def test_colours_of_a_black_and_white_picture_stay_finite_and_grey_is_stretched_little() -> None:
    grey = pictures(5)[:, :1].expand(-1, 3, -1, -1)
    found = transport(colour_statistics(grey), colour_statistics(pictures(6, 0, 0.5)))
    values = torch.linalg.eigvalsh(found[:, :, :3])
    assert values.min() >= 0.3 - 1e-4 and values.max() <= 2.5 + 1e-4
    made = applied(found, grey)
    assert torch.isfinite(made).all() and made.abs().max() <= 1

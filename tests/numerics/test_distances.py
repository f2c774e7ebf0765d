"""Distances against their definitions and against published values."""

import numpy as np
import pytest

from impasto.numerics.distances import colour_difference, frechet_distance, kernel_distance, lab


def test_kernel_distance_by_its_definition() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, 5)).astype(np.float32), rng.normal(0.5, 1, (9, 5)).astype(np.float32)

    def k(a: np.ndarray, b: np.ndarray) -> float:  # type: ignore[type-arg]
        return float((a.astype(float) @ b.astype(float) / 5 + 1) ** 3)

    xx = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    xy = np.mean([k(a, b) for a in x for b in y])
    assert kernel_distance(x, y) == pytest.approx(xx + yy - 2 * xy)
    assert kernel_distance(x[:1], y) is None


def test_kernel_distance_is_nothing_between_samples_of_one_thing() -> None:
    rng = np.random.default_rng(1)
    same = [kernel_distance(*rng.normal(size=(2, 40, 4)).astype(np.float32)) for _ in range(100)]
    assert abs(np.mean([d for d in same if d is not None])) < 0.05
    away = kernel_distance(
        rng.normal(size=(40, 4)).astype(np.float32), rng.normal(2, 1, (40, 4)).astype(np.float32)
    )
    assert away is not None
    assert away > 5


def test_frechet_distance_of_known_normals() -> None:
    rng = np.random.default_rng(3)
    one = rng.normal(0, 1, (20000, 3)).astype(np.float32)
    other = rng.normal((1, 0, 0), 2, (20000, 3)).astype(np.float32)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(one, other) == pytest.approx(1 + 3 * (2 - 1) ** 2, rel=0.05)
    assert frechet_distance(one[:1], other) is None


def test_colours_by_the_book() -> None:
    """CIE L*a*b* of sRGB red and of mid grey, by the published tables."""
    red, grey = np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 119, np.uint8)
    red[..., 0] = 255
    assert lab(red)[0, 0, 0] == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    assert lab(grey)[0, 0, 0] == pytest.approx([50.03, 0, 0], abs=0.1)
    assert colour_difference(red, red).tolist() == [0]

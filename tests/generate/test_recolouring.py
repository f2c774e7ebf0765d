"""Recolouring before patch synthesis: means, covariances, pictures without colour, lights."""

import numpy as np
from numpy.typing import NDArray

from impasto.generate.patches import _recoloured as recoloured


def cloud(seed: int, spread: float = 0.3) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(3, 3)) * spread + spread * np.eye(3)
    return (rng.normal(size=(4000, 3)) @ mixing + rng.uniform(-0.4, 0.4, 3)).astype(np.float32)


def test_mean_and_covariance_become_the_targets() -> None:
    mapped, target = recoloured(cloud(1), cloud(2)), cloud(2)
    np.testing.assert_allclose(mapped.mean(0), target.mean(0), atol=0.01)  # but for the ends
    away = np.linalg.norm(np.cov(mapped.T) - np.cov(target.T))
    assert away < 0.25 * np.linalg.norm(np.cov(cloud(1).T) - np.cov(target.T))


def test_the_map_to_itself_changes_nothing() -> None:
    np.testing.assert_allclose(recoloured(cloud(1), cloud(1)), cloud(1), atol=1e-4)


def test_a_grey_picture_does_not_turn_neon() -> None:
    grey = np.repeat(cloud(1)[:, :1], 3, axis=1)
    mapped = recoloured(grey, cloud(2, spread=1.0))
    assert np.isfinite(mapped).all()
    assert mapped.std(0).max() < 2.6 * grey.std(0).max() * np.sqrt(3)


def test_a_bright_spot_in_a_dark_picture_keeps_its_gradation() -> None:
    rng = np.random.default_rng(0)
    dark = rng.normal(-0.9, 0.02, (9500, 1))
    spot = np.linspace(0.0, 0.8, 500)[:, None]
    picture = np.concatenate((dark, spot)).repeat(3, 1).astype(np.float32)
    target = rng.uniform(-0.7, 0.9, (5000, 1)).repeat(3, 1)
    mapped = recoloured(picture, target)[9500:, 0]
    assert (np.diff(mapped) > 0).all()
    assert mapped[:450].max() < 1  # without the limit nearly all of it would be beyond white
    assert mapped[450] - mapped[0] > 0.2

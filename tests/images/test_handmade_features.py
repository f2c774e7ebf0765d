"""Hand-made features: what they tell apart, and what they leave alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.images.handmade_features import colour_axes, features, resized
from impasto.images.treatments import blurred, recompressed, shifted

Pixels = NDArray[np.uint8]


def noise(count: int, size: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def wave(size: int, period: float, angle: float) -> Pixels:
    y, x = np.mgrid[:size, :size]
    turn = 2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period
    grey = (128 + 60 * np.sin(turn)).round().astype(np.uint8)
    return np.repeat(grey[None, ..., None], 3, axis=3)


def changed(a: Pixels, b: Pixels) -> float:
    return float(np.abs(features(a) - features(b)).sum())


@pytest.mark.parametrize("size", [16, 33, 48, 128])
def test_every_picture_has_finite_features_of_its_own(size: int) -> None:
    pictures = np.concatenate((noise(34, size), np.zeros((1, size, size, 3), np.uint8)))
    pictures = np.concatenate((pictures, np.full((1, size, size, 3), 255, np.uint8)))
    whole = features(pictures)
    assert whole.dtype == np.float32 and len(whole) == 36 and np.isfinite(whole).all()
    for row in (0, 33, 34, 35):  # alone, or beside others in its batch
        np.testing.assert_allclose(features(pictures[row : row + 1])[0], whole[row], atol=2e-4)
    assert features(pictures[:0]).shape == (0, whole.shape[1])


def test_the_direction_and_the_width_of_lines_are_told_apart() -> None:
    """Of noisy lines in any phase the nearest are those of the same direction and width."""
    kinds = [(8, 0.0), (8, np.pi / 2), (8, np.pi / 4), (4, 0.0), (16, 0.0)]
    rng, pictures, labels = np.random.default_rng(0), [], []
    for kind, (period, angle) in enumerate(kinds):
        for _ in range(4):
            lines = shifted(wave(64, period, angle), int(rng.integers(0, period)))
            pictures.append((lines + rng.normal(0, 12, lines.shape)).clip(0, 255).astype(np.uint8))
            labels.append(kind)
    found = features(np.concatenate(pictures))
    found = (found - found.mean(0)) / (found.std(0) + 1e-6)
    apart = np.linalg.norm(found[:, None] - found, axis=2) + 1e9 * np.eye(len(found))
    assert (np.asarray(labels)[apart.argmin(1)] == labels).all()


def test_colour_is_told_apart_from_grey_of_the_same_lightness() -> None:
    red, grey = np.zeros((1, 32, 32, 3), np.uint8), np.full((1, 32, 32, 3), 60, np.uint8)
    red[..., 0] = 200  # 0.299 · 200 = 59.8
    light, red_green, yellow_blue = colour_axes(red)[0, :, 0, 0]
    assert light == pytest.approx(0.2345, abs=1e-3)
    assert red_green == pytest.approx(200 / 510) and yellow_blue == pytest.approx(200 / 1020)
    assert np.abs(colour_axes(grey)[0, 1:]).max() < 1e-6
    assert changed(red, grey) > 3


def test_a_lattice_and_a_blur_are_seen() -> None:
    plain = noise(1, 64)
    plain = blurred(plain, 2.0)
    dotted = plain.copy()
    dotted[:, ::4, ::4] += 12
    assert changed(plain, dotted) > 1 and changed(plain, blurred(plain, 1.0)) > 1


def test_pictures_are_brought_to_one_size() -> None:
    big = np.full((2, 50, 70, 3), 90, np.uint8)
    big[1, :25] = 200
    small = resized(big, 32)
    assert small.shape == (2, 32, 32, 3) and (small[0] == 90).all()
    assert (small[1, :14] == 200).all() and (small[1, 18:] == 90).all()
    assert resized(small, 32) is small


def test_treatments_do_what_they_say() -> None:
    pictures = noise(2, 24)
    moved = shifted(pictures, 3)
    assert (moved[:, 3:, 3:] == pictures[:, :-3, :-3]).all()
    assert (moved[:, :3, 3:] == pictures[:, 3:0:-1, :-3]).all()  # reflected
    spread = blurred(pictures, 1.0)
    assert spread.std() < 0.6 * pictures.std()
    assert spread.mean() == pytest.approx(pictures.mean(), abs=1)
    one = np.zeros((1, 15, 15, 3), np.uint8)
    one[0, 7, 7] = 250
    # The Gaussian's height at its middle: 1 / (2π)
    assert blurred(one, 1.0)[0, 7, 7, 0] == pytest.approx(250 / (2 * np.pi), abs=2)
    smooth = blurred(pictures, 4.0)
    assert np.abs(recompressed(smooth, 95).astype(int) - smooth).mean() < 2
    coarse = np.abs(recompressed(pictures, 10).astype(int) - pictures).mean()
    assert coarse > np.abs(recompressed(pictures, 90).astype(int) - pictures).mean()

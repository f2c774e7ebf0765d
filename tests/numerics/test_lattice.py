"""Lattice measure: lattices of known period, noise, and pictures without either."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.numerics.lattice import PERIODS, lattice_peaks

Pixels = NDArray[np.uint8]


def grey(values: NDArray[np.floating]) -> Pixels:
    return np.repeat(values.round().clip(0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def noise(count: int = 40, size: int = 64) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(128, 20, (count, size, size))


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("direction", ["across", "down", "diagonal", "dots"])
def test_a_lattice_stands_out_at_its_own_period(period: int, direction: str) -> None:
    y, x = np.mgrid[:64, :64]
    turn = {"across": x, "down": y, "diagonal": x + y, "dots": x}[direction]
    added = np.cos(2 * np.pi * turn / period)
    if direction == "dots":
        added = added * np.cos(2 * np.pi * y / period)
    plain = lattice_peaks(grey(noise())).mean(0)
    laid = lattice_peaks(grey(noise() + 12 * added)).mean(0)
    place = PERIODS.index(period)
    assert laid[place] > plain[place] + 10
    others = [other for other in range(3) if other != place]
    assert np.abs(laid - plain)[others].max() < 1.5


def test_noise_has_small_peaks() -> None:
    """The power of noise is exponential: the largest of n has a mean of H(n) / ln 2 medians.

    H(n) is the harmonic number. 4 · 9 frequencies are looked at, which the window couples, at
    period 2 half of them twice: between 5 and 36 independent ones, 5.2 to 7.8 dB.
    """
    peaks = lattice_peaks(grey(noise(200))).mean(0)
    assert (peaks > 5.2).all() and (peaks < 7.8).all()


def test_the_height_is_in_decibels() -> None:
    """Ten times the amplitude: 20 dB more."""
    ground = np.random.default_rng(1).normal(128, 3, (1, 64, 64))
    stripes = np.cos(np.pi * np.arange(64) / 2)
    weak, strong = (lattice_peaks(grey(ground + size * stripes))[0, 1] for size in (5, 50))
    assert strong - weak == pytest.approx(20, abs=0.5)


def test_smooth_and_constant_pictures_have_finite_peaks() -> None:
    y, x = np.mgrid[:64, :64]
    smooth = grey((128 + 100 * np.sin(x / 20) * np.cos(y / 17))[None])
    assert np.isfinite(lattice_peaks(smooth)).all()
    constant = np.full((1, 64, 64, 3), 90, np.uint8)
    assert np.abs(lattice_peaks(constant)).max() < 1e-6
    assert lattice_peaks(constant[:0]).shape == (0, 3)
    assert lattice_peaks(np.zeros((1, 48, 80, 3), np.uint8)).shape == (1, 3)

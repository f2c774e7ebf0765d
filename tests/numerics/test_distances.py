"""Distances against their definitions and against published values."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.numerics.distances import colour_difference, kernel_distance, lab, mean_distance


def test_kernel_distance_by_its_definition() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, 5)).astype(np.float32), rng.normal(0.5, 1, (9, 5)).astype(np.float32)

    def k(a: np.ndarray, b: np.ndarray) -> float:  # type: ignore[type-arg]
        return float((a.astype(float) @ b.astype(float) / 5 + 1) ** 3)

    xx = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    yy = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    xy = np.mean([k(a, b) for a in x for b in y])
    found = kernel_distance(x, y)
    assert found is not None
    assert found.value == pytest.approx(xx + yy - 2 * xy)
    assert kernel_distance(x[:2], y) is None


def sample(count: int, moved: float, *, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(moved, 1, (count, 6)).astype(np.float32)


def test_the_error_is_the_jackknifes() -> None:
    """Each unit is left out in turn, and the distance of the others computed anew."""
    x, y = sample(12, 0.0, seed=5), sample(10, 0.5, seed=6)
    units = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 4, 4])
    found = kernel_distance(x, y, units)
    assert found is not None

    def value(rows: NDArray[np.int64], others: NDArray[np.int64]) -> float:
        inside = kernel_distance(x[rows], y[others], units[rows])
        assert inside is not None
        return inside.value

    whole, every = np.arange(12), np.arange(10)
    first = np.array([value(whole[units != unit], every) for unit in range(5)])
    second = np.array([value(whole, np.delete(every, place)) for place in range(10)])
    variance = sum((len(v) - 1) / len(v) * np.square(v - v.mean()).sum() for v in (first, second))
    assert np.square(found.errors).sum() == pytest.approx(variance)
    assert found.interval["low"] < found.value < found.interval["high"]


def test_pictures_by_one_artist_are_not_taken_for_a_distance() -> None:
    """Both sets are of one world, of few artists each, whose pictures are alike."""
    plain, by_artist = [], []
    for trial in range(100):
        rng = np.random.default_rng(trial)
        x, y = (
            (rng.normal(size=(8, 6)).repeat(4, 0) + rng.normal(size=(32, 6))).astype(np.float32)
            for _ in range(2)
        )
        artists = np.arange(8).repeat(4)
        plain.append(kernel_distance(x, y))
        by_artist.append(kernel_distance(x, y, artists, 8 + artists))
    values = [[one.value for one in each if one] for each in (plain, by_artist)]
    assert np.mean(values[0]) > 5 * abs(np.mean(values[1]))
    held = [one.interval["low"] <= 0 <= one.interval["high"] for one in by_artist if one]
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize(("moved", "least"), [(0.0, 0.93), (0.5, 0.88)])
def test_nineteen_of_twenty_intervals_of_a_distance_hold_it(moved: float, least: float) -> None:
    truth = true_distance(moved)
    found = [
        kernel_distance(sample(16, moved, seed=2 * n), sample(40, 0.0, seed=2 * n + 1))
        for n in range(150)
    ]
    assert np.mean([one.value for one in found if one]) == pytest.approx(truth, abs=0.12)
    intervals = [one.interval for one in found if one]
    assert np.mean([one["low"] <= truth <= one["high"] for one in intervals]) >= least
    assert np.mean([one["low"] <= 3 * truth + 1 <= one["high"] for one in intervals]) < 0.9


def true_distance(moved: float) -> float:
    """That of two normal distributions, from 200,000 pairs of pictures."""
    rng = np.random.default_rng(9)

    def mean(a: float, b: float) -> float:
        x, y = rng.normal(a, 1, (200_000, 6)), rng.normal(b, 1, (200_000, 6))
        return float((((x * y).sum(1) / 6 + 1) ** 3).mean())

    return mean(moved, moved) + mean(0, 0) - 2 * mean(moved, 0)


def test_what_two_distances_share_cancels_out() -> None:
    """Two arms of the same originals: their difference is surer than either distance."""
    rng = np.random.default_rng(3)
    originals, real = sample(40, 0.3, seed=1), sample(40, 0.0, seed=2)
    one, other = (
        kernel_distance(
            (originals + rng.normal(moved, 0.1, originals.shape)).astype(np.float32),
            real,
            np.arange(40),
            40 + np.arange(40),
        )
        for moved in (0.0, 0.3)
    )
    assert one is not None
    assert other is not None
    gain = other.less(one)
    assert gain.value == pytest.approx(other.value - one.value)
    assert gain.interval["low"] > 0
    assert other.interval["low"] < one.interval["high"]
    assert other.less(other).interval == {"value": 0, "low": 0, "high": 0}


def test_a_mean_of_distances_of_other_pictures_is_surer() -> None:
    found = []
    for style in range(9):
        units = 1000 * style + np.arange(60)
        made, real = (sample(30, by, seed=50 + 2 * style + k) for k, by in enumerate((0.5, 0.0)))
        one = kernel_distance(made, real, units[:30], units[30:])
        assert one is not None
        found.append(one)
    mean = mean_distance(found)
    assert mean.value == pytest.approx(np.mean([one.value for one in found]))
    widths = [one.interval["high"] - one.interval["low"] for one in (mean, *found)]
    assert widths[0] == pytest.approx(np.mean(widths[1:]) / 3, rel=0.15)


def test_colours_by_the_book() -> None:
    """CIE L*a*b* of sRGB red and of mid grey, by the published tables."""
    red, grey = np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 119, np.uint8)
    red[..., 0] = 255
    assert lab(red)[0, 0, 0] == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    assert lab(grey)[0, 0, 0] == pytest.approx([50.03, 0, 0], abs=0.1)
    assert colour_difference(red, red).tolist() == [0]

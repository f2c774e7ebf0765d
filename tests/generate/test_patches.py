"""Patch synthesis against a slow search, and what must hold for any picture."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.generate import patches
from impasto.generate.patches import PATCH, synthesise

Pixels = NDArray[np.uint8]


def waves(height: int, width: int, seed: int) -> Pixels:
    """Smooth waves of random directions and colours, with a little grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    total = np.zeros((height, width, 3))
    for _ in range(4):
        fy, fx, phase = (*rng.uniform(-0.6, 0.6, 2), rng.uniform(0, 6))
        total += np.sin(fy * y + fx * x + phase)[..., None] * rng.uniform(-40, 40, 3)
    return (total + 128 + rng.normal(0, 4, total.shape)).clip(0, 255).astype(np.uint8)


def slow_patches(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = [
        picture[y : y + PATCH, x : x + PATCH].ravel()
        for y in range(picture.shape[0] - PATCH + 1)
        for x in range(picture.shape[1] - PATCH + 1)
    ]
    return np.stack(rows)


@pytest.mark.parametrize("completeness", [1e9, 0.147])
def test_the_nearest_patch_is_that_of_a_slow_search(
    completeness: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "DIRECTIONS", 3 * PATCH * PATCH)  # all of them: exact distances
    monkeypatch.setattr(patches, "COMPLETENESS", completeness)
    picture, keys = (patches._floats(waves(20, 24, seed)) for seed in (1, 2))
    basis = patches._principal_directions([keys])
    wanted = patches._features(picture, basis, 1).reshape(-1, 3 * PATCH * PATCH)
    places = patches._nearest(wanted, [patches._features(keys, basis, 1)])
    queries, theirs = slow_patches(picture), slow_patches(keys)
    distances = np.square(queries[:, None] - theirs[None]).sum(2)
    expected = (distances / (distances.min(0) + completeness)).argmin(1)
    found = places[:, 1] * (24 - PATCH + 1) + places[:, 2]
    # Rounding decides between two that are equally near
    value = distances / (distances.min(0) + completeness)
    rows = np.arange(len(found))
    np.testing.assert_allclose(value[rows, found], value[rows, expected], rtol=1e-3, atol=1e-5)
    assert (found == expected).mean() > 0.98


def test_a_coarse_grid_of_keys_is_refined_to_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = patches._floats(waves(40, 40, 1))
    monkeypatch.setattr(patches, "KEYS", 150)  # every third place
    basis = patches._principal_directions([picture])
    features = patches._features(picture, basis, 1)
    wanted = features.reshape(-1, patches.DIRECTIONS)
    first = patches._nearest(wanted, [features])
    before = patches._distances(first, wanted, [features])
    after = patches._distances(patches._refined(first, wanted, [features]), wanted, [features])
    assert (after <= before).all() and (after < 1e-6).mean() > 2 * (before < 1e-6).mean()


def test_a_picture_of_its_own_patches_is_itself() -> None:
    picture = waves(64, 80, 3)
    made = synthesise(picture, [picture])
    assert np.abs(made.pixels.astype(int) - picture).mean() < 6
    y, x = np.mgrid[0:64, 0:80]
    # Most pixels come from their own place; waves repeat, so that not all need to
    assert ((made.origin[..., 1] == y) & (made.origin[..., 2] == x)).mean() > 0.5


def test_every_pixel_comes_from_near_the_place_that_is_named() -> None:
    references = [waves(48, 48, 4), waves(40, 56, 5)]
    made = synthesise(waves(50, 70, 6), references)
    assert made.origin.shape == (50, 70, 3) and made.origin.dtype == np.int32
    number, row, column = np.moveaxis(made.origin, -1, 0)
    for which, reference in enumerate(references):
        own = number == which
        assert (row[own] >= 0).all() and (row[own] < reference.shape[0]).all()
        assert (column[own] >= 0).all() and (column[own] < reference.shape[1]).all()
        lent = reference[row[own], column[own]].astype(int)
        assert np.abs(lent - made.pixels[own]).mean() < 20  # the average of all pairs is about 50
        assert made.shares[which] == pytest.approx(own.mean())
    assert made.shares.sum() == pytest.approx(1)


def test_strength_leads_from_the_source_to_the_style() -> None:
    source, references = waves(48, 48, 1), [waves(48, 48, 2)]
    made = [
        synthesise(source, references, strength=strength).pixels.astype(int)
        for strength in (0.0, 0.25, 0.5, 1.0)
    ]
    assert np.array_equal(made[0], source)
    away = [np.abs(one - source).mean() for one in made]
    assert all(later > earlier for earlier, later in pairwise(away))


def test_boldness_moves_shapes_further() -> None:
    source, references = waves(96, 96, 1), [waves(96, 96, 2)]
    timid, bold = (
        synthesise(source, references, boldness=boldness).pixels.astype(int).mean(-1)
        for boldness in (0, 3)
    )
    light = source.astype(int).mean(-1)

    def alike(one: NDArray[np.float64]) -> float:
        return float(np.corrcoef(one.ravel(), light.ravel())[0, 1])

    assert alike(timid) > alike(bold)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (9, 200), (131, 33)])
def test_any_size_comes_out_as_it_went_in(height: int, width: int) -> None:
    made = synthesise(waves(height, width, 1), [waves(32, 40, 2)])
    assert made.pixels.shape == (height, width, 3) and made.pixels.dtype == np.uint8


def test_the_same_picture_twice() -> None:
    first, second = (synthesise(waves(40, 40, 1), [waves(40, 40, 2)]) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.origin, second.origin)


def test_black_and_white_stays_so_and_flat_pictures_do_no_harm() -> None:
    grey = waves(48, 48, 1)[..., :1].repeat(3, 2)
    made = synthesise(waves(48, 48, 2), [grey]).pixels.astype(int)
    assert np.ptp(made, axis=2).max() <= 1  # colours of the references alone
    flat = np.full((40, 40, 3), 255, np.uint8)
    assert np.isfinite(synthesise(flat, [grey]).shares).all()
    assert np.array_equal(synthesise(flat, [flat]).pixels, flat)


def test_a_painting_to_begin_with_keeps_its_colours() -> None:
    source, reference = waves(48, 48, 1), waves(48, 48, 2)
    start = source.copy()
    start[..., 2] = 255 - start[..., 2]
    both = np.concatenate([reference, start])  # a reference that holds the start's colours too
    begun = synthesise(source, [both], start=start).pixels.astype(int)
    assert np.abs(begun - start).mean() < np.abs(begun - source).mean()


def test_the_strength_of_a_painting_to_begin_with_counts_once() -> None:
    source, start = waves(48, 48, 1), waves(48, 48, 2)
    between = ((source.astype(int) + start) // 2).astype(np.uint8)
    both = np.concatenate([start, between])  # patches of either way to take the strength
    made = synthesise(source, [both], strength=0.5, start=start).pixels.astype(int)
    assert np.abs(made - start).mean() < np.abs(made - between).mean()


def test_references_that_are_too_small_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 × 16"):
        synthesise(waves(40, 40, 1), [])
    with pytest.raises(ValueError, match="at least 16 × 16"):
        synthesise(waves(40, 40, 1), [waves(40, 15, 2)])

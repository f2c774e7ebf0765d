"""Copies:

found by file, by perceptual hash and on pixels, and equal to what the slow obvious way finds.
"""

import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from scipy.fft import dctn

from impasto.collection import duplicates
from impasto.collection.phash import SIDE, perceptual_hash, thumbnails
from impasto.images.decode import decode


def scene(seed: int, size: int = 96) -> Image.Image:
    """A picture with structure at every scale, and unlike those of other seeds."""
    rng = np.random.default_rng(seed)
    layers = [rng.uniform(0, 255, (2**k, 2**k, 3)).astype(np.uint8) for k in range(2, 6)]
    large = [
        np.asarray(Image.fromarray(layer).resize((size, size), Image.Resampling.BICUBIC), float)
        for layer in layers
    ]
    weights = np.array([0.5, 0.25, 0.15, 0.1])
    return Image.fromarray(np.tensordot(weights, np.stack(large), 1).clip(0, 255).astype(np.uint8))


def stored(image: Image.Image, **options: int) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"quality": 90, **options})
    return decode(stream.getvalue(), 48).pixels


def slow_hash(pixels: NDArray[np.uint8]) -> int:
    """The method sentence by sentence, for one picture with sides that ``SIDE`` divides."""
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    step = len(grey) // SIDE
    small = grey.reshape(SIDE, step, SIDE, step).mean((1, 3))
    low = dctn(small, norm=None)[:8, :8].ravel() / 4
    middle = np.median(low[1:])
    return sum(1 << bit for bit in range(1, 64) if low[bit] > middle + 1e-3)


def test_hashes_equal_the_slow_way() -> None:
    pictures = np.stack([np.asarray(scene(seed, 64)) for seed in range(30)])
    assert perceptual_hash(pictures).tolist() == [slow_hash(picture) for picture in pictures]


@pytest.mark.parametrize("shape", [(48, 48), (128, 128), (33, 47), (8, 8)])
def test_thumbnails_are_averages_of_areas(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, *shape, 3)).astype(np.uint8)
    fine = picture[0].repeat(SIDE, 0).repeat(SIDE, 1) @ np.array([0.299, 0.587, 0.114])
    expected = fine.reshape(SIDE, shape[0], SIDE, shape[1]).mean((1, 3))
    assert np.allclose(thumbnails(picture)[0], expected, atol=1e-2)


def test_constant_pictures_hash_to_nothing() -> None:
    constant = np.stack([np.full((20, 20, 3), level, np.uint8) for level in (0, 7, 128, 255)])
    assert perceptual_hash(constant).tolist() == [0, 0, 0, 0]


@given(
    hn.arrays(np.uint64, st.integers(0, 40), elements=st.integers(0, 2**64 - 1)), st.integers(0, 40)
)
def test_close_pairs_equal_the_slow_way(hashes: NDArray[np.uint64], radius: int) -> None:
    slow = [
        (a, b) for a, b in itertools.combinations(range(len(hashes)), 2)
        if (int(hashes[a]) ^ int(hashes[b])).bit_count() <= radius
    ]  # fmt: skip
    assert sorted(map(tuple, duplicates.close_pairs(hashes, radius).tolist())) == slow


def test_close_pairs_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = np.random.default_rng(0).integers(0, 64, 100).astype(np.uint64)
    whole = duplicates.close_pairs(hashes, 2)
    monkeypatch.setattr(duplicates, "_CHUNK", 7)
    assert np.array_equal(np.sort(duplicates.close_pairs(hashes, 2), 0), np.sort(whole, 0))


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=15))
def test_exact_pairs_equal_the_slow_way(hashes: list[str | None]) -> None:
    slow = [
        [a, b] for a, b in itertools.combinations(range(len(hashes)), 2)
        if hashes[a] is not None and hashes[a] == hashes[b]
    ]  # fmt: skip
    assert duplicates.exact_pairs(hashes).tolist() == slow


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11))))
def test_groups_equal_the_slow_way(count: int, pairs: list[tuple[int, int]]) -> None:
    pairs = [(a, b) for a, b in pairs if a < count and b < count]
    slow = list(range(count))
    for _ in range(count):
        for a, b in pairs:
            slow[a] = slow[b] = min(slow[a], slow[b])
    found = duplicates.groups_of(count, np.array(pairs, np.int64).reshape(-1, 2)).tolist()
    assert [found.index(group) for group in found] == [slow.index(group) for group in slow]


def test_re_encoded_resized_and_brightened_copies_are_found_and_others_are_not() -> None:
    pictures = [scene(seed) for seed in range(40)]
    originals = [stored(picture) for picture in pictures]
    copies = {
        40: (3, stored(pictures[3], quality=30)),
        41: (7, stored(pictures[7].resize((50, 50)))),
        42: (11, stored(pictures[11].resize((301, 301)))),
        43: (15, stored(ImageEnhance.Brightness(pictures[15]).enhance(1.15))),
        44: (19, stored(pictures[19].convert("L").convert("RGB"))),
        45: (23, stored(pictures[23].crop((1, 1, 95, 95)))),
    }
    pixels = np.stack([*originals, *(copy for _, copy in copies.values())])
    found = duplicates.find_copies(
        [str(row) for row in range(len(pixels))], perceptual_hash(pixels), pixels
    )
    assert sorted(map(tuple, found.near.tolist())) == sorted(
        (original, row) for row, (original, _) in copies.items()
    )
    assert len(found.exact) == 0


def test_a_mirrored_picture_is_another_one() -> None:
    pixels = np.stack(
        [stored(scene(1)), stored(scene(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
    )
    assert len(duplicates.find_copies(["a", "b"], perceptual_hash(pixels), pixels).all) == 0


def test_close_hashes_alone_make_no_copies() -> None:
    """Constant pictures are never copies; neither are pictures that only hash alike."""
    pixels = np.stack(
        [
            np.full((32, 32, 3), 200, np.uint8),
            np.full((32, 32, 3), 90, np.uint8),
            stored(scene(0))[:32, :32],
        ]
    )
    pixels = np.concatenate([pixels, np.asarray(stored(scene(2)))[None, :32, :32]])
    same = np.zeros(4, np.uint64)
    assert len(duplicates.find_copies(list("abcd"), same, pixels).all) == 0


def test_equal_files_are_exact_and_not_near_as_well() -> None:
    one, other = stored(scene(0)), stored(scene(1))
    pixels = np.stack([one, other, one, one])
    found = duplicates.find_copies(["a", "b", "a", "a"], perceptual_hash(pixels), pixels)
    assert found.exact.tolist() == [[0, 2], [0, 3], [2, 3]]
    assert found.near.tolist() == []


def test_names_without_pictures_have_exact_copies_only() -> None:
    assert duplicates.find_copies([None, None], None, None).all.tolist() == []


@pytest.mark.parametrize(
    ("correlation", "copies"), [(0.7, False), (0.9, False), (0.94, False), (0.96, True), (1, True)]
)
def test_two_pictures_are_one_from_a_correlation_of_95_hundredths(
    correlation: float, copies: bool
) -> None:
    """Hashes are equal; the correlation of luminance alone decides, whatever the brightness."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 32 * 32))
    one -= one.mean()
    other -= other.mean()
    other -= one * (one @ other) / (one @ one)
    one, other = one / one.std(), other / other.std()
    mixed = correlation * one + np.sqrt(1 - correlation**2) * other
    grey = np.stack([130 + 30 * one, 100 + 15 * mixed]).round()
    assert np.corrcoef(grey)[0, 1] == pytest.approx(correlation, abs=0.005)
    pixels = grey.reshape(2, 32, 32, 1).repeat(3, 3).astype(np.uint8)
    found = duplicates.find_copies(["a", "b"], np.zeros(2, np.uint64), pixels)
    assert found.near.tolist() == ([[0, 1]] if copies else [])


def test_hashes_are_close_up_to_ten_bits() -> None:
    picture = np.asarray(scene(0, 32))
    pixels = np.stack([picture, picture])
    for bits, copies in ((10, [[0, 1]]), (11, [])):
        phash = np.array([0, 2**bits - 1], np.uint64)
        assert duplicates.find_copies(["a", "b"], phash, pixels).near.tolist() == copies

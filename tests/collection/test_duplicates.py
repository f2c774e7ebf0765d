"""Copies:

found by file, by perceptual hash and on pixels, and equal to what the slow obvious way finds.
"""

import io
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from scipy.fft import dctn

from impasto.collection import duplicates
from impasto.collection.copy_pairs import CopyPairs, Which
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


HASHES = hn.arrays(np.uint64, st.integers(0, 30), elements=st.integers(0, 2**64 - 1))


@given(HASHES, HASHES, st.integers(0, 40))
def test_close_pairs_equal_the_slow_way(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64], radius: int
) -> None:
    slow = [
        [a, b] for a, b in itertools.product(range(len(hashes)), range(len(others)))
        if (int(hashes[a]) ^ int(others[b])).bit_count() <= radius
    ]  # fmt: skip
    assert duplicates.close_pairs(hashes, others, radius).tolist() == slow


def test_close_pairs_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = np.random.default_rng(0).integers(0, 64, 100).astype(np.uint64)
    whole = duplicates.close_pairs(hashes, hashes, 2)
    monkeypatch.setattr(duplicates, "_HASHES", 7)
    assert np.array_equal(duplicates.close_pairs(hashes, hashes, 2), whole)


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=15))
def test_exact_pairs_equal_the_slow_way(hashes: list[str | None]) -> None:
    slow = [
        [a, b] for a, b in itertools.combinations(range(len(hashes)), 2)
        if hashes[a] is not None and hashes[a] == hashes[b]
    ]  # fmt: skip
    assert pairs_of(duplicates.find_copies(hashes, None), "exact") == slow


def pairs_of(found: duplicates.Copies, which: Which) -> list[list[int]]:
    """All pairs, in order."""
    sides = np.zeros(len(found.look), np.int64)
    return [[a, b] for a, b, _ in CopyPairs(found, which, sides, apart=False).listed(10**6)]


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11))))
def test_groups_equal_the_slow_way(count: int, pairs: list[tuple[int, int]]) -> None:
    pairs = [(a, b) for a, b in pairs if a < count and b < count]
    slow = list(range(count))
    for _ in range(count):
        for a, b in pairs:
            slow[a] = slow[b] = min(slow[a], slow[b])
    found = duplicates.groups_of(count, np.array(pairs, np.int64).reshape(-1, 2)).tolist()
    assert [found.index(group) for group in found] == [slow.index(group) for group in slow]


def watermarked(picture: Image.Image) -> Image.Image:
    marked = picture.copy()
    ImageDraw.Draw(marked).rectangle((60, 88, 84, 91), fill=(230, 230, 230))
    return marked


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "small": lambda picture: picture.resize((50, 50)),
    "large": lambda picture: picture.resize((301, 301)),
    "wide": lambda picture: picture.resize((200, 120)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
    "paler": lambda picture: ImageEnhance.Contrast(picture).enhance(0.6),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "watermark": watermarked,
    "5 % off every edge": lambda picture: picture.crop((5, 5, 91, 91)),
    "10 % off every edge": lambda picture: picture.crop((10, 10, 86, 86)),
    "5 % off one side": lambda picture: picture.crop((5, 0, 96, 96)),
    "3 % white border": lambda picture: ImageOps.expand(picture, 3, (255, 255, 255)),
    "5 % black border": lambda picture: ImageOps.expand(picture, 5, (0, 0, 0)),
    "turned by 2°": lambda picture: turned(picture, 2),
    "turned by -2°": lambda picture: turned(picture, -2),
}


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("name", CHANGES)
def test_changed_copies_are_found_and_others_are_not(name: str, mirrored: bool) -> None:
    pictures = [scene(seed) for seed in range(12)]
    changed = [CHANGES[name](picture) for picture in pictures[:4]]
    if mirrored:
        changed = [ImageOps.mirror(picture) for picture in changed]
    pixels = np.stack([*map(stored, pictures), *(stored(one, quality=60) for one in changed)])
    found = duplicates.find_copies([str(row) for row in range(len(pixels))], pixels)
    assert pairs_of(found, "near") == [[0, 12], [1, 13], [2, 14], [3, 15]]
    assert found.mirrored.tolist() == [mirrored] * 4
    assert pairs_of(found, "exact") == []


def on_paper(picture: Image.Image, round_one: bool) -> NDArray[np.uint8]:
    """A dark picture on white paper: a plate, or a round one that fills the sheet."""
    paper = Image.new("RGB", (96, 96), (245, 245, 240))
    side = 90 if round_one else 60
    corner = (96 - side) // 2
    middle = ImageEnhance.Brightness(picture.resize((side, side))).enhance(0.8)
    mask = Image.new("L", (side, side), 0 if round_one else 255)
    if round_one:
        ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    paper.paste(middle, (corner, corner), mask)
    return np.asarray(paper)


@pytest.mark.parametrize("round_one", [False, True])
def test_pictures_of_one_format_on_paper_are_no_copies(
    round_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They correlate as a whole, by format and paper alone, whatever their hashes."""
    monkeypatch.setattr(duplicates, "RADIUS", 64)
    pixels = np.stack([on_paper(scene(seed), round_one) for seed in range(8)])
    assert np.corrcoef(thumbnails(pixels).reshape(8, -1)).min() > 0.75
    assert pairs_of(duplicates.find_copies(list("abcdefgh"), pixels), "near") == []


def test_constant_pictures_are_no_copies() -> None:
    pixels = np.stack([np.full((32, 32, 3), level, np.uint8) for level in (200, 90, 200)])
    assert pairs_of(duplicates.find_copies(list("abc"), pixels), "all") == []


def test_equal_files_are_exact_and_not_near_as_well() -> None:
    one, other = stored(scene(0)), stored(scene(1))
    found = duplicates.find_copies(["a", "b", "a", "a"], np.stack([one, other, one, one]))
    assert pairs_of(found, "exact") == [[0, 2], [0, 3], [2, 3]]
    assert pairs_of(found, "near") == []
    assert found.mirrored.tolist() == []


def test_other_files_of_equal_pixels_are_near_duplicates_and_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A placeholder with another date in each file: one picture, thousands of hashes."""

    def agreement(*_: Any) -> Any:
        raise AssertionError("equal pixels were compared")

    monkeypatch.setattr(duplicates, "agreement", agreement)
    one, other = stored(scene(0)), stored(scene(1))
    found = duplicates.find_copies(list("abca"), np.stack([one, one, other, one]))
    assert pairs_of(found, "exact") == [[0, 3]]
    assert pairs_of(found, "near") == [[0, 1], [1, 3]]


def test_names_without_pictures_have_exact_copies_only() -> None:
    assert pairs_of(duplicates.find_copies([None, None], None), "all") == []


def test_results_do_not_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [scene(seed) for seed in range(6)]
    pixels = np.stack([stored(one) for one in (*pictures, *map(ImageOps.mirror, pictures))])
    names = [str(row) for row in range(12)]
    whole = duplicates.find_copies(names, pixels)
    assert pairs_of(whole, "near") == [[row, row + 6] for row in range(6)]
    monkeypatch.setattr(duplicates, "_CHUNK", 5)
    part = duplicates.find_copies(names, pixels)
    assert np.array_equal(part.near, whole.near)
    assert np.array_equal(part.mirrored, whole.mirrored)


def test_equal_files_and_pictures_of_one_tone_are_not_compared_with_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a hundred blank scans were five thousand comparisons."""
    compared = []

    def agreement(first: Any, second: Any, crop: Any) -> Any:
        compared.append(len(first))
        return np.full(len(first), 1.0, np.float32)

    monkeypatch.setattr(duplicates, "agreement", agreement)
    rng = np.random.default_rng(0)
    one = rng.integers(0, 256, (4, 4, 3)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    blank = np.full_like(one, 250)
    pixels = np.stack([*[one] * 50, one // 2, one // 2, *[blank] * 50])
    names = [*["a"] * 50, "b", "b", *map(str, range(50))]
    found = duplicates.find_copies(names, pixels)
    assert sum(compared) < 20  # a with b, at several crops
    assert len(pairs_of(found, "exact")) == 50 * 49 // 2 + 1
    assert pairs_of(found, "near") == [[a, b] for a in range(50) for b in (50, 51)]


def test_a_large_group_of_near_duplicates_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of its pairs were compared, and others stay as they are."""
    compared = []

    def agreement(first: Any, second: Any, crop: Any) -> Any:
        compared.append(len(first))
        return np.full(len(first), 1.0, np.float32)

    monkeypatch.setattr(duplicates, "agreement", agreement)
    monkeypatch.setattr(duplicates, "_CHUNK", 16)
    monkeypatch.setattr(duplicates, "MANY", 10)
    rng = np.random.default_rng(0)
    first, second = (
        rng.integers(0, 256, (4, 4, 3)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
        for _ in range(2)
    )
    pixels = np.stack([second, *[first] * 60, second]) // 2
    pixels[:, 0, 0, 0] = np.arange(62)  # no two are equal
    found = duplicates.find_copies([None] * 62, pixels)
    assert found.near.tolist() == [[0, 61]]
    assert found.look.tolist() == [0, *[1] * 60, 61]
    assert len(pairs_of(found, "near")) == 1 + 60 * 59 // 2
    assert sum(compared) < 60 * 59 // 2  # at eight forms it would be more than four times that

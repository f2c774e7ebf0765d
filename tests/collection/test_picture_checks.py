"""Rules on single pictures: each names the pictures that it is for, and no painting-like others."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from impasto.collection.picture_checks import check_pictures
from impasto.evaluation.made_outliers import outliers
from impasto.images.treatments import recompressed

Pixels = NDArray[np.uint8]
SIDE = 96
RULES = ("grey", "framed", "colour_card", "text", "low_information")
PATCHES = (
    *((0, 60, 130), (0, 150, 190), (0, 140, 70), (240, 220, 30), (200, 30, 40)),
    *((190, 40, 110), (250, 250, 250), (120, 90, 70), (20, 20, 20)),
)
"""Colours of a printed control strip, about."""


def scene(seed: int) -> Pixels:
    """Blurred noise in colour with soft texture, as even a plain painting has."""
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))
    wide = np.asarray(ground.resize((SIDE, SIDE), Image.Resampling.BICUBIC), float)
    return np.asarray((wide + rng.normal(0, 8, wide.shape)).clip(0, 255), np.uint8)


def framed(picture: Pixels) -> Pixels:
    inner = Image.fromarray(picture).resize((SIDE - 16, SIDE - 16))
    made = np.full_like(picture, 245)
    made[8:-8, 8:-8] = np.asarray(inner) // 2
    return made


def with_card(picture: Pixels) -> Pixels:
    made = picture.copy()
    edges = np.linspace(0, SIDE, len(PATCHES) + 1).astype(int)
    for (start, end), colour in zip(itertools.pairwise(edges), PATCHES, strict=True):
        made[-9:-1, start:end] = colour
    return made


def greyed(picture: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB"))


def soft(picture: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(6)))


@pytest.mark.parametrize(
    ("rule", "change"),
    [("grey", greyed), ("framed", framed), ("colour_card", with_card), ("low_information", soft)],
)
def test_each_rule_names_its_pictures_and_no_others(
    rule: str, change: Callable[[Pixels], Pixels]
) -> None:
    plain = recompressed(np.stack([scene(seed) for seed in range(8)]), 90)
    changed = recompressed(np.stack([change(picture) for picture in plain]), 90)
    before, after = check_pictures(plain), check_pictures(changed)
    assert not any(getattr(before, name).any() for name in RULES)
    assert getattr(after, rule).mean() >= 0.75
    assert not any(getattr(after, name).any() for name in RULES if name != rule)


def test_pages_of_text_are_told_from_diagrams_and_noise() -> None:
    found = {
        kind: check_pictures(outliers(kind, 12, 128, seed=5)).text.mean()
        for kind in ("text", "diagrams", "noise")
    }
    assert found["text"] >= 0.75 and found["diagrams"] == found["noise"] == 0


def test_large_pictures_are_judged_too() -> None:
    assert check_pictures(outliers("text", 12, 256, seed=5)).text.mean() >= 0.75


def test_no_pictures_are_no_findings() -> None:
    assert check_pictures(np.empty((0, 32, 32, 3), np.uint8)).grey.shape == (0,)

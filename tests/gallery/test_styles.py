"""Styles and brushes: every style shows the scene, in a way of its own, at any size."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from impasto.gallery import brushes
from impasto.gallery.brushes import Brush, Canvas
from impasto.gallery.colour import lch, mixed, to_srgb, turned
from impasto.gallery.painted import Hand
from impasto.gallery.styles import STYLES, paint
from impasto.gallery.subjects import SUBJECTS, build

HAND = Hand(scale=1.0, angle=0.2, hue=5.0, chroma=1.0, contrast=1.0)
SUBJECT_NAMES = list(SUBJECTS)


def picture(style: str, index: int, size: int = 48, hand: Hand = HAND) -> NDArray[np.uint8]:
    return paint(style, SUBJECT_NAMES[index % 6], hand, size, np.random.default_rng([3, index]))


@pytest.fixture(scope="module")
def pictures() -> dict[str, list[NDArray[np.uint8]]]:
    """Twelve scenes in every style; the same twelve, from the same chance."""
    return {style: [picture(style, i) for i in range(12)] for style in STYLES}


def texture(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How lightness changes at four distances, and in which directions: no colour, no place."""
    grey = image.mean(axis=2) / 255
    found = []
    for sigma in (0.5, 1.0, 2.0, 4.0):
        smooth = ndimage.gaussian_filter(grey, sigma)
        down, right = np.gradient(smooth)
        found += [
            np.hypot(down, right).mean(),
            np.hypot(down, right).std(),
            np.abs(ndimage.laplace(smooth)).mean(),
        ]
    return np.log(np.array([*found, grey.std()]) + 1e-4)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [48, 200])
def test_any_size_works_and_repeats_to_the_bit(style: str, size: int) -> None:
    image = picture(style, 0, size)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.std() > 4
    if size == 48:
        assert np.array_equal(image, picture(style, 0, size))


def test_every_two_styles_render_the_same_scene_differently(
    pictures: dict[str, list[NDArray[np.uint8]]],
) -> None:
    for one, other in itertools.combinations(STYLES, 2):
        apart = [
            np.abs(a.astype(int) - b).mean()
            for a, b in zip(pictures[one], pictures[other], strict=True)
        ]
        assert np.median(apart) > 9, (one, other)


def test_styles_are_told_apart_by_texture_alone(
    pictures: dict[str, list[NDArray[np.uint8]]],
) -> None:
    known = {
        style: np.stack([texture(image) for image in images]) for style, images in pictures.items()
    }
    spread = np.concatenate([rows - rows.mean(0) for rows in known.values()]).std(0)
    right = 0
    for style, rows in known.items():
        for i, row in enumerate(rows):
            centres = {
                s: (np.delete(r, i, 0) if s == style else r).mean(0) for s, r in known.items()
            }
            right += (
                min(centres, key=lambda s: float((((row - centres[s]) / spread) ** 2).sum()))
                == style
            )
    assert right / (12 * len(STYLES)) > 0.35  # chance is one in sixteen


@pytest.mark.parametrize("style", [style for style in STYLES if style != "Colour_Field"])
def test_the_scene_survives_the_style(style: str) -> None:
    """Forms are where the scene has them, lighter or darker than what is about them:

    pictures are no noise.
    """
    likeness = []
    for i in range(6):
        seen = build(SUBJECT_NAMES[i], 72, np.random.default_rng([3, i])).lit()[..., 0]
        grey = ndimage.zoom(picture(style, i).mean(axis=2), 1.5, order=1)
        forms = [
            (ndimage.gaussian_filter(a, 2) - ndimage.gaussian_filter(a, 8)).ravel()
            for a in (seen, grey)
        ]
        likeness.append(np.corrcoef(*forms)[0, 1])
    assert np.median(likeness) > (
        0.15 if style == "Cubist_Facets" else 0.4
    )  # facets are shifted on purpose


def test_a_hand_changes_the_picture() -> None:
    for style in STYLES:
        big = Hand(scale=1.3, angle=0.9, hue=40.0, chroma=1.2, contrast=1.1)
        assert np.abs(picture(style, 1).astype(int) - picture(style, 1, hand=big)).mean() > 2, style


def test_one_layer_of_strokes_is_what_a_loop_paints() -> None:
    size, brush = 40, Brush(0.12, 3.0, square=4.0, curve=0.4, ragged=0.5)
    rng = np.random.default_rng(0)
    rows, columns = rng.uniform(0, size, (2, 30)).astype(np.float32)
    angles, hairs = (
        rng.uniform(0, 3, 30).astype(np.float32),
        rng.normal(0, 1, (30, 9)).astype(np.float32),
    )
    owner, across, _ = brushes._stamp(brush, rows, columns, angles, hairs, size)
    slow = np.full((size, size), -1)
    y, x = np.indices((size, size))
    for i in range(30):
        right, down = x - int(columns[i]), y - int(rows[i])
        u = (right * np.cos(angles[i]) + down * np.sin(angles[i])) / (0.12 * 3 * size / 2)
        v = (down * np.cos(angles[i]) - right * np.sin(angles[i])) / (0.12 * size / 2) + 0.4 * (
            u * u - 0.3
        )
        inside = (np.abs(u) < 1) & (np.abs(v) < 1)
        hair = hairs[i, ((np.clip(v, -1, 1) + 1) * 9 / 2.001).astype(int)]
        ends = np.maximum(1 - 0.5 * np.abs(hair) * 0.6, 0.2)
        slow[inside & (v**4 + (u / ends) ** 4 < 1)] = i
    assert (owner == slow).mean() > 0.998  # but for rounding on an edge
    assert np.abs(across).max() <= 1


def test_strokes_take_the_colour_of_the_place() -> None:
    halves = np.zeros((60, 60, 3), np.float32)
    halves[:, 30:, 0] = 0.9
    canvas = Canvas.primed(lch(0.5, 0.0, 0.0), 60)
    steady = Brush(0.08, 1.0, 0.5, ragged=0.0, streaks=0.0, varied=0.0, tinted=0.0)
    brushes.lay(canvas, steady, halves, np.zeros((60, 60), np.float32), np.random.default_rng(0))
    assert np.allclose(canvas.colour[:, :24, 0], 0.0)
    assert np.allclose(canvas.colour[:, 36:, 0], 0.9)


def test_cells_respect_borders_and_means_are_means() -> None:
    label = np.zeros((50, 50), np.int32)
    label[:, 20:] = 1
    cell = brushes.cells(50, 16, np.random.default_rng(0), label)
    assert not set(cell[:, :20].ravel()) & set(cell[:, 20:].ravel())
    values = np.random.default_rng(1).random((50, 50, 3)).astype(np.float32)
    mean = brushes.averaged(values, cell)
    assert np.allclose(mean[cell == 3], values[cell == 3].mean(0), atol=1e-5)


def test_contours_stand_on_borders_only() -> None:
    label = np.zeros((50, 50), np.int32)
    label[:, 25:] = 1
    ink = brushes.contours(label, 0.06, np.random.default_rng(0), wobble=0.0)
    assert ink[:, 24].min() > 0.9
    assert ink[:, :18].max() == 0
    assert ink[:, 32:].max() == 0


def test_oklab_is_converted_as_published() -> None:
    # White, black, and sRGB red as Ottosson's page gives it in Oklab.
    colours = np.array([[1, 0, 0], [0, 0, 0], [0.627955, 0.224863, 0.125846]], np.float32)
    assert (
        np.abs(to_srgb(colours).astype(int) - [[255, 255, 255], [0, 0, 0], [255, 0, 0]]).max() <= 2
    )
    red = lch(0.6, 0.1, 30.0)
    assert np.allclose(turned(red, 60.0, 2.0), lch(0.6, 0.2, 90.0), atol=1e-6)
    assert np.allclose(mixed(red, lch(0.2, 0.1, 30.0), 0.25), lch(0.5, 0.1, 30.0), atol=1e-6)

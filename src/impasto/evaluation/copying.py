"""Copying from training pictures by pictures whose making is not known.

Two measures: the similarity with the nearest reference, and the largest connected region that a
reference has too. References are searched, since nothing tells what was borrowed from: training
pictures with the most similar layout, as they are or mirrored, and those of the target style with
the most similar colours. A region counts as borrowed where windows of 8 × 8 pixels, brought to one
brightness and contrast, correlate with the reference, or its mirror image, at one and the same
shift.
"""

from typing import Final

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.evaluation import painter_score_numbers as numbers
from impasto.images.colour_histogram import histograms
from impasto.images.handmade_features import resized
from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import lightness, ssim
from impasto.numerics.borrowed_regions import largest_region
from impasto.numerics.neighbours import nearest, unit
from impasto.records.painter_score import CopyScores

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Floats = NDArray[np.float32]
LARGE: Final = 0.25  # share of a picture from which one borrowed region counts as large
REFERENCES: Final = 3  # nearest by layout, by mirrored layout and by colours that are compared
SIDE: Final = 64  # pixels of the pictures in which regions are looked for
WINDOW: Final = 8  # pixels
STEP: Final = 4  # pixels between windows of a picture
ALIKE: Final = 0.95  # correlation from which two windows are the same
FLAT: Final = 0.03  # standard deviation of a window, of lightness in [-1, 1], that says nothing
BLOCK: Final = 512  # pictures whose references are searched at a time


def copy_scores(
    pictures: Pixels, targets: Labels, sources: Pixels, known: Collection, rows: Labels
) -> CopyScores | None:
    """Return how much pictures copy from training pictures.

    Args:
        pictures: ``uint8 (N, R, R, 3)``.
        targets: the style of each.
        sources: the picture that each was made from, or one that stands in its place, likewise.
        known: the collection of the training pictures.
        rows: of the training pictures in it.

    Returns:
        ``None`` without training pictures.
    """
    if not len(rows) or not len(pictures):
        return None
    several = _references(pictures, targets, known, rows)
    size, found = pictures.shape[1], []
    for picture, source, some in zip(pictures, sources, several, strict=True):
        references = resized(np.asarray(known.pixels[rows[some]]), size)
        references = np.concatenate((references, references[:, :, ::-1]))
        found.append(_copied(picture, source, references))
    region, near, source_near = np.array(found).T
    return CopyScores(
        region=float(region.mean()),
        most=float(region.max()),
        large=float((region > LARGE).mean()),
        nearest=float(near.mean()),
        source_nearest=float(source_near.mean()),
    )


def _references(
    pictures: Pixels, targets: Labels, known: Collection, rows: Labels
) -> list[NDArray[np.int64]]:
    """Places in ``rows`` of the references that each picture is compared with."""
    labels = known.labels[rows]
    shades = [
        numbers.shaded(np.asarray(known.pixels[rows[start : start + BLOCK]]))
        for start in range(0, len(rows), BLOCK)
    ]
    colours = unit(histograms(known.pixels, rows))
    table, count = np.concatenate(shades), min(REFERENCES, len(rows))
    by_layout, mirrored = (
        nearest(numbers.shaded(some), table, count)[0]
        for some in (pictures, np.ascontiguousarray(pictures[:, :, ::-1]))
    )
    own = unit(histograms(pictures, np.arange(len(pictures))))
    result = []
    for place, target in enumerate(targets):
        local = np.flatnonzero(labels == target)
        alike = colours[local] @ own[place]
        by_colour = local[np.argsort(-alike, kind="stable")[:REFERENCES]]
        result.append(np.unique(np.concatenate((by_layout[place], mirrored[place], by_colour))))
    return result


def _copied(picture: Pixels, source: Pixels, references: Pixels) -> tuple[float, float, float]:
    """Largest borrowed region; highest SSIM with a reference; the source's with the same."""
    light = lightness(float_tensor(references))
    both = np.stack((picture, source))
    with torch.no_grad():
        alike = np.array(
            [ssim(lightness(float_tensor(one[None])).expand_as(light), light) for one in both]
        )
    place = int(alike[0].argmax())
    small = [_light(resized(one[None], SIDE)) for one in (picture, *references)]
    return borrowed_region(small[0], small[1:]), float(alike[0, place]), float(alike[1, place])


def _light(picture: Pixels) -> Floats:
    return np.asarray(lightness(float_tensor(picture))[0, 0].numpy(), np.float32)


def borrowed_region(picture: Floats, references: list[Floats]) -> float:
    """Share of a picture that is one connected region of a reference at one shift.

    Args:
        picture: lightness, ``float32 (SIDE, SIDE)`` in [-1, 1].
        references: likewise.
    """
    own, lively = _windows(picture, STEP)
    side = own.shape[0]
    flat = own.reshape(side * side, -1)
    best = np.full(side * side, ALIKE, np.float32)
    # A window without a match is a reference of its own, so that it joins no other
    origin = np.zeros((side * side, 3), np.int32)
    origin[:, 0] = -1 - np.arange(side * side)
    rows, columns = np.divmod(np.arange(side * side), side)
    for number, reference in enumerate(references):
        theirs, theirs_lively = _windows(reference, 1)
        wide = theirs.shape[1]
        table = theirs.reshape(wide * wide, -1)
        alike = flat @ np.where(theirs_lively.reshape(-1, 1), table, 0).T
        place = alike.argmax(1)
        value = alike[np.arange(len(place)), place]
        better = lively.ravel() & (value > best)
        best[better] = value[better]
        shift = np.stack(
            (place // wide - STEP * rows + rows, place % wide - STEP * columns + columns), 1
        )
        origin[better, 0], origin[better, 1:] = number, shift[better]
    if not (origin[:, 0] >= 0).any():
        return 0.0
    return largest_region(origin.reshape(side, side, 3))


def _windows(light: Floats, step: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Windows at length 1 about their mean, ``(n, n, WINDOW²)``, and whether they show anything."""
    windows = sliding_window_view(light, (WINDOW, WINDOW))[::step, ::step]
    flat = windows.reshape(*windows.shape[:2], -1).astype(np.float32)
    flat = flat - flat.mean(-1, keepdims=True)
    length = np.linalg.norm(flat, axis=-1)
    return flat / np.maximum(length, 1e-6)[..., None], length > FLAT * WINDOW

"""Brushes: many strokes laid at once, relief light, contours, cells and paper.

Thousands of strokes a picture stay quick because none is drawn alone: all of a layer write their
    number into one
array of owners, later ones over earlier ones, and colour and relief are looked up from the owner of
each pixel.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from impasto.gallery.colour import Labels, Pixels
from impasto.gallery.scene import Rng, noise

_T = TypeVar("_T", bound=np.generic)
_CHUNK: Final = 300_000  # stamped pixels at a time, so that the work stays in the cache
_HAIRS: Final = 9  # streaks across a stroke


@dataclass(frozen=True, slots=True)
class Brush:
    """Settings of a layer of strokes; lengths are in picture sizes.

    Attributes:
        width: of a stroke.
        length: of a stroke, as a multiple of its width.
        spacing: between strokes, as a multiple of the width; under 1 they overlap.
        square: 2 is an ellipse, 4 a rounded bar, 8 nearly a rectangle.
        curve: how far strokes bend, as a multiple of their width.
        ragged: how unevenly the hairs end, 0 to 1.
        wander: spread of the direction in radians.
        jitter: spread of place, as a share of the spacing.
        streaks: spread of lightness between hairs.
        varied: spread of lightness between strokes.
        tinted: spread of hue axes between strokes.
        rim: how much darker the border of a stroke is.
        dry: share of the paper's grain that a stroke leaves uncovered, 0 to 1.
    """

    width: float
    length: float = 3.0
    spacing: float = 0.8
    square: float = 4.0
    curve: float = 0.0
    ragged: float = 0.3
    wander: float = 0.15
    jitter: float = 0.5
    streaks: float = 0.02
    varied: float = 0.03
    tinted: float = 0.015
    rim: float = 0.0
    dry: float = 0.0


@dataclass(slots=True)
class Canvas:
    """Painting under way.

    (S, S, 3) Oklab colours and (S, S) height of the paint in brush widths.
    """

    colour: Pixels
    height: Pixels

    @classmethod
    def primed(cls, ground: Pixels, size: int) -> "Canvas":
        """A canvas of one colour (3,), or a painted one (S, S, 3)."""
        whole = np.broadcast_to(ground, (size, size, 3)).astype(np.float32)
        return cls(whole.copy(), np.zeros((size, size), np.float32))


def lay(
    canvas: Canvas,
    brush: Brush,
    colours: Pixels,
    flow: Pixels,
    rng: Rng,
    *,
    where: NDArray[np.bool_] | None = None,
) -> None:
    """Cover a canvas with one layer of strokes in random order.

    Args:
        canvas: painted in place.
        brush: the strokes.
        colours: (S, S, 3), taken up where a stroke's middle is.
        flow: (S, S) direction of the strokes in radians.
        rng: chance.
        where: (S, S) where a stroke may have its middle; everywhere when ``None``.
    """
    size = len(canvas.height)
    rows, columns = _middles(brush, size, rng)
    inside = rows.astype(np.intp).clip(0, size - 1), columns.astype(np.intp).clip(0, size - 1)
    if where is not None:
        kept = where[inside]
        rows, columns, inside = rows[kept], columns[kept], (inside[0][kept], inside[1][kept])
    count = len(rows)
    if not count:
        return
    angles = flow[inside] + rng.normal(0, brush.wander, count)
    paint = colours[inside] + rng.normal(0, 1, (count, 3)) * [
        brush.varied,
        brush.tinted,
        brush.tinted,
    ]
    hairs = rng.normal(0, 1, (count, _HAIRS)).astype(np.float32)
    owner, across, along = _stamp(brush, rows, columns, angles.astype(np.float32), hairs, size)
    covered = owner >= 0
    if brush.dry:
        covered &= noise(rng, size, size / 2.5) + 1 > 2 * brush.dry
    who = owner[covered]
    streak = hairs[who, ((across[covered] + 1) * (_HAIRS / 2.001)).astype(np.intp)]
    laid = paint.astype(np.float32)[who]
    laid[:, 0] += brush.streaks * streak
    if brush.rim:
        border = np.maximum(np.abs(across[covered]), np.abs(along[covered]))
        laid[border > 0.74] *= 1 - brush.rim
    canvas.colour[covered] = laid
    rise = np.sqrt(np.clip(1 - across[covered] ** 2, 0, 1)) + 0.25 * along[covered] + 0.22 * streak
    canvas.height[covered] = rise * brush.width


def _middles(brush: Brush, size: int, rng: Rng) -> tuple[Pixels, Pixels]:
    """Middles of strokes in pixels, in the order of painting."""
    step = max(1.0, brush.width * brush.spacing * np.sqrt(min(brush.length, 4.0)) * size)
    count = int(np.ceil(size / step)) + 1
    rows, columns = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    places = np.stack([rows.ravel() + 0.5 * (columns.ravel() % 2), columns.ravel()]).astype(
        np.float32
    )
    places = (places + rng.uniform(-brush.jitter, brush.jitter, places.shape)) * step
    order = rng.permutation(places.shape[1])
    return places[0, order].astype(np.float32), places[1, order].astype(np.float32)


def _stamp(
    brush: Brush, rows: Pixels, columns: Pixels, angles: Pixels, hairs: Pixels, size: int
) -> tuple[NDArray[np.int32], Pixels, Pixels]:
    """The stroke on top of each pixel (-1.

    None), and the pixel's place across and along it in ±1; each (S, S).
    """
    half_width, half_length = brush.width * size / 2, brush.width * brush.length * size / 2
    reach = int(np.ceil(max(np.hypot(half_width * (1 + abs(brush.curve)), half_length), 1.0)))
    wide = size + 2 * reach + 4  # a margin, so that strokes over the edge need no test
    owner = np.full(wide * wide, -1, np.int32)
    across, along = np.zeros(wide * wide, np.float32), np.zeros(wide * wide, np.float32)
    steps = np.arange(-reach, reach + 1)
    down, right = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    shifts = down * wide + right
    row, column = rows.astype(np.intp).clip(-1, size), columns.astype(np.intp).clip(-1, size)
    corner = (row + reach + 1) * wide + column + reach + 1
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    chunk = max(1, _CHUNK // len(shifts))
    for first in range(0, len(rows), chunk):
        part = slice(first, first + chunk)
        u = (right * cos[part] + down * sin[part]) / np.float32(half_length)
        v = (down * cos[part] - right * sin[part]) / np.float32(half_width)
        if brush.curve:
            v += brush.curve * (u * u - 0.3)
        near = np.flatnonzero((np.abs(u) < 1) & (np.abs(v) < 1))
        u, v, who = u.ravel()[near], v.ravel()[near], near // len(shifts) + first
        hair = hairs[who, ((v + 1) * (_HAIRS / 2.001)).astype(np.intp)]
        ends = 1 - brush.ragged * np.abs(hair) * 0.6
        form = _power(v, brush.square) + _power(u / np.maximum(ends, 0.2), brush.square)
        kept = form < 1
        places = corner[who[kept]] + shifts[near[kept] % len(shifts)]
        owner[places], across[places], along[places] = who[kept], v[kept], u[kept]
    crop = slice(reach + 1, reach + 1 + size)
    return tuple(a.reshape(wide, wide)[crop, crop] for a in (owner, across, along))  # type: ignore[return-value]


def _power(values: Pixels, exponent: float) -> Pixels:
    square = values * values
    if exponent == 2:
        return square
    return square * square if exponent == 4 else np.abs(values) ** np.float32(exponent)


def relief(canvas: Canvas, strength: float, light: float = 2.3) -> Pixels:
    """Colours (S, S, 3) of the canvas under raking light from ``light`` radians."""
    size = len(canvas.height)
    down, right = np.gradient(ndimage.gaussian_filter(canvas.height, size * 0.0022) * size)
    slope = (right * np.cos(light) - down * np.sin(light)) * np.float32(-strength)
    lit = canvas.colour.copy()
    lit[..., 0] += np.clip(slope, -0.16, 0.16)
    return lit


def contours(label: Labels, width: float, rng: Rng, wobble: float = 0.5) -> Pixels:
    """Ink (S, S) in [0, 1] along the borders of labels.

    Lines about ``width`` picture sizes thick, swelling.
    """
    size = len(label)
    edge = np.zeros(label.shape, dtype=bool)
    edge[:-1] |= label[:-1] != label[1:]
    edge[:, :-1] |= label[:, :-1] != label[:, 1:]
    if not edge.any():
        return np.zeros(label.shape, np.float32)
    away = ndimage.distance_transform_edt(~edge).astype(np.float32)
    half = width * size / 2 * (1 + wobble * noise(rng, size, 6))
    return np.asarray(np.clip(half - away + 0.5, 0, 1), dtype=np.float32)


def cells(size: int, count: int, rng: Rng, label: Labels | None = None) -> Labels:
    """(S, S) Voronoi cells around ``count`` random places; none crosses a border of ``label``."""
    side = max(1, round(np.sqrt(count)))
    rows, columns = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    places = (np.stack([rows, columns]) + rng.uniform(0.05, 0.95, (2, side, side))) * (size / side)
    seeds = np.ones((size, size), dtype=bool)
    row, column = places.astype(np.intp).clip(0, size - 1)
    seeds[row, column] = False
    nearest = ndimage.distance_transform_edt(seeds, return_distances=False, return_indices=True)
    cell = (nearest[0] * size + nearest[1]).astype(np.int64)
    joined = cell if label is None else cell * (int(label.max()) + 1) + label
    return np.unique(joined, return_inverse=True)[1].reshape(size, size).astype(np.int32)


def averaged(colours: Pixels, label: Labels) -> Pixels:
    """(S, S, 3) with every pixel replaced by the mean of its label."""
    flat = label.ravel()
    counts = np.maximum(np.bincount(flat), 1)
    means = np.stack(
        [np.bincount(flat, weights=colours[..., i].ravel()) / counts for i in range(3)], axis=-1
    )
    mean: Pixels = means.astype(np.float32)[label]
    return mean


def blurred(values: Pixels, width: float) -> Pixels:
    """Gaussian blur of (S, S) or (S, S, 3); the deviation ``width`` is in picture sizes."""
    sigma = width * len(values)
    if values.ndim == 2:
        return np.asarray(ndimage.gaussian_filter(values, sigma, truncate=2.5), dtype=np.float32)
    return np.stack(
        [ndimage.gaussian_filter(values[..., i], sigma, truncate=2.5) for i in range(3)], axis=-1
    )


def displaced(values: NDArray[_T], down: Pixels, right: Pixels) -> NDArray[_T]:
    """``values`` fetched from shifted places.

    ``down`` and ``right`` (S, S) are in picture sizes, nearest pixel.
    """
    size = len(values)
    rows, columns = np.indices(down.shape, dtype=np.float32)
    row = (rows + down * size).astype(np.intp).clip(0, size - 1)
    column = (columns + right * size).astype(np.intp).clip(0, size - 1)
    fetched: NDArray[_T] = values[row, column]
    return fetched


def paper(rng: Rng, size: int, grain: float = 0.5) -> Pixels:
    """The tooth of paper or canvas, (S, S) in about ±1.

    Fine grain, and ``grain`` of coarser clouds.
    """
    fine = 2.2 * ndimage.uniform_filter(rng.uniform(-1, 1, (size, size)).astype(np.float32), 3)
    return np.asarray(
        np.clip((1 - grain) * fine + grain * noise(rng, size, size / 6), -1, 1), dtype=np.float32
    )

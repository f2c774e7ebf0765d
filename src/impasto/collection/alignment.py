"""Alignment of two pictures, and how well they agree once aligned.

A copy is cropped, framed, turned by a degree or two, or scanned with another edge. From a start
given by a perceptual hash the map between the two is refined by Gauss-Newton steps on luminance
freed of brightness and contrast, as in Evangelidis and Psarakis 2008 ("Parametric image alignment
using enhanced correlation coefficient maximization"), at 16, 32 and 64 pixels a side.

Agreement is the median correlation over 4 × 4 tiles. Two portraits, or two prints on white paper,
correlate as a whole, by their layout alone; inside the tiles they do not. A watermark spoils some
tiles and not their median.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIDE = 64  # pixels of the thumbnails that are aligned
FLAT = 2.0  # standard deviation of luminance (0–255) below which there is nothing to compare
_STEPS = ((16, 6), (32, 6), (64, 3))  # side, and Gauss-Newton steps there
_PROMISING = 0.7  # correlation at 16 pixels below which two pictures are not aligned further
_LONGEST_STEP = 0.06  # of half a picture's side
_TILES = 4  # a side
_LIVELY = 3.0  # standard deviation of a tile's detail (0–255) from which it is compared
_FEWEST_TILES = 4
# Bounds of a plausible map: scale along any direction, how far rows and columns lean (by 0.07 for
# 2° in a picture twice as wide as high that is stored as a square), share of the picture in both
_SCALES, _LEAN, _OVERLAP = (0.68, 1.25), 0.12, 0.6
_CHUNK = 256  # pairs at a time, so that memory stays small


def agreement(first: Floats, second: Floats, crop: Floats) -> Floats:
    """Agreement of pictures once aligned, ``float32 (N,)``; -1 where no plausible map is found.

    Args:
        first: luminance, ``float32 (N, SIDE, SIDE)`` in 0–255.
        second: of the pictures to compare with.
        crop: ``float32 (N,)``, the share cut off each edge of ``first`` from which the search
            starts.
    """
    result = np.full(len(first), -1, np.float32)
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        result[part] = _agreement(first[part], second[part], crop[part])
    return result


def _agreement(first: Floats, second: Floats, crop: Floats) -> Floats:
    maps = np.zeros((len(first), 2, 3), np.float32)
    maps[:, 0, 0] = maps[:, 1, 1] = 1 - 2 * crop
    left = np.arange(len(first))  # rows that still promise a copy
    for side, steps in _STEPS:
        if not len(left):
            return np.full(len(first), -1, np.float32)
        one, other = _smaller(first[left], side), _smaller(second[left], side)
        maps[left] = _refined(one, other, maps[left], steps)
        moved, inside = _moved(one, maps[left])
        whole = _correlation(moved, other, inside)
        left = left[whole >= _PROMISING]
    result = np.full(len(first), -1, np.float32)
    one, other = first[left], second[left]
    moved, inside = _moved(one, maps[left])
    fits = _plausible(maps[left], inside)
    result[left[fits]] = _tiled(moved[fits], other[fits], inside[fits])
    return result


def _smaller(pictures: Floats, side: int) -> Floats:
    by = pictures.shape[1] // side
    parts = pictures.reshape(len(pictures), side, by, side, by)
    return np.asarray(parts.mean((2, 4)), np.float32)


def _grid(side: int) -> tuple[Floats, Floats]:
    """The centres of the pixels from -1 to 1, as columns and rows, ``(side, side)`` each."""
    centres = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)
    rows, columns = np.meshgrid(centres, centres, indexing="ij")
    return columns, rows


def _moved(pictures: Floats, maps: Floats) -> tuple[Floats, Floats]:
    """Pictures seen through their maps, and 1 where a map stays inside the picture, else 0."""
    side = pictures.shape[1]
    columns, rows = _grid(side)
    x, y = (
        maps[:, axis, 0, None, None] * columns
        + maps[:, axis, 1, None, None] * rows
        + maps[:, axis, 2, None, None]
        for axis in (0, 1)
    )
    edge = 1 - 0.5 / side
    inside = ((np.abs(x) <= edge) & (np.abs(y) <= edge)).astype(np.float32)
    x, y = (np.clip((at + 1) / 2 * side - 0.5, 0, side - 1.001) for at in (x, y))
    column, row = x.astype(np.int32), y.astype(np.int32)
    x, y = x - column, y - row
    flat = pictures.reshape(-1)
    at = (np.arange(len(pictures), dtype=np.int32)[:, None, None] * side + row) * side + column
    above = flat[at] * (1 - x) + flat[at + 1] * x
    below = flat[at + side] * (1 - x) + flat[at + side + 1] * x
    return np.asarray(above * (1 - y) + below * y, np.float32), inside


def _standardised(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Values freed of mean and deviation along the last axis, and the deviation."""
    total = np.maximum(weights.sum(-1, keepdims=True), 1)
    centred = (values - (values * weights).sum(-1, keepdims=True) / total) * weights
    deviation = np.sqrt((centred * centred).sum(-1, keepdims=True) / total)
    return centred / np.maximum(deviation, 1e-6), deviation


def _correlation(one: Floats, other: Floats, inside: Floats) -> Floats:
    """Correlation of each pair, where ``inside`` is 1; 0 where one of the two is flat."""
    one, other, inside = (
        part.reshape(len(part), part.shape[1] ** 2) for part in (one, other, inside)
    )
    one, deviation = _standardised(one, inside)
    other, deviation_of_other = _standardised(other, inside)
    lively = np.minimum(deviation, deviation_of_other)[:, 0] > FLAT
    return np.asarray((one * other).sum(1) / np.maximum(inside.sum(1), 1) * lively, np.float32)


def _refined(one: Floats, other: Floats, maps: Floats, steps: int) -> Floats:
    """Maps that bring ``one`` closer to ``other``, by Gauss-Newton steps."""
    side, count = one.shape[1], len(one)
    columns, rows = (part.reshape(-1) for part in _grid(side))
    whole = np.tile(np.eye(3, dtype=np.float32), (count, 1, 1))
    for _ in range(steps):
        moved, inside = _moved(one, maps)
        down, across = (
            slope.reshape(count, -1) * (side / 2) for slope in np.gradient(moved, axis=(1, 2))
        )
        weights = inside.reshape(count, -1)
        seen, deviation = _standardised(moved.reshape(count, -1), weights)
        wanted, _ = _standardised(other.reshape(count, -1), weights)
        slopes = [across * columns, across * rows, across, down * columns, down * rows, down]
        jacobian = np.stack(slopes, 1) / np.maximum(deviation, 1e-6)[:, None]
        total = np.maximum(weights.sum(1), 1)[:, None, None]
        mean = (jacobian * weights[:, None]).sum(2, keepdims=True) / total
        jacobian = (jacobian - mean) * weights[:, None]
        normal = jacobian @ jacobian.transpose(0, 2, 1)
        ridge = 1e-3 * np.trace(normal, axis1=1, axis2=2) / 6 + 1e-6
        normal += ridge[:, None, None] * np.eye(6, dtype=np.float32)
        step = np.linalg.solve(normal, jacobian @ (wanted - seen)[:, :, None])[..., 0]
        step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP).reshape(count, 2, 3)
        change, old = whole.copy(), whole.copy()
        change[:, :2] += step
        old[:, :2] = maps
        maps = (old @ change)[:, :2]
    return maps


def _plausible(maps: Floats, inside: Floats) -> NDArray[np.bool_]:
    linear = maps[:, :, :2]
    scales = np.linalg.svd(linear, compute_uv=False)
    lean = np.maximum(np.abs(linear[:, 0, 1]), np.abs(linear[:, 1, 0]))
    least, most = _SCALES
    return np.asarray(
        (scales[:, 0] <= most)
        & (scales[:, 1] >= least)
        & (lean <= _LEAN)
        & (inside.mean((1, 2)) >= _OVERLAP)
    )


def _tiled(one: Floats, other: Floats, inside: Floats) -> Floats:
    """The median correlation of the tiles that have something to compare; -1 where few have.

    Tiles are freed of the means of their rows and columns first, and so of straight edges along
    them. The lower of two medians counts, of all tiles and of the middle ones: round pictures on
    paper agree in all others.
    """
    one, other, inside = _detail(_softened(one)), _detail(_softened(other)), _tiles(inside)
    share = inside.mean(2)
    one, deviation = _standardised(one, inside)
    other, deviation_of_other = _standardised(other, inside)
    each = (one * other).sum(2) / np.maximum(inside.sum(2), 1)
    lively = np.maximum(deviation, deviation_of_other)[..., 0] >= _LIVELY
    lively &= share >= 0.5
    middle = np.zeros((_TILES, _TILES), bool)
    middle[1:-1, 1:-1] = True
    everywhere = _median(each, lively, _FEWEST_TILES, -1)
    central = _median(each, lively & middle.ravel(), 2, 1)
    return np.asarray(np.minimum(everywhere, central), np.float32)


def _softened(pictures: Floats) -> Floats:
    """Blurred by 1, 2, 1 along both sides, which takes away most of what compression adds."""
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    tall = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return np.asarray((tall[:, :, :-2] + 2 * tall[:, :, 1:-1] + tall[:, :, 2:]) / 4, np.float32)


def _tiles(pictures: Floats) -> Floats:
    by = SIDE // _TILES
    parts = pictures.reshape(len(pictures), _TILES, by, _TILES, by).transpose(0, 1, 3, 2, 4)
    return parts.reshape(len(pictures), _TILES * _TILES, by * by)


def _detail(pictures: Floats) -> Floats:
    """Tiles without the means of their rows and columns, ``(N, tiles, pixels)``."""
    by = SIDE // _TILES
    flat = _tiles(pictures)
    tiles = flat.reshape(*flat.shape[:2], by, by)
    tiles = tiles - tiles.mean(2, keepdims=True)
    tiles = tiles - tiles.mean(3, keepdims=True)
    return np.asarray(tiles.reshape(flat.shape), np.float32)


def _median(values: Floats, chosen: NDArray[np.bool_], fewest: int, otherwise: float) -> Floats:
    """Median of the chosen values of each row; ``otherwise`` with fewer than ``fewest``."""
    enough = chosen.sum(1) >= fewest
    kept = np.where(chosen | ~enough[:, None], values, np.nan)
    return np.where(enough, np.nanmedian(kept, axis=1), otherwise).astype(np.float32)

"""Hand-made features of colour, spectrum, edges and texture; nothing in them is trained.

``features`` gives one vector for each picture, for a linear classifier. The families are those that
were usual before trained networks: colour moments and a joint colour histogram (Swain and Ballard
1991), the power spectrum by octave and direction, orientation histograms of gradients (Dalal and
Triggs 2005), uniform local binary patterns (Ojala et al. 2002), and moments of octave bands.
"""

from functools import cache
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
SMALLEST: Final = 16  # height and width from which three scales have places to compare, in pixels
SCALES: Final = 3  # each half of the one before
DIRECTIONS: Final = 8  # of gradients
WEDGES: Final = 4  # of the power spectrum: horizontal, two diagonals, vertical
CELLS: Final = 4  # across and down, in which colour is averaged
LEVELS: Final = (4, 6, 6)  # of lightness, red to green, yellow to blue in the joint histogram
TOLERANCE: Final = 2.0  # grey levels by which a neighbour must differ in a local binary pattern
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
FLOOR: Final = 1e-3  # least deviation that a moment is divided by, of a range of 1
_CHUNK: Final = 32
_AROUND: Final = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def resized(pixels: Pixels, size: int) -> Pixels:
    """Pictures ``uint8 (N, H, W, 3)`` as ``(N, size, size, 3)``, averaged where they shrink."""
    if pixels.shape[1:3] == (size, size):
        return np.asarray(pixels)
    result = np.empty((len(pixels), size, size, 3), np.uint8)
    for place, one in enumerate(pixels):
        image = Image.fromarray(one).resize((size, size), Image.Resampling.BILINEAR)
        result[place] = np.asarray(image)
    return result


def features(pixels: Pixels) -> Floats:
    """Hand-made features ``float32 (N, D)`` of square pictures ``uint8 (N, S, S, 3)``.

    D depends on S alone. Features of pictures of two sizes do not compare: bring the pictures to
    one size first.
    """
    parts = [_features(pixels[at : at + _CHUNK]) for at in range(0, len(pixels), _CHUNK)]
    if parts:
        return np.concatenate(parts)
    side = max(SMALLEST, pixels.shape[1])
    return np.empty((0, _features(np.zeros((1, side, side, 3), np.uint8)).shape[1]), np.float32)


def colour_axes(pixels: Pixels) -> Floats:
    """Lightness, red against green, yellow against blue: ``float32 (N, 3, H, W)``, range 1 each."""
    red, green, blue = (pixels[..., channel].astype(np.float32) / 255 for channel in range(3))
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack((light, (red - green) / 2, (red + green) / 4 - blue / 2), 1)


def _features(pixels: Pixels) -> Floats:
    colours = colour_axes(np.asarray(pixels))  # (B, 3, S, S)
    light = colours[:, 0]
    parts = [_colour(_halved(colours)), _layout(colours), _spectrum(colours), _bands(colours)]
    for _ in range(SCALES):
        parts += [_edges(light), _patterns(light)]
        light = _halved(light)
    return np.concatenate(parts, axis=1).astype(np.float32)


def _colour(colours: Floats) -> Floats:
    """Quantiles, moments and correlations of the channels, joint histogram, hues and chroma."""
    flat = colours.reshape(len(colours), 3, -1)  # (B, 3, P)
    places = (np.asarray(QUANTILES) * (flat.shape[2] - 1)).round().astype(np.int64)
    quantiles = np.sort(flat, axis=2)[..., places].reshape(len(flat), -1)
    mean, deviation = flat.mean(2), flat.std(2)
    scaled = (flat - mean[..., None]) / (deviation[..., None] + FLOOR)
    correlations = (scaled[:, [0, 0, 1]] * scaled[:, [1, 2, 2]]).mean(2)
    skewness = (scaled * scaled * scaled).mean(2)  # NumPy's power is 200 times slower
    cells = np.zeros(flat[:, 0].shape, np.int64)
    shifted = (flat[:, 0], (flat[:, 1] + 0.25) * 2, (flat[:, 2] + 0.25) * 2)  # most lies in ±0.25
    for levels, values in zip(LEVELS, shifted, strict=True):
        cells = cells * levels + (values * levels).astype(np.int64).clip(0, levels - 1)
    chroma = np.hypot(flat[:, 1], flat[:, 2])
    hue = (np.arctan2(flat[:, 2], flat[:, 1]) / (2 * np.pi) % 1 * 12).astype(np.int64) % 12
    strong = (chroma * 24).astype(np.int64).clip(0, 7)
    return np.concatenate(
        (
            quantiles,
            mean,
            deviation,
            np.log(deviation + FLOOR),
            skewness,
            correlations,
            _histogram(cells, int(np.prod(LEVELS))),
            _histogram(hue, 12, chroma),
            _histogram(strong, 8),
        ),
        axis=1,
    )


def _layout(colours: Floats) -> Floats:
    """Mean of each channel, and log deviation of the lightness, in 4 × 4 cells."""
    b, c, size, _ = colours.shape
    edge = size // CELLS * CELLS
    cells = colours[:, :, :edge, :edge].reshape(b, c, CELLS, edge // CELLS, CELLS, -1)
    spread = np.log(cells[:, 0].std((2, 4)) + FLOOR)
    means = cells.mean((3, 5)).reshape(b, -1)
    return np.concatenate(
        (means, spread.reshape(b, -1), spread.reshape(b, -1).std(1, keepdims=True)), axis=1
    )


def _spectrum(colours: Floats) -> Floats:
    """Log power by octave and direction of the lightness, and by octave of the colours."""
    size = colours.shape[-1]
    window = np.hanning(size + 2)[1:-1].astype(np.float32)
    centred = colours - colours.mean((2, 3), keepdims=True)
    power = np.abs(scipy.fft.rfft2(centred * window * window[:, None], workers=1)) ** 2
    directed, rings = _frequency_groups(size)
    flat = power.reshape(*power.shape[:2], -1)
    parts = (flat[:, 0] @ directed, *(flat[:, channel] @ rings for channel in range(3)))
    logs = [np.log(part + FLOOR * size) for part in parts]
    return np.concatenate((*logs, np.diff(logs[1], axis=1)), axis=1)


@cache
def _frequency_groups(size: int) -> tuple[Floats, Floats]:
    """Matrices from power to its mean by octave and direction, and by octave, ``(P, groups)``.

    A group without any frequency gives 0.
    """
    y = np.fft.fftfreq(size)[:, None]
    x = np.fft.rfftfreq(size)[None]
    radius = np.hypot(y, x)
    octaves = int(np.log2(size)) - 1  # the coarsest waves are two periods wide
    ring = np.floor(-np.log2(np.maximum(radius, 1e-9) / 0.5)).astype(np.int64).clip(0, octaves)
    wedge = np.round(np.arctan2(y, x) / np.pi * WEDGES).astype(np.int64) % WEDGES
    used = (radius <= 0.5) & (radius > 0) & (ring < octaves)
    directed = _averaging(np.where(used, ring * WEDGES + wedge, -1), octaves * WEDGES)
    return directed, _averaging(np.where(used, ring, -1), octaves)


def _averaging(groups: NDArray[np.int64], count: int) -> Floats:
    """The matrix ``(P, count)`` that takes the mean of each group; group −1 is left out."""
    belongs = (groups.ravel()[:, None] == np.arange(count)).astype(np.float32)
    return np.asarray(belongs / np.maximum(belongs.sum(0), 1))


def _bands(colours: Floats) -> Floats:
    """Log deviation, kurtosis and patchiness of octave bands, and their correlations by channel."""
    parts, now = [], colours
    while now.shape[-1] >= 2 * CELLS:
        size = now.shape[-1] // 2 * 2
        coarse = _halved(now)
        band = now[..., :size, :size] - coarse.repeat(2, -1).repeat(2, -2)
        flat = band.reshape(*band.shape[:2], -1)
        deviation = flat.std(2)
        scaled = flat / (deviation[..., None] + FLOOR)
        square = scaled**2
        edge = size // CELLS * CELLS
        local = square.reshape(band.shape)[..., :edge, :edge]
        local = local.reshape(*band.shape[:2], CELLS, edge // CELLS, CELLS, -1).mean((3, 5))
        parts += [
            np.log(deviation + FLOOR),
            np.log1p((square**2).mean(2)),
            local.std((2, 3)),
            (scaled[:, [0, 0, 1]] * scaled[:, [1, 2, 2]]).mean(2),
        ]
        now = coarse
    return np.concatenate(parts, axis=1)


def _edges(light: Floats) -> Floats:
    """Orientation histogram of the gradients, and histogram and moments of their lengths."""
    across = light[:, 1:-1, 2:] - light[:, 1:-1, :-2]
    down = light[:, 2:, 1:-1] - light[:, :-2, 1:-1]
    length = np.hypot(across, down).reshape(len(light), -1)
    turn = (np.arctan2(down, across) / np.pi % 1).reshape(len(light), -1)
    direction = np.round(turn * DIRECTIONS).astype(np.int64) % DIRECTIONS
    oriented = _histogram(direction, DIRECTIONS, length)
    strength = (2 * np.log2(np.maximum(length, 2**-7)) + 14).astype(np.int64).clip(0, 13)
    mean, deviation = length.mean(1, keepdims=True), length.std(1, keepdims=True)
    return np.concatenate(
        (
            oriented,
            oriented.max(1, keepdims=True),
            _histogram(strength, 14),
            np.log(mean + FLOOR),
            deviation / (mean + FLOOR),
        ),
        axis=1,
    )


def _patterns(light: Floats) -> Floats:
    """Histogram of the 59 uniform local binary patterns of eight neighbours."""
    level, size = 255 * light, light.shape[-1]
    middle = level[:, 1:-1, 1:-1] + TOLERANCE
    code = np.zeros(middle.shape, np.uint8)
    for bit, (down, across) in enumerate(_AROUND):
        beside = level[:, 1 + down : size - 1 + down, 1 + across : size - 1 + across]
        code |= (beside > middle).astype(np.uint8) << np.uint8(bit)
    return _histogram(_UNIFORM[code].reshape(len(light), -1), 59)


def _uniform() -> NDArray[np.int64]:
    """The place of each pattern: 58 with at most two changes around the circle, and the rest."""
    table = np.full(256, 58)
    kept = [
        code
        for code in range(256)
        if sum((code >> bit & 1) != (code >> (bit + 1) % 8 & 1) for bit in range(8)) <= 2
    ]
    table[kept] = np.arange(len(kept))
    return table


_UNIFORM: Final = _uniform()


def _histogram(cells: NDArray[np.int64], count: int, weights: Floats | None = None) -> Floats:
    """Square roots of shares (Hellinger) of ``(B, P)`` cells, ``(B, count)``."""
    cells = cells + np.arange(len(cells))[:, None] * count
    local = None if weights is None else weights.ravel()
    sums = np.bincount(cells.ravel(), local, len(cells) * count).reshape(len(cells), count)
    shares = sums / np.maximum(sums.sum(1, keepdims=True), FLOOR)
    return np.asarray(np.sqrt(shares), np.float32)


def _halved(values: Floats) -> Floats:
    """Means of 2 × 2 places; an odd last row and column are left out."""
    height, width = (side // 2 * 2 for side in values.shape[-2:])
    even = values[..., :height, :width]
    quarter = even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2]
    return np.asarray((quarter + even[..., 1::2, 1::2]) / 4)

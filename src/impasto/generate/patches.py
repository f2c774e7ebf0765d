"""Patch nearest-neighbour synthesis: a picture made of patches of reference paintings.

GPNN (Granot et al. 2022, "Drop the GAN", arXiv:2103.15545) with references of a style. The source
gives the layout. From coarse to fine, every patch of 7 × 7 pixels is replaced by the nearest patch
of a reference, and overlapping patches are averaged. Nothing is trained, and no random number is
drawn. It differs from the paper in five points:

- the source is recoloured first (Pitié and Kokaram 2007, the linear Monge-Kantorovich map);
- the source is mixed in again at every size, more of it where it has fine detail;
- distances are measured in the first principal directions of the patches, on a grid of them, and
  the best one is refined among its neighbours;
- a patch may be replaced by the continuation of its neighbour's, which joins strokes
  (Ashikhmin 2001, "Synthesizing natural textures");
- a last pass on every third place leaves fewer overlaps, so that strokes stay crisp.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from impasto.models.colour_transfer import colour_statistics, transport

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]
"""Places of patches ``(N, 3)``: number of the reference, row and column of the patch's corner."""

PATCH: Final = 7  # height and width of a patch in pixels
DIRECTIONS: Final = 24  # principal directions in which distances are measured
COMPLETENESS: Final = 0.147  # alpha of GPNN: 5 % of the 147 numbers of a patch times 0.02
SIGMA: Final = 1.6  # deviation of the Gaussian weights of overlapping patches, in pixels
KEYS: Final = 6000  # most patches of the references that every patch is compared with
QUERIES: Final = 20_000  # most patches of the source from which completeness is computed
CHUNK: Final = 256  # patches compared at once, which bounds the memory
BAND: Final = 32  # rows of patches averaged at once, likewise
COHERENCE: Final = 0.2  # a continuation may be this share further away than the nearest patch
SWEEPS: Final = 2  # passes in which continuations spread in all four directions
KEPT: Final = 0.25  # share of the source mixed in at full strength
DETAIL: Final = 0.9  # share of the source mixed in where its detail is finest
ENDS: Final = (1, 99)  # percentiles of lightness that are kept within those of the references
LEAST: Final = 16  # pixels of a side of a reference, at least
SMALLEST: Final = 2 * PATCH  # pixels of the shorter side of the coarsest size, at least

_BELL = np.exp(-0.5 * ((np.arange(PATCH) - PATCH // 2) / SIGMA) ** 2)
_WEIGHTS = np.outer(_BELL, _BELL).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PatchPicture:
    """A picture made of patches.

    Attributes:
        pixels: ``uint8 (H, W, 3)``.
        origin: pixel of a reference that weighs most in each pixel, ``int32 (H, W, 3)``: number of
            the reference, row and column.
        shares: share of the picture from each reference, ``float64 (references,)``, sum 1.
    """

    pixels: Pixels
    origin: NDArray[np.int32]
    shares: NDArray[np.float64]


def synthesise(
    source: Pixels,
    references: Sequence[Pixels],
    *,
    strength: float = 1.0,
    boldness: int = 2,
    start: Pixels | None = None,
) -> PatchPicture:
    """Paint a picture with patches of references.

    Args:
        source: the picture to repaint, ``uint8 (H, W, 3)``, of any size.
        references: paintings whose patches are used, ``uint8 (h, w, 3)`` each, at least 16 × 16.
        strength: from 0, the source unchanged, to 1.
        boldness: octaves between the coarsest size and the full one. Strokes and shapes grow with
            it. It is lowered where the coarsest size would have fewer than 14 pixels.
        start: a painting of the source at this strength, of its size, to begin with; ``None``: the
            source with the colours of the references, as far as the strength goes.

    Raises:
        ValueError: there is no reference, or one is smaller than 16 × 16.
    """
    if not references or min(min(one.shape[:2]) for one in references) < LEAST:
        raise ValueError(f"patch synthesis takes references of at least {LEAST} × {LEAST} pixels")
    x, theirs = _floats(source), [_floats(one) for one in references]
    if start is None:
        colours = np.concatenate([one.reshape(-1, 3) for one in theirs])
        recoloured = _recoloured(x.reshape(-1, 3), colours).reshape(x.shape)
        begun = _mixed(x, recoloured, np.asarray(strength, np.float32))
    else:
        begun = _floats(start)
    shortest = min(*x.shape[:2], *(side for one in theirs for side in one.shape[:2]))
    octaves = min(boldness, max(0, int(np.log2(max(shortest, 1) / SMALLEST))))
    kept = 1 - strength * (1 - KEPT)
    y, places = begun, np.empty((0, 0, 3), np.int64)
    for octave in range(octaves, -1, -1):
        target = _shrunk(begun, octave)
        sharp = [_shrunk(one, octave) for one in theirs]
        y = target if octave == octaves else _resized(y, target.shape[:2])
        share = _kept_by_detail(target, kept)
        half = np.asarray(share / 2, np.float32)
        coarse = [_blurred(one) for one in sharp]
        y, _ = _replaced(_mixed(y, _blurred(target), share), coarse, sharp)
        y, _ = _replaced(_mixed(y, target, half), sharp, sharp, shift=1)
    y, places = _replaced(_mixed(y, target, half), sharp, sharp, step=3, shift=1)
    weight = min(1.0, 2 * strength)  # the weaker half of the strengths fades into the source
    pixels = ((weight * y + (1 - weight) * x).clip(-1, 1) + 1) * 127.5
    origin = _origin(places, x.shape[:2], step=3, shift=1)
    counted = np.bincount(origin[..., 0].ravel(), minlength=len(references))
    return PatchPicture(
        pixels.round().astype(np.uint8), origin, counted / max(1, origin[..., 0].size)
    )


def _floats(pixels: Pixels) -> Floats:
    """Pixels in [-1, 1]."""
    return pixels.astype(np.float32) / np.float32(127.5) - 1


def _recoloured(pixels: Floats, target: Floats) -> Floats:
    """Pixels ``(N, 3)`` with mean and covariance of ``target`` ``(M, 3)``, as far as is sensible.

    Lightness that would go beyond the target's is compressed, above and below its mean, so that a
    face in a dark picture does not turn into a white spot.
    """
    ours, theirs = (
        colour_statistics(torch.from_numpy(part.T.copy())[None, :, None])
        for part in (pixels, target)
    )
    linear, shift = np.split(transport(ours, theirs)[0].numpy(), [3], axis=1)
    mapped = pixels @ linear.T + shift.T
    middle = target.mean()
    light = mapped.mean(1) - middle
    low, high = np.percentile(light, ENDS)
    least, most = np.percentile(target.mean(1) - middle, ENDS)
    above = min(1.0, most / high) if high > 0 and most > 0 else 1.0
    below = min(1.0, least / low) if low < 0 and least < 0 else 1.0
    moved = light * (np.where(light > 0, above, below) - 1)
    return np.asarray(mapped + moved[:, None], np.float32)


def _mixed(first: Floats, second: Floats, share: Floats) -> Floats:
    return np.asarray((1 - share) * first + share * second, np.float32)


def _resized(
    picture: Floats, size: tuple[int, int], how: Image.Resampling = Image.Resampling.BICUBIC
) -> Floats:
    planes = [Image.fromarray(np.ascontiguousarray(picture[..., c])) for c in range(3)]
    return np.stack([np.asarray(plane.resize(size[::-1], how)) for plane in planes], -1)


def _shrunk(picture: Floats, octaves: int) -> Floats:
    """A picture with its sides divided by 2 to the power of ``octaves``, by averaging."""
    if not octaves:
        return picture
    height, width = (max(PATCH + 2, round(side / 2**octaves)) for side in picture.shape[:2])
    return _resized(picture, (height, width), Image.Resampling.BOX)


def _blurred(picture: Floats) -> Floats:
    """A picture without the detail of its last octave."""
    return _resized(_shrunk(picture, 1), picture.shape[:2])


def _kept_by_detail(picture: Floats, kept: float) -> Floats:
    """Share of the source that is mixed in, ``(H, W, 1)``: more where its detail is finest."""
    light = picture.mean(-1)
    energy = gaussian_filter(np.abs(light - gaussian_filter(light, 1.5)), 2.5)
    finest = (energy / (np.percentile(energy, 95) + 1e-6)).clip(0, 1)
    return np.asarray(kept + max(0.0, DETAIL - kept) * finest[..., None], np.float32)


def _replaced(
    picture: Floats,
    keys: Sequence[Floats],
    values: Sequence[Floats],
    *,
    step: int = 2,
    shift: int = 0,
) -> tuple[Floats, Places]:
    """Replace every patch by the value at the nearest key, and average where patches overlap.

    Args:
        picture: ``(H, W, 3)``.
        keys: references that are compared with the picture.
        values: references from which patches are pasted, of the sizes of ``keys``.
        step: distance of neighbouring patches of the picture, in pixels.
        shift: row and column of the first patch in the padded picture.

    Returns:
        The new picture, and the places ``(rows, columns, 3)`` of its patches in the references.
    """
    margin = PATCH // 2 + step
    wide = ((margin, margin), (margin, margin), (0, 0))
    padded = np.pad(picture, wide, mode="symmetric")
    basis = _principal_directions(keys)
    maps = [_features(key, basis, 1) for key in keys]
    queries = _features(padded[shift:, shift:], basis, step)
    grid = queries.shape[:2]
    wanted = queries.reshape(-1, DIRECTIONS)
    places = _joined(_refined(_nearest(wanted, maps), wanted, maps), wanted, maps, grid, step)
    made = _averaged(places.reshape(*grid, 3), values, padded.shape[:2], step, shift)
    return made[margin:-margin, margin:-margin], places.reshape(*grid, 3)


def _principal_directions(pictures: Sequence[Floats]) -> torch.Tensor:
    """First principal directions of the patches as filters, ``(DIRECTIONS, 3, PATCH, PATCH)``."""
    parts = []
    for one in pictures:
        windows = sliding_window_view(one, (PATCH, PATCH), (0, 1))[::2, ::2]
        flat = windows.reshape(-1, 3 * PATCH * PATCH)
        parts.append(flat[:: max(1, len(flat) * len(pictures) // 4000)])
    _, vectors = np.linalg.eigh(np.cov(np.concatenate(parts).T.astype(np.float64)))
    first = vectors[:, ::-1][:, :DIRECTIONS].T.reshape(DIRECTIONS, 3, PATCH, PATCH)
    return torch.from_numpy(np.ascontiguousarray(first, np.float32))


def _features(picture: Floats, basis: torch.Tensor, step: int) -> Floats:
    """Patches of a picture in the principal directions, ``(rows, columns, DIRECTIONS)``."""
    planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
    found = torch.nn.functional.conv2d(planes, basis, stride=step)[0]
    return np.asarray(found.permute(1, 2, 0).contiguous().numpy())


def _nearest(wanted: Floats, maps: Sequence[Floats]) -> Places:
    """Nearest patch of a grid over the references for each of ``wanted``, ``(N, 3)``.

    A distance is divided by the smallest that its key has to any query, plus ``COMPLETENESS``:
    keys that nothing is near to are used as well (equation 2 of the paper).
    """
    apart = max(1, int(np.ceil(np.sqrt(sum(m.shape[0] * m.shape[1] for m in maps) / KEYS))))
    places = np.concatenate([_grid(number, m, apart) for number, m in enumerate(maps)])
    keys = np.concatenate([m[::apart, ::apart].reshape(-1, DIRECTIONS) for m in maps])
    # |q - k|² as one product: (q, 1, |q|²) · (-2 k, |k|², 1)
    right = np.concatenate(
        (-2 * keys.T, np.square(keys).sum(1)[None], np.ones((1, len(keys)), np.float32))
    )
    ones, norms = np.ones((len(wanted), 1), np.float32), np.square(wanted).sum(1, keepdims=True)
    left = np.concatenate((wanted, ones, norms), 1)
    buffer = np.empty((CHUNK, len(keys)), np.float32)
    least = np.full(len(keys), np.inf, np.float32)
    some = left[:: max(1, len(left) // QUERIES)]
    for _, distances in _products(some, right, buffer):
        np.minimum(least, distances.min(0), out=least)
    right /= least.clip(min=0) + np.float32(COMPLETENESS)
    chosen = np.empty(len(wanted), np.int64)
    for rows, distances in _products(left, right, buffer):
        chosen[rows] = distances.argmin(1)
    return places[chosen]


def _grid(number: int, features: Floats, apart: int) -> Places:
    """Places of every ``apart``-th patch of a reference."""
    rows, columns = np.mgrid[0 : features.shape[0] : apart, 0 : features.shape[1] : apart]
    return np.stack((np.full(rows.size, number), rows.ravel(), columns.ravel()), 1)


def _products(left: Floats, right: Floats, buffer: Floats) -> Iterator[tuple[slice, Floats]]:
    """Products of ``CHUNK`` rows at a time, written into the buffer."""
    for first in range(0, len(left), CHUNK):
        rows = slice(first, min(first + CHUNK, len(left)))
        out = buffer[: rows.stop - first]
        np.matmul(left[rows], right, out=out)
        yield rows, out


def _distances(places: Places, wanted: Floats, maps: Sequence[Floats]) -> Floats:
    """Squared distance of each patch to the one at its place, ``(N,)``."""
    result = np.empty(len(places), np.float32)
    for number, features in enumerate(maps):
        rows = np.flatnonzero(places[:, 0] == number)
        theirs = features[places[rows, 1], places[rows, 2]]
        result[rows] = np.square(wanted[rows] - theirs).sum(1)
    return result


def _refined(places: Places, wanted: Floats, maps: Sequence[Floats]) -> Places:
    """Move each place to the nearest patch around it that the grid of keys left out."""
    apart = int(np.ceil(np.sqrt(sum(m.shape[0] * m.shape[1] for m in maps) / KEYS)))
    limits = np.array([m.shape[:2] for m in maps]) - 1
    best, least = places.copy(), _distances(places, wanted, maps)
    step = apart // 2
    while step:
        around = best.copy()
        for down in (-step, 0, step):
            for right in (-step, 0, step):
                moved = around + np.array([0, down, right])
                moved[:, 1:] = moved[:, 1:].clip(0, limits[moved[:, 0]])
                distances = _distances(moved, wanted, maps)
                nearer = distances < least
                best[nearer], least[nearer] = moved[nearer], distances[nearer]
        step //= 2
    return best


def _joined(
    places: Places, wanted: Floats, maps: Sequence[Floats], grid: tuple[int, ...], step: int
) -> Places:
    """Continue neighbours' patches where these are hardly further away than the nearest."""
    limits = np.array([m.shape[:2] for m in maps]) - 1
    best, least = places, _distances(places, wanted, maps)
    for _ in range(SWEEPS):
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            moved = np.roll(best.reshape(*grid, 3), (down, right), (0, 1)).reshape(-1, 3)
            moved = moved + np.array([0, down * step, right * step])
            outside = (moved[:, 1:] < 0) | (moved[:, 1:] > limits[moved[:, 0]])
            moved = np.where(outside.any(1)[:, None], best, moved)
            distances = _distances(moved, wanted, maps)
            taken = distances < (1 + COHERENCE) * least
            best = np.where(taken[:, None], moved, best)
            least = np.where(taken, np.minimum(distances, least), least)
    return best


def _averaged(
    places: Places, values: Sequence[Floats], size: tuple[int, ...], step: int, shift: int
) -> Floats:
    """Paste patches on their grid, ``(H, W, 3)``: the Gaussian mean where they overlap."""
    total = np.zeros((*size, 3), np.float32)
    share = np.zeros((*size, 1), np.float32)
    windows = [sliding_window_view(value, (PATCH, PATCH), (0, 1)) for value in values]
    columns = places.shape[1]
    for first in range(0, len(places), BAND):
        band = places[first : first + BAND].reshape(-1, 3)
        patches = np.empty((len(band), 3, PATCH, PATCH), np.float32)
        for number, window in enumerate(windows):
            rows = np.flatnonzero(band[:, 0] == number)
            patches[rows] = window[band[rows, 1], band[rows, 2]]
        patches = patches.reshape(-1, columns, 3, PATCH, PATCH)
        for down in range(PATCH):
            top = shift + first * step + down
            for right in range(PATCH):
                left = shift + right
                place = (
                    slice(top, top + (len(patches) - 1) * step + 1, step),
                    slice(left, left + (columns - 1) * step + 1, step),
                )
                total[place] += _WEIGHTS[down, right] * patches[..., down, right]
                share[place] += _WEIGHTS[down, right]
    return np.asarray(total / share.clip(min=1e-9), np.float32)


def _origin(places: Places, size: tuple[int, ...], *, step: int, shift: int) -> NDArray[np.int32]:
    """Reference, row and column that each pixel comes from: of the patch whose middle is nearest.

    Args:
        places: of the patches of the last pass, ``(rows, columns, 3)``.
        size: height and width of the picture.
        step: of the grid of patches.
        shift: of the grid of patches.
    """
    margin = PATCH // 2 + step
    nearest, inside = [], []
    for side, count in zip(size, places.shape[:2], strict=True):
        middle = np.arange(side) + margin - shift - PATCH // 2  # of a patch whose middle is here
        index = ((middle + step // 2) // step).clip(0, count - 1)
        nearest.append(index)
        inside.append(middle - index * step)
    chosen = places[nearest[0][:, None], nearest[1][None, :]]
    chosen[..., 1] += PATCH // 2 + inside[0][:, None]
    chosen[..., 2] += PATCH // 2 + inside[1][None, :]
    return np.asarray(chosen, np.int32)

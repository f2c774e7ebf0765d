"""Similarity of painted pictures to training pictures, and across styles."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.copy_pairs import CopyPairs
from impasto.collection.duplicates import find_copies
from impasto.numerics import neighbours
from impasto.numerics.bootstrap import LEVEL, mean_estimate
from impasto.numerics.neighbours import centred_unit
from impasto.records.lora_score import SharedComposition
from impasto.records.record import Interval

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
THUMB: Final = 16  # height and width at which pictures are compared, in pixels
REFERENCE: Final = 0.99  # quantile of real test pictures' highest correlations: the limit of copies


def thumbs(pictures: Pixels) -> Floats:
    """Thumbnails of ``uint8 (N, H, W, 3)`` as centred unit vectors, ``(N, THUMB · THUMB · 3)``."""
    small = [
        np.asarray(
            Image.fromarray(picture).resize((THUMB, THUMB), Image.Resampling.BOX), np.float64
        ).ravel()
        for picture in pictures
    ]
    return centred_unit(np.stack(small))


def shades(pictures: Pixels) -> Floats:
    """Thumbnails of the lightness at half the size, ``(N, 64)``: composition without colour."""
    side = THUMB // 2
    small = [
        np.asarray(
            Image.fromarray(picture).convert("L").resize((side, side), Image.Resampling.BOX),
            np.float64,
        ).ravel()
        for picture in pictures
    ]
    return centred_unit(np.stack(small))


def nearest(made: Floats, train: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Place and correlation of each vector's nearest among ``train``."""
    places, cosines = neighbours.nearest(made, train, 1)
    return places[:, 0], cosines[:, 0]


def copied(train: Pixels, others: Pixels) -> NDArray[np.int64]:
    """Return ``int64 (P, 3)``: each copy's first training picture, its own row, 1 if mirrored.

    Copies are found as ``audit`` finds them: aligned, so that crops, frames, slight turns and
    mirror images count.
    """
    count = len(train)
    found = find_copies([None] * (count + len(others)), np.concatenate((train, others)))
    sides = (np.arange(count + len(others)) >= count).astype(np.int64)
    first = CopyPairs(found, "near", sides, apart=True).first_copies(1)
    return np.array([(a, b - count, flip) for a, b, flip in first], np.int64).reshape(-1, 3)


def kept(
    shaded: Floats, seeds: NDArray[np.int64], styles: NDArray[np.int64], *, draws: int, seed: int
) -> SharedComposition | None:
    """Compare pictures of one prompt and seed in two styles with pictures of different seeds.

    Args:
        shaded: of the pictures, ``(N, 64)``.
        seeds: of the pictures; a seed fixes prompt and noise.
        styles: of the pictures.
        draws: resamples of the seeds behind the interval.
        seed: of the resamples.

    Returns:
        ``None`` with one style or one seed.
    """
    names, kinds = np.unique(seeds), np.unique(styles)
    if len(names) < 2 or len(kinds) < 2:
        return None
    # (styles, seeds, 64)
    table = np.stack([[shaded[(seeds == n) & (styles == k)][0] for n in names] for k in kinds])
    likeness = np.einsum("asd,btd->abst", table, table)
    above = np.triu_indices(len(kinds), 1)
    pairs = likeness[above]  # (pairs of styles, seeds, seeds)
    same = np.diagonal(pairs, axis1=1, axis2=2)  # (pairs, seeds)
    off = ~np.eye(len(names), dtype=bool)
    wins = [(same[:, n] > pairs[:, n, off[n]].T).mean() for n in range(len(names))]
    return SharedComposition(
        same=float(same.mean()),
        other=float(pairs[:, off].mean()),
        share=Interval(**mean_estimate(np.asarray(wins), resamples=draws, seed=seed, shares=True)),
        level=LEVEL,
    )

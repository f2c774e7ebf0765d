"""The numbers of a scorecard, as pure functions of pictures, representations and answers."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.numerics import neighbours
from impasto.numerics.bootstrap import LEVEL, mean_estimate
from impasto.numerics.neighbours import centred_unit

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
THUMB: Final = 16  # height and width at which pictures are compared, in pixels
REFERENCE: Final = (
    0.99  # share of real held-out pictures that are less like a training picture than the limit
)


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
    """The same of lightness alone, at half the size, ``(N, 64)``.

    What is where, not in which colour or texture.
    """
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
    """The place and the correlation of each vector's nearest among ``train``."""
    places, cosines = neighbours.nearest(made, train, 1)
    return places[:, 0], cosines[:, 0]


def kept(
    shaded: Floats, seeds: NDArray[np.int64], styles: NDArray[np.int64], *, draws: int, seed: int
) -> Any:
    """Whether pictures of one prompt and seed in two styles are more alike than of different ones.

    Args:
        shaded: of the pictures, ``(N, 64)``.
        seeds: of each picture: which prompt and noise it came of.
        styles: of each.
        draws: resamples of the seeds behind the interval.
        seed: of resampling.

    Returns:
        ``same`` and ``other``, mean correlations, and ``share``: how often a pair of the same is
        more alike than one of different seeds in the same two styles (0.5: no more than by chance),
        a score. ``None`` with one style or seed.
    """
    names, kinds = np.unique(seeds), np.unique(styles)
    if len(names) < 2 or len(kinds) < 2:
        return None
    table = np.stack(
        [[shaded[(seeds == n) & (styles == k)][0] for n in names] for k in kinds]
    )  # (styles, seeds, 64)
    likeness = np.einsum("asd,btd->abst", table, table)
    above = np.triu_indices(len(kinds), 1)
    pairs = likeness[above]  # (pairs of styles, seeds, seeds)
    same = np.diagonal(pairs, axis1=1, axis2=2)  # (pairs, seeds)
    off = ~np.eye(len(names), dtype=bool)
    wins = [(same[:, n] > pairs[:, n, off[n]].T).mean() for n in range(len(names))]
    return {
        "same": float(same.mean()),
        "other": float(pairs[:, off].mean()),
        "share": mean_estimate(np.asarray(wins), resamples=draws, seed=seed),
        "level": LEVEL,
    }

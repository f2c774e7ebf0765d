"""The numbers of a scorecard, as pure functions of pictures, representations and answers."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.numerics.bootstrap import LEVEL, interval

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
THUMB: Final = 16  # height and width at which pictures are compared, in pixels
REFERENCE: Final = (
    0.99  # share of real held-out pictures that are less like a training picture than the limit
)


def kernel_distance(made: NDArray[np.float32], real: NDArray[np.float32]) -> float | None:
    """The squared maximum mean discrepancy of two sets of representations ``(N, D)`` and ``(M, D)``, unbiased.

    The cubic kernel of the kernel inception distance (Bińkowski et al. 2018, arXiv:1801.01401), on
    other features than Inception's: comparable within one classifier only. ``None`` with fewer than
    two pictures of either.
    """
    if min(len(made), len(real)) < 2:
        return None
    x, y = made.astype(np.float64), real.astype(np.float64)

    def kernel(a: Floats, b: Floats) -> Floats:
        return np.asarray((a @ b.T / a.shape[1] + 1) ** 3)

    def within(a: Floats) -> float:
        products = kernel(a, a)
        return float((products.sum() - np.trace(products)) / (len(a) * (len(a) - 1)))

    return within(x) + within(y) - 2 * float(kernel(x, y).mean())


def thumbs(pictures: Pixels) -> Floats:
    """Pictures ``uint8 (N, H, W, 3)`` small, as vectors of length 1 around their mean, ``(N, THUMB · THUMB · 3)``."""
    small = [
        np.asarray(
            Image.fromarray(picture).resize((THUMB, THUMB), Image.Resampling.BOX), np.float64
        ).ravel()
        for picture in pictures
    ]
    return _unit(np.stack(small))


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
    return _unit(np.stack(small))


def nearest(made: Floats, train: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The place and the correlation of each vector's nearest among ``train``."""
    likeness = made @ train.T
    places = likeness.argmax(1)
    return places.astype(np.int64), likeness[np.arange(len(made)), places]


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
    wins = [
        ((row[:, n] > pairs[:, n, off[n]].T).mean()) for row in [same] for n in range(len(names))
    ]
    generator = np.random.default_rng(seed)
    drawn = np.asarray(wins)[generator.integers(len(wins), size=(draws, len(wins)))].mean(1)
    return {
        "same": float(same.mean()),
        "other": float(pairs[:, off].mean()),
        "share": {"value": float(np.mean(wins)), **interval(drawn)},
        "level": LEVEL,
    }


def _unit(vectors: Floats) -> Floats:
    centred = vectors - vectors.mean(1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12))

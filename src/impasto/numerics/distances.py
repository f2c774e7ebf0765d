"""Distances between sets of embeddings (Fréchet, kernel) and between colours (CIE L*a*b*)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def frechet_distance(made: Embeddings, real: Embeddings) -> float | None:
    """Fréchet distance of two sets ``(N, D)`` and ``(M, D)``, taken as normal distributions.

    Heusel et al. 2017 (arXiv:1706.08500), on an evaluator's embeddings, not on Inception's:
    comparable within one evaluator only, and biased upwards for few pictures, alike for sets of one
    size. ``None`` with fewer than two pictures of either.
    """
    if min(len(made), len(real)) < 2:
        return None
    a, b = made.astype(np.float64), real.astype(np.float64)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    middle = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    between = np.square(a.mean(0) - b.mean(0)).sum()
    return float(between + np.trace(cov_a) + np.trace(cov_b) - 2 * middle)


def kernel_distance(made: Embeddings, real: Embeddings) -> float | None:
    """Squared maximum mean discrepancy of two sets ``(N, D)`` and ``(M, D)``, unbiased.

    The cubic kernel of the kernel inception distance (Bińkowski et al. 2018, arXiv:1801.01401), on
    other embeddings than Inception's: comparable within one classifier only. ``None`` with fewer
    than two pictures of either.
    """
    if min(len(made), len(real)) < 2:
        return None
    x, y = made.astype(np.float64), real.astype(np.float64)
    return _within(x) + _within(y) - 2 * float(_kernel(x, y).mean())


def _kernel(a: Floats, b: Floats) -> Floats:
    return np.asarray((a @ b.T / a.shape[1] + 1) ** 3)


def _within(a: Floats) -> float:
    products = _kernel(a, a)
    return float((products.sum() - np.trace(products)) / (len(a) * (len(a) - 1)))


def colour_difference(pictures: Pixels, others: Pixels) -> Floats:
    """ΔE*ab (1976, D65) between the mean colours of pictures ``(N, H, W, 3)``; 2 is visible."""
    return np.asarray(np.linalg.norm(lab(pictures).mean((1, 2)) - lab(others).mean((1, 2)), axis=1))


def lab(pictures: Pixels) -> Floats:
    """CIE L*a*b* of sRGB ``uint8`` (IEC 61966-2-1, CIE 15:2004), the same shape."""
    values = pictures.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ matrix.T / matrix.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -1)

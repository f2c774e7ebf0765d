"""Colour transfer: the linear map that gives pixels the mean and covariance of other pixels."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RIDGE: Final = 0.01  # added to both covariances, of values in [-1, 1]
STRETCH: Final = (0.3, 2.5)  # limits of the map's eigenvalues
ENDS: Final = (1, 99)  # percentiles of lightness that are kept within those of the target


def covariance_map(pixels: NDArray[np.float32], target: NDArray[Any]) -> NDArray[np.float32]:
    """Map pixels ``(N, 3)`` in [-1, 1] to mean and covariance of ``target`` ``(M, 3)``.

    The linear Monge-Kantorovich map (Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear
    colour mapping for example-based colour transfer"). Ridge and limits keep a black-and-white
    picture from taking on neon colours; they also leave the covariance only near the target's.
    Lightness that would go beyond the target's is compressed, above and below its mean, so that a
    face in a dark picture does not turn into a white spot.
    """
    x, y = pixels.astype(np.float64), target.astype(np.float64)
    ours, theirs = (np.cov(part.T) + RIDGE * np.eye(3) for part in (x, y))
    root, inverse = _power(ours, 0.5), _power(ours, -0.5)
    linear = inverse @ _power(root @ theirs @ root, 0.5) @ inverse
    values, vectors = np.linalg.eigh(linear)
    linear = (vectors * values.clip(*STRETCH)) @ vectors.T
    mapped = (x - x.mean(0)) @ linear + y.mean(0)
    light = mapped.mean(1) - y.mean()
    low, high = np.percentile(light, ENDS)
    least, most = np.percentile(y.mean(1) - y.mean(), ENDS)
    above, below = (
        float(np.clip(wanted / found, 0, 1)) if found * wanted > 0 else 1.0
        for wanted, found in ((most, high), (least, low))
    )
    moved = light * (np.where(light > 0, above, below) - 1)
    return np.asarray(mapped + moved[:, None], np.float32)


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """A symmetric positive matrix to a power."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * values.clip(min=1e-12) ** exponent) @ vectors.T)

"""Class-balanced log-likelihood, by which the strength of a head is chosen on validation pictures.

The measure is the log-likelihood of the true styles, the mean over the styles of each style's mean,
at the temperature that suits it best. Every style counts the same, as in balanced accuracy, but a
picture says how far right or wrong an answer was instead of yes or no: the rarest style may have
eight validation pictures, and its recall then moves in steps of an eighth. The temperature keeps
heads apart that differ in more than the size of their logits.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from impasto.numerics.calibration import best_temperature

# Temperatures beyond, or below one twentieth, come from too few pictures, not from a network
LARGEST = 20.0


def class_weights(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each picture so that every style that occurs counts the same, ``(N,)``, sum 1."""
    counts = np.bincount(labels)
    return np.asarray(1.0 / counts[labels] / (counts > 0).sum())


def class_likelihood(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Mean log-likelihood of a style at the best temperature; higher is better.

    Args:
        logits: ``(N, styles)``.
        labels: ``(N,)``.
    """
    weights, exact, rows = class_weights(labels), logits.astype(np.float64), np.arange(len(labels))

    def loss(temperature: float) -> float:
        return -float(weights @ log_softmax(exact / temperature, axis=1)[rows, labels])

    return -float(best_temperature(loss, LARGEST).fun)

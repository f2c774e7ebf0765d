"""Temperature scaling, prior correction, and the expected calibration error (ECE).

Guo et al. 2017 (arXiv:1706.04599). The temperature is fitted on validation pictures.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
BINS: Final = 15
LIMIT: Final = 5.0
"""Largest temperature, and one over the smallest: beyond, there were too few pictures."""
UNSEEN: Final = 0.5
"""Training pictures that a style without any is counted as, so that its log prior is finite."""


def log_posterior(
    logits: NDArray[np.float32],
    prior: Floats,
    *,
    adjustment: float,
    temperature: float,
    shares: Floats | None,
) -> Floats:
    """Unnormalised log-probabilities ``float64 (N, styles)``.

    Args:
        logits: of a network whose loss added ``adjustment`` times the log prior to them, ``(N,
            styles)``.
        prior: the styles' effective shares in its training, ``(styles,)``.
        adjustment: the loss's factor τ; 0 for none.
        temperature: divisor of the logits; above 1 lowers confidence.
        shares: assumed frequency of each style, ``(styles,)``; ``None``: uniform.
    """
    bare = logits.astype(np.float64) / temperature + (adjustment - 1.0) * np.log(prior)
    return bare if shares is None else bare + np.log(shares)


def probabilities(scores: Floats) -> Floats:
    """Softmax of ``log_posterior``, ``float64 (N, styles)``."""
    return np.asarray(softmax(scores, axis=1))


def best_temperature(loss: Callable[[float], float], limit: float) -> OptimizeResult:
    """Minimise a loss over temperatures from ``1 / limit`` to ``limit``, on a log scale.

    Returns:
        SciPy's result: ``x`` is the log of the temperature, ``fun`` the loss there.
    """
    return minimize_scalar(
        lambda log: loss(float(np.exp(log))),
        bounds=(-np.log(limit), np.log(limit)),
        method="bounded",
    )


def fit_temperature(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    prior: Floats,
    *,
    adjustment: float,
    shares: Floats,
) -> float:
    """Temperature with the smallest negative log-likelihood on validation pictures."""

    def loss(temperature: float) -> float:
        scores = log_posterior(
            logits, prior, adjustment=adjustment, temperature=temperature, shares=shares
        )
        return float(-log_softmax(scores, axis=1)[np.arange(len(labels)), labels].mean())

    return float(np.exp(best_temperature(loss, LIMIT).x))


def reliability(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    confidence: Floats,
    weights: Floats | None = None,
) -> tuple[float, Sequence[dict[str, Any]]]:
    """Expected calibration error, and the bins of equal width of its reliability diagram.

    Args:
        labels: ``(N,)``.
        predicted: ``(N,)``.
        confidence: probabilities of the predicted styles, ``(N,)``.
        weights: weight of each picture, where another mixture of styles is assumed.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, BINS - 1)
    error, bins = 0.0, []
    for number in range(BINS):
        inside = place == number
        count = int(inside.sum())
        mean = right = None
        if count:
            share = float(weights[inside].sum())
            mean = float(weights[inside] @ confidence[inside] / share)
            right = float(weights[inside] @ (labels[inside] == predicted[inside]) / share)
            error += share / float(weights.sum()) * abs(mean - right)
        bins.append({"confidence": mean, "accuracy": right, "count": count})
    return error, bins

"""Probabilities that can be taken at their word: one temperature, fitted on validation, and the error that is left.

Temperature scaling and the expected calibration error after Guo et al. 2017 (arXiv:1706.04599).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
BINS = 15
LIMIT = (
    5.0  # temperatures beyond, or below one fifth, come from too few pictures, not from a network
)


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
        temperature: what the logits are divided by; above 1 makes less sure.
        shares: how frequent the styles are supposed to be, ``(styles,)``; ``None``: every one as
            any other.
    """
    bare = logits.astype(np.float64) / temperature + (adjustment - 1.0) * np.log(prior)
    return bare if shares is None else bare + np.log(shares)


def probabilities(scores: Floats) -> Floats:
    """The softmax of ``log_posterior``, ``float64 (N, styles)``."""
    return np.asarray(softmax(scores, axis=1))


def fit_temperature(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    prior: Floats,
    *,
    adjustment: float,
    shares: Floats,
) -> float:
    """The temperature with the smallest negative log-likelihood on pictures of styles in ``shares`` (validation)."""

    def loss(log_temperature: float) -> float:
        scores = log_posterior(
            logits,
            prior,
            adjustment=adjustment,
            temperature=float(np.exp(log_temperature)),
            shares=shares,
        )
        return float(-log_softmax(scores, axis=1)[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(loss, bounds=(-np.log(LIMIT), np.log(LIMIT)), method="bounded")
    return float(np.exp(found.x))


def reliability(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    confidence: Floats,
    weights: Floats | None = None,
) -> tuple[float, Sequence[dict[str, Any]]]:
    """The expected calibration error, and the bins of equal width of the reliability figure behind it.

    Args:
        labels: ``(N,)``.
        predicted: ``(N,)``.
        confidence: probabilities of the predicted styles, ``(N,)``.
        weights: how much each picture counts, where the mixture of styles is not the one that is
            supposed.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, BINS - 1)
    error, bins = 0.0, []
    for number in range(BINS):
        mine = place == number
        count = int(mine.sum())
        share = float(weights[mine].sum())
        mean = float(weights[mine] @ confidence[mine] / share) if count else None
        right = float(weights[mine] @ (labels[mine] == predicted[mine]) / share) if count else None
        if mean is not None and right is not None:
            error += share / float(weights.sum()) * abs(mean - right)
        bins.append({"confidence": mean, "accuracy": right, "count": count})
    return error, bins

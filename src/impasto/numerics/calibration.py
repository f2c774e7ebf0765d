"""Temperature scaling, prior correction, and how well probabilities are calibrated.

Guo et al. 2017 (arXiv:1706.04599). The temperature is fitted on validation pictures. The expected
calibration error (ECE) is above zero even where calibration is perfect, the more so the fewer
pictures there are (Kumar et al. 2019, arXiv:1909.10155): ``perfect_errors`` gives what it would be.
The negative log-likelihood and the Brier score (Brier 1950) have no such fault.
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
    place = _bins(confidence)
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


def _bins(confidence: Floats) -> NDArray[np.int64]:
    """The bin of each confidence ``(N,)``, of equal widths."""
    edges = np.linspace(0, 1, BINS + 1)
    return np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, BINS - 1)


def perfect_errors(
    confidence: Floats,
    hit: NDArray[np.bool_],
    unit: NDArray[np.int64],
    *,
    rounds: int,
    seed: int,
) -> Floats:
    """Expected calibration errors that perfect calibration would give, ``(rounds,)``.

    Independent pictures are right as often as their confidence says, drawn anew in each round.
    Pictures by one artist are right or wrong together, more than their confidences say: then the
    sum of (right − confidence) over an artist's pictures in each bin keeps its size and changes its
    sign, as likely as not, all bins of an artist at once.

    Args:
        confidence: probabilities of the predicted styles, ``(N,)``.
        hit: whether they are right, ``(N,)``.
        unit: of each picture, ``(N,)``: its artist's number, or its own.
        rounds: of the simulation.
        seed: of the simulation.
    """
    rng, place = np.random.default_rng(seed), _bins(confidence)
    if len(np.unique(unit)) == len(unit):
        errors = np.zeros(rounds)
        for number in np.unique(place):
            own = confidence[place == number]
            drawn = (rng.random((rounds, len(own))) < own).sum(1)
            errors += np.abs(drawn - own.sum())
        return errors / len(confidence)
    table = np.zeros((int(unit.max()) + 1, BINS))
    np.add.at(table, (unit, place), hit - confidence)
    signs = rng.choice([-1.0, 1.0], (rounds, len(table)))
    return np.asarray(np.abs(signs @ table).sum(1) / len(confidence))


def log_loss(probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood of the true styles, in nats."""
    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, np.finfo(np.float64).tiny)).mean())


def brier_score(probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """Mean squared distance of the probabilities from the truth: 0 perfect, 2 the worst."""
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(1).mean())

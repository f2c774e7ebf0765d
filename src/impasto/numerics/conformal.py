"""Split conformal prediction: sets of styles that hold the true one with a chosen frequency.

The nonconformity score is one minus the probability of a style (Sadinle et
al. 2019, arXiv:1609.00451). Where every style is supposed equally frequent but the validation
pictures are not, these are weighted accordingly (Podkopaev and Ramdas 2021, "Distribution-free
uncertainty quantification for classification under label shift", arXiv:2103.03323).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def thresholds(
    probabilities: Floats, labels: NDArray[np.int64], *, level: float, uniform: bool
) -> Floats:
    """Return each style's largest nonconformity score within a set, ``float64 (styles,)``.

    A style with too few validation pictures gets 1: it is in every set.

    Args:
        probabilities: of validation pictures, ``(N, styles)``, under the prior assumed for
            test pictures.
        labels: their styles, ``(N,)``.
        level: the share of sets that must hold the true style.
        uniform: weight pictures so that every style counts the same.
    """
    styles = probabilities.shape[1]
    counts = np.bincount(labels, minlength=styles)
    present = counts > 0
    weight = np.where(present, 1 / np.maximum(counts, 1), 0.0) if uniform else np.ones(styles)
    score = 1 - probabilities[np.arange(len(labels)), labels]
    order = np.argsort(score, kind="stable")
    score, mass = score[order], np.cumsum(weight[labels[order]])
    result = np.ones(styles)
    for style in range(styles):
        if uniform and not present[style]:
            continue
        # A new picture of this style has its weight too, at an infinite score
        needed = level * (mass[-1] + weight[style])
        place = int(np.searchsorted(mass, needed - 1e-12))
        if place < len(score):
            result[style] = score[place]
    return result


def members(probabilities: Floats, limits: Floats) -> NDArray[np.bool_]:
    """Styles in the set of each picture, ``bool (N, styles)``; the likeliest always is."""
    inside = 1 - probabilities <= limits + 1e-12
    inside[np.arange(len(inside)), probabilities.argmax(1)] = True
    return np.asarray(inside)

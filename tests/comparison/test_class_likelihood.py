"""What is chosen by:

a likelihood in which every style counts the same, and the size of the logits does not.
"""

import numpy as np
import pytest
from scipy.special import log_softmax

from impasto.comparison.class_likelihood import class_likelihood, class_weights

true_styles = np.array([0] * 30 + [1] * 6 + [3] * 4)  # no picture of the third style


def logits(seed: int = 0, scale: float = 1.0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (
        scale * (2 * np.eye(4)[true_styles] + generator.normal(0, 1.5, (len(true_styles), 4)))
    ).astype(np.float32)


def test_it_is_the_best_over_a_grid_of_temperatures() -> None:
    mine = logits()

    def slowly(temperature: float) -> float:
        rows = log_softmax(mine.astype(float) / temperature, axis=1)
        return float(np.mean([np.mean(rows[true_styles == style, style]) for style in (0, 1, 3)]))

    best = max(slowly(t) for t in np.geomspace(0.05, 20, 4000))
    assert class_likelihood(mine, true_styles) == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("scale", [0.3, 5.0])
def test_larger_logits_are_no_better(scale: float) -> None:
    assert class_likelihood(logits(scale=scale), true_styles) == pytest.approx(
        class_likelihood(logits(), true_styles), abs=1e-4
    )


def test_every_style_counts_the_same() -> None:
    assert class_weights(true_styles)[true_styles == 0].sum() == pytest.approx(1 / 3)
    assert class_weights(true_styles)[true_styles == 3].sum() == pytest.approx(1 / 3)
    twice = np.concatenate(
        [np.arange(len(true_styles)), np.flatnonzero(true_styles == 0)]
    )  # the frequent style's again
    mine = logits()
    assert class_likelihood(mine[twice], true_styles[twice]) == pytest.approx(
        class_likelihood(mine, true_styles), abs=1e-6
    )

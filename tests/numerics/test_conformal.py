"""Conformal sets hold the true style as often as promised, also under another mixture."""

import numpy as np
import pytest
from scipy.special import softmax

from impasto.numerics.conformal import members, thresholds

MEANS = np.array([[0, 0], [1.6, 0], [0, 1.6], [1.6, 1.6]])


def drawn(counts: list[int], generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of an imperfect classifier of four Gaussian styles, and the labels."""
    labels = np.repeat(np.arange(4), counts)
    points = generator.normal(MEANS[labels], 1)
    return softmax(-((points[:, None] - MEANS) ** 2).sum(2) * 0.9, axis=1), labels


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_the_sets_hold_the_true_style_as_often_as_promised(uniform: bool, level: float) -> None:
    shares, covered = [700, 200, 80, 20], []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        limits = thresholds(*drawn(shares, generator), level=level, uniform=uniform)
        probabilities, labels = drawn([250] * 4 if uniform else shares, generator)
        covered.append(members(probabilities, limits)[np.arange(len(labels)), labels].mean())
    assert level - 0.01 < np.mean(covered) < level + 0.025


def test_unweighted_sets_would_fail_another_mixture() -> None:
    covered = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        probabilities, labels = drawn([700, 200, 80, 20], generator)
        skewed = probabilities * np.array([10, 3, 1, 0.2])  # a classifier that loves the frequent
        limits = thresholds(skewed / skewed.sum(1, keepdims=True), labels, level=0.9, uniform=False)
        probabilities, labels = drawn([250] * 4, generator)
        skewed = probabilities * np.array([10, 3, 1, 0.2])
        held = members(skewed / skewed.sum(1, keepdims=True), limits)
        covered.append(held[np.arange(len(labels)), labels].mean())
    assert np.mean(covered) < 0.8


def test_a_style_that_validation_does_not_know_is_in_every_set() -> None:
    probabilities, labels = drawn([30, 30, 30, 0], np.random.default_rng(0))
    limits = thresholds(probabilities, labels, level=0.9, uniform=True)
    assert limits[3] == 1
    assert members(probabilities, limits)[:, 3].all()


def test_the_likeliest_is_always_named() -> None:
    inside = members(np.array([[0.4, 0.35, 0.25]]), np.zeros(3))
    assert inside.tolist() == [[True, False, False]]


def test_too_few_pictures_give_the_whole_vocabulary() -> None:
    limits = thresholds(np.full((5, 2), 0.5), np.array([0, 0, 0, 1, 1]), level=0.9, uniform=False)
    assert limits.tolist() == [1, 1]  # five pictures cannot promise nine in ten

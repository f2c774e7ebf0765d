"""Scores agree with scikit-learn's and with their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from impasto.numerics import metrics

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)


@settings(deadline=None, max_examples=40)
@given(PAIRS)
def test_scores_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = np.array(pairs).T
    confusion = metrics.confusion_matrix(labels, predicted, 6)
    assert np.array_equal(confusion, sk.confusion_matrix(labels, predicted, labels=range(6)))
    occurring = np.unique(labels)
    recall = sk.recall_score(labels, predicted, labels=occurring, average=None, zero_division=0)
    f1 = sk.f1_score(labels, predicted, labels=occurring, average="macro", zero_division=0)
    assert metrics.scores(labels, predicted, 6) == pytest.approx(
        {
            "accuracy": sk.accuracy_score(labels, predicted),
            "balanced_accuracy": recall.mean(),
            "macro_f1": f1,
        }
    )
    precision = sk.precision_score(
        labels, predicted, labels=range(6), average=None, zero_division=0
    )
    assert metrics.precisions(confusion) == pytest.approx(precision)


def test_many_matrices_score_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 9, (2, 3, 6, 6))
    stack[:, :, 4] = 0  # a style without pictures
    many = metrics.stacked_scores(stack)
    assert list(many) == list(metrics.SCORES)
    for name, values in many.items():
        assert values.shape == (2, 3)
        for place in np.ndindex(2, 3):
            assert values[place] == metrics.stacked_scores(stack[place])[name]


def test_weighted_confusions_count_drawn_pictures_one_by_one() -> None:
    rng = np.random.default_rng(1)
    labels, predicted, artists = rng.integers(0, 3, (3, 40))
    weights = rng.integers(0, 4, (5, 40))
    for units, drawn in ((None, weights), (artists, weights[:, :3])):
        made = metrics.weighted_confusions(labels, predicted, 3, drawn, units=units)
        for number in range(5):
            often = drawn[number] if units is None else drawn[number][artists]
            rows = np.repeat(np.arange(40), often)
            slow = sk.confusion_matrix(labels[rows], predicted[rows], labels=range(3))
            assert np.array_equal(made[number], slow)


def test_top_k_counts_the_true_style_among_the_likeliest() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.2, 0.5, 0.3]])
    labels = np.array([1, 0, 1])
    assert metrics.top_k(labels, probabilities, 1).mean() == pytest.approx(1 / 3)
    assert metrics.top_k(labels, probabilities, 2).mean() == 1.0  # of equal ones the first counts


def test_a_style_without_pictures_has_no_recall() -> None:
    recalls = metrics.recalls(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]]))
    assert recalls[:2].tolist() == [1.0, 0.5]
    assert np.isnan(recalls[2])


def test_titles_read_alike_everywhere() -> None:
    found = {name: metric.heading for name, metric in metrics.SCORES.items()}
    assert found == {
        "accuracy": "Accuracy",
        "balanced_accuracy": "Balanced accuracy",
        "macro_f1": "Macro-F1",
    }

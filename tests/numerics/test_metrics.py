"""The scores agree with scikit-learn's and with their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from impasto.numerics import metrics

LABELS = st.integers(2, 6).flatmap(
    lambda styles: st.lists(
        st.tuples(st.integers(0, styles - 1), st.integers(0, styles - 1)), min_size=1, max_size=60
    )
)


@settings(deadline=None)
@given(LABELS)
def test_scores_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    confusion = metrics.confusion_matrix(labels, predicted, 6)
    assert np.array_equal(confusion, sk.confusion_matrix(labels, predicted, labels=range(6)))
    assert metrics.accuracy(labels, predicted) == pytest.approx(
        sk.accuracy_score(labels, predicted)
    )
    occurring = np.unique(labels)
    recall = sk.recall_score(labels, predicted, labels=occurring, average=None, zero_division=0)
    assert metrics.balanced_accuracy(labels, predicted, 6) == pytest.approx(recall.mean())
    expected = sk.f1_score(labels, predicted, labels=occurring, average="macro", zero_division=0)
    assert metrics.macro_f1(labels, predicted, 6) == pytest.approx(expected)
    precision = sk.precision_score(
        labels, predicted, labels=range(6), average=None, zero_division=0
    )
    assert metrics.precisions(confusion) == pytest.approx(precision)


def test_top_k_counts_the_true_style_among_the_likeliest() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.2, 0.5, 0.3]])
    labels = np.array([1, 0, 1])
    assert metrics.top_k(labels, probabilities, 1).mean() == pytest.approx(1 / 3)
    assert metrics.top_k(labels, probabilities, 2).mean() == 1.0  # of equal ones the first counts


def test_a_style_without_pictures_has_no_recall() -> None:
    recalls = metrics.recalls(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]]))
    assert recalls[:2].tolist() == [1.0, 0.5]
    assert np.isnan(recalls[2])

"""Retrieval scores are scikit-learn's; corrections of hubness are those of a slow re-write."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from impasto.numerics import retrieval
from impasto.numerics.retrieval import (
    Ranking,
    average_precision,
    csls,
    hubness,
    mutual_proximity,
    pair_auc,
)

RNG = np.random.default_rng(3)
ITEMS = RNG.integers(0, 3, 40)
QUERIES = RNG.integers(0, 3, 12)
SIMILARITY = RNG.normal(size=(12, 40)).astype(np.float32)
ALLOWED = RNG.random((12, 40)) < 0.7


def test_average_precision_and_auc_are_those_of_scikit_learn() -> None:
    ranking = Ranking.of(SIMILARITY, ALLOWED)
    relevant = ranking.relevant(QUERIES, ITEMS)
    precision, auc = average_precision(relevant), pair_auc(relevant, ranking.allowed)
    for row, (label, allowed) in enumerate(zip(QUERIES, ALLOWED, strict=True)):
        truth, scores = ITEMS[allowed] == label, SIMILARITY[row, allowed]
        assert precision[row] == pytest.approx(average_precision_score(truth, scores), abs=1e-5)
        assert auc[row] == pytest.approx(roc_auc_score(truth, scores), abs=1e-5)


def test_a_query_without_relevant_items_has_no_score() -> None:
    relevant = np.zeros((1, 5), bool)
    assert np.isnan(average_precision(relevant)).all()
    assert np.isnan(pair_auc(relevant, np.ones((1, 5), bool))).all()


def _cosines(count: int) -> np.ndarray:
    vectors = RNG.normal(size=(count, 6)) + 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = (vectors @ vectors.T).astype(np.float32)
    np.fill_diagonal(table, -np.inf)
    return table


def test_csls_is_that_of_a_slow_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "LOCAL", 4)
    items = _cosines(15)
    found = csls(items[:3], items)
    for query, item in ((0, 5), (2, 14), (1, 0)):
        near = [sorted(row, reverse=True)[:4] for row in (items[query], items[item])]
        slow = 2 * items[query, item] - np.mean(near[0]) - np.mean(near[1])
        assert found[query, item] == pytest.approx(slow, abs=1e-5)


def test_mutual_proximity_is_the_product_of_two_probabilities() -> None:
    items = _cosines(15)
    found = mutual_proximity(items[:3], items)
    for query, item in ((0, 5), (2, 14), (1, 0)):
        chances = []
        for row in (items[query], items[item]):
            met = row[np.isfinite(row)].astype(float)
            chances.append(norm.cdf(items[query, item], met.mean(), met.std()))
        assert np.exp(found[query, item]) == pytest.approx(np.prod(chances), abs=1e-4)


def test_a_hub_makes_the_counts_skew_and_a_correction_lowers_it() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 60)) + 0.8 * (np.arange(400) < 5)[:, None]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = (vectors @ vectors.T).astype(np.float32)
    np.fill_diagonal(table, -np.inf)
    ring = -np.abs((np.arange(400)[:, None] - np.arange(400) + 200) % 400 - 200).astype(np.float32)
    np.fill_diagonal(ring, -np.inf)
    assert hubness(ring) == 0  # everybody has the same neighbours to either side
    assert hubness(mutual_proximity(table, table)) < hubness(table)

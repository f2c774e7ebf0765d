"""Clusterings: every method finds islands that are there, also when it looks at a sample alone."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from impasto.embedding.cluster import cluster, kmeans
from impasto.embedding.settings import METHODS
from impasto.records.atlas import MethodName

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 4, 400)
ISLANDS = (8 * np.eye(4, 16)[TRUE] + RNG.normal(0, 0.5, (400, 16))).astype(np.float32)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sampled", [1000, 150])
def test_islands_are_found(method: MethodName, sampled: int) -> None:
    made = cluster(method, ISLANDS, 4, seed=0, max_samples=sampled)
    assert made.clusters.shape == (400,)
    assert adjusted_rand_score(TRUE, made.clusters) > 0.95
    assert made.k == 4
    assert made.parameters.get("sampled", 150) == 150
    assert ("sampled" in made.parameters) == (
        sampled == 150 and method in ("ward", "spectral", "hdbscan")
    )


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_clusters(method: MethodName) -> None:
    noise = np.random.default_rng(1).normal(size=(120, 8)).astype(np.float32)
    first, second = (cluster(method, noise, 5, seed=3, max_samples=100) for _ in range(2))
    assert first.clusters.tolist() == second.clusters.tolist()


def test_the_chosen_number_is_that_of_the_largest_silhouette() -> None:
    made = cluster("kmeans_chosen", ISLANDS, 7, seed=0, max_samples=1000)  # not 7
    tried = made.parameters["tried"]
    assert max(tried, key=tried.get) == str(made.k)
    near = {int(k) for k in tried}
    assert min(near, key=lambda k: abs(k - 4)) == made.k


def test_few_paintings_are_enough() -> None:
    for method in METHODS:
        assert len(cluster(method, ISLANDS[:20], 4, seed=0, max_samples=100).clusters) == 20


def test_kmeans_of_wide_vectors_is_as_good_as_in_full() -> None:
    """The starts are tried in fewer dimensions:

    what counts is the sum of squares in all of them.
    """
    rng = np.random.default_rng(0)
    vectors = (
        rng.normal(0, 1, (6, 300))[rng.integers(0, 6, 400)] + rng.normal(0, 1.5, (400, 300))
    ).astype(np.float32)

    def spread(clusters: np.ndarray) -> float:
        parts = [vectors[clusters == c] for c in np.unique(clusters)]
        return float(sum(np.square(part - part.mean(0)).sum() for part in parts))

    quick, slow = kmeans(vectors, 6, 0), KMeans(6, n_init=4, random_state=0).fit_predict(vectors)
    assert spread(quick) <= 1.01 * spread(slow)
    few = np.repeat(rng.normal(0, 1, (3, 300)), 20, 0).astype(np.float32)
    with pytest.warns(ConvergenceWarning):
        assert len(np.unique(kmeans(few, 5, 0))) == 3

"""Clusterings by scikit-learn, each of which survives a hundred thousand paintings.

k-means, the Gaussian mixture and the choice of k look at all paintings. Ward's agglomeration,
spectral clustering and
HDBSCAN cost the square of their number or more: beyond ``sampled`` they look at as many, drawn with
    the seed, and every
other painting goes where the nearest of those went.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans, SpectralClustering
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from impasto.embedding.settings import MethodName
from impasto.embedding.vectors import Vectors, reduced

Clusters = NDArray[np.int32]
STARTS: Final = 4  # of k-means, the best of which counts
JUDGED: Final = 3000  # paintings on which the silhouette chooses k
MIXED, DENSE, WIDE = (
    20,
    10,
    100,
)  # principal components: the mixture's covariances, HDBSCAN's densities, others
LINKED: Final = 10  # neighbours of a painting in the spectral graph
TITLES: Final[dict[MethodName, str]] = {
    "kmeans": "k-means, as many as styles",
    "kmeans_chosen": "k-means, number by silhouette",
    "gmm": "Gaussian mixture",
    "ward": "Ward",
    "spectral": "Spectral",
    "hdbscan": "HDBSCAN",
}


@dataclass(frozen=True, slots=True)
class Clustering:
    """Which cluster each painting is in.

    Attributes:
        clusters: from 0, ``int32 (N,)``; -1 is noise.
        parameters: what was settled on the way, as plain data.
    """

    clusters: Clusters
    parameters: dict[str, Any]

    @property
    def k(self) -> int:
        """The number of clusters, without noise."""
        return len(np.unique(self.clusters[self.clusters >= 0]))


def cluster(method: MethodName, vectors: Vectors, k: int, *, seed: int, sampled: int) -> Clustering:
    """The paintings in about ``k`` clusters.

    Args:
        method: ``kmeans_chosen`` and ``hdbscan`` find a number of their own.
        vectors: ``(N, D)``, by whose Euclidean distances.
        k: how many; at most ``N``.
        seed: of everything random.
        sampled: most paintings that the costly methods look at themselves.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # a mixture that still moves a little is one
        warnings.filterwarnings(
            "ignore", message="Graph is not fully connected"
        )  # its parts are clusters
        warnings.filterwarnings(
            "ignore", message="The spectral clustering API has changed"
        )  # said of square arrays
        if method == "kmeans":
            return Clustering(kmeans(vectors, k, seed), {"starts": STARTS})
        if method == "kmeans_chosen":
            return _chosen(vectors, k, seed)
        if method == "gmm":
            return _mixture(vectors, k, seed)
        return _costly(method, vectors, k, (seed, sampled))


def kmeans(vectors: Vectors, k: int, seed: int) -> Clusters:
    """Lloyd's k-means from k-means++ (Arthur and Vassilvitskii 2007).

    The starts are tried out in the first hundred principal components, in a fraction of the time
    that wide vectors take; the best of them is then carried on with the vectors as they are.
    """
    small = reduced(vectors, WIDE, seed)
    found = KMeans(k, n_init=STARTS, random_state=seed).fit_predict(small)
    if (
        small.shape[1] < vectors.shape[1] and len(np.unique(found)) == k
    ):  # fewer where most vectors are equal
        centres = np.stack([vectors[found == cluster].mean(0) for cluster in range(k)])
        found = KMeans(k, init=centres, n_init=1).fit_predict(vectors)
    return np.asarray(found, np.int32)


def _chosen(vectors: Vectors, k: int, seed: int) -> Clustering:
    """k-means with the k of the largest silhouette among some between 2 and twice ``k``."""
    small = reduced(vectors, WIDE, seed)
    candidates = sorted(
        {n for n in (2, 3, 5, 8, 12, k, 20, 30, 2 * k) if 2 <= n <= 2 * k and n < len(vectors)}
    )
    rows = np.random.default_rng([seed, 2]).permutation(len(vectors))[:JUDGED]
    made = {n: kmeans(small, n, seed) for n in candidates}
    tried = {
        n: float(silhouette_score(small[rows], c[rows]))
        for n, c in made.items()
        if _several(c[rows])
    }
    best = max(tried, key=lambda n: tried[n]) if tried else candidates[0]
    told = {
        "criterion": "silhouette",
        "tried": {str(n): value for n, value in tried.items()},
        "judged_on": len(rows),
    }
    return Clustering(made[best], {"starts": STARTS, "dimensions": small.shape[1], **told})


def _several(clusters: Clusters) -> bool:
    return 2 <= len(np.unique(clusters)) < len(clusters)


def _mixture(vectors: Vectors, k: int, seed: int) -> Clustering:
    small = reduced(vectors, MIXED, seed).astype(np.float64)
    small /= (
        np.sqrt(small.var(0).mean()) or 1.0
    )  # so that the covariances' floor means the same for all vectors
    model = GaussianMixture(
        k, covariance_type="full", reg_covar=1e-3, random_state=seed, max_iter=200
    )
    parameters = {"covariance": "full", "dimensions": small.shape[1]}
    return Clustering(np.asarray(model.fit_predict(small), np.int32), parameters)


def _costly(method: MethodName, vectors: Vectors, k: int, limits: tuple[int, int]) -> Clustering:
    seed, sampled = limits
    space = reduced(vectors, DENSE if method == "hdbscan" else WIDE, seed)
    rows = np.sort(np.random.default_rng([seed, 3]).permutation(len(vectors))[:sampled])
    makers: dict[str, Callable[[Vectors, int, int], Clustering]] = {
        "ward": _ward,
        "spectral": _spectral,
        "hdbscan": _hdbscan,
    }
    made = makers[method](space[rows], k, seed)
    told = {**made.parameters, "dimensions": space.shape[1]}
    if len(rows) == len(vectors):
        return Clustering(made.clusters, told)
    others = np.setdiff1d(np.arange(len(vectors)), rows)
    nearest = (
        NearestNeighbors(n_neighbors=1)
        .fit(space[rows])
        .kneighbors(space[others], return_distance=False)[:, 0]
    )
    clusters = np.empty(len(vectors), np.int32)
    clusters[rows], clusters[others] = made.clusters, made.clusters[nearest]
    return Clustering(clusters, {**told, "sampled": len(rows)})


def _ward(vectors: Vectors, k: int, seed: int) -> Clustering:
    model = AgglomerativeClustering(k, linkage="ward")
    return Clustering(np.asarray(model.fit_predict(vectors), np.int32), {"linkage": "ward"})


def _spectral(vectors: Vectors, k: int, seed: int) -> Clustering:
    """Normalised cuts of the graph of nearest neighbours (von Luxburg 2007, arXiv:0711.0189)."""
    linked = min(LINKED, len(vectors) - 1)
    model = SpectralClustering(
        k,
        affinity="nearest_neighbors",
        n_neighbors=linked,
        assign_labels="cluster_qr",
        random_state=seed,
    )
    return Clustering(np.asarray(model.fit_predict(vectors), np.int32), {"neighbours": linked})


def _hdbscan(vectors: Vectors, k: int, seed: int) -> Clustering:
    """Density-based clusters (Campello et al. 2013) of at least a tenth of an average style."""
    least = max(5, len(vectors) // (10 * k))
    model = HDBSCAN(min_cluster_size=least, min_samples=5, copy=True)
    parameters = {"min_cluster_size": least, "min_samples": 5}
    return Clustering(np.asarray(model.fit_predict(vectors), np.int32), parameters)

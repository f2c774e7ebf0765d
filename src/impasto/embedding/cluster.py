"""Clusterings by scikit-learn, each of which survives a hundred thousand paintings.

k-means, the Gaussian mixture and the choice of k use all paintings. Ward's agglomeration, spectral
clustering and HDBSCAN cost the square of their number or more: they are fitted on at most
``max_samples`` paintings, drawn with the seed, and every other painting joins the cluster of the
nearest of those.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, assert_never

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans, SpectralClustering
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from impasto.embedding.vectors import Vectors, reduced
from impasto.records.atlas import MethodName

Clusters = NDArray[np.int32]
STARTS: Final = 4  # of k-means, the best of which counts
SILHOUETTE_ROWS: Final = 3000  # paintings on which the silhouette chooses k
MIXTURE_DIMENSIONS: Final = 20  # principal components, for the mixture's full covariances
DENSITY_DIMENSIONS: Final = 10  # principal components, for HDBSCAN's densities
DIMENSIONS: Final = 100  # principal components for all other methods
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
    """The cluster of each painting.

    Attributes:
        clusters: from 0, ``int32 (N,)``; -1 is noise.
        parameters: of the method, as plain data.
    """

    clusters: Clusters
    parameters: dict[str, Any]

    @property
    def k(self) -> int:
        """The number of clusters, without noise."""
        return len(np.unique(self.clusters[self.clusters >= 0]))


def cluster(
    method: MethodName, vectors: Vectors, k: int, *, seed: int, max_samples: int
) -> Clustering:
    """Divide vectors into about ``k`` clusters by Euclidean distance.

    Args:
        method: ``kmeans_chosen`` and ``hdbscan`` find a number of their own.
        vectors: ``(N, D)``.
        k: number of clusters; at most ``N``.
        seed: of everything random.
        max_samples: most paintings that the costly methods are fitted on.
    """
    with warnings.catch_warnings():
        # A mixture that still moves a little is one; parts of a graph are clusters
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        warnings.filterwarnings("ignore", message="The spectral clustering API has changed")
        match method:
            case "kmeans":
                return Clustering(kmeans(vectors, k, seed), {"starts": STARTS})
            case "kmeans_chosen":
                return _kmeans_chosen(vectors, k, seed)
            case "gmm":
                return _mixture(vectors, k, seed)
            case "ward":
                model = AgglomerativeClustering(k, linkage="ward")
                space = reduced(vectors, DIMENSIONS, seed)
                return _on_sample(model.fit_predict, space, max_samples, seed, linkage="ward")
            case "spectral":
                return _spectral(reduced(vectors, DIMENSIONS, seed), k, max_samples, seed)
            case "hdbscan":
                return _hdbscan(reduced(vectors, DENSITY_DIMENSIONS, seed), k, max_samples, seed)
            case _:
                assert_never(method)


def kmeans(vectors: Vectors, k: int, seed: int) -> Clusters:
    """Lloyd's k-means from k-means++ (Arthur and Vassilvitskii 2007).

    The starts are compared in the first hundred principal components, in a fraction of the time
    that wide vectors take; the best of them is then continued with the vectors as they are.
    """
    small = reduced(vectors, DIMENSIONS, seed)
    found = KMeans(k, n_init=STARTS, random_state=seed).fit_predict(small)
    # There are fewer than k clusters where most vectors are equal
    if small.shape[1] < vectors.shape[1] and len(np.unique(found)) == k:
        centres = np.stack([vectors[found == cluster].mean(0) for cluster in range(k)])
        found = KMeans(k, init=centres, n_init=1).fit_predict(vectors)
    return np.asarray(found, np.int32)


def _kmeans_chosen(vectors: Vectors, k: int, seed: int) -> Clustering:
    """k-means with the k of the largest silhouette among some between 2 and twice ``k``."""
    small = reduced(vectors, DIMENSIONS, seed)
    candidates = sorted(
        {n for n in (2, 3, 5, 8, 12, k, 20, 30, 2 * k) if 2 <= n <= 2 * k and n < len(vectors)}
    )
    rows = np.random.default_rng([seed, 2]).permutation(len(vectors))[:SILHOUETTE_ROWS]
    made = {n: kmeans(small, n, seed) for n in candidates}
    tried: dict[int, float] = {}
    for n, clusters in made.items():
        if 2 <= len(np.unique(clusters[rows])) < len(rows):
            tried[n] = float(silhouette_score(small[rows], clusters[rows]))
    best = max(tried, key=lambda n: tried[n]) if tried else candidates[0]
    parameters = {
        "starts": STARTS,
        "dimensions": small.shape[1],
        "criterion": "silhouette",
        "tried": {str(n): value for n, value in tried.items()},
        "judged_on": len(rows),
    }
    return Clustering(made[best], parameters)


def _mixture(vectors: Vectors, k: int, seed: int) -> Clustering:
    small = reduced(vectors, MIXTURE_DIMENSIONS, seed).astype(np.float64)
    small /= np.sqrt(small.var(0).mean()) or 1.0  # the covariances' floor is relative to it
    model = GaussianMixture(
        k, covariance_type="full", reg_covar=1e-3, random_state=seed, max_iter=200
    )
    parameters = {"covariance": "full", "dimensions": small.shape[1]}
    return Clustering(np.asarray(model.fit_predict(small), np.int32), parameters)


def _spectral(vectors: Vectors, k: int, max_samples: int, seed: int) -> Clustering:
    """Normalised cuts of the graph of nearest neighbours (von Luxburg 2007, arXiv:0711.0189)."""
    linked = min(LINKED, len(vectors) - 1, max_samples - 1)
    model = SpectralClustering(
        k,
        affinity="nearest_neighbors",
        n_neighbors=linked,
        assign_labels="cluster_qr",
        random_state=seed,
    )
    return _on_sample(model.fit_predict, vectors, max_samples, seed, neighbours=linked)


def _hdbscan(vectors: Vectors, k: int, max_samples: int, seed: int) -> Clustering:
    """Density-based clusters (Campello et al. 2013) of at least a tenth of an average style."""
    least = max(5, min(len(vectors), max_samples) // (10 * k))
    model = HDBSCAN(min_cluster_size=least, min_samples=5, copy=True)
    return _on_sample(
        model.fit_predict, vectors, max_samples, seed, min_cluster_size=least, min_samples=5
    )


def _on_sample(
    fit: Callable[[Vectors], Any], vectors: Vectors, max_samples: int, seed: int, **parameters: Any
) -> Clustering:
    """Cluster a sample; every other painting joins the cluster of the nearest one in it."""
    rows = np.sort(np.random.default_rng([seed, 3]).permutation(len(vectors))[:max_samples])
    found = np.asarray(fit(vectors[rows]), np.int32)
    parameters |= {"dimensions": vectors.shape[1]}
    if len(rows) == len(vectors):
        return Clustering(found, parameters)
    others = np.setdiff1d(np.arange(len(vectors)), rows)
    neighbours = NearestNeighbors(n_neighbors=1).fit(vectors[rows])
    nearest = neighbours.kneighbors(vectors[others], return_distance=False)[:, 0]
    clusters = np.empty(len(vectors), np.int32)
    clusters[rows], clusters[others] = found, found[nearest]
    return Clustering(clusters, {**parameters, "sampled": len(rows)})

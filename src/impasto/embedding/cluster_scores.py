"""Scores of clusterings against styles and artists, beside chance: do the styles cluster?"""

from collections.abc import Mapping
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from impasto.embedding.cache import AtlasCache
from impasto.embedding.cluster import TITLES, Clustering, cluster, kmeans
from impasto.embedding.cluster_metrics import (
    best_matches,
    chance_scores,
    contingency,
    score_estimates,
    shuffled_tables,
)
from impasto.embedding.reference_labels import ReferenceLabels
from impasto.embedding.settings import AtlasSettings
from impasto.embedding.vectors import Vectors
from impasto.numerics.bootstrap import mean_estimate
from impasto.records.atlas import (
    ArtistAgreement,
    AtlasStyle,
    ByScope,
    ChanceScores,
    ClusterScores,
    MethodName,
    NeighbourRecall,
    Probes,
    RunClusters,
    Scope,
    Stability,
    StyleFit,
)
from impasto.records.record import Interval

Clusterings = Mapping[Scope, Clustering]
"""One method's clustering of each scope."""
SILHOUETTES = 4000  # paintings among which a silhouette is measured
# Share of shufflings in which no style at all reaches the F1 from which one is called a cluster
CLEAR = 0.95


def cluster_scopes(
    method: MethodName,
    vectors: Vectors,
    labels: ReferenceLabels,
    settings: AtlasSettings,
    cache: AtlasCache,
) -> Clusterings:
    """Cluster the vectors ``(N, D)`` of each scope by one method."""

    def make(scope: Scope) -> tuple[NDArray[np.int32], dict[str, Any]]:
        made = cluster(
            method,
            labels.part(scope, vectors),
            labels.present(scope),
            seed=settings.seed,
            max_samples=settings.max_samples,
        )
        return made.clusters, made.parameters

    found = {
        scope: cache.array(f"clusters-{method}-{scope}", partial(make, scope))
        for scope in labels.scopes
    }
    return {scope: Clustering(*parts) for scope, parts in found.items()}


def scores_by_scope(
    vectors: Vectors, made: Clusterings, labels: ReferenceLabels, settings: AtlasSettings
) -> tuple[ByScope[ClusterScores], ByScope[ChanceScores]]:
    """Return the scores of a clustering in each scope, and those of shuffled styles."""
    scores: dict[Scope, ClusterScores] = {}
    chance: dict[Scope, ChanceScores] = {}
    for scope, rows in labels.scopes.items():
        styles, clusters = labels.styles[rows], made[scope].clusters
        estimates = score_estimates(
            styles,
            clusters,
            resamples=settings.bootstrap_samples,
            seed=settings.seed,
            artists=labels.scope_draws(scope, settings),
        )
        width = silhouette(labels.part(scope, vectors), clusters, settings)
        scores[scope] = ClusterScores(**estimates, silhouette=width)
        null = labels.null(scope, shufflings=settings.permutations, seed=settings.seed)
        chance[scope] = chance_scores(styles, clusters, null)
    return (
        ByScope[ClusterScores](all=scores["all"], test=scores.get("test")),
        ByScope[ChanceScores](all=chance["all"], test=chance.get("test")),
    )


def silhouette(
    vectors: Vectors, clusters: NDArray[np.integer], settings: AtlasSettings
) -> Interval | None:
    """Return the mean silhouette (Rousseeuw 1987), noise left out; ``None`` for one cluster."""
    shuffled = np.random.default_rng([settings.seed, 6]).permutation(np.flatnonzero(clusters >= 0))
    rows = shuffled[:SILHOUETTES]
    if not 2 <= len(np.unique(clusters[rows])) < len(rows):
        return None
    each = silhouette_samples(vectors[rows], clusters[rows])
    samples = settings.bootstrap_samples
    return Interval(**mean_estimate(each, resamples=samples, seed=settings.seed))


def run_clusters(
    method: MethodName,
    vectors: Vectors,
    made: Clusterings,
    labels: ReferenceLabels,
    settings: AtlasSettings,
) -> RunClusters:
    """Score a clustering of the run's embedding."""
    scores, chance = scores_by_scope(vectors, made, labels, settings)
    artists: dict[Scope, ArtistAgreement | None] = {
        "all": artist_agreement(made, "all", labels, settings),
        "test": artist_agreement(made, "test", labels, settings),
    }
    return RunClusters(
        name=method,
        title=TITLES[method],
        k=made["all"].k,
        k_test=made["test"].k if "test" in made else None,
        scores=scores,
        chance=chance,
        parameters=made["all"].parameters,
        noise=float(np.mean(made["all"].clusters < 0)),
        artists=artists,
        stability=kmeans_stability(vectors, labels, settings) if method == "kmeans" else None,
    )


def artist_agreement(
    made: Clusterings, scope: Scope, labels: ReferenceLabels, settings: AtlasSettings
) -> ArtistAgreement | None:
    """Return the AMI with artists and with styles, on the paintings whose artist is known.

    ``None`` with fewer than two artists, and for a scope that is not clustered.
    """
    if scope not in labels.scopes:
        return None
    rows = labels.scopes[scope]
    known = labels.artists[rows] >= 0
    artists = len(np.unique(labels.artists[rows][known]))
    if artists < 2:
        return None
    again = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    draws = labels.artist_draws(rows[known], **again)

    def ami(of: NDArray[np.int64]) -> Interval:
        clusters, own = made[scope].clusters[known], of[rows][known]
        return score_estimates(own, clusters, **again, artists=draws)["ami"]

    return ArtistAgreement(
        pictures=int(known.sum()),
        artists=artists,
        artist_ami=ami(labels.artists),
        style_ami=ami(labels.styles),
    )


def kmeans_stability(
    vectors: Vectors, labels: ReferenceLabels, settings: AtlasSettings
) -> Stability:
    """Return the adjusted Rand index of k-means of all paintings between every two seeds."""
    k, seeds = labels.present("all"), range(settings.seed, settings.seed + settings.seeds)
    made = [kmeans(vectors, k, seed) for seed in seeds]
    pairs = [float(adjusted_rand_score(one, other)) for one, other in combinations(made, 2)]
    ari = Interval(value=float(np.mean(pairs)), low=min(pairs), high=max(pairs))
    return Stability(seeds=settings.seeds, ari=ari)


def style_fits(
    made: Clusterings,
    colours: Clusterings,
    labels: ReferenceLabels,
    probes: Probes | None,
    settings: AtlasSettings,
) -> list[AtlasStyle]:
    """Return for each style the fit of its best cluster, beside shuffled styles and colours.

    Args:
        made: clusterings of the embedding.
        colours: clusterings of colour histograms.
        labels: of the paintings.
        probes: of the embedding, where they were wanted.
        settings: of the atlas.
    """
    fits = {scope: _scope_fits(scope, made, colours, labels, settings) for scope in labels.scopes}
    rows = []
    for place, name in enumerate(labels.names):
        recall = probes.knn.recall[place] if probes else None
        knn = NeighbourRecall(recall=recall, chance=1 / len(labels.names)) if probes else None
        of_all, of_test = fits["all"].get(place), fits.get("test", {}).get(place)
        rows.append(AtlasStyle(style=name, all=of_all, test=of_test, knn=knn))
    return rows


def _scope_fits(
    scope: Scope,
    made: Clusterings,
    colours: Clusterings,
    labels: ReferenceLabels,
    settings: AtlasSettings,
) -> dict[int, StyleFit]:
    """The fit of each style that has paintings in a scope, by its place in the vocabulary."""
    styles, clusters = labels.styles[labels.scopes[scope]], made[scope].clusters
    names = np.unique(clusters)
    best = best_matches(contingency(styles, clusters)[None])
    null = labels.null(scope, shufflings=settings.permutations, seed=settings.seed)
    drawn = best_matches(shuffled_tables(styles, clusters, null)).f1
    mean, deviation = drawn.mean(0), np.maximum(drawn.std(0), 1e-9)
    # Of the style that stands out most in each shuffling, which allows for the number of styles
    high = mean + deviation * np.quantile(((drawn - mean) / deviation).max(1), CLEAR)
    colour = best_matches(contingency(styles, colours[scope].clusters)[None]).f1[0]
    fits = {}
    for column, style in enumerate(np.unique(styles)):
        f1 = float(best.f1[0, column])
        fits[int(style)] = StyleFit(
            pictures=int((styles == style).sum()),
            cluster=int(names[best.cluster[0, column]]),
            precision=float(best.precision[0, column]),
            recall=float(best.recall[0, column]),
            f1=f1,
            chance_f1=float(mean[column]),
            chance_high=float(high[column]),
            colour_f1=float(colour[column]),
            clusters=bool(f1 > high[column] and f1 > colour[column]),
        )
    return fits

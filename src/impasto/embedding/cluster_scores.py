"""Do the styles cluster? Every clustering of every kind of vector, scored, beside what chance gives."""

import json
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from impasto.embedding import cluster_metrics as agreement
from impasto.embedding.cluster import TITLES, Clustering, cluster, kmeans
from impasto.embedding.reference_labels import Ground
from impasto.embedding.settings import AtlasSettings, MethodName
from impasto.embedding.vectors import Vectors
from impasto.numerics.bootstrap import Score, mean_estimate
from impasto.state.array_cache import cached_arrays

Made = Mapping[str, Clustering]
"""One method's clustering of each scope."""
SILHOUETTES = 4000  # paintings among which a silhouette is measured
CLEAR = 0.99  # share of shufflings that a style's F1 must beat to be called a cluster's


def clusterings(
    vectors: Vectors,
    ground: Ground,
    settings: AtlasSettings,
    keep: tuple[Path, str],
    say: Callable[[str], None],
) -> dict[MethodName, Made]:
    """Each method's clustering of each scope; k-means is always among them.

    Args:
        vectors: ``(N, D)``, prepared.
        ground: what is looked at together.
        settings: which methods.
        keep: the folder for what took time, and the key of what it was made from.
        say: told which method is at work.
    """
    made: dict[MethodName, Made] = {}
    for method in dict.fromkeys(("kmeans", *settings.clusterings)):
        say(f"clustering: {TITLES[method]}")
        made[method] = {
            scope: _kept(
                keep,
                f"{method}-{scope}",
                lambda m=method, s=scope: _of(m, s, vectors, (ground, settings)),  # type: ignore[misc]
            )
            for scope in ground.scopes
        }
    return made


def _of(
    method: MethodName, scope: str, vectors: Vectors, by: tuple[Ground, AtlasSettings]
) -> Clustering:
    ground, settings = by
    seen = vectors[ground.scopes[scope]]
    return cluster(
        method, seen, ground.present(scope), seed=settings.seed, sampled=settings.max_samples
    )


def _kept(keep: tuple[Path, str], name: str, make: Callable[[], Clustering]) -> Clustering:
    def arrays() -> dict[str, NDArray[Any]]:
        made = make()
        told = np.frombuffer(json.dumps(made.parameters).encode(), np.uint8)
        return {"clusters": made.clusters, "parameters": told}

    found = cached_arrays(keep[0] / f"clusters-{name}.safetensors", keep[1], arrays)
    return Clustering(found["clusters"], json.loads(bytes(found["parameters"])))


def scores_of(
    vectors: Vectors, made: Made, ground: Ground, settings: AtlasSettings
) -> dict[str, Any]:
    """``scores`` and ``chance`` of a clustering in each scope; ``None`` for a scope that is not looked at."""
    scores: dict[str, Any] = {"all": None, "test": None}
    chance: dict[str, Any] = {"all": None, "test": None}
    for scope, rows in ground.scopes.items():
        labels, clusters = ground.labels[rows], made[scope].clusters
        scores[scope] = {
            **agreement.scored(
                labels, clusters, resamples=settings.bootstrap_samples, seed=settings.seed
            ),
            "silhouette": silhouette(vectors[rows], clusters, settings),
        }
        chance[scope] = agreement.chance(
            labels, clusters, permutations=settings.permutations, seed=settings.seed
        )
    return {"scores": scores, "chance": chance}


def silhouette(
    vectors: Vectors, clusters: NDArray[np.integer], settings: AtlasSettings
) -> Score | None:
    """The mean silhouette (Rousseeuw 1987) of some paintings, noise left out; ``None`` with fewer than two clusters."""
    rows = np.random.default_rng([settings.seed, 6]).permutation(np.flatnonzero(clusters >= 0))[
        :SILHOUETTES
    ]
    if not 2 <= len(np.unique(clusters[rows])) < len(rows):
        return None
    each = silhouette_samples(vectors[rows], clusters[rows])
    return mean_estimate(each, resamples=settings.bootstrap_samples, seed=settings.seed)


def described(
    method: MethodName, made: Made, vectors: Vectors, ground: Ground, settings: AtlasSettings
) -> dict[str, Any]:
    """One entry of ``clusterings``."""
    told = {
        "name": method,
        "title": TITLES[method],
        "k": made["all"].k,
        "parameters": made["all"].parameters,
        "noise": float(np.mean(made["all"].clusters < 0)),
        "k_test": made["test"].k if "test" in made else None,
        **scores_of(vectors, made, ground, settings),
        "artists": {scope: _artists(made, scope, ground, settings) for scope in ("all", "test")},
    }
    return told | (
        {"stability": stability(vectors, ground, settings)} if method == "kmeans" else {}
    )


def _artists(
    made: Made, scope: str, ground: Ground, settings: AtlasSettings
) -> dict[str, Any] | None:
    """Adjusted mutual information with artists and with styles, on the same paintings; ``None`` with few artists."""
    if scope not in ground.scopes:
        return None
    rows = ground.scopes[scope]
    known = ground.artists[rows] >= 0
    if len(np.unique(ground.artists[rows][known])) < 2:
        return None

    def ami(labels: NDArray[np.int64]) -> Score:
        clusters = made[scope].clusters[known]
        found = agreement.scored(
            labels[rows][known], clusters, resamples=settings.bootstrap_samples, seed=settings.seed
        )
        return found["ami"]

    artists = len(np.unique(ground.artists[rows][known]))
    told = {"pictures": int(known.sum()), "artists": artists}
    return {**told, "artist_ami": ami(ground.artists), "style_ami": ami(ground.labels)}


def stability(vectors: Vectors, ground: Ground, settings: AtlasSettings) -> dict[str, Any]:
    """Whether k-means of all paintings is the same from other seeds.

    Adjusted Rand index of every two of them.
    """
    made = [
        kmeans(vectors, ground.present("all"), settings.seed + extra)
        for extra in range(settings.seeds)
    ]
    pairs = [float(adjusted_rand_score(one, other)) for one, other in combinations(made, 2)]
    return {
        "seeds": settings.seeds,
        "ari": {"value": float(np.mean(pairs)), "low": min(pairs), "high": max(pairs)},
    }


def style_rows(
    made: Made, colours: Made, ground: Ground, settings: AtlasSettings
) -> list[dict[str, Any]]:
    """For each style how its best cluster fits it, in each scope, beside shuffled labels and clusters of colours."""
    rows: list[dict[str, Any]] = [
        {"style": style, "all": None, "test": None} for style in ground.styles
    ]
    for scope, places in ground.scopes.items():
        labels, clusters = ground.labels[places], made[scope].clusters
        names = np.unique(clusters)
        best, precision, recall, f1 = agreement.best_matches(
            agreement.contingency(labels, clusters)[None]
        )
        drawn = agreement.best_matches(
            agreement.shuffled(
                labels, clusters, permutations=settings.permutations, seed=settings.seed
            )
        )[3]
        colour = agreement.best_matches(
            agreement.contingency(labels, colours[scope].clusters)[None]
        )[3]
        for column, style in enumerate(np.unique(labels)):
            high = float(np.quantile(drawn[:, column], CLEAR))
            fits = float(f1[0, column])
            rows[style][scope] = {
                "pictures": int((labels == style).sum()),
                "cluster": int(names[best[0, column]]),
                "precision": float(precision[0, column]),
                "recall": float(recall[0, column]),
                "f1": fits,
                "chance_f1": float(drawn[:, column].mean()),
                "chance_high": high,
                "colour_f1": float(colour[0, column]),
                "clusters": bool(fits > high and fits > colour[0, column]),
            }
    return rows

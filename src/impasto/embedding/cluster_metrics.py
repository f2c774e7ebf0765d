"""How far clusters agree with labels, from their contingency table alone: scores, intervals, chance, comparison.

Intervals draw paintings again within their label and leave the clustering as it is. Drawing repeats
paintings, which alone raises mutual information; so the resamples give an interval's width, and the
value its place.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from sklearn.metrics import adjusted_mutual_info_score

from impasto.numerics.bootstrap import Score, estimate, resample_table
from impasto.numerics.metrics import contingency as counted

Labels = NDArray[np.int64]
Tables = NDArray[np.int64]
Floats = NDArray[np.float64]
SCORES = ("nmi", "ami", "ari", "v_measure", "homogeneity", "completeness", "purity")


def contingency(labels: Labels, clusters: NDArray[np.integer]) -> Tables:
    """Paintings of each label (that occurs) in each cluster, ``int64 (labels, clusters)``; noise is a cluster."""
    rows, columns = (np.unique(values, return_inverse=True)[1] for values in (labels, clusters))
    return counted(rows, columns, (int(rows.max()) + 1, int(columns.max()) + 1))


def agreement(tables: Tables, expected: float) -> dict[str, Floats]:
    """Scores of many tables ``(R, labels, clusters)`` at once, each ``(R,)``.

    Normalised mutual information (by the arithmetic mean, so it equals the V-measure: Rosenberg and
    Hirschberg 2007), adjusted for chance (Vinh et al. 2010), adjusted Rand index (Hubert and Arabie
    1985), purity.

    Args:
        tables: paintings by label and cluster.
        expected: mutual information in nats that chance is expected to give.
    """
    counts, total = tables.astype(np.float64), tables.sum((1, 2)).astype(np.float64)
    of_labels, of_clusters = counts.sum(2), counts.sum(1)

    def entropy(sums: Floats) -> Floats:
        return np.asarray(np.log(total) - xlogy(sums, sums).sum(1) / total)

    label_entropy, cluster_entropy = entropy(of_labels), entropy(of_clusters)
    shared = label_entropy + cluster_entropy - entropy(counts.reshape(len(counts), -1))
    shared, middle = np.maximum(shared, 0), (label_entropy + cluster_entropy) / 2
    # One label alone makes all clusters pure, and one cluster alone holds every label whole
    homogeneity, completeness = (
        _ratio(shared, own, empty=1.0) for own in (label_entropy, cluster_entropy)
    )
    nmi = _ratio(shared, middle)
    return {
        "nmi": nmi,
        "ami": _ratio(shared - expected, middle - expected),
        "ari": _rand(counts, of_labels, of_clusters),
        "v_measure": nmi,
        "homogeneity": homogeneity,
        "completeness": completeness,
        "purity": counts.max(1).sum(1) / total,
    }


def scored(
    labels: Labels, clusters: NDArray[np.integer], *, resamples: int, seed: int
) -> dict[str, Score]:
    """Every score with its 95 % interval."""
    table, expected = contingency(labels, clusters), _expected(labels, clusters)
    values = agreement(table[None], expected)
    drawn = agreement(resample_table(table, resamples, np.random.default_rng(seed)), expected)
    return {name: _placed(float(values[name][0]), drawn[name]) for name in SCORES}


def chance(
    labels: Labels, clusters: NDArray[np.integer], *, permutations: int, seed: int
) -> Mapping[str, Score]:
    """What shuffled labels give: ``mean`` and ``high`` (the largest 5 % begin there) of each score, and ``p``.

    ``p`` is the share of shufflings, the real labels among them, that do as well as these.
    """
    tables, expected = (
        shuffled(labels, clusters, permutations=permutations, seed=seed),
        _expected(labels, clusters),
    )
    real, drawn = (
        agreement(contingency(labels, clusters)[None], expected),
        agreement(tables, expected),
    )
    return {
        name: {
            "mean": float(drawn[name].mean()),
            "high": float(np.quantile(drawn[name], 0.95)),
            "p": float((1 + (drawn[name] >= real[name][0] - 1e-12).sum()) / (1 + permutations)),
        }
        for name in ("nmi", "ami", "ari", "purity")
    }


def shuffled(
    labels: Labels, clusters: NDArray[np.integer], *, permutations: int, seed: int
) -> Tables:
    """The tables ``(permutations, labels, clusters)`` of labels in random order."""
    generator = np.random.default_rng(seed)
    return np.stack(
        [contingency(generator.permutation(labels), clusters) for _ in range(permutations)]
    )


def difference(
    labels: Labels,
    pair: tuple[NDArray[np.integer], NDArray[np.integer]],
    *,
    resamples: int,
    seed: int,
) -> dict[str, Score]:
    """By how much the first clustering agrees better with the labels than the second, on the same drawn paintings."""
    first, second = (np.unique(clusters, return_inverse=True)[1] for clusters in pair)
    wide = int(second.max()) + 1
    every = np.arange((int(first.max()) + 1) * wide)
    joint = np.stack(
        [
            np.bincount((first * wide + second)[labels == label], minlength=len(every))
            for label in np.unique(labels)
        ]
    )
    drawn = resample_table(joint, resamples, np.random.default_rng(seed)).reshape(
        resamples, len(joint), -1, wide
    )
    values = [agreement(contingency(labels, c)[None], _expected(labels, c)) for c in pair]
    spread = [
        agreement(drawn.sum(axis), _expected(labels, c))
        for axis, c in zip((3, 2), pair, strict=True)
    ]
    return {
        name: _placed(
            float(values[0][name][0] - values[1][name][0]), spread[0][name] - spread[1][name]
        )
        for name in ("nmi", "ami", "ari", "purity")
    }


def best_matches(tables: Tables) -> tuple[Labels, Floats, Floats, Floats]:
    """For each label the cluster with the best F1, and its precision, recall and F1; each ``(R, labels)``."""
    precision = tables / np.maximum(tables.sum(1, keepdims=True), 1)
    recall = tables / np.maximum(tables.sum(2, keepdims=True), 1)
    f1 = 2 * tables / np.maximum(tables.sum(1, keepdims=True) + tables.sum(2, keepdims=True), 1)
    best = f1.argmax(2)
    taken = (
        np.take_along_axis(kind, best[..., None], 2)[..., 0] for kind in (precision, recall, f1)
    )
    return (best, *taken)


def _placed(value: float, drawn: Floats) -> Score:
    return estimate(value, drawn - drawn.mean() + value)


def _ratio(part: Floats, whole: Floats, empty: float = 0.0) -> Floats:
    """``part / whole``, and ``empty`` where there is nothing to share."""
    some = np.abs(whole) > 1e-12
    return np.where(some, part / np.where(some, whole, 1), empty)


def _rand(counts: Floats, of_labels: Floats, of_clusters: Floats) -> Floats:
    def pairs(n: Floats) -> Floats:
        return n * (n - 1) / 2

    together = pairs(counts).sum((1, 2))
    rows, columns = pairs(of_labels).sum(1), pairs(of_clusters).sum(1)
    expected = rows * columns / pairs(of_labels.sum(1))
    return _ratio(together - expected, (rows + columns) / 2 - expected)


def _expected(labels: Labels, clusters: NDArray[np.integer]) -> float:
    """Mutual information that chance is expected to give, in nats, out of scikit-learn's adjusted score."""
    scores = agreement(contingency(labels, clusters)[None], 0.0)
    adjusted = float(adjusted_mutual_info_score(labels, clusters))
    if adjusted > 1 - 1e-9:
        return 0.0  # all is shared, whatever chance would give
    table = contingency(labels, clusters).astype(np.float64)
    total = table.sum()
    entropies = [np.log(total) - xlogy(s, s).sum() / total for s in (table.sum(1), table.sum(0))]
    middle = float(np.mean(entropies))
    return (float(scores["nmi"][0]) * middle - adjusted * middle) / (1 - adjusted)

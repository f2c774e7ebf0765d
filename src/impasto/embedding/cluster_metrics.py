"""Cluster metrics (NMI, AMI, ARI, purity …) from contingency tables, with intervals and chance.

Intervals resample whole artists where they are known, else paintings, within their label, and leave
the clustering as it is. Resampling repeats paintings, which alone raises mutual information; so the
resamples give an interval's width, and the value its place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import xlogy
from sklearn.metrics import adjusted_mutual_info_score

from impasto.embedding.null_labels import NullLabels
from impasto.numerics.bootstrap import PictureDraws, estimate, resample_table, student
from impasto.numerics.metrics import contingency as counted
from impasto.records.atlas import ChanceLevel, ChanceScores, ScoreGains
from impasto.records.record import Interval

Labels = NDArray[np.int64]
Clusters = NDArray[np.integer]
Tables = NDArray[Any]
Floats = NDArray[np.float64]
CELLS: Final = 20_000_000
"""Cells of drawn tables that are in memory at a time: 160 MB, and copies of them."""


@dataclass(frozen=True, slots=True)
class BestMatches:
    """The cluster with the best F1 for each label, as a column, and its scores, ``(R, labels)``."""

    cluster: Labels
    precision: Floats
    recall: Floats
    f1: Floats


def contingency(labels: Labels, clusters: Clusters) -> Tables:
    """Count each label in each cluster, ``int64 (labels, clusters)``; noise is a cluster."""
    rows, columns = (np.unique(values, return_inverse=True)[1] for values in (labels, clusters))
    return counted(rows, columns, (int(rows.max()) + 1, int(columns.max()) + 1))


def stacked_scores(tables: Tables, expected: float) -> dict[str, Floats]:
    """Return the scores of tables ``(R, labels, clusters)``, each ``(R,)``.

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
    nmi = _ratio(shared, middle)
    return {
        "nmi": nmi,
        "ami": _ratio(shared - expected, middle - expected),
        "ari": _adjusted_rand(counts, of_labels, of_clusters),
        "v_measure": nmi,
        # One label alone makes all clusters pure, and one cluster alone holds every label whole
        "homogeneity": _ratio(shared, label_entropy, empty=1.0),
        "completeness": _ratio(shared, cluster_entropy, empty=1.0),
        "purity": counts.max(1).sum(1) / total,
    }


def score_estimates(
    labels: Labels,
    clusters: Clusters,
    *,
    resamples: int,
    seed: int,
    artists: PictureDraws | None = None,
) -> dict[str, Interval]:
    """Return every score with its 95 % interval.

    Args:
        labels: of each painting, ``(N,)``.
        clusters: of each painting, ``(N,)``.
        resamples: of paintings.
        seed: of these resamples.
        artists: the paintings' artists drawn again, in place of ``resamples``; ``None``: paintings
            are drawn one by one.
    """
    rows, columns = (np.unique(values, return_inverse=True)[1] for values in (labels, clusters))
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    expected = _expected(labels, clusters)
    values = stacked_scores(counted(rows, columns, shape)[None], expected)
    drawn = _joined(
        stacked_scores(tables, expected)
        for tables in _drawn_tables(rows, columns, shape, resamples, seed, artists)
    )
    return {name: _centred_estimate(values[name][0], drawn[name], artists) for name in values}


def chance_scores(labels: Labels, clusters: Clusters, null: NullLabels) -> ChanceScores:
    """Return the scores of shuffled labels.

    The p value counts the shufflings, the real labels among them, that score as high.
    """
    expected = _expected(labels, clusters)
    real = stacked_scores(contingency(labels, clusters)[None], expected)
    cells = len(np.unique(labels)) * len(np.unique(clusters))
    ends = np.cumsum([0, *_portions(len(null.labels), cells)])
    drawn = _joined(
        stacked_scores(shuffled_tables(labels, clusters, null, slice(start, end)), expected)
        for start, end in pairwise(ends.tolist())
    )

    def level(name: str) -> ChanceLevel:
        as_high = (drawn[name] >= real[name][0] - 1e-12).sum()
        return ChanceLevel(
            mean=float(drawn[name].mean()),
            high=float(np.quantile(drawn[name], 0.95)),
            p=float((1 + as_high) / (1 + len(null.labels))),
        )

    names = ("nmi", "ami", "ari", "purity")
    return ChanceScores(shuffled=null.shuffled, **{name: level(name) for name in names})


def shuffled_tables(
    labels: Labels, clusters: Clusters, null: NullLabels, part: slice = slice(None)
) -> Tables:
    """Return contingency tables of shuffled labels, ``(shufflings, labels, clusters)``.

    ``part``: those of some shufflings only.
    """
    known, columns = np.unique(labels), np.unique(clusters, return_inverse=True)[1]
    shape = len(known), int(columns.max()) + 1
    return np.stack(
        [counted(np.searchsorted(known, drawn), columns, shape) for drawn in null.labels[part]]
    )


def score_gains(
    labels: Labels,
    clusters: Clusters,
    others: Clusters,
    *,
    resamples: int,
    seed: int,
    artists: PictureDraws | None = None,
) -> ScoreGains:
    """Return the scores of a clustering less those of another, paired on the same resamples.

    ``artists`` as of ``score_estimates``.
    """
    first, second = (np.unique(values, return_inverse=True)[1] for values in (clusters, others))
    columns = int(second.max()) + 1
    # Each pair of clusters is one column, so that both clusterings see the same paintings
    pairs, places = first * columns + second, np.arange((int(first.max()) + 1) * columns)
    if len(np.unique(labels)) * len(places) * resamples > CELLS:  # then without the empty ones
        places, pairs = np.unique(pairs, return_inverse=True)
    shape = len(np.unique(labels)), len(places)
    rows = np.unique(labels, return_inverse=True)[1]
    expected, other_expected = _expected(labels, clusters), _expected(labels, others)
    values = stacked_scores(contingency(labels, clusters)[None], expected)
    other_values = stacked_scores(contingency(labels, others)[None], other_expected)
    parts, other_parts = [], []
    for drawn in _drawn_tables(rows, pairs, shape, resamples, seed, artists):
        parts.append(stacked_scores(_summed(drawn, places // columns), expected))
        other_parts.append(stacked_scores(_summed(drawn, places % columns), other_expected))
    spread, other_spread = _joined(parts), _joined(other_parts)

    def gain(name: str) -> Interval:
        value = values[name][0] - other_values[name][0]
        return _centred_estimate(value, spread[name] - other_spread[name], artists)

    return ScoreGains(**{name: gain(name) for name in ScoreGains.model_fields})


def best_matches(tables: Tables) -> BestMatches:
    """Return the best cluster of each label by F1."""
    of_clusters, of_labels = tables.sum(1, keepdims=True), tables.sum(2, keepdims=True)
    f1 = 2 * tables / np.maximum(of_clusters + of_labels, 1)
    best = f1.argmax(2)

    def taken(values: Floats) -> Floats:
        return np.take_along_axis(values, best[..., None], 2)[..., 0]

    precision = taken(tables / np.maximum(of_clusters, 1))
    return BestMatches(best, precision, taken(tables / np.maximum(of_labels, 1)), taken(f1))


def _drawn_tables(
    rows: Labels,
    columns: Labels,
    shape: tuple[int, int],
    resamples: int,
    seed: int,
    artists: PictureDraws | None,
) -> Iterator[Tables]:
    """Tables ``(R, *shape)`` of paintings, or of artists with all their paintings, drawn again."""
    cells = shape[0] * shape[1]
    if artists is None:
        rng, table = np.random.default_rng(seed), counted(rows, columns, shape)
        for draws in _portions(resamples, cells):
            yield resample_table(table, draws, rng)
        return
    place = rows * shape[1] + columns
    of_units = csr_array((np.ones(len(rows)), (artists.unit, place)), shape=(artists.units, cells))
    weights, start = artists.weights[1:], 0
    for draws in _portions(len(weights), cells):
        yield np.asarray(weights[start : start + draws] @ of_units).reshape(draws, *shape)
        start += draws


def _portions(draws: int, cells: int) -> list[int]:
    """Draws of tables in portions of at most ``CELLS`` cells."""
    most = max(1, CELLS // max(cells, 1))
    return [min(most, draws - start) for start in range(0, draws, most)]


def _joined(parts: Iterable[dict[str, Floats]]) -> dict[str, Floats]:
    """Scores of several portions of draws as those of all."""
    several = list(parts)
    return {name: np.concatenate([part[name] for part in several]) for name in several[0]}


def _summed(tables: Tables, cluster: Labels) -> Tables:
    """Tables ``(R, labels, columns)`` with the columns of one cluster added up."""
    one_hot = csr_array(
        (np.ones(len(cluster), np.int64), (np.arange(len(cluster)), cluster)),
        shape=(len(cluster), int(cluster.max()) + 1),
    )
    flat = tables.reshape(-1, len(cluster)) @ one_hot
    return np.asarray(flat).reshape(*tables.shape[:2], -1)


def _centred_estimate(
    value: float | np.floating, drawn: Floats, artists: PictureDraws | None
) -> Interval:
    if artists is None:
        return Interval(**estimate(value, drawn - drawn.mean() + value))
    wide = student(artists.freedom()) * float(drawn.std())
    return Interval(value=float(value), low=float(value) - wide, high=min(1.0, value + wide))


def _ratio(part: Floats, whole: Floats, empty: float = 0.0) -> Floats:
    """``part / whole``, and ``empty`` where there is nothing to share."""
    some = np.abs(whole) > 1e-12
    return np.where(some, part / np.where(some, whole, 1), empty)


def _adjusted_rand(counts: Floats, of_labels: Floats, of_clusters: Floats) -> Floats:
    def pairs(n: Floats) -> Floats:
        return n * (n - 1) / 2

    together = pairs(counts).sum((1, 2))
    rows, columns = pairs(of_labels).sum(1), pairs(of_clusters).sum(1)
    expected = rows * columns / pairs(of_labels.sum(1))
    return _ratio(together - expected, (rows + columns) / 2 - expected)


def _expected(labels: Labels, clusters: Clusters) -> float:
    """Mutual information by chance in nats, solved from scikit-learn's adjusted score."""
    table = contingency(labels, clusters)
    adjusted = float(adjusted_mutual_info_score(labels, clusters))
    if adjusted > 1 - 1e-9:
        return 0.0  # all is shared, whatever chance would give
    nmi = float(stacked_scores(table[None], 0.0)["nmi"][0])
    counts = table.astype(np.float64)
    total = counts.sum()
    entropies = [np.log(total) - xlogy(s, s).sum() / total for s in (counts.sum(1), counts.sum(0))]
    middle = float(np.mean(entropies))
    return (nmi * middle - adjusted * middle) / (1 - adjusted)

"""Retrieval of the same style between artists: mean average precision, pair AUC, and chance.

Paintings by one artist look alike, so an embedding of artists alone would retrieve the same style.
A query therefore never meets paintings by its own artist. Scores are means over styles.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.embedding.reference_labels import ReferenceLabels
from impasto.embedding.settings import AtlasSettings
from impasto.embedding.vectors import Vectors
from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.neighbours import unit
from impasto.numerics.retrieval import (
    Ranking,
    average_precision,
    csls,
    hubness,
    mutual_proximity,
    pair_auc,
)
from impasto.records.atlas import (
    ChanceLevel,
    Measure,
    RetrievalChance,
    RetrievalScores,
    Scope,
    StyleRetrieval,
)
from impasto.records.record import Interval

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
QUERIES = 1000  # paintings that others are looked for, drawn with the seed, evenly over styles
SEARCHED = 3000  # paintings by known artists among which they are looked for
FEWEST_ARTISTS = 5  # known artists, below which nothing is retrieved


@dataclass(frozen=True, slots=True)
class _Task:
    """The drawn paintings.

    Attributes:
        rows: that are searched, as places in the scope, ``int64 (M,)``.
        queries: those of them that others are looked for, as places in ``rows``, ``int64 (Q,)``.
        styles: of ``rows``.
        artists: likewise.
    """

    rows: Labels
    queries: Labels
    styles: Labels
    artists: Labels

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Pairs of query and painting by two artists, ``bool (Q, M)``."""
        return np.asarray(self.artists[self.queries][:, None] != self.artists[None])


def style_retrieval(
    vectors: Vectors,
    labels: ReferenceLabels,
    scope: Scope,
    settings: AtlasSettings,
    *,
    chance: bool,
) -> StyleRetrieval | None:
    """Retrieve paintings of the same style by other artists, by cosine and corrected for hubs.

    Args:
        vectors: of the whole collection, prepared, ``(N, D)``.
        labels: of its paintings.
        scope: the paintings that are searched.
        settings: of the atlas.
        chance: whether styles are shuffled for the level of chance.

    Returns:
        ``None`` where fewer than five artists are known, or fewer than two styles have paintings by
        two artists.
    """
    task = _drawn(labels, scope, settings.seed)
    if task is None:
        return None
    units = unit(vectors[labels.scopes[scope][task.rows]])
    items = units @ units.T
    items[task.artists[:, None] == task.artists[None]] = -np.inf
    cosines = items[task.queries]
    corrected: dict[Measure, Vectors] = {
        "cosine": cosines,
        "csls": csls(cosines, items),
        "mutual_proximity": mutual_proximity(cosines, items),
    }
    null = labels.null(scope, shufflings=settings.permutations, seed=settings.seed)
    shuffled = null.labels[:, task.rows] if chance else None
    styles = task.styles[task.queries]
    return StyleRetrieval(
        scope=scope,
        queries=len(task.queries),
        artists=len(np.unique(task.artists[task.queries])),
        searched=len(task.rows),
        styles=len(np.unique(styles)),
        shuffled=null.shuffled,
        scores={
            measure: _scores(similarity, task, shuffled, settings)
            for measure, similarity in corrected.items()
        },
    )


def _drawn(labels: ReferenceLabels, scope: Scope, seed: int) -> _Task | None:
    """Paintings by known artists, and queries of styles that have two artists."""
    styles, artists = labels.styles[labels.scopes[scope]], labels.artists[labels.scopes[scope]]
    rng = np.random.default_rng([seed, 7])
    rows = np.sort(rng.permutation(np.flatnonzero(artists >= 0))[:SEARCHED])
    styles, artists = styles[rows], artists[rows]
    several = [
        style for style in np.unique(styles) if len(np.unique(artists[styles == style])) >= 2
    ]
    if len(several) < 2 or len(np.unique(artists)) < FEWEST_ARTISTS:
        return None
    each = max(1, QUERIES // len(several))
    chosen = [rng.permutation(np.flatnonzero(styles == style))[:each] for style in several]
    return _Task(rows, np.sort(np.concatenate(chosen)), styles, artists)


def _scores(
    similarity: Vectors, task: _Task, shuffled: NDArray[np.integer] | None, settings: AtlasSettings
) -> RetrievalScores:
    ranking = Ranking.of(similarity, task.allowed)
    styles = task.styles[task.queries]
    precision, auc = _each(ranking, task.styles, task.queries)
    draws = PictureDraws.make(
        np.unique(styles, return_inverse=True)[1],
        len(np.unique(styles)),
        task.artists[task.queries],
        resamples=settings.bootstrap_samples,
        seed=settings.seed,
    )

    def estimated(values: Floats) -> Interval:
        return Interval(**draws.estimate(_means(values, draws)))

    levels = None
    if shuffled is not None:
        pairs = [_each(ranking, drawn, task.queries) for drawn in shuffled]
        drawn = np.array(
            [
                [_over_styles(values, names[task.queries]) for values in pair]
                for pair, names in zip(pairs, shuffled, strict=True)
            ]
        )
        levels = RetrievalChance(
            mean_average_precision=_level(_over_styles(precision, styles), drawn[:, 0]),
            pair_auc=_level(_over_styles(auc, styles), drawn[:, 1]),
        )
    return RetrievalScores(
        mean_average_precision=estimated(precision),
        pair_auc=estimated(auc),
        hubness=hubness(similarity),
        chance=levels,
    )


def _each(ranking: Ranking, styles: Labels, queries: Labels) -> tuple[Floats, Floats]:
    """Average precision and pair AUC of each query, both ``(Q,)``."""
    relevant = ranking.relevant(styles[queries], styles)
    return average_precision(relevant), pair_auc(relevant, ranking.allowed)


def _over_styles(values: Floats, styles: Labels) -> float:
    """The mean over styles of the means of their queries; queries without a score are left out."""
    known = ~np.isnan(values)
    sums = np.bincount(styles[known], weights=values[known])
    counts = np.bincount(styles[known])
    return float((sums[counts > 0] / counts[counts > 0]).mean())


def _means(values: Floats, draws: PictureDraws) -> Floats:
    """The mean over styles in each draw, ``(1 + resamples,)``."""
    known = np.where(np.isnan(values), 0, values)
    of_style = draws.labels[:, None] == np.arange(draws.styles)
    counted = of_style & ~np.isnan(values)[:, None]
    weights = draws.weights[:, draws.unit].astype(np.float64)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a draw without any query of a style
        means = (weights @ (counted * known[:, None])) / (weights @ counted)
        return np.asarray(np.nanmean(means, 1))


def _level(real: float, drawn: Floats) -> ChanceLevel:
    as_high = (drawn >= real - 1e-12).sum()
    return ChanceLevel(
        mean=float(drawn.mean()),
        high=float(np.quantile(drawn, 0.95)),
        p=float((1 + as_high) / (1 + len(drawn))),
    )

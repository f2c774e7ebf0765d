"""Bootstrap: resampled pictures, artists or seeds, and 95 % intervals.

Resamples after Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter
13. ``PictureDraws`` is behind every interval of a classifier's scores: whole artists are drawn
again where they are known (cluster bootstrap: Davison and Hinkley 1997, "Bootstrap methods and
their application", section 3.8), else pictures. Both within styles, because the number of test
pictures of a style was fixed beforehand, and one fewer than there are, so that the variance does
not come out (n − 1)/n of what it is (Rao and Wu 1988, "Resampling inference with complex survey
data"). A difference of two methods is paired: both are scored on the same draws.

Few units tell little of their own spread: the normal quantile gives way to Student's t with as many
degrees of freedom as there are units beyond one a style. A score between 0 and 1 has Wilson's
interval of as many pictures as its resamples' variance is worth (effective sample size: Korn and
Graubard 1998, "Confidence intervals for proportions with small expected number of positive
counts"), so that none is of width zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from impasto.numerics.metrics import Confusions, contingency, stacked_scores, weighted_confusions

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Score = dict[str, float]
"""A number and its 95 % interval: ``value``, ``low``, ``high``."""
LEVEL = 0.95
Z = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""
SAME = 1e-6
"""Range of resamples that differ by rounding alone."""


def interval(drawn: NDArray[np.floating]) -> Score:
    """95 % percentile interval of resampled values ``(resamples,)``: ``low`` and ``high``."""
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"low": float(low), "high": float(high)}


def estimate(
    value: float | np.floating | NDArray[np.floating], drawn: NDArray[np.floating]
) -> Score:
    """A value with the 95 % interval of its resamples ``(resamples,)``."""
    return {"value": float(value), **interval(drawn)}


def wilson(share: float, count: float, quantile: float = Z) -> Score:
    """Wilson's 95 % interval (1927) of a share of ``count`` independent pictures.

    It has a width at 0 and 1, where every resample is the same. ``quantile`` is the standard
    normal's, or Student's where ``count`` was estimated.
    """
    square = quantile**2
    centre = share + square / (2 * count)
    spread = share * (1 - share) / count + square / (4 * count**2)
    low, high = (
        (centre + side * quantile * spread**0.5) / (1 + square / count) for side in (-1, 1)
    )
    return {"value": share, "low": max(0.0, low), "high": min(1.0, high)}


def draw_weights(
    groups: Labels,
    resamples: int,
    rng: np.random.Generator,
    *,
    sizes: NDArray[np.floating] | None = None,
    dtype: type[np.floating[Any]] = np.float64,
) -> NDArray[Any]:
    """Weight of each unit in each resample, ``(resamples, N)``; groups keep their sum of weights.

    One unit fewer than a group has is drawn, and weighs that much more. Of units of unequal sizes
    fewer are drawn: a large one draws the mean to itself, and the others' spread looks smaller.

    Args:
        groups: the class of each unit, ``(N,)``; all equal: units are drawn from the whole.
        resamples: the number of draws.
        rng: source of the draws.
        sizes: pictures of each unit, ``(N,)``; ``None``: all the same.
        dtype: of the result; ``float32`` takes half the memory.
    """
    weights = np.zeros((resamples, len(groups)), dtype)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        worth = len(rows) if sizes is None else kish(sizes[rows])
        drawn = max(1, int(np.ceil(len(rows) * (1 - 1 / worth) - 1e-9)))
        shares = np.full(len(rows), 1 / len(rows))
        weights[:, rows] = rng.multinomial(drawn, shares, resamples) * (len(rows) / drawn)
    return weights


def kish(sizes: NDArray[np.floating]) -> float:
    """Kish's effective number (1965) of units with unequal numbers of pictures ``(N,)``."""
    return float(sizes.sum() ** 2 / np.square(sizes).sum())


def student(freedom: float) -> float:
    """Student's quantile of a two-sided 95 % interval."""
    return float(t.ppf((1 + LEVEL) / 2, max(freedom, 1.0)))


def artist_clusters(artists: Sequence[str | None]) -> Labels | None:
    """Pictures by artist, ``int64 (N,)``; each picture by an unknown artist stands alone.

    ``None`` where no artist is known with two pictures, and where there is one artist alone: then
    pictures can only be drawn one by one.
    """
    numbers: dict[str | int, int] = {}
    found = [
        numbers.setdefault(place if artist is None else artist, len(numbers))
        for place, artist in enumerate(artists)
    ]
    return np.array(found, np.int64) if 1 < len(numbers) < len(artists) else None


@dataclass(frozen=True, slots=True)
class PictureDraws:
    """Scored pictures drawn again: whole artists where they are known, else single pictures.

    An artist is drawn within the style of most of his pictures. The pictures of a style's only
    artist are drawn one by one, for nothing tells how another artist would have fared.

    Attributes:
        labels: the true style of each picture, ``int64 (N,)``.
        styles: the number of styles.
        unit: the unit of each picture, ``int64 (N,)``: its artist's number, or its own.
        weights: of each unit, ``float32 (1 + resamples, units)``; the first row is all ones.
    """

    labels: Labels
    styles: int
    unit: Labels
    weights: NDArray[np.float32]

    @classmethod
    def make(
        cls, labels: Labels, styles: int, clusters: Labels | None, *, resamples: int, seed: int
    ) -> "PictureDraws":
        """``resamples`` draws of the pictures with these labels.

        Args:
            labels: the true style of each picture, ``(N,)``.
            styles: the number of styles.
            clusters: of ``artist_clusters``; ``None``: every picture is a unit.
            resamples: the number of draws.
            seed: equal seeds draw the same units (paired).
        """
        unit = np.arange(len(labels)) if clusters is None else clusters
        usual = _usual_styles(labels, unit, styles)
        lone = np.flatnonzero(np.bincount(usual, minlength=styles) == 1)
        names, unit = np.unique(unit, return_inverse=True)
        alone = np.isin(usual, lone)[unit]
        unit = np.where(alone, len(names) + np.arange(len(labels)), unit)
        usual, unit = _usual_styles(labels, unit, styles), np.unique(unit, return_inverse=True)[1]
        rng = np.random.default_rng(seed)
        sizes = np.bincount(unit).astype(np.float64)
        drawn = draw_weights(usual, resamples, rng, sizes=sizes, dtype=np.float32)
        weights = np.concatenate((np.ones((1, len(usual)), np.float32), drawn))
        return cls(labels, styles, unit, weights)

    @property
    def units(self) -> int:
        """The number of units."""
        return int(self.weights.shape[1])

    def effective(self, style: int | None = None) -> float:
        """The number of units of a style, or of as many as say what all do of a mean over styles.

        The latter is Kish's effective sample size (1965).
        """
        held = self._units_by_style
        if style is not None:
            return float(held[style])
        each = held[held > 0]
        return float(len(each) ** 2 / (1 / each).sum())

    @property
    def _units_by_style(self) -> Labels:
        """The number of units of each style's pictures, ``int64 (styles,)``."""
        parts = (self.unit[self.labels == each] for each in range(self.styles))
        return np.array([len(np.unique(part)) for part in parts], np.int64)

    def freedom(self, style: int | None = None) -> float:
        """Degrees of freedom of the spread between units of a style, or of all within styles."""
        each = self._units_by_style if style is None else self._units_by_style[style : style + 1]
        return float((each[each > 0] - 1).sum())

    def confusions(self, answers: Labels) -> Floats:
        """Confusion matrices ``float64 (1 + resamples, styles, styles)`` of answers ``(N,)``.

        The first is of the pictures as they are.
        """
        found = weighted_confusions(
            self.labels, answers, self.styles, self.weights, units=self.unit
        )
        return found.astype(np.float64)

    def scores(self, answers: Labels) -> dict[str, Floats]:
        """Each of ``SCORES`` of answers ``(N,)``, ``float64 (1 + resamples,)``."""
        return stacked_scores(self.confusions(answers))

    def shares(self, hit: NDArray[np.bool_]) -> Floats:
        """Share of hits ``(N,)`` in each draw, ``float64 (1 + resamples,)``."""
        hits, counts = (
            np.bincount(self.unit, weights=each, minlength=self.units)
            for each in (hit.astype(np.float64), np.ones(len(hit)))
        )
        weights = self.weights.astype(np.float64)
        return np.asarray(weights @ hits / (weights @ counts))

    def estimate(self, values: Floats, *, least: float = 0.0, style: int | None = None) -> Score:
        """A share, or a difference of two, with its 95 % interval; see ``share_interval``.

        Args:
            values: of the pictures and of each draw, ``(1 + resamples,)``.
            least: the smallest possible value: 0 of a share, −1 of a difference.
            style: of which they are alone; ``None``: of all.
        """
        count, value = self.effective(style), float(values[0])
        if style is not None and least == 0 and self.units == len(self.labels):
            return wilson(value, count)  # of pictures drawn one by one
        return share_interval(
            value, values[1:], count=count, freedom=self.freedom(style), least=least
        )


def share_interval(
    value: float, drawn: Floats, *, count: float, freedom: float, least: float = 0.0
) -> Score:
    """A score between 0 and 1, or a difference of two, with the 95 % interval of its resamples.

    A score has Wilson's interval, of as many pictures as the variance of the resamples is worth. A
    difference has Student's, with their standard deviation. Where no resample differs, because
    everything is right or wrong or called the same, both are as wide as Wilson's of ``count``
    units.

    Args:
        value: of the pictures as they are.
        drawn: of each resample, ``(resamples,)``; NaN where one has none of the pictures.
        count: units that were scored.
        freedom: degrees of freedom of the resamples' variance.
        least: the smallest possible value: 0 of a score, −1 of a difference.
    """
    drawn, quantile = drawn[~np.isnan(drawn)], student(freedom)
    same = not len(drawn) or np.ptp(drawn) <= SAME
    if least == 0 and 0 <= value <= 1:
        if same or value in (0.0, 1.0):
            return wilson(value, count)
        return wilson(value, value * (1 - value) / float(drawn.var()), quantile)
    wide = wilson(0.0, count)["high"] if same else quantile * float(drawn.std())
    return {"value": value, "low": max(value - wide, least), "high": min(value + wide, 1.0)}


def _usual_styles(labels: Labels, unit: Labels, styles: int) -> Labels:
    """The style of most pictures of each unit, ``int64 (units,)``."""
    names, place = np.unique(unit, return_inverse=True)
    return np.asarray(contingency(place, labels, (len(names), styles)).argmax(1), np.int64)


def draw_tables(counts: Labels, shares: Floats, resamples: int, rng: np.random.Generator) -> Labels:
    """Contingency tables ``(resamples, rows, columns)`` drawn row by row from a multinomial.

    Args:
        counts: the sum of each row, ``(rows,)``.
        shares: the distribution of each row, ``(rows, columns)``.
        resamples: the number of tables.
        rng: source of the draws.
    """
    rows = [rng.multinomial(n, p, resamples) for n, p in zip(counts, shares, strict=True)]
    return np.stack(rows, axis=1)


def resample_table(table: Labels, resamples: int, rng: np.random.Generator) -> Labels:
    """Tables ``(resamples, rows, columns)`` of pictures drawn again within each row.

    It equals resampling the pictures behind a confusion matrix, at a thousandth of the cost.
    """
    counts = table.sum(1)
    shares = table / np.maximum(counts, 1)[:, None]
    shares[counts == 0, 0] = 1  # a row without pictures draws none, but must be a distribution
    return draw_tables(counts, shares, resamples, rng)


def confusion_estimates(confusion: Confusions, *, resamples: int, seed: int) -> dict[str, Score]:
    """Each score of one confusion matrix with its 95 % interval, pictures drawn within styles."""
    styles = len(confusion)
    labels, answers = np.divmod(np.repeat(np.arange(styles**2), confusion.ravel()), styles)
    draws = PictureDraws.make(labels, styles, None, resamples=resamples, seed=seed)
    return {name: draws.estimate(values) for name, values in draws.scores(answers).items()}


def resampled_means(values: Floats, *, resamples: int, seed: int) -> Floats:
    """Means of resampled rows: ``(resamples,)`` of ``(N,)``, ``(resamples, K)`` of ``(N, K)``."""
    drawn = max(1, len(values) - 1)
    places = np.random.default_rng(seed).integers(0, len(values), (resamples, drawn))
    return np.asarray(values[places].mean(1))


def mean_estimate(values: Floats, *, resamples: int, seed: int, shares: bool = False) -> Score:
    """Mean of values ``(N,)`` with its 95 % interval; equal seeds draw the same rows (paired).

    ``shares``: the values are shares, so that a mean of 0 or 1 is no certainty.
    """
    drawn = resampled_means(values, resamples=resamples, seed=seed)
    return _mean_interval(float(values.mean()), drawn, len(values), shares=shares)


def cluster_mean_estimate(
    values: Floats, clusters: Labels, *, resamples: int, seed: int, shares: bool = False
) -> Score:
    """Mean of values ``(N,)`` with its 95 % interval, whole clusters ``(N,)`` drawn again.

    ``shares``: as of ``mean_estimate``.
    """
    counts = np.bincount(clusters).astype(np.float64)
    alike, rng = np.zeros(len(counts), np.int64), np.random.default_rng(seed)
    weights = draw_weights(alike, resamples, rng, sizes=counts)
    drawn = weights @ np.bincount(clusters, weights=values) / (weights @ counts)
    return _mean_interval(float(values.mean()), drawn, len(counts), shares=shares)


def _mean_interval(value: float, drawn: Floats, units: int, *, shares: bool) -> Score:
    """Interval of a mean: Student's, with the standard deviation of the resamples."""
    if shares:
        return share_interval(value, drawn, count=units, freedom=units - 1)
    wide = student(units - 1) * float(drawn.std())
    return {"value": value, "low": value - wide, "high": value + wide}

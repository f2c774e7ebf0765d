"""Uncertainty of a comparison: intervals over pictures and seeds, paired differences, exact tests.

All from the answers ``int64 (seeds, N)`` of each method to the same N test pictures; nothing here
knows a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from impasto.numerics.bootstrap import draw_weights, estimate
from impasto.numerics.metrics import (
    mean_over_styles,
    recalls,
    stacked_scores,
    weighted_confusions,
)

Answers = NDArray[np.int64]
Floats = NDArray[np.float64]
Groups = Mapping[str, Sequence[int]]
"""Named groups of styles, by their positions in the vocabulary."""

BLOCK = 2**23
"""Cells of confusion matrices at a time:

a matrix for each seed and resample would take gigabytes at 150 styles.
"""


@dataclass(frozen=True, slots=True)
class Draws:
    """Pictures and seeds of each resample, the same for every method: comparisons are paired.

    Pictures are drawn again within each style, because the number of test pictures a style was
    settled beforehand.
    Seeds are drawn with replacement, one fewer than there are: with all of them the variance of a
        mean over n seeds
    would come out (n − 1)/n of what it is, which for three seeds is a third too small (Rao and Wu
    1988, "Resampling inference with complex survey data"). Every seed's network answers the same
    pictures, so the two are drawn independently of each other (Owen 2007, arXiv:0712.1111). A
    single seed says nothing of other seeds.

    Attributes:
        labels: ``int64 (N,)``, the true styles.
        styles: how many there are.
        pictures: ``float32 (resamples, N)``, how often each picture is drawn.
        seeds: ``float64 (resamples, seeds)``, the weight of each seed, with sum 1.
    """

    labels: NDArray[np.int64]
    styles: int
    pictures: NDArray[np.float32]
    seeds: Floats

    @classmethod
    def make(
        cls, labels: NDArray[np.int64], *, styles: int, seeds: int, resamples: int, seed: int
    ) -> "Draws":
        """``resamples`` draws of the pictures with these labels and of ``seeds`` seeds."""
        generator = np.random.default_rng(seed)
        pictures = draw_weights(labels, resamples, generator, dtype=np.float32)
        drawn = max(1, seeds - 1)
        weights = generator.multinomial(drawn, np.full(seeds, 1 / seeds), resamples) / drawn
        return cls(labels, styles, pictures, weights)

    def confusions(self, answers: Answers) -> NDArray[np.float32]:
        """``float32 (seeds, resamples, styles, styles)``.

        The confusion matrices of each seed's drawn pictures.
        """
        each = [
            weighted_confusions(self.labels, predicted, self.styles, self.pictures)
            for predicted in answers
        ]
        return np.stack(each)


def scores(
    answers: Answers, labels: NDArray[np.int64], styles: int, groups: Groups
) -> dict[str, Floats]:
    """Each seed's scores, ``float64 (seeds,)``; a group without test pictures has none."""
    whole = Draws(labels, styles, np.ones((1, len(labels)), np.float32), np.empty((1, 0)))
    return {
        name: values[:, 0] for name, values in _scores(whole.confusions(answers), groups).items()
    }


def resampled(answers: Answers, draws: Draws, groups: Groups) -> dict[str, Floats]:
    """Scores of each resample, averaged over the seeds that it drew, ``float64 (resamples,)``."""
    block, parts = max(1, BLOCK // (len(answers) * draws.styles**2)), []
    for start in range(0, len(draws.pictures), block):
        some = slice(start, start + block)
        part = replace(draws, pictures=draws.pictures[some], seeds=draws.seeds[some])
        by_seed = _scores(part.confusions(answers), groups)
        parts.append({name: (values.T * part.seeds).sum(1) for name, values in by_seed.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _scores(confusions: NDArray[np.float32], groups: Groups) -> dict[str, Floats]:
    """Scores ``(seeds, resamples)`` of matrices ``(seeds, resamples, styles, styles)``, by name."""
    exact = confusions.astype(np.float64)
    named, recall = stacked_scores(exact), recalls(exact)
    for name, members in groups.items():
        tested = [style for style in members if exact[0, 0, style].sum() > 0]
        if tested:
            named[name] = mean_over_styles(recall[..., tested])
    return named


def summary(values: Floats, drawn: Floats) -> dict[str, float]:
    """The mean over seeds with its 95 % interval: ``value``, ``low``, ``high``.

    Args:
        values: of each seed, or its difference to plain training, ``(seeds,)``.
        drawn: the same of each resample, ``(resamples,)``.
    """
    return estimate(values.mean(), drawn)


@dataclass(frozen=True, slots=True)
class SignTest:
    """The exact McNemar test of two kinds of training on the same pictures.

    A picture counts as *gained* when more seeds' networks answer it rightly with the method than
    with plain training, as *lost* when fewer do, and not at all otherwise. So each picture speaks
    once, however many seeds there are: the answers of several seeds to one picture are no
    independent pictures. With one seed it is McNemar's test (1947); with several the sign test over
    pictures. It speaks of these networks, not of other seeds, and of accuracy.

    Attributes:
        gained: pictures.
        lost: pictures.
        p: two-sided, of as uneven a division if each picture that changed were as likely gained as
            lost.
        seeds: gained and lost pictures of each seed alone.
    """

    gained: int
    lost: int
    p: float
    seeds: tuple[tuple[int, int], ...]


def sign_test(plain: Answers, method: Answers, labels: NDArray[np.int64]) -> SignTest:
    """The test of answers ``(seeds, N)`` against those of plain training."""
    change = (method == labels).astype(np.int64) - (plain == labels)  # (seeds, N)
    gained, lost = int((change.sum(0) > 0).sum()), int((change.sum(0) < 0).sum())
    p = float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0
    return SignTest(
        gained, lost, p, tuple((int((row > 0).sum()), int((row < 0).sum())) for row in change)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979).

    The chance of any false alarm among all tests stays below the level.
    """
    order = np.argsort(p_values, kind="stable")
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected

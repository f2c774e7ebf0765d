"""Uncertainty of a comparison: intervals over pictures and seeds, paired differences, exact tests.

All from the answers ``int64 (seeds, N)`` of each method to the same N test pictures; nothing here
knows a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.metrics import mean_over_styles, recalls, stacked_scores
from impasto.numerics.sign_tests import sign_flip_p

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

    Pictures, or whole artists, are drawn as for a single network (``PictureDraws``). Seeds are
    drawn with replacement, one fewer than there are: with all of them the variance of a mean over n
    seeds would come out (n − 1)/n of what it is, which for three seeds is a third too small (Rao
    and Wu 1988, "Resampling inference with complex survey data"). Every seed's network answers the
    same pictures, so the two are drawn independently of each other (Owen 2007, arXiv:0712.1111). A
    single seed says nothing of other seeds.

    Attributes:
        pictures: the scored pictures drawn again; the first draw is the pictures as they are.
        seeds: ``float64 (1 + resamples, seeds)``, the weight of each seed, with sum 1.
    """

    pictures: PictureDraws
    seeds: Floats

    @classmethod
    def make(cls, pictures: PictureDraws, *, seeds: int, seed: int) -> "Draws":
        """As many draws of ``seeds`` seeds as there are of the pictures."""
        generator = np.random.default_rng([seed, 1])  # apart from that of the pictures
        drawn, resamples = max(1, seeds - 1), len(pictures.weights) - 1
        weights = generator.multinomial(drawn, np.full(seeds, 1 / seeds), resamples) / drawn
        return cls(pictures, np.concatenate((np.full((1, seeds), 1 / seeds), weights)))

    def part(self, some: slice) -> "Draws":
        """Some of the draws."""
        pictures = replace(self.pictures, weights=self.pictures.weights[some])
        return Draws(pictures, self.seeds[some])

    def confusions(self, answers: Answers) -> Floats:
        """Confusion matrices of each seed's drawn pictures, ``(seeds, draws, styles, styles)``."""
        return np.stack([self.pictures.confusions(predicted) for predicted in answers])

    def summary(self, values: Floats, *, least: float = 0.0) -> dict[str, float]:
        """A score with its 95 % interval: ``value``, ``low``, ``high``.

        Args:
            values: the mean over seeds, and that of each resample, ``(1 + resamples,)``.
            least: the smallest possible value: 0 of a share, −1 of a difference.
        """
        return self.pictures.estimate(values, least=least)


def scores(answers: Answers, draws: Draws, groups: Groups) -> dict[str, Floats]:
    """Each seed's scores, ``float64 (seeds,)``; a group without test pictures has none."""
    whole = draws.part(slice(1)).confusions(answers)
    return {name: values[:, 0] for name, values in _scores(whole, groups).items()}


def resampled(answers: Answers, draws: Draws, groups: Groups) -> dict[str, Floats]:
    """Scores, means over the seeds, as they are and of each resample, ``(1 + resamples,)``.

    A group without test pictures has none.
    """
    block, parts = max(1, BLOCK // (len(answers) * draws.pictures.styles**2)), []
    tested = np.bincount(draws.pictures.labels, minlength=draws.pictures.styles) > 0
    groups = {name: [at for at in members if tested[at]] for name, members in groups.items()}
    for start in range(0, len(draws.seeds), block):
        part = draws.part(slice(start, start + block))
        by_seed = _scores(part.confusions(answers), groups)
        parts.append({name: (values.T * part.seeds).sum(1) for name, values in by_seed.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _scores(confusions: Floats, groups: Groups) -> dict[str, Floats]:
    """Scores ``(seeds, draws)`` of matrices ``(seeds, draws, styles, styles)``, by name."""
    named, recall = stacked_scores(confusions), recalls(confusions)
    for name, members in groups.items():
        values = mean_over_styles(recall[..., list(members)])
        if not np.isnan(values).all():
            named[name] = values
    return named


@dataclass(frozen=True, slots=True)
class SignTest:
    """The exact sign test of two kinds of training on the same pictures.

    A picture counts as *gained* when more seeds' networks answer it rightly with the method than
    with plain training, as *lost* when fewer do, and not at all otherwise. So each picture speaks
    once, however many seeds there are: the answers of several seeds to one picture are no
    independent pictures. Where artists are known, each artist's gained less lost pictures change
    sign as one, as likely as not: pictures by one artist are gained or lost together. Without
    artists, and with one seed, it is McNemar's exact test (1947). It speaks of these networks, not
    of other seeds, and of accuracy.

    Attributes:
        gained: pictures.
        lost: pictures.
        p: two-sided, of a sum as far from zero.
        seeds: gained and lost pictures of each seed alone.
    """

    gained: int
    lost: int
    p: float
    seeds: tuple[tuple[int, int], ...]


def sign_test(
    plain: Answers, method: Answers, labels: NDArray[np.int64], unit: NDArray[np.int64]
) -> SignTest:
    """The test of answers ``(seeds, N)`` against those of plain training.

    Args:
        plain: of plain training.
        method: of the method.
        labels: the true styles, ``(N,)``.
        unit: of each picture, ``(N,)``: its artist's number, or its own.
    """
    change = (method == labels).astype(np.int64) - (plain == labels)  # (seeds, N)
    signs = np.sign(change.sum(0))
    return SignTest(
        int((signs > 0).sum()),
        int((signs < 0).sum()),
        sign_flip_p(np.bincount(unit, weights=signs).astype(np.int64)),
        tuple((int((row > 0).sum()), int((row < 0).sum())) for row in change),
    )

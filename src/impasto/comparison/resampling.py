"""How sure a comparison is: intervals over test pictures and seeds, paired differences, exact tests.

All from the answers ``int64 (seeds, N)`` of each remedy to the same N test pictures; nothing here
knows a network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from impasto.numerics.bootstrap import confusion_scores, interval

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
    """Which pictures and seeds each resample holds, the same for every remedy, so that remedies are compared in pairs.

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
        pictures = np.zeros((resamples, len(labels)), np.float32)
        for style in range(styles):
            mine = np.flatnonzero(labels == style)
            if len(mine):
                pictures[:, mine] = generator.multinomial(
                    len(mine), np.full(len(mine), 1 / len(mine)), resamples
                )
        drawn = max(1, seeds - 1)
        weights = generator.multinomial(drawn, np.full(seeds, 1 / seeds), resamples) / drawn
        return cls(labels, styles, pictures, weights)

    def confusions(self, answers: Answers) -> NDArray[np.float32]:
        """``float32 (seeds, resamples, styles, styles)``.

        The confusion matrices of each seed's drawn pictures.
        """
        seeds, resamples = len(answers), len(self.pictures)
        made = np.zeros((seeds, resamples, self.styles, self.styles), np.float32)
        named = np.eye(self.styles, dtype=np.float32)
        for style in range(self.styles):
            mine = self.labels == style
            for seed in range(seeds):
                made[seed, :, style] = self.pictures[:, mine] @ named[answers[seed, mine]]
        return made


def scores(
    answers: Answers, labels: NDArray[np.int64], styles: int, groups: Groups
) -> dict[str, Floats]:
    """Each seed's scores, ``float64 (seeds,)``; a group without test pictures has none."""
    whole = Draws(labels, styles, np.ones((1, len(labels)), np.float32), np.empty((1, 0)))
    return {
        name: values[:, 0] for name, values in _scores(whole.confusions(answers), groups).items()
    }


def resampled(answers: Answers, draws: Draws, groups: Groups) -> dict[str, Floats]:
    """The scores of each resample, averaged over the seeds that it drew, ``float64 (resamples,)``."""
    block, parts = max(1, BLOCK // (len(answers) * draws.styles**2)), []
    for start in range(0, len(draws.pictures), block):
        some = slice(start, start + block)
        part = replace(draws, pictures=draws.pictures[some], seeds=draws.seeds[some])
        by_seed = _scores(part.confusions(answers), groups)
        parts.append({name: (values.T * part.seeds).sum(1) for name, values in by_seed.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _scores(confusions: NDArray[np.float32], groups: Groups) -> dict[str, Floats]:
    """Scores by name of confusion matrices ``(seeds, resamples, styles, styles)``, each ``(seeds, resamples)``."""
    seeds, resamples, styles, _ = confusions.shape
    flat = confusions.reshape(-1, styles, styles).astype(np.float64)
    named = dict(confusion_scores(flat))  # type: ignore[arg-type]
    true = flat.sum(2)
    recall = np.diagonal(flat, axis1=1, axis2=2) / np.maximum(true, 1)
    for name, members in groups.items():
        tested = [style for style in members if true[0, style] > 0]
        if tested:
            named[name] = recall[:, tested].mean(1)
    return {name: np.asarray(values).reshape(seeds, resamples) for name, values in named.items()}


def summary(values: Floats, drawn: Floats) -> dict[str, float]:
    """The mean over seeds with its 95 % interval: ``value``, ``low``, ``high``.

    Args:
        values: of each seed, or its difference to plain training, ``(seeds,)``.
        drawn: the same of each resample, ``(resamples,)``.
    """
    return {"value": float(values.mean()), **interval(drawn)}


@dataclass(frozen=True, slots=True)
class SignTest:
    """The exact McNemar test of two kinds of training on the same pictures.

    A picture counts as *gained* when more seeds' networks answer it rightly with the remedy than
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


def sign_test(plain: Answers, remedy: Answers, labels: NDArray[np.int64]) -> SignTest:
    """The test of answers ``(seeds, N)`` against those of plain training."""
    change = (remedy == labels).astype(np.int64) - (plain == labels)  # (seeds, N)
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

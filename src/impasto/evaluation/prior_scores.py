"""Scores of answers under two priors: every style equally frequent, or as in the training.

Predictions of another program may have but one, which nobody knows (``given``).

Answers depend on how frequent styles are supposed to be. Accuracy rewards supposing the mix that
the test split has; balanced accuracy and macro-F1 weigh styles alike. So accuracy and top-3 are
read under the prior that matches the split, the others under the uniform one, for the network and
for every baseline alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.numerics.bootstrap import PictureDraws
from impasto.records.evaluation import (
    MATCHED,
    AnswerPrior,
    BaselineScores,
    Prior,
    ScoreTable,
    TestMix,
)
from impasto.records.record import Interval

T = TypeVar("T")
Floats = NDArray[np.float64]
Drawn = Mapping[AnswerPrior, Mapping[str, Floats]]
"""By prior and name: a score of the pictures as they are and of each draw, ``(1 + resamples,)``."""


def matching_prior(collection: Collection, shares: Floats, *, own: bool) -> TestMix:
    """The prior nearer to the mix of styles of a collection's test split, as it was declared.

    Args:
        collection: with the test split.
        shares: the styles' shares of the pictures that the network was trained on, ``(styles,)``.
        own: whether the collection is the one that it was trained on.
    """
    how = collection.record.split
    if own and how != "given":
        unit = "whole artists were" if how == "artist" else "each style was"
        return TestMix(prior="train", reason=f"{unit} divided between training and test")
    counts = collection.counts("test")
    tested = counts / counts.sum()
    moved = {
        "train": float(np.abs(tested - shares).sum() / 2),
        "uniform": float(np.abs(tested - (counts > 0) / (counts > 0).sum()).sum() / 2),
    }
    prior: Prior = "train" if moved["train"] < moved["uniform"] else "uniform"
    reason = (
        f"the test split was given; {100 * moved['uniform']:.0f} % of its pictures would have to "
        f"change style for equal frequencies, {100 * moved['train']:.0f} % for those of training"
    )
    return TestMix(prior=prior, reason=reason)


@dataclass(frozen=True, slots=True)
class PriorScores:
    """Scores under both priors, from one set of draws.

    Attributes:
        draws: of the test pictures.
        mix: the prior that matches the test split.
    """

    draws: PictureDraws
    mix: Prior

    def drawn(self, answers: Mapping[AnswerPrior, NDArray[np.int64]]) -> Drawn:
        """Scores of answers ``(N,)`` by prior."""
        return {prior: self.draws.scores(own) for prior, own in answers.items()}

    def tables(self, drawn: Drawn) -> dict[AnswerPrior, ScoreTable]:
        """Scores with their intervals by prior."""
        return {prior: self._table(values) for prior, values in drawn.items()}

    def read(self, by_prior: Mapping[AnswerPrior, Mapping[str, T]]) -> dict[str, T]:
        """Each score under the prior that it is read under."""
        if "given" in by_prior:
            return dict(by_prior["given"])
        return {
            name: by_prior[self.mix if name in MATCHED else "uniform"][name]
            for name in by_prior["uniform"]
        }

    def baseline(self, drawn: Drawn, network: Drawn, note: str | None) -> BaselineScores:
        """A baseline's scores, and how much higher the network's are."""
        tables, own, other = self.tables(drawn), self.read(network), self.read(drawn)
        gains = {name: own[name] - other[name] for name in other if name in own}
        return BaselineScores(
            scores=self.read(tables),
            by_prior=tables,
            gains=self._table(gains, least=-1),
            note=note,
        )

    def _table(self, values: Mapping[str, Floats], least: float = 0) -> ScoreTable:
        return {
            name: Interval(**self.draws.estimate(each, least=least))
            for name, each in values.items()
        }

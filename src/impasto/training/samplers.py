"""Samplers: batches where styles are not drawn as often as they occur.

Like ``Batches``, everything here is a function of (seed, step) alone: a training that continues at
any step takes the very pictures that it would have taken, and several processes agree without a
word.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.collection.batches import Batches
from impasto.training.imbalance import BalanceSettings, Sampling, sampled_shares

Rows = NDArray[np.int64]
TRAINING, PARTNERS = 1, 2  # streams of random numbers, one for the pictures mixed in


@dataclass(frozen=True, slots=True)
class StyleBatches:
    """Batches with replacement: a style by its share at that step, then one of its pictures.

    An epoch has as many steps as one of all pictures.

    Attributes:
        rows: the training pictures' rows in the collection, ``int64 (N,)``.
        labels: their styles, ``int64 (N,)``.
        size: pictures in a batch.
        seed: another seed, other draws.
        sampling: what the styles' shares are.
        epochs: of the training, over which progressive sampling progresses.
        stream: another stream, other draws.
    """

    rows: Rows
    labels: Rows
    size: int
    seed: int
    sampling: Sampling
    epochs: int
    stream: int = TRAINING

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        return max(1, len(self.rows) // self.size)

    def batch(self, step: int) -> Rows:
        """The rows of one step, ``int64 (size,)``."""
        generator = np.random.default_rng([self.seed, self.stream, step])
        counts = np.bincount(self.labels)
        progress = min(step / max(self.epochs * self.per_epoch - 1, 1), 1.0)
        styles = generator.choice(
            len(counts), self.size, p=sampled_shares(self.sampling, counts, progress)
        )
        within = (generator.random(self.size) * counts[styles]).astype(np.int64)
        first = np.cumsum(counts) - counts  # of each style, where rows are ordered by style
        order = np.argsort(self.labels.astype(np.int16), kind="stable")  # int16: radix sort
        return np.asarray(self.rows[order[first[styles] + within]])


def capped_and_duplicated(rows: Rows, labels: Rows, per_style: int, seed: int) -> Rows:
    """Cut or repeat every style's rows to ``per_style``, ``int64 (styles · per_style,)``.

    A style with more pictures keeps a choice of them, the same in every epoch; one with fewer
    repeats all of them as often as they fit, and a choice of them once more. This is what the
    course's report does to its training set.
    """
    generator = np.random.default_rng([seed, per_style])
    kept = []
    for style in np.unique(labels):
        own = rows[labels == style]
        whole, rest = divmod(per_style, len(own))
        kept += [np.tile(own, whole), generator.choice(own, rest, replace=False)]
    return np.concatenate(kept)


def batches_of(
    rows: Rows,
    labels: Rows,
    settings: BalanceSettings,
    *,
    size: int,
    processes: int,
    seed: int,
    epochs: int,
) -> Batches | StyleBatches:
    """Return the batches of a training under a long-tail method.

    Args:
        rows: the training pictures' rows in the collection, ``int64 (N,)``.
        labels: their styles, ``int64 (N,)``.
        settings: the method.
        size: pictures in a batch, as wanted; where an epoch has fewer, as many as it has.
        processes: that divide a batch among them.
        seed: another seed, another order.
        epochs: of the training.
    """
    capped = settings.sampling == "cap-and-duplicate"
    taken = capped_and_duplicated(rows, labels, settings.per_style, seed) if capped else rows
    size = min(size, len(taken))
    size -= size % processes
    if capped or settings.sampling == "natural":
        return Batches(taken, size, seed)
    return StyleBatches(rows, labels, size, seed, settings.sampling, epochs)

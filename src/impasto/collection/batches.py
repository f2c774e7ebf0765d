"""Batches: the rows of each step as a function of (seed, step), so that any step can be first.

And an even choice of rows, where all would take too long.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches of a training: every row once an epoch; an incomplete last batch is left out.

    Attributes:
        rows: the training pictures' rows in the collection, ``int64 (N,)``.
        size: pictures in a batch; never more than there are rows.
        seed: another seed, another order.
    """

    rows: NDArray[np.int64]
    size: int
    seed: int

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        return max(1, len(self.rows) // self.size)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """All rows in the order of one epoch, ``int64 (N,)``."""
        return np.random.default_rng([self.seed, epoch]).permutation(self.rows)

    def batch(self, step: int) -> NDArray[np.int64]:
        """The rows of one step, ``int64 (size,)``."""
        epoch, index = divmod(step, self.per_epoch)
        return self.order(epoch)[index * self.size : (index + 1) * self.size]


def evenly(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most ``count`` of the rows, evenly spread over them."""
    return rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(np.int64)]

"""The label-order bug, made again on a trained classifier.

A program that builds its list of classes from a ``set()``, or from the folders of one split, reads
the network's outputs in another order of the styles than it was trained with.

RUN/label-order.json   accuracy in the right order, and in shuffled ones
"""

from typing import Final

import numpy as np

from impasto.numerics.bootstrap import interval
from impasto.numerics.metrics import stacked_scores
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.label_order import FILE, LabelOrder
from impasto.records.record import Interval
from impasto.records.run import Run, command

ORDERS: Final = 1000
SEED: Final = 0


def lose_label_order(run: Run) -> LabelOrder:
    """Score a run's predictions in shuffled orders of the styles, and write the result.

    Args:
        run: an evaluated classifier.

    Raises:
        ImpastoError: there is no evaluation, or the folder cannot be written.
    """
    found = ClassifierEvaluation.read(
        run.evaluation_path / "metrics.json", what="evaluation", verb="impasto evaluate"
    )
    confusion, generator = np.asarray(found.confusion), np.random.default_rng(SEED)
    orders = (generator.permutation(len(found.styles)) for _ in range(ORDERS))
    drawn = stacked_scores(np.stack([confusion[:, order] for order in orders]))["accuracy"]
    return LabelOrder(
        collection_fingerprint=found.collection_fingerprint,
        command=command(),
        pictures=found.pictures,
        orders=ORDERS,
        seed=SEED,
        kept=found.by_prior[found.prior]["accuracy"],
        lost=Interval(value=float(drawn.mean()), **interval(drawn)),
    ).write(run.path / FILE)

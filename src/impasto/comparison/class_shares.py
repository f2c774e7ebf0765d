"""How often each style is shown, and how much of the loss it is, before and after a remedy."""

from typing import Any

import numpy as np

from impasto.collection.collection import Collection
from impasto.training.augment import mixed_in
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.imbalance import Balance, BalanceSettings, pictures_per_epoch

MOMENTS = 101  # of a training at which what changes over it is looked at


def distribution(
    collection: Collection, settings: ClassifierSettings, *, balanced_head: bool
) -> dict[str, Any]:
    """What a training shows: ``pictures`` of each style an epoch, and each style's ``share`` of the loss.

    Both are means over the training. CutMix and mixup count with the share of the picture that they
    put in.

    Args:
        collection: whose training pictures are drawn.
        settings: of the training.
        balanced_head: a head trained on every style equally often, over a network that was not.
    """
    counts = collection.counts("train")
    balance = BalanceSettings(sampling="inverse-frequency") if balanced_head else settings.balance
    mixed = settings.augment.partners == "balanced" and not balanced_head
    at_work = Balance(balance, counts, MOMENTS, mixed_in(settings.augment) if mixed else 0.0)
    drawn = np.mean([at_work.drawn(step) for step in range(MOMENTS)], axis=0)
    share = np.mean(
        [at_work.drawn(step) * at_work.weights(step) for step in range(MOMENTS)], axis=0
    )
    pictures = drawn * pictures_per_epoch(balance, counts).sum()
    return {
        "pictures": [round(float(n), 2) for n in pictures],
        "share": [round(float(s), 6) for s in share],
    }

"""Class shares: how often a training shows each style, and the style's share of the loss."""

import numpy as np

from impasto.collection.collection import Collection
from impasto.records.balance import ClassShares
from impasto.training.augment import mixed_in
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.imbalance import BalanceSettings, ClassBalance, pictures_per_epoch

MOMENTS = 101  # of a training at which its schedules are sampled


def class_shares(
    collection: Collection, settings: ClassifierSettings, *, balanced_head: bool
) -> ClassShares:
    """Pictures of each style in an epoch and shares of the loss, means over the training.

    CutMix and mixup count with the share of the picture that they put in.

    Args:
        collection: whose training pictures are drawn.
        settings: of the training.
        balanced_head: a head trained on every style equally often, over a network that was not.
    """
    counts = collection.counts("train")
    balance = BalanceSettings(sampling="inverse-frequency") if balanced_head else settings.balance
    mixed = settings.augment.partners == "balanced" and not balanced_head
    at_work = ClassBalance(balance, counts, MOMENTS, mixed_in(settings.augment) if mixed else 0.0)
    drawn = np.stack([at_work.drawn(step) for step in range(MOMENTS)])
    weights = np.stack([at_work.weights(step) for step in range(MOMENTS)])
    pictures = drawn.mean(0) * pictures_per_epoch(balance, counts).sum()
    return ClassShares(
        pictures=tuple(round(float(number), 2) for number in pictures),
        share=tuple(round(float(share), 6) for share in (drawn * weights).mean(0)),
    )

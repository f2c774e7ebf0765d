"""Settings of trainings that take seconds, shared by several test folders."""

from typing import Any

from impasto.training.augment import AugmentSettings
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.classifier.settings import ClassifierSettings

STYLES = ("Bands", "Columns", "Diagonals", "Hatching")
SHORT: dict[str, Any] = {
    "size": "tiny",
    "resolution": 32,
    "batch_size": 16,
    "precision": "float32",
    "device": "cpu",
}
CLASSIFIER = ClassifierSettings(
    **SHORT,
    epochs=4,
    ema_decay=0.9,
    augment=AugmentSettings(cutmix=0, flip=False),
)
"""Enough to learn four styles of stripes."""
AUTOENCODER = AutoencoderSettings(**SHORT, epochs=2, latent=12, embedding_dim=4)

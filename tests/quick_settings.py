"""Settings of trainings that take seconds, shared by several test folders."""

from impasto.training.augment import AugmentSettings
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.classifier.settings import ClassifierSettings

STYLES = ("Bands", "Columns", "Diagonals", "Hatching")
CLASSIFIER = ClassifierSettings(
    size="tiny",
    resolution=32,
    epochs=4,
    batch_size=16,
    ema_decay=0.9,
    precision="float32",
    device="cpu",
    augment=AugmentSettings(cutmix=0, flip=False),
)
"""Enough to learn four styles of stripes."""
AUTOENCODER = AutoencoderSettings(
    size="tiny",
    resolution=32,
    epochs=2,
    batch_size=16,
    latent=12,
    embedding_dim=4,
    precision="float32",
    device="cpu",
)

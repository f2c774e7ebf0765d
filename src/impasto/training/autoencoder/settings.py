"""Settings of an autoencoder's training."""

from pydantic import Field, field_validator

from impasto.models.classifier import Size
from impasto.training.augment import AugmentSettings
from impasto.training.settings import MuonSettings

CROPS = AugmentSettings(crop_scale=(0.15, 0.5), cutmix=0)
"""Crops of 128 stored pixels at 64 pixels so keep about their scale."""


class AutoencoderSettings(MuonSettings):
    """Settings of an autoencoder's training."""

    epochs: int = Field(40, ge=1, description="passes over the training pictures")
    size: Size = Field("small", description="width and depth of the encoder: tiny, small or base")
    latent: int = Field(128, ge=8, description="length of the latent, which reconstructs")
    embedding_dim: int = Field(
        128, ge=2, description="length of the contrastive embedding, which compares"
    )
    decoder_lr_scale: float = Field(
        0.0125,
        gt=0,
        le=1,
        description="learning rates of latent and decoder, as a share of the embedding's",
    )
    ssim_weight: float = Field(
        0.03, ge=0, description="weight of 1 - multi-scale SSIM beside the squared error"
    )
    contrastive_weight: float = Field(
        0.01, ge=0, description="weight of NT-Xent between two crops of each picture"
    )
    temperature: float = Field(
        0.2, gt=0, description="of NT-Xent; small: the most similar negatives weigh most"
    )
    kl_weight: float = Field(
        0.0, ge=0, description="weight of the KL divergence per latent number; 0: not variational"
    )
    crops: AugmentSettings = Field(
        CROPS, description="how crops are cut and varied; they are not mixed"
    )

    @field_validator("crops")
    @classmethod
    def _unmixed(cls, value: AugmentSettings) -> AugmentSettings:
        if value.cutmix or value.mixup:
            raise ValueError(
                "crops of two pictures have no embedding in common: cutmix and mixup must be 0"
            )
        return value

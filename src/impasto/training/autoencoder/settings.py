"""Settings of an autoencoder's training."""

from pydantic import Field, field_validator

from impasto.models.classifier import Size
from impasto.training.augment import AugmentSettings
from impasto.training.settings import MuonSettings

PIECES = AugmentSettings(crop_scale=(0.15, 0.5), cutmix=0)
"""Pieces of 128 stored pixels that are cut to 64 are so about as large as they were painted."""


class AutoencoderSettings(MuonSettings):
    """How an autoencoder is trained."""

    epochs: int = Field(40, ge=1, description="passes over the training pictures")
    size: Size = Field("small", description="width and depth of the encoder: tiny, small or base")
    latent: int = Field(
        128, ge=8, description="numbers of a picture's code, from which it comes back"
    )
    embedding_dim: int = Field(
        128, ge=2, description="numbers that say how it is painted, by which pictures are compared"
    )
    decoder_lr_scale: float = Field(
        0.0125, gt=0, le=1, description="learning rates behind the code, as a share of the manner's"
    )
    ssim_weight: float = Field(
        0.03, ge=0, description="weight of 1 - multi-scale SSIM beside the squared error"
    )
    contrastive_weight: float = Field(
        0.01, ge=0, description="weight of recognising pieces of one picture by their manner"
    )
    temperature: float = Field(
        0.2, gt=0, description="of that recognition; small: the most similar others weigh most"
    )
    kl_weight: float = Field(
        0.0, ge=0, description="weight of the code's divergence a number; 0: not variational"
    )
    pieces: AugmentSettings = Field(
        PIECES, description="how pieces of pictures are cut and varied; they are not mixed"
    )

    @field_validator("pieces")
    @classmethod
    def _unmixed(cls, value: AugmentSettings) -> AugmentSettings:
        if value.cutmix or value.mixup:
            raise ValueError(
                "pieces of two pictures have no manner in common: cutmix and mixup must be 0"
            )
        return value

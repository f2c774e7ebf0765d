"""Settings of an evaluation."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from impasto.config import Device, Settings
from impasto.records.evaluation import Prior

Scale = Annotated[float, Field(ge=0.5, le=4)]


@dataclass(frozen=True, slots=True)
class Views:
    """Test-time augmentation: views of each picture over which logits and features are averaged.

    Attributes:
        flip: mirrored left to right, too.
        scales: at these multiples of the training's resolution. Networks trained on random crops
            have seen things larger than they are in whole pictures, and do better on somewhat
            larger ones (Touvron et al. 2019, arXiv:1906.06423).
    """

    flip: bool
    scales: tuple[float, ...]


class EvaluateSettings(Settings):
    """Settings of a classifier's and an autoencoder's evaluation."""

    prior: Prior = Field(
        "uniform", description="how frequent styles are supposed to be: uniform, or as in train"
    )
    flip: bool = Field(True, description="average over the picture and its mirror image")
    scales: tuple[Scale, ...] = Field(
        (1.0, 1.25, 1.5),
        min_length=1,
        description="average over these multiples of the training's resolution",
    )
    outliers: str | None = Field(
        None,
        description="a folder of pictures, or another collection, that the out-of-distribution "
        "score shall tell from the test pictures, besides those made by code",
    )
    level: float = Field(
        0.9, gt=0, lt=1, description="share of pictures whose conformal set shall hold their style"
    )
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    device: Device = "auto"
    seed: int = Field(0, ge=0, description="of resampling and guessing")

    @property
    def views(self) -> Views:
        """Views of each picture."""
        return Views(self.flip, self.scales)

"""The settings of an evaluation."""

from typing import Literal

from pydantic import Field

from impasto.config import Settings

Prior = Literal["uniform", "train"]
Device = Literal["auto", "cpu", "cuda"]


class EvaluateSettings(Settings):
    """How a run is evaluated."""

    prior: Prior = Field("uniform", description="how frequent styles are supposed to be: uniform, or as in train")
    flip: bool = Field(True, description="average over the picture and its mirror image")
    level: float = Field(0.9, gt=0, lt=1, description="share of pictures whose conformal set shall hold their style")
    resamples: int = Field(1000, ge=100, description="bootstrap resamples behind each 95 % interval")
    device: Device = Field("auto", description="auto takes a CUDA device where there is one")
    seed: int = Field(0, ge=0, description="of resampling and guessing")

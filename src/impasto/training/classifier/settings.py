"""Settings of a classifier's training."""

from typing import Literal

from pydantic import Field, model_validator

from impasto.models.classifier import Size
from impasto.models.classifiers import NetworkName
from impasto.training.augment import AugmentSettings
from impasto.training.imbalance import BalanceSettings
from impasto.training.settings import MuonSettings


class ClassifierSettings(MuonSettings):
    """Settings of a classifier's training."""

    network: NetworkName = Field(
        "classifier",
        description="impasto's classifier, a ResNet, the course's two, or own: a module in Python",
    )
    size: Size = Field(
        "small", description="width and depth of the classifier: tiny, small or base"
    )
    weight_decay: float = Field(
        0.1, ge=0, description="decoupled weight decay of convolutions and linear layers"
    )
    stride: Literal[2, 4] | None = Field(
        None,
        description="of the stem; 2: finer, for four times the work; none: 4 from 96 pixels",
    )
    warm_start: str | None = Field(
        None,
        description="autoencoder's run on the same collection, for initial weights; none: random",
    )
    label_smoothing: float = Field(
        0.1, ge=0, lt=1, description="share of each label spread over the styles, by frequency"
    )
    balance: BalanceSettings = Field(BalanceSettings(), description="long-tail method")
    first_resolution: int = Field(
        64, ge=32, description="pixels of the input at first; grows to resolution"
    )
    growth: float = Field(
        0.7, ge=0, le=1, description="share of the steps until the full resolution; 0: at once"
    )
    augment: AugmentSettings = Field(
        AugmentSettings(), description="how training pictures are varied"
    )

    @model_validator(mode="after")
    def _to_the_end(self) -> "ClassifierSettings":
        if self.patience and (self.balance.sampling == "progressive" or self.balance.drw_start > 0):
            raise ValueError(
                "patience may stop a training before balance.sampling=progressive or "
                "balance.drw_start is done: leave it at 0"
            )
        return self

"""Settings that several trainers share."""

from typing import Literal

from pydantic import Field

from impasto.config import Device, Settings
from impasto.training.trackers import Tracker


class LoopSettings(Settings):
    """Settings of every trainer."""

    epochs: int = Field(50, ge=1, description="passes over the training pictures")
    batch_size: int = Field(128, ge=2, description="pictures in a step, over all processes")
    learning_rate: float = Field(
        3e-3, gt=0, description="peak learning rate of AdamW: norms, first and last layers"
    )
    weight_decay: float = Field(
        0.05, ge=0, description="decoupled weight decay of convolutions and linear layers"
    )
    ema_decay: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="decay of the weights' moving average, whose weights are kept",
    )
    max_grad_norm: float = Field(1.0, gt=0, description="largest norm of the gradient")
    resolution: int = Field(
        128, ge=32, description="height and width of the network's input in pixels"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 where the device computes in it, else float32"
    )
    patience: int = Field(
        0, ge=0, description="epochs without a lower validation loss until it stops; 0: never"
    )
    device: Device = "auto"
    tracker: Tracker = Field(
        "none", description="experiment tracker of Accelerate that also gets the metrics"
    )
    seed: int = Field(0, ge=0, description="of weights, order and augmentation")


class TrainingSettings(LoopSettings):
    """Settings of every trainer from scratch."""

    warmup: float = Field(
        0.03, ge=0, lt=1, description="share of the steps until the peak learning rate"
    )


class MuonSettings(TrainingSettings):
    """Settings of trainers with Muon and AdamW."""

    muon_learning_rate: float = Field(
        0.02, ge=0, description="peak learning rate of Muon; 0: AdamW for all weights"
    )

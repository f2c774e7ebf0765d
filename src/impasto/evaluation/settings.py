"""Settings of an evaluation."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from impasto.collection.settings import PredictionColumns
from impasto.config import Device, Settings
from impasto.records.evaluation import AnswerPrior, Prior

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


ScoredSplit = Literal["test", "validation", "all"]
"""Pictures that predictions are scored on."""


class PredictionsSettings(Settings):
    """Settings of the score of predictions that another program made."""

    columns: PredictionColumns = Field(
        {},
        description="the table's own names for path, predicted, style (the answer too, where there "
        "is no column predicted) and split; an empty name leaves a column out",
    )
    classes: str | tuple[str, ...] | None = Field(
        None,
        description="names of numbered classes in order: a file (a name a line, or JSON such as "
        "class_to_idx), names with commas, or alphabetical",
    )
    rename_styles: str | None = Field(
        None,
        description="table with from and to: the collection's styles for other names of classes; "
        "an empty one means none of them",
    )
    other_classes: Literal["refuse", "wrong"] = Field(
        "refuse", description="of answers with a class that is no style: refuse, or count as wrong"
    )
    probabilities: Literal["shares", "percent", "logits", "scores"] = Field(
        "shares",
        description="numbers of the table: shares that sum to 1, percent, logits (softmax is "
        "applied), or scores that are divided by their sum",
    )
    prior: AnswerPrior = Field(
        "given",
        description="how frequent the program supposed styles to be: uniform, as in train, or "
        "given where nobody knows; known, probabilities are corrected for each score",
    )
    split: ScoredSplit | None = Field(
        None,
        description="pictures that are scored: test, validation or all; named, rows on others are "
        "left out; none: test, and rows on others are refused",
    )
    missing: Literal["wrong", "leave-out"] = Field(
        "wrong", description="of pictures without a row: count as wrong answers, or leave out"
    )
    trained_on: str | None = Field(
        None, description="table or text with the paths of pictures that the model was trained on"
    )
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    seed: int = Field(0, ge=0, description="of resampling and guessing")

"""Settings of ``prepare``."""

from pydantic import Field

from impasto.collection.split import How
from impasto.config import Settings
from impasto.images.decode import Fit


class PrepareSettings(Settings):
    """Settings of stored pixels and of the split."""

    pixels: int = Field(128, ge=8, le=1024, description="stored height and width in pixels")
    fit: Fit = Field("squash", description="squash a picture into the square, or crop its centre")
    split: How = Field(
        "auto",
        description="given, stratified by style, or disjoint in artists; auto: given where there "
        "is a test split, else stratified",
    )
    test_share: float = Field(
        0.15, gt=0, lt=1, description="share of all pictures for the test, where none is given"
    )
    validation_share: float = Field(
        0.1, gt=0, lt=1, description="share of the training pictures for validation, likewise"
    )
    seed: int = Field(0, ge=0, description="seed of the split")
    workers: int = Field(0, ge=0, description="decoding threads; 0: one a core")
    to_fine_tune: bool = Field(
        False,
        description="read a folder as train lora does: one style is enough, the number of a folder "
        "10_name is its repeats, and every picture is for training",
    )
    labels: str | None = Field(
        None, description="table with path and style of the pictures in the source folder"
    )

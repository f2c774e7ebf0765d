"""Settings of ``prepare``."""

from pydantic import Field

from impasto.collection.split import How
from impasto.config import Settings
from impasto.images.decode import Fit


class PrepareSettings(Settings):
    """How pictures are stored and split."""

    pixels: int = Field(128, ge=8, le=1024, description="stored height and width in pixels")
    fit: Fit = Field(
        "squash", description="squash the whole picture into the square, or crop its centre"
    )
    split: How = Field(
        "auto",
        description="auto keeps a given test split and else stratifies; given; stratified; artist",
    )
    test_share: float = Field(
        0.15, gt=0, lt=1, description="share of all pictures for the test, where none is given"
    )
    validation_share: float = Field(
        0.1, gt=0, lt=1, description="share of the training pictures to choose on"
    )
    seed: int = Field(0, ge=0, description="of the split")
    workers: int = Field(0, ge=0, description="decoding threads; 0 takes every core")
    labels: str | None = Field(
        None, description="a table with path and style for the pictures in the source folder"
    )

"""Settings of ``prepare``."""

import csv
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from impasto.collection.layouts.prediction_tables import PREDICTION_COLUMNS
from impasto.collection.layouts.style_cells import Several
from impasto.collection.layouts.table_rows import PICTURE_COLUMNS
from impasto.collection.split import How
from impasto.config import Settings
from impasto.images.decode import MAX_MEGAPIXELS, Fit


def _columns(value: Any, columns: Collection[str]) -> Any:
    """``path=File,style=Class`` as a table of columns.

    Raises:
        ValueError: it is of another form, or names a column that is not known here.
    """
    if isinstance(value, str):
        pairs = [part.partition("=") for part in next(csv.reader([value]), []) if part.strip()]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError("columns are given as path=File,style=Class")
        value = {known.strip(): own.strip().strip('"') for known, _, own in pairs}
    if isinstance(value, dict) and (unknown := [*(value.keys() - columns)]):
        raise ValueError(f"{unknown[0]} is no column that is read: known are {', '.join(columns)}")
    return value


def _picture_columns(value: Any) -> Any:
    return _columns(value, PICTURE_COLUMNS.keys())


def _prediction_columns(value: Any) -> Any:
    return _columns(value, PREDICTION_COLUMNS.keys())


Columns = Annotated[dict[str, str], BeforeValidator(_picture_columns)]
"""The own names of a table's columns, by the names known here."""
PredictionColumns = Annotated[dict[str, str], BeforeValidator(_prediction_columns)]
"""Likewise of a table of predictions."""


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
    max_megapixels: int = Field(
        MAX_MEGAPIXELS,
        ge=1,
        le=20_000,
        description="largest picture that is read, in megapixels; formats other than JPEG take up "
        "to 4 bytes of memory a pixel",
    )
    labels: str | None = Field(
        None, description="table with path and style of the pictures in the source folder"
    )
    columns: Columns = Field(
        {},
        description="a table's own names for path, style, artist, title, year and split; an empty "
        "name leaves a column out",
    )
    several: Several = Field(
        "first",
        description="of a picture with several styles: the first, all (an entry each), or skip it",
    )
    merge: bool = Field(
        False, description="two folders are two parts of one source, not training and test"
    )
    rename_styles: str | None = Field(
        None, description="table with the columns from and to: other names of styles"
    )
    decisions: str | None = Field(
        None,
        description="table with the columns id, decision (keep, exclude, relabel) and style",
    )

    def tables(self) -> dict[str, str]:
        """The tables that are read besides the source, by the settings that name them."""
        named = {name: getattr(self, name) for name in ("labels", "rename_styles", "decisions")}
        return {name: path for name, path in named.items() if path is not None}

"""Paintings for the page: a few examples of each style, small, in the shape of the originals."""

import base64
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.reporting.words import shown

HEIGHT: Final = 120
"""Of an example on the page and on the contact sheet, in pixels."""
HEAVY: Final = 250_000
"""Bytes from which a figure of the evaluation is stored on the page as JPEG."""


@dataclass(frozen=True, slots=True)
class Example:
    """One painting on the page.

    Attributes:
        source: a ``data:`` address.
        alt: what it is.
        caption: the same for those who see it: artist, title, year as far as known.
        image: the thumbnail.
    """

    source: str
    alt: str
    caption: str
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Wall:
    """The examples of one style."""

    style: str
    examples: tuple[Example, ...]


def hang(collection: Collection, each: int) -> tuple[Wall, ...]:
    """Up to ``each`` examples of every style, by different artists where there are; empty for names without pictures.

    The choice depends on the pictures' names alone, so it is the same in every report and favours
    none. Test pictures
    come first: those are the ones that were judged.
    """
    if not (collection.path / "pixels.npy").is_file():
        return ()
    chosen = _choose(collection, each)
    return tuple(
        Wall(style, tuple(_example(collection, row) for row in rows))
        for style, rows in zip(collection.vocabulary.styles, chosen, strict=True)
    )


def write_examples(walls: Sequence[Wall], path: Path) -> None:
    """Write all examples as one PNG, a row a style, in the order of the vocabulary."""
    rows = [[example.image for example in wall.examples] for wall in walls]
    write_png(path, contact_sheet(rows, gap=6), optimise=True)


def inline_png(path: Path) -> tuple[str, int, int]:
    """A figure as a ``data:`` address, its width and its height; a heavy one is re-coded as JPEG.

    Raises:
        InputError: the file is no picture.
    """
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            size = image.size
            if len(content) <= HEAVY:
                return _address(content, "png"), *size
            return _address(_jpeg(image.convert("RGB")), "jpeg"), *size
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(
            f"{path} cannot be read as a picture ({error}): run impasto evaluate again"
        ) from error


def _choose(collection: Collection, each: int) -> list[list[int]]:
    ids, artists, splits = (collection.column(name) for name in ("id", "artist", "split"))
    keys = [hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest() for name in ids]
    order = sorted(range(len(ids)), key=lambda row: (splits[row] != "test", keys[row]))
    chosen: list[list[int]] = [[] for _ in collection.vocabulary.styles]
    for fresh_only in (True, False):
        for row in order:
            mine = chosen[collection.labels[row]]
            fresh = artists[row] is None or all(artists[other] != artists[row] for other in mine)
            if len(mine) < each and row not in mine and (fresh or not fresh_only):
                mine.append(row)
    return chosen


def _example(collection: Collection, row: int) -> Example:
    facts = {
        name: collection.table.column(name)[row].as_py() for name in collection.table.column_names
    }
    artist, title = (
        str(facts[name] or "").replace("-", " ").strip() for name in ("artist", "title")
    )
    parts = [artist.title(), title.capitalize(), str(facts["year"] or "")]
    caption = ", ".join(part for part in parts if part) or Path(facts["id"]).stem
    image = _thumbnail(
        collection.pixels[row], facts["width"], facts["height"], collection.settings.get("fit")
    )
    return Example(
        _address(_jpeg(image), "jpeg"), f"{shown(facts['style'])}: {caption}", caption, image
    )


def _thumbnail(
    pixels: NDArray[np.uint8], width: int | None, height: int | None, fit: str | None
) -> Image.Image:
    """The stored square, drawn out to the shape of the original where it was squashed."""
    ratio = width / height if fit == "squash" and width and height else 1.0
    ratio = min(max(ratio, 0.4), 2.5)  # panoramas keep their room within bounds
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return image.resize((max(1, round(HEIGHT * ratio)), HEIGHT), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=80, optimize=True)
    return buffer.getvalue()


def _address(content: bytes, form: str) -> str:
    return f"data:image/{form};base64,{base64.b64encode(content).decode('ascii')}"

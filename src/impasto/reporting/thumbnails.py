"""Thumbnails of a collection: a few examples of each style, in the shape of the originals."""

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.images.contact_sheet import contact_sheet, write_png

HEIGHT: Final = 120
"""Height of a thumbnail, in pixels."""
HEAVY: Final = 250_000
"""Bytes from which a figure of the evaluation is stored in HTML as JPEG."""


@dataclass(frozen=True, slots=True)
class Example:
    """A thumbnail with artist, title and year as far as they are known."""

    caption: str
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Examples of each style, in the order of the vocabulary: a block of a report."""

    by_style: Mapping[str, tuple[Example, ...]]
    caption: str
    command: str


def examples_of(collection: Collection, each: int) -> dict[str, tuple[Example, ...]]:
    """Return up to ``each`` examples of every style, by different artists where there are.

    The choice depends on the pictures' names alone, so it is the same in every report and favours
    none. Test pictures come first. Without pictures, or for styles without, there are none.
    """
    if not (collection.path / "pixels.npy").is_file():
        return {}
    chosen = _choose(collection, each)
    return {
        style: tuple(_example(collection, row) for row in rows)
        for style, rows in zip(collection.vocabulary.styles, chosen, strict=True)
        if rows
    }


def write_contact_sheet(thumbnails: Thumbnails, path: Path) -> None:
    """Write all examples as one PNG, a row a style."""
    rows = [[example.image for example in wall] for wall in thumbnails.by_style.values()]
    write_png(path, contact_sheet(rows, gap=6))


def inline_picture(path: Path) -> tuple[str, int, int]:
    """Return an image file as a ``data:`` address, its width and its height.

    A heavy one is re-coded as JPEG.

    Raises:
        InputError: the file is no picture.
    """
    try:
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if len(content) > HEAVY:
                return data_address(image.convert("RGB")), width, height
            return _address(content, "png"), width, height
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(
            f"{path} cannot be read as a picture ({error}): run impasto evaluate again"
        ) from error


def data_address(image: Image.Image) -> str:
    """Return an image as the ``data:`` address of a JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=80, optimize=True)
    return _address(buffer.getvalue(), "jpeg")


def _address(content: bytes, form: str) -> str:
    return f"data:image/{form};base64,{base64.b64encode(content).decode('ascii')}"


def _choose(collection: Collection, each: int) -> list[list[int]]:
    ids, artists, splits = (collection.column(name) for name in ("id", "artist", "split"))
    keys = [hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest() for name in ids]
    order = sorted(range(len(ids)), key=lambda row: (splits[row] != "test", keys[row]))
    chosen: list[list[int]] = [[] for _ in collection.vocabulary.styles]
    for only_new_artists in (True, False):
        for row in order:
            rows = chosen[collection.labels[row]]
            new = artists[row] is None or all(artists[other] != artists[row] for other in rows)
            if len(rows) < each and row not in rows and (new or not only_new_artists):
                rows.append(row)
    return chosen


def _example(collection: Collection, row: int) -> Example:
    names = ("id", "artist", "title", "year", "width", "height")
    painting = {name: collection.table.column(name)[row].as_py() for name in names}
    artist, title = (
        str(painting[name] or "").replace("-", " ").strip() for name in ("artist", "title")
    )
    parts = [artist.title(), title.capitalize(), str(painting["year"] or "")]
    caption = ", ".join(part for part in parts if part) or Path(painting["id"]).stem
    ratio = 1.0
    if collection.settings.get("fit") == "squash" and painting["width"] and painting["height"]:
        ratio = painting["width"] / painting["height"]
    ratio = min(max(ratio, 0.4), 2.5)  # panoramas keep their room within bounds
    image = Image.fromarray(np.ascontiguousarray(collection.pixels[row]))
    size = (max(1, round(HEIGHT * ratio)), HEIGHT)
    return Example(caption, image.resize(size, Image.Resampling.LANCZOS))

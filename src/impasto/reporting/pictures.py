"""Pictures of a report: paintings of the collection with their captions, and cut-out sheets."""

import base64
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from impasto.collection.collection import Collection
from impasto.errors import InputError, RunError
from impasto.files import damaged_error
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.heat_overlay import heat_overlay
from impasto.records.run import Run
from impasto.reporting.blocks import Exhibit, Gallery

HEIGHT: Final = 112
"""Height of a painting in a row, in pixels."""
HEAVY: Final = 250_000
"""Bytes from which a figure of the evaluation is stored in HTML as JPEG."""
QUALITY: Final = 76
"""Of pictures within HTML, as JPEG."""


@dataclass(frozen=True)
class Paintings:
    """The paintings of a collection as exhibits."""

    collection: Collection

    @property
    def there(self) -> bool:
        """Whether the collection holds pictures, not names alone."""
        return (self.collection.path / "pixels.npy").is_file()

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.collection.column("id"))}

    def holds(self, name: str) -> bool:
        """Whether there is a painting of this id, with its picture."""
        return self.there and name in self._rows

    def named(self, name: str, note: str = "", heat: NDArray[np.uint8] | None = None) -> Exhibit:
        """The painting with an id; with a heat map laid over it where one is given."""
        return self.exhibit(self._rows[name], note, heat)

    def exhibit(self, row: int, note: str = "", heat: NDArray[np.uint8] | None = None) -> Exhibit:
        """The painting of a row in the shape of its original, captioned by artist and title."""
        names = ("id", "artist", "title", "year", "width", "height")
        painting = {name: self.collection.table.column(name)[row].as_py() for name in names}
        title = _caption(painting["id"], *(painting[name] for name in ("artist", "title", "year")))
        ratio = 1.0
        if self.collection.settings.get("fit") == "squash":
            ratio = (painting["width"] or 1) / (painting["height"] or 1)
        ratio = min(max(ratio, 0.4), 2.5)  # panoramas keep their room within bounds
        image = Image.fromarray(np.ascontiguousarray(self.collection.pixels[row]))
        if heat is not None:
            image = heat_overlay(image, (heat / np.float32(255)).astype(np.float32))
            title = f"Heat on {title}"
        size = (max(1, round(HEIGHT * ratio)), HEIGHT)
        shown = image.resize(size, Image.Resampling.LANCZOS)
        return Exhibit(shown, title, note, painting["id"])

    def examples(self, each: int) -> dict[str, tuple[Exhibit, ...]]:
        """Return up to ``each`` paintings of every style, by different artists where there are.

        The choice depends on the names alone, so it is the same in every report and favours none.
        Test pictures come first. Without pictures, or for styles without, there are none.
        """
        if not self.there:
            return {}
        chosen = _choose(self.collection, each)
        return {
            style: tuple(map(self.exhibit, rows))
            for style, rows in zip(self.collection.vocabulary.styles, chosen, strict=True)
            if rows
        }


@dataclass(frozen=True, slots=True)
class PredictedStyle:
    """A prediction for a test picture, and its heat map."""

    painting: str
    style: str
    predicted: str
    confidence: float
    heat: NDArray[np.uint8] | None

    @property
    def right(self) -> bool:
        """Whether the style was recognised."""
        return self.style == self.predicted


def predictions_of(run: Run) -> tuple[PredictedStyle, ...]:
    """Return the predictions of an evaluated classifier; none where they were not kept.

    Raises:
        InputError: the files are damaged.
    """
    path = run.evaluation_path / "predictions.parquet"
    if not path.is_file():
        return ()
    try:
        rows = pq.read_table(path, columns=["id", "style", "predicted", "confidence"]).to_pylist()
        heat = run.evaluation_path / "heat.npy"
        maps = np.load(heat) if heat.is_file() else None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise damaged_error(path, "predictions", error) from error
    if maps is not None and len(maps) != len(rows):
        maps = None
    return tuple(
        PredictedStyle(
            painting=row["id"],
            style=row["style"],
            predicted=row["predicted"],
            confidence=row["confidence"],
            heat=None if maps is None else maps[place],
        )
        for place, row in enumerate(rows)
    )


def cut(path: Path, side: int, shape: tuple[int, int]) -> list[list[Image.Image]]:
    """Return the square pictures of a sheet without gaps, ``shape`` rows and columns of them.

    Raises:
        InputError: the file is no picture.
        RunError: it has another size.
    """
    high, wide = shape
    image = _opened(path)
    if image.size != (side * wide, side * high):
        raise RunError(f"{path} does not fit painting.json: run impasto evaluate again")
    return [
        [
            image.crop((side * x, side * y, side * (x + 1), side * (y + 1)))
            for x in range(wide)
        ]
        for y in range(high)
    ]  # fmt: skip


def write_gallery(gallery: Gallery, path: Path) -> None:
    """Write the pictures of a gallery as one PNG with their captions, for Markdown."""
    rows = [[exhibit.image for exhibit in row.exhibits] for row in gallery.rows]
    words = [
        [[text for text in (exhibit.title, exhibit.note) if text] for exhibit in row.exhibits]
        for row in gallery.rows
    ]
    titles = [row.label for row in gallery.rows] if any(row.label for row in gallery.rows) else []
    sheet = contact_sheet(rows, titles=titles, captions=words, gap=8, text=11)
    write_png(path, sheet)


def inline_picture(path: Path) -> tuple[str, int, int]:
    """Return an image file as a ``data:`` address, its width and its height.

    A heavy one is re-coded as JPEG.

    Raises:
        InputError: the file is no picture.
    """
    image = _opened(path)
    content = path.read_bytes()
    if len(content) > HEAVY or not content.startswith(b"\x89PNG"):
        return data_address(image), *image.size
    return _address(content, "png"), *image.size


def data_address(image: Image.Image) -> str:
    """Return an image as the ``data:`` address of a JPEG."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, format="JPEG", quality=QUALITY, optimize=True)
    return _address(buffer.getvalue(), "jpeg")


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(
            f"{path} cannot be read as a picture ({error}): run impasto evaluate again"
        ) from error


def _address(content: bytes, form: str) -> str:
    return f"data:image/{form};base64,{base64.b64encode(content).decode('ascii')}"


def _caption(name: str, artist: str | None, title: str | None, year: int | None) -> str:
    """Artist, title and year as far as they are known, else the file's name."""
    who, what = ((text or "").replace("-", " ").strip() for text in (artist, title))
    what = "" if what.isdigit() else what[:1].upper() + what[1:]
    parts = [who.title(), what, str(year or "")]
    return ", ".join(part for part in parts if part) or Path(name).stem


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


def surest(
    found: Sequence[PredictedStyle], number: int, *, right: bool
) -> Iterator[PredictedStyle]:
    """Return the right, or the wrong, answers of the highest confidence, a painting once."""
    chosen = [one for one in found if one.right == right]
    yield from sorted(chosen, key=lambda one: (-one.confidence, one.painting))[:number]

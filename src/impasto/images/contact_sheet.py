"""Contact sheet: pictures in rows on one sheet, with labels, as one image."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto.files import replacing
from impasto.images.fonts import font
from impasto.images.palette import INK, MUTED
from impasto.plain_text import one_line

Picture = Image.Image | NDArray[np.uint8]
"""An image, or pixels ``uint8 (H, W, 3)``."""
PAPER: Final = "white"


def contact_sheet(
    rows: Sequence[Sequence[Picture]],
    *,
    heads: Sequence[str] = (),
    sides: Sequence[str] = (),
    titles: Sequence[str] = (),
    captions: Sequence[Sequence[Sequence[str]]] = (),
    cell: int | None = None,
    gap: int = 4,
    text: int = 10,
) -> Image.Image:
    """Pictures in rows on one white sheet; a column is as wide as its widest picture.

    Args:
        rows: of pictures; a row may be shorter than others.
        heads: a label above each column, on at most two lines.
        sides: a label at the left of each row.
        titles: a title above each row.
        captions: for each picture of each row its lines of text, below it; a line that is too long
            is cut.
        cell: fit each picture into a square of so many pixels; ``None``: as large as it is.
        gap: pixels between pictures.
        text: height of the letters in pixels; of a title 1.4 times as much.
    """
    heads, sides, titles = ([one_line(label) for label in some] for some in (heads, sides, titles))
    images = [[_fitted(picture, cell) for picture in row] for row in rows]
    columns = list(zip_longest(*images))
    widths = [cell or max(one.width for one in column if one is not None) for column in columns]
    heights = [cell or max(one.height for one in row) for row in images]
    line = round(1.4 * text)
    above = line + gap if titles else 0
    belows = [line * max(map(len, row), default=0) for row in captions] or [0] * len(rows)
    top = 2 * line + gap if heads else 0
    left = round(max(font(side, text).getlength(side) for side in sides)) + 2 * gap if sides else 0
    wide = left + sum(widths) + gap * (len(widths) - 1)
    high = top + sum(heights) + above * len(rows) + sum(belows) + gap * (len(rows) - 1)
    sheet = Image.new("RGB", (wide, high), PAPER)
    draw = ImageDraw.Draw(sheet)
    lefts = [left + sum(widths[:at]) + gap * at for at in range(len(widths))]
    for head, x, width in zip(heads, lefts, widths, strict=False):
        for number, part in enumerate(reversed(_broken(head, text, width))):
            place = (x + width / 2, top - gap - number * line)
            draw.text(place, part, INK, font(part, text), anchor="ms")
    y = top
    for number, row in enumerate(images):
        if titles:
            size = round(1.4 * text)
            draw.text((left, y), titles[number], INK, font(titles[number], size))
        y += above
        if sides:
            side = sides[number]
            middle = (left - gap, y + heights[number] / 2)
            draw.text(middle, side, INK, font(side, text), anchor="rm")
        for at, image in enumerate(row):
            x = lefts[at] + ((widths[at] - image.width) // 2 if cell else 0)
            sheet.paste(image, (x, y + ((heights[number] - image.height) // 2 if cell else 0)))
            lines = captions[number][at] if captions else ()
            for below, words in enumerate(lines):
                cut = _cut(one_line(words), text, widths[at])
                low = y + heights[number] + 2 + below * line
                draw.text((lefts[at], low), cut, MUTED, font(cut, text))
        y += heights[number] + belows[number] + gap
    return sheet


def write_png(
    path: Path, image: Image.Image, *, optimise: bool = False, noted: bool = True
) -> None:
    """Write an image as PNG, whole or not at all; ``noted``: note its checksum.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(path, noted=noted) as temporary:
        image.save(temporary, "PNG", optimize=optimise)


def _fitted(picture: Picture, cell: int | None) -> Image.Image:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if cell is None:
        return image
    scale = cell / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _broken(label: str, size: int, width: int) -> list[str]:
    """A label on at most two lines, cut off where it is still too long."""
    lines = [""]
    for word in label.replace("_", " ").split():
        longer = f"{lines[-1]} {word}".strip()
        if font(longer, size).getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1]} …"]
    return [_cut(line, size, width) for line in lines]


def _cut(line: str, size: int, width: int) -> str:
    """As much of a line as fits."""
    face = font(line, size)
    while face.getlength(line) > width and len(line) > 2:
        line = line[:-2] + "…"
    return line

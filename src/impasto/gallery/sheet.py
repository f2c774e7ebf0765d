"""A contact sheet of all styles, for a page's top.

``python -m impasto.gallery.sheet FILE.jpg [TILE]``.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from impasto.files import replacing
from impasto.gallery.artists import artists
from impasto.gallery.styles import STYLES, paint
from impasto.gallery.subjects import SUBJECTS

_COLUMNS: Final = 8
_GROUND: Final = (250, 248, 244)
_INK: Final = (70, 66, 62)


def contact_sheet(path: Path, tile: int = 168, rows: int = 2, seed: int = 1) -> None:
    """Write ``rows`` pictures of every style, eight styles abreast, with their names.

    Args:
        path: the JPEG to write.
        tile: height and width of a picture in pixels.
        rows: pictures a style.
        seed: of the pictures.

    Raises:
        OutputError: the file cannot be written.
    """
    gap, line = max(2, tile // 28), max(12, tile // 7)
    bands = -(-len(STYLES) // _COLUMNS)
    high = bands * (rows * (tile + gap) + line) + 2 * gap
    sheet = Image.new("RGB", (_COLUMNS * (tile + gap) + gap, high), _GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(line * 0.62)
    everybody = artists(seed, 8)
    for number, style in enumerate(STYLES):
        band, column = divmod(number, _COLUMNS)
        left, top = gap + column * (tile + gap), gap + band * (rows * (tile + gap) + line)
        for row in range(rows):
            subject = list(SUBJECTS)[(number * 5 + row * 3 + band) % len(SUBJECTS)]
            artist = everybody[style][row]
            pixels = paint(
                style, subject, artist.hand, tile, np.random.default_rng([seed, 99, number, row])
            )
            sheet.paste(Image.fromarray(pixels), (left, top + row * (tile + gap)))
        place = (left + tile / 2, top + rows * (tile + gap) + line * 0.35)
        draw.text(place, style.replace("_", " "), fill=_INK, font=font, anchor="mm")
    with replacing(path) as temporary:
        sheet.save(temporary, "JPEG", quality=84, optimize=True)


if __name__ == "__main__":
    contact_sheet(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 168)

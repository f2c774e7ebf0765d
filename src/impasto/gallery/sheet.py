"""A contact sheet of all styles, for a page's top.

``python -m impasto.gallery.sheet FILE.jpg [TILE]``.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np

from impasto.files import replacing
from impasto.gallery.artists import artists
from impasto.gallery.styles import STYLES, paint
from impasto.gallery.subjects import SUBJECTS
from impasto.images.contact_sheet import contact_sheet
from impasto.plain_text import style_title

_COLUMNS: Final = 8


def write_gallery_sheet(path: Path, tile: int = 168, rows: int = 2, seed: int = 1) -> None:
    """Write ``rows`` pictures of every style, eight styles abreast, with their names.

    Args:
        path: the JPEG to write.
        tile: height and width of a picture in pixels.
        rows: pictures a style.
        seed: of the pictures.

    Raises:
        OutputError: the file cannot be written.
    """
    everybody, subjects = artists(seed, 8), list(SUBJECTS)
    pictures, captions = [], []
    for first in range(0, len(STYLES), _COLUMNS):
        band = list(enumerate(STYLES))[first : first + _COLUMNS]
        for row in range(rows):
            line = []
            for number, style in band:
                subject = subjects[(number * 5 + row * 3 + first // _COLUMNS) % len(subjects)]
                rng = np.random.default_rng([seed, 99, number, row])
                line.append(paint(style, subject, everybody[style][row].hand, tile, rng))
            pictures.append(line)
            last = row == rows - 1
            captions.append([[style_title(style)] if last else [] for _, style in band])
    sheet = contact_sheet(pictures, captions=captions, gap=max(2, tile // 28), text=tile // 11)
    with replacing(path) as temporary:
        sheet.save(temporary, "JPEG", quality=84, optimize=True)


if __name__ == "__main__":
    write_gallery_sheet(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 168)

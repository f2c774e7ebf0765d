"""Draw docs/figures/painted-grid.jpg: pictures of the sample gallery, painted in all of its styles.

python docs/make_painted_grid.py

Nothing is trained. The pictures are those of three commands, in this order:

impasto sample gallery
impasto prepare gallery -o collection
impasto paint collection gallery/test/… --style all --pixels 128 -o painted
"""

import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

import impasto
from impasto.files import replacing
from impasto.images.contact_sheet import contact_sheet

FIGURE: Final = Path(__file__).parent / "figures" / "painted-grid.jpg"
PICTURES: Final = (
    "Floating_Print/celia-tallund_sails-at-estrella-1833.jpg",
    "Deco_Geometry/nils-roentier_still-life-with-a-jug-winter-1930.jpg",
    "Flat_Gouache/renzo-giloghi_rooftops-of-grannoy-1962.jpg",
)
"""Test pictures, a row each."""
ABREAST: Final = 8
"""Styles in one band of the figure."""
SIDE: Final = 128
"""Height and width of a picture in pixels."""


def draw(folder: Path, figure: Path) -> None:
    """Make the gallery in a folder, paint its pictures, and write the figure."""
    gallery, painted = folder / "gallery", folder / "painted"
    impasto.sample(gallery)
    collection = impasto.prepare(gallery, folder / "collection")
    originals = [gallery / "test" / name for name in PICTURES]
    impasto.paint(collection, originals, painted, styles=("all",), pixels=SIDE)
    styles = collection.vocabulary.styles
    rows, captions = [], []
    for first in range(0, len(styles), ABREAST):
        band = styles[first : first + ABREAST]
        for original in originals:
            pictures = (painted / style / f"{original.stem}.png" for style in band)
            rows.append([Image.open(path) for path in (original, *pictures)])
            last = original is originals[-1]
            names = ["original", *(style.replace("_", " ") for style in band)]
            captions.append([[name] if last else [] for name in names])
    sheet = contact_sheet(rows, captions=captions, gap=6, text=15)
    with replacing(figure) as temporary:
        sheet.save(temporary, "JPEG", quality=84, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        draw(Path(place), FIGURE)

"""Sprite sheets: many small pictures in one JPEG, in two sizes, loaded where they are shown.

Pictures that lie together on the first map stand in one sheet, in the order of a Z-order curve over
it (Morton 1966), so that a part of the map needs few sheets. Of the small pictures, the first sheet
holds a sample spread over the whole map, so that one sheet fills the opening view.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 1024
"""Height and width of a sheet at most, in pixels."""
SMALL: Final = 48
SMALLER: Final = 32
MANY: Final = 20_000
"""Height and width of a small picture, and with more pictures than ``MANY``."""
LARGE: Final = 256
"""Height and width of a large picture at most."""
QUALITY: Final = 78

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Level:
    """A size in which the pictures are held.

    Attributes:
        tile: height and width of a picture in pixels.
        across: pictures in a row of a sheet, and in a column.
        sheets: how many there are.
    """

    tile: int
    across: int
    sheets: int

    @property
    def each(self) -> int:
        """Pictures in a sheet."""
        return self.across**2


def levels(count: int, stored: int) -> tuple[Level, Level]:
    """The small and the large size for ``count`` pictures that are stored at ``stored`` pixels."""
    small = SMALL if count <= MANY else SMALLER
    return _level(count, min(small, stored)), _level(count, min(LARGE, stored))


def _level(count: int, tile: int) -> Level:
    across = SIDE // tile
    return Level(tile, across, -(-count // across**2))


def z_order(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.int64]:
    """The rows in the order of a Z-order curve over their places, ``int64 (N,)``."""
    code = np.zeros(len(x), np.int64)
    for bit in range(16):
        for axis, values in enumerate((x, y)):
            span = float(np.ptp(values)) or 1.0
            cells = ((values - values.min()) / span * 65535).astype(np.int64)
            code |= (cells >> bit & 1) << (2 * bit + axis)
    return np.argsort(code, kind="stable").astype(np.int64)


def opening_order(
    rows: NDArray[np.int64], x: NDArray[np.float32], y: NDArray[np.float32], first: int
) -> NDArray[np.int64]:
    """Rows with a sample that is spread over the map put in front, ``int64 (N,)``.

    The map is divided into ever more squares; of each that holds no row of the sample yet, one row
    joins it.

    Args:
        rows: all of them, in the order of the rest.
        x: coordinates on the map.
        y: coordinates on the map.
        first: size of the sample.
    """
    shuffled = np.random.default_rng(0).permutation(len(rows))
    places = np.stack([_unit_span(x), _unit_span(y)], 1)[shuffled]
    sample: list[int] = []
    sides = 4
    while len(sample) < min(first, len(rows)) and sides < 2**12:
        cells = (places * sides).astype(np.int64).clip(0, sides - 1) @ [sides, 1]
        taken = set(cells[sample].tolist())
        _, earliest = np.unique(cells, return_index=True)
        joined = sorted(at for at in earliest.tolist() if int(cells[at]) not in taken)
        sample += joined[: first - len(sample)]
        sides *= 2
    chosen = shuffled[sample]
    return np.concatenate([chosen, rows[~np.isin(rows, chosen)]]).astype(np.int64)


def _unit_span(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Values brought to [0, 1]."""
    span = float(np.ptp(values)) or 1.0
    return (values.astype(np.float64) - float(values.min())) / span


def sheets(pixels: Pixels, rows: NDArray[np.int64], level: Level) -> Iterator[bytes]:
    """The sheets of one size, one after the other, as JPEG.

    Args:
        pixels: ``uint8 (N, H, W, 3)``.
        rows: in the order in which the pictures stand in the sheets.
        level: the size.
    """
    for start in range(0, len(rows), level.each):
        yield _jpeg(sheet(pixels, rows[start : start + level.each], level), level.tile)


def sheet(pixels: Pixels, rows: NDArray[np.int64], level: Level) -> Pixels:
    """Up to ``level.each`` pictures as one, row by row from the top left, ``uint8 (S, S, 3)``."""
    tile, side = level.tile, level.tile * level.across
    paper = np.zeros((side, side, 3), np.uint8)
    for place, row in enumerate(rows):
        top, left = (tile * part for part in divmod(place, level.across))
        paper[top : top + tile, left : left + tile] = shrunk(pixels[row], tile)
    return paper


def shrunk(picture: Pixels, side: int) -> Pixels:
    """A picture at ``side`` pixels, ``uint8 (side, side, 3)``."""
    if picture.shape[:2] == (side, side):
        return np.asarray(picture)
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def text_of(jpeg: bytes) -> str:
    """A picture as base64."""
    return base64.b64encode(jpeg).decode("ascii")


def _jpeg(paper: Pixels, tile: int) -> bytes:
    # Colour is halved in blocks of 16 pixels: where pictures end elsewhere, neighbours would colour
    # each other
    sampling = "420" if tile % 16 == 0 else "444"
    return bytes(
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(paper), quality=QUALITY, colorsubsampling=sampling
        )
    )

"""A user's pictures to repaint, decoded with their proportions."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.user_images import find_images
from impasto.errors import InputError
from impasto.images.decode import decode, picture_bytes
from impasto.path_names import unused

LONGEST: Final = 4096
"""Pixels of the longer side, at most."""
SHORTEST: Final = 8
"""Pixels of the shorter side, at least, however long a panorama is."""
Images = Sequence[Path | str] | Path | str


@dataclass(frozen=True, slots=True)
class UserPicture:
    """A decoded picture.

    Attributes:
        name: that no other one has, and every system takes for a file.
        path: of its file.
        pixels: ``uint8 (H, W, 3)``.
        sha256: of the file.
    """

    name: str
    path: Path
    pixels: NDArray[np.uint8]
    sha256: str


def read_pictures(
    images: Images,
    short: int,
    *,
    step: int = 1,
    longest: int = LONGEST,
    on_skip: Callable[[str], None] | None = None,
) -> list[UserPicture]:
    """Read pictures, and those in folders, with their proportions.

    Args:
        images: files or folders of them.
        short: pixels of the shorter side.
        step: both sides are rounded to multiples of it.
        longest: pixels of the longer side, at most.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: a path does not exist, or no picture can be read.
    """
    read: list[UserPicture] = []
    taken: set[str] = set()
    for path in find_images(images, on_skip):
        try:
            data = picture_bytes(path)
            pixels = with_proportions(data, short, step=step, longest=longest)
        except InputError as error:
            if on_skip is not None:
                on_skip(f"{path} is left out: {error}")
            continue
        name, mark = unused(path.stem, taken), hashlib.sha256(data).hexdigest()
        read.append(UserPicture(name, path, pixels, mark))
    if not read:
        raise InputError(
            "none of the pictures can be read: name pictures such as JPEG or PNG files"
        )
    return read


def with_proportions(
    data: bytes, short: int, *, step: int = 1, longest: int = LONGEST
) -> NDArray[np.uint8]:
    """Decode a picture with its proportions, ``uint8 (H, W, 3)``.

    Args:
        data: the file's content.
        short: pixels of the shorter side.
        step: both sides are rounded to multiples of it.
        longest: pixels of the longer side, at most.

    Raises:
        InputError: it cannot be decoded.
    """
    original = decode(data, 1)
    sides = original.height, original.width
    scale = min(short / min(sides), longest / max(sides))
    height, width = (max(SHORTEST, step, round(side * scale / step) * step) for side in sides)
    return decode(data, (height, width)).pixels

"""Pictures outside any collection, found and decoded as a collection's are."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.collection.entries import PICTURES
from impasto.errors import InputError
from impasto.images.decode import Fit, decode


def read_images(
    images: Sequence[Path | str] | Path | str, size: int, fit: Fit, on_skip: Callable[[str], None]
) -> tuple[list[Path], NDArray[np.uint8]]:
    """Read pictures that can be read, as paths and pixels ``uint8 (N, size, size, 3)``.

    Args:
        images: pictures or folders of them.
        size: height and width in pixels.
        fit: how they are made square.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: a path does not exist, or none of the pictures can be read.
    """
    paths, pixels = [], []
    for path in find_images(images):
        try:
            pixels.append(decode(path.read_bytes(), size, fit).pixels)
            paths.append(path)
        except (InputError, OSError) as error:
            on_skip(f"{path} is left out: {error}")
    if not paths:
        raise InputError(
            "none of the pictures can be read: name pictures such as JPEG or PNG files"
        )
    return paths, np.stack(pixels)


def find_images(images: Sequence[Path | str] | Path | str) -> list[Path]:
    """The files named, and the pictures in the folders named, sorted by path."""
    found: list[Path] = []
    for path in map(Path, [images] if isinstance(images, Path | str) else images):
        if path.is_dir():
            files = sorted(path.rglob("*"))
            inner = [file for file in files if file.suffix.lower() in PICTURES and file.is_file()]
            if not inner:
                raise InputError(f"{path} holds no pictures: name a folder with JPEG or PNG files")
            found += inner
        elif path.exists():
            found.append(path)
        else:
            raise InputError(f"no such picture: {path}")
    return found

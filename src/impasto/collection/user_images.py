"""Pictures outside any collection, found and decoded as a collection's are."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.entries import PICTURES
from impasto.errors import InputError
from impasto.images.decode import Fit, decode

Picture = Path | str | Image.Image | NDArray[np.uint8]


def read_images(
    images: Sequence[Picture] | Picture, size: int, fit: Fit, on_skip: Callable[[str], None]
) -> tuple[list[Path], NDArray[np.uint8]]:
    """Read pictures that can be read, as paths and pixels ``uint8 (N, size, size, 3)``.

    Args:
        images: one or several: files, folders of them, Pillow images, arrays ``uint8 (H, W, 3)``.
            Images and arrays get the names ``image-1``, ``image-2``, … as paths.
        size: height and width in pixels.
        fit: how they are made square.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: a path does not exist, or none of the pictures can be read.
    """
    paths, pixels = [], []
    several = images if isinstance(images, list | tuple) else [images]
    for number, image in enumerate(several, 1):
        in_memory = isinstance(image, Image.Image | np.ndarray)
        for path in [Path(f"image-{number}")] if in_memory else find_images(image):
            try:
                content = _encoded(image) if in_memory else path.read_bytes()
                pixels.append(decode(content, size, fit).pixels)
                paths.append(path)
            except (InputError, OSError) as error:
                on_skip(f"{path} is left out: {error}")
    if not paths:
        raise InputError(
            "none of the pictures can be read: name pictures such as JPEG or PNG files"
        )
    return paths, np.stack(pixels)


def _encoded(image: Image.Image | NDArray[np.uint8]) -> bytes:
    """A picture in memory as a lossless file, so that it is decoded as all others are."""
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            shape = f"{image.dtype} {image.shape}"
            raise InputError(f"an array must be uint8 (H, W, 3) in RGB, not {shape}")
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF")
    return buffer.getvalue()


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

"""Pictures outside any collection, found and decoded as a collection's are."""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.entries import LIKELY_PICTURES, PICTURES
from impasto.collection.layouts.picture_paths import PictureFolder
from impasto.errors import InputError
from impasto.images.decode import Fit, decode, picture_bytes
from impasto.numerics.formatting import count

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
        for path in [Path(f"image-{number}")] if in_memory else find_images(image, on_skip):
            try:
                content = _encoded(image) if in_memory else picture_bytes(path)
                pixels.append(decode(content, size, fit).pixels)
                paths.append(path)
            except InputError as error:
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


def find_images(
    images: Sequence[Path | str] | Path | str, on_skip: Callable[[str], None] | None = None
) -> list[Path]:
    """The files named, and the pictures in the folders named, sorted by path.

    Hidden files and folders of the system are passed over, as ``prepare`` does.

    Args:
        images: files and folders.
        on_skip: called with one line for every kind of file that is likely to be a picture and
            cannot be read, and for folders behind links.

    Raises:
        InputError: a path does not exist, or a folder holds no picture.
    """
    found: list[Path] = []
    for path in map(Path, [images] if isinstance(images, Path | str) else images):
        if path.is_dir():
            folder = PictureFolder(path)
            files = list(folder.files())
            inner = sorted(path / file for file in files if Path(file).suffix.lower() in PICTURES)
            endings = Counter(Path(file).suffix.lower() for file in files)
            lines = [
                f"left out of {path}: {count(number, f'{ending} file')}, to be saved as JPEG or PNG"
                for ending, number in sorted(endings.items())
                if ending and ending in LIKELY_PICTURES
            ]
            lines += [
                f"{path / link} is a link to a folder, and left out" for link in folder.linked
            ]
            if on_skip is not None:
                for line in lines:
                    on_skip(line)
            if not inner:
                raise InputError(f"{path} holds no pictures: name a folder with JPEG or PNG files")
            found += inner
        elif path.exists():
            found.append(path)
        else:
            raise InputError(f"no such picture: {path}")
    return found

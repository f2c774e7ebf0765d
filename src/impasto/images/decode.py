"""Decoding: the bytes of any picture to a small sRGB square.

JPEG goes through libjpeg-turbo's scaled decoding (it computes only as many pixels as are needed),
everything else through Pillow. Rotation by EXIF, colour by the ICC profile, transparency onto
white. What cannot be read is refused with a reason. Pillow's whole picture takes at most 4 bytes a
pixel; all other steps go by bands of rows, and one large picture is decoded at a time.
"""

import io
import math
import re
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from impasto.errors import InputError
from impasto.images.levels import Levels, levels_of
from impasto.images.tiff_messages import refusing_tiff_errors

Fit = Literal["squash", "crop"]
FORMATS = (
    "JPEG",
    "PNG",
    "WEBP",
    "GIF",
    "BMP",
    "TIFF",
    "PPM",
    "AVIF",
    "JPEG2000",
)  # none that runs a program
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # what EXIF's orientations ask for
MOST_BYTES: Final = 4 << 30
"""Of a file: a larger one would fill the memory before it is decoded."""
MAX_MEGAPIXELS: Final = 178
"""The largest picture that is read unless more is asked for: Pillow's limit on such bombs."""
_LARGE: Final = 50_000_000
"""Pixels from which pictures are decoded one at a time."""
_BAND: Final = 4_000_000
"""Pixels in a band of rows."""
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture as it is stored.

    Attributes:
        pixels: ``uint8 (H, W, 3)``, sRGB.
        width: of the original, after rotation, in pixels.
        height: likewise.
        format: ``JPEG``, ``PNG``, …, by content.
        note: what had to be guessed about its brightness, in words; empty where nothing was.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str
    note: str = ""


def picture_bytes(path: Path) -> bytes:
    """The content of a picture's file.

    Raises:
        InputError: it cannot be read, or could not be read to its end: a pipe, a device, or a file
            of more than ``MOST_BYTES``.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("not a regular file")
        if status.st_size == 0:  # also what the system makes up, as /proc/kmsg, which never ends
            raise InputError("the file is empty")
        if status.st_size > MOST_BYTES:
            raise InputError(f"larger than {MOST_BYTES / 2**30:.0f} GiB")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror or error}") from error


def decode(
    data: bytes,
    size: int | tuple[int, int],
    fit: Fit = "squash",
    max_megapixels: int = MAX_MEGAPIXELS,
) -> Decoded:
    """The picture in ``data`` at ``size × size`` pixels.

    Args:
        data: the file's content.
        size: height and width of the result, one number for a square.
        fit: ``squash`` the whole picture into the square, or ``crop`` its centre.
        max_megapixels: of the largest picture that is read.

    Raises:
        InputError: it is empty, no picture, cut off, damaged, or larger than that.
    """
    if not data:
        raise InputError("the file is empty")
    _let_pillow_open(max_megapixels)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # large but below the limit, or with damaged EXIF: still a picture
            with Image.open(io.BytesIO(data), formats=_readable()) as image:
                pixels = image.width * image.height
                if pixels > max_megapixels * 10**6:
                    raise Image.DecompressionBombError(f"{pixels} pixels")
                shape = size if isinstance(size, tuple) else (size, size)
                with _one_at_a_time if pixels > _LARGE else nullcontext(), refusing_tiff_errors():
                    return _decode(image, data, shape, fit)
    except Image.DecompressionBombError as error:
        found = re.search(r"\d+", str(error))
        how_many = math.ceil(int(found[0]) / 10**6) if found else 2 * max_megapixels
        raise InputError(
            f"{how_many:,} megapixels, more than the {max_megapixels} that are read: a "
            "decompression bomb, or a large scan, which --set "
            f"max_megapixels={how_many} would admit"
        ) from error
    except UnidentifiedImageError as error:
        raise InputError(_other_content(data)) from error
    except InputError:
        raise
    except Exception as error:  # each format's plugin fails in its own way
        raise InputError(
            f"damaged: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error


def _let_pillow_open(max_megapixels: int) -> None:
    """Raise Pillow's own limit, which is the process's, to the one asked for; never lower it."""
    limit = max_megapixels * 10**6 // 2 + 1  # Pillow refuses twice of it
    if Image.MAX_IMAGE_PIXELS is not None and limit > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = limit


def _other_content(data: bytes) -> str:
    """Reason why a file that is no picture cannot be read."""
    start = data[:200].lstrip().lower()
    if start.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS, not the picture: run git lfs pull"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture: download it again"
    return "not a picture in a format that can be read"


def dimensions(data: bytes) -> tuple[int, int]:
    """Width and height of the picture in ``data`` by its header, in pixels; nothing is decoded.

    Raises:
        InputError: it is empty, or no picture.
    """
    if not data:
        raise InputError("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_readable()) as image:
                return image.size
    except Image.DecompressionBombError as error:
        raise InputError(f"more than {MAX_MEGAPIXELS} megapixels: a decompression bomb") from error
    except Exception as error:  # each format's plugin fails in its own way
        raise InputError(_other_content(data)) from error


@cache
def _readable() -> tuple[str, ...]:
    """Members of ``FORMATS`` that this Pillow reads."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _decode(image: Image.Image, data: bytes, size: tuple[int, int], fit: Fit) -> Decoded:
    kind = image.format or "unknown"
    width, height = image.size
    deep = ";16" in repr(
        getattr(image, "tile", ())
    )  # gone when it is loaded, as a PNG is for its EXIF
    profile, orientation = image.info.get("icc_profile"), image.getexif().get(0x0112, 1)
    lying = (
        isinstance(orientation, int) and 5 <= orientation <= 8
    )  # to be turned by a quarter when all is done
    shape = size[::-1] if lying else size
    square, note = _scaled_jpeg(image, data, shape, fit), ""
    if square is None:
        square, note = _small(image, shape, fit, deep=deep)
    else:
        square = _to_size(square, shape, fit)
    if profile:
        square = _to_srgb(square, profile)
    if square.mode != "RGB":
        square = square.convert("RGB")
    if isinstance(orientation, int) and orientation in _TURNS:
        square = square.transpose(_TURNS[orientation])
        width, height = (height, width) if orientation >= 5 else (width, height)
    return Decoded(np.asarray(square, np.uint8), width, height, kind, note)


def _scaled_jpeg(
    image: Image.Image, data: bytes, size: tuple[int, int], fit: Fit
) -> Image.Image | None:
    """A plain JPEG decoded no larger than needed; ``None`` where Pillow should do it."""
    if image.format != "JPEG" or image.mode not in ("RGB", "L"):
        return None
    width, height = image.size
    high, wide = size
    if fit == "crop":  # the side that is cut is longer than needed
        wide, high = (
            (high * width // height, high)
            if high * width >= wide * height
            else (wide, wide * height // width)
        )
    # The second: all but the end mark is there; a picture that lacks more is refused, as libjpeg
    # then has to invent pixels and says so
    for content in (data, data + b"\xff\xd9"):
        try:
            pixels = simplejpeg.decode_jpeg(
                content,
                "RGB" if image.mode == "RGB" else "GRAY",
                min_height=high,
                min_width=wide,
                fastdct=False,
            )
        except ValueError:
            continue
        return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    return None  # Pillow forgives harmless errors and names the others


def _small(
    image: Image.Image, size: tuple[int, int], fit: Fit, *, deep: bool
) -> tuple[Image.Image, str]:
    """A picture at its size as 8-bit L, RGB or CMYK, and what was guessed about its levels.

    ``deep``: the file has 16 bits a channel, of which Pillow keeps the upper 8.
    """
    if image.mode in ("L", "RGB", "CMYK") and "transparency" not in image.info:
        note = ""
        if deep and 0 < max(high for _, high in _extrema(image)) <= 15:
            image = image.point(lambda level: min(255, level * 17))
            note = "read as 12 bits in a deeper file, in 16 levels: no value above 4095"
        return _to_size(image, size, fit), note
    levels = _levels(image) if image.mode.startswith(("I", "F")) else None
    note = levels.note if levels else ""
    width, height = image.size
    if width * height <= _BAND:
        return _to_size(_flattened(image, levels), size, fit), note
    across, down = (
        max(1, int(whole / wanted / 3))
        for whole, wanted in zip(image.size, size[::-1], strict=True)
    )
    if fit == "crop":
        across = down = min(across, down)
    small: Image.Image | None = None
    for top, band in _bands(image, down):
        part = _flattened(band, levels).reduce((across, down))
        if small is None:
            small = Image.new(part.mode, (part.width, -(-height // down)))
        small.paste(part, (0, top // down))
    assert small is not None
    if fit == "crop":
        return _to_size(small, size, fit), note
    box = (0, 0, width / across, height / down)  # the last row and column may be thinner
    return small.resize(size[::-1], Image.Resampling.BICUBIC, box=box), note


def _bands(image: Image.Image, step: int) -> Iterator[tuple[int, Image.Image]]:
    """Bands of rows with the row that each begins at, a multiple of ``step``."""
    rows = max(step, _BAND // image.width // step * step)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(image.height, top + rows)))


def _extrema(image: Image.Image) -> list[tuple[float, float]]:
    """Lowest and highest value of each channel."""
    return [channel.getextrema() for channel in image.split()]  # type: ignore[misc]


def _levels(image: Image.Image) -> Levels:
    """The levels of a picture of one deep channel, by its tags where it is a TIFF with them."""
    tags = dict(getattr(image, "tag_v2", {}))
    bits, declared = tags.get(258, (16,)), tags.get(281)  # BitsPerSample, MaxSampleValue
    depth = bits[0] if isinstance(bits, tuple) else bits
    if isinstance(declared, tuple):
        declared = declared[0]
    if declared is None and depth < 16:
        declared = 2**depth - 1
    values = (np.asarray(band) for _, band in _bands(image, 1))
    white_is_zero = tags.get(262) == 0  # PhotometricInterpretation
    return levels_of(values, declared=declared or None, inverted=white_is_zero)


def _flattened(image: Image.Image, levels: Levels | None) -> Image.Image:
    """Any mode as 8-bit L, RGB or CMYK, with transparency laid on white."""
    if levels is not None:
        return Image.fromarray(levels.eight_bit(np.asarray(image)))
    if image.mode == "P" or image.mode.endswith(("A", "a")) or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _to_size(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    if fit == "crop":
        return ImageOps.fit(image, size[::-1], Image.Resampling.BICUBIC)
    return image.resize(size[::-1], Image.Resampling.BICUBIC, reducing_gap=3.0)


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Apply the colour profile; keep the colours where it is broken or of another space."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image

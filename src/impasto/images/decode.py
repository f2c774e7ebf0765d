"""Decoding: the bytes of any picture to a small sRGB square.

JPEG goes through libjpeg-turbo's scaled decoding (it computes only as many pixels as are needed),
everything else through Pillow. Rotation by EXIF, colour by the ICC profile, transparency onto
white. What cannot be read is refused with a reason.
"""

import io
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from impasto.errors import InputError

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
MAX_PIXELS = (
    178_956_970  # Pillow's limit on decompression bombs, twice 1 GiB of 24-bit pixels over 4/3
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture as it is stored.

    Attributes:
        pixels: ``uint8 (H, W, 3)``, sRGB.
        width: of the original, after rotation, in pixels.
        height: likewise.
        format: ``JPEG``, ``PNG``, …, by content.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str


def decode(data: bytes, size: int | tuple[int, int], fit: Fit = "squash") -> Decoded:
    """The picture in ``data`` at ``size × size`` pixels.

    Args:
        data: the file's content.
        size: height and width of the result, one number for a square.
        fit: ``squash`` the whole picture into the square, or ``crop`` its centre.

    Raises:
        InputError: it is empty, no picture, cut off, damaged, or larger than ``MAX_PIXELS``.
    """
    if not data:
        raise InputError("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # large but below the limit, or with damaged EXIF: still a picture
            with Image.open(io.BytesIO(data), formats=_readable()) as image:
                return _decode(image, data, size if isinstance(size, tuple) else (size, size), fit)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"a decompression bomb: more than {MAX_PIXELS // 10**6} megapixels"
        ) from error
    except UnidentifiedImageError as error:
        raise InputError("not a picture in a format that can be read") from error
    except Exception as error:  # each format's plugin fails in its own way
        raise InputError(
            f"damaged: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error


@cache
def _readable() -> tuple[str, ...]:
    """Members of ``FORMATS`` that this Pillow reads."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _decode(image: Image.Image, data: bytes, size: tuple[int, int], fit: Fit) -> Decoded:
    kind = image.format or "unknown"
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Image.DecompressionBombError
    profile, orientation = image.info.get("icc_profile"), image.getexif().get(0x0112, 1)
    lying = (
        isinstance(orientation, int) and 5 <= orientation <= 8
    )  # to be turned by a quarter when all is done
    shape = size[::-1] if lying else size
    small = _scaled_jpeg(image, data, shape, fit) or _flattened(image)
    square = _to_size(small, shape, fit)
    if profile:
        square = _to_srgb(square, profile)
    if square.mode != "RGB":
        square = square.convert("RGB")
    if isinstance(orientation, int) and orientation in _TURNS:
        square = square.transpose(_TURNS[orientation])
        width, height = (height, width) if orientation >= 5 else (width, height)
    return Decoded(np.asarray(square, np.uint8), width, height, kind)


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
    try:
        pixels = simplejpeg.decode_jpeg(
            data,
            "RGB" if image.mode == "RGB" else "GRAY",
            min_height=high,
            min_width=wide,
            fastdct=False,
        )
    except ValueError:
        return None  # Pillow forgives harmless errors and names the others
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _flattened(image: Image.Image) -> Image.Image:
    """Any mode as 8-bit L, RGB or CMYK, with transparency laid on white."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(float(values.max()), 1e-9)
        return Image.fromarray((values.clip(0, top) * (255 / top)).round().astype(np.uint8))
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

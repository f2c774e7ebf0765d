"""Any picture to a small sRGB square:

every odd kind is read as it was meant or refused with a reason.
"""

import io
import struct
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from impasto.errors import InputError
from impasto.images import decode as decoding
from impasto.images.decode import Decoded, decode

RED, GREEN, BLUE, WHITE = (220, 20, 30), (20, 200, 40), (30, 40, 210), (250, 250, 250)


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """Red, green, blue and white corners: shows every turn and every exchange of colours."""
    pixels = np.empty((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    pixels[:top, :left], pixels[:top, left:] = RED, GREEN
    pixels[top:, :left], pixels[top:, left:] = BLUE, WHITE
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def corners(found: Decoded) -> NDArray[np.int64]:
    """Top left, top right, bottom left and bottom right, ``(4, 3)``."""
    low, high = len(found.pixels) // 4, 3 * len(found.pixels) // 4
    return found.pixels[[low, low, high, high], [low, high, low, high]].astype(np.int64)


def assert_colours(found: Decoded, *expected: tuple[int, int, int], within: int = 12) -> None:
    assert found.pixels.dtype == np.uint8 and found.pixels.ndim == 3
    assert np.abs(corners(found) - np.array(expected)).max() <= within, corners(found)


@pytest.mark.parametrize("fit", ["squash", "crop"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        (
            "MPO",
            {"quality": 95, "save_all": True, "append_images": [Image.new("RGB", (64, 48))]},
        ),  # as phones write
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
    ],
)
def test_every_common_format_keeps_its_colours(
    kind: str, options: dict[str, Any], fit: Any
) -> None:
    found = decode(encoded(quarters(), kind, **options), 32, fit)
    assert (found.width, found.height, found.format) == (64, 48, kind)
    assert found.pixels.shape == (32, 32, 3)
    assert_colours(found, RED, GREEN, BLUE, WHITE)


@pytest.mark.parametrize("fit", ["squash", "crop"])
@pytest.mark.parametrize("size", [(640, 480), (37, 211), (9, 7), (300, 20)])
def test_scaled_decoding_equals_decoding_whole(size: tuple[int, int], fit: Any) -> None:
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    waves = np.stack(
        [np.sin(4 * x / size[0]), np.cos(5 * y / size[1]), np.sin(3 * (x + y) / sum(size))], 2
    )
    picture = Image.fromarray((127 + 120 * waves).astype(np.uint8))
    scaled = decode(encoded(picture, "JPEG", quality=95, subsampling=0), 24, fit).pixels
    whole = decode(encoded(picture, "PNG"), 24, fit).pixels
    assert np.abs(scaled.astype(int) - whole).mean() < 3


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "LA", "RGBA", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    found = decode(encoded(quarters().convert(mode), kind), 16)
    luma = [int(0.299 * r + 0.587 * g + 0.114 * b) for r, g, b in (RED, GREEN, BLUE, WHITE)]
    if mode in ("L", "LA"):
        assert_colours(found, *((grey, grey, grey) for grey in luma))  # type: ignore[misc]
    elif mode == "1":  # dithered: only black and white dots are left
        assert found.pixels.std(axis=2).max() == 0 and corners(found)[3].min() > 200
    else:
        assert_colours(found, RED, GREEN, BLUE, WHITE, within=40)


def test_cmyk_and_grey_jpeg_are_read() -> None:
    assert_colours(
        decode(encoded(quarters().convert("CMYK"), "JPEG", quality=95), 16), RED, GREEN, BLUE, WHITE
    )
    grey = decode(encoded(quarters().convert("L"), "JPEG"), 16).pixels
    assert (grey[..., 0] == grey[..., 1]).all() and (grey[..., 0] == grey[..., 2]).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_brightness(kind: str) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    found = decode(encoded(Image.fromarray(np.tile(ramp, (64, 1))), kind), 64).pixels
    assert np.abs(found[32, :, 0].astype(float) - ramp / 257).max() <= 2


def test_transparency_is_laid_on_white() -> None:
    picture = quarters().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    assert (decode(encoded(picture), 8).pixels == 255).all()
    palette = quarters().quantize(8)
    assert_colours(
        decode(encoded(palette, transparency=palette.getpixel((0, 0))), 16),
        (255,) * 3,
        GREEN,
        BLUE,
        WHITE,
    )


TURNS = {  # where red, green, blue and white end up
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_pictures_are_turned_as_exif_says(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(encoded(quarters(), kind, exif=exif, quality=95), 32)
    assert_colours(found, *TURNS[orientation], within=20)
    assert (found.width, found.height) == ((48, 64) if orientation >= 5 else (64, 48))


def test_an_orientation_that_is_none_changes_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 9
    found = decode(encoded(quarters(), "JPEG", exif=exif, quality=95), 32)
    assert_colours(found, RED, GREEN, BLUE, WHITE)
    assert (found.width, found.height) == (64, 48)


def with_profile_tags(**tags: bytes) -> bytes:
    """An sRGB profile with some of its tags replaced by others of the same length."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset, length = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if (new := tags.get(name.decode())) is not None:
            assert len(new) == length
            profile[offset : offset + length] = new
    return bytes(profile)


def primary(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_colours_are_converted_from_the_profile(kind: str) -> None:
    srgb = [
        (0.43607, 0.22249, 0.01392),
        (0.38515, 0.71687, 0.09708),
        (0.14307, 0.06061, 0.71410),
    ]  # D50-adapted
    exchanged = with_profile_tags(rXYZ=primary(*srgb[1]), gXYZ=primary(*srgb[0]))
    found = decode(encoded(quarters(), kind, icc_profile=exchanged), 32)
    swapped = [(g, r, b) for r, g, b in (RED, GREEN, BLUE, WHITE)]
    assert_colours(found, *swapped, within=20)  # type: ignore[arg-type]


def test_a_wider_profile_makes_colours_stronger() -> None:
    adobe = with_profile_tags(  # the primaries of Adobe RGB (1998), adapted to D50
        rXYZ=primary(0.60974, 0.31111, 0.01947),
        gXYZ=primary(0.20528, 0.62567, 0.06087),
        bXYZ=primary(0.14919, 0.06322, 0.74457),
    )
    plain, wide = (corners(decode(encoded(quarters(), icc_profile=p), 32)) for p in (None, adobe))
    assert (wide[1, 0] < plain[1, 0]) and (wide[1, 1] >= plain[1, 1])  # green gets purer
    assert np.abs(wide[3] - plain[3]).max() <= 3  # white stays white


def test_a_broken_profile_or_one_of_other_colours_is_passed_over() -> None:
    grey = quarters().convert("L")
    of_rgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert_colours(
        decode(encoded(quarters(), icc_profile=b"no profile at all"), 16), RED, GREEN, BLUE, WHITE
    )
    assert decode(encoded(grey, icc_profile=of_rgb), 16).pixels.std() > 10


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("fit", ["squash", "crop"])
@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (20, 3000), (1, 400)])
def test_one_pixel_and_panoramas_are_pictures(size: tuple[int, int], kind: str, fit: Any) -> None:
    found = decode(encoded(Image.new("RGB", size, BLUE), kind), 16, fit)
    assert (found.width, found.height) == size
    assert_colours(found, BLUE, BLUE, BLUE, BLUE, within=6)


def test_cropping_takes_the_centre_and_squashing_all() -> None:
    picture = Image.new("RGB", (90, 30), RED)
    picture.paste(GREEN, (30, 0, 60, 30))
    assert_colours(decode(encoded(picture), 12, "crop"), GREEN, GREEN, GREEN, GREEN)
    assert (decode(encoded(picture), 12).pixels[6, 0] == RED).all()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises ``width × height`` pixels and holds none."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        parts.append(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )
    return b"".join(parts)


@pytest.mark.parametrize("size", [(13400, 13400), (200_000, 100_000)])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="megapixels, more than the 178 that are read"):
        decode(png_header(*size), 32)


def test_large_pictures_below_the_limit_raise_no_warning() -> None:
    with pytest.raises(
        InputError, match=r"^damaged"
    ):  # at 100 megapixels Pillow warns, and a warning is an error here
        decode(png_header(10_000, 10_000), 32)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"This is a text that somebody named .jpg", "not a picture"),
        (b"\xff\xd8\xff", "not a picture"),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
            "not a picture",
        ),
    ],
)
def test_no_pictures_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"^{reason}"):
        decode(data, 32)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_cut_off_pictures_are_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(InputError, match=r"^(damaged|not a picture)") as refusal:
        decode(data[: len(data) * 2 // 3], 32)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "PPM", "JPEG2000"])
def test_no_damage_gets_past_the_refusal(kind: str) -> None:
    """Hundreds of invalidated files:

    each is a picture still, or refused on one line; nothing else is ever raised.
    """
    rng = np.random.default_rng(3)
    try:
        whole = encoded(Image.fromarray(rng.integers(0, 255, (24, 31, 3)).astype(np.uint8)), kind)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow cannot write {kind}")
    refused = 0
    for _ in range(150):
        data = bytearray(whole[: rng.integers(1, len(whole) + 1)] if rng.random() < 0.2 else whole)
        for _ in range(rng.integers(1, 6)):
            data[rng.integers(0, min(len(data), 200))] = rng.integers(0, 256)
        try:
            assert decode(bytes(data), 16).pixels.shape == (16, 16, 3)
        except InputError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 0


def test_a_large_scan_is_read_where_it_is_asked_for() -> None:
    scan = encoded(Image.new("L", (1500, 1000), 90), "JPEG")
    with pytest.raises(InputError, match=r"2 megapixels, more than the 1 that.*=2 would"):
        decode(scan, 16, max_megapixels=1)
    assert (decode(scan, 16, max_megapixels=2).pixels == 90).all()


def test_pillow_lets_through_what_is_admitted() -> None:
    row = zlib.compress(b"\0" * 100)
    claim = png_of((60_000, 10_000), row)  # 600 megapixels of which next to nothing is there
    with pytest.raises(InputError, match="600 megapixels, more than the 300"):
        decode(claim, 16, max_megapixels=300)
    with pytest.raises(InputError, match="damaged"):
        decode(claim, 16, max_megapixels=600)
    with pytest.raises(InputError, match="600 megapixels, more than the 178"):
        decode(claim, 16)


def png_of(size: tuple[int, int], data: bytes, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG of any header and content."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "YCbCr", "I;16"])
@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_bands_of_rows_equal_the_whole(
    mode: str, fit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves = np.sin(np.arange(300)[:, None] / 40) * np.cos(np.arange(421) / 60) * 127 + 128
    if mode == "I;16":
        picture = Image.fromarray((waves * 257).astype(np.uint16))
    else:
        colours = np.stack([waves, waves[::-1], waves[:, ::-1]], 2).astype(np.uint8)
        picture = Image.fromarray(colours).convert(mode)
    data = encoded(picture, "TIFF" if mode in ("YCbCr", "I;16") else "PNG")
    whole = decode(data, (20, 30), fit).pixels.astype(int)
    monkeypatch.setattr(decoding, "_BAND", 421 * 23)
    banded = decode(data, (20, 30), fit).pixels.astype(int)
    assert np.abs(whole - banded).max() <= (1 if fit == "squash" else 8)


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        (np.full((8, 8), 40_000, np.uint16), 156, ""),  # 40000 / 257
        (np.full((8, 8), 2_000, np.uint16), 125, "12 bits"),  # 2000 / 4095 · 255
        (np.full((8, 8), 153, np.uint16), 153, "8 bits"),
        (np.full((8, 8), 153, np.int32), 153, "8 bits"),
        (np.full((8, 8), 60_000, np.int32), 233, ""),
        (np.full((8, 8), 1_000_000, np.int32), 255, "the largest value is shown as white"),
        (np.full((8, 8), 0.6, np.float32), 153, ""),
        (np.full((8, 8), 153.0, np.float32), 153, "255 is shown as white"),
        (np.full((8, 8), 40_000.0, np.float32), 156, "65535 is shown as white"),
        (np.full((8, 8), np.nan, np.float32), 0, ""),
        (np.zeros((8, 8), np.uint16), 0, ""),
    ],
)
def test_deep_samples_are_scaled_and_guesses_are_noted(
    values: NDArray[Any], expected: int, note: str
) -> None:
    found = decode(encoded(Image.fromarray(values), "TIFF"), 4)
    assert (found.pixels == expected).all()
    assert note in found.note if note else found.note == ""


def test_a_tag_says_what_white_is_and_whether_black_is_white() -> None:
    samples = Image.fromarray(np.full((8, 8), 2_000, np.uint16))
    declared = decode(encoded(samples, "TIFF", tiffinfo={281: 65_535}), 4)
    assert (declared.pixels == 8).all() and declared.note == ""  # 2000 / 65535 · 255
    inverted = encoded(samples, "TIFF").replace(
        struct.pack("<HHI", 262, 3, 1) + b"\1\0", struct.pack("<HHI", 262, 3, 1) + b"\0\0"
    )
    assert (decode(inverted, 4).pixels == 255 - 125).all()


def test_twelve_bits_of_colour_in_sixteen_are_noted() -> None:
    samples = np.full((8, 8, 3), 4_000, np.uint16)
    found = decode(rgb16(samples), 4)
    assert (found.pixels == 255).all() and "12 bits in a deeper file" in found.note
    assert decode(rgb16(samples * 16), 4).note == ""


def rgb16(samples: NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits a channel, which Pillow reads and does not write."""
    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return png_of((width, height), zlib.compress(rows), 16, 2)


def test_a_jpeg_without_its_end_mark_is_whole_and_one_without_more_is_not() -> None:
    data = encoded(quarters(400, 300), "JPEG", quality=90)
    assert_colours(decode(data[:-2], 16), RED, GREEN, BLUE, WHITE)
    with pytest.raises(InputError, match="damaged"):
        decode(data[: len(data) * 3 // 4], 16)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
        (b"<!DOCTYPE html><title>404</title>", "a web page"),
    ],
)
def test_files_of_another_kind_are_called_by_it(content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        decode(content, 16)


def tiff(compression: str, mode: str = "RGB", **options: Any) -> bytearray:
    """A TIFF of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, "TIFF", compression=compression, **options)
    return bytearray(stream.getvalue())


@pytest.mark.skipif(sys.platform == "win32", reason="there libtiff is a part of Pillow")
@pytest.mark.parametrize(
    ("compression", "mode", "reason"),
    [
        ("group4", "1", "damaged: Fax4Decode: Bad code word"),  # Pillow takes the picture
        ("tiff_deflate", "RGB", "damaged: ZIPDecode: Decoding error"),
        ("tiff_lzw", "RGB", "damaged: libtiff: "),
    ],
)
def test_errors_of_libtiff_refuse_a_picture_and_stay_off_the_screen(
    compression: str, mode: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tiff(compression, mode)
    assert decode(bytes(data), 16).format == "TIFF"
    data[28:58] = b"\xff" * 30
    with pytest.raises(InputError, match=reason):
        decode(bytes(data), 16)
    assert capfd.readouterr().err == ""


def test_warnings_of_libtiff_are_harmless_and_stay_off_the_screen(
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = bytes(tiff("tiff_lzw", tiffinfo={60000: "a tag of one scanner"}))
    assert decode(data, 16).format == "TIFF"
    assert capfd.readouterr().err == ""


def test_errors_of_libtiff_are_those_of_their_own_thread() -> None:
    damaged = tiff("group4", "1")
    damaged[28:58] = b"\xff" * 30
    whole = bytes(tiff("group4", "1"))

    def tried(data: bytes) -> bool:
        try:
            decode(data, 16)
        except InputError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(tried, [whole, bytes(damaged)] * 40))
    assert taken == [True, False] * 40

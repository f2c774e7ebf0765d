"""Recall of the search for near-duplicates: pictures changed in known ways, and what is found.

Test pictures of a prepared collection, and whole pictures from a folder where one is given, are
changed one way at a time, stored as ``prepare`` stores them, and searched for their originals. Then
the collection itself is searched; the pairs are written as a sheet, for only eyes tell true copies
from false ones.

    python benchmarks/duplicates.py COLLECTION [--whole FOLDER] [--sheet pairs.png]
"""

import argparse
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from impasto.collection.collection import open_collection
from impasto.collection.copy_pairs import CopyPairs
from impasto.collection.duplicates import find_copies
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.decode import decode
from impasto.images.fonts import font
from impasto.numerics.bootstrap import wilson

Picture = Image.Image
Pixels = NDArray[np.uint8]
PICTURES: Final = 126  # of the collection's test split
SHOWN: Final = 500  # pairs of a sheet
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def compressed(image: Picture, quality: int) -> Picture:
    """The picture after JPEG compression."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return Image.open(data).convert("RGB")


def trimmed(image: Picture, left: float, top: float, right: float, bottom: float) -> Picture:
    """The picture without shares of its edges."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop(tuple(round(side) for side in box))


def bordered(image: Picture, share: float, colour: tuple[int, int, int]) -> Picture:
    """The picture in a border of one colour."""
    width, height = image.size
    return ImageOps.expand(image, (round(share * width), round(share * height)), fill=colour)


def framed(image: Picture) -> Picture:
    """The picture in a frame with mouldings, a tenth of its sides wide."""
    result = bordered(image, 0.1, (120, 80, 30))
    pen, (width, height) = ImageDraw.Draw(result), result.size
    for step in range(3):
        edge = round(0.025 * min(image.size) * (step + 1))
        colour = (200, 170, 80) if step % 2 else (60, 40, 20)
        pen.rectangle((edge, edge, width - 1 - edge, height - 1 - edge), outline=colour)
    return result


def turned(image: Picture, degrees: float, *, cropped: bool) -> Picture:
    """The picture turned, with white corners or without its corners."""
    result = image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=WHITE)
    slope, (width, height) = np.tan(np.radians(abs(degrees))) / 2, image.size
    across, down = int(np.ceil(slope * height)) + 1, int(np.ceil(slope * width)) + 1
    return result.crop((across, down, width - across, height - down)) if cropped else result


def marked(image: Picture) -> Picture:
    """The picture with a watermark."""
    result, (width, height) = image.copy(), image.size
    face = font("w", max(7, round(0.06 * width)))
    pen = ImageDraw.Draw(result)
    pen.text((0.35 * width, 0.88 * height), "www.paintings.org", fill=WHITE, font=face)
    return result


def cast(image: Picture) -> Picture:
    """The picture in a yellowish light."""
    return Image.fromarray((np.asarray(image) * [1, 0.9, 0.7]).astype(np.uint8))


def smaller(image: Picture) -> Picture:
    """The picture at 60 % of its size."""
    width, height = image.size
    return image.resize((round(0.6 * width), round(0.6 * height)), Image.Resampling.BILINEAR)


CHANGES: Final[Mapping[str, Callable[[Picture], Picture]]] = {
    "resized to 60 %": smaller,
    "JPEG quality 20": lambda image: compressed(image, 20),
    "JPEG quality 5": lambda image: compressed(image, 5),
    "brighter by 25 %": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "contrast of 70 %": lambda image: ImageEnhance.Contrast(image).enhance(0.7),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "colour cast": cast,
    "watermark": marked,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(image.width / 128)),
    "2 % off each edge": lambda image: trimmed(image, 0.02, 0.02, 0.02, 0.02),
    "5 % off each edge": lambda image: trimmed(image, 0.05, 0.05, 0.05, 0.05),
    "10 % off each edge": lambda image: trimmed(image, 0.1, 0.1, 0.1, 0.1),
    "5 % off one side": lambda image: trimmed(image, 0.05, 0, 0, 0),
    "white border of 3 %": lambda image: bordered(image, 0.03, WHITE),
    "white border of 5 %": lambda image: bordered(image, 0.05, WHITE),
    "black border of 5 %": lambda image: bordered(image, 0.05, BLACK),
    "turned by 2°, white corners": lambda image: turned(image, 2, cropped=False),
    "turned by 2°, cropped": lambda image: turned(image, -2, cropped=True),
    "mirrored": ImageOps.mirror,
    "mirrored, 5 % off each edge": lambda image: ImageOps.mirror(
        trimmed(image, 0.05, 0.05, 0.05, 0.05)
    ),
    "frame of 10 %": framed,
    "turned by 90°": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


def stored(image: Picture, size: int) -> Pixels:
    """The picture as a collection stores it."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=90)
    return decode(data.getvalue(), size).pixels


def recall(originals: list[Picture], change: Callable[[Picture], Picture], size: int) -> float:
    """Share of changed pictures that are found as copies of their originals."""
    count = len(originals)
    pictures = [*originals, *(change(image) for image in originals)]
    pixels = np.stack([stored(image, size) for image in pictures])
    found = find_copies([None] * len(pixels), pixels)
    pairs = CopyPairs(found, "near", np.arange(len(pixels)) // count, apart=True).listed(count**2)
    return sum(b - a == count for a, b, _ in pairs) / count


def main() -> None:
    """Print the share found of each change, then the number of pairs in the collection."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--whole", type=Path, help="a folder of large pictures, changed too")
    parser.add_argument("--pictures", type=int, default=PICTURES, help="test pictures to change")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of test pictures")
    parser.add_argument("--sheet", type=Path, help="write the collection's pairs as a picture")
    asked = parser.parse_args()
    found = open_collection(asked.collection)
    rows = np.random.default_rng(asked.seed).permutation(found.indices("test"))[: asked.pictures]
    originals = [Image.fromarray(found.pixels[row]) for row in rows]
    for path in sorted(asked.whole.glob("*.jpg")) if asked.whole else ():
        with Image.open(path) as image:
            originals.append(image.convert("RGB"))
    size = found.pixels.shape[1]
    print(f"{len(originals)} pictures\n\n| change | found | 95 % interval |\n| --- | ---: | ---: |")
    for name, change in CHANGES.items():
        share = recall(originals, change, size)
        ends = wilson(share, len(originals))
        low, high = 100 * ends["low"], 100 * ends["high"]
        print(f"| {name} | {100 * share:.1f} % | {low:.1f}–{high:.1f} |", flush=True)
    copies = find_copies(found.column("sha256"), found.pixels)
    near = CopyPairs(copies, "near", np.zeros(len(found), np.int64), apart=False)
    print(
        f"\n{len(found)} pictures of the collection: {near.count:,} near pairs, "
        f"{near.mirrored:,} of them mirrored"
    )
    if asked.sheet:
        pairs = [[found.pixels[a], found.pixels[b]] for a, b, _ in near.listed(SHOWN)]
        rows_of = [
            [side for pair in pairs[at : at + 5] for side in pair] for at in range(0, len(pairs), 5)
        ]
        blank = np.full_like(found.pixels[0], 255)
        rows_of = [[*row, *[blank] * (10 - len(row))] for row in rows_of]
        write_png(asked.sheet, contact_sheet(rows_of, gap=2))


if __name__ == "__main__":
    main()

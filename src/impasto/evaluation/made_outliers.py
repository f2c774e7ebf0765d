"""Outliers: pictures that are no paintings, to test an out-of-distribution (OOD) detector with.

Noise, pages of text, diagrams and smooth gradients are made by code; photographs are crops of those
that scikit-learn and matplotlib carry. No detector is fitted or chosen on any of them.
"""

import itertools
import string
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto.images.fonts import font
from impasto.images.treatments import recompressed

Pixels = NDArray[np.uint8]
OutlierKind = Literal["noise", "text", "diagrams", "gradients", "photographs"]
KINDS: Final[tuple[OutlierKind, ...]] = get_args(OutlierKind)
QUALITY = 90  # of the JPEG that a picture is stored as, like most paintings
PAGE = 256  # pixels that text and diagrams are drawn at, before they are made smaller
PHOTOGRAPHS: Final[Mapping[str, tuple[str, ...]]] = {
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "matplotlib": ("mpl-data/sample_data/grace_hopper.jpg",),
}
"""Photographs that packages carry: a package's name, and files in its folder."""


def outliers(kind: OutlierKind, count: int, size: int, *, seed: int = 0) -> Pixels:
    """Return pictures of a kind, ``uint8 (count, size, size, 3)``, stored as JPEG once.

    There are none of photographs where the packages were installed without theirs.
    """
    if kind == "photographs":
        return recompressed(photograph_crops(photographs(), count, size, seed=seed), QUALITY)
    draw, rng = _MAKERS[kind], np.random.default_rng(seed)
    return recompressed(np.stack([draw(size, rng) for _ in range(count)]), QUALITY)


def photographs() -> list[Path]:
    """Return the files of photographs that scikit-learn and matplotlib carry."""
    found = []
    for package, names in PHOTOGRAPHS.items():
        spec = find_spec(package)
        if spec and spec.origin:
            found += [Path(spec.origin).parent / name for name in names]
    return [path for path in found if path.is_file()]


def photograph_crops(paths: list[Path], count: int, size: int, *, seed: int = 0) -> Pixels:
    """Return crops of photographs in turn, ``uint8 (count, size, size, 3)``.

    A crop has half of the photograph's sides up to the whole of them.
    """
    if not paths:
        return np.empty((0, size, size, 3), np.uint8)
    rng, crops = np.random.default_rng(seed), []
    for place in range(count):
        with Image.open(paths[place % len(paths)]) as opened:
            photograph = opened.convert("RGB")
        share = rng.uniform(0.5, 1)
        width, height = (max(1, round(share * side)) for side in photograph.size)
        left = int(rng.integers(photograph.width - width + 1))
        top = int(rng.integers(photograph.height - height + 1))
        box = (left, top, left + width, top + height)
        crops.append(photograph.resize((size, size), Image.Resampling.LANCZOS, box=box))
    return np.stack([np.asarray(crop) for crop in crops])


def _noise(size: int, rng: np.random.Generator) -> Pixels:
    """Independent pixels: uniform in colour or in grey, or normal."""
    grey, normal = rng.random() < 0.5, rng.random() < 0.5
    shape = (size, size, 1 if grey else 3)
    values = rng.normal(128, 50, shape) if normal else rng.uniform(0, 256, shape)
    return np.broadcast_to(values.clip(0, 255), (size, size, 3)).astype(np.uint8)


def _gradient(size: int, rng: np.random.Generator) -> Pixels:
    """A smooth change from one colour to another, straight or round."""
    y, x = np.mgrid[0:size, 0:size] / max(size - 1, 1)
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        way = x * np.cos(angle) + y * np.sin(angle)
    else:
        way = np.hypot(x - rng.random(), y - rng.random())
    way = (way - way.min()) / np.ptp(way)
    first, last = rng.uniform(0, 255, (2, 3))
    return np.asarray(first + way[..., None] * (last - first)).astype(np.uint8)


def _page(size: int, rng: np.random.Generator) -> Pixels:
    """A page of made-up words, dark on light, seldom the other way round."""
    ground, ink = rng.integers(225, 256), rng.integers(0, 60)
    if rng.random() < 0.2:
        ground, ink = ink, ground
    sheet = Image.new("RGB", (PAGE, PAGE), (int(ground),) * 3)
    pen, letter = ImageDraw.Draw(sheet), int(rng.integers(9, 26))
    face, line = font("a", letter), letter
    while line < PAGE - letter:
        words = [
            "".join(rng.choice(list(string.ascii_lowercase), rng.integers(1, 10)))
            for _ in range(PAGE // letter)
        ]
        pen.text((letter, line), " ".join(words), fill=(int(ink),) * 3, font=face)
        line += round(1.4 * letter) * (1 if rng.random() < 0.9 else 2)
    return _smaller(sheet, size)


def _diagram(size: int, rng: np.random.Generator) -> Pixels:
    """Boxes joined by lines, a chart of bars, or curves over axes, on white."""
    sheet = Image.new("RGB", (PAGE, PAGE), "white")
    pen = ImageDraw.Draw(sheet)
    colours = [tuple(int(part) for part in rng.integers(0, 230, 3)) for _ in range(4)]
    form = rng.integers(3)
    if form == 0:
        _boxes(pen, colours, rng)
        return _smaller(sheet, size)
    edge, low = 30, PAGE - 30
    pen.line([(edge, edge), (edge, low), (PAGE - edge, low)], fill="black", width=2)
    if form == 1:
        bars = int(rng.integers(3, 10))
        step = (PAGE - 2 * edge) / bars
        for bar in range(bars):
            left, top = edge + bar * step, low - rng.uniform(10, low - edge)
            box = (left + 0.2 * step, top, left + 0.9 * step, low)
            pen.rectangle(box, fill=colours[bar % int(rng.integers(1, 5))])
    else:
        across = np.linspace(edge, PAGE - edge, 20)
        for colour in colours[: int(rng.integers(1, 5))]:
            down = low - np.abs(np.cumsum(rng.normal(0, 25, 20))).clip(0, low - edge)
            pen.line(list(zip(across, down, strict=True)), fill=colour, width=3)
    for place in range(edge, low, 40):
        pen.text((4, place), str(int(rng.integers(100))), fill="black", font=font("1", 12))
    return _smaller(sheet, size)


def _boxes(
    pen: ImageDraw.ImageDraw, colours: list[tuple[int, ...]], rng: np.random.Generator
) -> None:
    centres = [(48 + 80 * column, 40 + 60 * row) for row in range(4) for column in range(3)]
    chosen = rng.permutation(len(centres))[: int(rng.integers(4, 10))]
    points = [centres[place] for place in chosen]
    for start, end in itertools.pairwise(points):
        pen.line([start, end], fill="black", width=2)
    for x, y in points:
        box, colour = (x - 28, y - 16, x + 28, y + 16), colours[int(rng.integers(len(colours)))]
        fill = "white" if rng.random() < 0.5 else colour
        pen.rectangle(box, fill=fill, outline="black", width=2)
        word = "".join(rng.choice(list(string.ascii_lowercase), 4))
        pen.text((x - 14, y - 7), word, fill="black", font=font("a", 12))


def _smaller(sheet: Image.Image, size: int) -> Pixels:
    return np.asarray(sheet.resize((size, size), Image.Resampling.LANCZOS))


_MAKERS: Final[
    Mapping[
        Literal["noise", "text", "diagrams", "gradients"],
        Callable[[int, np.random.Generator], Pixels],
    ]
] = {"noise": _noise, "text": _page, "diagrams": _diagram, "gradients": _gradient}

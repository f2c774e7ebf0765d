"""What tests share:

made-up pictures that can be learned, collections of them, and real data where it is at hand.
"""

import importlib
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.verbs.inspection import chromium

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch, not imported yet, shares no small work out
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
BESIDE = Path(__file__).parents[2] / "shared"
STYLES = ("Bands", "Columns", "Diagonals")
FOLDER_ARGUMENTS = ("styles", "train", "test", "size", "artists", "seed")


def striped(style: int, styles: int, rng: np.random.Generator, size: int = 40) -> NDArray[np.uint8]:
    """A picture of one of ``styles`` styles, ``uint8 (size, size, 3)``.

    The stripes' direction and tint tell the style. A smooth ground of its own keeps two pictures
    from looking like copies.
    """
    y, x = np.mgrid[0:size, 0:size] / size
    angle = math.pi * style / styles
    wave = np.sin(2 * math.pi * (5 * (x * math.cos(angle) + y * math.sin(angle)) + rng.random()))
    tint = np.cos(2 * math.pi * (style / styles + np.arange(3) / 3))
    ground = np.asarray(
        Image.fromarray(rng.uniform(0, 255, (4, 4)).astype(np.uint8)).resize((size, size)), float
    )
    picture = 0.4 * ground[..., None] + 75 + 35 * wave[..., None] * (1 + 0.5 * tint) + 15 * tint
    return (picture + rng.normal(0, 6, picture.shape)).clip(0, 255).astype(np.uint8)


def write_pictures(  # one argument for each thing that a test may vary
    folder: Path,
    styles: Sequence[str] = STYLES,
    train: int | Sequence[int] = 12,
    test: int | Sequence[int] = 4,
    size: int = 40,
    artists: int = 0,
    seed: int = 0,
) -> Path:
    """Write pictures of each style, in folders of training and test or, without test, in one.

    Args:
        folder: where to.
        styles: their names; each has stripes of its own.
        train: training pictures of each style, or of every one of them.
        test: likewise; 0 for a source that names no split.
        size: height and width in pixels.
        artists: artists of each style, in turn, on both sides; 0: the names do not tell.
        seed: of the pictures.
    """
    counts = {"train": train, "test": test}
    sides = {
        side: [n] * len(styles) if isinstance(n, int) else list(n) for side, n in counts.items()
    }
    flat = not any(sides["test"])
    for s, style in enumerate(styles):
        for t, side in enumerate(sides):
            inner = folder / style if flat else folder / side / style
            if not flat or side == "train":
                inner.mkdir(parents=True, exist_ok=True)
            for number in range(sides[side][s]):
                rng = np.random.default_rng([seed, s, t, number])
                name = f"{side}{number:03d}.jpg"
                if artists:
                    painter = f"{style.lower().replace('_', '-')}-painter-{number % artists}"
                    name = f"{painter}_{side}-no-{number:03d}-1890.jpg"
                Image.fromarray(striped(s, len(styles), rng, size)).save(inner / name, quality=92)
    return folder


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A factory:

    ``picture_folder(styles=…, train=…, test=…, size=…, artists=…, seed=…)`` writes a new folder.
    """

    def make(**arguments: object) -> Path:
        return write_pictures(tmp_path_factory.mktemp("source") / "pictures", **arguments)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def make_collection(
    picture_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Collection]:
    """A factory:

    the arguments of ``picture_folder``, ``stored`` (pixels, 32) and those of ``PrepareSettings``.
    """

    def make(stored: int = 32, **arguments: object) -> Collection:
        pictures = {name: arguments.pop(name) for name in FOLDER_ARGUMENTS if name in arguments}
        settings = PrepareSettings(pixels=stored, workers=1, **arguments)  # type: ignore[arg-type]
        return prepare(
            picture_folder(**pictures), tmp_path_factory.mktemp("made") / "collection", settings
        )

    return make


@pytest.fixture(scope="session")
def four_styles(make_collection: Callable[..., Collection]) -> Collection:
    """Four styles of stripes, from many pictures to few, which ``quick_settings`` can learn."""
    from quick_settings import STYLES  # noqa: PLC0415 – torch

    return make_collection(styles=STYLES, train=(60, 45, 30, 24), test=12, artists=4)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A factory:

    ``tiny_base(kind="tiny", seed=0)`` is the folder of a text-to-image pipeline with random
    weights.
    """
    made: dict[tuple[str, int], Path] = {}
    captions = [f"a painting in the style of {style.lower()}" for style in STYLES]

    def make(kind: str = "tiny", seed: int = 0) -> Path:
        if (kind, seed) not in made:
            sys.path.insert(0, str(BENCHMARKS))
            try:
                pipeline = getattr(importlib.import_module("small_pipeline"), kind)(captions, seed)
            finally:
                sys.path.remove(str(BENCHMARKS))
            made[kind, seed] = tmp_path_factory.mktemp("base") / kind
            pipeline.save_pretrained(made[kind, seed])
        return made[kind, seed]

    return make


@pytest.fixture(scope="session")
def paintings() -> Path:
    """The folder of real paintings; tests that take it carry the mark ``paintings``."""
    return _beside("IMPASTO_PAINTINGS", "paintings", "real paintings")


@pytest.fixture(scope="session")
def wikiart_splits() -> Path:
    """The folder of the official WikiArt lists."""
    return _beside("IMPASTO_WIKIART_SPLITS", "wikiart-splits", "official WikiArt lists")


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of generators of inputs as people have them."""
    return _beside("IMPASTO_CASES", "cases", "generators of inputs")


@pytest.fixture(scope="session")
def paintings_collection(paintings: Path, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """All real paintings, prepared at 64 pixels."""
    settings = PrepareSettings(pixels=64, workers=2)
    return prepare(paintings, tmp_path_factory.mktemp("real") / "collection", settings)


def _beside(variable: str, name: str, what: str) -> Path:
    path = Path(os.environ.get(variable, BESIDE / name))
    if not path.is_dir():
        pytest.skip(f"no {what} in {path}: name their folder in {variable}")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests that look at a page."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install -e '.[dev]'"
    )
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(
            executable_path=path, args=["--no-sandbox"], timeout=180_000
        )
        yield opened
        opened.close()

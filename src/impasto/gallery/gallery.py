"""Sample gallery: a folder of pictures painted by code, laid out and named as real collections are.

DIR/gallery.json                                 settings, by which the folder is recognised
DIR/train/<Style>/<artist>_<title>-<year>.jpg    a long tail of class sizes
DIR/test/<Style>/<artist>_<title>-<year>.jpg     the same number of every style

Every picture has its own seed, so neither the number of threads nor an interruption changes a byte.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from pydantic import Field

from impasto.config import Settings
from impasto.files import replacing
from impasto.gallery.artists import Artist, artists, title, year
from impasto.gallery.scene import Rng
from impasto.gallery.styles import STYLES, paint
from impasto.gallery.subjects import SUBJECTS
from impasto.progress import progress_bar
from impasto.records.place import GALLERY
from impasto.state.folder import Claim, claimed

_AT_HOME: Final = 3.0  # how much likelier an artist is to paint the favourite subject


class SampleSettings(Settings):
    """Settings of the sample gallery."""

    pictures: int = Field(
        900, ge=4 * len(STYLES), description="number of pictures, training and test"
    )
    pixels: int = Field(128, ge=32, le=2048, description="height and width of a picture in pixels")
    imbalance: float = Field(
        12.0, ge=1, description="ratio of training pictures, largest to smallest style"
    )
    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of test pictures, the same number of each style"
    )
    artists: int = Field(8, ge=1, le=40, description="artists per style")
    workers: int = Field(0, ge=0, description="painting threads; 0: one a core")
    seed: int = Field(0, ge=0, description="seed of every random choice")


@dataclass(frozen=True, slots=True)
class GallerySummary:
    """A painted gallery.

    Attributes:
        path: its folder.
        counts: style to number of pictures, train and test together, the largest first.
        painted: how many were painted now; the rest lay there already.
    """

    path: Path
    counts: Mapping[str, int]
    painted: int


@dataclass(frozen=True, slots=True)
class Commission:
    """One picture to paint.

    Attributes:
        path: under the gallery's folder, with ``/``.
        style: how it is painted.
        subject: what it shows.
        artist: who paints it.
        seed: the entropy of the picture's own generator.
    """

    path: str
    style: str
    subject: str
    artist: Artist
    seed: tuple[int, int, int]


def paint_gallery(
    directory: Path | str,
    settings: SampleSettings | None = None,
    *,
    fresh: bool = False,
    progress: bool = False,
) -> GallerySummary:
    """Paint the sample gallery, or what is missing of it.

    Args:
        directory: the folder to write; one begun with the same settings is continued.
        settings: the defaults where ``None``.
        fresh: remove the gallery that is in the folder, and paint another.
        progress: show a bar on standard error.

    Raises:
        InputError: ``gallery.json`` is damaged.
        OutputError: the folder holds other work or a gallery of other settings, or cannot be
            written.
    """
    settings, directory = settings or SampleSettings(), Path(directory)
    claim = Claim(
        what="gallery",
        mark=GALLERY,
        settings=settings,
        own=("train", "test"),
        finished=lambda: any(directory.glob("*/*/*.jpg")),
    )
    with claimed(directory, claim, fresh=fresh):
        return _painted(directory, settings, progress=progress)


def _painted(directory: Path, settings: SampleSettings, *, progress: bool) -> GallerySummary:
    planned = plan(settings)
    waiting = [one for one in planned if not (directory / one.path).exists()]
    workers = min(settings.workers or os.cpu_count() or 1, max(1, len(waiting)))
    bar = progress_bar("painting", len(waiting), shown=progress)
    with bar as advance, ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(_paint, directory, one, settings.pixels) for one in waiting]
        try:
            for job in as_completed(jobs):
                job.result()
                advance(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    counts = dict.fromkeys(STYLES, 0)
    for one in planned:
        counts[one.style] += 1
    return GallerySummary(directory, counts, len(waiting))


def plan(settings: SampleSettings) -> list[Commission]:
    """Every picture of the gallery, in order; a pure function of the settings."""
    train, test = class_sizes(settings)
    everybody = artists(settings.seed, settings.artists)
    taken: set[str] = set()
    planned: list[Commission] = []
    for number, style in enumerate(STYLES):
        rng = np.random.default_rng([settings.seed, 1, number])
        sides = ["train"] * train[style] + ["test"] * test
        subjects = [*_dealt(train[style], number), *_dealt(test, number + 1)]
        for index, (side, subject) in enumerate(zip(sides, subjects, strict=True)):
            artist = _choose(everybody[style], subject, index, rng)
            name = _unused(f"{artist.slug}_{title(subject, rng)}", year(style, artist, rng), taken)
            path = f"{side}/{style}/{name}.jpg"
            planned.append(
                Commission(path, style, subject, artist, (settings.seed, 2 + number, index))
            )
    return planned


def class_sizes(settings: SampleSettings) -> tuple[dict[str, int], int]:
    """Training pictures of each style, falling geometrically, and test pictures of every style."""
    test = max(1, round(settings.pictures * settings.test_share / len(STYLES)))
    left = settings.pictures - test * len(STYLES)
    if left < len(STYLES):
        test = settings.pictures // len(STYLES) - 1
        left = settings.pictures - test * len(STYLES)
    weights = settings.imbalance ** -np.linspace(0, 1, len(STYLES))
    exact = 1 + (left - len(STYLES)) * weights / weights.sum()
    sizes = np.floor(exact).astype(int)
    sizes[np.argsort(sizes - exact, kind="stable")[: left - sizes.sum()]] += (
        1  # the largest remainders
    )
    return dict(zip(STYLES, sizes.tolist(), strict=True)), test


def _dealt(count: int, first: int) -> list[str]:
    """``count`` subjects in turn.

    No style shows one more often than another, but for a remainder of one.
    """
    names = list(SUBJECTS)
    return [names[(first + i) % len(names)] for i in range(count)]


def _choose(group: list[Artist], subject: str, index: int, rng: Rng) -> Artist:
    """Each artist once, so that none is missing; then by weight and liking of the subject."""
    if index < len(group):
        return group[index]
    guest = np.array([1.0] * (len(group) - 1) + [0.6])
    weights = guest * [
        one.weight * (_AT_HOME if one.favourite == subject else 1.0) for one in group
    ]
    return group[int(rng.choice(len(group), p=weights / weights.sum()))]


def _unused(stem: str, when: int, taken: set[str]) -> str:
    """``stem-when``, with a number between them where that name is taken.

    No two pictures share a file name.
    """
    name, number = f"{stem}-{when}", 2
    while name in taken:
        name, number = f"{stem}-no-{number}-{when}", number + 1
    taken.add(name)
    return name


def _paint(directory: Path, one: Commission, size: int) -> None:
    pixels = paint(one.style, one.subject, one.artist.hand, size, np.random.default_rng(one.seed))
    with replacing(directory / one.path, noted=False) as temporary:
        Image.fromarray(pixels).save(temporary, "JPEG", quality=92, subsampling=0)

"""The sample gallery: a folder of pictures painted by code, in the layout and with the names of real collections.

DIR/gallery.json                                     settings and format; refused when the folder is used for others
DIR/train/<Style>/<artist>_<title>-<year>.jpg        a long tail of class sizes
DIR/test/<Style>/<artist>_<title>-<year>.jpg         the same number of every style

Every picture has its own seed, so neither the number of threads nor an interruption changes a byte.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from pydantic import Field

from impasto.config import Settings
from impasto.errors import InputError, OutputError
from impasto.files import make_folder, output_error, read_json, replacing, write_json
from impasto.gallery.artists import Artist, artists, title, year
from impasto.gallery.scene import Rng
from impasto.gallery.styles import STYLES, paint
from impasto.gallery.subjects import SUBJECTS

FORMAT: Final = 1
_CLAIM: Final = "gallery.json"
_AT_HOME: Final = 3.0  # how much likelier an artist is to paint the favourite subject


class SampleSettings(Settings):
    """What the sample gallery holds."""

    pictures: int = Field(900, ge=4 * len(STYLES), description="how many pictures in all")
    size: int = Field(128, ge=32, le=2048, description="height and width of a picture in pixels")
    imbalance: float = Field(
        12.0, ge=1, description="training pictures of the largest style over those of the smallest"
    )
    test_share: float = Field(
        0.2, gt=0, lt=1, description="share of the pictures that are test pictures, equal by style"
    )
    artists: int = Field(8, ge=1, le=40, description="artists a style")
    workers: int = Field(
        0, ge=0, description="threads that paint; 0: one a core; changes no picture"
    )
    seed: int = Field(0, ge=0, description="of everything that is drawn by lot")


@dataclass(frozen=True, slots=True)
class GallerySummary:
    """A painted gallery.

    Attributes:
        counts: style to number of pictures, train and test together, the largest first.
        painted: how many were painted now; the rest lay there already.
    """

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
    directory: Path, settings: SampleSettings | None = None, *, progress: bool = False
) -> GallerySummary:
    """Paint the sample gallery, or what is missing of it.

    Args:
        directory: the folder to write; one begun with the same settings is continued.
        settings: the defaults where ``None``.
        progress: show a bar on standard error.

    Raises:
        InputError: the folder holds a gallery of other settings, or its ``gallery.json`` is
            damaged.
        OutputError: the folder holds other work, or cannot be written.
    """
    settings = settings or SampleSettings()
    _claim(directory, settings)
    planned = plan(settings)
    for leftover in directory.glob("*/*/.*.part"):  # of a process that was killed while it wrote
        leftover.unlink(missing_ok=True)
    waiting = [one for one in planned if not (directory / one.path).exists()]
    workers = min(settings.workers or os.cpu_count() or 1, max(1, len(waiting)))
    with _bar(len(waiting), shown=progress) as advance, ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(_paint, directory, one, settings.size) for one in waiting]
        try:
            for job in as_completed(jobs):
                job.result()
                advance()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    counts = dict.fromkeys(STYLES, 0)
    for one in planned:
        counts[one.style] += 1
    return GallerySummary(counts, len(waiting))


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
    """Each artist once, so that none is missing; then by weight, favouring those who like the subject."""
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
    with replacing(directory / one.path) as temporary:
        Image.fromarray(pixels).save(temporary, "JPEG", quality=92, subsampling=0)


def _claim(directory: Path, settings: SampleSettings) -> None:
    """Write ``gallery.json``, or check that the folder's own speaks of the same gallery."""
    path = directory / _CLAIM
    record: dict[str, Any] = {
        "format": FORMAT,
        "settings": settings.model_dump(mode="json", exclude={"workers"}),
    }
    if not path.exists():
        try:
            if directory.is_dir() and any(directory.iterdir()):
                raise OutputError(
                    f"{directory} holds other work (no {_CLAIM}): choose another folder"
                )
        except OSError as error:
            raise output_error(directory, error) from error
        write_json(make_folder(directory) / _CLAIM, record)
        return
    old = read_json(path)
    if not isinstance(old, dict) or not isinstance(old.get("settings"), dict):
        raise InputError(f"{path} is damaged: delete {directory} or choose another folder")
    if old.get("format") != FORMAT:
        raise InputError(
            f"{directory} was painted by another version of impasto: delete it or choose another folder"
        )
    names = sorted(old["settings"].keys() | record["settings"].keys())
    differing = [
        f"{name} was {old['settings'].get(name)}, now {record['settings'].get(name)}"
        for name in names
        if old["settings"].get(name) != record["settings"].get(name)
    ]
    if differing:
        raise InputError(
            f"{directory} was painted with other settings ({', '.join(differing)}): "
            "repeat them, or choose another folder"
        )


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    if not shown or not total:
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("painting"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as bar:
        task = bar.add_task("painting", total=total, rate="")

        def advance() -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, rate=f"{speed:.0f} pictures/s" if speed else "")

        yield advance

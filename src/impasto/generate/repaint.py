"""Repainting: pictures in other styles, each beside a record of how it was made.

DIR/<Style>/<name>.png              with the proportions of the original; a mixture in
                                    DIR/<A-0.7+B-0.3>/
DIR/<Style>/<name>.json             settings, command, and the paintings that patches come from
DIR/<Style>/<name>.references.png   the original, the picture and its references, where asked for
DIR/grid.png                        several pictures or styles: a row a picture, the original first

Patches of real paintings make the picture; a trained painter, where there is one, gives them the
picture to begin with. Any pictures can be the references in place of a style's.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from torch import Tensor

from impasto.collection.collection import Collection, open_collection
from impasto.collection.originals import Originals
from impasto.collection.run_collection import collection_of
from impasto.collection.vocabulary import Vocabulary
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import InputError, SettingsError
from impasto.generate.patch_painter import PatchPainter, on_cores
from impasto.generate.patches import LEAST, synthesise
from impasto.generate.tiles import paint_in_tiles
from impasto.generate.user_pictures import Images, UserPicture, read_pictures
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.models.painter import Painter
from impasto.numerics.formatting import percent
from impasto.path_names import path_names
from impasto.records import run as runs
from impasto.records.painting import Borrowed, Repainted
from impasto.weights import painter_of

Pixels = NDArray[np.uint8]
GRID: Final = "grid.png"  # all pictures in all styles, beside their folders
PIXELS: Final = 256  # shorter side of pictures painted without a run, in pixels
CELL: Final = 128  # height and width of a picture in the grid, in pixels
LARGE: Final = 1024**2  # pixels of a picture from which pictures are painted one at a time


class PatchSettings(Settings):
    """Settings of repainting with patches of a collection's paintings, or of any pictures."""

    styles: tuple[str, ...] = Field((), description="target styles, or all")
    mix: str | None = Field(
        None, description="mixture of styles, as in Baroque:0.7,Ukiyo_e:0.3, scaled to a sum of 1"
    )
    strength: float = Field(
        1.0, ge=0, le=1, description="from 0, the picture itself, to 1, the target style"
    )
    boldness: int = Field(
        2,
        ge=0,
        le=5,
        description="how large strokes and shapes become: octaves from the coarsest size of the "
        "synthesis to the full one",
    )
    keep_colour: bool = Field(False, description="keep the original's colours; paint luminance")
    pixels: int | None = Field(
        None,
        ge=32,
        description="shorter side in pixels; none: a painter's resolution, else 256",
    )
    show_references: bool = Field(
        False, description="draw beside each picture the paintings that its patches come from"
    )
    references: tuple[Path, ...] = Field(
        (), description="pictures, or folders of them, to take patches from instead of a style's"
    )


class RepaintSettings(PatchSettings):
    """Settings of repainting with a painter."""

    finish: Literal["patches", "none"] = Field(
        "patches", description="patches of real paintings upon the painter's picture; none: without"
    )
    device: Device = Field(
        "auto", description="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else MPS, else cpu"
    )


def repaint(
    run: Path | str,
    images: Images,
    settings: RepaintSettings | None = None,
    *,
    output: Path,
    on_skip: Callable[[str], None] | None = None,
) -> list[Repainted]:
    """Repaint pictures with a painter, and write them to ``output``.

    Args:
        run: of a painter.
        images: pictures or folders of them.
        settings: the target styles, and how.
        output: the folder to write.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: no target style, a path that does not exist, or no picture that can be read.
        VocabularyError: an unknown style.
        SettingsError: a mixture that is not of the form ``A:0.7,B:0.3``, or an unknown device.
        RunError: there is no trained painter, or patches are wanted and its collection has changed.
        OutputError: the folder cannot be written.
    """
    settings, opened = settings or RepaintSettings(), runs.open_run(Path(run), "painter")
    targets = target_weights(opened.styles, settings)
    short = settings.pixels or int(opened.settings["resolution"])
    originals = read_pictures(images, short, on_skip=on_skip)
    given: list[UserPicture] = []
    if settings.finish == "patches" and settings.references:
        given = _references(settings, short, on_skip)
    stylist = Stylist.of_run(opened, settings, given)
    facts = {"run": opened.path.name, "run_weights": opened.weights_fingerprint}
    facts |= {"finish": settings.finish, "device": accelerator_on(settings.device).device.type}
    return _paint_all(stylist, originals, targets, opened.styles, facts, output)


def repaint_from_collection(
    collection: Collection | Path | str,
    images: Images,
    settings: PatchSettings | None = None,
    *,
    output: Path,
    on_skip: Callable[[str], None] | None = None,
) -> list[Repainted]:
    """Repaint pictures with patches of a collection's training pictures; nothing is trained.

    Args:
        collection: with the target styles.
        images: pictures or folders of them.
        settings: the target styles, and how.
        output: the folder to write.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: no target style, a path that does not exist, or no picture that can be read.
        VocabularyError: an unknown style.
        SettingsError: a mixture that is not of the form ``A:0.7,B:0.3``.
        CollectionError: there is none, or a style has no training pictures.
        OutputError: the folder cannot be written.
    """
    settings = settings or PatchSettings()
    found = collection if isinstance(collection, Collection) else open_collection(collection)
    targets = target_weights(found.vocabulary.styles, settings)
    if settings.styles == ("all",):
        untaught = _without_training_pictures(found)
        targets = {name: weights for name, weights in targets.items() if name not in untaught}
        if untaught and on_skip is not None:
            on_skip(f"left out, without training pictures: {', '.join(untaught)}")
    short = settings.pixels or PIXELS
    originals = read_pictures(images, short, on_skip=on_skip)
    stylist = Stylist.of_collection(found, settings)
    facts = {"collection": found.path.name, "finish": "patches", "device": "cpu"}
    return _paint_all(stylist, originals, targets, found.vocabulary.styles, facts, output)


def _without_training_pictures(collection: Collection) -> list[str]:
    counts = collection.counts("train").tolist()
    return [
        name for name, count in zip(collection.vocabulary.styles, counts, strict=True) if not count
    ]


def repaint_like(
    images: Images,
    settings: PatchSettings,
    *,
    output: Path,
    on_skip: Callable[[str], None] | None = None,
) -> list[Repainted]:
    """Repaint pictures with patches of the pictures in ``settings.references``.

    Args:
        images: pictures or folders of them.
        settings: with references, and without target styles.
        output: the folder to write, a folder ``references`` in it.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: a path does not exist, no picture can be read, or a style is named.
        OutputError: the folder cannot be written.
    """
    if settings.styles or settings.mix:
        raise InputError(
            "a style needs a collection or a painter's run before the pictures; with --reference "
            "alone, leave --style and --mix out"
        )
    short = settings.pixels or PIXELS
    stylist = Stylist(settings, short, given=_references(settings, short, on_skip))
    originals = read_pictures(images, short, on_skip=on_skip)
    targets = {"references": torch.zeros(0, dtype=torch.float64)}
    facts = {"finish": "patches", "device": "cpu"}
    return _paint_all(stylist, originals, targets, (), facts, output)


@dataclass(frozen=True, slots=True)
class FinishedPainting:
    """A painted picture.

    Attributes:
        pixels: ``uint8 (H, W, 3)``.
        borrowed: the paintings that its patches come from.
        references: their pixels.
    """

    pixels: Pixels
    borrowed: tuple[Borrowed, ...] = ()
    references: tuple[Pixels, ...] = ()


@dataclass(frozen=True)
class Stylist:
    """Painter, patches, or both, as the settings want them.

    Attributes:
        settings: how pictures are painted.
        short: pixels of the shorter side of a picture to paint.
        painter: a trained network; ``None``: patches alone.
        patches: of a collection's paintings; ``None``: of ``given``, or none.
        given: pictures to take patches from.
    """

    settings: PatchSettings
    short: int
    painter: Painter | None = None
    patches: PatchPainter | None = None
    given: Sequence[UserPicture] = ()

    @classmethod
    def of_run(
        cls, run: runs.Run, settings: RepaintSettings, given: Sequence[UserPicture] = ()
    ) -> "Stylist":
        """Open a painter's run.

        Args:
            run: of a painter.
            settings: how pictures are painted.
            given: pictures to take patches from, instead of the collection's.

        Raises:
            RunError: there is no trained painter, or its collection is wanted and has changed.
            SettingsError: an unknown device.
        """
        painter = painter_of(run, accelerator_on(settings.device).device)
        short = settings.pixels or int(run.settings["resolution"])
        patches: PatchPainter | None = None
        if settings.finish == "patches" and not given:
            collection = collection_of(run)
            originals = _originals(collection, short)
            patches = PatchPainter.of_painter(run, collection, originals=originals)
        return cls(settings, short, painter=painter, patches=patches, given=given)

    @classmethod
    def of_collection(cls, collection: Collection, settings: PatchSettings) -> "Stylist":
        """Patches of all training pictures of a collection."""
        short = settings.pixels or PIXELS
        originals = _originals(collection, short)
        return cls(
            settings, short, patches=PatchPainter.of_collection(collection, originals=originals)
        )

    def paint(self, original: UserPicture, weights: Tensor) -> FinishedPainting:
        """Paint a picture in a mixture of styles."""
        settings, source, start = self.settings, original.pixels, None
        if self.painter is not None:
            start = paint_in_tiles(self.painter, source, settings.strength * weights.float())
        how: dict[str, Any] = {"strength": settings.strength, "boldness": settings.boldness}
        if self.given:
            pictures = tuple(one.pixels for one in self.given)
            made = synthesise(source, pictures, start=start, **how)
            shares = made.shares.tolist()
            borrowed = tuple(
                Borrowed(painting=str(one.path), style=None, share=round(share, 4))
                for one, share in zip(self.given, shares, strict=True)
            )
            return self._coloured(FinishedPainting(made.pixels, borrowed, pictures), source)
        if self.patches is not None:
            shares = {style: share for style, share in enumerate(weights.tolist()) if share > 0}
            painted = self.patches.paint(
                source, shares, start=start, exclude=original.sha256, **how
            )
            borrowed = self.patches.borrowed(painted)
            return self._coloured(
                FinishedPainting(painted.pixels, borrowed, painted.references), source
            )
        assert start is not None
        return self._coloured(FinishedPainting(start), source)

    def _coloured(self, painting: FinishedPainting, source: Pixels) -> FinishedPainting:
        if not self.settings.keep_colour:
            return painting
        pixels = np.asarray(_with_colours(painting.pixels, source))
        return FinishedPainting(pixels, painting.borrowed, painting.references)


def _originals(collection: Collection, short: int) -> Originals | None:
    """The files behind a collection, where more pixels are painted than it stores."""
    return Originals.of(collection) if short > collection.pixels.shape[1] else None


def _references(
    settings: PatchSettings, short: int, on_skip: Callable[[str], None] | None
) -> list[UserPicture]:
    """The pictures that were given as references; too narrow ones are left out by name."""
    read = read_pictures(list(settings.references), short, on_skip=on_skip)
    fit = [one for one in read if min(one.pixels.shape[:2]) >= LEAST]
    for one in read:
        if min(one.pixels.shape[:2]) < LEAST and on_skip is not None:
            on_skip(f"{one.path} is left out: a reference has {LEAST} pixels or more a side")
    if not fit:
        raise InputError(
            f"no reference has {LEAST} pixels or more a side at --pixels {short}: name others"
        )
    return fit


def _paint_all(
    stylist: Stylist,
    originals: Sequence[UserPicture],
    targets: dict[str, Tensor],
    styles: Sequence[str],
    facts: dict[str, Any],
    output: Path,
) -> list[Repainted]:
    """Paint every picture in every target style, and write pictures, records and grid."""
    settings = stylist.settings
    jobs = [(original, name) for original in originals for name in targets]
    folders = path_names([*styles, *targets], taken={GRID})
    shared: dict[str, Any] = {
        **facts,
        "strength": settings.strength,
        "boldness": settings.boldness if facts["finish"] == "patches" else None,
        "keep_colour": settings.keep_colour,
        "command": runs.command(),
        "environment": runs.environment(),
    }
    records = []
    rows = [[_small(original.pixels)] for original in originals]
    paintings = on_cores(
        lambda job: stylist.paint(job[0], targets[job[1]]), jobs, _workers(originals)
    )
    for number, ((original, style), painting) in enumerate(zip(jobs, paintings, strict=True)):
        picture = Image.fromarray(painting.pixels)
        weights = dict(zip(styles, targets[style].tolist(), strict=True))
        record = Repainted(
            image=str(original.path),
            style=style if styles else None,
            weights={name: round(share, 6) for name, share in weights.items() if share},
            size=picture.size,
            references=painting.borrowed,
            **shared,
        )
        place = output / folders[style] / f"{original.name}.png"
        record.save(picture, place)
        if settings.show_references and painting.references:
            write_png(place.with_suffix(".references.png"), _sheet(original, painting))
        records.append(record)
        rows[number // len(targets)].append(_small(painting.pixels))
    if len(records) > 1:
        names = [original.name for original in originals]
        sheet = contact_sheet(rows, heads=["original", *targets], sides=names, cell=CELL)
        write_png(output / GRID, sheet)
    return records


def _small(pixels: Pixels) -> Image.Image:
    """A picture as large as its cell of the grid, at most."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return picture


def _workers(originals: Sequence[UserPicture]) -> int:
    """Pictures painted at once: one a core, or one alone where pictures are large."""
    largest = max(one.pixels.shape[0] * one.pixels.shape[1] for one in originals)
    return 1 if largest > LARGE else (os.cpu_count() or 1)


def _sheet(original: UserPicture, painting: FinishedPainting) -> Image.Image:
    """The original, the painted picture, and its references with names and shares."""
    captions: list[tuple[str, ...]] = [("original",), ("painted",)]
    for one in painting.borrowed:
        captions.append((one.name, f"{one.artist or 'artist unknown'}, {percent(one.share)}"))
    pictures = [original.pixels, painting.pixels, *painting.references]
    return contact_sheet([pictures], captions=[captions], cell=192)


def target_weights(styles: Sequence[str], settings: PatchSettings) -> dict[str, Tensor]:
    """Return the weights of all styles, ``(styles,)`` with sum 1, by the name of each target."""
    vocabulary = Vocabulary(tuple(styles))
    one_hot = torch.eye(len(styles), dtype=torch.float64)
    names = styles if settings.styles == ("all",) else settings.styles
    targets = {
        styles[place]: one_hot[place] for place in [vocabulary.index(name) for name in names]
    }
    if settings.mix is not None:
        shares = _parse_mix(settings.mix)
        mixed = torch.zeros(len(styles), dtype=torch.float64)
        for name, share in shares.items():
            mixed += share * one_hot[vocabulary.index(name)]
        label = "+".join(f"{name}-{share:g}" for name, share in shares.items())
        targets[label] = mixed / sum(shares.values())
    if not targets:
        raise InputError(
            f"no style to paint in: name some with --style, or all ({', '.join(styles)})"
        )
    return targets


def _parse_mix(text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().rpartition(":")
        name = name.strip()
        try:
            share = float(number)
        except ValueError:
            share = 0.0
        if not name or not 0 < share < float("inf"):
            raise SettingsError(f"mix={text}: it is written as Baroque:0.7,Ukiyo_e:0.3")
        shares[name] = share
    return shares


def _with_colours(painted: Pixels, original: Pixels) -> Image.Image:
    """The luminance of one picture and the chrominance of another."""
    light, _, _ = Image.fromarray(painted).convert("YCbCr").split()
    _, blue, red = Image.fromarray(original).convert("YCbCr").split()
    return Image.merge("YCbCr", (light, blue, red)).convert("RGB")

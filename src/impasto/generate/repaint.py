"""Repainting with a painter: pictures in other styles, each beside a record of how it was made.

DIR/<Style>/<name>.png    with the proportions of the original; a mixture in DIR/<A-0.7+B-0.3>/
DIR/<Style>/<name>.json   run, weights, style, strength, …: enough to paint it again
DIR/grid.png              several pictures or styles: a row a picture, the original at the left
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from torch import Tensor

from impasto.collection.vocabulary import Vocabulary
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import InputError, SettingsError
from impasto.generate.user_pictures import Images, read_pictures
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.tensors import float_tensor, to_pixels
from impasto.models.painter import SHRINK, Painter
from impasto.records import run as runs
from impasto.records.painting import PaintedByPainter
from impasto.weights import painter_of

TILE: Final = 512  # height and width of a tile of a larger picture, in pixels
OVERLAP: Final = 64  # pixels that neighbouring tiles share; there they are blended


class RepaintSettings(Settings):
    """Settings of repainting."""

    styles: tuple[str, ...] = Field((), description="target styles, or all")
    mix: str | None = Field(
        None, description="mixture of styles, as in Baroque:0.7,Ukiyo_e:0.3, scaled to a sum of 1"
    )
    strength: float = Field(
        1.0, ge=0, le=1, description="from 0, no style, to 1, the target style alone"
    )
    keep_colour: bool = Field(False, description="keep the original's colours; paint luminance")
    pixels: int | None = Field(
        None, ge=32, description="shorter side in pixels; none: the resolution of the training"
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
) -> list[PaintedByPainter]:
    """Repaint pictures in styles, and write them to ``output``.

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
        RunError: there is no trained painter.
        OutputError: the folder cannot be written.
    """
    settings, opened = settings or RepaintSettings(), runs.open_run(Path(run), "painter")
    wanted = target_weights(opened.styles, settings)
    device = accelerator_on(settings.device).device
    painter = painter_of(opened, device)
    short = settings.pixels or int(opened.settings["resolution"])
    originals = read_pictures(images, short, on_skip=on_skip)
    shared: dict[str, Any] = {
        "run": opened.path.name,
        "run_weights": opened.weights_fingerprint,
        "strength": settings.strength,
        "keep_colour": settings.keep_colour,
        "device": device.type,
        "command": runs.command(),
        "environment": runs.environment(),
    }
    painted, rows = [], []
    for original in originals:
        row = [Image.fromarray(original.pixels)]
        for style, weights in wanted.items():
            pixels = paint_in_tiles(painter, original.pixels, settings.strength * weights.float())
            picture = Image.fromarray(pixels)
            if settings.keep_colour:
                picture = _with_colours(picture, row[0])
            shares = {
                name: round(weight, 6)
                for name, weight in zip(opened.styles, weights.tolist(), strict=True)
                if weight
            }
            record = PaintedByPainter(
                image=str(original.path), style=style, weights=shares, size=picture.size, **shared
            )
            record.save(picture, output / style / f"{original.name}.png")
            painted.append(record)
            row.append(picture)
        rows.append(row)
    if len(painted) > 1:
        names = [original.name for original in originals]
        sheet = contact_sheet(rows, heads=["original", *wanted], sides=names, cell=128)
        write_png(output / "grid.png", sheet)
    return painted


def target_weights(styles: Sequence[str], settings: RepaintSettings) -> dict[str, Tensor]:
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


def paint_in_tiles(
    painter: Painter, picture: NDArray[np.uint8], weights: Tensor
) -> NDArray[np.uint8]:
    """Repaint a picture ``uint8 (H, W, 3)`` at its size, in overlapping tiles where it is large.

    Args:
        painter: in evaluation mode.
        picture: of any height and width.
        weights: of the styles, ``float32 (styles,)``; the rest to 1 is no style.
    """
    device = painter.styles.device
    x = float_tensor(picture[None], device)
    height, width = x.shape[-2:]
    below, beside = -height % SHRINK, -width % SHRINK
    x = torch.nn.functional.pad(x, (0, beside, 0, below), mode="replicate")
    total = torch.zeros_like(x)
    share = torch.zeros_like(x[:, :1])
    rows, columns = (_starts(side) for side in x.shape[-2:])
    with torch.no_grad():
        for top in rows:
            for left in columns:
                place = (..., slice(top, top + TILE), slice(left, left + TILE))
                part = x[place].contiguous(memory_format=torch.channels_last)
                high, wide = (_fade(side, device) for side in part.shape[-2:])
                weight = high[:, None] * wide[None, :]
                total[place] += weight * painter(part, weights.to(device)[None])
                share[place] += weight
    painted: NDArray[np.uint8] = to_pixels((total / share)[..., :height, :width])[0]
    return painted


def _starts(side: int) -> list[int]:
    """First pixels of overlapping tiles along a side, evenly, at multiples of ``SHRINK``."""
    if side <= TILE:
        return [0]
    count = -(-(side - OVERLAP) // (TILE - OVERLAP))
    return [round(index * (side - TILE) / (count - 1) / SHRINK) * SHRINK for index in range(count)]


def _fade(length: int, device: torch.device) -> Tensor:
    """Weights that rise over the overlap from nearly 0, and fall again."""
    place = torch.arange(length, device=device, dtype=torch.float32) + 0.5
    return torch.minimum(place, length - place).clamp(max=OVERLAP) / OVERLAP


def _with_colours(painted: Image.Image, original: Image.Image) -> Image.Image:
    """The luminance of one picture and the chrominance of another."""
    light, _, _ = painted.convert("YCbCr").split()
    _, blue, red = original.convert("YCbCr").split()
    return Image.merge("YCbCr", (light, blue, red)).convert("RGB")

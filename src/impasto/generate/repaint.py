"""Paint with a painter's run: given pictures anew, in other styles, each with a record of how it was made.

DIR/<Style>/<name>.png    a picture of the same aspect as the one given; in a mixture of styles in DIR/<A-0.7+B-0.3>/
DIR/<Style>/<name>.json   run, weights, style, strength, …: enough to paint it again
DIR/grid.png              where there are several pictures or styles: a row a picture, the one given at the left
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from torch import Tensor

from impasto.collection.user_images import find_images
from impasto.collection.vocabulary import Vocabulary
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import InputError, SettingsError
from impasto.files import replacing, write_json
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.decode import decode
from impasto.images.tensors import float_tensor, to_pixels
from impasto.models.painter import SHRINK, Painter
from impasto.records import run as runs
from impasto.weights import painter_of

TILE: Final = 512  # pixels of a tile's height and width, where a picture is larger
OVERLAP: Final = 64  # pixels that tiles share, over which one fades into the other
LARGEST: Final = 4096  # pixels of the longer side
SMALLEST: Final = 8  # pixels of the shorter side of a panorama


class RepaintSettings(Settings):
    """How a painter's run paints."""

    styles: tuple[str, ...] = Field((), description="the styles to paint in, or all")
    mix: str | None = Field(
        None,
        description="a mixture of styles, such as Baroque:0.7,Ukiyo_e:0.3; they are scaled to 1",
    )
    strength: float = Field(
        1.0, ge=0, le=1, description="from 0, the picture given back, to 1, the style alone"
    )
    keep_colour: bool = Field(
        False,
        description="take the colours of the picture given, and only its light from the style",
    )
    size: int | None = Field(
        None, ge=32, description="pixels of the shorter side; none: as in training"
    )
    device: Device = Field(
        "auto", description="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else MPS, else cpu"
    )


@dataclass(frozen=True, slots=True)
class Repainted:
    """A painted picture: its file, its style, and the record beside it."""

    path: Path
    style: str
    how: dict[str, Any]


def repaint(
    run: Path | str,
    images: Sequence[Path | str] | Path | str,
    settings: RepaintSettings | None = None,
    *,
    output: Path,
    aside: Callable[[str], None] | None = None,
) -> list[Repainted]:
    """Paint pictures in styles; written to ``output``.

    Args:
        run: of a painter.
        images: pictures or folders of them.
        settings: what and how.
        output: the folder to write.
        aside: called with one line for every picture that cannot be read.

    Raises:
        InputError: there is no style to paint in, a path does not exist, or no picture can be read.
        VocabularyError: a style was not taught.
        SettingsError: a mixture is not of the form ``A:0.7,B:0.3``, or there is no such device.
        RunError: there is no trained painter.
        OutputError: the folder cannot be written.
    """
    settings, opened = settings or RepaintSettings(), runs.open_run(Path(run), "painter")
    wanted = targets(opened.styles, settings)
    device = accelerator_on(settings.device).device
    painter = painter_of(opened, device)
    begin = list(
        _read(
            images,
            settings.size or int(opened.settings["resolution"]),
            aside or (lambda line: None),
        )
    )
    if not begin:
        raise InputError(
            "none of the pictures can be read: name pictures such as JPEG or PNG files"
        )
    how = {
        "format": 1,
        "run": opened.path.name,
        "run_weights": opened.weights_fingerprint,
        "strength": settings.strength,
        "keep_colour": settings.keep_colour,
        "device": device.type,
        "command": runs.command(),
        "environment": runs.environment(),
    }
    painted, rows = [], []
    for name, path, picture in begin:
        rows.append([Image.fromarray(picture)])
        for style, weights in wanted.items():
            made = paint(painter, picture, settings.strength * torch.tensor(weights))
            image = _coloured(made, picture) if settings.keep_colour else Image.fromarray(made)
            told = {
                "image": str(path),
                "style": style,
                "weights": _named(weights, opened.styles),
                "size": list(image.size),
            }
            painted.append(_write(output / style / f"{name}.png", image, style, {**told, **how}))
            rows[-1].append(image)
    if len(painted) > 1:
        names = [name for name, _, _ in begin]
        sheet = contact_sheet(rows, heads=["original", *wanted], sides=names, cell=128)
        write_png(output / "grid.png", sheet)
    return painted


def targets(styles: Sequence[str], settings: RepaintSettings) -> dict[str, tuple[float, ...]]:
    """The weights of each style, summing to 1, by the name of what is asked for."""
    vocabulary = Vocabulary(tuple(styles))
    names = styles if settings.styles == ("all",) else settings.styles
    eye = np.eye(len(styles))
    wanted = {styles[place]: tuple(eye[place].tolist()) for place in map(vocabulary.index, names)}
    if settings.mix is not None:
        parts = _parts(settings.mix)
        mixed = sum(share * eye[vocabulary.index(name)] for name, share in parts.items()) / sum(
            parts.values()
        )
        wanted["+".join(f"{name}-{share:g}" for name, share in parts.items())] = tuple(
            mixed.tolist()
        )
    if not wanted:
        raise InputError(
            f"no style to paint in: name some with --style, or all ({', '.join(styles)})"
        )
    return wanted


def _parts(text: str) -> dict[str, float]:
    parts: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().rpartition(":")
        try:
            parts[name.strip()] = float(share)
        except ValueError:
            name = ""
        if not name or not 0 < parts[name.strip()] < float("inf"):
            raise SettingsError(f"mix={text}: it is written as Baroque:0.7,Ukiyo_e:0.3")
    return parts


def paint(painter: Painter, picture: NDArray[np.uint8], weights: Tensor) -> NDArray[np.uint8]:
    """A picture ``uint8 (H, W, 3)`` painted anew, of the same height and width; in tiles where it is large.

    Args:
        painter: in evaluation mode.
        picture: of any height and width.
        weights: of the styles ``(styles,)``; what is missing to 1 is the picture as it is.
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
                weight = (
                    _fade(part.shape[-2], device)[:, None] * _fade(part.shape[-1], device)[None, :]
                )
                total[place] += weight * painter(part, weights.to(device).float()[None])
                share[place] += weight
    return to_pixels((total / share)[..., :height, :width])[0]


def _starts(side: int) -> list[int]:
    """Where tiles begin along a side.

    Evenly, in steps that the network's shrinking divides, overlapping enough.
    """
    if side <= TILE:
        return [0]
    count = -(-(side - OVERLAP) // (TILE - OVERLAP))
    return [round(index * (side - TILE) / (count - 1) / SHRINK) * SHRINK for index in range(count)]


def _fade(length: int, device: torch.device) -> Tensor:
    """Weights that rise over the overlap from nearly 0, and fall again."""
    place = torch.arange(length, device=device, dtype=torch.float32) + 0.5
    return torch.minimum(place, length - place).clamp(max=OVERLAP) / OVERLAP


def _coloured(made: NDArray[np.uint8], picture: NDArray[np.uint8]) -> Image.Image:
    """The light of one picture and the colours of another."""
    light, _, _ = Image.fromarray(made).convert("YCbCr").split()
    _, blue, red = Image.fromarray(picture).convert("YCbCr").split()
    return Image.merge("YCbCr", (light, blue, red)).convert("RGB")


def _named(weights: Sequence[float], styles: Sequence[str]) -> Mapping[str, float]:
    return {
        style: round(weight, 6) for style, weight in zip(styles, weights, strict=True) if weight
    }


def _write(path: Path, image: Image.Image, style: str, how: dict[str, Any]) -> Repainted:
    with replacing(path) as temporary:
        image.save(temporary, "PNG")
    write_json(path.with_suffix(".json"), how)
    return Repainted(path, style, how)


def _read(
    images: Sequence[Path | str] | Path | str, short: int, say: Callable[[str], None]
) -> Iterator[tuple[str, Path, NDArray[np.uint8]]]:
    """Name, path and pixels of each picture that can be read, its shorter side ``short`` pixels; names are unique."""
    taken: set[str] = set()
    for path in find_images(images):
        try:
            data = path.read_bytes()
            seen = decode(data, 1)
            sides = seen.height, seen.width
            scale = min(short / min(sides), LARGEST / max(sides))
            height, width = (max(SMALLEST, round(side * scale)) for side in sides)
            pixels = decode(data, (height, width)).pixels
        except (InputError, OSError) as error:
            say(f"{path} is left out: {error}")
            continue
        name, number = path.stem, 1
        while name in taken:
            number += 1
            name = f"{path.stem}-{number}"
        taken.add(name)
        yield name, path, pixels

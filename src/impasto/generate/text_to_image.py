"""Paint with a LoRA run: pictures from words, or from words and a picture, each with a record of how it was made.

DIR/<Style>/<name>.png    a picture; without a style in DIR/plain/
DIR/<Style>/<name>.json   prompt, seed, steps, base, adapter, …: enough to paint it again with diffusers alone
DIR/grid.png              where there are several styles: a row a prompt or picture, a column a style
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from PIL import Image
from pydantic import Field

from impasto.config import Settings
from impasto.diffusion.adapter import NAME
from impasto.diffusion.base import Base, open_base
from impasto.diffusion.captions import fill, spoken
from impasto.diffusion.sampling import Sampling, sample
from impasto.errors import InputError, RunError, SettingsError
from impasto.files import replacing, write_json
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.decode import decode
from impasto.records.run import Run, command, open_run

PLAIN: Final = "plain"
_SLUG: Final = 60  # letters of a prompt in a file's name


class DiffuseSettings(Settings):
    """How a LoRA run paints."""

    prompt: str | None = Field(None, description="what to paint; none with a style: a painting")
    styles: tuple[str, ...] = Field(
        (), description="the styles to paint in, or all; none: the prompt as it stands"
    )
    number: int = Field(1, ge=1, description="pictures of each, with seeds one after another")
    seed: int = Field(0, ge=0, description="of the first picture's noise")
    steps: int = Field(30, ge=1, description="of the sampler")
    guidance: float | None = Field(
        None, ge=0, description="how closely to follow the words; none: as in training"
    )
    strength: float = Field(
        0.6, gt=0, le=1, description="how much of a given picture is painted over"
    )
    scale: float = Field(1.0, ge=0, description="of the adapter; 0: the base alone")
    size: int | None = Field(
        None, ge=16, description="height and width in pixels; none: as in training"
    )
    base: str | None = Field(
        None, description="where the base is now; none: where it was in training"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 on CUDA devices"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto takes a CUDA device where there is one"
    )


@dataclass(frozen=True, slots=True)
class Painted:
    """A painted picture: its file, its style if it has one, and the record beside it."""

    path: Path
    style: str | None
    how: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Painter:
    """A LoRA run ready to paint.

    Attributes:
        run: whose adapter it is.
        base: with the adapter loaded.
        device, dtype: where and in what precision.
        adapter: SHA-256 of its file.
    """

    run: Run
    base: Base
    device: str
    dtype: torch.dtype
    adapter: str

    def scaled(self, scale: float) -> None:
        """Give the adapter another strength; 0 is the base alone."""
        if scale == 0:
            self.base.pipeline.disable_lora()
        else:
            self.base.pipeline.enable_lora()
            self.base.pipeline.set_adapters(self.base.pipeline.get_active_adapters(), [scale])

    def caption(self, prompt: str, style: str | None) -> str:
        """The words for a prompt in a style, as the run was taught."""
        if style is None:
            return prompt
        return fill(self.run.settings["styled"], {"prompt": prompt, "style": spoken(style)})

    def paint(
        self,
        captions: Sequence[str],
        seeds: Sequence[int],
        how: Sampling,
        image: Any = None,
        strength: float = 0.6,
    ) -> list[Image.Image]:
        """One picture for each caption and seed, from nothing or from a picture."""
        pipeline = self.base.pipeline
        more: dict[str, Any] = {}
        if image is not None:
            pipeline = self.base.family.repaint.from_pipe(pipeline)
            pipeline.set_progress_bar_config(disable=True)
            how = replace(how, size=None)
            more = {"image": [image] * len(captions), "strength": strength}
        return sample(pipeline, {"prompt": list(captions)}, list(seeds), how, **more)


def open_painter(path: Path, settings: DiffuseSettings) -> Painter:
    """The painter of a run.

    Raises:
        RunError: there is no finished LoRA run, or its adapter is of another base.
        InputError: the base cannot be opened.
        SettingsError: there is no such device.
    """
    run = open_run(path, "lora")
    file = path / NAME
    if not file.is_file():
        raise RunError(
            f"{path} has no adapter yet: repeat impasto train lora, which goes on where it was"
        )
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError(
            "device=cuda: this machine has no CUDA device that torch can use: say --device cpu"
        )
    device = "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"
    wanted = (
        settings.precision
        if settings.precision != "auto"
        else "bfloat16"
        if device == "cuda"
        else "float32"
    )
    dtype = getattr(torch, wanted)
    base = open_base(settings.base or run.settings["base"], dtype)
    if base.fingerprint != run.facts["base_fingerprint"]:
        raise RunError(
            f"the adapter in {path} is of another base (fingerprint {run.facts['base_fingerprint']}) than {base.name} "
            f"({base.fingerprint}): name its own with --set base=…"
        )
    try:
        base.pipeline.load_lora_weights(str(path), weight_name=NAME)
    except Exception as error:  # safetensors, PEFT and diffusers fail in their own ways
        reason = " ".join(str(error).split())[:160]
        raise RunError(f"{file} is damaged ({reason}): train again into another folder") from error
    base.pipeline.to(device)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Painter(run, base, device, dtype, digest)


def run_of(path: Path, style: str | None) -> Path:
    """The run that paints a style: the one in the folder or, in a folder of runs for a style each, that style's.

    Raises:
        RunError: there is none.
    """
    if (path / "run.json").is_file() or style is None:
        return path
    if (path / style / "run.json").is_file():
        return path / style
    known = sorted(child.parent.name for child in path.glob("*/run.json"))
    raise RunError(
        f"no LoRA run for {style} in {path}" + (f": it has {', '.join(known)}" if known else "")
    )


def diffuse(
    run: Path | str,
    images: Sequence[Path | str] = (),
    settings: DiffuseSettings | None = None,
    *,
    output: Path,
    aside: Callable[[str], None] | None = None,
) -> list[Painted]:
    """Paint words, or pictures anew with words, in styles; written to ``output``.

    Args:
        run: of a LoRA, or a folder with a run for each style.
        images: to begin with; none: from nothing.
        settings: what and how.
        output: the folder to write.
        aside: called with one line for every picture that cannot be read.

    Raises:
        InputError: there is neither prompt, style nor picture, or no picture can be read.
        SettingsError: a style was not taught.
        RunError, OutputError: as for ``open_painter``; the folder cannot be written.
    """
    settings, path = settings or DiffuseSettings(), Path(run)
    if not settings.prompt and not settings.styles:
        raise InputError("nothing to paint: say --prompt, --style or both")
    begin = _read(images, aside or (lambda line: None))
    painter: Painter | None = None
    painted: list[Painted] = []
    columns: list[list[Image.Image]] = []
    for style in _styles(path, settings):
        home = run_of(path, style)
        if painter is None or painter.run.path != home:
            painter = open_painter(home, settings)
            painter.scaled(settings.scale)
        columns.append([])
        for name, image in begin:
            for seed in range(settings.seed, settings.seed + settings.number):
                picture, one = _one(painter, style, settings, seed, (name, image))
                columns[-1].append(picture)
                painted.append(
                    _write(output, picture, one, style, f"{name or _slug(settings.prompt)}-{seed}")
                )
    if len(columns) > 1:
        write_png(output / "grid.png", contact_sheet(list(zip(*columns, strict=True)), gap=2))
    return painted


def _one(
    painter: Painter,
    style: str | None,
    settings: DiffuseSettings,
    seed: int,
    begin: tuple[str | None, Any],
) -> tuple[Image.Image, dict[str, Any]]:
    """A picture and how it was made."""
    name, image = begin
    run = painter.run
    side = settings.size or int(run.settings["resolution"])
    guidance = float(run.settings["guidance"]) if settings.guidance is None else settings.guidance
    how = Sampling(settings.steps, guidance, (side, side))
    if image is not None:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    caption = painter.caption(settings.prompt or "a painting", style)
    picture = painter.paint([caption], [seed], how, image, settings.strength)[0]
    return picture, {
        "format": 1,
        "prompt": settings.prompt,
        "style": style,
        "caption": caption,
        "image": name,
        "strength": None if image is None else settings.strength,
        "seed": seed,
        "steps": settings.steps,
        "guidance": guidance,
        "scale": settings.scale,
        "size": [side, side],
        "run": run.path.name,
        "base": painter.base.name,
        "base_fingerprint": painter.base.fingerprint,
        "adapter_sha256": painter.adapter,
        "precision": str(painter.dtype).removeprefix("torch."),
        "device": painter.device,
        "command": command(),
        "environment": {
            name: version(name)
            for name in ("impasto", "torch", "diffusers", "transformers", "peft")
        },
    }


def _write(
    output: Path, picture: Image.Image, how: dict[str, Any], style: str | None, name: str
) -> Painted:
    path = output / (style or PLAIN) / f"{name}.png"
    with replacing(path) as temporary:
        picture.save(temporary, "PNG")
    write_json(path.with_suffix(".json"), how)
    return Painted(path, style, how)


def _styles(path: Path, settings: DiffuseSettings) -> list[str | None]:
    """The styles asked for, by their names in the run."""
    homes = (
        [path]
        if (path / "run.json").is_file()
        else sorted(child.parent for child in path.glob("*/run.json"))
    )
    if not homes:
        open_run(path, "lora")  # says that there is none
    taught: list[str] = []
    for home in homes:
        run = open_run(home, "lora")
        taught += [name for name in run.settings["styles"] or run.styles if name not in taught]
    if not settings.styles:
        if len(homes) > 1:
            raise SettingsError(
                f"{path} holds a run for each style: name styles with --style, or --style all"
            )
        return [None]
    if settings.styles == ("all",):
        return list(taught)
    known = {spoken(name): name for name in taught}
    if strangers := [name for name in settings.styles if spoken(name) not in known]:
        raise SettingsError(f"{path} was not taught {strangers[0]}: it knows {', '.join(taught)}")
    return [known[spoken(name)] for name in settings.styles]


def _read(images: Sequence[Path | str], say: Callable[[str], None]) -> list[tuple[str | None, Any]]:
    """The pictures to begin with, by name; one nothing where there are none."""
    if not images:
        return [(None, None)]
    found: list[tuple[str | None, Any]] = []
    for path in map(Path, images):
        try:
            found.append(
                (path.stem, Image.fromarray(np.asarray(decode(path.read_bytes(), 1024).pixels)))
            )
        except (InputError, OSError) as error:
            say(f"{path} is left out: {error}")
    if not found:
        raise InputError(
            "none of the pictures can be read: name pictures such as JPEG or PNG files"
        )
    return found


def _slug(prompt: str | None) -> str:
    return (
        re.sub(r"[^a-z0-9]+", "-", (prompt or "a painting").lower()).strip("-")[:_SLUG] or "picture"
    )

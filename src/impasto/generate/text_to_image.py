"""Text to image with a LoRA: pictures from words, or from words and a picture.

DIR/<Style>/<name>.png    a picture; without a style in DIR/plain/
DIR/<Style>/<name>.json   prompt, seed, steps, base, adapter, …: enough for diffusers alone
DIR/grid.png              several styles: a row a prompt or picture, a column a style
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import torch
from PIL import Image
from pydantic import Field

from impasto.config import Device, Settings
from impasto.devices import device_of
from impasto.diffusion.adapter import NAME
from impasto.diffusion.base import Base, open_base
from impasto.diffusion.captions import fill, spoken, style_words
from impasto.diffusion.sampling import Sampling, sample
from impasto.errors import InputError, RunError, SettingsError
from impasto.generate.user_pictures import Images, UserPicture, read_pictures
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.path_names import path_names
from impasto.records.painting import PaintedByLora
from impasto.records.run import Run, command, open_run

PLAIN: Final = "plain"  # folder of pictures in no style, beside those of the styles
GRID: Final = "grid.png"
SLUG_LETTERS: Final = 60  # of a prompt in the name of a file
MOST_UNEQUAL: Final = 4  # longer side over shorter side of a repainted picture
PACKAGES: Final = ("impasto", "torch", "diffusers", "transformers", "peft")


class DiffuseSettings(Settings):
    """Settings of painting with a LoRA."""

    prompt: str | None = Field(None, description="what to paint; none with a style: a painting")
    styles: tuple[str, ...] = Field(
        (), description="target styles, or all; none: the prompt as it stands"
    )
    number: int = Field(1, ge=1, description="pictures of each, with consecutive seeds")
    seed: int = Field(0, ge=0, description="seed of the first picture's noise")
    steps: int = Field(30, ge=1, description="steps of the sampler")
    guidance: float | None = Field(
        None, ge=0, description="classifier-free guidance scale; none: as in training"
    )
    strength: float = Field(
        0.6, gt=0, le=1, description="share of the denoising that a given picture goes through"
    )
    scale: float = Field(1.0, ge=0, description="scale of the adapter; 0: the base alone")
    pixels: int | None = Field(
        None, ge=16, description="height and width, of a given picture the shorter side, in pixels;"
        " none: the resolution of the training"
    )  # fmt: skip
    base: str | None = Field(
        None, description="where the base is now; none: where it was in training"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 on CUDA devices"
    )
    device: Device = Field(
        "auto", description="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else MPS, else cpu"
    )


@dataclass(frozen=True, slots=True)
class LoraPainter:
    """A base with the adapter of a LoRA run loaded.

    Attributes:
        run: the LoRA run.
        base: with the adapter.
        device: kind of device, as in ``torch.device.type``.
        dtype: of the weights.
        adapter: SHA-256 of the adapter's file.
    """

    run: Run
    base: Base
    device: str
    dtype: torch.dtype
    adapter: str

    def scaled(self, scale: float) -> None:
        """Set the scale of the adapter; 0 is the base alone."""
        if scale == 0:
            self.base.pipeline.disable_lora()
        else:
            self.base.pipeline.enable_lora()
            self.base.pipeline.set_adapters(self.base.pipeline.get_active_adapters(), [scale])

    def style_words(self, style: str) -> str:
        """Return the words for a style: the trigger word of the training, or the style's name."""
        return style_words(style, self.run.settings.get("trigger"))

    def caption(self, prompt: str, style: str | None) -> str:
        """Return the caption of a prompt in a style, by the template of the training."""
        if style is None:
            return prompt
        return fill(
            self.run.settings["styled"], {"prompt": prompt, "style": self.style_words(style)}
        )

    def sampling(self, settings: DiffuseSettings) -> Sampling:
        """Return steps, guidance and size; those of the training where settings leave them open."""
        trained = self.run.settings
        side = settings.pixels or int(trained["resolution"])
        guidance = trained["guidance"] if settings.guidance is None else settings.guidance
        return Sampling(settings.steps, float(guidance), (side, side))

    def paint(
        self,
        captions: Sequence[str],
        seeds: Sequence[int],
        how: Sampling,
        *,
        image: Image.Image | None = None,
        strength: float = 0.6,
    ) -> list[Image.Image]:
        """Paint one picture for each caption and seed, from noise or from a picture."""
        pipeline = self.base.pipeline
        more: dict[str, Any] = {}
        if image is not None:
            pipeline = self.base.family.repaint.from_pipe(pipeline)
            pipeline.set_progress_bar_config(disable=True)
            # Stable Diffusion 3 resizes to its own default otherwise; the others take no size
            how = replace(how, size=image.size[::-1] if self.base.family.flow else None)
            more = {"image": [image] * len(captions), "strength": strength}
        return sample(pipeline, {"prompt": list(captions)}, list(seeds), how, **more)


def open_painter(path: Path, settings: DiffuseSettings) -> LoraPainter:
    """Load the base of a LoRA run with its adapter.

    Raises:
        RunError: there is no finished LoRA run, or its adapter is of another base.
        InputError: the base cannot be opened.
        SettingsError: an unknown device.
    """
    run = open_run(path, "lora")
    file = path / NAME
    if not file.is_file():
        raise RunError(
            f"{path} has no adapter yet: repeat impasto train lora, which goes on where it was"
        )
    device = device_of(settings.device)
    precision = settings.precision
    if precision == "auto":
        precision = "bfloat16" if device.type == "cuda" else "float32"
    dtype = getattr(torch, precision)
    base = open_base(settings.base or run.settings["base"], dtype)
    if base.fingerprint != run.facts["base_fingerprint"]:
        raise RunError(
            f"the adapter in {path} is of another base (fingerprint "
            f"{run.facts['base_fingerprint']}) than {base.name} ({base.fingerprint}): "
            "name its own with --set base=…"
        )
    try:
        base.pipeline.load_lora_weights(str(path), weight_name=NAME)
    except Exception as error:  # safetensors, PEFT and diffusers fail in their own ways
        reason = " ".join(str(error).split())[:160]
        raise RunError(f"{file} is damaged ({reason}): train again into another folder") from error
    base.pipeline.to(device)
    return LoraPainter(run, base, device.type, dtype, hashlib.sha256(file.read_bytes()).hexdigest())


def run_of(path: Path, style: str | None) -> Path:
    """Return the run of a style: the folder, or in a folder of runs for a style each that one.

    Raises:
        RunError: there is none.
    """
    if (path / "run.json").is_file() or style is None:
        return path
    known: dict[str, Path] = {}
    for child in sorted(path.glob("*/run.json")):
        for name in open_run(child.parent, "lora").settings["styles"] or ():
            known.setdefault(str(name), child.parent)
    if style in known:
        return known[style]
    raise RunError(
        f"no LoRA run for {style} in {path}" + (f": it has {', '.join(known)}" if known else "")
    )


def diffuse(
    run: Path | str,
    images: Images = (),
    settings: DiffuseSettings | None = None,
    *,
    output: Path,
    on_skip: Callable[[str], None] | None = None,
) -> list[PaintedByLora]:
    """Paint from prompts, or repaint pictures, in styles, and write them to ``output``.

    Args:
        run: of a LoRA, or a folder with a run for each style.
        images: pictures or folders of them to begin with; none: from noise.
        settings: prompt, target styles, and how.
        output: the folder to write.
        on_skip: called with one line for every picture that cannot be read.

    Raises:
        InputError: neither prompt nor style, a path that does not exist, or no picture that can be
            read.
        SettingsError: an unknown style.
        RunError: as for ``open_painter``.
        OutputError: the folder cannot be written.
    """
    settings, path = settings or DiffuseSettings(), Path(run)
    if not settings.prompt and not settings.styles:
        raise InputError("nothing to paint: give --prompt, --style or both")
    painter: LoraPainter | None = None
    painted: list[PaintedByLora] = []
    columns: list[list[Image.Image]] = []
    for style in _target_styles(path, settings):
        home = run_of(path, style)
        if painter is None or painter.run.path != home:
            painter = open_painter(home, settings)
            painter.scaled(settings.scale)
            originals = _originals(painter, images, settings, None if painted else on_skip)
        columns.append([])
        folders = path_names([*painter.run.styles, style or ""], taken={PLAIN, GRID})
        folder = folders[style] if style else PLAIN
        for original in originals:
            name = original.name if original else _slug(settings.prompt)
            for seed in range(settings.seed, settings.seed + settings.number):
                picture, record = _paint_one(painter, original, style, settings, seed)
                record.save(picture, output / folder / f"{name}-{seed}.png")
                painted.append(record)
                columns[-1].append(picture)
    if len(columns) > 1:
        write_png(output / GRID, contact_sheet(list(zip(*columns, strict=True)), gap=2))
    return painted


def _originals(
    painter: LoraPainter,
    images: Images,
    settings: DiffuseSettings,
    on_skip: Callable[[str], None] | None,
) -> Sequence[UserPicture | None]:
    """The pictures to begin with, as large as the pipeline takes them; one ``None`` without any."""
    if not isinstance(images, Path | str) and not images:
        return [None]
    base = painter.base
    short = settings.pixels or int(painter.run.settings["resolution"])
    return read_pictures(
        images,
        short,
        step=base.family.side_step(base.pipeline),
        longest=MOST_UNEQUAL * short,
        on_skip=on_skip,
    )


def _paint_one(
    painter: LoraPainter,
    original: UserPicture | None,
    style: str | None,
    settings: DiffuseSettings,
    seed: int,
) -> tuple[Image.Image, PaintedByLora]:
    how = painter.sampling(settings)
    caption = painter.caption(settings.prompt or "a painting", style)
    image = Image.fromarray(original.pixels) if original else None
    strength = settings.strength
    picture = painter.paint([caption], [seed], how, image=image, strength=strength)[0]
    return picture, PaintedByLora(
        prompt=settings.prompt,
        style=style,
        caption=caption,
        image=str(original.path) if original else None,
        strength=strength if original else None,
        seed=seed,
        steps=how.steps,
        guidance=how.guidance,
        scale=settings.scale,
        size=picture.size,
        run=painter.run.path.name,
        base=painter.base.name,
        base_fingerprint=painter.base.fingerprint,
        adapter_sha256=painter.adapter,
        precision=str(painter.dtype).removeprefix("torch."),
        device=painter.device,
        command=command(),
        environment={name: version(name) for name in PACKAGES},
    )


def _target_styles(path: Path, settings: DiffuseSettings) -> list[str | None]:
    """The target styles by their names in the run; one ``None`` where settings name none."""
    homes = [path]
    if not (path / "run.json").is_file():
        homes = sorted(child.parent for child in path.glob("*/run.json"))
    if not homes:
        open_run(path, "lora")  # raises: there is none
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
    for name in settings.styles:
        if spoken(name) not in known:
            raise SettingsError(f"{path} was not trained on {name}: it knows {', '.join(taught)}")
    return [known[spoken(name)] for name in settings.styles]


def _slug(prompt: str | None) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", (prompt or "a painting").lower()).strip("-")
    return words[:SLUG_LETTERS] or "picture"

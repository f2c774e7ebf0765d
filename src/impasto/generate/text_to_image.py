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
from impasto.devices import device_of, lora_precision
from impasto.diffusion.adapter import NAME, load_file_into
from impasto.diffusion.base import Base, Opening, Quantise, open_base
from impasto.diffusion.captions import fill, spoken, style_words
from impasto.diffusion.memory import Offload, memory_advice, place
from impasto.diffusion.sampling import Sampling, prompt_words, sample
from impasto.errors import InputError, RunError, SettingsError
from impasto.generate.user_pictures import Images, UserPicture, read_pictures
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.path_names import path_names
from impasto.records.painting import PaintedByLora
from impasto.records.run import Run, command, open_run

PLAIN: Final = "plain"  # folder of pictures in no style, beside those of the styles
GRID: Final = "grid.png"
COMPARED: Final = "compared"  # folder of pictures of several epochs and scales
SLUG_LETTERS: Final = 60  # of a prompt in the name of a file
MOST_UNEQUAL: Final = 4  # longer side over shorter side of a repainted picture
PACKAGES: Final = ("impasto", "torch", "diffusers", "transformers", "peft")


class DiffuseSettings(Settings):
    """Settings of painting with a LoRA."""

    prompt: str | None = Field(
        None, description="what to paint; none with a style: a painting in it"
    )
    negative: str | None = Field(None, description="what the pictures are led away from")
    styles: tuple[str, ...] = Field(
        (), description="target styles, or all; none: the prompt as it stands"
    )
    number: int = Field(1, ge=1, description="pictures of each, with consecutive seeds")
    seed: int = Field(0, ge=0, description="seed of the first picture's noise")
    batch_size: int = Field(1, ge=1, description="pictures painted at a time")
    steps: int = Field(30, ge=1, description="steps of the sampler")
    guidance: float | None = Field(
        None, ge=0, description="classifier-free guidance scale; none: as in training"
    )
    strength: float = Field(
        0.6, gt=0, le=1, description="share of the denoising that a given picture goes through"
    )
    scale: float = Field(1.0, ge=0, description="scale of the adapter; 0: the base alone")
    scales: tuple[float, ...] = Field(
        (), description="scales to compare in a grid, a column each; none: scale alone"
    )
    epochs: tuple[int, ...] = Field(
        (), description="epochs of the training to compare in a grid, a row each; 0: the adapter "
        "that was kept",
    )  # fmt: skip
    pixels: int | None = Field(
        None, ge=16, description="height and width, of a given picture the shorter side, in pixels;"
        " none: the resolution of the training"
    )  # fmt: skip
    height: int | None = Field(None, ge=16, description="height in pixels, instead of pixels")
    width: int | None = Field(None, ge=16, description="width in pixels, instead of pixels")
    base: str | None = Field(
        None, description="where the base is now; none: where it was in training"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="auto: on CUDA bfloat16 where the device has it, else float16"
    )
    quantise: Quantise | None = Field(
        None, description="frozen weights in few bits; none: as in training"
    )
    offload: Offload = Field(
        "auto",
        description="whole networks wait in the processor's memory (model), or layers "
        "(sequential); auto: where the whole does not fit",
    )
    vae_tiling: bool = Field(
        False,
        description="decode pictures larger than the autoencoder's own size in tiles, with less "
        "memory; seams may be seen",
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

    def caption(self, prompt: str | None, style: str | None) -> str:
        """Return the caption of a prompt in a style, by the template of the training."""
        if style is None:
            return prompt or "a painting"
        template = self.run.settings["styled"]
        if prompt is None and "[" not in template:
            prompt = "a painting"
        return fill(template, {"prompt": prompt, "style": self.style_words(style)})

    def sampling(self, settings: DiffuseSettings) -> Sampling:
        """Return steps, guidance and size; those of the training where settings leave them open.

        Raises:
            SettingsError: a side is no multiple of what the base paints.
        """
        trained = self.run.settings
        side = settings.pixels or int(trained["resolution"])
        size = settings.height or side, settings.width or side
        step = self.base.family.side_step(self.base.pipeline)
        if any(part % step for part in size):
            raise SettingsError(
                f"{size[0]} × {size[1]} pixels: {self.base.family.name} paints sides that are "
                f"multiples of {step}"
            )
        guidance = trained["guidance"] if settings.guidance is None else settings.guidance
        return Sampling(settings.steps, float(guidance), size)

    def paint(
        self,
        captions: Sequence[str],
        seeds: Sequence[int],
        how: Sampling,
        *,
        image: Image.Image | None = None,
        strength: float = 0.6,
        negative: str | None = None,
    ) -> list[Image.Image]:
        """Paint one picture for each caption and seed, from noise or from a picture.

        Raises:
            InputError: the family does not begin with a picture.
            RunError: memory does not suffice.
        """
        family, more = self.base.family, dict[str, Any]()
        if image is not None:
            if family.repaint is None:
                raise InputError(f"{family.name} does not begin with a picture: leave it out")
            pipeline = family.repaint.from_pipe(self.base.pipeline)
            pipeline.set_progress_bar_config(disable=True)
            # U-Nets take the picture's own size; transformers resize to their default otherwise
            how = replace(how, size=image.size[::-1] if family.flow else None)
            more = {"pipeline": pipeline, "image": [image] * len(captions), "strength": strength}
        advice = (
            "lower batch_size or the size, or set offload=model, then offload=sequential or "
            "quantise=nf4; for large pictures set vae_tiling=true"
        )
        with memory_advice("painting", advice):
            words = prompt_words(self.base, captions, negative, how.guidance)
            return sample(self.base, words, list(seeds), how, **more)


def open_painter(path: Path, settings: DiffuseSettings, *, epoch: int = 0) -> LoraPainter:
    """Load the base of a LoRA run with its adapter.

    Args:
        path: the run's folder.
        settings: of painting.
        epoch: of the training, whose adapter lies beside its preview; 0: the one that was kept.

    Raises:
        RunError: there is no finished LoRA run, or its adapter is of another base.
        InputError: the base cannot be opened.
        SettingsError: an unknown device.
    """
    run = open_run(path, "lora")
    file = _adapter_file(path, epoch)
    device = device_of(settings.device)
    dtype = getattr(torch, lora_precision(settings.precision, device))
    trained = run.settings
    opening = Opening(
        trained.get("variant"),
        trained.get("vae"),
        trained.get("base_config"),
        tuple(trained.get("without") or ()),
        settings.quantise or trained.get("quantise") or "none",
    )
    base = open_base(settings.base or trained["base"], dtype, opening=opening)
    if base.fingerprint != run.facts["base_fingerprint"]:
        raise RunError(
            f"the adapter in {path} is of another base (fingerprint "
            f"{run.facts['base_fingerprint']}) than {base.name} ({base.fingerprint}): "
            "name its own with --set base=…"
        )
    load_adapter(base, file)
    with memory_advice("moving the base to the device", "set offload=model"):
        place(base.pipeline, device, settings.offload, tiling=settings.vae_tiling)
    return LoraPainter(run, base, device.type, dtype, hashlib.sha256(file.read_bytes()).hexdigest())


def load_adapter(base: Base, file: Path) -> None:
    """Load an adapter's file into a base, in any format that diffusers knows.

    Raises:
        RunError: it is damaged, or for another base.
    """
    try:
        load_file_into(base.pipeline, file)
    except Exception as error:  # safetensors, PEFT and diffusers fail in their own ways
        reason = " ".join(str(error).split())[:160]
        raise RunError(
            f"{file} is damaged, or for another base than {base.name} ({reason}): give the "
            "adapter's own base, or train again into another folder"
        ) from error


def _adapter_file(path: Path, epoch: int) -> Path:
    if epoch:
        file = path / "progress" / f"epoch-{epoch:03d}.safetensors"
        if not file.is_file():
            known = sorted(int(one.stem[6:]) for one in file.parent.glob("epoch-*.safetensors"))
            listed = ", ".join(map(str, known)) or "none"
            raise SettingsError(f"{path} has no adapter of epoch {epoch}: it has {listed}")
        return file
    if not (path / NAME).is_file():
        raise RunError(
            f"{path} has no adapter yet: repeat impasto train lora, which goes on where it was"
        )
    return path / NAME


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
    if settings.scales or settings.epochs:
        return _compared(path, settings, output)
    painter: LoraPainter | None = None
    painted: list[PaintedByLora] = []
    columns: list[list[Image.Image]] = []
    for style in _target_styles(path, settings):
        home = run_of(path, style)
        if painter is None or painter.run.path != home:
            painter = open_painter(home, settings)
            painter.scaled(settings.scale)
            originals = _originals(painter, images, settings, None if painted else on_skip)
            _warn_of_cut(painter, settings, style, on_skip)
        columns.append([])
        folders = path_names([*painter.run.styles, style or ""], taken={PLAIN, GRID})
        folder = folders[style] if style else PLAIN
        for original in originals:
            name = original.name if original else _slug(settings.prompt)
            for seeds in _batches(settings):
                made = _paint_some(painter, original, style, settings, seeds)
                for seed, (picture, record) in zip(seeds, made, strict=True):
                    record.save(picture, output / folder / f"{name}-{seed}.png")
                    painted.append(record)
                    columns[-1].append(picture)
    if len(columns) > 1:
        write_png(output / GRID, contact_sheet(list(zip(*columns, strict=True)), gap=2))
    return painted


def _compared(path: Path, settings: DiffuseSettings, output: Path) -> list[PaintedByLora]:
    """Paint one prompt and seed by several epochs' adapters at several scales, and their grid."""
    (style, *others) = _target_styles(path, settings)
    if others:
        raise SettingsError("epochs and scales are compared in one style: name it with --style")
    home, rows, painted = run_of(path, style), [], []
    for epoch in settings.epochs or (0,):
        painter = open_painter(home, settings, epoch=epoch)
        rows.append(list[Image.Image]())
        for scale in settings.scales or (settings.scale,):
            painter.scaled(scale)
            once = settings.model_copy(update={"scale": scale})
            ((picture, record),) = _paint_some(painter, None, style, once, [settings.seed])
            place_of = f"{f'epoch-{epoch:03d}' if epoch else 'kept'}-scale-{scale:g}"
            record.save(picture, output / COMPARED / f"{place_of}.png")
            painted.append(record)
            rows[-1].append(picture)
    write_png(output / GRID, contact_sheet(rows, gap=2))
    return painted


def _batches(settings: DiffuseSettings) -> list[list[int]]:
    """Seeds of the pictures that are painted at a time."""
    seeds = list(range(settings.seed, settings.seed + settings.number))
    size = settings.batch_size
    return [seeds[start : start + size] for start in range(0, len(seeds), size)]


def _warn_of_cut(
    painter: LoraPainter,
    settings: DiffuseSettings,
    style: str | None,
    announce: Callable[[str], None] | None,
) -> None:
    """Announce how much of a prompt is not read, where it is too long."""
    family, caption = painter.base.family, painter.caption(settings.prompt, style)
    count, limit = family.tokens(painter.base.pipeline, caption)
    if count > limit and announce is not None:
        announce(
            f"the prompt has {count} tokens, of which {family.name} reads {limit}: shorten it, or "
            "put what matters first"
        )


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


def _paint_some(
    painter: LoraPainter,
    original: UserPicture | None,
    style: str | None,
    settings: DiffuseSettings,
    seeds: Sequence[int],
) -> list[tuple[Image.Image, PaintedByLora]]:
    how = painter.sampling(settings)
    caption = painter.caption(settings.prompt, style)
    image = Image.fromarray(original.pixels) if original else None
    strength, count = settings.strength, len(seeds)
    pictures = painter.paint(
        [caption] * count, seeds, how, image=image, strength=strength, negative=settings.negative
    )
    return [
        (picture, _record(painter, original, style, settings, how, caption, picture, seed))
        for picture, seed in zip(pictures, seeds, strict=True)
    ]


def _record(
    painter: LoraPainter,
    original: UserPicture | None,
    style: str | None,
    settings: DiffuseSettings,
    how: Sampling,
    caption: str,
    picture: Image.Image,
    seed: int,
) -> PaintedByLora:
    return PaintedByLora(
        prompt=settings.prompt,
        style=style,
        caption=caption,
        image=str(original.path) if original else None,
        negative=settings.negative,
        strength=settings.strength if original else None,
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

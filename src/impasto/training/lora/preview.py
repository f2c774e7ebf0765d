"""Previews of a LoRA training: the same captions and seeds after each epoch, with the adapter."""

from pathlib import Path

import torch
from torch import nn

from impasto.diffusion.adapter import Adapter, write
from impasto.diffusion.base import Base
from impasto.diffusion.families import Row
from impasto.diffusion.memory import memory_advice, release
from impasto.diffusion.sampling import Sampling, embedded_words, sample
from impasto.files import write_json
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.training.lora.data import Library, preview_captions
from impasto.training.lora.settings import LoraSettings


class Previews:
    """Paints the same captions with the same noise after every few epochs.

    FOLDER/epoch-001.png          the pictures, side by side
    FOLDER/epoch-001.safetensors  the adapter that painted them, in diffusers' format
    FOLDER/previews.json          captions, seed, steps, guidance
    """

    def __init__(self, base: Base, library: Library, settings: LoraSettings) -> None:
        self.base, self.settings, self.vae = base, settings, base.pipeline.vae
        self.captions = preview_captions(settings, library.material.styles)
        self.rows: list[Row] = []
        self.empty: list[Row] = []
        self.away: list[Row] = []
        if known := library.previewed():  # the encoders are given up before the first preview
            self.empty, self.rows = known[:1], known[1:]
            self.away = [base.family.nothing(base.pipeline, self.empty[0])]

    def due(self, epoch: int) -> bool:
        """Whether it is time for one."""
        every = self.settings.preview_every
        return bool(every and self.captions) and epoch % every == 0

    def paint(self, adapter: nn.Module, epoch: int, folder: Path) -> None:
        """Write the adapter and what it paints.

        Raises:
            OutputError: the folder cannot be written.
        """
        assert isinstance(adapter, Adapter)
        stem = folder / f"epoch-{epoch:03d}"
        write(adapter, stem.with_suffix(".safetensors"))
        pipeline, settings = self.base.pipeline, self.settings
        side = settings.resolution
        how = Sampling(settings.preview_steps, settings.guided, (side, side))
        device, dtype = self.base.denoiser.device, self.base.denoiser.dtype
        advice = f"set preview_every=0, or lower resolution={side}"
        pipeline.register_modules(vae=self.vae.to(device, dtype))
        try:
            # As a loaded adapter paints: without the training's mixed precision
            with (
                memory_advice("painting previews", advice),
                adapter.lent(),
                torch.no_grad(),
                torch.autocast(device.type, enabled=False),
            ):
                words = [
                    embedded_words(self.base.family, [row], self.away, self.empty, device, dtype)
                    for row in self.rows
                ] or [{"prompt": [caption]} for caption in self.captions]
                pictures = [sample(self.base, word, [settings.seed], how)[0] for word in words]
        finally:
            pipeline.register_modules(vae=None)
            self.vae.to("cpu")
            release()
        write_png(stem.with_suffix(".png"), contact_sheet([pictures], gap=2))
        content = {
            "format": 1,
            "captions": self.captions,
            "seed": settings.seed,
            "steps": how.steps,
            "guidance": how.guidance,
            "size": [side, side],
        }
        write_json(folder / "previews.json", content)

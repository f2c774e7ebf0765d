"""Previews of a LoRA training: the same captions and seeds after each epoch, with the adapter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from impasto.diffusion.adapter import Adapter, write
from impasto.diffusion.base import Base
from impasto.diffusion.captions import fill, style_words
from impasto.diffusion.sampling import Sampling, sample
from impasto.files import write_json
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.training.lora.data import Library
from impasto.training.lora.settings import LoraSettings

STYLES: Final = 4  # styles shown where no captions are given


class Previews:
    """Paints the same captions with the same noise after every few epochs.

    FOLDER/epoch-001.png          the pictures, side by side
    FOLDER/epoch-001.safetensors  the adapter that painted them, in diffusers' format
    FOLDER/previews.json          captions, seed, steps, guidance
    """

    def __init__(
        self, base: Base, library: Library, settings: LoraSettings, styles: list[str]
    ) -> None:
        self.base, self.settings = base, settings
        names = [
            fill(
                settings.styled,
                {"prompt": "a painting", "style": style_words(style, settings.trigger)},
            )
            for style in styles[:STYLES]
        ]
        self.captions = list(settings.previews if settings.previews is not None else names)
        self.words: list[Mapping[str, Tensor]] = []
        if not settings.text_encoder:  # the encoders are given up before the first preview
            with torch.no_grad():
                empty = {
                    f"negative_{name}": tensor.cpu()
                    for name, tensor in library.embedded([""]).items()
                }
                for caption in self.captions:
                    own = {
                        name: tensor.cpu() for name, tensor in library.embedded([caption]).items()
                    }
                    self.words.append({**own, **empty})

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
        how = Sampling(settings.preview_steps, settings.guidance, (side, side))
        device, dtype = self.base.denoiser.device, self.base.denoiser.dtype
        pipeline.register_modules(vae=self._vae().to(device, dtype))
        try:
            # As a loaded adapter paints: without the training's mixed precision
            with adapter.lent(), torch.no_grad(), torch.autocast(device.type, enabled=False):
                words: list[Mapping[str, Any]] = [
                    {name: tensor.to(device, dtype) for name, tensor in known.items()}
                    for known in self.words
                ] or [{"prompt": caption} for caption in self.captions]
                pictures = [sample(pipeline, word, [settings.seed], how)[0] for word in words]
        finally:
            pipeline.register_modules(vae=None)
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

    def _vae(self) -> Any:
        from diffusers import AutoencoderKL  # noqa: PLC0415

        return AutoencoderKL.from_pretrained(self.base.name, subfolder="vae").eval()

"""LoRA task: batches, loss and held-out loss for the training loop."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from impasto.collection.collection import Collection
from impasto.devices import precision_of
from impasto.diffusion.adapter import Adapter, Shape
from impasto.diffusion.base import open_base
from impasto.training.lora.data import Library, Material, Taught
from impasto.training.lora.objective import NoiseDraws, Objective
from impasto.training.lora.preview import Previews
from impasto.training.lora.settings import LoraSettings

DRAWS: Final = 128  # noisy pictures, at least, behind a held-out loss


@dataclass(frozen=True, slots=True)
class Batch:
    """Clean latents ``(B, C, h, w)``, captions, size in pixels, noise and times."""

    latents: Tensor
    text: Mapping[str, Tensor] | list[str]
    size: tuple[int, int]
    draws: NoiseDraws


class LoraTask:
    """Batches, loss and validation of a LoRA, see ``loop.Task``."""

    shown = "relative_loss"

    def __init__(
        self,
        taught: Taught,
        collection: Collection,
        settings: LoraSettings,
        accelerator: Accelerator,
        cache: Path,
        *,
        progress: bool,
    ) -> None:
        self.settings, self.accelerator = settings, accelerator
        device = accelerator.device
        small = device.type == "cuda" and precision_of(settings.precision, device) == "bfloat16"
        self.base = open_base(
            settings.base, torch.bfloat16 if small else torch.float32, safety=False
        )
        self.objective = Objective(
            self.base, min_snr=settings.min_snr, noise_offset=settings.noise_offset
        )
        self.taught = taught
        self.material = Material.of(
            taught, collection, settings, self.base.family.side_step(self.base.pipeline)
        )
        self.library = Library(self.base, self.material, settings, cache)
        self.library.fill(accelerator, progress=progress)
        styles = list(settings.styles or collection.vocabulary.styles)
        self.previews = Previews(self.base, self.library, settings, styles)
        self.base_loss: float | None = None

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        pictures = self.settings.epoch_pictures or self.taught.pictures
        return max(1, pictures // (self.settings.batch_size * self.settings.accumulation))

    def adapter(self) -> Adapter:
        """A fresh adapter in the base's networks on the device; other components are freed."""
        settings, pipeline = self.settings, self.base.pipeline
        shape = Shape(
            settings.rank,
            settings.alpha or settings.rank,
            settings.dropout,
            settings.targets,
            settings.text_encoder,
        )
        adapter = Adapter(self.base, shape)
        for name, part in pipeline.components.items():
            if not isinstance(part, nn.Module):
                continue
            if name in adapter.networks or (
                settings.text_encoder and name.startswith("text_encoder")
            ):
                part.to(self.accelerator.device)
            else:
                pipeline.register_modules(**{name: None})
        if settings.gradient_checkpointing:
            for name, network in adapter.networks.items():
                if name == self.base.family.denoiser:
                    network.enable_gradient_checkpointing()
                else:
                    network.gradient_checkpointing_enable()
        return adapter

    def batch(self, step: int) -> tuple[Batch, Batch | None]:
        """This process's share of a batch, with as many prior pictures if the settings say so."""
        local = slice(self.accelerator.process_index, None, self.accelerator.num_processes)
        rows, silent, seeds = (part[local] for part in self.material.drawn(step, self.settings))
        captions = [
            "" if quiet else self.taught.captions[int(row)]
            for row, quiet in zip(rows, silent, strict=True)
        ]
        batch = self._batch([self.library.latent(row) for row in rows], captions, seeds.tolist())
        if not self.settings.prior_weight:
            return batch, None
        own = [
            self.library.prior.row(int(seed) % self.settings.prior_pictures)["latent"]
            for seed in seeds
        ]
        return batch, self._batch(
            own, [self.settings.prior_prompt] * len(own), (seeds + 1).tolist()
        )

    def _batch(self, latents: list[Tensor], captions: list[str], seeds: list[int]) -> Batch:
        device = self.accelerator.device
        draws = self.objective.draw(seeds, tuple(latents[0].shape))
        text: Mapping[str, Tensor] | list[str] = captions
        if not self.settings.text_encoder:
            text = {
                name: tensor.to(device)
                for name, tensor in self.library.embeddings(captions).items()
            }
        scale = self.base.pipeline.vae_scale_factor
        size = latents[0].shape[1] * scale, latents[0].shape[2] * scale
        on_device = NoiseDraws(draws.noise.to(device), draws.times.to(device))
        return Batch(torch.stack(latents).to(device), text, size, on_device)

    def loss(self, model: nn.Module, batch: tuple[Batch, Batch | None]) -> Tensor:
        """The mean loss of a batch; the base's own pictures count by ``prior_weight``."""
        taught, prior = batch
        loss = self._each(model, taught).mean()
        if prior is None:
            return loss
        return loss + self.settings.prior_weight * self._each(model, prior).mean()

    def _each(self, model: nn.Module, batch: Batch, *, weighted: bool = True) -> Tensor:
        noisy, times, target = self.objective.noisy(batch.latents, batch.draws)
        # In the weights' own precision; under autocast the matrices are multiplied in the loop's
        dtype = self.base.denoiser.dtype
        text = (
            batch.text
            if isinstance(batch.text, list)
            else {k: v.to(dtype) for k, v in batch.text.items()}
        )
        predicted = model(noisy.to(dtype), times, text, batch.size)
        return self.objective.loss(predicted, target, batch.draws.times, weighted=weighted)

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Held-out loss under fixed noise and times, also relative to the base's; or nothing."""
        if not len(self.taught.held):
            return {}
        if self.base_loss is None:
            bare = copy.deepcopy(model)
            for weight in bare.parameters():
                weight.zero_()
            self.base_loss = self._held_out(bare)
        loss = self._held_out(model)
        return {"loss": loss, "base_loss": self.base_loss, "relative_loss": loss / self.base_loss}

    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Paint the previews that are due after an epoch, with the adapter beside them."""
        if self.previews.due(epoch):
            self.previews.paint(model, epoch, folder)

    def _held_out(self, model: nn.Module) -> float:
        held, shape_of = self.taught.held, self.material.shape_of
        repeated = np.tile(held, -(-DRAWS // len(held)))
        numbered = [(int(row), number) for number, row in enumerate(repeated)]
        share = numbered[self.accelerator.process_index :: self.accelerator.num_processes]
        total = torch.zeros(2, device=self.accelerator.device)
        for shape in np.unique(shape_of[held]):
            local = [pair for pair in share if shape_of[pair[0]] == shape]
            for start in range(0, len(local), self.settings.batch_size):
                part = local[start : start + self.settings.batch_size]
                seeds = [
                    self.settings.seed * 1_000_003 + row * 1009 + number for row, number in part
                ]
                captions = [self.taught.captions[row] for row, _ in part]
                batch = self._batch([self.library.latent(row) for row, _ in part], captions, seeds)
                each = self._each(model, batch, weighted=False)
                total += torch.stack(
                    [each.sum(), torch.tensor(float(len(part)), device=each.device)]
                )
        total = self.accelerator.reduce(total, "sum")
        return float(total[0] / total[1])

"""LoRA task: batches, loss and held-out loss for the training loop."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor, nn

from impasto.collection.collection import Collection
from impasto.devices import lora_precision
from impasto.diffusion.adapter import Adapter, Shape
from impasto.diffusion.base import Base, open_base, refuse_untrainable
from impasto.diffusion.families import Text
from impasto.training.lora.data import Library, Material, Taught
from impasto.training.lora.objective import NoiseDraws, Objective
from impasto.training.lora.preview import Previews
from impasto.training.lora.settings import DRAWS, LoraSettings

RESAMPLES: Final = 1000  # of the held-out pictures, behind the interval of the gain


@dataclass(frozen=True, slots=True)
class Batch:
    """Clean latents ``(B, C, h, w)``, captions, size in pixels, noise and times."""

    latents: Tensor
    text: Text | list[str]
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
        self.base = open_base(
            settings.base, weights_dtype(settings, device), safety=False, opening=settings.opening
        )
        refuse_untrainable(self.base, distilled=settings.distilled)
        self.objective = Objective(
            self.base, min_snr=settings.min_snr, noise_offset=settings.noise_offset
        )
        self.taught = taught
        self.material = Material.of(
            taught, collection, settings, self.base.family.side_step(self.base.pipeline)
        )
        self.cut = cut_captions(self.base, self.material)  # while the tokenizers are there
        self.library = Library(self.base, self.material, settings, cache)
        self.library.fill(accelerator, progress=progress)
        self.previews = Previews(self.base, self.library, settings)
        self.base_losses: NDArray[np.float64] | None = None

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        settings = self.settings
        return max(1, settings.epoch_pictures // (settings.batch_size * settings.accumulation))

    def adapter(self) -> Adapter:
        """A fresh adapter in the base's networks on the device; other components are freed."""
        settings, pipeline = self.settings, self.base.pipeline
        shape = Shape(
            settings.rank,
            settings.alpha or settings.rank,
            settings.dropout,
            settings.targets,
            settings.text_encoder,
            settings.dora,
        )
        adapter = Adapter(self.base, shape)
        for name, part in pipeline.components.items():
            if not isinstance(part, nn.Module):
                continue
            if name in adapter.networks or (
                settings.text_encoder and name.startswith("text_encoder")
            ):
                if getattr(part, "quantization_method", None) is None:
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
        device, base = self.accelerator.device, self.base
        draws = self.objective.draw(seeds, tuple(latents[0].shape))
        text: Text | list[str] = captions
        if not self.settings.text_encoder:
            # In the weights' own precision; under autocast matrices are multiplied in the loop's
            rows = self.library.embeddings(captions)
            text = base.family.batch(rows, device, base.denoiser.dtype)
        scale = base.family.latent_scale(base.pipeline)
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
        predicted = model(noisy.to(self.base.denoiser.dtype), times, batch.text, batch.size)
        return self.objective.loss(predicted, target, batch.draws.times, weighted=weighted)

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Held-out loss under fixed noise and times, also relative to the base's; or nothing."""
        if not len(self.taught.held):
            return {}
        assert isinstance(model, Adapter)
        if self.base_losses is None:
            with model.bare():
                self.base_losses = self._held_out(model)
        losses = self._held_out(model)
        # The gain over the base, paired by picture, noise and time; pictures are drawn again
        own, base = float(losses.mean()), float(self.base_losses.mean())
        gain = paired_gain(losses, self.base_losses, self.held_rows, seed=self.settings.seed)
        return {
            "loss": own, "base_loss": base, "relative_loss": own / base,
            "gain": gain["value"], "gain_low": gain["low"], "gain_high": gain["high"],
        }  # fmt: skip

    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Paint the previews that are due after an epoch, with the adapter beside them."""
        if self.previews.due(epoch):
            self.previews.paint(model, epoch, folder)

    @property
    def held_rows(self) -> NDArray[np.int64]:
        """Row of each held-out draw: every picture as often as makes ``DRAWS`` of them."""
        held = self.taught.held
        return np.tile(held, -(-DRAWS // len(held)))

    def _held_out(self, model: nn.Module) -> NDArray[np.float64]:
        """Loss of each draw, by place in ``held_rows``."""
        shape_of = self.material.shape_of
        numbered = [(int(row), number) for number, row in enumerate(self.held_rows)]
        share = numbered[self.accelerator.process_index :: self.accelerator.num_processes]
        losses = torch.zeros(len(numbered), device=self.accelerator.device)
        for shape in np.unique(shape_of[self.taught.held]):
            local = [pair for pair in share if shape_of[pair[0]] == shape]
            for start in range(0, len(local), self.settings.batch_size):
                part = local[start : start + self.settings.batch_size]
                seeds = [
                    self.settings.seed * 1_000_003 + row * 1009 + number for row, number in part
                ]
                captions = [self.taught.captions[row] for row, _ in part]
                batch = self._batch([self.library.latent(row) for row, _ in part], captions, seeds)
                places = [number for _, number in part]
                losses[places] = self._each(model, batch, weighted=False).float()
        total = self.accelerator.reduce(losses, "sum")
        return np.asarray(total.double().cpu())


def weights_dtype(settings: LoraSettings, device: torch.device) -> torch.dtype:
    """Precision of the base's weights in memory: the training's own, but on a processor float32."""
    if device.type == "cpu":
        return torch.float32
    return getattr(torch, lora_precision(settings.precision, device))  # type: ignore[no-any-return]


def cut_captions(base: Base, material: Material) -> list[tuple[int, int, int]]:
    """Captions of which the base does not read all: row, tokens, and tokens that are read."""
    found = []
    for row in material.rows.tolist():
        count, limit = base.family.tokens(base.pipeline, material.taught.captions[row])
        if count > limit:
            found.append((row, count, limit))
    return found


def paired_gain(
    losses: NDArray[np.float64], base: NDArray[np.float64], rows: NDArray[np.int64], *, seed: int
) -> dict[str, float]:
    """Share of the base's loss that an adapter saves, with a bootstrap interval over pictures."""
    pictures = np.unique(rows)
    own = np.array([losses[rows == row].mean() for row in pictures])
    bare = np.array([base[rows == row].mean() for row in pictures])
    rng = np.random.default_rng([seed, 2])
    drawn = rng.integers(len(pictures), size=(RESAMPLES, len(pictures)))
    gains = 1 - own[drawn].mean(1) / bare[drawn].mean(1)
    low, high = np.quantile(gains, [0.025, 0.975])
    return {"value": float(1 - own.mean() / bare.mean()), "low": float(low), "high": float(high)}

"""Autoencoder task of the training loop: batches, loss, validation, pictures of progress."""

from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributed.nn.functional import all_gather
from torch.nn import functional as F

from impasto.collection.batches import Batches
from impasto.collection.collection import Collection
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.tensors import to_pixels
from impasto.models.autoencoder import AutoencoderConfig
from impasto.models.classifier import one_process
from impasto.models.image_metrics import multiscale_ssim, psnr, ssim
from impasto.models.preprocess import plain
from impasto.training.augment import augment
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.ntxent import contrastive_loss
from impasto.training.pixel_batches import Pictures

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Input ``float (B, 3, R, R)``, target ``(B, 3, P, P)``, and two crops of each, as large."""
SHOWN = 12  # validation pictures that are drawn as training goes on
SCALES = 3  # of the structural similarity


class AutoencoderTask:
    """Batches, loss and validation of an autoencoder, see ``loop.Task``."""

    shown = "psnr"

    def __init__(
        self,
        collection: Collection,
        settings: AutoencoderSettings,
        config: AutoencoderConfig,
        tools: Accelerator,
    ) -> None:
        rows = collection.indices("train")
        self.collection, self.settings, self.config, self.accelerator = (
            collection,
            settings,
            config,
            tools,
        )
        self.batches = Batches(rows, min(settings.batch_size, len(rows)), settings.seed)
        self.pictures = Pictures(collection, rows, tools.device)
        self.validation = collection.indices("validation")

    @property
    def per_epoch(self) -> int:
        """Steps between two validations."""
        return self.batches.per_epoch

    def batch(self, step: int) -> Batch:
        """Return this process's shard of a batch, half of it mirrored, with random crops."""
        generator = torch.Generator().manual_seed((self.settings.seed * 1_000_003 + step) % 2**63)
        pictures = self.pictures.take(self.batches.batch(step))
        mirrored = (torch.rand(len(pictures), generator=generator) < 0.5).to(pictures.device)
        pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        crops = self._crops(pictures, generator)
        share = slice(self.accelerator.process_index, None, self.accelerator.num_processes)
        whole = pictures[share]
        return (
            plain(whole, self.config.resolution),
            plain(whole, self.config.painted),
            crops[0][share],
            crops[1][share],
        )

    def _crops(self, pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        none = pictures.new_zeros(len(pictures), 1, dtype=torch.float32)  # no labels
        settings, size = self.settings.crops, self.config.painted
        first, _ = augment(pictures, none, settings=settings, resolution=size, generator=generator)
        second, _ = augment(pictures, none, settings=settings, resolution=size, generator=generator)
        return first, second

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Return the mean loss: squared error, SSIM, NT-Xent and, if variational, KL divergence."""
        whole, target, first, second = batch
        back, divergence, embeddings = model(whole, torch.cat((first, second)))
        total: Tensor = self._reconstruction_loss(back, target)
        total = total + self.settings.kl_weight * divergence.mean() / self.config.latent
        one, other = (_all_processes(part) for part in embeddings.chunk(2))
        return total + self.settings.contrastive_weight * contrastive_loss(
            one, other, self.settings.temperature
        )

    def _reconstruction_loss(self, back: Tensor, target: Tensor) -> Tensor:
        structure = 1 - multiscale_ssim(back, target, SCALES).mean()
        return F.mse_loss(back, target) + self.settings.ssim_weight * structure

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss, PSNR and SSIM on the validation split; the crops are the same each time."""
        size = self.settings.batch_size
        local = self.validation[self.accelerator.process_index :: self.accelerator.num_processes]
        parts = [
            (torch.empty(0, 3), torch.empty(0, 2, self.config.embedding_dim))
        ]  # a process may have no picture
        parts += [
            self._measured(model, local[start : start + size])
            for start in range(0, len(local), size)
        ]
        measured = [
            (
                local,
                torch.cat([scores for scores, _ in parts]),
                torch.cat([crops for _, crops in parts]),
            )
        ]
        if self.accelerator.num_processes > 1:
            measured = gather_object(measured)
        order = np.argsort(np.concatenate([rows for rows, _, _ in measured]), kind="stable")
        scores = torch.cat([part for _, part, _ in measured])[order]
        embeddings = torch.cat([part for _, _, part in measured])[order]
        difference, ratio, alike = scores.mean(0).tolist()
        contrast = 0.0
        for start in range(0, len(embeddings), size):
            one, other = embeddings[start : start + size].unbind(1)
            contrast += (
                float(contrastive_loss(one, other, self.settings.temperature))
                * len(one)
                / len(embeddings)
            )
        loss = difference + self.settings.contrastive_weight * contrast
        return {"loss": loss, "psnr": ratio, "ssim": alike, "contrast": contrast}

    def _measured(self, model: nn.Module, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Loss, PSNR and SSIM ``(B, 3)`` of pictures, embeddings ``(B, 2, D)`` of two crops."""
        pictures = Pictures.gather(self.collection, rows).to(self.accelerator.device)
        drawn = [
            self._crops(pictures[i : i + 1], torch.Generator().manual_seed(int(row)))
            for i, row in enumerate(rows)
        ]
        crops = [torch.cat(part) for part in zip(*drawn, strict=True)]
        whole, target = (
            plain(pictures, self.config.resolution),
            plain(pictures, self.config.painted),
        )
        back, _, embeddings = model(whole, torch.cat(crops))
        structure = 1 - multiscale_ssim(back, target, SCALES)
        difference = (back - target).square().flatten(1).mean(
            1
        ) + self.settings.ssim_weight * structure
        clipped = back.clamp(-1, 1)
        scores = torch.stack((difference, psnr(clipped, target), ssim(clipped, target)), 1)
        return scores.cpu(), torch.stack(embeddings.chunk(2), 1).float().cpu()

    @torch.no_grad()
    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Draw validation pictures, each above its reconstruction, as ``epoch-NNN.png``."""
        rows = self.validation[
            np.linspace(0, len(self.validation) - 1, min(SHOWN, len(self.validation))).astype(int)
        ]
        pictures = Pictures.gather(self.collection, rows).to(self.accelerator.device)
        back = model(plain(pictures, self.config.resolution))[0]
        rows = [list(to_pixels(x)) for x in (plain(pictures, self.config.painted), back)]
        write_png(folder / f"epoch-{epoch:03d}.png", contact_sheet(rows, gap=0))


def _all_processes(local: Tensor) -> Tensor:
    """The vectors of all processes, through which gradients flow back to each."""
    if one_process():
        return local
    gathered: tuple[Tensor, ...] = all_gather(local.contiguous())  # type: ignore[no-untyped-call]
    return torch.cat(gathered)

"""The painter's task for the training loop: batches, losses, validation, sample pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from impasto.collection.collection import Collection
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.tensors import to_pixels
from impasto.models.classifiers import StyleNetwork
from impasto.models.discriminator import Discriminator
from impasto.models.image_metrics import correlation, lightness, multiscale_ssim, ssim
from impasto.models.painter import Painter
from impasto.models.preprocess import plain
from impasto.training.augment import AugmentSettings, crop_boxes, cropped
from impasto.training.painter.settings import PainterSettings
from impasto.training.pixel_batches import Pictures
from impasto.training.samplers import StyleBatches

CROP: Final = AugmentSettings(crop_scale=(0.5, 1.0), crop_ratio=1.0)
"""Random crops that the style classifier is given."""
WINDOW: Final = 0.75  # share of height and width in the discriminator's crops, never resized
NOISE: Final = 0.05  # standard deviation of the noise on both networks' inputs, in [-1, 1]
LAZY: Final = 4  # steps between two R1 penalties
REAL: Final = 3  # stream of random numbers for targets and real pictures
STRUCTURE: Final = 0.3  # weight of 1 - multi-scale SSIM beside the mean absolute error
SMOOTHING: Final = 0.1  # of the style classifier's labels, against over-confident paintings
COARSE: Final = ((2, 7), (4, 5))  # factors of downsampling, and the correlation's window there
SHOWN: Final = 8  # validation pictures painted after each epoch


@dataclass(frozen=True, slots=True)
class PainterBatch:
    """One training step's input.

    Attributes:
        pictures: to be painted, ``float (B, 3, R, R)`` in [-1, 1]; the first B - N in their own
            style or in none, the last N in another.
        weights: target styles ``(B, styles)``; zeros for no style.
        targets: target styles of the last N, ``int64 (N,)``.
        real: N real pictures of the target styles, ``(N, 3, R, R)``.
        windows: boxes of the discriminator's crops ``(3, N, 4)``: of painted and of real pictures
            for its own loss, of painted pictures for the painter's.
        boxes: boxes of the style classifier's crops, ``(N, 4)``.
        noise: for the discriminator's and the style classifier's inputs, ``(2, N, 3, R, R)``.
        penalised: whether this step has an R1 penalty.
    """

    pictures: Tensor
    weights: Tensor
    targets: Tensor
    real: Tensor
    windows: Tensor
    boxes: Tensor
    noise: Tensor
    penalised: bool


@dataclass(frozen=True, slots=True)
class PainterOutputs:
    """Painted pictures, and the discriminator's logits.

    Attributes:
        painted: ``(B, 3, R, R)``.
        fake, real: logits of painted and real crops, for the discriminator's loss.
        perturbed: logits of the real crops with noise; ``None`` in steps without a penalty.
        generator: logits of painted crops, for the painter's loss.
    """

    painted: Tensor
    fake: Tensor
    real: Tensor
    perturbed: Tensor | None
    generator: Tensor


class AdversarialPainter(nn.Module):
    """Painter and discriminator as one network: one optimiser, one checkpoint, one average."""

    def __init__(self, painter: Painter, discriminator: Discriminator | None) -> None:
        super().__init__()
        self.painter, self.discriminator = painter, discriminator

    def forward(self, batch: PainterBatch) -> PainterOutputs:
        """All that a step needs in one call, as DistributedDataParallel requires."""
        painted = self.painter(batch.pictures, batch.weights)
        if self.discriminator is None:
            none = painted.new_zeros(0)
            return PainterOutputs(painted, none, none, None, none)
        new, size = painted[len(painted) - len(batch.targets) :], round(WINDOW * painted.shape[-1])
        fake = cropped(new.detach(), batch.windows[0], size)
        real = cropped(batch.real, batch.windows[1], size)
        inputs = [fake, real]
        if batch.penalised:
            inputs.append(real + batch.noise[0][..., :size, :size])
        count = len(inputs)
        logits = self.discriminator(_last(torch.cat(inputs)), batch.targets.repeat(count))
        parts = logits.chunk(count)
        # Generator loss: detached weights of the discriminator, so that it trains the painter alone
        fixed = {name: weight.detach() for name, weight in self.discriminator.named_parameters()}
        crops = _last(cropped(new, batch.windows[2], size))
        generator = functional_call(self.discriminator, fixed, (crops, batch.targets))
        perturbed = parts[2] if batch.penalised else None
        return PainterOutputs(painted, parts[0], parts[1], perturbed, generator)


def _last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


class PainterTask:
    """Batches, losses and validation of a painter, see ``loop.Task``."""

    def __init__(
        self,
        collection: Collection,
        settings: PainterSettings,
        style_classifier: StyleNetwork | None,
        tools: Accelerator,
    ) -> None:
        rows, labels = collection.indices("train"), collection.labels
        self.shown = "identity_ssim" if style_classifier is None else "hit_rate"
        self.collection = collection
        self.settings = settings
        self.style_classifier = style_classifier
        self.accelerator = tools
        self.styles = len(collection.vocabulary)
        size = min(settings.batch_size, len(rows))
        size -= size % tools.num_processes
        self.batches = StyleBatches(
            rows, labels[rows], size, settings.seed, "inverse-frequency", settings.epochs
        )
        self.present = np.unique(labels[rows])
        self.of = {int(style): rows[labels[rows] == style] for style in self.present}
        self.pictures = Pictures(collection, rows, tools.device)
        self.validation = collection.indices("validation")

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.epochs * self.per_epoch

    @property
    def per_epoch(self) -> int:
        """Steps between two validations."""
        return self.batches.per_epoch

    def batch(self, step: int) -> PainterBatch:
        """This process's share of a batch.

        Every process makes the whole batch, so that the weights do not depend on their number.
        """
        rows = self.batches.batch(step)
        rng = np.random.default_rng([self.settings.seed, REAL, step])
        generator = torch.Generator().manual_seed((self.settings.seed * 1_000_003 + step) % 2**63)
        before, processes = self.collection.labels[rows], self.accelerator.num_processes
        own = round(len(rows) * self.settings.identity_share / processes) * processes
        if self.settings.identity_share < 1:
            own = min(own, len(rows) - processes)  # however few, some are painted in other styles
        new = self._others(before[own:], rng)
        weights = torch.eye(self.styles)[np.concatenate((before[:own], new))]
        weights[(own + 1) // 2 : own] = 0  # half of the reconstructed pictures have no style
        real = np.array([rng.choice(self.of[int(style)]) for style in new], np.int64)
        x, real_x = self._input(rows, generator), self._input(real, generator)
        windows = torch.stack(
            [_windows(len(new), self.settings.resolution, generator) for _ in range(3)]
        )
        boxes = crop_boxes(len(new), CROP, generator)
        noise = NOISE * torch.randn(2, *real_x.shape, generator=generator)
        share = slice(self.accelerator.process_index, None, processes)
        device = self.accelerator.device
        return PainterBatch(
            x[share],
            weights[share].to(device),
            torch.from_numpy(new)[share].to(device),
            real_x[share],
            windows[:, share].to(device),
            boxes[share].to(device),
            noise[:, share].to(device),
            step % LAZY == 0,
        )

    def _others(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw each picture's target among the other styles; its own where there is no other."""
        if len(self.present) < 2:
            return labels
        place = np.searchsorted(self.present, labels)
        moved = place + rng.integers(1, len(self.present), len(labels))
        return np.asarray(self.present[moved % len(self.present)], np.int64)

    def _input(self, rows: NDArray[np.int64], generator: torch.Generator) -> Tensor:
        """Whole pictures in [-1, 1], half of them mirrored."""
        x = plain(self.pictures.take(rows), self.settings.resolution)
        mirrored = (torch.rand(len(x), generator=generator) < 0.5).to(x.device)
        return torch.where(mirrored[:, None, None, None], x.flip(3), x)

    def loss(self, model: nn.Module, batch: PainterBatch) -> Tensor:
        """Sum of the painter's and the discriminator's losses, without gradients across them."""
        outputs: PainterOutputs = model(batch)
        settings, own = self.settings, len(batch.pictures) - len(batch.targets)
        total = (
            settings.identity_weight
            * _reconstruction_loss(outputs.painted[:own], batch.pictures[:own]).mean()
            if own
            else 0.0
        )
        if len(batch.targets):
            new = outputs.painted[own:]
            total = (
                total + settings.content_weight * _content_loss(new, batch.pictures[own:]).mean()
            )
            if self.style_classifier is not None:
                crops = _last(cropped(new, batch.boxes, new.shape[-1]) + batch.noise[1])
                total = total + settings.style_weight * F.cross_entropy(
                    self.style_classifier(crops).float(), batch.targets, label_smoothing=SMOOTHING
                )
            if len(outputs.fake):
                total = (
                    total
                    + settings.adversarial_weight * F.softplus(-outputs.generator).mean()
                    + self._discriminator_loss(outputs)
                )
        return total  # type: ignore[return-value]

    def _discriminator_loss(self, outputs: PainterOutputs) -> Tensor:
        """Non-saturating GAN loss (Goodfellow et al. 2014, arXiv:1406.2661) with the R1 penalty.

        R1 (Mescheder et al. 2018, arXiv:1801.04406) by finite differences along random directions
        instead of a second derivative, every fourth step fourfold (Karras et al. 2020,
        arXiv:1912.04958).
        """
        loss = F.softplus(outputs.fake).mean() + F.softplus(-outputs.real).mean()
        if outputs.perturbed is not None:
            loss = (
                loss
                + LAZY
                * self.settings.r1_weight
                * (outputs.real - outputs.perturbed).square().mean()
            )
        return loss

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss without the adversarial part, hit rate, SSIM and correlation."""
        processes, size = self.accelerator.num_processes, self.settings.batch_size
        local = self.validation[self.accelerator.process_index :: processes]
        measured = [
            self._measured(model, local[start : start + size])
            for start in range(0, len(local), size)
        ]
        parts = [(local, torch.cat([torch.empty(0, 4), *measured]))]
        if processes > 1:
            parts = gather_object(parts)
        order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
        values = torch.cat([part for _, part in parts])[order]
        loss, hit, alike, kept = values.mean(0).tolist()
        rate = {} if self.style_classifier is None else {"hit_rate": hit}
        return {"loss": loss, **rate, "identity_ssim": alike, "correlation": kept}

    def _measured(self, model: nn.Module, rows: NDArray[np.int64]) -> Tensor:
        """Loss, hit, SSIM in the own style and correlation of each picture, ``(B, 4)``."""
        painter, settings, device = model.painter, self.settings, self.accelerator.device
        x = plain(Pictures.gather(self.collection, rows).to(device), settings.resolution)
        labels = self.collection.labels[rows]
        rng = np.random.default_rng(rows)  # the same targets after each epoch
        targets = torch.from_numpy(self._others(labels, rng)).to(device)
        eye = torch.eye(self.styles, device=device)
        back = painter(x, eye[labels])  # type: ignore[operator]
        new = painter(x, eye[targets])  # type: ignore[operator]
        loss = settings.identity_weight * _reconstruction_loss(back, x)
        loss = loss + settings.content_weight * _content_loss(new, x)
        hit = torch.zeros(len(x))
        if self.style_classifier is not None:
            logits = self.style_classifier(_last(new)).float()
            loss = loss + settings.style_weight * F.cross_entropy(logits, targets, reduction="none")
            hit = (logits.argmax(1) == targets).float()
        kept = correlation(lightness(new), lightness(x))
        return torch.stack([part.cpu() for part in (loss, hit, ssim(back, x), kept)], 1)

    @torch.no_grad()
    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Draw the same validation pictures in every style, a row each, as ``epoch-NNN.png``."""
        rows = self.validation[
            np.linspace(0, len(self.validation) - 1, min(SHOWN, len(self.validation))).astype(int)
        ]
        x = plain(
            Pictures.gather(self.collection, rows).to(self.accelerator.device),
            self.settings.resolution,
        )
        eye = torch.eye(self.styles, device=x.device)
        columns = [x]
        for style in range(self.styles):
            columns.append(model.painter(x, eye[[style] * len(x)]))  # type: ignore[operator]
        pictures = zip(*(to_pixels(column) for column in columns), strict=True)
        write_png(folder / f"epoch-{epoch:03d}.png", contact_sheet(list(pictures), gap=0))


def _windows(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Boxes ``(count, 4)`` like ``crop_boxes``, aligned with pixels; half of them are mirrored."""
    wide = round(WINDOW * size)
    first = torch.randint(0, size - wide + 1, (count, 2), generator=generator)
    half = torch.full((count, 2), wide / size)
    half[:, 0] *= 1 - 2 * torch.randint(0, 2, (count,), generator=generator)
    return torch.cat(((2 * first + wide) / size - 1, half), 1)


def _reconstruction_loss(back: Tensor, x: Tensor) -> Tensor:
    """Mean absolute error and 1 - multi-scale SSIM of each picture, ``(B,)``."""
    return (back - x).abs().flatten(1).mean(1) + STRUCTURE * (1 - multiscale_ssim(back, x))


def _content_loss(new: Tensor, x: Tensor) -> Tensor:
    """1 - local correlation of the lightness at half and a quarter of the size, ``(B,)``."""
    a, b = lightness(new), lightness(x)
    both = [correlation(F.avg_pool2d(a, by), F.avg_pool2d(b, by), window) for by, window in COARSE]
    return 1 - torch.stack(both).mean(0)

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
from torch.nn import functional as F

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.tensors import to_pixels
from impasto.models.classifier import Classifier
from impasto.models.colour_transfer import colour_statistics, transport
from impasto.models.image_metrics import correlation, lightness, multiscale_ssim, ssim
from impasto.models.painter import nearest_colours
from impasto.models.preprocess import plain
from impasto.training.augment import crop_boxes, cropped
from impasto.training.painter.references import CROP, StyleReferences, random_crops
from impasto.training.painter.settings import PainterSettings
from impasto.training.pixel_batches import Pictures

NOISE: Final = 0.05  # standard deviation of the noise on the style classifier's input, in [-1, 1]
WHOLE: Final = 4  # steps from one with whole pictures to the next
FREE: Final = 0.5  # share of pictures that take the colours of any painting of the style
ANYWHERE: Final = 1 << 20  # places of the noise that a training draws from
STRUCTURE: Final = 0.3  # weight of 1 - multi-scale SSIM beside the mean absolute error
SMOOTHING: Final = 0.1  # of the style classifier's labels, against over-confident paintings
OUTSIDE: Final = 0.5  # weight of the mean distance of values to [-1, 1]
COARSE: Final = ((2, 7), (4, 7), (8, 5))  # factors of downsampling, and the window of correlation
AT_ONCE: Final = 32  # of the validation pictures
VALIDATED: Final = 156  # validation pictures that are painted after each epoch, at most
SHOWN: Final = 8  # of them in the sample pictures
STREAM: Final = 3  # of random numbers


@dataclass(frozen=True, slots=True)
class PainterBatch:
    """One training step's input: crops, or whole pictures.

    Attributes:
        pictures: to be painted, ``float (B, 3, C, C)`` in [-1, 1]; the first B - N in their own
            style or in none, the last N in another.
        weights: target styles ``(B, styles)``; zeros for no style.
        colours: colour maps of the whole pictures, ``(B, 3, 4)``.
        origin: place of each in the noise, ``int64 (B, 2)``.
        targets: target styles of the last N, ``int64 (N,)``.
        boxes: crops that the style classifier is given, ``(N, 4)``.
        noise: for its input, ``(N, 3, C, C)``.
        draw: seed of the filters that this step compares by.
    """

    pictures: Tensor
    weights: Tensor
    colours: Tensor
    origin: Tensor
    targets: Tensor
    boxes: Tensor
    noise: Tensor
    draw: int


class PainterTask:
    """Batches, losses and validation of a painter, see ``loop.Task``."""

    def __init__(
        self,
        collection: Collection,
        settings: PainterSettings,
        style_classifier: Classifier | None,
        references: StyleReferences | None,
        tools: Accelerator,
    ) -> None:
        rows, labels = collection.indices("train"), collection.labels
        self.shown = "identity_ssim" if style_classifier is None else "hit_rate"
        self.collection = collection
        self.settings = settings
        self.style_classifier = style_classifier
        self.references = references
        self.accelerator = tools
        self.styles = len(collection.vocabulary)
        self.size = min(settings.batch_size, len(rows))
        self.size -= self.size % tools.num_processes
        self.present = np.unique(labels[rows])
        self.of = {int(style): rows[labels[rows] == style] for style in self.present}
        self.pictures = Pictures(collection, rows, tools.device)
        self.per_epoch = max(1, len(rows) // self.size)
        self.validation = evenly(collection.indices("validation"), VALIDATED)

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.epochs * self.per_epoch

    def batch(self, step: int) -> PainterBatch:
        """This process's share of a batch.

        Every process makes the whole batch, so that the weights do not depend on their number.
        Styles are equally often target and source. Every fourth step sees whole
        pictures, as many as have the places of the other steps' crops.
        """
        settings, processes = self.settings, self.accelerator.num_processes
        rng = np.random.default_rng([settings.seed, STREAM, step])
        generator = torch.Generator().manual_seed((settings.seed * 1_000_003 + step) % 2**63)
        side, count = settings.resolution, self.size
        if step % WHOLE and settings.crop < settings.resolution:
            side = settings.crop
        else:
            wanted = count * (min(settings.crop, side) / side) ** 2
            count = max(1, round(wanted / processes)) * processes
        own = round(count * settings.identity_share / processes) * processes
        if settings.identity_share < 1:
            own = min(own, count - processes)  # however few, some are painted in other styles
        targets = self._turns(count - own, rng)
        before = np.concatenate((rng.choice(self.present, own), self._others(targets, rng)))
        rows = np.array([rng.choice(self.of[int(style)]) for style in before], np.int64)
        whole = self._input(rows, generator)
        weights = torch.eye(self.styles)[np.concatenate((before[:own], targets))]
        weights[(own + 1) // 2 : own] = 0  # half of the reconstructed pictures have no style
        colours = torch.eye(3, 4, device=whole.device).repeat(count, 1, 1)
        if self.references is not None:
            colours[own:] = self._colours(whole[own:], targets, rng)
        x = random_crops(whole, side, generator)
        share = slice(self.accelerator.process_index, None, processes)
        device = self.accelerator.device
        return PainterBatch(
            x[share],
            weights[share].to(device),
            colours[share],
            torch.randint(0, ANYWHERE, (count, 2), generator=generator)[share].to(device),
            torch.from_numpy(targets)[share].to(device),
            crop_boxes(count - own, CROP, generator)[share].to(device),
            (NOISE * torch.randn(x[own:].shape, generator=generator))[share].to(device),
            int(rng.integers(2**62)),
        )

    def _turns(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Target styles ``(count,)``: all of them, in random order, as often as they fit."""
        rounds = -(-count // len(self.present))
        orders = [rng.permutation(self.present) for _ in range(rounds)]
        return np.asarray(np.concatenate([np.empty(0, np.int64), *orders])[:count])

    def _others(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw another style for each one; its own where there is no other."""
        if len(self.present) < 2:
            return labels
        place = np.searchsorted(self.present, labels)
        moved = place + rng.integers(1, len(self.present), len(labels))
        return np.asarray(self.present[moved % len(self.present)], np.int64)

    def _colours(
        self, whole: Tensor, targets: NDArray[np.int64], rng: np.random.Generator
    ) -> Tensor:
        """Colour maps ``(N, 3, 4)``: half to any painting of the style, half to the nearest."""
        assert self.references is not None
        bank, statistics = self.references.bank, colour_statistics(whole)
        weights = torch.eye(self.styles, device=whole.device)[targets]
        nearest = nearest_colours(bank, statistics, weights)
        drawn = rng.integers(0, bank.shape[1], len(whole))
        some = transport(statistics, bank[targets, drawn])
        free = torch.from_numpy(rng.random(len(whole)) < FREE).to(whole.device)
        return torch.where(free[:, None, None], some, nearest)

    def _input(self, rows: NDArray[np.int64], generator: torch.Generator) -> Tensor:
        """Whole pictures in [-1, 1], half of them mirrored."""
        x = plain(self.pictures.take(rows), self.settings.resolution)
        mirrored = (torch.rand(len(x), generator=generator) < 0.5).to(x.device)
        return torch.where(mirrored[:, None, None, None], x.flip(3), x)

    def loss(self, model: nn.Module, batch: PainterBatch) -> Tensor:
        """Weighted sum of reconstruction, content, sliced distances and cross-entropy."""
        settings, own = self.settings, len(batch.pictures) - len(batch.noise)
        painted: Tensor = model(batch.pictures, batch.weights, batch.colours, batch.origin)
        total: Tensor = OUTSIDE * (painted.abs() - 1).clamp(min=0).mean()
        if own:
            total = (
                total
                + settings.identity_weight
                * _reconstruction_loss(painted[:own], batch.pictures[:own]).mean()
            )
        if own < len(painted):
            new, x = painted[own:], batch.pictures[own:]
            views = cropped(new, batch.boxes, new.shape[-1]) + batch.noise
            losses, _ = self._losses(new, x, views, batch.targets, batch.draw)
            total = total + losses.mean()
        return total

    def _losses(
        self, new: Tensor, x: Tensor, views: Tensor, targets: Tensor, draw: int
    ) -> tuple[Tensor, Tensor]:
        """Losses ``(B,)`` of pictures painted in other styles, and the style classifier's logits.

        Args:
            new: painted pictures, ``(B, 3, H, W)``.
            x: the originals.
            views: the painted pictures as the style classifier is given them.
            targets: styles ``(B,)``.
            draw: seed of the filters of the distances.
        """
        settings, references = self.settings, self.references
        total = settings.content_weight * _content_loss(new, x)
        logits = new.new_zeros(len(new), self.styles)
        if references is not None and settings.patch_weight:
            distances = references.patch_distances(new, targets, draw)
            total = total + settings.patch_weight * distances
        if references is None or self.style_classifier is None:
            return total, logits
        maps = self.style_classifier.features(_last(views))
        logits = self.style_classifier.head(self.style_classifier.describe(maps)).float()
        if settings.feature_weight:
            distances = references.feature_distances(maps, targets, draw)
            total = total + settings.feature_weight * distances
        if settings.style_weight:
            entropy = F.cross_entropy(logits, targets, label_smoothing=SMOOTHING, reduction="none")
            total = total + settings.style_weight * entropy
        return total, logits

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss, hit rate, SSIM in the own style and correlation, of up to 156 pictures."""
        processes = self.accelerator.num_processes
        local = self.validation[self.accelerator.process_index :: processes]
        measured = [
            self._measured(model, local[start : start + AT_ONCE])
            for start in range(0, len(local), AT_ONCE)
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
        device, labels = self.accelerator.device, self.collection.labels[rows]
        x = self._validated(rows)
        # The same targets after each epoch, whoever paints the picture
        others = [
            self._others(labels[[at]], np.random.default_rng(int(row)))
            for at, row in enumerate(rows)
        ]
        targets = torch.from_numpy(np.concatenate(others)).to(device)
        eye = torch.eye(self.styles, device=device)
        back = model(x, eye[labels], torch.eye(3, 4, device=device).repeat(len(x), 1, 1))
        new = model(x, eye[targets])
        losses, logits = self._losses(new, x, new, targets, 0)
        losses = losses + self.settings.identity_weight * _reconstruction_loss(back, x)
        hit = (logits.argmax(1) == targets).float()
        kept = correlation(lightness(new), lightness(x))
        return torch.stack([part.cpu() for part in (losses, hit, ssim(back, x), kept)], 1)

    def _validated(self, rows: NDArray[np.int64]) -> Tensor:
        x = Pictures.gather(self.collection, rows).to(self.accelerator.device)
        return plain(x, self.settings.resolution)

    @torch.no_grad()
    def illustrate(self, model: nn.Module, folder: Path, epoch: int) -> None:
        """Draw the same validation pictures in every style, a row each, as ``epoch-NNN.png``."""
        x = self._validated(evenly(self.validation, SHOWN))
        eye = torch.eye(self.styles, device=x.device)
        columns = [x]
        for style in range(self.styles):
            columns.append(model(x, eye[[style] * len(x)]))
        pictures = zip(*(to_pixels(column) for column in columns), strict=True)
        write_png(folder / f"epoch-{epoch:03d}.png", contact_sheet(list(pictures), gap=0))


def _last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _reconstruction_loss(back: Tensor, x: Tensor) -> Tensor:
    """Mean absolute error and 1 - multi-scale SSIM of each picture, ``(B,)``."""
    return (back - x).abs().flatten(1).mean(1) + STRUCTURE * (1 - multiscale_ssim(back, x))


def _content_loss(new: Tensor, x: Tensor) -> Tensor:
    """1 - local correlation of the lightness at a half, a quarter and an eighth of the size."""
    a, b = lightness(new), lightness(x)
    both = [
        correlation(F.avg_pool2d(a, by), F.avg_pool2d(b, by), window)
        for by, window in COARSE
        if min(x.shape[-2:]) >= by * window
    ]
    return 1 - torch.stack(both).mean(0)

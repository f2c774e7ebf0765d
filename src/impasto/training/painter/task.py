"""What the loop needs of a painter's training.

Batches, the losses of painter and opponent, validation, pictures.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

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
from impasto.training.pixel_batches import Pictures
from impasto.training.samplers import StyleBatches

if TYPE_CHECKING:
    from impasto.training.painter.train import PainterSettings

GAZE: Final = AugmentSettings(
    crop_scale=(0.5, 1.0), crop_ratio=1.0
)  # how the critic looks at pictures
# share of height and width that the opponent sees, pixel by pixel: it is to see every stroke
WINDOW: Final = 0.75
NOISE: Final = 0.05  # standard deviation of what is added before they look, of pictures in [-1, 1]
LAZY: Final = 4  # steps between two penalties on the opponent's slope
REAL: Final = 3  # a stream of random numbers of its own
STRUCTURE: Final = 0.3  # weight of 1 - multi-scale SSIM beside the mean absolute error
SMOOTHING: Final = (
    0.1  # of the critic's labels: nothing is gained by being more certain than real pictures are
)
COARSE: Final = (
    (2, 7),
    (4, 5),
)  # how often halved, as a factor, and the windows of correlation there, in pixels
SHOWN: Final = 8  # validation pictures that are drawn as training goes on


@dataclass(frozen=True, slots=True)
class Batch:
    """What a step learns from.

    Attributes:
        pictures: to be painted anew, ``float (B, 3, R, R)`` in [-1, 1]; the first B − N must come
            back as they are.
        weights: of the styles that they are to have, ``(B, styles)``; nothing but zeros: no style.
        targets: the styles of the last N, ``int64 (N,)``, which are not their own.
        real: as many real pictures of these styles ``(N, 3, R, R)``.
        windows: where the opponent looks (painted, real, painted again for the painter's sake),
            ``(3, N, 4)``.
        boxes: where the critic looks, ``(N, 4)``.
        noise: added to what the opponent, and the critic, look at: ``(2, N, 3, R, R)``.
        penalised: whether the opponent's slope is, at this step.
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
class Answers:
    """What the networks say to a batch.

    Pictures, and logits of the opponent by the names of what it looked at.
    """

    painted: Tensor
    fake: Tensor
    real: Tensor
    shaken: Tensor | None
    fooled: Tensor


class Duel(nn.Module):
    """Painter and opponent as one network for the loop.

    One optimiser, one checkpoint, one average.
    """

    def __init__(self, painter: Painter, opponent: Discriminator | None) -> None:
        super().__init__()
        self.painter, self.opponent = painter, opponent

    def forward(self, batch: Batch) -> Answers:
        """What a training needs in one call, so that it is one for all processes."""
        painted = self.painter(batch.pictures, batch.weights)
        if self.opponent is None:
            none = painted.new_zeros(0)
            return Answers(painted, none, none, None, none)
        new, size = painted[len(painted) - len(batch.targets) :], round(WINDOW * painted.shape[-1])
        fake = cropped(new.detach(), batch.windows[0], size)
        real = cropped(batch.real, batch.windows[1], size)
        seen = [
            fake,
            real,
            *([real + batch.noise[0][..., :size, :size]] if batch.penalised else []),
        ]
        said = self.opponent(_last(torch.cat(seen)), batch.targets.repeat(len(seen))).chunk(
            len(seen)
        )
        fixed = {name: weight.detach() for name, weight in self.opponent.named_parameters()}
        looked = _last(cropped(new, batch.windows[2], size))
        fooled = functional_call(
            self.opponent, fixed, (looked, batch.targets)
        )  # teaches the painter alone
        return Answers(painted, said[0], said[1], said[2] if batch.penalised else None, fooled)


def _last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


class PainterTask:
    """Batches, losses and validation of a painter, see ``loop.Task``."""

    def __init__(
        self,
        collection: Collection,
        settings: "PainterSettings",
        critic: StyleNetwork | None,
        tools: Accelerator,
    ) -> None:
        rows = collection.indices("train")
        self.shown = "identity_ssim" if critic is None else "hit_rate"
        self.collection, self.settings, self.critic, self.accelerator = (
            collection,
            settings,
            critic,
            tools,
        )
        self.styles, labels = len(collection.vocabulary), collection.labels
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
        """Of the whole training."""
        return self.settings.epochs * self.per_epoch

    @property
    def per_epoch(self) -> int:
        """Steps between two validations."""
        return self.batches.per_epoch

    def batch(self, step: int) -> Batch:
        """This process's share of a batch.

        The whole is made everywhere, so that several learn what one would.
        """
        rows, lot = (
            self.batches.batch(step),
            np.random.default_rng([self.settings.seed, REAL, step]),
        )
        generator = torch.Generator().manual_seed((self.settings.seed * 1_000_003 + step) % 2**63)
        before, processes = self.collection.labels[rows], self.accelerator.num_processes
        own = round(len(rows) * self.settings.identity_share / processes) * processes
        if self.settings.identity_share < 1:
            own = min(own, len(rows) - processes)  # however few, some are painted in other styles
        new = self._others(before[own:], lot)
        weights = torch.eye(self.styles)[np.concatenate((before[:own], new))]
        weights[(own + 1) // 2 : own] = 0  # half of those that come back are in no style
        real = np.array([lot.choice(self.of[int(style)]) for style in new], np.int64)
        x, real_x = self._seen(rows, generator), self._seen(real, generator)
        windows = torch.stack(
            [_windows(len(new), self.settings.resolution, generator) for _ in range(3)]
        )
        boxes = crop_boxes(len(new), GAZE, generator)
        noise = NOISE * torch.randn(2, *real_x.shape, generator=generator)
        share, device = (
            slice(self.accelerator.process_index, None, processes),
            self.accelerator.device,
        )
        return Batch(
            x[share],
            weights[share].to(device),
            torch.from_numpy(new)[share].to(device),
            real_x[share],
            windows[:, share].to(device),
            boxes[share].to(device),
            noise[:, share].to(device),
            step % LAZY == 0,
        )

    def _others(self, labels: NDArray[np.int64], lot: np.random.Generator) -> NDArray[np.int64]:
        """Of each picture another style than its own, all equally likely; its own where there is only one."""
        if len(self.present) < 2:
            return labels
        place = np.searchsorted(self.present, labels)
        moved = place + lot.integers(1, len(self.present), len(labels))
        return np.asarray(self.present[moved % len(self.present)], np.int64)

    def _seen(self, rows: NDArray[np.int64], generator: torch.Generator) -> Tensor:
        """Whole pictures in [-1, 1], half of them mirrored."""
        x = plain(self.pictures.take(rows), self.settings.resolution)
        mirrored = (torch.rand(len(x), generator=generator) < 0.5).to(x.device)
        return torch.where(mirrored[:, None, None, None], x.flip(3), x)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The sum of the painter's and the opponent's losses; neither changes the other."""
        answers: Answers = model(batch)
        settings, own = self.settings, len(batch.pictures) - len(batch.targets)
        total = (
            settings.identity_weight * _unlike(answers.painted[:own], batch.pictures[:own]).mean()
            if own
            else 0.0
        )
        if len(batch.targets):
            new = answers.painted[own:]
            total = total + settings.content_weight * _displaced(new, batch.pictures[own:]).mean()
            if self.critic is not None:
                seen = _last(cropped(new, batch.boxes, new.shape[-1]) + batch.noise[1])
                total = total + settings.style_weight * F.cross_entropy(
                    self.critic(seen).float(), batch.targets, label_smoothing=SMOOTHING
                )
            if len(answers.fake):
                total = (
                    total
                    + settings.adversarial_weight * F.softplus(-answers.fooled).mean()
                    + self._opponent(answers)
                )
        return total  # type: ignore[return-value]

    def _opponent(self, answers: Answers) -> Tensor:
        """Goodfellow et al. 2014 (arXiv:1406.2661), with a penalty on its slope at real pictures.

        The penalty is R1 of Mescheder et al. 2018 (arXiv:1801.04406) by differences along random
        directions instead of a second derivative, every fourth step fourfold (Karras et al. 2020,
        arXiv:1912.04958).
        """
        loss = F.softplus(answers.fake).mean() + F.softplus(-answers.real).mean()
        if answers.shaken is not None:
            loss = (
                loss
                + LAZY * self.settings.r1_weight * (answers.real - answers.shaken).square().mean()
            )
        return loss

    @torch.no_grad()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Loss without the opponent, the critic's hit rate if there is one, how alike is what must come back."""
        size = self.settings.batch_size
        mine = self.validation[self.accelerator.process_index :: self.accelerator.num_processes]
        parts = [
            (
                mine,
                torch.cat(
                    [
                        torch.empty(0, 4),
                        *(self._measured(model, rows) for rows in _parts(mine, size)),
                    ]
                ),
            )
        ]
        if self.accelerator.num_processes > 1:
            parts = gather_object(parts)
        order = np.argsort(np.concatenate([rows for rows, _ in parts]), kind="stable")
        loss, hit, alike, kept = torch.cat([part for _, part in parts])[order].mean(0).tolist()
        asked = {} if self.critic is None else {"hit_rate": hit}
        return {"loss": loss, **asked, "identity_ssim": alike, "correlation": kept}

    def _measured(self, model: nn.Module, rows: NDArray[np.int64]) -> Tensor:
        """Of each picture loss, whether the critic sees the style, SSIM in its own style, correlation: ``(B, 4)``."""
        painter, settings, device = model.painter, self.settings, self.accelerator.device
        x = plain(Pictures.gather(self.collection, rows).to(device), settings.resolution)
        labels = self.collection.labels[rows]
        lot = np.random.default_rng(rows)  # the same styles each time, whoever paints them
        targets = torch.from_numpy(self._others(labels, lot)).to(device)
        eye = torch.eye(self.styles, device=device)
        back = painter(x, eye[labels])  # type: ignore[operator]
        new = painter(x, eye[targets])  # type: ignore[operator]
        loss = settings.identity_weight * _unlike(back, x) + settings.content_weight * _displaced(
            new, x
        )
        hit = torch.zeros(len(x))
        if self.critic is not None:
            logits = self.critic(_last(new)).float()
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
        columns = [x, *(model.painter(x, eye[[style] * len(x)]) for style in range(self.styles))]  # type: ignore[operator]
        pictures = zip(*(to_pixels(column) for column in columns), strict=True)
        write_png(folder / f"epoch-{epoch:03d}.png", contact_sheet(list(pictures), gap=0))


def _parts(rows: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _windows(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Boxes ``(count, 4)`` like ``crop_boxes``, of whole pixels of pictures of ``size``; some are mirrored."""
    wide = round(WINDOW * size)
    first = torch.randint(0, size - wide + 1, (count, 2), generator=generator)
    half = torch.full((count, 2), wide / size)
    half[:, 0] *= 1 - 2 * torch.randint(0, 2, (count,), generator=generator)
    return torch.cat(((2 * first + wide) / size - 1, half), 1)


def _unlike(back: Tensor, x: Tensor) -> Tensor:
    """How far pictures are from coming back, ``(B,)``."""
    return (back - x).abs().flatten(1).mean(1) + STRUCTURE * (1 - multiscale_ssim(back, x))


def _displaced(new: Tensor, x: Tensor) -> Tensor:
    """How far light and dark are from lying where they lay, at half and at a quarter of the size, ``(B,)``."""
    a, b = lightness(new), lightness(x)
    both = [correlation(F.avg_pool2d(a, by), F.avg_pool2d(b, by), window) for by, window in COARSE]
    return 1 - torch.stack(both).mean(0)

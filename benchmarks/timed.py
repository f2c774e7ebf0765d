"""Training of a peer for a number of seconds: the schedule ends with it, the best epoch is kept.

Only the training and its validation take of the time. The pictures lie in memory, augmentation is
impasto's own code
for whole batches: nobody waits for decoding.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.collection.batches import Batches
from impasto.collection.collection import Collection, Split
from impasto.models.preprocess import plain
from impasto.numerics import metrics
from impasto.training.augment import augment
from resnet import ResNet18
from score_table import UNCHANGED
from three_convolutions import ThreeConvolutions

Precision = Literal["float32", "bfloat16"]
Clock = Callable[[], float]
Look = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Peer:
    """A network and how its users train it.

    Attributes:
        name: as it is known.
        build: the network with fresh weights, of the number of styles and the resolution.
        optimizer: at the peak learning rate.
        batch: pictures in a step.
        cosine: let the learning rate fall to zero along half a cosine; else it stays.
        looks: resolutions with the smallest share of a picture that ``RandomResizedCrop`` shows, to
            choose among on validation; the ratio is its usual 3/4 to 4/3, and a share of 1 means
            whole pictures.
    """

    name: str
    build: Callable[[int, int], nn.Module]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    batch: int
    cosine: bool
    looks: tuple[Look, ...]


CROPS: tuple[Look, ...] = (
    (64, 0.08),
    (64, 0.35),
    (128, 0.08),
    (128, 0.35),
)  # 0.08 is usual, 0.35 for short trainings
RESNET = Peer(
    "ResNet-18",
    lambda styles, _: ResNet18(styles),
    ResNet18.optimizer,
    128,
    cosine=True,
    looks=CROPS,
)
COURSE = Peer(
    "three convolutions",
    ThreeConvolutions,
    ThreeConvolutions.optimizer,
    64,
    cosine=False,
    looks=((128, 1.0),),
)
PEERS = {peer.name: peer for peer in (COURSE, RESNET)}


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training.

    Attributes:
        logits: of the test pictures, from the weights of the best validation macro-F1, ``float32
            (N, styles)``.
        validation: that macro-F1.
        epochs: passes over the training pictures, the last one unfinished.
        best_epoch: where the best weights stood.
        pictures: seen in all.
        seconds: of training and validation.
    """

    logits: NDArray[np.float32]
    validation: float
    epochs: float
    best_epoch: float
    pictures: int
    seconds: float


class Pictures:
    """One split of a collection in memory.

    ``uint8 (N, 3, H, W)``, its labels, and the channels' scale.
    """

    def __init__(self, collection: Collection, split: Split) -> None:
        rows = collection.indices(split)
        self.pixels = torch.from_numpy(np.ascontiguousarray(collection.pixels[rows])).permute(
            0, 3, 1, 2
        )
        self.labels = torch.from_numpy(collection.labels[rows])

    def scale(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel in [-1, 1], ``(3, 1, 1)``."""
        some = self.pixels[:: max(1, len(self.pixels) // 1000)].float() / 127.5 - 1
        return some.mean((0, 2, 3))[:, None, None], some.std((0, 2, 3))[:, None, None]


class Training:
    """One peer being trained on one collection."""

    def __init__(
        self, peer: Peer, collection: Collection, look: Look, precision: Precision, seed: int
    ) -> None:
        self.peer, self.precision, self.seed = peer, precision, seed
        self.resolution, self.crop = min(look[0], collection.pixels.shape[1]), look[1]
        self.train, self.validation, self.test = (
            Pictures(collection, split) for split in ("train", "validation", "test")
        )
        self.styles = len(collection.vocabulary)
        self.batches = Batches(
            np.arange(len(self.train.labels)), min(peer.batch, len(self.train.labels)), seed
        )
        self.mean, self.deviation = self.train.scale()
        self.settings = UNCHANGED.model_copy(
            update={"crop_scale": (self.crop, 1.0), "crop_ratio": 4 / 3, "flip": True}
        )
        self.layout = torch.channels_last if precision == "bfloat16" else torch.contiguous_format
        torch.manual_seed(seed)  # the process is this training's own
        self.model = peer.build(self.styles, self.resolution).to(memory_format=self.layout)  # type: ignore[call-overload]
        self.optimizer = peer.optimizer(self.model)

    def __call__(self, seconds: float, clock: Clock = time.perf_counter) -> Trained:
        """Train for ``seconds`` of the clock, validation included."""
        step, best, at, kept, now = 0, -1.0, 0, self.model.state_dict(), clock()
        self.score(
            self.validation
        )  # makes the kernels ready, and tells how long the last validation will take
        began = clock()
        reserve = began - now
        while (elapsed := clock() - began) + reserve < seconds or step == 0:
            self.step(step, elapsed / seconds)
            step += 1
            now = clock()
            last = now - began + reserve >= seconds
            if step % self.batches.per_epoch == 0 or last:
                score = self.score(self.validation)
                reserve = clock() - now
                if score > best:
                    best, at, kept = score, step, copy.deepcopy(self.model.state_dict())
        spent = clock() - began
        self.model.load_state_dict(kept)
        per_epoch = self.batches.per_epoch
        logits = self.logits(self.test).numpy()
        return Trained(
            logits, best, step / per_epoch, at / per_epoch, step * self.batches.size, spent
        )

    def step(self, step: int, progress: float) -> None:
        """One gradient step, at ``progress`` (0 to 1) of the time."""
        for group in self.optimizer.param_groups:
            peak = group.setdefault("peak", group["lr"])
            group["lr"] = (
                peak * 0.5 * (1 + math.cos(math.pi * progress)) if self.peer.cosine else peak
            )
        rows = torch.from_numpy(self.batches.batch(step))
        x, labels = self.varied(self.train.pixels[rows], step), self.train.labels[rows]
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            loss = F.cross_entropy(self.model(self.given(x)).float(), labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def varied(self, pictures: Tensor, step: int) -> Tensor:
        """Training pictures in [-1, 1].

        Randomly cropped where the peer's users do that, and half of them mirrored.
        """
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        if self.crop < 1:
            none = torch.zeros(len(pictures), 1)
            return augment(
                pictures,
                none,
                settings=self.settings,
                resolution=self.resolution,
                generator=generator,
            )[0]
        x, mirrored = (
            plain(pictures, self.resolution),
            torch.rand(len(pictures), generator=generator) < 0.5,
        )
        return torch.where(mirrored[:, None, None, None], x.flip(3), x)

    def given(self, x: Tensor) -> Tensor:
        """Pictures in [-1, 1], normalised by channel, as they lie best in memory."""
        return ((x - self.mean) / self.deviation).contiguous(memory_format=self.layout)

    @torch.no_grad()
    def logits(self, pictures: Pictures) -> Tensor:
        """``float32 (N, styles)`` of whole pictures."""
        self.model.eval()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            parts = [
                self.model(self.given(plain(part, self.resolution)))
                for part in pictures.pixels.split(256)
            ]
        return torch.cat(parts).float()

    def score(self, pictures: Pictures) -> float:
        """The macro-F1 of the plain answers."""
        answers = self.logits(pictures).argmax(1).numpy()
        return metrics.scores(pictures.labels.numpy(), answers, self.styles)["macro_f1"]

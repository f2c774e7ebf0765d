"""Hit rates, content measures and colour transfer behind a painter's score."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import correlation, lightness, ssim
from impasto.numerics.bootstrap import draw_weights, first_estimate
from impasto.numerics.neighbours import centred_unit, nearest
from impasto.records.painter_score import PairGain, StyleHitRate
from impasto.records.record import Interval

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
THUMB: Final = 16  # height and width of the pictures compared in retrieval, in pixels
LEAST: Final = 0.02  # smallest difference of ceiling and floor that rates are divided by


def matched(picture: Pixels, other: Pixels) -> Pixels:
    """Histogram matching: ``uint8 (H, W, 3)`` with each channel's histogram of another picture.

    Gonzalez and Woods, Digital Image Processing, 3.3.2.
    """
    flat, wanted = picture.reshape(-1, 3), np.sort(other.reshape(-1, 3), axis=0)
    result = np.empty_like(flat)
    places = np.linspace(0, len(wanted) - 1, len(flat)).round().astype(np.int64)
    for channel in range(3):
        result[np.argsort(flat[:, channel], kind="stable"), channel] = wanted[places, channel]
    return np.asarray(result.reshape(picture.shape))


def shaded(pictures: Pixels) -> Floats:
    """Lightness at 16 × 16 places, as vectors of length 1 around their mean, ``(N, 256)``."""
    small = (
        torch.nn.functional.adaptive_avg_pool2d(lightness(float_tensor(pictures)), THUMB)
        .flatten(1)
        .double()
        .numpy()
    )
    return centred_unit(small)


def retrieved(painted: Floats, sources: Labels, pool: Floats) -> NDArray[np.bool_]:
    """Whether a painted picture's nearest in the pool is its original ``sources``, ``(N,)``."""
    return np.asarray(nearest(painted, pool, 1)[0][:, 0] == sources)


def kept(painted: Pixels, originals: Pixels) -> dict[str, Floats]:
    """SSIM of the lightness, and correlation of the edges, of each picture with its original."""
    a, b = lightness(float_tensor(painted)), lightness(float_tensor(originals))
    return {
        "ssim": ssim(a, b).double().numpy(),
        "edges": correlation(_edges(a), _edges(b), min(a.shape[-2:])).double().numpy(),
    }


def _edges(light: torch.Tensor) -> torch.Tensor:
    """Length of the lightness's gradient by central differences, ``(N, 1, H, W)``."""
    across = light[:, :, 1:-1, 2:] - light[:, :, 1:-1, :-2]
    down = light[:, :, 2:, 1:-1] - light[:, :, :-2, 1:-1]
    return torch.nn.functional.pad(
        (across.square() + down.square()).sqrt(), (1, 1, 1, 1), mode="replicate"
    )


class Rates:
    """Hit rates of the target styles, between floor and ceiling, resampled over pictures.

    Args:
        answers: by arm (``painted``, ``histogram``, ``unchanged``), whether picture i is
            classified as its target style t, ``bool (N, styles)``; its own style does not count.
        labels: the pictures' own styles, ``int64 (N,)``.
        real: whether the evaluator classifies each real picture correctly, ``bool (M,)``.
        real_labels: the real pictures' styles, ``int64 (M,)``.
        resamples: bootstrap resamples.
        seed: of the resamples.
    """

    def __init__(
        self,
        answers: dict[str, NDArray[np.bool_]],
        labels: Labels,
        real: NDArray[np.bool_],
        real_labels: Labels,
        *,
        resamples: int,
        seed: int,
    ) -> None:
        count = next(iter(answers.values())).shape[1]
        self.styles = [s for s in range(count) if (real_labels == s).any() and (labels != s).any()]
        generator = np.random.default_rng(seed)
        # The first draw is the pictures as they are
        self.weights = np.concatenate(
            [np.ones((1, len(labels))), draw_weights(labels, resamples, generator)]
        )
        local = np.concatenate(
            [np.ones((1, len(real))), draw_weights(real_labels, resamples, generator)]
        )
        own = labels[:, None] == np.arange(count)[None]
        # (1 + draws, styles) each
        self.hits = {arm: _shares(self.weights, hit, ~own) for arm, hit in answers.items()}
        self.hits["real"] = _shares(
            local, real[:, None], real_labels[:, None] == np.arange(count)[None]
        )
        self.labels, self.answers = labels, answers

    def mean(self, arm: str) -> Interval:
        """An arm's hit rate, the mean over styles."""
        return score(self.hits[arm][:, self.styles].mean(1))

    def normalised(self, arm: str) -> Interval:
        """(hit − floor) / (ceiling − floor) of means over styles: 0 unchanged, 1 real pictures."""
        hit, floor, ceiling = (
            self.hits[name][:, self.styles].mean(1) for name in (arm, "unchanged", "real")
        )
        return score((hit - floor) / (ceiling - floor).clip(min=LEAST))

    def of_style(self, style: int, arm: str) -> StyleHitRate:
        """Hit rate, gain over unchanged pictures, and normalised hit rate of one style."""
        hit, floor, ceiling = (self.hits[name][:, style] for name in (arm, "unchanged", "real"))
        return StyleHitRate(
            hit=score(hit),
            gain=score(hit - floor),
            normalised=score((hit - floor) / (ceiling - floor).clip(min=LEAST)),
        )

    def gain(self, arm: str, over: str) -> Interval:
        """The paired gain of one arm over another, the mean over styles."""
        return score((self.hits[arm] - self.hits[over])[:, self.styles].mean(1))

    def pairs(self, names: tuple[str, ...]) -> tuple[PairGain, ...]:
        """Gain over unchanged pictures of every pair of styles, with its interval."""
        moved = self.answers["painted"].astype(np.float64) - self.answers["unchanged"]
        rows: list[PairGain] = []
        for source in np.unique(self.labels):
            local = self.labels == source
            weights = self.weights[:, local] / self.weights[:, local].sum(1, keepdims=True).clip(
                min=1e-9
            )
            drawn = weights @ moved[local]
            for target in self.styles:
                if target != source:
                    gain = first_estimate(drawn[:, target])
                    rows.append(PairGain(source=names[source], target=names[target], **gain))
        return tuple(rows)


def score(values: Floats) -> Interval:
    """Value without resampling and 95 % interval, of ``(1 + draws,)``."""
    return Interval(**first_estimate(values))


def _shares(weights: Floats, hit: NDArray[np.bool_], counted: NDArray[np.bool_]) -> Floats:
    """Weighted share of hits among the counted pictures of each style, ``(draws, styles)``."""
    return np.asarray(
        weights @ (hit & counted).astype(float) / (weights @ counted.astype(float)).clip(min=1e-9)
    )

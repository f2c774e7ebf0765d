"""Hit rates, content measures and colour transfer behind a painter's score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import correlation, lightness, ssim
from impasto.numerics.bootstrap import (
    SAME,
    PictureDraws,
    Score,
    Z,
    interval,
    share_interval,
    student,
)
from impasto.numerics.neighbours import centred_unit, nearest
from impasto.numerics.sign_tests import holm, sign_flip_p
from impasto.records.painter_score import Arm, PairGain, StyleHitRate
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


@dataclass(frozen=True, slots=True)
class PaintedPairs:
    """Pairs of picture and target style.

    Attributes:
        pairs: the picture of each pair, ``int64 (M,)``.
        targets: the target style of each pair, likewise.
        labels: the pictures' own styles, ``int64 (N,)``.
        styles: number of styles.
        artists: of each picture, ``int64 (N,)``; ``None``: every picture is drawn by itself.
    """

    pairs: Labels
    targets: Labels
    labels: Labels
    styles: int
    artists: Labels | None = None


class Rates:
    """Hit rates of the target styles by one evaluator, between floor and ceiling.

    Args:
        answers: by arm, whether pair i of picture and target style is classified as its target
            style, ``bool (M,)``; ``unchanged`` is the floor.
        painted: these pairs.
        real: whether the evaluator classifies each real picture correctly, ``bool (R,)``.
        real_labels: the real pictures' styles, ``int64 (R,)``.
        real_artists: their artists, as those of the pairs.
        resamples: bootstrap resamples, of artists, or pictures, within their styles.
        seed: of the resamples.
    """

    def __init__(
        self,
        answers: Mapping[Arm, NDArray[np.bool_]],
        painted: PaintedPairs,
        *,
        real: NDArray[np.bool_],
        real_labels: Labels,
        real_artists: Labels | None = None,
        resamples: int,
        seed: int,
    ) -> None:
        labels, pairs, targets = painted.labels, painted.pairs, painted.targets
        styles = painted.styles
        self.styles = sorted(set(real_labels.tolist()) & set(targets.tolist()))

        again = {"resamples": resamples, "seed": seed}
        self.drawn = PictureDraws.make(labels, styles, painted.artists, **again)
        again["seed"] += 1
        self.real_drawn = PictureDraws.make(real_labels, styles, real_artists, **again)
        alone = np.arange(len(labels))
        self.unit = (alone if painted.artists is None else painted.artists)[pairs]
        # Of each picture, (1 + draws, N); the first draw is the pictures as they are
        self.weights = self.drawn.weights[:, self.drawn.unit[pairs]].astype(np.float64)
        self.real_weights = self.real_drawn.weights[:, self.real_drawn.unit].astype(np.float64)
        self.asked = targets[:, None] == np.arange(styles)  # (pairs, styles)
        self.of_real = real_labels[:, None] == np.arange(styles)
        # (1 + draws, styles) each
        self.hits: dict[Arm, Floats] = {
            arm: _shares(self.weights, hit, self.asked) for arm, hit in answers.items()
        }
        self.hits["real"] = _shares(self.real_weights, real, self.of_real)
        self.own, self.targets, self.answers = labels[pairs], targets, answers

    def mean(self, arm: Arm) -> Interval:
        """An arm's hit rate, the mean over styles."""
        return self._estimate(arm, self.hits[arm][:, self.styles].mean(1))

    @property
    def placed(self) -> bool:
        """Whether the ceiling lies so far above the floor that a place between has meaning."""
        return self.mean("real").value - self.mean("unchanged").value > LEAST

    def normalised(self, arm: Arm) -> Interval:
        """(hit − floor) / (ceiling − floor) of means over styles: 0 unchanged, 1 real pictures."""
        hit, floor, ceiling = (
            self.hits[name][:, self.styles].mean(1) for name in (arm, "unchanged", "real")
        )
        return self._ratio(arm, hit - floor, ceiling - floor)

    def of_style(self, style: int, arm: Arm, *, placed: bool = True) -> StyleHitRate:
        """Hit rate, gain over unchanged pictures, and normalised hit rate of one style.

        ``placed=False``, or a ceiling hardly above the floor: it is not normalised.
        """
        hit, floor, ceiling = (self.hits[name][:, style] for name in (arm, "unchanged", "real"))
        room = placed and ceiling[0] - floor[0] > LEAST
        return StyleHitRate(
            hit=self._estimate(arm, hit, style),
            gain=self._gain(arm, hit - floor, style),
            normalised=self._ratio(arm, hit - floor, ceiling - floor, style) if room else None,
        )

    def gain(self, arm: Arm, over: Arm) -> Interval:
        """The paired gain of one arm over another, the mean over styles."""
        return self._gain(arm, (self.hits[arm] - self.hits[over])[:, self.styles].mean(1))

    def _units(self, arm: Arm, style: int | None) -> tuple[float, float]:
        """Units of an arm's pictures, of a target style or of all, and degrees of freedom."""
        if arm == "real":
            return self.real_drawn.effective(style), self.real_drawn.freedom(style)
        if style is None:
            return float(self.drawn.units), self.drawn.freedom()
        count = len(np.unique(self.unit[self.targets == style]))
        return count, count - 1

    def _estimate(self, arm: Arm, values: Floats, style: int | None = None) -> Interval:
        """A hit rate with its interval, of ``(1 + draws,)``."""
        count, freedom = self._units(arm, style)
        found = share_interval(float(values[0]), values[1:], count=count, freedom=freedom)
        return Interval(**found)

    def _gain(self, arm: Arm, values: Floats, style: int | None = None) -> Interval:
        """A difference of hit rates with its interval; that of unchanged pictures is none."""
        if arm == "unchanged":
            return Interval(value=0, low=0, high=0)
        count, freedom = self._units(arm, style)
        return Interval(
            **share_interval(float(values[0]), values[1:], count=count, freedom=freedom, least=-1.0)
        )

    def _ratio(self, arm: Arm, gain: Floats, room: Floats, style: int | None = None) -> Interval:
        """A gain by the room between floor and ceiling, each ``(1 + draws,)``."""
        room = room.clip(min=LEAST)
        if arm != "unchanged" and np.ptp(gain) <= SAME:  # nothing varies but what it is divided by
            wide = self._gain(arm, gain, style)
            return Interval(
                **{end: getattr(wide, end) / room[0] for end in ("value", "low", "high")}
            )
        ratio = gain / room
        wider = student(self._units(arm, style)[1]) / Z
        ends = interval((ratio[1:] - ratio[0]) * wider)
        return Interval(value=ratio[0], low=ratio[0] + ends["low"], high=ratio[0] + ends["high"])

    def pairs(self, names: tuple[str, ...]) -> tuple[PairGain, ...]:
        """Gain over unchanged pictures of every pair of styles, with its interval."""
        moved = self.answers["painted"].astype(np.float64) - self.answers["unchanged"]
        found: list[tuple[str, str, int, Score]] = []
        raw: list[float] = []
        for source in np.unique(self.own):
            for target in self.styles:
                local = (self.own == source) & (self.targets == target)
                if local.any():
                    weights = self.weights[:, local]
                    drawn = weights @ moved[local] / weights.sum(1).clip(min=1e-9)
                    count, here = int(local.sum()), moved[local]
                    _, unit = np.unique(self.unit[local], return_inverse=True)
                    units = int(unit.max()) + 1
                    gain = share_interval(
                        float(drawn[0]), drawn[1:], count=units, freedom=units - 1, least=-1
                    )
                    found.append((names[source], names[target], count, gain))
                    raw.append(sign_flip_p(np.bincount(unit, weights=here).astype(np.int64)))
        return tuple(
            PairGain(source=source, target=target, pictures=count, p=p, **gain)
            for (source, target, count, gain), p in zip(found, holm(raw), strict=True)
        )


def accuracy_gain(one: Rates, other: Rates) -> Interval:
    """The accuracy of one evaluator on real pictures less another's, on the same draws."""
    gains = (one.hits["real"] - other.hits["real"])[:, one.styles]
    return Interval(**one.real_drawn.estimate(gains.mean(1), least=-1.0))


def _shares(weights: Floats, hit: NDArray[np.bool_], groups: NDArray[np.bool_]) -> Floats:
    """Weighted share of hits ``(N,)`` in each group ``(N, styles)``, ``(draws, styles)``."""
    counted = groups.astype(float)
    return np.asarray(weights @ (hit[:, None] * counted) / (weights @ counted).clip(min=1e-9))


def balanced_share(hits: NDArray[np.bool_], labels: Labels) -> float:
    """The share of hits ``(N,)``, the mean over the labels ``(N,)``."""
    return float(np.mean([hits[labels == label].mean() for label in np.unique(labels)]))


def balanced_pairs(labels: Labels, targets_per_picture: int) -> tuple[Labels, Labels]:
    """A balanced design: pictures ``(M,)`` and target styles ``(M,)``.

    Each picture is painted in some other styles in turn, so that the pictures of every style meet
    every other style about equally often.

    Args:
        labels: the pictures' styles, ``int64 (N,)``.
        targets_per_picture: at most; all other styles where there are fewer.
    """
    present = np.unique(labels)
    count = min(targets_per_picture, len(present) - 1)
    pairs, targets = [], []
    for style in present:
        others = np.roll(present, -1 - int(np.flatnonzero(present == style)[0]))[:-1]
        for turn, picture in enumerate(np.flatnonzero(labels == style)):
            for step in range(count):
                pairs.append(picture)
                targets.append(others[(turn * count + step) % len(others)])
    order = np.argsort(pairs, kind="stable")
    return np.asarray(pairs, np.int64)[order], np.asarray(targets, np.int64)[order]

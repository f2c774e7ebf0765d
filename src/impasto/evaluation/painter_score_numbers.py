"""The numbers behind a painter's score, as pure functions of pictures, answers and representations."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.models.image_metrics import correlation, lightness, ssim
from impasto.numerics.bootstrap import interval

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
THUMB: Final = 16  # height and width at which a painted picture's original is looked for, in pixels
LEAST: Final = 0.02  # of ceiling over floor: less of it cannot be divided by


def divides(real: float) -> bool:
    """Whether real pictures' own normalised hit rate, 1 but for ``LEAST``, says that there is a way to be on."""
    return abs(real - 1) < 1e-6


def tensors(pictures: Pixels) -> torch.Tensor:
    """Pictures ``uint8 (N, H, W, 3)`` as ``float32 (N, 3, H, W)`` in [-1, 1]."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def matched(picture: Pixels, other: Pixels) -> Pixels:
    """A picture ``uint8 (H, W, 3)`` with each channel's histogram of another: the k-th darkest value of its k-th.

    The whole of many a "colour transfer" (Gonzalez and Woods, Digital Image Processing, 3.3.2).
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
        torch.nn.functional.adaptive_avg_pool2d(lightness(tensors(pictures)), THUMB)
        .flatten(1)
        .double()
        .numpy()
    )
    small -= small.mean(1, keepdims=True)
    return np.asarray(small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-9))


def retrieved(painted: Floats, sources: Labels, pool: Floats) -> NDArray[np.bool_]:
    """Whether each painted picture's original ``sources`` is the nearest of all in the pool, ``(N,)``."""
    return np.asarray((painted @ pool.T).argmax(1) == sources)


def kept(painted: Pixels, originals: Pixels) -> dict[str, Floats]:
    """Of each picture, SSIM of the lightness and correlation of the edges with the original's."""
    a, b = lightness(tensors(painted)), lightness(tensors(originals))
    return {
        "ssim": ssim(a, b).double().numpy(),
        "edges": correlation(_edges(a), _edges(b), min(a.shape[-2:])).double().numpy(),
    }


def _edges(light: torch.Tensor) -> torch.Tensor:
    """The length of the lightness's gradient, by central differences, ``(N, 1, H − 2, W − 2)``, in windows as large."""
    across = light[:, :, 1:-1, 2:] - light[:, :, 1:-1, :-2]
    down = light[:, :, 2:, 1:-1] - light[:, :, :-2, 1:-1]
    return torch.nn.functional.pad(
        (across.square() + down.square()).sqrt(), (1, 1, 1, 1), mode="replicate"
    )


def colour_shift(painted: Pixels, originals: Pixels) -> Floats:
    """The distance of the pictures' mean colours in CIE L*a*b* (ΔE*ab of 1976, D65), ``(N,)``; about 2 can be seen."""
    return np.asarray(
        np.linalg.norm(_lab(painted).mean((1, 2)) - _lab(originals).mean((1, 2)), axis=1)
    )


def _lab(pictures: Pixels) -> Floats:
    """``uint8`` sRGB to CIE L*a*b* (IEC 61966-2-1, CIE 15:2004), the same shape."""
    values = pictures.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ matrix.T / matrix.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -1)


def frechet_distance(made: NDArray[np.float32], real: NDArray[np.float32]) -> float | None:
    """The Fréchet distance of two sets of representations ``(N, D)`` and ``(M, D)``, taken as normal distributions.

    Heusel et al. 2017 (arXiv:1706.08500), on a judge's features, not on Inception's: comparable
    within one judge only, and biased upwards for few pictures, alike for sets of one size. ``None``
    with fewer than two pictures of either.
    """
    if min(len(made), len(real)) < 2:
        return None
    (mean_a, cov_a), (mean_b, cov_b) = (
        (x.mean(0), np.cov(x, rowvar=False)) for x in map(np.float64, (made, real))
    )
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    middle = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    return float(np.square(mean_a - mean_b).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * middle)


class Rates:
    """Hit rates of the styles asked for, between floor and ceiling, resampled over pictures.

    Args:
        answers: by arm (``painted``, ``histogram``, ``unchanged``), whether the judge sees style t
            in picture i when it is asked for, ``bool (N, styles)``; a picture's own style does not
            count.
        labels: the pictures' own styles, ``int64 (N,)``.
        real: whether the judge sees the style of each real picture, ``bool (M,)``.
        real_labels: their styles, ``int64 (M,)``.
        resamples: bootstrap resamples.
        seed: of them.
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
            [np.ones((1, len(labels))), _drawn(labels, resamples, generator)]
        )
        mine = np.concatenate([np.ones((1, len(real))), _drawn(real_labels, resamples, generator)])
        own = labels[:, None] == np.arange(count)[None]
        self.hits = {
            arm: _shares(self.weights, hit, ~own) for arm, hit in answers.items()
        }  # (1 + draws, styles) each
        self.hits["real"] = _shares(
            mine, real[:, None], real_labels[:, None] == np.arange(count)[None]
        )
        self.labels, self.answers = labels, answers

    def score(self, values: Floats) -> dict[str, float]:
        """The value of the pictures as they are, and its 95 % interval, of ``(1 + draws,)``."""
        return {"value": float(values[0]), **interval(values[1:])}

    def mean(self, arm: str) -> dict[str, float]:
        """An arm's hit rate, the mean over styles."""
        return self.score(self.hits[arm][:, self.styles].mean(1))

    def normalised(self, arm: str) -> dict[str, float]:
        """(hit − floor) / (ceiling − floor) of the means over styles.

        0 is what nothing done gives, 1 real pictures.
        """
        hit, floor, ceiling = (
            self.hits[name][:, self.styles].mean(1) for name in (arm, "unchanged", "real")
        )
        return self.score((hit - floor) / (ceiling - floor).clip(min=LEAST))

    def of_style(self, style: int, arm: str) -> dict[str, dict[str, float]]:
        """Hit rate, gain over doing nothing, and normalised hit rate of one style."""
        hit, floor, ceiling = (self.hits[name][:, style] for name in (arm, "unchanged", "real"))
        return {
            "hit": self.score(hit),
            "gain": self.score(hit - floor),
            "normalised": self.score((hit - floor) / (ceiling - floor).clip(min=LEAST)),
        }

    def gain(self, arm: str, over: str) -> dict[str, float]:
        """The paired gain of one arm over another, the mean over styles."""
        return self.score((self.hits[arm] - self.hits[over])[:, self.styles].mean(1))

    def pairs(self, names: tuple[str, ...]) -> list[dict[str, Any]]:
        """The gain over doing nothing of every pair of styles, with its interval over that style's pictures."""
        moved = self.answers["painted"].astype(np.float64) - self.answers["unchanged"]
        rows = []
        for source in np.unique(self.labels):
            mine = self.labels == source
            weights = self.weights[:, mine] / self.weights[:, mine].sum(1, keepdims=True).clip(
                min=1e-9
            )
            drawn = weights @ moved[mine]
            rows += [
                {"source": names[source], "target": names[target], **self.score(drawn[:, target])}
                for target in self.styles
                if target != source
            ]
        return rows


def _shares(weights: Floats, hit: NDArray[np.bool_], counted: NDArray[np.bool_]) -> Floats:
    """The weighted share of hits among what counts, of each style, ``(draws, styles)``."""
    return np.asarray(
        weights @ (hit & counted).astype(float) / (weights @ counted.astype(float)).clip(min=1e-9)
    )


def _drawn(labels: Labels, resamples: int, generator: np.random.Generator) -> Floats:
    """How often each picture is drawn when as many of each style are drawn again, ``(resamples, N)``."""
    weights = np.zeros((resamples, len(labels)))
    for style in np.unique(labels):
        mine = np.flatnonzero(labels == style)
        weights[:, mine] = generator.multinomial(
            len(mine), np.full(len(mine), 1 / len(mine)), resamples
        )
    return weights

"""Out-of-distribution (OOD) detection: the Mahalanobis distance of a picture from the training's.

The distance is taken in hand-made features of colour, spectrum, edges and texture, after Lee et
al. 2018 (arXiv:1807.03888), with one mean and one covariance for all styles (the simplest of their
kind; Ledoit and Wolf 2004 for the covariance). On the network's own features the distance, that to
the nearest neighbours and the energy had a lower AUROC:
docs/methods/calibration-and-prediction.md. Every picture is compressed once more first, so that
its own compression does not count.

The limit is a conformal quantile of the distances of pictures that nothing was fitted on.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as serialised
from sklearn.covariance import ledoit_wolf

from impasto.errors import RunError
from impasto.files import verify, write_bytes
from impasto.images.handmade_features import SMALLEST, features, resized
from impasto.images.treatments import recompressed

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
KEPT: Final = 3000  # training pictures that are fitted on, at most
HELD_OUT: Final = 500  # pictures that the limit shall be taken from
ENOUGH: Final = 200  # fewer give no limit
FALSE_ALARMS: Final = 0.05  # share of pictures like the training's that lie beyond the limit
LARGEST: Final = 128  # height and width in pixels beyond which features only cost more
QUALITY: Final = 50  # of the compression, lower than that of most collections
CLIPPED: Final = 5.0  # deviations from the mean at which a feature is cut
_CHUNK: Final = 256


def ood_side(size: int) -> int:
    """Height and width that pictures of a collection are brought to, in pixels."""
    return min(max(size, SMALLEST), LARGEST)


def ood_features(pixels: Pixels, side: int) -> Floats:
    """Features ``float64 (N, D)`` of pictures ``uint8 (N, H, W, 3)`` of any size."""
    parts = []
    for at in range(0, max(len(pixels), 1), _CHUNK):
        part = recompressed(resized(pixels[at : at + _CHUNK], side), QUALITY)
        parts.append(features(part).astype(np.float64))
    return np.concatenate(parts)


def conformal_limit(distances: Floats, false_alarms: float) -> float:
    """The distance that another such picture exceeds with at most a probability.

    Infinite where there are too few pictures for that probability (Vovk et al. 2005).
    """
    place = int(np.ceil((1 - false_alarms) * (len(distances) + 1) - 1e-9))
    return float(np.sort(distances)[place - 1]) if place <= len(distances) else float("inf")


@dataclass(frozen=True, slots=True)
class OodDetector:
    """Mean and covariance of training pictures, and distances of pictures that were held out.

    Attributes:
        side: height and width that pictures are brought to, in pixels.
        mean: of each feature, ``float64 (D,)``.
        scale: its standard deviation, likewise.
        centre: mean of the standardised features once they are cut, likewise.
        whitening: ``float64 (D, D)``; its product with its transpose is the precision matrix.
        held_out: distances of pictures that nothing was fitted on, ``float64 (H,)``.
    """

    side: int
    mean: Floats
    scale: Floats
    centre: Floats
    whitening: Floats
    held_out: Floats

    @classmethod
    def fit(cls, known: Pixels, held_out: Pixels) -> "OodDetector":
        """Fit on training pictures ``uint8 (N, S, S, 3)``; ``held_out`` are others of their kind.

        At least two training pictures are needed.
        """
        side = ood_side(known.shape[1])
        values = ood_features(known, side)
        mean, scale = values.mean(0), values.std(0) + 1e-4
        cut = ((values - mean) / scale).clip(-CLIPPED, CLIPPED)
        centre = cut.mean(0)
        covariance = ledoit_wolf(cut - centre, assume_centered=True)[0]
        covariance += 1e-6 * np.eye(len(centre))  # features that never change
        whitening = np.linalg.cholesky(np.linalg.inv(covariance))
        fitted = cls(side, mean, scale, centre, whitening, np.empty(0))
        return cls(
            side, mean, scale, centre, whitening, fitted.distances(ood_features(held_out, side))
        )

    @property
    def applicable(self) -> bool:
        """Whether enough pictures were held out for a limit."""
        return len(self.held_out) >= ENOUGH

    @property
    def limit(self) -> float | None:
        """The distance beyond which a picture is OOD; ``None`` with too few pictures held out."""
        return conformal_limit(self.held_out, FALSE_ALARMS) if self.applicable else None

    def distances(self, values: Floats) -> Floats:
        """OOD score of ``ood_features`` ``(N, D)``: the Mahalanobis distance, ``float64 (N,)``."""
        values = (values - self.mean) / self.scale
        moved = (values.clip(-CLIPPED, CLIPPED) - self.centre) @ self.whitening
        return np.asarray(np.sqrt((moved**2).sum(1)))

    def inside(self, distances: Floats) -> NDArray[np.bool_] | None:
        """Whether distances ``(N,)`` lie within the limit; ``None`` where there is none."""
        return None if self.limit is None else np.asarray(distances <= self.limit)

    def save(self, path: Path) -> None:
        """Write it as safetensors, whole or not at all."""
        tensors = {
            "side": np.asarray([self.side]),
            "mean": self.mean,
            "scale": self.scale,
            "centre": self.centre,
            "whitening": self.whitening.astype(np.float32),
            "held_out": self.held_out,
        }
        write_bytes(path, serialised(tensors))

    @classmethod
    def load(cls, path: Path) -> "OodDetector":
        """Read what ``save`` wrote.

        Raises:
            RunError: the file is missing or damaged, or of an earlier version.
        """
        verify(path, "run impasto evaluate again", refusal=RunError)
        try:
            data = load_file(path)
            return cls(
                int(data["side"][0]),
                data["mean"],
                data["scale"],
                data["centre"],
                data["whitening"].astype(np.float64),
                data["held_out"],
            )
        except (OSError, SafetensorError, KeyError) as error:
            raise RunError(
                f"{path} cannot be read ({error}): run impasto evaluate again"
            ) from error

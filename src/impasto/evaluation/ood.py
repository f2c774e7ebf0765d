"""Out-of-distribution (OOD) detection: the distance to the nearest training pictures.

Deep nearest neighbours after Sun et al. 2022 (arXiv:2204.06507): the distance between unit vectors
to the k-th nearest training picture. A picture is out of distribution where it is further away than
nearly all validation pictures are.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as serialised

from impasto.errors import RunError
from impasto.files import write_bytes
from impasto.numerics.neighbours import nearest, unit

NEAREST = 10
KEPT = 3000  # training pictures that are stored
QUANTILE = 0.99  # share of validation pictures that count as in distribution


@dataclass(frozen=True, slots=True)
class OodDetector:
    """Features of training pictures, and the distance beyond which a picture is OOD.

    Attributes:
        known: unit vectors of training pictures, ``float32 (M, D)``.
        limit: the distance, in [0, 2], beyond which a picture is out of distribution.
    """

    known: NDArray[np.float32]
    limit: float

    @classmethod
    def fit(cls, trained: NDArray[np.float32], validation: NDArray[np.float32]) -> "OodDetector":
        """Fit on features ``(N, D)`` of training and ``(V, D)`` of validation pictures."""
        detector = cls(unit(trained), 2.0)
        return cls(detector.known, float(np.quantile(detector.distances(validation), QUANTILE)))

    def distances(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """OOD score: distance of features ``(N, D)`` to the tenth nearest picture, ``(N,)``."""
        _, cosines = nearest(unit(features), self.known, min(NEAREST, len(self.known)))
        kth = cosines[:, -1]
        return np.asarray(np.sqrt(np.maximum(2 - 2 * kth, 0)), np.float32)

    def save(self, path: Path) -> None:
        """Write it as safetensors, whole or not at all."""
        tensors = {"known": self.known.astype(np.float16), "limit": np.asarray([self.limit])}
        write_bytes(path, serialised(tensors))

    @classmethod
    def load(cls, path: Path) -> "OodDetector":
        """Read what ``save`` wrote.

        Raises:
            RunError: the file is missing or damaged.
        """
        try:
            data = load_file(path)
            return cls(data["known"].astype(np.float32), float(data["limit"][0]))
        except (OSError, SafetensorError, KeyError) as error:
            raise RunError(
                f"{path} cannot be read ({error}): run impasto evaluate again"
            ) from error

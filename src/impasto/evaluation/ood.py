"""Does a picture look like anything trained on? Its distance to the nearest training pictures, as the network sees it.

Deep nearest neighbours after Sun et al. 2022 (arXiv:2204.06507): the distance between unit vectors
to the k-th nearest training picture; further than nearly all validation pictures are is called
unfamiliar.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as serialised

from impasto.errors import RunError
from impasto.files import replacing
from impasto.numerics.neighbours import nearest, unit

NEAREST = 10
KEPT = 3000  # training pictures that are remembered
QUANTILE = 0.99  # share of validation pictures that count as familiar


@dataclass(frozen=True, slots=True)
class OodDetector:
    """What is known, and how far from it is far.

    Attributes:
        known: unit vectors of training pictures, ``float32 (M, D)``.
        limit: the distance, in [0, 2], beyond which a picture is unfamiliar.
    """

    known: NDArray[np.float32]
    limit: float

    @classmethod
    def fit(cls, trained: NDArray[np.float32], validation: NDArray[np.float32]) -> "OodDetector":
        """From representations ``(N, D)`` of training pictures and ``(V, D)`` of validation pictures."""
        known = cls(unit(trained), 2.0)
        return cls(known.known, float(np.quantile(known.distances(validation), QUANTILE)))

    def distances(self, embedded: NDArray[np.float32]) -> NDArray[np.float32]:
        """The distance of each representation ``(N, D)`` to its tenth nearest training picture, ``(N,)``."""
        _, cosines = nearest(unit(embedded), self.known, min(NEAREST, len(self.known)))
        kth = cosines[:, -1]
        return np.asarray(np.sqrt(np.maximum(2 - 2 * kth, 0)), np.float32)

    def save(self, path: Path) -> None:
        """Write it as safetensors, whole or not at all."""
        with replacing(path) as temporary:
            tensors = {"known": self.known.astype(np.float16), "limit": np.asarray([self.limit])}
            temporary.write_bytes(serialised(tensors))

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

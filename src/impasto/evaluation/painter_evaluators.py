"""Two evaluators of painted pictures: a network, averaged over views, and hand-made features.

They are of different kinds, and neither has seen a picture that the painter was trained on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.handmade_classifier import HandmadeClassifier, fit_handmade_classifier
from impasto.errors import CollectionError
from impasto.evaluation.loaded_classifier import LoadedClassifier
from impasto.evaluation.settings import Views
from impasto.images.treatments import blurred, recompressed, shifted
from impasto.records.painter_score import EvaluatorName, Treatment

Pixels = NDArray[np.uint8]
Probabilities = Callable[[Pixels], NDArray[np.float64]]
TREATMENTS: Final[dict[Treatment, Callable[[Pixels], Pixels]]] = {
    "shifted": partial(shifted, by=3),
    "blurred": partial(blurred, sigma=1.0),
    "recompressed": partial(recompressed, quality=60),
}
SCALED: Final = Views(flip=False, scales=(1.0, 1.25))
ONCE: Final = Views(flip=False, scales=(1.0,))
MOVED: Final = 2  # pixels by which the mirrored view is shifted
MOST: Final = 4000  # pictures that the classifier on hand-made features is fitted on


@dataclass(frozen=True, slots=True)
class Evaluators:
    """Both evaluators of painted pictures.

    Attributes:
        evaluator: the network.
        handmade: logistic regression on hand-made features.
    """

    evaluator: LoadedClassifier
    handmade: HandmadeClassifier

    def probabilities(self) -> dict[EvaluatorName, Probabilities]:
        """Probabilities ``(N, styles)`` of pictures, under a uniform prior, by evaluator."""
        return {
            "network": lambda pictures: self.network(pictures)[0],
            "handmade": self.handmade.probabilities,
        }

    def network(self, pictures: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """The network's probabilities under a uniform prior, and its features.

        Logits are the mean over three views: as it is, enlarged by a quarter, and mirrored and
        shifted by two pixels. Features are those of the first two.
        """
        logits, features = self.evaluator.logits_and_features(
            lambda at: pictures[at], len(pictures), SCALED
        )
        mirrored, _ = self.evaluator.logits_and_features(
            lambda at: shifted(pictures[at], MOVED)[:, :, ::-1], len(pictures), ONCE
        )
        mean = ((2 * logits + mirrored) / 3).astype(np.float32)
        return self.evaluator.prior_correction(uniform=True)(mean, 1.0), features


def fit_second_evaluator(half: Collection, resolution: int, seed: int) -> HandmadeClassifier:
    """Fit hand-made features on the half that the painter was not trained on.

    Pictures are brought to the size of the painted ones; blurred and recompressed copies are fitted
    on too.

    Raises:
        CollectionError: the half has training pictures of fewer than two styles.
    """
    rows = half.indices("train")
    if len(np.unique(half.labels[rows])) < 2:
        raise CollectionError(
            f"{half.path} has too few pictures that the painter was not trained on: nothing to "
            "evaluate it with"
        )
    some = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST])
    return fit_handmade_classifier(half, some, resolution=resolution, varied=True, seed=seed)

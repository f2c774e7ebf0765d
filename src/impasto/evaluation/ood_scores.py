"""Scores of the OOD detector on pictures that are no paintings: AUROC, and the share it names."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.batches import evenly
from impasto.collection.collection import open_collection
from impasto.collection.user_images import read_images
from impasto.evaluation.made_outliers import KINDS, OutlierKind, outliers, photographs
from impasto.evaluation.ood import FALSE_ALARMS, OodDetector, conformal_limit, ood_features
from impasto.images.decode import Fit
from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.metrics import weighted_auroc
from impasto.records.evaluation import OodKindScores, OodScores
from impasto.records.record import Interval

Floats = NDArray[np.float64]
MADE = 100  # pictures of each kind
PHOTOS: Final = "photographs"  # of which several crops are one independent picture
GIVEN = 300  # pictures of a given folder or collection, at most
RATES = (0.01, FALSE_ALARMS)
"""False-alarm rates at which the share of outliers found is reported."""


def given_pictures(
    path: Path, size: int, fit: Fit, on_skip: Callable[[str], None] = lambda line: None
) -> NDArray[np.uint8]:
    """Return pictures of a folder, or of a collection, ``uint8 (N, S, S, 3)``, ``GIVEN`` at most.

    Raises:
        InputError: there is no such folder, or it has no picture that can be read.
    """
    if (path / "collection.json").is_file():
        found = open_collection(path)
        return np.asarray(found.pixels[evenly(np.arange(len(found)), GIVEN)])
    _, pixels = read_images(path, size, fit, on_skip)
    return pixels[evenly(np.arange(len(pixels)), GIVEN)]


def ood_scores(
    detector: OodDetector,
    draws: PictureDraws,
    distances: Floats,
    given: NDArray[np.uint8] | None = None,
    *,
    seed: int = 0,
) -> OodScores:
    """Score a detector.

    Args:
        detector: fitted on pictures of the training.
        draws: of the test pictures, drawn again for the intervals.
        distances: of the test pictures, ``(N,)``.
        given: further pictures to tell from paintings like the training's.
        seed: of the draws of the others.
    """
    limits = {}
    if detector.applicable:
        limits = {str(rate): conformal_limit(detector.held_out, rate) for rate in RATES}
    again = {"resamples": len(draws.weights) - 1, "seed": seed}

    def of(kind: str, values: Floats, units: NDArray[np.int64]) -> OodKindScores:
        other = PictureDraws.make(np.zeros(len(values), np.int64), 1, units, **again)
        weights = [one.weights[:, one.unit].astype(np.float64) for one in (draws, other)]
        area = other.estimate(weighted_auroc(distances, values, *weights))
        return OodKindScores(
            kind=kind,
            pictures=len(values),
            units=other.units,
            auroc=Interval(**area),
            detected={rate: _beyond(other, values, limit) for rate, limit in limits.items()},
        )

    rows = []
    for kind in KINDS:
        values = detector.distances(_made_features(kind, detector.side))
        if len(values):
            units = np.arange(len(values))
            rows.append(of(kind, values, units % len(photographs()) if kind == PHOTOS else units))
    if given is not None and len(given):
        values = detector.distances(ood_features(given, detector.side))
        rows.append(of("given", values, np.arange(len(values))))
    return OodScores(
        held_out=len(detector.held_out),
        limit=detector.limit,
        false_alarms=FALSE_ALARMS,
        beyond={rate: _beyond(draws, distances, limit) for rate, limit in limits.items()},
        kinds=tuple(rows),
    )


@cache
def _made_features(kind: OutlierKind, side: int) -> Floats:
    return ood_features(outliers(kind, MADE, side), side)


def _beyond(draws: PictureDraws, distances: Floats, limit: float) -> Interval:
    return Interval(**draws.estimate(draws.shares(distances > limit)))

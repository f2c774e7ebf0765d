"""Classifier of styles on hand-made features: logistic regression, fitted in seconds.

It needs no training run and no GPU. Its kind is not that of the networks, so that what fools one
of them need not fool it.
"""

import warnings
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from impasto.collection.collection import Collection
from impasto.errors import CollectionError
from impasto.images.handmade_features import SMALLEST, features, resized
from impasto.images.treatments import blurred, recompressed

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
LARGEST: Final = 128  # height and width in pixels beyond which hand-made features only cost more
PENALTIES: Final = (0.001, 0.003, 0.01, 0.03)  # C of the logistic regression, strongest first
LIMIT: Final = 5.0  # deviations from the mean at which a feature is cut
EVERY: Final = 5  # without validation pictures, every fifth training picture of a style chooses C
ITERATIONS: Final = 200
_CHUNK: Final = 256


@dataclass(frozen=True, slots=True)
class HandmadeClassifier:
    """Logistic regression on standardised hand-made features, every style equally frequent.

    Attributes:
        resolution: height and width of the pictures that features are taken of, in pixels.
        mean, scale: of each feature in training, ``float64 (D,)``.
        weights, bias: ``float64 (D, styles)`` and ``(styles,)``; the bias of a style without
            training pictures is minus infinity.
        penalty: C, the inverse strength of the penalty, chosen on validation.
    """

    resolution: int
    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats
    penalty: float

    def probabilities(self, pixels: NDArray[np.uint8]) -> Floats:
        """Probabilities ``float64 (N, styles)`` of pictures ``uint8 (N, H, W, 3)`` of any size."""
        parts = [np.empty((0, len(self.bias)))]
        for at in range(0, len(pixels), _CHUNK):
            part = features(resized(pixels[at : at + _CHUNK], self.resolution))
            parts.append(softmax(self._standardised(part) @ self.weights + self.bias, axis=1))
        return np.concatenate(parts)

    def _standardised(self, values: NDArray[np.float32]) -> Floats:
        return np.asarray(((values - self.mean) / self.scale).clip(-LIMIT, LIMIT))


def fit_handmade_classifier(
    collection: Collection,
    rows: Rows | None = None,
    *,
    validation: Rows | None = None,
    resolution: int | None = None,
    varied: bool = False,
    seed: int = 0,
) -> HandmadeClassifier:
    """Fit logistic regression on hand-made features; C is chosen by the loss on validation.

    Args:
        collection: with pixels.
        rows: to fit on; ``None``: the training pictures.
        validation: rows to choose C on; ``None``: the validation pictures, or, where there are
            none, every fifth of ``rows`` in each style, which are then not fitted on.
        resolution: of the pictures that features are taken of; ``None``: as stored, at most 128.
        varied: fit on mirrored copies too, some blurred and some recompressed, so that the answers
            hold for such pictures; takes twice as long.
        seed: of the copies.

    Raises:
        CollectionError: fewer than two styles have training pictures.
    """
    rows = collection.indices("train") if rows is None else rows
    validation = collection.indices("validation") if validation is None else validation
    if not len(validation):
        rows, validation = _held_out(rows, collection.labels[rows])
    labels = collection.labels[rows]
    if len(np.unique(labels)) < 2:
        raise CollectionError(
            f"{collection.path} has training pictures of fewer than two styles: nothing to tell "
            "apart"
        )
    size = resolution or max(SMALLEST, min(LARGEST, collection.pixels.shape[1]))
    x, v = (_features_of(collection, part, size) for part in (rows, validation))
    if varied:
        x = np.concatenate((x, _varied(collection, rows, size, seed)))
        labels = np.concatenate((labels, labels))
    mean = x.mean(0, dtype=np.float64)
    scale = np.maximum(x.std(0, dtype=np.float64), 1e-6)
    count = len(collection.vocabulary)
    best: tuple[float, HandmadeClassifier] | None = None
    plain = HandmadeClassifier(size, mean, scale, np.zeros((0, 0)), np.zeros(0), 0.0)
    z, held = plain._standardised(x), plain._standardised(v)
    model = LogisticRegression(class_weight="balanced", max_iter=ITERATIONS, warm_start=True)
    for penalty in PENALTIES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough for this purpose
            model.set_params(C=penalty).fit(z, labels)
        weights, bias = _all_styles(model, count)
        loss = _balanced_loss(held @ weights + bias, collection.labels[validation])
        if best is None or loss < best[0]:
            best = loss, HandmadeClassifier(size, mean, scale, weights, bias, penalty)
    assert best is not None
    return best[1]


def fit_on_pictures(
    pixels: NDArray[np.uint8], labels: Rows, styles: int, *, penalty: float
) -> HandmadeClassifier:
    """Fit logistic regression on pictures that belong to no collection.

    Args:
        pixels: ``uint8 (N, S, S, 3)``; pictures that are classified are brought to this size.
        labels: their styles, ``int64 (N,)``, of at least two styles.
        styles: number of styles.
        penalty: C, the inverse strength of the penalty.
    """
    x = features(pixels)
    mean = x.mean(0, dtype=np.float64)
    scale = np.maximum(x.std(0, dtype=np.float64), 1e-6)
    empty = HandmadeClassifier(pixels.shape[1], mean, scale, np.zeros((0, 0)), np.zeros(0), penalty)
    model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(empty._standardised(x), labels)
    weights, bias = _all_styles(model, styles)
    return replace(empty, weights=weights, bias=bias)


def _held_out(rows: Rows, labels: Rows) -> tuple[Rows, Rows]:
    """Rows without every fifth of each style, and these; a style of one or two keeps all."""
    held = np.zeros(len(rows), bool)
    for style in np.unique(labels):
        local = np.flatnonzero(labels == style)
        held[local[2::EVERY]] = True
    return rows[~held], rows[held] if held.any() else rows


def handmade_features(collection: Collection) -> NDArray[np.float32]:
    """Hand-made features ``float32 (N, D)`` of every picture of a collection, at most 128 wide."""
    size = max(SMALLEST, min(LARGEST, collection.pixels.shape[1]))
    return _features_of(collection, np.arange(len(collection)), size)


def _features_of(collection: Collection, rows: Rows, size: int) -> NDArray[np.float32]:
    parts = [features(np.empty((0, size, size, 3), np.uint8))]
    for at in range(0, len(rows), _CHUNK):
        parts.append(features(resized(collection.pixels[rows[at : at + _CHUNK]], size)))
    return np.concatenate(parts)


def _varied(collection: Collection, rows: Rows, size: int, seed: int) -> NDArray[np.float32]:
    """Features of mirrored copies: a third as they are, a third blurred, a third recompressed."""
    rng, parts = np.random.default_rng(seed), []
    for at in range(0, len(rows), _CHUNK):
        pictures = resized(collection.pixels[rows[at : at + _CHUNK]], size)[:, :, ::-1].copy()
        for place, kind in enumerate(rng.integers(0, 3, len(pictures))):
            one = pictures[place : place + 1]
            if kind == 1:
                one[:] = blurred(one, rng.uniform(0.4, 1.4))
            elif kind == 2:
                one[:] = recompressed(one, int(rng.integers(40, 85)))
        parts.append(features(pictures))
    return np.concatenate(parts)


def _all_styles(model: LogisticRegression, count: int) -> tuple[Floats, Floats]:
    """Weights ``(D, styles)`` and bias ``(styles,)``, of styles that were fitted on and others."""
    some, offsets = model.coef_, model.intercept_
    if len(some) == 1:  # two styles have one row: of the second against the first
        some, offsets = np.concatenate((-some, some)) / 2, np.concatenate((-offsets, offsets)) / 2
    weights, bias = np.zeros((some.shape[1], count)), np.full(count, -np.inf)
    weights[:, model.classes_], bias[model.classes_] = some.T, offsets
    return weights, bias


def _balanced_loss(logits: Floats, labels: Rows) -> float:
    """Cross-entropy, the mean over styles; styles that were not fitted on do not count."""
    logs = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    means = [logs[labels == style].mean() for style in np.unique(labels)]
    return -float(np.mean([mean for mean in means if np.isfinite(mean)] or [0.0]))

"""Explanation of a classifier's answers: heat, typical works, confusions against years.

RUN/evaluation/explanation.json      keys in docs/formats.md
RUN/evaluation/figures/heat.png      each style's surest pictures, and their Grad-CAM
RUN/evaluation/figures/typical.png   each style's most typical and most atypical works

All of it describes answers on test pictures; none of it chooses anything.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.picture_draws import picture_draws
from impasto.collection.run_collection import training_hashes
from impasto.evaluation.classifier_figures import HeatRow, draw_heat, draw_typical
from impasto.evaluation.confusion_vs_years import confusion_vs_years
from impasto.evaluation.grad_cam import heat_maps
from impasto.evaluation.loaded_classifier import LoadedClassifier, Outputs
from impasto.evaluation.second_guess import second_guesses
from impasto.evaluation.settings import EvaluateSettings
from impasto.evaluation.typicality import Typicality
from impasto.images.heat_overlay import heat_overlay
from impasto.numerics.metrics import confusion_matrix
from impasto.records.explanation import (
    Explanation,
    StyleExplanation,
    TypicalityScores,
    TypicalWork,
)
from impasto.records.record import Interval

CELLS = 8  # of a mean heat map, in each direction; the outermost are its border
HEATED = 50  # test pictures of a style behind its mean heat map
EACH = 4  # pictures of a style on either sheet; one less with more than MANY_STYLES styles
MANY_STYLES = 16
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def explain(
    network: LoadedClassifier,
    collection: Collection,
    test: Outputs,
    probabilities: Floats,
    settings: EvaluateSettings,
    folder: Path | None,
) -> Explanation:
    """Explain the answers on test pictures; draws the sheets into ``folder`` on the way.

    Args:
        network: the classifier.
        collection: with pictures.
        test: the classifier's outputs for test pictures.
        probabilities: of the test pictures, ``(N, styles)``.
        settings: of the evaluation.
        folder: of the sheets; ``None``: they are not drawn.
    """
    styles = collection.vocabulary.styles
    drawing = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    ids = np.asarray(collection.column("id"), object)[test.rows]
    count = EACH if len(styles) <= MANY_STYLES else EACH - 1
    answers = probabilities.argmax(1)
    typicality = Typicality.of(test.features, test.labels, len(styles))
    ends = [typicality.ends(style, count) for style in range(len(styles))]
    surest = [_surest(test.labels, probabilities, style)[:count] for style in range(len(styles))]

    def works(places: Places) -> tuple[TypicalWork, ...]:
        own = probabilities[places, test.labels[places]].tolist()
        near = typicality.likeness[places].tolist()
        return tuple(
            TypicalWork(id=ids[place], likeness=near[at], probability=own[at])
            for at, place in enumerate(places)
        )

    rows = []
    for style, name in enumerate(styles):
        heat, border, heated = _mean_heat(network, collection, test, style)
        row = StyleExplanation(
            style=name,
            surest=tuple(ids[surest[style]]),
            typical=works(ends[style][0]),
            atypical=works(ends[style][1]),
            heat=heat,
            border=border,
            heated=heated,
        )
        rows.append(row)
    recognised = None
    nearer, further = typicality.halves()
    if len(nearer):
        halves = [
            _recognised(collection, test.rows[half], (answers == test.labels)[half], **drawing)
            for half in (nearer, further)
        ]
        recognised = TypicalityScores(nearer=halves[0], further=halves[1])
    if folder:
        heated_rows = [
            _heated(network, collection, test.rows[places], probabilities[places])
            for places in surest
        ]
        draw_heat(folder / "heat.png", collection, heated_rows)
        draw_typical(folder / "typical.png", collection, test, probabilities, ends)
    confusion = confusion_matrix(test.labels, answers, len(styles))
    known = set[str]().union(*training_hashes(network.run))
    return Explanation(
        collection_fingerprint=collection.fingerprint,
        styles=tuple(rows),
        recognised=recognised,
        confusion_vs_years=confusion_vs_years(confusion, _years(collection), styles, **drawing),
        second_guesses=second_guesses(collection, test, probabilities, known, **drawing),
    )


def _recognised(
    collection: Collection,
    rows: NDArray[np.int64],
    hit: NDArray[np.bool_],
    *,
    resamples: int,
    seed: int,
) -> Interval:
    """Share of hits ``(N,)`` among some rows; artists are drawn again where they are known."""
    draws = picture_draws(collection, rows, resamples=resamples, seed=seed)
    return Interval(**draws.estimate(draws.shares(hit)))


def _surest(labels: Places, probabilities: Floats, style: int) -> Places:
    """Places of the recognised pictures of a style, the surest first."""
    right = np.flatnonzero((labels == style) & (probabilities.argmax(1) == style))
    return right[np.argsort(-probabilities[right, style], kind="stable")]


def _heated(
    network: LoadedClassifier, collection: Collection, rows: Places, probabilities: Floats
) -> HeatRow:
    """Pictures with the heat of the style that they were recognised as laid over them."""
    if not len(rows):
        return []
    pictures = np.asarray(collection.pixels[rows])
    maps = heat_maps(network, pictures, probabilities.argmax(1))
    overlaid = [
        heat_overlay(Image.fromarray(picture), heat)
        for picture, heat in zip(pictures, maps, strict=True)
    ]
    return list(zip(rows.tolist(), probabilities.max(1).tolist(), overlaid, strict=True))


def _mean_heat(
    network: LoadedClassifier, collection: Collection, test: Outputs, style: int
) -> tuple[tuple[tuple[float, ...], ...] | None, float | None, int]:
    """Mean heat map of a style (mean 1), its share at the border, and the pictures behind it.

    The hottest place of every picture counts 1; pictures without any evidence are left out.
    """
    own = evenly(test.rows[test.labels == style], HEATED)
    pictures, styles = np.asarray(collection.pixels[own]), np.full(len(own), style)
    maps = torch.from_numpy(heat_maps(network, pictures, styles))
    maps = maps[maps.amax((1, 2)) > 0]
    if not len(maps):
        return None, None, 0
    mean = F.adaptive_avg_pool2d(maps[:, None], CELLS)[:, 0].mean(0).double()
    mean = mean / mean.mean()
    border = 1 - float(mean[1:-1, 1:-1].sum() / mean.sum())
    heat = tuple(tuple(round(value, 3) for value in row) for row in mean.tolist())
    return heat, border, len(maps)


def _years(collection: Collection) -> list[Places]:
    """Years of each style's dated works, of all splits: a date is no score."""
    years, labels = collection.column("year"), collection.labels
    dated = np.array([year is not None for year in years])
    filled = np.array([year or 0 for year in years], np.int64)
    return [filled[dated & (labels == style)] for style in range(len(collection.vocabulary))]

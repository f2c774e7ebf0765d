"""What an evaluation says beyond scores: where the network looks, what is typical, what confusions follow.

RUN/evaluation/explanation.json      keys in docs/formats.md
RUN/evaluation/figures/heat.png      the pictures of each style that it recognises most surely, and where it looked
RUN/evaluation/figures/typical.png   the most typical and the most atypical works of each style

All of it describes answers on test pictures; none of it chooses anything.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from impasto.collection.collection import Collection
from impasto.collection.run_collection import training_hashes
from impasto.evaluation.classifier_figures import draw_heat, draw_typical
from impasto.evaluation.confusion_vs_years import confusion_and_years
from impasto.evaluation.grad_cam import heat_maps
from impasto.evaluation.loaded_classifier import LoadedClassifier, Outputs
from impasto.evaluation.second_guess import second_guesses
from impasto.evaluation.settings import EvaluateSettings
from impasto.evaluation.typicality import typical
from impasto.images.heat_overlay import heat_overlay
from impasto.numerics.metrics import confusion_matrix

FORMAT = 1
PLACES = 8  # of a mean heat map, in each direction; the outermost are its border
HEATED = 50  # test pictures a style behind its mean heat map
EACH, MANY = (
    4,
    16,
)  # pictures a style on either sheet; one less where there are more styles than that
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def explain(
    network: LoadedClassifier,
    found: Collection,
    looked: Outputs,
    shares: Floats,
    settings: EvaluateSettings,
    folder: Path | None,
) -> dict[str, Any]:
    """The content of ``explanation.json``; draws the sheets into ``folder`` on the way.

    Args:
        network: to look with.
        found: the collection with the pictures.
        looked: what the network says of the test pictures.
        shares: their probabilities, ``(N, styles)``.
        settings: of the evaluation.
        folder: of the sheets; ``None``: they are not drawn.
    """
    styles, again = (
        found.vocabulary.styles,
        {"resamples": settings.bootstrap_samples, "seed": settings.seed},
    )
    ids = np.asarray(found.column("id"), object)[looked.rows]
    each = EACH if len(styles) <= MANY else EACH - 1
    *ends, told = typical(looked, shares, ids, each=each, **again)
    surest = [_surest(looked.labels, shares, style)[:each] for style in range(len(styles))]
    if folder:
        heated = [_heated(network, found, looked.rows[sure], shares[sure]) for sure in surest]
        draw_heat(folder / "heat.png", found, heated)
        draw_typical(folder / "typical.png", found, looked, shares, ends)
    confusion = confusion_matrix(looked.labels, shares.argmax(1), len(styles))
    rows = [
        {
            "style": style,
            "surest": ids[surest[at]].tolist(),
            **told["styles"][at],
            **_mean_heat(network, found, looked, at),
        }
        for at, style in enumerate(styles)
    ]
    return {
        "format": FORMAT,
        "collection_fingerprint": found.fingerprint,
        "styles": rows,
        "recognised": told["recognised"],
        "history": confusion_and_years(confusion, _years(found), styles, **again),
        "second_guesses": second_guesses(
            found, looked, shares, set[str]().union(*training_hashes(network.run)), **again
        ),
    }


def _surest(labels: Labels, shares: Floats, style: int) -> Labels:
    """Places of the pictures of a style that were recognised, the surest first."""
    right = np.flatnonzero((labels == style) & (shares.argmax(1) == style))
    return right[np.argsort(-shares[right, style], kind="stable")]


def _heated(
    network: LoadedClassifier, found: Collection, rows: Labels, shares: Floats
) -> list[tuple[int, float, Image.Image]]:
    """Pictures with the heat of the style that they were recognised as laid over them."""
    if not len(rows):
        return []
    pictures = np.asarray(found.pixels[rows])
    maps = heat_maps(network, pictures, shares.argmax(1))
    seen = [
        heat_overlay(Image.fromarray(picture), heat)
        for picture, heat in zip(pictures, maps, strict=True)
    ]
    return list(zip(rows.tolist(), shares.max(1).tolist(), seen, strict=True))


def _mean_heat(
    network: LoadedClassifier, found: Collection, looked: Outputs, style: int
) -> dict[str, Any]:
    """Where in the picture its style's evidence lies: ``heat`` (mean 1 where it is even everywhere) and ``border``.

    The hottest place of every picture counts 1; pictures without any evidence are left out.
    """
    mine = looked.rows[looked.labels == style]
    mine = mine[np.linspace(0, len(mine) - 1, min(HEATED, len(mine))).round().astype(np.int64)]
    maps = torch.from_numpy(
        heat_maps(network, np.asarray(found.pixels[mine]), np.full(len(mine), style))
    )
    maps = maps[maps.amax((1, 2)) > 0]
    if not len(maps):
        return {"heat": None, "border": None, "heated": 0}
    mean = F.adaptive_avg_pool2d(maps[:, None], PLACES)[:, 0].mean(0).double()
    mean = mean / mean.mean()
    border = 1 - float(mean[1:-1, 1:-1].sum() / mean.sum())
    return {
        "heat": [[round(v, 3) for v in row] for row in mean.tolist()],
        "border": border,
        "heated": len(maps),
    }


def _years(found: Collection) -> list[Labels]:
    """The years of each style's dated works, of all splits: a date is no score."""
    years, known = found.column("year"), found.labels
    dated = np.array([year is not None for year in years])
    filled = np.array([year or 0 for year in years], np.int64)
    return [filled[dated & (known == style)] for style in range(len(found.vocabulary))]

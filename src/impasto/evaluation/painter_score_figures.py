"""Figures of a painter's score: test pictures in all styles, and at rising strength.

grid.png       a picture a row: the original, then every style
strength.png   a picture a row: the original, then rising strength in one other style
steps.png      the pictures of strength.png without gap or label, for a page that shows them singly
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.records.painter_score import ShownPair

STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw(subject: PainterUnderTest, shown: int, folder: Path) -> tuple[ShownPair, ...]:
    """Draw test pictures in all styles, and at rising strength in one other style each.

    Args:
        subject: the painter and its test pictures.
        shown: pictures at most, evenly spaced.
        folder: to write to.

    Returns:
        The rows of ``steps.png``, in order.
    """
    some = (
        np.linspace(0, len(subject.rows) - 1, min(shown, len(subject.rows)))
        .round()
        .astype(np.int64)
    )
    pictures, styles = subject.originals[some], np.unique(subject.labels).tolist()
    names, eye = subject.found.vocabulary.styles, torch.eye(len(subject.found.vocabulary))
    columns = [pictures, *(subject.painted(pictures, eye[[style] * len(some)]) for style in styles)]
    _sheet(folder / "grid.png", columns, ["original", *(names[style] for style in styles)])
    sources = subject.labels[some]
    turns = 1 + np.arange(len(some)) % (len(styles) - 1)  # never the picture's own style
    targets = [
        styles[(styles.index(source) + turn) % len(styles)]
        for source, turn in zip(sources, turns, strict=True)
    ]
    steps = [
        pictures,
        *(subject.painted(pictures, strength * eye[targets]) for strength in STRENGTHS),
    ]
    heads = ["original", *(f"{strength:.0%}" for strength in STRENGTHS)]
    _sheet(
        folder / "strength.png", steps, heads, [names[style].replace("_", " ") for style in targets]
    )
    side_by_side = contact_sheet(list(zip(*steps, strict=True)), gap=0)
    write_png(folder / "steps.png", side_by_side, optimise=True)
    ids = subject.found.column("id")
    return tuple(
        ShownPair(id=ids[subject.rows[at]], source=names[source], target=names[target])
        for at, source, target in zip(some, sources, targets, strict=True)
    )


def _sheet(
    path: Path, columns: list[NDArray[np.uint8]], heads: list[str], sides: Sequence[str] = ()
) -> None:
    cell = max(96, columns[0].shape[1])
    rows = list(zip(*columns, strict=True))
    write_png(path, contact_sheet(rows, heads=heads, sides=sides, cell=cell))

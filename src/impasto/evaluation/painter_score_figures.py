"""Figures of a painter's score: test pictures in all styles, and at rising strength.

grid.png       a picture a row: as it is, then in every style
strength.png   a picture a row: as it is, then at rising strength in one other style
steps.png      the pictures of strength.png, side by side without gap or label, for a page that shows one step at a time
"""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from impasto.evaluation.painter_under_test import Subject
from impasto.files import replacing
from impasto.images.contact_sheet import labelled

STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw(subject: Subject, shown: int, folder: Path) -> list[dict[str, str]]:
    """Test pictures in all styles, and at rising strength in one other style each.

    Args:
        subject: who paints what.
        shown: pictures at most, evenly of all.
        folder: to write to.

    Returns:
        ``id``, ``source`` and ``target`` (styles) of each picture, in the order of the rows of
        ``steps.png``.
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
    _sprite(folder / "steps.png", steps)
    ids = subject.found.column("id")
    return [
        {"id": ids[subject.rows[at]], "source": names[source], "target": names[target]}
        for at, source, target in zip(some, sources, targets, strict=True)
    ]


def _sheet(
    path: Path, columns: list[NDArray[np.uint8]], heads: list[str], sides: list[str] | None = None
) -> None:
    rows = [[Image.fromarray(picture) for picture in row] for row in zip(*columns, strict=True)]
    with replacing(path) as temporary:
        labelled(rows, heads, sides or (), cell=max(96, columns[0].shape[1])).save(temporary, "PNG")


def _sprite(path: Path, columns: list[NDArray[np.uint8]]) -> None:
    """Columns of pictures ``uint8 (N, R, R, 3)`` as one of N R by C R pixels."""
    pixels = np.concatenate([column.reshape(-1, *column.shape[2:]) for column in columns], axis=1)
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, "PNG", optimize=True)

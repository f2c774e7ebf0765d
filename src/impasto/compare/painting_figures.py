"""Figures of a painter's score: test pictures in all styles, and at rising strength."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from impasto.compare.subject import Subject
from impasto.files import replacing
from impasto.generate.sheet import labelled

STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw(subject: Subject, shown: int, folder: Path) -> None:
    """Test pictures in all styles, and at rising strength in one other style each."""
    some = np.linspace(0, len(subject.rows) - 1, min(shown, len(subject.rows))).round().astype(np.int64)
    pictures, styles = subject.originals[some], np.unique(subject.labels).tolist()
    names, eye = subject.found.vocabulary.styles, torch.eye(len(subject.found.vocabulary))
    columns = [pictures, *(subject.painted(pictures, eye[[style] * len(some)]) for style in styles)]
    _sheet(folder / "grid.png", columns, ["original", *(names[style] for style in styles)])
    targets = [styles[(styles.index(label) + 1 + at) % len(styles)] for at, label in enumerate(subject.labels[some])]
    steps = [subject.painted(pictures, strength * eye[targets]) for strength in STRENGTHS]
    heads = ["original", *(f"{strength:.0%}" for strength in STRENGTHS)]
    _sheet(folder / "strength.png", [pictures, *steps], heads, [names[style] for style in targets])


def _sheet(path: Path, columns: list[NDArray[np.uint8]], heads: list[str], sides: list[str] | None = None) -> None:
    rows = [[Image.fromarray(picture) for picture in row] for row in zip(*columns, strict=True)]
    with replacing(path) as temporary:
        labelled(rows, heads, sides or (), cell=max(96, columns[0].shape[1])).save(temporary, "PNG")

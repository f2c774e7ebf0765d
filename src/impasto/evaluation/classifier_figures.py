"""Sheets of pictures.

The network's surest mistakes and confusions, where it looked, and what it finds typical.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection
from impasto.evaluation.loaded_classifier import Outputs
from impasto.images.contact_sheet import contact_sheet, write_png

SIDE, GAP = 132, 10  # pixels of a picture, and between pictures
COLUMNS, WORST, PAIRS = 6, 12, 4
Tile = tuple[Image.Image, str, str]
_SPACER: Tile = (Image.new("RGB", (2 * GAP, 1), "white"), "", "")


def draw_sheets(
    folder: Path, found: Collection, looked: Outputs, shares: NDArray[np.float64]
) -> None:
    """Write ``worst.png`` and ``confused.png``; where nothing went wrong, neither.

    Args:
        folder: to write to.
        found: the collection with the pictures.
        looked: the test pictures.
        shares: their probabilities, ``(N, styles)``.
    """
    answers = shares.argmax(1)
    wrong = np.flatnonzero(answers != looked.labels)
    for name in ("worst.png", "confused.png"):
        (folder / name).unlink(missing_ok=True)  # of an earlier evaluation
    if not len(wrong):
        return
    names = [style.replace("_", " ") for style in found.vocabulary.styles]

    def tile(place: int) -> Tile:
        said = f"{names[answers[place]]} {shares[place].max():.0%}"
        return (
            _thumbnail(found, int(looked.rows[place])),
            f"is {names[looked.labels[place]]}",
            f"said {said}",
        )

    surest = wrong[np.argsort(-shares[wrong].max(1), kind="stable")][:WORST].tolist()
    _save(
        folder / "worst.png",
        [[tile(p) for p in surest[i : i + COLUMNS]] for i in range(0, len(surest), COLUMNS)],
    )
    _save(
        folder / "confused.png",
        [[tile(p) for p in row] for row in _confused(looked.labels, answers)],
    )


def _confused(labels: NDArray[np.int64], answers: NDArray[np.int64]) -> list[list[int]]:
    """Places of the pictures of the most frequent confusions, up to a row of them each."""
    wrong = np.flatnonzero(answers != labels)
    pairs, counts = np.unique(np.stack((labels[wrong], answers[wrong])), axis=1, return_counts=True)
    worst = pairs.T[np.argsort(-counts, kind="stable")[:PAIRS]]
    return [
        np.flatnonzero((labels == true) & (answers == said))[:COLUMNS].tolist()
        for true, said in worst
    ]


def draw_heat(
    path: Path, found: Collection, rows: Sequence[Sequence[tuple[int, float, Image.Image]]]
) -> None:
    """Write the sheet of heat maps, a row a style; nothing where no style has a picture.

    Args:
        path: to write to.
        found: the collection with the pictures.
        rows: for each style its pictures: row in the collection, probability of the style, and the
            overlaid heat.
    """
    names = [style.replace("_", " ") for style in found.vocabulary.styles]

    def tile(name: str, row: int, share: float, heat: Image.Image) -> Tile:
        pair = Image.new("RGB", (2 * SIDE + 2, SIDE), "white")
        pair.paste(_thumbnail(found, row), (0, 0))
        pair.paste(heat.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (SIDE + 2, 0))
        return pair, _title(found, row), f"{share:.0%} {name}"

    filled = [
        (name, [tile(name, *shown) for shown in row])
        for name, row in zip(names, rows, strict=True)
        if row
    ]
    _save(path, [tiles for _, tiles in filled], [name for name, _ in filled])


def draw_typical(
    path: Path,
    found: Collection,
    looked: Outputs,
    shares: NDArray[np.float64],
    ends: Sequence[list[list[int]]],
) -> None:
    """Write the sheet of typical works, left, and atypical ones, right, a row a style; nothing where there are none.

    Args:
        path: to write to.
        found: the collection with the pictures.
        looked: the test pictures.
        shares: their probabilities, ``(N, styles)``.
        ends: places of the typical and of the atypical works of each style.
    """
    names = [style.replace("_", " ") for style in found.vocabulary.styles]

    def tile(place: int) -> Tile:
        row, said = int(looked.rows[place]), int(shares[place].argmax())
        return (
            _thumbnail(found, row),
            _title(found, row),
            f"{shares[place].max():.0%} {names[said]}",
        )

    filled = [
        (name, [*map(tile, near), _SPACER, *map(tile, reversed(far))])
        for name, near, far in zip(names, *ends, strict=True)
        if near
    ]
    _save(path, [tiles for _, tiles in filled], [name for name, _ in filled])


def _title(found: Collection, row: int) -> str:
    """Artist, title and year as far as they are known, else the file's name."""
    facts = {
        name: found.table.column(name)[row].as_py() for name in ("id", "artist", "title", "year")
    }
    artist, title = (
        str(facts[name] or "").replace("-", " ").strip() for name in ("artist", "title")
    )
    title = "" if title.isdigit() else title.capitalize()
    return (
        ", ".join(filter(None, (artist.title(), title, str(facts["year"] or ""))))
        or Path(facts["id"]).stem
    )


def _thumbnail(found: Collection, row: int) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(found.pixels[row]))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _save(path: Path, rows: Sequence[Sequence[Tile]], titles: Sequence[str] = ()) -> None:
    """Rows of pictures, each with two lines of text under it, and titles above the rows."""
    if not rows:
        path.unlink(missing_ok=True)  # of an earlier evaluation
        return
    pictures = [[picture for picture, *_ in row] for row in rows]
    captions = [[lines for _, *lines in row] for row in rows]
    write_png(path, contact_sheet(pictures, titles=titles, captions=captions, gap=GAP))

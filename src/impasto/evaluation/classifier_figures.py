"""Sheets of pictures: the surest mistakes, the most frequent confusions, heat, typical works."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection
from impasto.evaluation.loaded_classifier import Outputs
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.plain_text import style_title

SIDE, GAP = 132, 10  # pixels of a picture, and between pictures
COLUMNS, WORST, PAIRS = 6, 12, 4
Tile = tuple[Image.Image, str, str]
HeatRow = list[tuple[int, float, Image.Image]]
"""Pictures of one style: row in the collection, probability of the style, overlaid heat."""
_SPACER: Tile = (Image.new("RGB", (2 * GAP, 1), "white"), "", "")


def draw_sheets(
    folder: Path, collection: Collection, test: Outputs, probabilities: NDArray[np.float64]
) -> None:
    """Write ``worst.png`` and ``confused.png``; where no answer is wrong, neither.

    Args:
        folder: to write to.
        collection: with pictures.
        test: the classifier's outputs for test pictures.
        probabilities: of the test pictures, ``(N, styles)``.
    """
    answers = probabilities.argmax(1)
    wrong = np.flatnonzero(answers != test.labels)
    names = [style_title(style) for style in collection.vocabulary.styles]

    def tile(place: int) -> Tile:
        answer = f"{names[answers[place]]} {probabilities[place].max():.0%}"
        picture = _thumbnail(collection, int(test.rows[place]))
        return picture, f"is {names[test.labels[place]]}", f"predicted {answer}"

    surest = wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")][:WORST].tolist()
    rows = [surest[start : start + COLUMNS] for start in range(0, len(surest), COLUMNS)]
    _save(folder / "worst.png", [[tile(place) for place in row] for row in rows])
    confused = _confused(test.labels, answers)
    _save(folder / "confused.png", [[tile(place) for place in row] for row in confused])


def _confused(labels: NDArray[np.int64], answers: NDArray[np.int64]) -> list[list[int]]:
    """Places of the pictures of the most frequent confusions, up to a row of them each."""
    wrong = np.flatnonzero(answers != labels)
    pairs, counts = np.unique(np.stack((labels[wrong], answers[wrong])), axis=1, return_counts=True)
    most = pairs.T[np.argsort(-counts, kind="stable")[:PAIRS]]
    return [
        np.flatnonzero((labels == true) & (answers == answer))[:COLUMNS].tolist()
        for true, answer in most
    ]


def draw_heat(path: Path, collection: Collection, rows: Sequence[HeatRow]) -> None:
    """Write the sheet of heat maps, a row a style; nothing where no style has a picture."""
    filled, names = [], []
    for style, row in zip(collection.vocabulary.styles, rows, strict=True):
        name, tiles = style_title(style), []
        for place, probability, heat in row:
            pair = Image.new("RGB", (2 * SIDE + 2, SIDE), "white")
            pair.paste(_thumbnail(collection, place), (0, 0))
            pair.paste(heat.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (SIDE + 2, 0))
            tiles.append((pair, _title(collection, place), f"{probability:.0%} {name}"))
        if tiles:
            filled.append(tiles)
            names.append(name)
    _save(path, filled, names)


def draw_typical(
    path: Path,
    collection: Collection,
    test: Outputs,
    probabilities: NDArray[np.float64],
    ends: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> None:
    """Write the sheet of typical works, left, and atypical ones, right, a row a style.

    Args:
        path: to write to.
        collection: with pictures.
        test: the classifier's outputs for test pictures.
        probabilities: of the test pictures, ``(N, styles)``.
        ends: places of the typical and of the atypical works of each style.
    """
    styles = [style_title(style) for style in collection.vocabulary.styles]

    def tile(place: int) -> Tile:
        row, answer = int(test.rows[place]), int(probabilities[place].argmax())
        note = f"{probabilities[place].max():.0%} {styles[answer]}"
        return _thumbnail(collection, row), _title(collection, row), note

    filled, names = [], []
    for style, (typical, atypical) in zip(styles, ends, strict=True):
        if len(typical):
            filled.append([*map(tile, typical), _SPACER, *map(tile, atypical[::-1])])
            names.append(style)
    _save(path, filled, names)


def _title(collection: Collection, row: int) -> str:
    """Artist, title and year as far as they are known, else the file's name."""
    facts = {
        name: collection.table.column(name)[row].as_py()
        for name in ("id", "artist", "title", "year")
    }
    artist, title = (
        str(facts[name] or "").replace("-", " ").strip() for name in ("artist", "title")
    )
    title = "" if title.isdigit() else title.capitalize()
    return (
        ", ".join(filter(None, (artist.title(), title, str(facts["year"] or ""))))
        or Path(facts["id"]).stem
    )


def _thumbnail(collection: Collection, row: int) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(collection.pixels[row]))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _save(path: Path, rows: Sequence[Sequence[Tile]], titles: Sequence[str] = ()) -> None:
    """Save rows of pictures, each with two lines of text under it; titles above the rows."""
    if not rows:
        path.unlink(missing_ok=True)  # of an earlier evaluation
        return
    pictures = [[picture for picture, *_ in row] for row in rows]
    captions = [[lines for _, *lines in row] for row in rows]
    write_png(path, contact_sheet(pictures, titles=titles, captions=captions, gap=GAP))

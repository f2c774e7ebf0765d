"""Sheets of pictures: where the network was surest and wrong, and the styles it confuses most."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from impasto.collection.painting import Collection
from impasto.evaluation.scoring import Looked
from impasto.files import replacing

SIDE, GAP, TEXT = 132, 10, 34  # pixels: of a picture, between pictures, of the lines under each
COLUMNS, WORST, PAIRS = 6, 12, 4
Tile = tuple[Image.Image, str, str]
_FONT = ImageFont.load_default(11)


def draw_sheets(folder: Path, found: Collection, looked: Looked, shares: NDArray[np.float64]) -> None:
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
        return _thumbnail(found, int(looked.rows[place])), f"is {names[looked.labels[place]]}", f"said {said}"

    surest = wrong[np.argsort(-shares[wrong].max(1), kind="stable")][:WORST].tolist()
    _save(folder / "worst.png", [[tile(p) for p in surest[i : i + COLUMNS]] for i in range(0, len(surest), COLUMNS)])
    _save(folder / "confused.png", [[tile(p) for p in row] for row in _confused(looked.labels, answers)])


def _confused(labels: NDArray[np.int64], answers: NDArray[np.int64]) -> list[list[int]]:
    """Places of the pictures of the most frequent confusions, up to a row of them each."""
    wrong = np.flatnonzero(answers != labels)
    pairs, counts = np.unique(np.stack((labels[wrong], answers[wrong])), axis=1, return_counts=True)
    worst = pairs.T[np.argsort(-counts, kind="stable")[:PAIRS]]
    return [np.flatnonzero((labels == true) & (answers == said))[:COLUMNS].tolist() for true, said in worst]


def _thumbnail(found: Collection, row: int) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(found.pixels[row]))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _save(path: Path, rows: list[list[Tile]]) -> None:
    """Rows of pictures, each with two lines of text under it."""
    wide, high = SIDE + GAP, SIDE + TEXT + GAP
    sheet = Image.new("RGB", (max(map(len, rows)) * wide - GAP, len(rows) * high - GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for row, tiles in enumerate(rows):
        for column, (picture, *lines) in enumerate(tiles):
            sheet.paste(picture, (column * wide, row * high))
            for line, text in enumerate(lines):
                draw.text((column * wide, row * high + SIDE + 3 + 14 * line), _cut(text), fill="#333333", font=_FONT)
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)


def _cut(text: str) -> str:
    """As much of a line as fits under a picture."""
    while _FONT.getlength(text) > SIDE:
        text = text.removesuffix("…")[:-1] + "…"
    return text

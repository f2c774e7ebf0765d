"""Figures of a painter's score:

no picture in its own style, and the pictures for a page as they are.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from impasto.evaluation.painter_score_figures import STRENGTHS, draw
from impasto.evaluation.painter_under_test import PainterUnderTest

SIDE = 8
NAMES = ("Baroque", "Cubism", "Pop_Art", "Ukiyo_e")


class Styles(tuple[str, ...]):
    """A vocabulary as far as figures look at it."""

    @property
    def styles(self) -> tuple[str, ...]:
        return tuple(self)


def subject(labels: list[int], styles: int) -> PainterUnderTest:
    """Red holds the picture's row; the painter writes the style to green, the strength to blue."""

    def painted(pictures: np.ndarray[Any, Any], weights: Any) -> np.ndarray[Any, Any]:
        made = pictures.copy()
        made[..., 1] = (weights.argmax(1).numpy() * 10)[:, None, None]
        made[..., 2] = (weights.sum(1).numpy() * 200).round()[:, None, None]
        return made

    originals = np.zeros((len(labels), SIDE, SIDE, 3), np.uint8)
    originals[..., 0] = np.arange(len(labels))[:, None, None] + 1
    ids = [f"{row}.jpg" for row in range(100)]
    return cast(
        PainterUnderTest,
        SimpleNamespace(
            rows=np.arange(len(labels)) + 50,
            labels=np.array(labels),
            originals=originals,
            painted=painted,
            found=SimpleNamespace(vocabulary=Styles(NAMES[:styles]), column=lambda name: ids),
        ),
    )


@pytest.mark.parametrize("styles", [2, 3, 4])
def test_every_picture_rises_in_a_style_that_is_not_its_own(tmp_path: Path, styles: int) -> None:
    labels = [row % styles for row in range(12)]
    rows = draw(subject(labels, styles), 9, tmp_path)
    assert len(rows) == 9
    assert all(row.source != row.target for row in rows)


def test_steps_hold_the_original_and_every_strength_without_gap(tmp_path: Path) -> None:
    labels = [0, 0, 1, 1, 2, 2]
    rows = draw(subject(labels, 3), 3, tmp_path)
    with Image.open(tmp_path / "steps.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (3 * SIDE, (1 + len(STRENGTHS)) * SIDE, 3)
    cells = pixels.reshape(3, SIDE, -1, SIDE, 3)
    assert (cells == cells[:, :1, :, :1]).all()  # each place is one picture, all of one colour
    for place, row in enumerate(rows):
        picture = int(row.id.removesuffix(".jpg")) - 50
        assert row.source == NAMES[labels[picture]]
        original, *steps = cells[place, 0, :, 0].tolist()
        assert original == [picture + 1, 0, 0]
        green = 10 * NAMES.index(row.target)
        assert steps[-1] == [picture + 1, green, 200]
        assert [step[2] for step in steps] == [round(200 * strength) for strength in STRENGTHS]


def test_more_pictures_than_there_are_cannot_be_shown(tmp_path: Path) -> None:
    assert len(draw(subject([0, 1, 2], 3), 8, tmp_path)) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"grid.png", "strength.png", "steps.png"}

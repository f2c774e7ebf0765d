"""Figures of a painter's score:

no picture in its own style, and the pictures for a page as they are.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from impasto.collection.collection import Collection
from impasto.evaluation.painter_score_figures import STRENGTHS, draw
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.generate.patch_painter import PatchPainter
from impasto.records.painter_score import ShownPair

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
    assert {path.name for path in tmp_path.glob("[!.]*")} == {
        "grid.png", "paintings-painted.png", "strength.png", "steps.png"
    }  # fmt: skip


@pytest.fixture(scope="module")
def drawn(
    make_collection: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Collection, Path, tuple[ShownPair, ...]]:
    """Figures of two test pictures of a real collection, painted grey, then with patches."""
    collection = make_collection(train=(6, 5, 4), test=2, size=32, stored=32)
    rows = collection.indices("test")
    grey = cast(
        PainterUnderTest,
        SimpleNamespace(
            rows=rows,
            labels=collection.labels[rows],
            originals=np.asarray(collection.pixels[rows]),
            painted=lambda pictures, weights: np.full_like(pictures, 128),
            found=collection,
        ),
    )
    folder = tmp_path_factory.mktemp("figures")
    return collection, folder, draw(grey, 2, folder, PatchPainter.of_collection(collection))


def test_a_painting_names_the_works_that_lent_its_patches(
    drawn: tuple[Collection, Path, tuple[ShownPair, ...]],
) -> None:
    collection, _, shown = drawn
    styles = dict(zip(collection.column("id"), collection.column("style"), strict=True))
    splits = dict(zip(collection.column("id"), collection.column("split"), strict=True))
    for row in shown:
        for arm in ("painted", "patches", "finished"):
            own = [painting for painting in row.paintings if painting.arm == arm]
            assert [painting.style for painting in own] == list(collection.vocabulary.styles)
            for painting in own:
                assert bool(painting.references) == (arm != "painted")
                for lent in painting.references:
                    assert styles[lent.painting] == painting.style
                    assert splits[lent.painting] == "train" and lent.painting != row.id
        shares = [sum(one.share for one in painting.references) for painting in row.paintings]
        assert all(share == pytest.approx(1, abs=1e-3) for share in shares if share)


def test_sheets_hold_the_paintings_of_an_arm_without_gap(
    drawn: tuple[Collection, Path, tuple[ShownPair, ...]],
) -> None:
    collection, folder, shown = drawn
    styles = len(collection.vocabulary)
    sheets = {}
    for arm in ("painted", "patches", "finished"):
        with Image.open(folder / f"paintings-{arm}.png") as image:
            sheets[arm] = np.asarray(image).reshape(2, 32, styles, 32, 3).swapaxes(1, 2)
    assert (sheets["painted"] == 128).all()
    borrower = PatchPainter.of_collection(collection)
    at = collection.column("id").index(shown[1].id)
    source, mark = np.asarray(collection.pixels[at]), collection.column("sha256")[at]
    begun = np.full_like(source, 128)
    for style in range(styles):
        alone = borrower.paint(source, style, exclude=mark)
        assert (sheets["patches"][1, style] == alone.pixels).all()
        both = borrower.paint(source, style, start=begun, exclude=mark)
        assert (sheets["finished"][1, style] == both.pixels).all()


def test_strength_rises_with_painter_and_patches(
    drawn: tuple[Collection, Path, tuple[ShownPair, ...]],
) -> None:
    collection, folder, shown = drawn
    with Image.open(folder / "steps.png") as image:
        cells = np.asarray(image).reshape(2, 32, -1, 32, 3).swapaxes(1, 2)
    for place, row in enumerate(shown):
        original, *steps = cells[place]
        assert (steps[0] == original).all()  # 0 % leaves a picture as it is
        at, style = collection.column("id").index(row.id), collection.vocabulary.index(row.target)
        whole = PatchPainter.of_collection(collection).paint(
            original, style, start=np.full_like(original, 128),
            exclude=collection.column("sha256")[at],
        )  # fmt: skip
        assert (steps[-1] == whole.pixels).all()
        assert (steps[2] != steps[-1]).any()

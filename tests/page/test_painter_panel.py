"""The page's panel on a painter:

every painting where the page looks for it, and beside it the works that lent its patches.
"""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import made_up_painter
from impasto.collection.collection import Collection
from impasto.errors import RunError
from impasto.page.export import write_site

SIDE = made_up_painter.SIDE


@pytest.fixture(scope="module")
def painted(
    site_study: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Collection, Path]:
    """The page of a study with a scored painter, and its collection."""
    study = tmp_path_factory.mktemp("painted") / "study"
    collection = site_study(study)
    made_up_painter.write_painter(study / "runs" / "painter", collection)
    return collection, write_site(study).page


def data(site: Path, key: str) -> Any:
    text = (site / "data" / f"{key}.js").read_text(encoding="ascii")
    return json.loads(text.split(",", 1)[1].removesuffix(");\n"))


def test_sheets_and_works_stand_where_the_page_looks_for_them(
    painted: tuple[Collection, Path],
) -> None:
    collection, page = painted
    (painter,) = data(page.parent, "site")["painters"]
    assert painter == {"place": 0, "name": "painter", "side": SIDE}
    facts = data(page.parent, "painters/0")
    assert [arm["name"] for arm in facts["arms"]] == ["finished", "painted"]
    pictures = [collection.column("id")[row] for row in facts["pictures"]]
    assert pictures == [collection.column("id")[row] for row in made_up_painter.shown(collection)]
    for arm in ("finished", "painted"):
        sheet = base64.b64decode(data(page.parent, f"painters/0/{arm}"))
        pixels = np.asarray(Image.open(io.BytesIO(sheet)), float)
        for picture in range(len(pictures)):
            for place, style in enumerate(facts["styles"]):
                cell = pixels[picture * SIDE :, place * SIDE :][:SIDE, :SIDE].mean((0, 1))
                expected = made_up_painter.colour(arm, picture, style)
                assert np.abs(cell - expected).max() < 4
    for picture, row in enumerate(facts["borrowed"]["finished"]):
        for style, lent in zip(facts["styles"], row, strict=True):
            assert [tuple(one) for one in lent] == [
                (other, share) for other, share in made_up_painter.works(collection, picture, style)
            ]
    assert all(not lent for row in facts["borrowed"]["painted"] for lent in row)


def test_a_score_of_another_collection_is_left_out(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = site_study(tmp_path / "study")
    run = tmp_path / "study" / "runs" / "painter"
    made_up_painter.write_painter(run, collection, fingerprint="0" * 16)
    site = write_site(tmp_path / "study").page.parent
    assert data(site, "site")["painters"] == []
    assert not (site / "data" / "painters").exists()


def test_a_sheet_of_another_size_is_refused(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = site_study(tmp_path / "study")
    run = tmp_path / "study" / "runs" / "painter"
    made_up_painter.write_painter(run, collection)
    Image.new("RGB", (8, 8)).save(run / "evaluation" / "figures" / "paintings-finished.png")
    with pytest.raises(RunError, match=r"paintings-finished\.png does not fit painting\.json"):
        write_site(tmp_path / "study")


@pytest.fixture
def page(browser: Any, painted: tuple[Collection, Path]) -> Iterator[Any]:
    """The panel, opened from disk; there may be no complaint."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(180_000)  # a busy machine is slow, not wrong
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(painted[1].as_uri())
    opened.wait_for_selector("html[data-ready=yes]")
    opened.click("[data-tab=painter]")
    opened.wait_for_selector(".painted button")
    yield opened
    context.close()
    assert complaints == []


def names(page: Any) -> list[str]:
    """The works that are named beside the painting that is looked at."""
    return [str(text) for text in page.locator(".lenders .words b").all_inner_texts()]


def expected(collection: Collection, picture: int, style: int) -> list[str]:
    titles = collection.column("title")
    return [
        titles[row][:1].upper() + titles[row][1:]
        for row, _ in made_up_painter.works(collection, picture, style)
    ]


def test_a_painting_shows_whose_patches_it_is_made_of(
    page: Any, painted: tuple[Collection, Path]
) -> None:
    collection = painted[0]
    many = len(made_up_painter.shown(collection))
    assert page.locator(".painted button").count() == many * len(collection.vocabulary)
    page.hover('.painted button[data-at="1,2"]')
    assert names(page) == expected(collection, 1, 2)
    notes = page.locator(".lenders .words span:last-child").all_inner_texts()
    assert notes == ["75 %", "25 %"]
    page.click('.painted button[data-at="0,1"]')
    page.hover('.painted button[data-at="1,3"]')
    page.hover(".reach label")  # elsewhere: the chosen one stays
    assert names(page) == expected(collection, 0, 1)
    assert page.get_attribute('.painted button[data-at="0,1"]', "aria-pressed") == "true"


def test_the_keyboard_walks_from_painting_to_painting(
    page: Any, painted: tuple[Collection, Path]
) -> None:
    collection = painted[0]
    page.focus('.painted button[data-at="0,0"]')
    page.keyboard.press("ArrowDown")  # the next style
    page.keyboard.press("ArrowRight")  # the next picture
    assert page.evaluate("document.activeElement.dataset.at") == "1,1"
    assert names(page) == expected(collection, 1, 1)
    page.keyboard.press("Enter")
    assert page.get_attribute('.painted button[data-at="1,1"]', "aria-pressed") == "true"


def test_a_work_that_lent_patches_is_a_click_away(
    page: Any, painted: tuple[Collection, Path]
) -> None:
    collection = painted[0]
    page.click('.painted button[data-at="0,3"]')
    page.click(".lenders .card")
    row, _ = made_up_painter.works(collection, 0, 3)[0]
    page.wait_for_function("(row) => Impasto.app.row === row", arg=row)
    assert page.locator("#panel-painting .file").inner_text() == collection.column("id")[row]


def test_another_arm_and_another_strength_show_their_pictures(page: Any) -> None:
    cell = '.painted button[data-at="1,2"] canvas'

    def apart(selector: str, expected: NDArray[np.float64]) -> float:
        """How far the middle of a canvas is from a colour."""
        script = """(selector) => { const canvas = document.querySelector(selector);
            const at = canvas.width / 2, pen = canvas.getContext("2d");
            return [...pen.getImageData(at, at, 1, 1).data].slice(0, 3); }"""
        return float(np.abs(np.array(page.evaluate(script, selector)) - expected).max())

    assert apart(cell, made_up_painter.colour("finished", 1, 2)) < 5
    page.click("text=The painter")
    pressed = '[aria-label="Painted by"] button[aria-pressed="true"]'
    page.wait_for_selector(f'{pressed} >> text="The painter"')
    assert apart(cell, made_up_painter.colour("painted", 1, 2)) < 5
    page.fill("#painter-strength", "1")
    assert page.locator(".reach output").inner_text() == "25 %"
    assert apart(".risen li div canvas:nth-child(2)", made_up_painter.step(0, 2)) < 5


def test_without_a_painter_there_is_no_tab(browser: Any, exported: Any) -> None:
    context = browser.new_context(reduced_motion="reduce")
    opened = context.new_page()
    opened.goto(exported.page.as_uri())
    opened.wait_for_selector("html[data-ready=yes]", timeout=180_000)
    assert opened.locator("[data-tab=about]").count() == 1
    assert opened.locator("button[data-tab=painter]").count() == 0
    context.close()

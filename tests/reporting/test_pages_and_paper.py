"""The report as people meet it: on screens of all sizes, in both schemes, with help, on paper."""

import re
from pathlib import Path
from typing import Any

import pytest

import made_up_atlas
import made_up_study as made_up
from impasto.files import read_json
from impasto.reporting.report import write_report
from made_up_painter_score import add_painter

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a study with a classifier, an atlas, a comparison and a painter."""
    what = made_up.MadeUp(styles=made_up.WIKIART[:8], test_each=8, balance=True)
    study = made_up.make_study(tmp_path_factory.mktemp("seen") / "study", what)
    mark = read_json(study / "collection" / "collection.json")["fingerprint"]
    folder = study / "runs" / "classifier" / "atlas"
    made_up_atlas.atlas(
        what.styles,
        collection_fingerprint=mark,
        clusterings=(made_up_atlas.clusters("kmeans", 0.456, 0.345),),
        baselines=(made_up_atlas.baseline("colour_histogram", 0.111, 0.222),),
    ).write(folder / "atlas.json")
    add_painter(study)
    return write_report(study, page=True).html


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(browser: Any, report: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found = axe.Axe().run(page, options=WCAG).response["violations"]
    page.close()
    told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    assert not told


def test_nothing_is_wider_than_a_phone(browser: Any, report: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    shown = page.locator("#recognise .small svg").first
    assert shown.is_visible() and not page.locator("#recognise .wide").first.is_visible()
    page.close()


def test_a_laptop_shows_all_answers_and_warnings_at_once(browser: Any, report: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(report.as_uri())
    ends = "(parts) => Math.max(...parts.map((part) => part.getBoundingClientRect().bottom))"
    assert page.locator(".card").count() == 5
    assert page.locator(".card, .warnings").evaluate_all(ends) <= 900
    appendix = page.locator(".appendix").bounding_box()
    assert appendix["y"] <= 8 * 900
    page.close()


def test_a_link_opens_what_is_folded(browser: Any, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    page.locator(".warnings a").first.click()
    code = page.evaluate("location.hash.slice(1)")
    assert re.fullmatch(r"IMP\d+", code)
    assert page.evaluate("(id) => document.getElementById(id).open", code)
    page.close()


def test_paper_has_the_answers_on_its_first_page_and_numbers_on_each(
    browser: Any, report: Path, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    content = page.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 4 <= pages <= 10
    assert "counter(page)" in report.read_text(encoding="utf-8")
    page.emulate_media(media="print")
    assert not page.locator("nav.contents").is_visible() and not page.locator("#made").is_visible()
    height = 267 / 25.4 * 96  # of a page between its margins, in CSS pixels
    assert page.locator(".cards").bounding_box()["y"] < height
    page.close()

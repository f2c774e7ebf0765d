"""The fragment of HTML that a notebook shows for a result, beside the report's section on it."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import impasto
import made_up_study as made_up
from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.report import write_report

DRAWN = re.compile(r"<(svg|style)\b.*?</\1>", flags=re.S)
DARK = "rgb(29, 27, 25)"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    what = made_up.MadeUp(styles=("Baroque", "Cubism", "Pop_Art"), test_each=4)
    made: Path = made_up.make_study(tmp_path_factory.mktemp("whole") / "study", what)
    write_report(made)
    return made


@pytest.fixture(scope="module")
def evaluation(study: Path) -> ClassifierEvaluation:
    file = study / "runs" / "classifier" / "evaluation" / "metrics.json"
    return ClassifierEvaluation.read(file, what="evaluation", verb="impasto evaluate")


def words(page: str) -> list[str]:
    return unescape(re.sub(r"<[^>]*>", " ", DRAWN.sub(" ", page))).split()


def section(page: str, anchor: str) -> str:
    found = re.search(rf'<section id="{anchor}".*?</section>', page, flags=re.S)
    assert found
    return found.group()


def test_the_words_are_the_reports(study: Path, evaluation: ClassifierEvaluation) -> None:
    page = section((study / "report.html").read_text(encoding="utf-8"), "recognise")
    told = words(impasto.render_html(evaluation))
    for part in ("Who answers", "Artist oracle", "Method: what is compared", "Accuracy over all"):
        assert part in " ".join(told)
    title = " ".join(told).split("Of an average style")[0]
    assert " ".join(words(page)).startswith(title)


def test_the_fragment_leads_to_no_file(evaluation: ClassifierEvaluation) -> None:
    assert "figures/" not in impasto.render_html(evaluation)
    assert "tables/" not in impasto.render_html(evaluation)


def test_results_on_one_page_keep_their_ids_apart(evaluation: ClassifierEvaluation) -> None:
    other = evaluation.model_copy(update={"split": "validation", "pictures": 11})
    pages = [impasto.render_html(one) for one in (evaluation, other)]
    first, second = (set(re.findall(r'\bid="([^"]+)"', page)) for page in pages)
    assert first and len(first) == len(second)
    for page, ids in zip(pages, (first, second), strict=True):
        used = re.findall(r'aria-labelledby="([^"]+)"|url\(#([^)]+)\)|href="#([^"]+)"', page)
        assert {name for found in used for name in found if name} <= ids


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_style_holds_within_the_fragment_alone(
    browser: Any, evaluation: ClassifierEvaluation, scheme: str
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.set_content(f"<h2>Notebook</h2>{impasto.render_html(evaluation)}")
    look = "() => ['body', '.impasto', '.impasto table'].map(name => {"
    look += "const style = getComputedStyle(document.querySelector(name));"
    look += "return [style.backgroundColor, style.color, style.fontSize]; })"
    outside, inside, table = page.evaluate(look)
    assert outside == ["rgba(0, 0, 0, 0)", "rgb(0, 0, 0)", "16px"]
    assert table[1] == inside[1]
    assert (inside[0] == DARK) == (scheme == "dark")
    assert inside[0] != inside[1] != "rgb(0, 0, 0)"
    page.close()


@pytest.mark.parametrize(
    ("confusion", "words"),
    [
        (((3, 1, 0), (0, 4, 0), (1, 0, 3)), "No style is taken for one other more than once"),
        (((2, 2, 0), (0, 4, 0), (1, 0, 3)), "Baroque is taken for Cubism most often, 2 of 4"),
    ],
)
def test_single_confusions_are_not_called_frequent(
    evaluation: ClassifierEvaluation, confusion: Any, words: str
) -> None:
    shown = impasto.render_html(evaluation.model_copy(update={"confusion": confusion}))
    assert words in shown
    assert ("most often, 1" in shown) is False

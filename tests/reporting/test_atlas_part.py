"""The report's part on clusters:

there where it was measured, with its numbers, and refused when damaged.
"""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import made_up_study as made_up
from impasto.errors import RunError
from impasto.files import read_json, write_json
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.reporting.write_report import write_report

STYLES = ("Baroque", "Cubism", "Ukiyo_e")


def spread(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def clustered(name: str, nmi: float, test: float) -> dict[str, Any]:
    def scores(value: float) -> dict[str, Any]:
        return {
            "nmi": spread(value),
            "ami": spread(0.2),
            "ari": spread(0.1),
            "purity": spread(0.4),
            "silhouette": None,
        }

    chance = {"nmi": {"mean": 0.023, "high": 0.03, "p": 0.005}}
    return {
        "name": name, "title": f"By {name}", "k": 13, "k_test": 12,
        "scores": {"all": scores(nmi), "test": scores(test)}, "chance": {"all": chance, "test": chance},
    }  # fmt: skip


def mapped(study: Path, **changed: Any) -> Path:
    """A study with a made-up atlas."""
    mark = read_json(study / "collection" / "collection.json")["fingerprint"]
    fit = {
        "precision": 0.5,
        "recall": 0.25,
        "f1": 0.333,
        "chance_f1": 0.1,
        "colour_f1": 0.2,
        "clusters": True,
    }
    best = {**fit, "f1": 0.777, "clusters": False}
    result = {
        "format": 1, "command": "impasto atlas study/runs/classifier", "collection_fingerprint": mark,
        "supervised": True, "paintings": 1234, "test": 321, "verdict": ["First <b>sentence</b>.", "Styles cluster."],
        "clusterings": [clustered("kmeans", 0.456, 0.345)], "baselines": [clustered("colour_histogram", 0.111, 0.222)],
        "styles": [
            {"style": "Baroque", "all": fit, "test": fit, "knn": {"recall": 0.875, "chance": 0.333}},
            {"style": "Cubism", "all": None, "test": None, "knn": None},
            {"style": "Ukiyo_e", "all": fit, "test": best, "knn": {"recall": None, "chance": 0.333}},
        ],
        "figures": [{"file": "map-styles.png", "caption": "The map."}, {"file": "map-years.png", "caption": "Years."}],
        **changed,
    }  # fmt: skip
    folder = study / "runs" / "classifier" / "atlas"
    write_json(folder / "atlas.json", result)
    findings.save(folder / "findings.json", [Finding("IMP502", "issue", "No better than colour.")])
    (folder / "figures").mkdir(exist_ok=True)
    for figure in ("map-styles.png", "map-years.png"):
        Image.new("RGB", (30, 20)).save(folder / "figures" / figure)
    return study


@pytest.fixture
def study(tmp_path: Path) -> Path:
    made: Path = made_up.make_study(tmp_path / "study", made_up.MadeUp(styles=STYLES, test_each=4))
    return made


def report(study: Path) -> tuple[str, str]:
    """The page without its tags, and the Markdown text."""
    paths = write_report(study)
    page = html.unescape(re.sub(r"<[^>]+>", " ", paths.html.read_text(encoding="utf-8")))
    return re.sub(r"[ \n]+", " ", page), paths.markdown.read_text(encoding="utf-8")


def test_it_is_there_only_where_it_was_measured(study: Path) -> None:
    for text in report(study):
        assert "Do art styles cluster?" not in text
    page, text = report(mapped(study))
    assert (
        "First <b>sentence</b>." in page and "First \\<b\\>sentence\\</b\\>." in text
    )  # as text, not as a tag
    for form in (page, text):
        assert "Do art styles cluster?" in form
        assert "No better than colour." in form
        assert "impasto atlas study/runs/classifier" in form
        assert "The map." in form and "Years." not in form
        assert "another collection" not in form
    assert (study / "figures" / "map-styles.png").exists()


def test_a_taught_network_shows_the_scores_on_test_pictures(study: Path) -> None:
    text = report(mapped(study))[1]
    assert "321\u00a0test pictures, clustered by themselves" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| By ")]
    assert [row[1:3] for row in rows] == [
        ["12", "0.345\u00a0(0.335–0.355)"],
        ["12", "0.222\u00a0(0.212–0.232)"],
    ]
    assert all("0.023" in row[-1] for row in rows)
    text = report(mapped(study, supervised=False))[1]
    assert "all 1,234\u00a0paintings" in text
    assert "| By kmeans | 13 | 0.456" in text


def test_styles_stand_in_the_order_of_their_fit(study: Path) -> None:
    lines = report(mapped(study))[1].splitlines()
    rows = [
        line.split(" | ")
        for line in lines
        if line.startswith(("| Baroque", "| Ukiyo e", "| Cubism"))
    ]
    fits = [row for row in rows if row[-1].startswith(("yes", "no"))]
    assert [row[0] for row in fits] == ["| Ukiyo e", "| Baroque"]
    assert fits[1][1:4] == ["50.0\u00a0%", "25.0\u00a0%", "0.33"]
    assert fits[1][6] == "87.5\u00a0%" and fits[0][6] == "–"


def test_another_collection_is_said(study: Path) -> None:
    for text in report(mapped(study, collection_fingerprint="0123456789abcdef")):
        assert "atlas is of another collection" in text


def test_a_damaged_file_is_named(study: Path) -> None:
    mapped(study, clusterings="many")
    with pytest.raises(
        RunError, match=r"atlas\.json is no atlas \(clusterings: .*impasto atlas again"
    ):
        write_report(study)

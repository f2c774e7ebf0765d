"""The report's part on clusters:

there where it was measured, with its numbers, and refused when damaged.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import made_up_atlas
import made_up_study as made_up
from impasto.errors import RunError
from impasto.files import read_json, write_json
from impasto.records import finding as findings
from impasto.records.atlas import AtlasRun, NeighbourRecall
from impasto.records.finding import Finding
from impasto.reporting.report import write_report
from made_up_study import report_words as report


def mapped(study: Path, **changed: Any) -> Path:
    """A study with a made-up atlas."""
    mark = read_json(study / "collection" / "collection.json")["fingerprint"]
    best, told = made_up_atlas.fit(0.777, clusters=False), NeighbourRecall(recall=0.875, chance=0.3)
    named = NeighbourRecall(recall=None, chance=0.3)
    given = {
        "collection_fingerprint": mark, "supervised": True, "paintings": 1234, "test": 321,
        "verdict": ("First <b>sentence</b>.", "Styles cluster."),
        "clusterings": (made_up_atlas.clusters("kmeans", 0.456, 0.345),),
        "baselines": (made_up_atlas.baseline("colour_histogram", 0.111, 0.222),),
        "styles": (
            made_up_atlas.style("Baroque", knn=told),
            made_up_atlas.style("Cubism", all=None, test=None),
            made_up_atlas.style("Ukiyo_e", test=best, knn=named),
        ),
        "captions": (made_up_atlas.figure("map-styles.png", "The map."),
                     made_up_atlas.figure("map-years.png", "Years.")),
    }  # fmt: skip
    folder = study / "runs" / "classifier" / "atlas"
    made_up_atlas.atlas(**{**given, **changed}).write(folder / "atlas.json")
    findings.save(folder / "findings.json", [Finding("IMP502", "issue", "No better than colour.")])
    (folder / "figures").mkdir(exist_ok=True)
    for figure in ("map-styles.png", "map-years.png"):
        Image.new("RGB", (30, 20)).save(folder / "figures" / figure)
    return study


@dataclass(frozen=True)
class Reported:
    """A study with an atlas, its page and its Markdown text."""

    study: Path
    page: str
    text: str


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    study = mapped(made_up.small_study(tmp_path_factory.mktemp("reported")))
    return Reported(study, *report(study))


def test_it_is_there_only_where_it_was_measured(study: Path, reported: Reported) -> None:
    for text in report(study):
        assert "No embedding has been clustered yet" in text
    page, text = reported.page, reported.text
    assert (
        "First <b>sentence</b>." in page and "First \\<b\\>sentence\\</b\\>." in text
    )  # as text, not as a tag
    for form in (page, text):
        assert "The styles cluster moderately with labels, better than by colour" in form
        assert "AMI 0.32" in form  # of the test pictures, as the word
        assert "No better than colour." in form
        assert "impasto atlas study/runs/classifier" in form
        assert "another collection" not in form
    assert (reported.study / "figures" / "clusters.svg").exists()


def test_a_taught_network_shows_the_scores_on_test_pictures(
    study: Path, reported: Reported
) -> None:
    text = reported.text
    assert "reach AMI 0.32 (0.30–0.34) on 321 test pictures" in text
    rows = [
        line.split(" | ")
        for line in text.split("| Clustered |")[1].splitlines()
        if line.startswith(("| By ", "| Colour"))
    ]
    assert [row[1:3] for row in rows] == [
        ["12", "0.325 (0.305–0.345)"],
        ["12", "0.202 (0.182–0.222)"],
    ]
    assert all("0.023" in row[-1] for row in rows)
    text = report(mapped(study, supervised=False))[1]
    assert "all 1,234 paintings" in text
    assert "| By kmeans | 13 | 0.436" in text


@pytest.mark.parametrize("supervised", [True, False])
def test_the_map_of_a_taught_network_says_what_it_learned(study: Path, supervised: bool) -> None:
    folder = mapped(study, supervised=supervised) / "runs" / "classifier" / "atlas"
    styles = ["Baroque", "Ukiyo_e"] * 20
    places = [float(number) for number in range(40)]
    pq.write_table(
        pa.table({"style": styles, "x": places, "y": places[::-1]}), folder / "atlas.parquet"
    )
    for form in report(study):
        assert "lie on the maps of classifier" in form
        assert ("learned the styles of the training pictures" in form) == supervised


def test_styles_stand_in_the_order_of_their_fit(reported: Reported) -> None:
    lines = reported.text.splitlines()
    rows = [
        line.split(" | ")
        for line in lines
        if line.startswith(("| Baroque", "| Ukiyo-e", "| Cubism"))
    ]
    fits = [row for row in rows if row[-1].startswith(("yes", "no"))]
    assert [row[0] for row in fits] == ["| Ukiyo-e", "| Baroque"]
    assert fits[1][1:4] == ["50.0 %", "25.0 %", "0.33"]
    assert fits[1][6] == "87.5 %" and fits[0][6] == "–"


def test_vectors_of_others_stand_beside_the_run_marked_as_a_yardstick(study: Path) -> None:
    mapped(study, retrieval=made_up_atlas.retrieval())
    mark = read_json(study / "collection" / "collection.json")["fingerprint"]
    source = AtlasRun(path="owner/dino", kind="encoder", weights="0")
    made_up_atlas.atlas(
        ("Baroque", "Ukiyo_e"), collection_fingerprint=mark, pretrained=True, run=source,
        retrieval=made_up_atlas.retrieval(0.6), verdict=("A yardstick.", "Styles cluster."),
        command="impasto atlas study/collection --encoder hf:owner/dino",
    ).write(study / "atlases" / "dino" / "atlas.json")  # fmt: skip
    text = report(study)[1]
    assert "dino, an encoder, pre-trained, a yardstick, reach AMI" in text
    table = text.split("| Nearness |")[1].splitlines()
    own = [line.split(" | ") for line in table if line.startswith(("| classifier", "| dino"))]
    assert [row[0] for row in own][::2] == ["| classifier, cosine", "| dino (pre-trained), cosine"]
    assert own[2][1:3] == ["0.600 (0.580–0.620)", "0.100"]
    assert own[1][0] == "| classifier, mutual proximity"
    assert "Same style between artists: dino (pre-trained) finds most, mAP 0.60, 0.10" in text
    assert "atlases/dino/atlas.json" in text
    assert "impasto atlas study/collection --encoder hf:owner/dino" in text


def test_another_collection_is_said(study: Path) -> None:
    for text in report(mapped(study, collection_fingerprint="0123456789abcdef")):
        assert "atlas of classifier was made of another collection" in text


def test_a_damaged_file_is_named(study: Path) -> None:
    path = mapped(study) / "runs" / "classifier" / "atlas" / "atlas.json"
    write_json(path, {**read_json(path), "clusterings": "many"})
    with pytest.raises(
        RunError, match=r"atlas\.json is no atlas \(clusterings: .*impasto atlas again"
    ):
        write_report(study)


@pytest.mark.parametrize(
    ("gain", "own", "told"),
    [
        (0.0, 0.345, "not shown to be better than by colour"),
        (-0.2, 0.345, "Colour alone clusters the styles better than the embedding does"),
        (0.2, 0.04, "do not cluster with labels: no better than chance"),
    ],
)
def test_word_and_number_are_of_one_score(study: Path, gain: float, own: float, told: str) -> None:
    page, text = report(
        mapped(
            study,
            clusterings=(made_up_atlas.clusters("kmeans", 0.456, own),),
            baselines=(made_up_atlas.baseline("colour_histogram", 0.111, 0.222, gain),),
        )
    )
    heading = next(line for line in text.splitlines() if line.startswith("## 3 "))
    assert told in heading and heading.endswith(f"AMI {round(own - 0.02, 2):.2f}")
    assert told in page


def test_runs_stand_side_by_side_with_their_maps(study: Path) -> None:
    mapped(study)
    first, second = study / "runs" / "classifier", study / "runs" / "second"
    shutil.copytree(first, second)
    styles = pa.array(["Baroque", "Cubism", "Ukiyo_e"] * 4)
    table = pa.table({"style": styles, "x": np.arange(12.0), "y": np.arange(12.0) % 5})
    for run in (first, second):
        pq.write_table(table, run / "atlas" / "atlas.parquet")
    page, text = report(study)
    assert text.count("\n## 3 ") == 1 and "maps of classifier, second" in text
    assert text.count("| Clustered | Clusters |") == 2
    assert (study / "figures" / "maps.png").is_file() and "maps of classifier, second" in page

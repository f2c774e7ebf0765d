"""The report's part on unseen artists:

there when it was measured, with its numbers, and refused when damaged.
"""

from pathlib import Path
from typing import Any

import pytest

import made_up_study as made_up
from impasto.errors import RunError
from impasto.files import read_json, write_json
from impasto.records import finding as findings
from impasto.records.by_artist import ArmScores, ByArtistResult, StyleGap, UntestedStyle
from impasto.records.finding import Finding
from impasto.records.record import Interval
from impasto.reporting.report import write_report
from made_up_study import report_words as report

STYLES = ("Baroque", "Cubism", "Ukiyo_e")


def spread(value: float) -> Interval:
    return Interval(value=value, low=value - 0.025, high=value + 0.025)


def compared(study: Path, **changed: Any) -> Path:
    """A study with a made-up comparison of artists in training and held out."""
    mark = read_json(study / "collection" / "collection.json")["fingerprint"]
    names = ("accuracy", "balanced_accuracy", "macro_f1")
    ordinary, disjoint, gap = (
        dict.fromkeys(names, spread(value)) for value in (0.475, 0.3625, 0.1125)
    )
    scores = ArmScores(ordinary=ordinary, disjoint=disjoint, gap=gap)
    result = {
        "command": "impasto evaluate study/runs/classifier --by artist",
        "collection": "study/collection",
        "collection_fingerprint": mark,
        "folds": 5,
        "seed": 0,
        "prior": "uniform",
        "train": {},
        "styles": STYLES,
        "pictures": 1234,
        "artists": 56,
        "unknown": 78,
        "unmatched": 0,
        "scores": {"network": scores, "artist_oracle": scores, "majority": scores},
        "per_style": (
            StyleGap(style="Baroque", artists=40, pictures=800, ordinary=0.5, disjoint=0.555,
                     gap=spread(-0.055)),
            StyleGap(style="Cubism", artists=16, pictures=434, ordinary=0.6, disjoint=0.4,
                     gap=spread(0.2)),
            StyleGap(style="Ukiyo_e", artists=0, pictures=0, ordinary=None, disjoint=None,
                     gap=None),
        ),
        "not_testable": (UntestedStyle(style="Ukiyo_e", artists=2, pictures=9),),
        "trainings": (),
    }  # fmt: skip
    folder = study / "runs" / "classifier" / "by-artist"
    ByArtistResult(**{**result, **changed}).write(folder / "by-artist.json")
    findings.save(folder / "findings.json", [Finding("IMP402", "issue", "A gap of 11.3 points.")])
    return study


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Page and Markdown text of a study with the comparison."""
    return report(compared(made_up.small_study(tmp_path_factory.mktemp("texts"))))


def test_it_is_there_only_where_it_was_measured(study: Path, texts: tuple[str, str]) -> None:
    for text in report(study):
        assert "Artists held out" not in text
    for text in texts:
        assert "Artists held out of training" in text
        assert "1,234 pictures by 56 known artists" in text
        assert "78 pictures by unknown artists" in text
        assert "Too few artists to test: Ukiyo-e (2)" in text
        assert "+11.2 (+8.8 to +13.8)" in text
        assert "−5.5 (−8.0 to −3.0)" in text
        assert "A gap of 11.3 points." in text
        assert "--by artist" in text
        assert "another collection" not in text
        assert text.count("every answer supposes styles equally frequent") == 2


def test_every_number_stands_in_its_row(texts: tuple[str, str]) -> None:
    rows = [line.split(" | ") for line in texts[1].splitlines() if line.startswith("| ")]
    network = next(
        row for row in rows if row[0] == "| The network" and row[1] == "Balanced accuracy"
    )
    assert [cell.split(" (")[0] for cell in network[2:]] == ["47.5 %", "36.2 %", "+11.2"]
    cubism = next(row for row in rows if row[:3] == ["| Cubism", "16", "434"])
    assert cubism[3:5] == ["60.0 %", "40.0 %"]
    assert not any(row[:2] == ["| Ukiyo-e", "0"] for row in rows)


def test_another_collection_is_said(study: Path) -> None:
    for text in report(compared(study, collection_fingerprint="0123456789abcdef")):
        assert "comparison was made on another collection" in text


def test_a_damaged_file_is_named(study: Path) -> None:
    path = compared(study) / "runs" / "classifier" / "by-artist" / "by-artist.json"
    write_json(path, {**read_json(path), "scores": "many"})
    with pytest.raises(
        RunError, match=r"by-artist\.json is no comparison \(scores: .*impasto evaluate --by artist"
    ):
        write_report(study)

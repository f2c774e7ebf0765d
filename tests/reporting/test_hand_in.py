"""The course's assignment as a folder: every part with finding, figures, tables and commands."""

import json
import re
from pathlib import Path

import pytest

import impasto
import made_up_study as made_up
from impasto.cli.main import run
from impasto.errors import OutputError
from impasto.files import read_json
from impasto.records.label_order import LabelOrder
from impasto.records.record import Interval
from impasto.reporting.report import write_report
from made_up_painter_score import add_painter

PARTS = ("Bonus A", "Part 1", "Part 2", "Part 3", "Bonus B")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    what = made_up.MadeUp(styles=made_up.WIKIART[:4], test_each=12, balance=True)
    made: Path = made_up.make_study(tmp_path / "study", what)
    add_painter(made)
    mark = read_json(made / "collection" / "collection.json")["fingerprint"]
    LabelOrder(
        collection_fingerprint=mark,
        command="impasto study --recipe course",
        pictures=48,
        orders=1000,
        seed=0,
        kept=Interval(value=0.389, low=0.3, high=0.4),
        lost=Interval(value=0.251, low=0.1, high=0.5),
    ).write(made / "runs" / "classifier" / "label-order.json")
    return made


def test_every_part_stands_in_the_folder(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hand-in"
    assert run(["report", str(study), "--hand-in", str(folder)]) == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)$", text, flags=re.M)
    assert [head.split(",")[0] for head in heads[:5]] == list(PARTS)
    assert heads[1].startswith("Part 1, imbalance: Focal loss") and heads[-1] == "Commands"
    for words in (
        "25.1 % with its labels out of order, 38.9 % with them in order",
        "### Class distribution before and after each method",
        "### What was built: Classifier, 1,600,000 parameters",
        "### Impressions in words",
        "> Your own impression",
        "impasto train lora study/collection",
        "impasto balance study/collection -o study/balance",
    ):  # fmt: skip
        assert words in text, words
    linked = re.findall(r"\]\(((?:figures|tables)/[^)]+)\)", text)
    assert linked and all((folder / name).is_file() for name in linked)
    charts = {path.stem for path in (folder / "figures").glob("*.svg")}
    assert {"label-order", "remedy-shares", "remedies", "styles", "classifier-curves"} <= charts
    assert all((folder / "figures" / f"{name}.png").is_file() for name in charts)
    assert list((folder / "tables").glob("*.csv"))
    script = (folder / "commands.sh").read_text(encoding="utf-8").splitlines()
    assert script[0] == "#!/bin/sh" and "impasto train painter collection -o runs/painter" in script
    assert len(script) == len(set(script))
    assert not list(folder.rglob("*.safetensors"))


def test_an_earlier_hand_in_is_written_anew_and_other_work_is_kept(
    study: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "hand-in"
    first = impasto.report(study, folder)
    assert first.hand_in == folder / "README.md"
    before = first.hand_in.read_bytes()
    assert impasto.report(study, hand_in=folder).hand_in == first.hand_in
    assert first.hand_in.read_bytes() == before
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(
        OutputError, match=r"holds other work .*: choose another folder with --hand-in"
    ):
        impasto.report(study, folder)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_without_a_folder_there_is_none(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write_report(study).hand_in is None
    assert run(["report", str(study), "--json"]) == 0
    assert "hand_in" not in json.loads(capsys.readouterr().out)

"""A run's folder: made once, opened as what it is, refused when damaged or of another kind."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from impasto.errors import OutputError, RunError
from impasto.files import write_json
from impasto.records import run as runs

FACTS: dict[str, Any] = {
    "settings": {"epochs": 3, "augment": {"flip": True}},
    "styles": ["Baroque", "Cubism"],
    "collection": {"path": "c", "fingerprint": "abc", "pictures": 7},
    "facts": {"precision": "float32"},
}


def test_a_run_opens_as_it_was_made(tmp_path: Path) -> None:
    made = runs.create(tmp_path / "run", "classifier", **FACTS)
    opened = runs.open_run(tmp_path / "run", "classifier")
    assert opened == made
    assert (opened.state, opened.styles, opened.settings) == (
        "running",
        ("Baroque", "Cubism"),
        FACTS["settings"],
    )
    assert (
        opened.weights_path.parent
        == opened.checkpoint_path.parent
        == opened.evaluation_path.parent
        == made.path
    )


def test_finishing_adds_facts_and_keeps_the_beginning(tmp_path: Path) -> None:
    made = runs.create(tmp_path, "classifier", **FACTS)
    began = json.loads((tmp_path / "run.json").read_text())["created"]
    done = runs.finish(made, {"steps": 12})
    assert runs.open_run(tmp_path) == done
    assert (done.state, done.facts) == ("done", {"precision": "float32", "steps": 12})
    assert json.loads((tmp_path / "run.json").read_text())["created"] == began


def test_a_run_is_not_overwritten(tmp_path: Path) -> None:
    runs.create(tmp_path, "classifier", **FACTS)
    with pytest.raises(
        RunError, match="already holds a run: resume it, or choose another folder with -o"
    ):
        runs.create(tmp_path, "classifier", **FACTS)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        runs.create(tmp_path / "file/run", "classifier", **FACTS)


def test_a_run_explains_what_its_numbers_depend_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/bin/impasto", "train", "classifier", "c"])
    runs.create(tmp_path, "classifier", **FACTS)
    data = json.loads((tmp_path / "run.json").read_text())
    assert data["command"] == "impasto train classifier c"
    assert {"python", "platform", "torch", "numpy", "impasto"} <= data["environment"].keys()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", "3", '{"format": 1, "kind": "classifier"}', '{"format": "x"}']
)
def test_a_damaged_run_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=r"run\.json is damaged .*: train again into another folder"):
        runs.open_run(tmp_path)


def test_missing_newer_and_other_runs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        RunError, match=r"no run in .* \(run\.json is missing\): make one with impasto train"
    ):
        runs.open_run(tmp_path)
    runs.create(tmp_path, "classifier", **FACTS)
    with pytest.raises(
        RunError, match="holds a classifier, not a painter: give a painter's folder"
    ):
        runs.open_run(tmp_path, "painter")  # type: ignore[arg-type]
    data = json.loads((tmp_path / "run.json").read_text())
    write_json(tmp_path / "run.json", {**data, "format": 9})
    with pytest.raises(RunError, match=r"written by a newer impasto \(format 9\): upgrade impasto"):
        runs.open_run(tmp_path)


def test_metrics_lose_only_a_line_that_was_cut_off(tmp_path: Path) -> None:
    run = runs.create(tmp_path, "classifier", **FACTS)
    assert run.metrics() == []
    run.metrics_path.write_text('{"step": 1}\n\n{"step": 2}\n{"step": 3, "lo')
    assert run.metrics() == [{"step": 1}, {"step": 2}]
    run.metrics_path.write_text('{"step": 1}\n{"st\n{"step": 3}\n')
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged"):
        run.metrics()

"""Small editions of ``make fuzz``, a corpus of what broke, and damage to every file of a study."""

import importlib
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from impasto.collection import parallel_decode
from impasto.collection.collection import open_collection
from impasto.collection.entries import entry_of
from impasto.errors import ImpastoError, RunError
from impasto.files import write_json
from impasto.files.checksums import damaged_files
from impasto.images.contact_sheet import contact_sheet
from impasto.images.decode import MOST_BYTES
from impasto.records import run as runs
from impasto.records.evaluation import PredictionCalibration

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def fuzz() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("fuzz")
    sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize(
    ("kind", "count"), [("fuzz_pictures", 150), ("fuzz_tables", 16), ("fuzz_requests", 40)]
)
def test_mutated_inputs_are_taken_or_refused_in_one_line(
    fuzz: ModuleType, kind: str, count: int
) -> None:
    report = getattr(fuzz, kind)(count, seed=3)
    assert report.wrong == []
    assert sum(report.counts.values()) >= count


def test_the_fuzzer_sees_tracebacks_hangs_and_files_outside(
    fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = fuzz.Report("x")
    fuzz.tried(report, b"1", lambda: 1 / 0)
    fuzz.tried(report, b"2", lambda: (_ for _ in ()).throw(RunError("two\nlines")))
    (tmp_path / "escaped").touch()
    fuzz._check_outside(report, tmp_path, {"in"})
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    fuzz.tried(report, b"3", lambda: [None for _ in iter(int, 1)])
    assert dict(report.counts) == {"traceback": 2, "outside": 1, "hang": 1}


def test_mutations_follow_from_the_seed(fuzz: ModuleType) -> None:
    data = bytes(range(200))
    made = [[fuzz.mutated(data, random.Random(seed), data) for seed in range(50)] for _ in "12"]
    assert made[0] == made[1] and sum(one != data for one in made[0]) > 40


def test_labels_with_line_breaks_and_escapes_are_drawn() -> None:
    """A title with a line break once ended an evaluation in Pillow's layout engine."""
    picture = Image.new("RGB", (60, 60))
    strange = "View of the bay\nin the morning \x1b[31m\u202e"
    sheet = contact_sheet(
        [[picture]], heads=[strange], sides=[strange], titles=[strange], captions=[[[strange]]]
    )
    plain = strange.replace("\n", " ").replace("\x1b", "\ufffd").replace("\u202e", "\ufffd")
    expected = contact_sheet(
        [[picture]], heads=[plain], sides=[plain], titles=[plain], captions=[[[plain]]]
    )
    assert sheet.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"facts": None}, "facts is no table"),
        ({"collection": None}, "collection is no table"),
        ({"collection": {"path": "c"}}, "collection lacks fingerprint"),
        ({"styles": "Baroque"}, "styles is no list of names"),
        ({"styles": ["A", "A"]}, "styles names one twice"),
        ({"kind": "sculptor"}, "kind is none of classifier"),
        ({"state": 3}, "state is none of running"),
    ],
)
def test_a_run_of_another_form_is_one_line(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    collection = {"path": "c", "fingerprint": "abc", "pictures": 7}
    runs.create(
        tmp_path, "classifier", settings={}, styles=["A", "B"], collection=collection, facts={}
    )
    content = json.loads((tmp_path / "run.json").read_text())
    write_json(tmp_path / "run.json", {**content, **changed})
    with pytest.raises(RunError, match=rf"run\.json is damaged \({said}"):
        runs.open_run(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [{"temperature": 0}, {"temperature": "nan"}, {"scales": [5.0]}, {"scales": []}, {"level": 2},
     {"prior": "x"}, {"thresholds": ["nan"]}],
)  # fmt: skip
def test_a_calibration_out_of_range_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    whole = {
        "temperature": 1.5, "prior": "uniform", "flip": True, "scales": [1.0], "level": 0.9,
        "weights": "w", "thresholds": [0.5],
    }  # fmt: skip
    path = tmp_path / "calibration.json"
    for content, taken in ((whole, True), ({**whole, **changed}, False)):
        write_json(path, content)
        if taken:
            PredictionCalibration.read(path, what="calibration", verb="impasto evaluate")
        else:
            with pytest.raises(RunError, match="is no calibration"):
                PredictionCalibration.read(path, what="calibration", verb="impasto evaluate")


def test_every_file_of_a_collection_is_covered(
    make_collection: Callable[..., Any], tmp_path: Path
) -> None:
    """Each file in turn loses its last byte: it is named, and what reads it refuses it."""
    made = make_collection(train=6, test=2)
    folder = Path(shutil.copytree(made.path, tmp_path / "c"))
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    assert {"collection.json", "findings.json", "paintings.parquet", "pixels.npy"} < {*names}
    for name in names:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-1])
        assert list(damaged_files(folder)) == [folder / name]
        with pytest.raises(ImpastoError, match=rf"{name} is damaged"):
            opened = open_collection(folder)
            assert opened.pixels.size and opened.findings
        (folder / name).write_bytes(whole)


def test_a_file_that_is_gone_changed_or_huge_is_set_aside_with_its_reason(
    tmp_path: Path,
) -> None:
    for name in ("gone", "changed", "huge", "whole"):
        (tmp_path / f"{name}.jpg").write_bytes(b"12345")
    entries = [
        entry_of(f"{name}.jpg", "A", tmp_path / f"{name}.jpg")
        for name in ("gone", "changed", "huge", "whole")
    ]
    waiting, _ = parallel_decode.stat_all(entries)
    (tmp_path / "gone.jpg").unlink()
    (tmp_path / "changed.jpg").write_bytes(b"1234567")
    with (tmp_path / "huge.jpg").open("r+b") as stream:
        stream.truncate(MOST_BYTES + 1)  # a hole, which takes no space
    found = [str(one) for one in parallel_decode.contents(waiting)]
    assert found[0].startswith("it cannot be read: No such file")
    assert found[1:] == ["it changed while it was read", "larger than 4 GiB", "b'12345'"]

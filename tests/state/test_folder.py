"""Folders: claimed for one piece of work, locked against a second process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from impasto.config import Settings
from impasto.errors import InputError, OutputError
from impasto.files import write_json
from impasto.state.folder import Claim, claimed, locked, refuse_other_work

HOLDER = """
import sys, time
from pathlib import Path
from impasto.state.folder import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


class WorkSettings(Settings):
    epochs: int = Field(2, description="")
    workers: int = Field(0, description="")
    extra: int | None = Field(None, description="")


def begin(folder: Path, *, fresh: bool = False, finished: bool = True, **options: Any) -> None:
    """Claim a folder once."""
    source = options.pop("source", "here")
    claim = Claim(
        "study",
        "work.json",
        WorkSettings(**options),
        {"source": source},
        own=("parts",),
        finished=lambda: finished,
        later={"extra": ("extra",)},
    )
    with claimed(folder, claim, fresh=fresh):
        pass


def test_the_same_work_goes_on_and_other_work_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    begin(folder)
    content = json.loads((folder / "work.json").read_text())
    assert content["settings"]["epochs"] == 2 and content["inputs"] == {"source": "here"}
    assert {"python", "numpy"} <= content["environment"].keys()
    begin(folder, workers=4)
    with pytest.raises(OutputError, match=r"holds a study .* \(epochs was 2, now 3\): repeat"):
        begin(folder, epochs=3)
    with pytest.raises(OutputError, match=r'source was "here", now "there"'):
        begin(folder, source="there")
    assert json.loads((folder / "work.json").read_text())["settings"] == content["settings"]


def test_until_a_part_is_finished_new_settings_are_taken(tmp_path: Path) -> None:
    begin(tmp_path / "work")
    begin(tmp_path / "work", finished=False, epochs=3, source="there")
    begin(tmp_path / "work", epochs=3, source="there")


def test_what_was_left_out_may_be_added_and_not_be_taken_away(tmp_path: Path) -> None:
    begin(tmp_path / "work")
    begin(tmp_path / "work", extra=1)
    for extra in (None, 2):
        with pytest.raises(OutputError, match="extra was 1, now"):
            begin(tmp_path / "work", extra=extra)


def test_settings_that_an_earlier_version_did_not_know_have_their_defaults(tmp_path: Path) -> None:
    begin(tmp_path / "work")
    path = tmp_path / "work" / "work.json"
    content = json.loads(path.read_text())
    del content["settings"]["epochs"]
    write_json(path, content)
    begin(tmp_path / "work")
    with pytest.raises(OutputError, match="epochs was 2, now 3"):
        begin(tmp_path / "work", epochs=3)


@pytest.mark.parametrize("content", ["not json", "[]", '{"format": 9}'])
def test_a_damaged_mark_is_one_line_and_fresh_replaces_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "work.json").write_text(content)
    with pytest.raises(InputError, match=r"work\.json") as caught:
        begin(tmp_path)
    assert "\n" not in str(caught.value)
    begin(tmp_path, fresh=True)
    begin(tmp_path)


def test_other_work_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("mine")
    for fresh in (False, True):
        with pytest.raises(OutputError, match=r"holds other work \(poem\.txt\)"):
            begin(tmp_path, fresh=fresh)
    assert [path.name for path in tmp_path.iterdir()] == ["poem.txt"]
    with pytest.raises(OutputError, match="is a file"):
        refuse_other_work(tmp_path / "poem.txt")


def test_fresh_removes_the_work_and_nothing_else(tmp_path: Path) -> None:
    begin(tmp_path)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one").write_text("1")
    begin(tmp_path, fresh=True, epochs=9)
    assert not (tmp_path / "parts").exists()
    (tmp_path / "parts").mkdir()
    (tmp_path / "poem.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"poem\.txt"):
        begin(tmp_path, fresh=True)
    assert (tmp_path / "parts").exists() and (tmp_path / "poem.txt").exists()


def test_half_written_files_are_removed(tmp_path: Path) -> None:
    begin(tmp_path)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / ".one.abc.part").write_text("half")
    begin(tmp_path)
    assert not list((tmp_path / "parts").iterdir())


@contextmanager
def holder(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds a folder."""
    words = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_by_the_number_of_the_first(tmp_path: Path) -> None:
    begin(tmp_path)
    with holder(tmp_path) as process:
        with pytest.raises(OutputError, match=rf"in use by another process \(pid {process.pid}\)"):
            begin(tmp_path)
        process.kill()
        process.wait()
        begin(tmp_path)  # a killed process holds nothing


def test_a_lock_leaves_nothing_behind_and_passes_its_own_process(tmp_path: Path) -> None:
    with locked(tmp_path / "work"), locked(tmp_path / "work"):
        assert (tmp_path / "work" / ".lock").read_text() == str(os.getpid())
    assert not (tmp_path / "work").exists()  # nothing was written into it
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".lock").write_text("1")  # left by a process that was killed
    with locked(tmp_path / "work"):
        pass
    assert not list((tmp_path / "work").iterdir())


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"), locked(tmp_path / "file" / "inner"):
        pass

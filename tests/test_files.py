"""Files are written whole or not at all, and a failing disk is one line."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto import files
from impasto.errors import InputError, OutputError


def test_a_block_that_fails_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as temporary:
        temporary.write_text("half of the n")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert not list(tmp_path.glob(".*.part"))


def test_the_new_content_appears_in_one_step_in_a_folder_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "new/deep/a.txt"
    with files.replacing(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent and not path.exists()
    assert path.read_text() == "new"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (errno.ENOSPC, "the disk is full: free some space or choose another folder with -o"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EROFS, "the disk is read-only: choose another folder with -o"),
        (errno.EACCES, "permission denied: choose a folder you may write to with -o"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_failing_disk_is_one_line_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, way_out: str
) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as refusal:
        files.write_text(path, "new")
    assert str(refusal.value).startswith(f"cannot write {path}: {way_out}")
    assert "\n" not in str(refusal.value)
    assert path.read_text() == "old" and not list(tmp_path.glob(".*.part"))


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot ask whether a process runs")
def test_what_a_killed_process_left_is_removed_by_the_next_writer(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from impasto import files\n"
        "with files.replacing(Path(sys.argv[1]) / 'a.json') as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    (left,) = tmp_path.glob(".a.json.*.part")
    ended = left.name.rsplit("-", 1)[1].removesuffix(".part")
    kept = [
        left.with_name(left.name.replace(f"-{ended}.", f"-{os.getpid()}.")),  # still running
        left.with_name(f".a.json.x.00000000-{ended}.part"),  # of another machine
        left.with_name(".a.json.download.part"),  # of another program
    ]
    for path in kept:
        path.write_text("half")
    files.write_text(tmp_path / "b.json", "whole")
    assert sorted(tmp_path.glob(".*.part")) == sorted(kept)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        OutputError, match=r"a file of that name is in the way|part of that path is a file"
    ):
        files.write_text(tmp_path / "file/a.txt", "")
    with pytest.raises(OutputError, match="a file of that name is in the way"):
        files.make_folder(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*folder: "):
        files.write_text(tmp_path / "folder", "")
    assert not list(tmp_path.rglob("*.part"))


def test_folders_are_made_once_and_again(tmp_path: Path) -> None:
    assert files.make_folder(files.make_folder(tmp_path / "a/b")).is_dir()


def test_json_round_trips_and_holds_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    value = {"Böcklin": [1, 2.5, None, True], "": {}}
    files.write_json(path, value)
    assert files.read_json(path) == value
    assert "Böcklin" in path.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(path, float("nan"))
    assert files.read_json(path) == value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_json_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json is not a JSON file"):
        files.read_json(tmp_path / "a.json")
    with pytest.raises(InputError, match=r"cannot read .*b\.json: No such file"):
        files.read_json(tmp_path / "b.json")

"""Prepare under bad conditions:

a full disk, a kill, damaged leftovers; it goes on and ends in the same collection.
"""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.collection.collection import open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.errors import CollectionError, ImpastoError, OutputError
from impasto.files.checksums import forget

Folders = Callable[..., Path]
SETTINGS = PrepareSettings(pixels=24, workers=2)
CONTENT = ("pixels.npy", "paintings.parquet", "styles.json")


def assert_equal_content(one: Path, other: Path) -> None:
    for name in CONTENT:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert open_collection(one).fingerprint == open_collection(other).fingerprint


@pytest.mark.parametrize("full_at", ["pixels.npy", "paintings.parquet", "collection.json", ".npz"])
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(
    picture_folder: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_at: str
) -> None:
    source = picture_folder(train=4, test=1)
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if str(target).endswith(full_at):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(
            OutputError, match=rf"cannot write .*{full_at}: the disk is full: free some space"
        ) as refusal:
            prepare(source, tmp_path / "c", SETTINGS)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.rglob("*.part"))
    with pytest.raises(CollectionError, match="no collection in"):
        open_collection(tmp_path / "c")
    assert_equal_content(
        prepare(source, tmp_path / "c", SETTINGS).path,
        prepare(source, tmp_path / "d", SETTINGS).path,
    )


def test_what_a_killed_preparation_left_is_cleared_away(
    picture_folder: Folders, tmp_path: Path
) -> None:
    made = prepare(picture_folder(train=4, test=1), tmp_path / "c", SETTINGS)
    left = made.path / ".pixels.npy.abc.part"
    left.write_bytes(b"half")
    prepare(picture_folder(train=4, test=1, seed=1), tmp_path / "c", SETTINGS)
    assert not left.exists()


def chunks_in(work: Path) -> list[Path]:
    return sorted(work.glob("*.npz")) if work.is_dir() else []


@pytest.mark.skipif(sys.platform == "win32", reason="kills a group of processes")
def test_a_killed_preparation_continues_where_it_was(
    picture_folder: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = picture_folder(train=120, test=20, size=200)
    out = tmp_path / "killed"
    words = ["prepare", str(source), "-o", str(out), "--pixels", "24", "--quiet"]
    command = [sys.executable, "-m", "impasto", *words]
    process = subprocess.Popen([*command, "--set", "workers=1"], start_new_session=True)
    while process.poll() is None and not chunks_in(out / ".work"):
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"
    assert not (out / "collection.json").exists()
    done = chunks_in(out / ".work")
    assert done and len(done) < 5
    marks = [path.stat().st_mtime_ns for path in done]
    resumed: list[list[int]] = []
    real = shutil.rmtree

    def watching(path: Path, **options: Any) -> None:
        resumed.append([item.stat().st_mtime_ns for item in done])
        real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", watching)
        made = prepare(source, out, SETTINGS)
    assert resumed == [marks]  # the chunks that were there have been used, not written again
    assert_equal_content(made.path, prepare(source, tmp_path / "unbroken", SETTINGS).path)


def test_damaged_chunks_are_decoded_again(
    picture_folder: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = picture_folder(train=60, test=0)
    with monkeypatch.context() as patch:
        patch.setattr("impasto.collection.prepare.perceptual_hash", lambda pixels: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            prepare(source, tmp_path / "c", SETTINGS)
    saved = chunks_in(tmp_path / "c/.work")
    assert len(saved) == 2
    saved[0].write_bytes(saved[0].read_bytes()[:1000])
    saved[1].write_bytes(b"")
    assert_equal_content(
        prepare(source, tmp_path / "c", SETTINGS).path,
        prepare(source, tmp_path / "d", SETTINGS).path,
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("collection.json", "{}", "is not a whole collection"),
        ("collection.json", "[]", "is not a whole collection"),
        ("collection.json", '{"format": 99}', r"written by a newer impasto \(format 99\)"),
        ("collection.json", "{", "is not a whole collection"),
        ("paintings.parquet", "PAR1", "is not a whole collection"),
        ("styles.json", "{}", "is not a vocabulary"),
        ("pixels.npy", "", "cannot be read"),
        ("pixels.npy", "NUMPY", "cannot be read"),
    ],
)
def test_a_damaged_collection_is_named_and_made_anew(
    picture_folder: Folders, tmp_path: Path, name: str, content: str, said: str
) -> None:
    source = picture_folder(train=4, test=1)
    made = prepare(source, tmp_path / "c", SETTINGS)
    whole = {name: (made.path / name).read_bytes() for name in CONTENT}
    (made.path / name).write_text(content)
    with pytest.raises(ImpastoError, match=f"{name} is damaged .* run impasto prepare again"):
        _ = open_collection(made.path).pixels
    forget(made.path / name)  # as an earlier version left it
    with pytest.raises(ImpastoError, match=said) as refusal:
        _ = open_collection(made.path).pixels
    assert "\n" not in str(refusal.value)
    prepare(source, tmp_path / "c", SETTINGS)
    assert {name: (made.path / name).read_bytes() for name in CONTENT} == whole


def test_pixels_and_table_must_match(picture_folder: Folders, tmp_path: Path) -> None:
    made = prepare(picture_folder(train=4, test=1), tmp_path / "c", SETTINGS)
    with (made.path / "pixels.npy").open("wb") as file:
        np.save(file, np.zeros((5, 24, 24, 3), np.uint8))
    forget(made.path / "pixels.npy")
    with pytest.raises(CollectionError, match="do not match: run impasto prepare again"):
        _ = made.pixels

"""Prepare:

the same collection however often, in whatever portions and after whatever interruption it is made.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.collection import parallel_decode as chunks
from impasto.collection.collection import Collection, open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.config import parse
from impasto.errors import CollectionError, InputError, OutputError, SettingsError
from impasto.records import finding as findings

Folders = Callable[..., Path]
SETTINGS = PrepareSettings(pixels=24, workers=2)
CONTENT = ("pixels.npy", "paintings.parquet", "styles.json")


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its inode, time and content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in files
    }


def assert_equal_content(one: Path, other: Path) -> None:
    for name in CONTENT:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert open_collection(one).fingerprint == open_collection(other).fingerprint


def refused(collection: Collection) -> dict[str, str]:
    """The files set aside, with their reasons."""
    first = findings.load(collection.path / "findings.json")[0]
    assert first.code == "IMP101"
    return {item["id"]: item["reason"] for item in first.items}


def test_a_collection_holds_its_pictures_in_order(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=5, test=2, artists=2)
    made = prepare(source, tmp_path / "c", SETTINGS)
    files = sorted(path.relative_to(source).as_posix() for path in source.rglob("*.jpg"))
    assert made.column("id") == files
    assert made.column("style") == [Path(file).parent.name for file in files]
    assert made.vocabulary.styles == ("Bands", "Columns", "Diagonals")
    assert made.pixels.shape == (21, 24, 24, 3) and made.pixels.dtype == np.uint8
    assert made.column("artist")[0] == "bands-painter-0" and set(made.column("year")) == {1890}
    assert set(
        zip(made.column("width"), made.column("height"), made.column("format"), strict=True)
    ) == {(40, 40, "JPEG")}
    for row in (0, 8, 20):
        whole = np.asarray(Image.open(source / files[row]).resize((24, 24)), int)
        assert np.abs(whole - made.pixels[row]).mean() < 6
    assert [int(made.counts(split).sum()) for split in ("train", "validation", "test")] == [
        12,
        3,
        6,
    ]
    with pytest.raises(ValueError, match="read-only"):
        made.pixels[0] = 0
    assert not (made.path / ".work").exists()


def test_a_second_preparation_touches_nothing(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=5, test=2)
    first = prepare(source, tmp_path / "c", SETTINGS)
    before = state(first.path)
    second = prepare(source, tmp_path / "c", SETTINGS.model_copy(update={"workers": 1}))
    assert state(second.path) == before
    assert second.fingerprint == first.fingerprint


def test_adding_pictures_equals_preparing_all_at_once(
    picture_folder: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = picture_folder(train=9, test=3)
    part = shutil.copytree(whole, tmp_path / "part")
    later = [path for path in sorted(part.rglob("*.jpg")) if path.stem.endswith(("1", "6"))]
    kept = {path: path.read_bytes() for path in later}
    for path in later:
        path.unlink()
    prepare(part, tmp_path / "grown", SETTINGS)
    for path, data in kept.items():
        path.write_bytes(data)
        shutil.copystat(whole / path.relative_to(part), path)
    decoded: list[int] = []

    def counting(data: bytes, *rest: Any) -> Any:
        decoded.append(len(data))
        return real(data, *rest)

    real = chunks.decode
    monkeypatch.setattr(chunks, "decode", counting)
    grown = prepare(part, tmp_path / "grown", SETTINGS)
    assert len(decoded) == len(later)  # what had not changed was not decoded again
    at_once = prepare(whole, tmp_path / "whole", SETTINGS)
    assert_equal_content(grown.path, at_once.path)


def test_removed_and_changed_pictures_are_noticed(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=6, test=2)
    first = prepare(source, tmp_path / "c", SETTINGS)
    before = np.array(first.pixels)
    (source / "test/Bands/test000.jpg").unlink()
    Image.new("RGB", (50, 50), "orange").save(source / "train/Bands/train003.jpg")
    second = prepare(source, tmp_path / "c", SETTINGS)
    assert second.fingerprint != first.fingerprint
    assert "test/Bands/test000.jpg" not in second.column("id")
    row = second.column("id").index("train/Bands/train003.jpg")
    assert np.abs(second.pixels[row].astype(int) - (255, 165, 0)).max() < 12
    assert np.array_equal(second.pixels[-1], before[-1])


def test_another_size_is_decoded_anew(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=4, test=1)
    small = prepare(source, tmp_path / "c", SETTINGS)
    large = prepare(source, tmp_path / "c", SETTINGS.model_copy(update={"pixels": 32}))
    assert large.pixels.shape[1:] == (32, 32, 3)
    assert large.fingerprint != small.fingerprint
    assert_equal_content(
        large.path, prepare(source, tmp_path / "d", SETTINGS.model_copy(update={"pixels": 32})).path
    )


def test_bad_files_are_set_aside_by_name_and_the_rest_goes_on(
    picture_folder: Folders, tmp_path: Path
) -> None:
    source = picture_folder(train=4, test=1)
    folder = source / "train/Bands"
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("not a picture")
    (folder / "cut.jpg").write_bytes((folder / "train000.jpg").read_bytes()[:-400])
    (folder / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    Image.new("RGB", (9, 9), "red").save(folder / "png-inside.jpg", "PNG")
    (folder / "readme.txt").write_text("passed over")
    made = prepare(source, tmp_path / "c", SETTINGS)
    aside = refused(made)
    assert set(aside) == {f"train/Bands/{name}.jpg" for name in ("empty", "text", "cut", "gone")}
    assert aside["train/Bands/empty.jpg"] == "the file is empty"
    assert aside["train/Bands/text.jpg"] == "not a picture in a format that can be read"
    assert aside["train/Bands/cut.jpg"].startswith("damaged: image file is truncated")
    assert aside["train/Bands/gone.jpg"] == "No such file or directory"
    assert made.column("format")[made.column("id").index("train/Bands/png-inside.jpg")] == "PNG"
    assert len(made) == 16
    first = findings.load(made.path / "findings.json")[0]
    assert first.text == (
        "4 of 20 files and rows were set aside: 1 No such file or directory "
        "(train/Bands/gone.jpg); 1 damaged (train/Bands/cut.jpg, image file is truncated "
        "(50 bytes not processed)); 1 the file is empty (train/Bands/empty.jpg); 1 not a picture "
        "in a format that can be read (train/Bands/text.jpg)."
    )
    assert (first.numbers["files"], first.numbers["ignored"]) == (20, 1)


def test_a_new_bad_file_is_told_even_where_no_picture_changed(
    picture_folder: Folders, tmp_path: Path
) -> None:
    source = picture_folder(train=4, test=1)
    first = prepare(source, tmp_path / "c", SETTINGS)
    assert refused(first) == {}
    (source / "test/Bands/broken.jpg").write_text("oh")
    second = prepare(source, tmp_path / "c", SETTINGS)
    assert second.fingerprint == first.fingerprint
    assert list(refused(second)) == ["test/Bands/broken.jpg"]


def test_an_empty_style_keeps_its_place_in_the_vocabulary(
    picture_folder: Folders, tmp_path: Path
) -> None:
    source = picture_folder(train=4, test=1)
    (source / "train/Arabesque").mkdir()
    (source / "test/Arabesque").mkdir()
    made = prepare(source, tmp_path / "c", SETTINGS)
    assert made.vocabulary.styles == ("Arabesque", "Bands", "Columns", "Diagonals")
    assert made.counts("train")[0] == 0 and set(made.labels) == {1, 2, 3}


def test_names_alone_make_a_collection_without_pixels(tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "style_train.csv").write_text("".join(f"A/{n}.jpg,{n % 2}\n" for n in range(30)))
    (lists / "style_val.csv").write_text("".join(f"B/{n}.jpg,{n % 2}\n" for n in range(10)))
    (lists / "style_class.txt").write_text("0 A\n1 B\n")
    made = prepare(lists, tmp_path / "c", SETTINGS)
    before = state(made.path)
    assert len(made) == 40 and made.column("phash") == [None] * 40
    with pytest.raises(CollectionError, match="holds names without pictures"):
        _ = made.pixels
    prepare(lists, tmp_path / "c", SETTINGS)
    assert state(made.path) == before


def test_sources_that_cannot_be_prepared_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    for style in "AB":
        (tmp_path / "bad" / style).mkdir(parents=True)
        (tmp_path / "bad" / style / "1.jpg").write_text("no")
    with pytest.raises(
        InputError, match=r"no picture in .*bad can be read; the first, A/1\.jpg: not a picture"
    ):
        prepare(tmp_path / "bad", tmp_path / "c", SETTINGS)
    Image.new("RGB", (9, 9)).save(tmp_path / "bad/A/2.jpg")
    with pytest.raises(
        InputError, match=r"fewer than two styles in .*bad have a picture that can be read"
    ):
        prepare(tmp_path / "bad", tmp_path / "c", SETTINGS)
    with pytest.raises(InputError, match="no folder or file"):
        prepare(tmp_path / "nowhere", tmp_path / "c", SETTINGS)
    assert not (tmp_path / "c" / "collection.json").exists()


def test_a_split_that_cannot_be_made_is_refused(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=4, test=0)
    with pytest.raises(SettingsError, match="names no test split: use split=stratified"):
        prepare(source, tmp_path / "c", SETTINGS.model_copy(update={"split": "given"}))
    with pytest.raises(SettingsError, match="no artist is known"):
        prepare(source, tmp_path / "c", SETTINGS.model_copy(update={"split": "artist"}))


def test_folders_that_hold_other_work_are_refused(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=4, test=1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(
        OutputError, match=r"other holds other work \(thesis\.tex\): choose another folder with -o"
    ):
        prepare(source, other, SETTINGS)
    with pytest.raises(OutputError, match=r"thesis\.tex is a file, not a folder"):
        prepare(source, other / "thesis.tex", SETTINGS)
    with pytest.raises(OutputError, match="part of that path is a file, not a folder"):
        prepare(source, other / "thesis.tex/deeper", SETTINGS)
    for within in (source, source / "collection", source / "train/../train/c"):
        with pytest.raises(OutputError, match="lies within the source"):
            prepare(source, within, SETTINGS)
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]


def test_the_fingerprint_tells_what_matters(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=8, test=0)

    def made(name: str, **changes: Any) -> str:
        return prepare(source, tmp_path / name, SETTINGS.model_copy(update=changes)).fingerprint

    plain = made("plain")
    assert made("workers", workers=1) == plain
    assert (
        len({plain, made("pixels", pixels=16), made("fit", fit="crop"), made("seed", seed=5)}) == 4
    )


def test_the_command_line_prepares_and_says_so(picture_folder: Folders, tmp_path: Path) -> None:
    source = picture_folder(train=4, test=1)
    words = ["prepare", str(source), "-o", str(tmp_path / "c"), "--pixels", "16", "--json"]
    command = [sys.executable, "-m", "impasto", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["pictures"] == 15 and told["counts"]["test"] == {
        "Bands": 1,
        "Columns": 1,
        "Diagonals": 1,
    }
    wrong = subprocess.run(
        [*command[:3], "prepare", "nowhere", "-o", str(tmp_path / "d")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 2 and wrong.stdout == ""
    assert (
        wrong.stderr.startswith("impasto: error: no folder or file nowhere")
        and wrong.stderr.count("\n") == 1
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_set_aside_and_never_read(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = picture_folder(train=4, test=0, seed=11)
    os.mkfifo(source / "Bands" / "pipe.jpg")
    made = prepare(source, tmp_path / "collection", PrepareSettings(pixels=32, workers=1))
    assert len(made) == 12
    (aside,) = findings.load(made.path / "findings.json")[0].items
    assert aside == {"id": "Bands/pipe.jpg", "reason": "not a regular file"}


def test_other_splits_are_another_collection_of_the_same_pictures(
    picture_folder: Folders, tmp_path: Path
) -> None:
    made = prepare(picture_folder(train=4, test=2), tmp_path / "collection", SETTINGS)
    turned = made.with_splits(
        ["test" if split == "train" else "train" for split in made.column("split")]
    )
    assert turned.fingerprint != made.fingerprint
    assert set(turned.indices("test")) == set(made.indices("train"))
    assert np.array_equal(turned.pixels, made.pixels)
    assert turned.with_splits(made.column("split")).fingerprint == made.fingerprint
    assert open_collection(made.path).fingerprint == made.fingerprint


def test_the_earlier_name_of_the_stored_size_is_read_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert parse(PrepareSettings, {"size": 64}, "old.toml").pixels == 64
    assert "old.toml: size is now called pixels" in caplog.text

"""Folders as people lay them out for LoRA: flat, a folder a style, kohya's repeats, captions."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.collection.layouts.training_folders import (
    read_captions,
    read_repeats,
    read_training_folder,
    repeats_of,
)
from impasto.collection.originals import Originals
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_to_fine_tune
from impasto.errors import InputError


def picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_flat_folder_is_one_style_with_the_folders_name(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / "my_style" / f"{number}.png", number)
    found = read_training_folder(tmp_path / "my_style")
    assert [entry.id for entry in found.entries] == ["0.png", "1.png", "2.png"]
    assert found.styles == ("my_style",)
    assert {entry.split for entry in found.entries} == {"train"}


def test_kohyas_folders_give_names_and_repeats(tmp_path: Path) -> None:
    picture(tmp_path / "img" / "10_blue mood" / "a.png", 1)
    picture(tmp_path / "img" / "3_red" / "b.png", 2)
    picture(tmp_path / "img" / "loose.png", 3)
    found = read_training_folder(tmp_path / "img")
    assert {entry.id: entry.style for entry in found.entries} == {
        "10_blue mood/a.png": "blue mood",
        "3_red/b.png": "red",
    }
    assert read_repeats(tmp_path / "img", found.entries) == {
        "10_blue mood/a.png": 10,
        "3_red/b.png": 3,
    }
    assert [(kind.what, kind.items) for kind in found.left_out] == [
        ("pictures without a style's folder", ("loose.png",))
    ]
    # The folder itself may be the one that kohya's scripts take
    inner = read_training_folder(tmp_path / "img" / "10_blue mood")
    assert inner.styles == ("blue mood",)
    assert read_repeats(tmp_path / "img" / "10_blue mood", inner.entries) == {"a.png": 10}
    assert repeats_of("1984") == (1, "1984")


def test_the_imagefolder_of_hugging_face_is_read_with_its_table(tmp_path: Path) -> None:
    picture(tmp_path / "set" / "train" / "a.png")
    line = json.dumps({"file_name": "a.png", "text": "a field"})
    (tmp_path / "set" / "train" / "metadata.jsonl").write_text(line + "\n")
    found = read_training_folder(tmp_path / "set")
    assert [entry.id for entry in found.entries] == ["train/a.png"]
    assert read_captions(tmp_path / "set", ["train/a.png"]).by_id == {"train/a.png": "a field"}
    assert not found.left_out


def test_captions_beside_pictures_come_before_a_table_and_the_rest_is_named(
    tmp_path: Path,
) -> None:
    for number, name in enumerate(("a", "b", "c")):
        picture(tmp_path / f"{name}.png", number)
    (tmp_path / "a.txt").write_text("\ufeffby hand,\n  of a\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("  \n")  # empty: none
    (tmp_path / "notes.txt").write_text("of no picture")
    (tmp_path / "b.heic").write_bytes(b"")
    (tmp_path / "captions.csv").write_text(
        "file_name,caption\na.png,by table\nb,bare\nz.png,gone\n"
    )
    found = read_captions(tmp_path, ["a.png", "b.png", "c.png"])
    assert found.by_id == {"a.png": "by hand, of a", "b.png": "bare"}
    assert any("z.png" in note for note in found.notes)
    left = {kind.what: kind.items for kind in read_to_fine_tune(tmp_path).left_out}
    assert left == {".heic files": ("b.heic",), ".txt files": ("c.txt", "notes.txt")}
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(InputError, match="save it as UTF-8"):
        read_captions(tmp_path, ["b.png"])


def test_one_style_is_prepared_and_its_originals_are_found(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / "art" / f"{number}.png", number)
    settings = PrepareSettings(pixels=16, to_fine_tune=True, workers=1)
    made = prepare(tmp_path / "art", tmp_path / "made", settings)
    assert made.vocabulary.styles == ("art",)
    assert list(made.indices("train")) == [0, 1, 2]
    originals = Originals.of(made)
    assert sorted(originals.known) == [0, 1, 2]
    picture(tmp_path / "art" / "1.png", 9)  # as many bytes, most likely, or another size
    kept, changed = Originals.of(made).verified([0, 1, 2])
    assert sorted(kept.known) == [0, 2]
    assert changed in ([], [1])
    with pytest.raises(InputError, match="no labelled pictures"):
        prepare(tmp_path / "art", tmp_path / "other", PrepareSettings(workers=1))


def test_a_changed_original_of_equal_size_is_told_by_its_content(tmp_path: Path) -> None:
    for number in range(2):
        picture(tmp_path / "art" / f"{number}.bmp", number)
    made = prepare(
        tmp_path / "art", tmp_path / "made", PrepareSettings(pixels=16, to_fine_tune=True)
    )
    picture(tmp_path / "art" / "1.bmp", 5)  # a bitmap has one size
    kept, changed = Originals.of(made).verified([0, 1])
    assert (sorted(kept.known), changed) == ([0], [1])

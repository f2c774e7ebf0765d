"""Folders as people have them: sides in their words, litter, links, one level too many, artists."""

from pathlib import Path

import pytest
from PIL import Image

from impasto.collection import entries
from impasto.collection.entries import Source, side_of
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_source
from impasto.errors import InputError
from impasto.records.finding import Finding


def written(folder: Path, *paths: str) -> Path:
    """Pictures, all different, at the given paths."""
    for number, path in enumerate(paths):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (number * 7 % 256, 255 - number, number * 31 % 256)).save(
            folder / path, "JPEG"
        )
    return folder


def styles(source: Source) -> dict[str, list[str]]:
    """The ids of each style."""
    found: dict[str, list[str]] = {}
    for entry in source.entries:
        found.setdefault(entry.style, []).append(entry.id)
    return found


def left_out(source: Source) -> dict[str, tuple[str, ...]]:
    return {kind.what: kind.items for kind in source.left_out}


@pytest.mark.parametrize(
    ("name", "side"),
    [
        *((word, "train") for word in ("train", "Training", "training_set", "Train Set")),
        ("1_train", "train"),
        *((word, "train") for word in ("train_images", "01 - Training data", "TrainSet")),
        *((word, "validation") for word in ("val", "valid", "validation_set", "dev", "val2017")),
        *((word, "test") for word in ("test", "test_set", "Testing", "2-test", "TEST_DATA")),
        *((word, None) for word in ("Baroque", "Latest", "Train of Thought", "train_test", "12")),
    ],
)
def test_sides_are_known_by_the_words_people_use(name: str, side: str | None) -> None:
    assert side_of(name) == side


@pytest.mark.parametrize(
    ("train", "test"),
    [("training_set", "validation_set"), ("Train Set", "test_set"), ("seg_train", "seg_test")],
)
def test_sides_in_other_words_never_become_styles(tmp_path: Path, train: str, test: str) -> None:
    written(tmp_path, f"{train}/A/1.jpg", f"{train}/B/1.jpg", f"{test}/A/2.jpg", f"{test}/B/2.jpg")
    found = read_source(tmp_path)
    assert found.styles == ("A", "B") and found.mismatches == ()
    expected = {f"{train}/A/1.jpg": "train", f"{train}/B/1.jpg": "train"}
    given = {entry.id: entry.split for entry in found.entries}
    assert expected.items() <= given.items() and set(given.values()) == {
        "train",
        "validation" if "val" in test else "test",
    }


def test_sides_without_one_for_training_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "val/A/1.jpg", "val/B/1.jpg", "test/A/2.jpg", "test/B/2.jpg")
    with pytest.raises(InputError, match="holds test and val and no folder for training: name one"):
        read_source(tmp_path)


def test_a_folder_beside_the_sides_is_told(tmp_path: Path) -> None:
    written(tmp_path, "train/A/1.jpg", "train/B/1.jpg", "exam/A/2.jpg", "loose.jpg")
    found = read_source(tmp_path)
    assert left_out(found) == {
        "pictures beside the training and test folders": ("loose.jpg", "exam/A/2.jpg")
    }


def test_litter_is_neither_a_style_nor_a_painting(tmp_path: Path) -> None:
    litter = ("@eaDir", "$RECYCLE.BIN", "lost+found", ".ipynb_checkpoints", "__MACOSX", ".git")
    written(tmp_path, "A/1.jpg", "B/1.jpg", "A/@eaDir/1.jpg/thumb.jpg")
    written(tmp_path, *(f"{name}/x.jpg" for name in litter), "val/y.jpg")
    (tmp_path / "A/Thumbs.db").write_bytes(b"x")
    found = read_source(tmp_path)
    assert styles(found) == {"A": ["A/1.jpg"], "B": ["B/1.jpg"]}
    assert found.styles == ("A", "B") and found.ignored == 0
    assert left_out(found) == {"pictures without a style's folder": ("val/y.jpg",)}


@pytest.mark.parametrize("outer", ["wikiart", "data/wikiart", "wikiart/wikiart"])
def test_a_folder_around_the_styles_is_stepped_into(tmp_path: Path, outer: str) -> None:
    written(tmp_path, f"{outer}/A/1.jpg", f"{outer}/B/1.jpg", "__MACOSX/A/1.jpg")
    found = read_source(tmp_path)
    assert styles(found) == {"A": [f"{outer}/A/1.jpg"], "B": [f"{outer}/B/1.jpg"]}
    assert found.notes == (f"The styles are the folders in {outer}/",)


def test_sides_may_lie_deeper_too(tmp_path: Path) -> None:
    written(tmp_path, "x/train/train/A/1.jpg", "x/train/train/B/1.jpg", "x/test/A/1.jpg")
    found = read_source(tmp_path)
    assert {entry.id: (entry.style, entry.split) for entry in found.entries} == {
        "x/train/train/A/1.jpg": ("A", "train"),
        "x/train/train/B/1.jpg": ("B", "train"),
        "x/test/A/1.jpg": ("A", "test"),
    }


def test_linked_folders_count_once_and_loops_are_told(tmp_path: Path) -> None:
    root, store = tmp_path / "root", written(tmp_path / "store", "more/3.jpg", "more/deep/4.jpg")
    written(root, "A/1.jpg", "B/2.jpg")
    (root / "A/disk").symlink_to(store / "more")
    (root / "A/z-again").symlink_to(store / "more/deep")
    (store / "more/up").symlink_to(store)
    (root / "A/loop").symlink_to(root)
    (root / "A/other").symlink_to(root / "B")
    (root / "all").symlink_to(tmp_path)
    found = read_source(root)
    assert styles(found) == {
        "A": ["A/1.jpg", "A/disk/3.jpg", "A/disk/deep/4.jpg"],
        "B": ["B/2.jpg"],
    }
    assert set(left_out(found)["links back into the source"]) == {
        *("A/loop", "A/other", "A/z-again", "A/disk/up", "all")
    }


def test_folders_within_a_style_name_the_artist(tmp_path: Path) -> None:
    written(tmp_path, "A/El Greco/1.jpg", "A/Anna_Müller/x/2.jpg", "B/1.jpg", "B/El Greco/2.jpg")
    written(tmp_path, "C/El Greco/paul-klee_x.jpg", "C/images/3.jpg", "C/1900/4.jpg")
    assert {entry.id: entry.artist for entry in read_source(tmp_path).entries} == {
        "A/El Greco/1.jpg": "el-greco",
        "A/Anna_Müller/x/2.jpg": "anna-müller",
        "B/1.jpg": None,
        "B/El Greco/2.jpg": None,  # not every picture of B has such a folder
        "C/El Greco/paul-klee_x.jpg": "paul-klee",
        "C/images/3.jpg": None,
        "C/1900/4.jpg": None,
    }


def told(source: Path, made: Path) -> dict[str, Finding]:
    collection = prepare(source, made, PrepareSettings(pixels=16, workers=1))
    return {finding.code: finding for finding in collection.findings}


def test_unlabelled_test_pictures_are_named_and_a_test_split_is_made(tmp_path: Path) -> None:
    source = written(tmp_path / "s", *(f"train/{s}/{n}.jpg" for s in "AB" for n in range(12)))
    written(source, "test/x.jpg", "test/y.jpg")
    found = told(source, tmp_path / "c")
    assert found["IMP111"].outcome == "passed"
    assert found["IMP115"].outcome == "issue" and found["IMP115"].numbers["count"] == 2
    assert (
        "2 pictures in test without a style's folder (test/x.jpg, …): impasto predict"
        in found["IMP115"].text
    )
    assert [item["id"] for item in found["IMP115"].items] == ["test/x.jpg", "test/y.jpg"]


def test_files_left_out_are_counted_by_ending(tmp_path: Path) -> None:
    source = written(tmp_path / "s", "A/1.jpg", "B/1.jpg", "A/2.jpg", "B/2.jpg")
    for name in ("A/1.HEIC", "A/2.heic", "B/3"):
        (source / name).write_bytes(b"x")
    (source / "B/notes.txt").write_text("x")
    found = told(source, tmp_path / "c")["IMP115"]
    assert (found.outcome, found.numbers["count"], found.numbers["left_out"]) == ("issue", 3, 4)
    assert "2 .heic files (A/1.HEIC, …): save them as JPEG or PNG" in found.text
    assert "1 .txt file." in found.text


def test_notes_alone_are_no_issue(tmp_path: Path) -> None:
    source = written(tmp_path / "s", "A/1.jpg", "B/1.jpg", "A/2.jpg", "B/2.jpg")
    (source / "B/notes.txt").write_text("x")
    found = told(source, tmp_path / "c")
    assert found["IMP115"].outcome == "passed" and "1 .txt file." in found["IMP115"].text
    assert found["IMP116"].outcome == "passed"


def test_endings_are_of_one_kind_only() -> None:
    assert not entries.LIKELY_PICTURES & entries.PICTURES


def test_spellings_of_one_style_are_merged_and_named(tmp_path: Path) -> None:
    decomposed = "Pre\u0301cis"
    names = ("Baroque/1", "Baroque/2", "baroque/3", "Art Nouveau/4", "Art_Nouveau/5", "Baroque /6")
    written(tmp_path, *(f"{name}.jpg" for name in (*names, f"{decomposed}/7", "Art_Nouveau/8")))
    found = read_source(tmp_path)
    assert found.styles == ("Art_Nouveau", "Baroque", "Pr\u00e9cis")
    assert {entry.id: entry.style for entry in found.entries} == {
        **dict.fromkeys(["Baroque/1.jpg", "Baroque/2.jpg", "baroque/3.jpg"], "Baroque"),
        **dict.fromkeys([f"Art_Nouveau/{n}.jpg" for n in (5, 8)], "Art_Nouveau"),
        **{"Baroque /6.jpg": "Baroque", "Art Nouveau/4.jpg": "Art_Nouveau"},
        f"{decomposed}/7.jpg": "Pr\u00e9cis",
    }
    assert found.notes == (
        "Art_Nouveau is also spelled 'Art Nouveau': one style",
        "Baroque is also spelled 'Baroque ', 'baroque': one style",
    )
    assert not any(entry.repaired for entry in found.entries)

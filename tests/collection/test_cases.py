"""Inputs as people have them, one generator a case: each gives what its first line calls right.

The generators lie beside the repository (``cases``); the first line of each, or the comment beside
a table, says what is right, and is written down here as numbers.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto.collection.audit import audit
from impasto.collection.collection import Collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.errors import InputError
from impasto.records.finding import Finding

Made = Callable[[str], Path]
SOURCE = Path(__file__).parents[2] / "src"
BOTH = {"Baroque": 8, "Cubism": 8}


@pytest.fixture(scope="module")
def made(cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """``made("c_tables")`` is the folder that a generator writes, once for all tests."""
    done: dict[str, Path] = {}

    def run(name: str) -> Path:
        if name not in done:
            folder = tmp_path_factory.mktemp("case") / name
            _run(cases, name, str(folder))
            done[name] = folder
        return done[name]

    return run


def _run(cases: Path, name: str, *arguments: str) -> str:
    paths = os.pathsep.join([str(cases), str(SOURCE)])
    ran = subprocess.run(
        [sys.executable, str(cases / f"{name}.py"), *arguments],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def prepared(source: Path, to: Path, **settings: object) -> Collection:
    return prepare(source, to / "collection", PrepareSettings(pixels=16, workers=1, **settings))  # type: ignore[arg-type]


def counts(collection: Collection) -> dict[str, int]:
    return dict(Counter(collection.column("style")))


def finding(collection: Collection, code: str) -> Finding:
    return next(one for one in collection.findings if one.code == code)


def words(collection: Collection, code: str) -> str:
    """All that a finding says, in its text and its items."""
    one = finding(collection, code)
    return "\n".join([one.text, *(str(value) for item in one.items for value in item.values())])


def left_out(collection: Collection) -> dict[str, int]:
    return dict(Counter(item["reason"] for item in finding(collection, "IMP115").items))


def skipped(collection: Collection) -> dict[str, str]:
    return {item["id"]: item["reason"] for item in finding(collection, "IMP101").items}


def test_every_case_is_tested(cases: Path) -> None:
    named = {*FOLDERS, "b01_formats", "b02_huge", "c60_long_cell", "c_tables", "d_hub"}
    named |= {"f01_windows_write", "pics"}
    assert {path.stem for path in cases.glob("*.py")} == named


FOLDERS = {
    "a01_litter": BOTH,
    "a02_doubly_nested": BOTH,
    "a03_training_set": {"drawings": 11, "engraving": 11, "painting": 11},
    "a04_links": {"Baroque": 8, "Cubism": 9},
    "a05_spellings": {"Baroque": 18, "Art Nouveau": 12, "Précisionnisme": 12},
    "a06_unlabelled_test": {"Baroque": 10, "Cubism": 10},
    "a08_artist_folders": {"Baroque": 12, "Cubism": 12},
    "a09_names": dict.fromkeys(
        [
            # A slash divides folders: the third is one with a folder in it
            *("-Minimal", "Art, Nouveau & Co", "<b>Pop<", "🎨 印象派"),
            *("100% #1? a:b", "N" * 200, "AC\\DC|x"),
        ],
        8,
    ),
    "a12_heic_only": {"Baroque": 6, "Cubism": 6},
    "h01_many": {f"Style {number:03d}": 4 for number in range(300)},
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders(made: Made, name: str, tmp_path: Path) -> None:
    collection = prepared(made(name), tmp_path)
    assert counts(collection) == FOLDERS[name]
    audit(collection)


def test_folders_tell_what_they_were_read_as(made: Made, tmp_path: Path) -> None:
    def read(name: str) -> Collection:
        return prepared(made(name), tmp_path / name)

    sides = read("a03_training_set")
    assert Counter(sides.column("given_split")) == {"train": 24, "validation": 9}
    broken = skipped(read("a04_links"))
    assert list(broken) == ["Cubism/gone.jpg"]
    for spelling in ("'baroque'", "'Baroque '", "'Art_Nouveau'"):
        assert spelling in words(read("a05_spellings"), "IMP116")
    unlabelled = read("a06_unlabelled_test")
    assert left_out(unlabelled) == {"pictures in test without a style's folder": 5}
    assert set(unlabelled.column("split")) == {"train", "validation", "test"}
    artists = Counter(read("a08_artist_folders").column("artist"))
    assert artists == {"claude-monet": 8, "el-greco": 8, "anna-müller": 8}
    phone = finding(read("a12_heic_only"), "IMP115")
    assert phone.outcome == "issue" and "7 .heic files" in phone.text and "JPEG" in phone.text


GREY = {
    "grey16.png": 156,  # 40000 / 257
    "grey16.tif": 156,
    "grey12-in-16.tif": 19,  # 300 / 4095 · 255
    "float01.tif": 153,
    "float255.tif": 153,
    "int32-8bit.tif": 153,
    "bilevel.png": 255,
    "grey-alpha.png": 100,
    "icc-rgb-on-grey.jpg": 100,
}
NOT_RED = ("exif", "moving", "p.jpg", "last-two", "trailing", "palette-clear", "half-clear")


def test_formats(made: Made, tmp_path: Path) -> None:
    collection = prepared(made("b01_formats"), tmp_path)
    ids = [id_.removeprefix("Baroque/") for id_ in collection.column("id")]
    means = dict(zip(ids, collection.pixels.mean((1, 2)).round(), strict=True))
    for name, grey in GREY.items():
        assert np.abs(means[name] - grey).max() <= 2, (name, means[name])
    reds = {n: m for n, m in means.items() if not n.startswith((*NOT_RED, *GREY, "Cubism"))}
    assert len(reds) > 20
    for name, mean in reds.items():
        assert np.abs(mean - (200, 30, 20)).max() <= 12, (name, mean)
    for name in ("half-clear.png", "half-clear.webp"):  # half red, half white
        assert np.abs(means[name] - (227, 142, 137)).max() <= 3
    reasons = skipped(collection)
    assert {Path(id_).name for id_ in reasons} == {
        *("baseline-cut.jpg", "progressive-cut.jpg", "empty.jpg", "html.jpg", "lfs.jpg"),
    }
    assert "web page" in reasons["Baroque/html.jpg"] and "LFS" in reasons["Baroque/lfs.jpg"]
    told = finding(collection, "IMP115")
    for ending in ("2 .heic files", "1 .jxl file ", "1 .svg file ", "1 .psd file "):
        assert ending in told.text
    guessed = {Path(item["id"]).name for item in finding(collection, "IMP117").items}
    assert guessed == {"grey12-in-16.tif", "int32-8bit.tif", "float255.tif"}


def test_large_scans(made: Made, tmp_path: Path) -> None:
    source = made("b02_huge")
    collection = prepared(source, tmp_path)
    assert counts(collection) == {"Baroque": 6, "Cubism": 5}
    reasons = skipped(collection)
    assert "240 megapixels" in reasons["Baroque/scan-240mp.jpg"]
    assert "max_megapixels=240" in reasons["Baroque/scan-240mp.jpg"]
    assert "3,600 megapixels" in reasons["Cubism/bomb.png"]
    admitted = prepared(source, tmp_path, max_megapixels=240)
    assert counts(admitted) == {"Baroque": 7, "Cubism": 5}
    row = admitted.column("id").index("Baroque/scan-240mp.jpg")
    assert np.abs(admitted.pixels[row].astype(int) - 90).max() <= 1


LESS = {"Baroque": 7, "Cubism": 8}
TABLES: dict[str, dict[str, int] | str] = {
    **dict.fromkeys(
        [
            *("bom", "utf16", "latin1", "semicolon", "tabs", "upper", "filename_label"),
            *("file_name", "spaces", "backslash", "absolute", "missing", "twice", "twostyles"),
            *("liststr", "trail", "case", "year", "yearnan", "index", "quoted", "many"),
            *("dotslash", "dotdot", "uppercase_ext"),
        ],
        BOTH,
    ),
    "integer": {"0": 8, "1": 8},
    "multilabel": {"Baroque": 10, "Cubism": 6},  # two of Cubism's name Baroque first
    **dict.fromkeys(["nan", "empty", "short"], LESS),
    "url": r"the first, https://example.org/img/.* is an address",
    "allmissing": r"the first, 'pictures/img/Baroque/painter-00_work-0.jpg', was looked for in",
    "split": r"the splits 'eval' \(5 rows\) are none of train, validation, test",
    "noheader": "the first row .* already names a picture .*: add a row with the names",
    "emptyfile": "is empty",
    "headeronly": "has no rows",
    "nul": "no picture of .* was found",
}
OTHERS: dict[str, dict[str, int] | str] = {
    "book.xlsx": "is a workbook: save the sheet as CSV",
    "labels.json": "no picture of .* was found: the first, 'a', was looked for",
    "labels.txt": BOTH,
    "lines.jsonl": BOTH,
    "liststyle.jsonl": BOTH,
}
ALL_TABLES = {f"{name}.csv": right for name, right in TABLES.items()} | OTHERS


def test_every_table_is_tested(made: Made) -> None:
    files = {path.name for path in made("c_tables").iterdir() if path.is_file()}
    assert files == ALL_TABLES.keys()


@pytest.mark.parametrize("name", ALL_TABLES)
def test_tables(made: Made, name: str, tmp_path: Path) -> None:
    table, right = made("c_tables") / name, ALL_TABLES[name]
    if isinstance(right, str):
        with pytest.raises(InputError, match=right) as refusal:
            prepared(table, tmp_path)
        assert "\n" not in str(refusal.value)
        return
    collection = prepared(table, tmp_path)
    assert counts(collection) == right
    assert all(id_.startswith("img/") for id_ in collection.column("id"))  # and no user's home
    assert len(set(collection.column("id"))) == len(collection)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("semicolon.csv", "IMP116", "divided by ';'"),
        ("utf16.csv", "IMP116", "read as UTF-16"),
        ("latin1.csv", "IMP116", "read as Windows-1252"),
        ("filename_label.csv", "IMP116", "'filename' as path, 'label' as style"),
        ("backslash.csv", "IMP116", "16 paths of backslash.csv were found with other slashes"),
        ("uppercase_ext.csv", "IMP116", "16 paths of uppercase_ext.csv were found in another"),
        ("case.csv", "IMP116", "Baroque is also spelled 'BAROQUE'"),
        ("year.csv", "IMP116", "1 date of year.csv is no plain year, as 'c. 1642'"),
        ("twice.csv", "IMP116", "1 row repeats another one; the first, twice.csv, row 18"),
        ("twostyles.csv", "IMP116", "1 picture of twostyles.csv has several styles"),
        ("multilabel.csv", "IMP116", "4 pictures of multilabel.csv have several styles"),
        ("missing.csv", "IMP101", "no such file (missing.csv, row 18, img/Baroque/none.jpg)"),
        ("nan.csv", "IMP101", "no style is given (nan.csv, row 5"),
        ("empty.csv", "IMP101", "no style is given (empty.csv, row 5"),
        ("short.csv", "IMP101", "no style is given (short.csv, row 7"),
        ("lines.jsonl", "IMP101", "no object (lines.jsonl, row 17)"),
    ],
)
def test_what_was_guessed_or_set_aside_is_told(
    made: Made, name: str, code: str, said: str, tmp_path: Path
) -> None:
    assert said in words(prepared(made("c_tables") / name, tmp_path), code)


def test_artists_and_years_of_tables(made: Made, tmp_path: Path) -> None:
    folder = made("c_tables")
    latin = prepared(folder / "latin1.csv", tmp_path / "a")
    assert set(latin.column("artist")) == {"dürer"}
    assert set(prepared(folder / "year.csv", tmp_path / "b").column("year")) == {1642}
    years = Counter(prepared(folder / "yearnan.csv", tmp_path / "c").column("year"))
    assert years == {1642: 15, None: 1}


@pytest.mark.parametrize(
    ("several", "right"),
    [
        ("first", {"Baroque": 10, "Cubism": 6}),  # those of Cubism have Baroque first
        ("all", {"Baroque": 10, "Cubism": 10}),
        ("skip", {"Baroque": 6, "Cubism": 6}),
    ],
)
def test_several_styles_by_choice(
    made: Made, several: str, right: dict[str, int], tmp_path: Path
) -> None:
    """Every fourth of 16 pictures is Baroque and Cubism."""
    table = made("c_tables") / "multilabel.csv"
    assert counts(prepared(table, tmp_path, several=several)) == right


EIGHT = {"Abstract": 8, "Baroque": 8, "Cubism": 8}
HUB: dict[str, dict[str, int] | str] = {
    **dict.fromkeys(
        ["ok", "label", "labels_plural", "string_style", "png_mode", "empty_file"], EIGHT
    ),
    "lost_names": {"0": 8, "1": 8, "2": 8},
    "minus_one": {"Abstract": 7, "Baroque": 7, "Cubism": 7},
    "null_image": {"Abstract": 7, "Baroque": 7, "Cubism": 8},
    "float_style": {"Abstract": 7, "Baroque": 8, "Cubism": 8},
    "two_splits": {"Abstract": 10, "Baroque": 10, "Cubism": 10},
    "other_order": {"Abstract": 16, "Baroque": 16, "Cubism": 16},
    "list_style": {"Abstract": 6, "Baroque": 12, "Cubism": 6},
    "path_only": "holds paths of pictures and not the pictures.*the first, /data/0.jpg",
    "lfs": "is a pointer of Git LFS, not the data: run git lfs pull",
    "arrow": "was written by save_to_disk: write it with to_parquet",
}


def test_every_data_set_is_tested(made: Made) -> None:
    assert {path.name for path in made("d_hub").iterdir()} == HUB.keys()


@pytest.mark.parametrize("name", HUB)
def test_data_sets_of_the_hub(made: Made, name: str, tmp_path: Path) -> None:
    source, right = made("d_hub") / name, HUB[name]
    if isinstance(right, str):
        with pytest.raises(InputError, match=right):
            prepared(source, tmp_path)
        return
    collection = prepared(source, tmp_path)
    assert counts(collection) == right
    told = words(collection, "IMP116")
    if name == "lost_names":
        assert "The styles are numbers" in told
    if name in ("label", "labels_plural"):
        assert "was read as style" in told


def test_two_splits_of_which_one_copies_the_other(made: Made, tmp_path: Path) -> None:
    collection = prepared(made("d_hub") / "two_splits", tmp_path)
    assert Counter(collection.column("given_split")) == {"train": 24, "test": 6}
    across = next(one for one in audit(collection).findings if one.code == "IMP106")
    assert across.outcome == "issue" and across.numbers["test_pictures"] == 6


def test_names_in_another_order_stay_with_their_pictures(made: Made, tmp_path: Path) -> None:
    """The second file holds the same pictures and numbers, and its names backwards."""
    collection = prepared(made("d_hub") / "other_order", tmp_path)
    styles = dict(zip(collection.column("id"), collection.column("style"), strict=True))
    assert styles["train-00000-of-00001/000000"] == "Abstract"
    assert styles["test-00000-of-00001/000000"] == "Cubism"


@pytest.mark.parametrize("name", ["uri", "long", "folder", "file_as_folder", "huge_field"])
def test_cells_that_are_no_paths(made: Made, name: str, tmp_path: Path) -> None:
    collection = prepared(made("c60_long_cell") / f"{name}.csv", tmp_path)
    assert counts(collection) == {"Baroque": 4, "Cubism": 4}
    if name != "huge_field":
        assert list(skipped(collection)) == [f"{name}.csv, row 10"]


def test_a_long_style_is_a_style(made: Made, tmp_path: Path) -> None:
    collection = prepared(made("c60_long_cell") / "longstyle.csv", tmp_path)
    assert counts(collection) == {"Baroque": 4, "x" * 400: 4}


@pytest.mark.parametrize("trait", ["", "fsync"])
def test_writing_as_on_windows(cases: Path, tmp_path: Path, trait: str) -> None:
    if sys.platform == "win32" and trait:
        pytest.skip("imitates Windows")
    _run(cases, "f01_windows_write", str(tmp_path / "w"), *([trait] if trait else []))
    record = json.loads((tmp_path / "w-c/collection.json").read_text(encoding="utf-8"))
    assert sum(record["counts"].values()) == 12

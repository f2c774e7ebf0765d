"""Every layout of labelled pictures becomes the same list of entries, or is refused on one line."""

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.collection.entries import Source
from impasto.collection.layouts.wikiart_lists import read_list
from impasto.collection.sources import read_source
from impasto.errors import InputError

Folders = Callable[..., Path]


def jpeg(seed: int = 0) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (20, 24, 3)).astype(np.uint8)
    Image.fromarray(noise).save(stream, "JPEG")
    return stream.getvalue()


def written(folder: Path, *paths: str) -> Path:
    """Pictures at the given paths; a path that ends in ``/`` makes an empty folder."""
    for number, path in enumerate(paths):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (folder / path).mkdir(exist_ok=True)
        else:
            (folder / path).write_bytes(jpeg(number))
    return folder


def told(source: Source) -> list[tuple[str, str, str | None]]:
    return [(entry.id, entry.style, entry.split) for entry in source.entries]


def test_a_folder_for_each_style(tmp_path: Path) -> None:
    written(
        tmp_path,
        "Cubism/b.png",
        "Cubism/deep/a.JPG",
        "Baroque/a_b-1650.jpg",
        "Empty/",
        ".hidden/c.jpg",
        "_x/d.jpg",
    )
    (tmp_path / "Baroque/notes.txt").write_text("no picture")
    (tmp_path / "Baroque/.DS_Store").write_text("nor this")
    found = read_source(tmp_path)
    assert told(found) == [
        ("Baroque/a_b-1650.jpg", "Baroque", None),
        ("Cubism/b.png", "Cubism", None),
        ("Cubism/deep/a.JPG", "Cubism", None),
    ]
    assert found.styles == ("Baroque", "Cubism", "Empty")
    assert (found.ignored, found.mismatches) == (1, ())
    assert (found.entries[0].artist, found.entries[0].title, found.entries[0].year) == (
        "a",
        "b",
        1650,
    )


def test_train_and_test_folders(tmp_path: Path) -> None:
    written(
        tmp_path,
        "Train/B/1.jpg",
        "Train/A/1.jpg",
        "test/B/1.jpg",
        "test/A/2.jpg",
        "val/A/3.jpg",
        "val/B/",
    )
    found = read_source(tmp_path)
    assert told(found) == [
        ("Train/A/1.jpg", "A", "train"),
        ("Train/B/1.jpg", "B", "train"),
        ("test/A/2.jpg", "A", "test"),
        ("test/B/1.jpg", "B", "test"),
        ("val/A/3.jpg", "A", "validation"),
    ]
    assert found.mismatches == ()


def test_the_styles_are_those_of_all_sides_together(tmp_path: Path) -> None:
    """The label-order bug:

    numbering the folders found in one split shifts every label after the first gap.
    """
    written(
        tmp_path,
        "train/A/1.jpg",
        "train/B/1.jpg",
        "train/C/1.jpg",
        "test/A/1.jpg",
        "test/C/1.jpg",
        "test/D/1.jpg",
    )
    found = read_source(tmp_path)
    assert found.styles == ("A", "B", "C", "D")
    assert found.mismatches == ("test has no folder B", "train has no folder D")


def test_two_folders_that_stand_anywhere(tmp_path: Path) -> None:
    written(tmp_path, "here/A/1.jpg", "here/B/1.jpg", "there/A/1.jpg", "there/B/1.jpg")
    found = read_source([tmp_path / "here", tmp_path / "there"])
    assert told(found)[::2] == [("test/A/1.jpg", "A", "test"), ("train/A/1.jpg", "A", "train")]
    with pytest.raises(InputError, match=r"no folder or file .*nowhere: name a source"):
        read_source([tmp_path / "here", tmp_path / "nowhere"])
    with pytest.raises(InputError, match="3 sources: name one folder"):
        read_source([tmp_path] * 3)


def test_a_companion_table_tells_more(tmp_path: Path) -> None:
    written(tmp_path, "train/A/1.jpg", "train/B/some-body_2.jpg", "test/A/3.jpg", "test/B/4.jpg")
    (tmp_path / "paintings.csv").write_text(
        "path,style,artist,year\ntrain/A/1.jpg,A,Claude Monet,1890\ntest/B/4.jpg,B,,\n"
    )
    artists = {entry.id: (entry.artist, entry.year) for entry in read_source(tmp_path).entries}
    assert artists["train/A/1.jpg"] == ("claude-monet", 1890)
    assert artists["train/B/some-body_2.jpg"] == ("some-body", None)
    assert artists["test/B/4.jpg"] == (None, None)


def test_one_picture_in_two_folders_keeps_both_styles(tmp_path: Path) -> None:
    found = read_source(
        written(tmp_path, "Cubism/juan-gris_guitar.jpg", "Realism/juan-gris_guitar.jpg")
    )
    assert [entry.style for entry in found.entries] == ["Cubism", "Realism"]


def test_names_that_are_no_utf8_are_spelled_out(tmp_path: Path) -> None:
    written(tmp_path, "A/1.jpg", "B/2.jpg")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/A/m\xfcller.jpg")).write_bytes(jpeg())
    except OSError:
        pytest.skip("this file system refuses names that are no UTF-8")
    entry = read_source(tmp_path).entries[1]
    assert entry.id == "A/m\\xfcller.jpg"
    assert Path(entry.place or "").read_bytes() == jpeg()


ROWS: Sequence[dict[str, Any]] = (
    {
        "path": "x/1.jpg",
        "style": "B",
        "artist": "Paul Klee",
        "title": "One",
        "year": 1921,
        "split": "train",
    },
    {"path": "x/2.jpg", "style": "A", "artist": None, "title": None, "year": None, "split": "val"},
    {
        "path": "y/3.jpg",
        "style": "A",
        "artist": "Unknown",
        "title": "bã¶ses",
        "year": 1930,
        "split": "TEST",
    },
)


def write_table(path: Path, rows: Sequence[dict[str, Any]] = ROWS) -> Path:
    match path.suffix:
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(list(rows)), path)
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
        case suffix:
            with path.open("w", encoding="utf-8-sig", newline="") as lines:
                writer = csv.DictWriter(
                    lines, list(rows[0]), delimiter="\t" if suffix == ".tsv" else ","
                )
                writer.writeheader()
                writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "jsonl"])
def test_tables(tmp_path: Path, suffix: str) -> None:
    written(tmp_path, "x/1.jpg", "x/2.jpg", "y/3.jpg")
    found = read_source(write_table(tmp_path / f"labels.{suffix}"))
    assert told(found) == [
        ("x/1.jpg", "B", "train"),
        ("x/2.jpg", "A", "validation"),
        ("y/3.jpg", "A", "test"),
    ]
    told_more = [(entry.artist, entry.title, entry.year) for entry in found.entries]
    assert told_more == [("paul-klee", "One", 1921), (None, "2", None), (None, "böses", 1930)]
    assert [Path(entry.place or "").is_file() for entry in found.entries] == [True] * 3


@pytest.mark.parametrize(
    ("header", "delimiter", "encoding"),
    [
        ("path,style,artist", ",", "utf-16"),
        ("path,style,artist", ";", "cp1252"),
        ("Path,Style,Artist", "\t", "utf-8-sig"),
        ("File_Name,Label,artist", ", ", "utf-8"),
        ("filename,class,artist", ";", "utf-16"),
    ],
)
def test_tables_as_office_programs_save_them(
    tmp_path: Path, header: str, delimiter: str, encoding: str
) -> None:
    written(tmp_path, "x/ä.jpg", "x/2.jpg")
    lines = (header, "x/ä.jpg,A,Dürer", "x/2.jpg,B,Miró")
    text = "".join(line.replace(",", delimiter) + "\r\n" for line in lines)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    found = read_source(tmp_path / "t.csv")
    assert [(entry.id, entry.style, entry.artist) for entry in found.entries] == [
        ("x/ä.jpg", "A", "dürer"),
        ("x/2.jpg", "B", "miró"),
    ]
    assert all(entry.place for entry in found.entries)


def test_what_was_guessed_about_a_table_is_said(tmp_path: Path) -> None:
    text = "File;Class;year\nx/1.jpg;A;19th c.\nx/2.jpg;B;1880\nx/3.jpg;Ä;n.d.\n"
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    assert read_source(tmp_path / "t.csv").notes == (
        "t.csv is no UTF-8 and was read as Windows-1252",
        "The columns of t.csv are divided by ';'",
        "The column 'File' of t.csv was read as path",
        "The column 'Class' of t.csv was read as style",
        "2 years of t.csv could not be read, as '19th c.': left out",
    )
    (tmp_path / "u.csv").write_text("Path,style\n1.jpg,A\n2.jpg,B\n", encoding="utf-8-sig")
    assert read_source(tmp_path / "u.csv").notes == ()


def test_columns_of_the_known_names_win(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("label,path,file,style\n0,1.jpg,x,A\n1,2.jpg,y,B\n")
    assert [(e.id, e.style) for e in read_source(tmp_path / "t.csv").entries] == [
        ("1.jpg", "A"),
        ("2.jpg", "B"),
    ]


def test_a_year_in_words_stops_nothing(tmp_path: Path) -> None:
    years = ("c. 1880", "1880-85", "19th c.", "inf", "18889", "1642.0")
    rows = "".join(f"{n}.jpg,{'AB'[n % 2]},{year}\n" for n, year in enumerate(years))
    (tmp_path / "t.csv").write_text("path,style,year\n" + rows)
    found = [entry.year for entry in read_source(tmp_path / "t.csv").entries]
    assert found == [1880, 1880, None, None, None, 1642]


def test_a_long_cell_is_named_by_its_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"path,style\n1.jpg,A\n{'a long text ' * 40},B\n")
    with pytest.raises(InputError, match=r"t\.csv, row 2: the path 'a long text .* names no file"):
        read_source(tmp_path / "t.csv")


def test_a_table_for_pictures_elsewhere(tmp_path: Path) -> None:
    written(tmp_path / "pictures", "x/1.jpg", "x/2.jpg", "y/3.jpg")
    found = read_source(tmp_path / "pictures", write_table(tmp_path / "labels.csv"))
    assert all(Path(entry.place or "").is_file() for entry in found.entries)


def test_names_alone_have_no_place_but_one_missing_file_is_a_fault(tmp_path: Path) -> None:
    table = write_table(tmp_path / "labels.csv")
    assert [entry.place for entry in read_source(table).entries] == [None] * 3
    written(tmp_path, "x/1.jpg")
    assert all(entry.place for entry in read_source(table).entries)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", "Datei,x\n1.jpg,A\n", "needs the columns path and style .*it has Datei, x: ren"),
        ("t.csv", "", "needs the columns path and style"),
        (
            "t.csv",
            "path,style\n1.jpg,A\n2.jpg,\n",
            "row 2: path or style is empty: fill it in or remove the row",
        ),
        ("t.csv", "path,style\n1.jpg,A\n1.jpg,B\n", r"row 2: 1\.jpg stands twice: keep one row"),
        (
            "t.csv",
            "path,style,split\n1.jpg,A,later\n",
            "row 1: the split 'later' is none of train, validation, test",
        ),
        ("t.jsonl", "[1, 2]\n", "cannot read the table"),
        ("t.jsonl", "3\n", "cannot read the table"),
        ("t.jsonl", '{"path": ', "cannot read the table"),
        ("t.parquet", "PAR1 but no more", "cannot read"),
        (
            "t.xlsx",
            "",
            r"t\.xlsx is not a table that can be read: use \.csv, \.tsv, \.parquet or \.jsonl",
        ),
    ],
)
def test_bad_tables_are_named_with_the_row(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said) as refusal:
        read_source(tmp_path / name)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_official_lists(tmp_path: Path) -> None:
    style = tmp_path / "Style"
    style.mkdir()
    train = "Art_Nouveau_Modern/ivan-bilibin_a-b-1900.jpg,1\r\nCubism/arnold-bã¶cklin_x.jpg,0\r\n"
    (style / "style_train.csv").write_bytes(train.encode())
    (style / "style_val.csv").write_bytes(b'"Cubism/juan-gris_a, b.jpg",0\r\n')
    (style / "style_class.txt").write_text("0 Cubism\n1 Art_Nouveau\n")
    found = read_source(tmp_path)
    assert told(found) == [
        ("Art_Nouveau_Modern/ivan-bilibin_a-b-1900.jpg", "Art_Nouveau_Modern", "train"),
        ("Cubism/arnold-bã¶cklin_x.jpg", "Cubism", "train"),
        ("Cubism/juan-gris_a, b.jpg", "Cubism", "test"),
    ]
    assert found.aliases == {"Art_Nouveau": "Art_Nouveau_Modern"}
    assert found.styles == ("Art_Nouveau_Modern", "Cubism")
    assert [entry.repaired for entry in found.entries] == [False, True, False]
    assert read_source(style).entries == found.entries
    assert all(entry.place is None for entry in found.entries)
    written(tmp_path, "wikiart/Cubism/arnold-bã¶cklin_x.jpg")
    places = [Path(entry.place or "") for entry in read_source(tmp_path).entries]
    assert [place.is_file() for place in places] == [
        False,
        True,
        False,
    ]  # the others are missing, and named as such


def test_a_list_with_header_blank_line_and_double_comma(tmp_path: Path) -> None:
    path = tmp_path / "artist_train"
    path.write_text(
        "(Path to image), (Ground truth class)\n\nRealism/a_b.jpg,,22\nBaroque/c_d.jpg,,20\n"
    )
    assert read_list(path) == [("Realism/a_b.jpg", 22), ("Baroque/c_d.jpg", 20)]


@pytest.mark.parametrize(
    ("train", "classes", "said"),
    [
        ("A/1.jpg,7\n", "0 A\n", "class 7 of A/1.jpg is not in style_class.txt"),
        (
            "A/1.jpg,0\nA/2.jpg\n",
            "0 A\n",
            r"style_train\.csv, line 2: expected path,index and found 'A/2\.jpg'",
        ),
        ("A/1.jpg,0\n", "0 A B\n", r"cannot read the classes in .*style_class\.txt"),
        ("A/\udcff.jpg,0\n", "0 A\n", r"cannot read the list .*style_train\.csv"),
    ],
)
def test_damaged_lists_are_named_with_the_line(
    tmp_path: Path, train: str, classes: str, said: str
) -> None:
    (tmp_path / "style_train.csv").write_bytes(train.encode(errors="surrogateescape"))
    (tmp_path / "style_val.csv").write_text("A/9.jpg,0\n")
    (tmp_path / "style_class.txt").write_text(classes)
    with pytest.raises(InputError, match=said):
        read_source(tmp_path)


def test_missing_empty_and_one_sided_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"no folder or file .*nowhere: name a source in one of these layouts"
    ):
        read_source(tmp_path / "nowhere")
    with pytest.raises(
        InputError, match=r"no labelled pictures in .*the layouts that can be read are"
    ):
        read_source(tmp_path)
    written(tmp_path, "Only/1.jpg")
    with pytest.raises(
        InputError, match=r"all pictures in .* are of one style \(Only\): two or more are needed"
    ):
        read_source(tmp_path)

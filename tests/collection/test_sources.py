"""Every layout of labelled pictures becomes the same list of entries, or is refused on one line."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.collection.entries import Source
from impasto.collection.layouts.style_cells import styles_in
from impasto.collection.layouts.wikiart_lists import read_list
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_source
from impasto.config import parse
from impasto.errors import InputError, SettingsError

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


def test_two_folders_can_be_one_source(tmp_path: Path) -> None:
    written(tmp_path, "here/A/1.jpg", "here/B/1.jpg", "there/A/1.jpg", "there/C/1.jpg")
    sides = read_source([tmp_path / "here", tmp_path / "there"])
    assert any("--merge makes them one" in note for note in sides.notes)
    found = read_source([tmp_path / "here", tmp_path / "there"], PrepareSettings(merge=True))
    assert told(found) == [
        ("here/A/1.jpg", "A", None),
        ("here/B/1.jpg", "B", None),
        ("there/A/1.jpg", "A", None),
        ("there/C/1.jpg", "C", None),
    ]
    assert (found.styles, found.mismatches, found.notes) == (("A", "B", "C"), (), ())


def test_several_sources_of_any_layout_are_merged(tmp_path: Path) -> None:
    written(tmp_path, "one/pictures/a_b.jpg", "one/pictures/b.jpg", "two/pictures/A/1.jpg")
    written(tmp_path, "two/pictures/b/2.jpg", "three/train/A/3.jpg", "three/test/B/4.jpg")
    (tmp_path / "one/t.csv").write_text("path,style\npictures/a_b.jpg,A\npictures/b.jpg,B\n")
    (tmp_path / "again.csv").write_text("path,style\none/pictures/b.jpg,B\ntwo/pictures/A/1.jpg,A")
    sources = [tmp_path / "one/t.csv", tmp_path / "two/pictures", tmp_path / "three"]
    found = read_source([*sources, tmp_path / "again.csv"])
    assert told(found) == [
        ("t/pictures/a_b.jpg", "A", None),
        ("t/pictures/b.jpg", "B", None),
        ("pictures/A/1.jpg", "A", None),
        ("pictures/b/2.jpg", "B", None),
        ("three/test/B/4.jpg", "B", "test"),
        ("three/train/A/3.jpg", "A", "train"),
    ]
    twice = [kind for kind in found.left_out if "earlier source" in kind.what]
    assert [len(kind.items) for kind in twice] == [2]


def test_sources_of_one_name_keep_their_pictures_apart(tmp_path: Path) -> None:
    for parent in ("x", "y", "z"):
        written(tmp_path / parent, "art/A/1.jpg", "art/B/1.jpg")
    found = read_source([tmp_path / parent / "art" for parent in ("x", "y", "z")])
    assert [entry.id for entry in found.entries][::2] == [
        *("art/A/1.jpg", "art-2/A/1.jpg", "art-3/A/1.jpg"),
    ]


def test_styles_are_renamed_merged_and_left_out_by_a_table(tmp_path: Path) -> None:
    written(tmp_path / "p", "Barock/1.jpg", "baroque_/2.jpg", "Cubism/3.jpg", "Photos/4.jpg")
    table = tmp_path / "names.csv"
    table.write_text("from,to\nBAROCK,Baroque\nBaroque,Baroque\nphotos,\nDada,X\n")
    found = read_source(tmp_path / "p", PrepareSettings(rename_styles=str(table)))
    assert sorted(style for _, style, _ in told(found)) == ["Baroque", "Baroque", "Cubism"]
    assert found.styles == ("Baroque", "Cubism")
    assert found.aliases["Barock"] == "Baroque"
    assert any("Barock (1 picture) is called Baroque by names.csv" in n for n in found.notes)
    assert any("styles that are not there: dada" in note for note in found.notes)
    assert [kind.items for kind in found.left_out] == [("Photos/4.jpg",)]
    table.write_text("from,to\nDada,X\n")
    with pytest.raises(InputError, match="names no style of the source: it has Barock"):
        read_source(tmp_path / "p", PrepareSettings(rename_styles=str(table)))


def test_decisions_exclude_and_relabel(tmp_path: Path) -> None:
    written(tmp_path / "p", "A/1.jpg", "A/2.jpg", "B/3.jpg", "B/4.jpg", "B/5.jpg")
    table = tmp_path / "decisions.csv"
    table.write_text(
        "id,decision,style,note\nA/1.jpg,exclude,,a photograph\nB/3.jpg,Relabel,a,\n"
        "B\\4.jpg,relabel,New,\nB/5.jpg,exclude,,\nB/5.jpg,keep,,after all\ngone.jpg,keep,,\n"
    )
    found = read_source(tmp_path / "p", PrepareSettings(decisions=str(table)))
    assert told(found) == [
        ("A/2.jpg", "A", None),
        ("B/3.jpg", "A", None),
        ("B/4.jpg", "New", None),
        ("B/5.jpg", "B", None),
    ]
    assert [(one.id, one.reason) for one in found.decided] == [
        ("A/1.jpg", "excluded (A)"),
        ("B/3.jpg", "relabelled from B to A"),
        ("B/4.jpg", "relabelled from B to New"),
    ]
    assert found.styles == ("A", "B", "New")
    assert found.notes == ("decisions.csv adds the styles New",)
    unmatched = next(kind for kind in found.left_out if "decisions.csv" in kind.what)
    assert unmatched.items == ("decisions.csv, row 7: gone.jpg",)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("A/1.jpg,drop,\n", r"decisions\.csv, row 2: the decision 'drop' is none of keep, exclude"),
        ("A/1.jpg,relabel,\n", r"decisions\.csv, row 2: relabel needs the new style"),
        ("x.jpg,exclude,\n", "no row of .* names a picture of the source; the first, .*x.jpg"),
    ],
)
def test_decisions_that_say_nothing_are_refused(tmp_path: Path, rows: str, said: str) -> None:
    written(tmp_path / "p", "A/1.jpg", "B/2.jpg")
    (tmp_path / "decisions.csv").write_text("id,decision,style\n" + rows)
    settings = PrepareSettings(decisions=str(tmp_path / "decisions.csv"))
    with pytest.raises(InputError, match=said):
        read_source(tmp_path / "p", settings)


def test_rows_and_pictures_that_do_not_match_are_counted(tmp_path: Path) -> None:
    written(tmp_path, "A/é1.jpg", "A/2.jpg", "B/3.jpg", "B/4.jpg")
    table = tmp_path / "paintings.csv"
    table.write_text("file,artist\nA\\e\u03011.jpg,Monet\na/2,Monet\nB/9.jpg,Manet\n")
    found = read_source(tmp_path)
    assert [entry.artist for entry in found.entries] == ["monet", "monet", None, None]
    assert [(kind.what, kind.items) for kind in found.left_out] == [
        ("rows of paintings.csv without a picture", ("paintings.csv, row 4: B/9.jpg",))
    ]
    assert "2 of 4 pictures have no row in paintings.csv" in found.notes
    table.write_text("path,split\nC/1.jpg,test\n")
    with pytest.raises(
        InputError, match=r"no row of .* the first, paintings\.csv, row 2: C/1\.jpg"
    ):
        read_source(tmp_path)


def test_tables_beside_folders_that_are_not_read_are_told(tmp_path: Path) -> None:
    written(tmp_path, "A/1.jpg", "B/2.jpg")
    (tmp_path / "classes.csv").write_text("filename,genre\n")
    (kind,) = read_source(tmp_path).left_out
    assert (kind.what, kind.items, kind.matters) == (
        *("tables beside the folders", ("classes.csv",), False),
    )


PATHS = {
    "x/Été 1.jpg": "exact",
    "x\\Été 1.jpg": "other slashes",
    "./x/e\u0301te\u0301_1.JPG": "another spelling",
    "x/../x/Été%201.jpg": "another spelling",
    "x/Été 1": "without their ending",
    "x/Été 1.tif": "without their ending",
    "été 1": "in a folder below",
}


@pytest.mark.parametrize("cell", PATHS)
def test_paths_are_found_as_people_write_them(tmp_path: Path, cell: str) -> None:
    written(tmp_path, "x/Été 1.jpg", "x/b.jpg", "x/no.1.jpg", "y/b.jpg")
    (tmp_path / "t.csv").write_text(f"path,style\n{cell},A\nx/b.jpg,B\nx/no.1,B\n")
    found = read_source(tmp_path / "t.csv")
    assert [entry.id for entry in found.entries] == ["x/Été 1.jpg", "x/b.jpg", "x/no.1.jpg"]
    notes = [note for note in found.notes if re.search(r"paths? of", note)]
    assert len(notes) == 2 - (PATHS[cell] in ("exact", "without their ending"))
    assert PATHS[cell] == "exact" or any(PATHS[cell] in note for note in notes)


def test_a_path_that_could_be_two_pictures_is_none(tmp_path: Path) -> None:
    written(tmp_path, "x/b.jpg", "y/b.jpg", "y/c.jpg", "y/c.png")
    (tmp_path / "t.csv").write_text("path,style\nb,A\ny/c,B\nx/b.jpg,A\ny/c.png,B\n")
    found = read_source(tmp_path / "t.csv")
    assert [entry.id for entry in found.entries] == ["x/b.jpg", "y/c.png"]
    assert [one.id for one in found.skipped] == ["t.csv, row 2", "t.csv, row 3"]


def test_pictures_without_a_row_are_counted_where_the_table_s_pictures_lie(tmp_path: Path) -> None:
    written(tmp_path, "in/1.jpg", "in/2.jpg", "in/3.jpg", "other/4.jpg")
    (tmp_path / "in/5.heic").write_bytes(b"x")
    (tmp_path / "in/linked").symlink_to(tmp_path / "other")
    table = tmp_path / "t.csv"
    table.write_text("path,style\nin/1.jpg,A\nin/2.jpg,B\n")
    assert {kind.what: kind.items for kind in read_source(table).left_out} == {
        "pictures without a row in t.csv": ("in/3.jpg",),
        "linked folders, not followed": ("in/linked",),
        ".heic files": ("in/5.heic",),
    }
    whole = read_source(tmp_path, PrepareSettings(labels=str(table)))
    assert whole.left_out[0].items == ("in/3.jpg", "other/4.jpg")


def test_pictures_outside_the_folder_are_told_and_their_ids_are_not_absolute(
    tmp_path: Path,
) -> None:
    written(tmp_path, "home/t/1.jpg", "far/a/2.jpg", "far/b/3.jpg")
    table = tmp_path / "home/t/t.csv"
    far = (tmp_path / "far/b/3.jpg").as_posix()
    table.write_text(f"path,style\n1.jpg,A\n../../far/a/2.jpg,B\n{far},B\n")
    found = read_source(table)
    assert [entry.id for entry in found.entries] == [
        *("1.jpg", "elsewhere/a/2.jpg", "elsewhere/b/3.jpg"),
    ]
    assert any(note.startswith("2 pictures of t.csv lie outside") for note in found.notes)


def test_columns_are_mapped_by_hand(tmp_path: Path) -> None:
    written(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "t.csv").write_text(
        "Bild, klein;Schule;split;Von\n1.jpg;A;later;1900\n2.jpg;B;later;1910/12\n"
    )
    text = '"path=Bild, klein",style=schule,split=,year=Von'
    settings = parse(PrepareSettings, {"columns": text})
    found = read_source(tmp_path / "t.csv", settings)
    assert told(found) == [("1.jpg", "A", None), ("2.jpg", "B", None)]
    assert [entry.year for entry in found.entries] == [1900, 1910]
    lacking = parse(PrepareSettings, {"columns": "path=Bild,style=Stil"})
    with pytest.raises(InputError, match="has no column 'Bild': it has Bild, klein, Schule"):
        read_source(tmp_path / "t.csv", lacking)
    for text, said in (("path", "path=File,style=Class"), ("x=y", "x is no column that is read")):
        with pytest.raises(SettingsError, match=said):
            parse(PrepareSettings, {"columns": text})


def test_a_style_is_brought_to_one_form(tmp_path: Path) -> None:
    written(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
    rows = ["Art\nNouveau", "art_nouveau", "Dada\u202e", "Dada"]
    lines = "".join(f'{n}.jpg,"{style}"\n' for n, style in enumerate(rows, 1))
    (tmp_path / "t.csv").write_text("path,style\n" + lines)
    found = read_source(tmp_path / "t.csv")
    assert found.styles == ("Art Nouveau", "Dada")


@pytest.mark.parametrize(
    ("cell", "styles"),
    [
        ("['Baroque', \"Rococo\"]", ["Baroque", "Rococo"]),
        ("[Baroque, Rococo]", ["Baroque", "Rococo"]),
        ("Baroque|Rococo; Baroque", ["Baroque", "Rococo"]),
        (["Baroque", None], ["Baroque"]),
        (2.0, ["2"]),
        (0, ["0"]),
        ("Art, new", ["Art, new"]),
        ("[]", []),
        ("n/a", []),
        (None, []),
    ],
)
def test_cells_of_styles(cell: Any, styles: list[str]) -> None:
    assert styles_in(cell) == styles


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
    written(tmp_path, "x/1.jpg", "x/2.jpg", "x/3.jpg", "1.jpg", "2.jpg")
    assert read_source(tmp_path / "t.csv").notes == (
        "t.csv is no UTF-8 and was read as Windows-1252",
        "The columns of t.csv are divided by ';'",
        "Columns of t.csv were read under other names: 'File' as path, 'Class' as style",
        "2 dates of t.csv give no year, or too long a range, as '19th c.': left empty",
    )
    (tmp_path / "u.csv").write_text("Path,style\n1.jpg,A\n2.jpg,B\n", encoding="utf-8-sig")
    assert read_source(tmp_path / "u.csv").notes == ()


def test_columns_of_the_known_names_win(tmp_path: Path) -> None:
    written(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "t.csv").write_text("label,path,file,style\n0,1.jpg,x,A\n1,2.jpg,y,B\n")
    assert [(e.id, e.style) for e in read_source(tmp_path / "t.csv").entries] == [
        ("1.jpg", "A"),
        ("2.jpg", "B"),
    ]


def test_a_year_in_words_stops_nothing(tmp_path: Path) -> None:
    years = ("c. 1880", "1880-85", "19th c.", "inf", "18889", "1642.0")
    rows = "".join(f"{n}.jpg,{'AB'[n % 2]},{year}\n" for n, year in enumerate(years))
    written(tmp_path, *(f"{n}.jpg" for n in range(len(years))))
    (tmp_path / "t.csv").write_text("path,style,year\n" + rows)
    found = [entry.year for entry in read_source(tmp_path / "t.csv").entries]
    assert found == [1880, 1880, None, None, None, 1642]


def test_a_long_cell_is_named_by_its_row(tmp_path: Path) -> None:
    written(tmp_path, "1.jpg", "2.jpg")
    cell = "a long text " * 40
    (tmp_path / "t.csv").write_text(f"path,style\n1.jpg,A\n{cell},B\n2.jpg,B\n")
    found = read_source(tmp_path / "t.csv")
    assert [one.id for one in found.skipped] == ["t.csv, row 3"]
    assert "names no file: 'a long text" in found.skipped[0].reason
    assert len(found.skipped[0].reason) < 200


def test_a_table_for_pictures_elsewhere(tmp_path: Path) -> None:
    written(tmp_path / "pictures", "x/1.jpg", "x/2.jpg", "y/3.jpg")
    table = str(write_table(tmp_path / "labels.csv"))
    found = read_source(tmp_path / "pictures", PrepareSettings(labels=table))
    assert all(Path(entry.place or "").is_file() for entry in found.entries)


def test_labels_of_a_field_of_fiftyone(tmp_path: Path) -> None:
    """Its export of a data set has objects in the place of labels, and paths of its machine."""
    stored = Path(__file__).parents[1] / "evaluation" / "peer_outputs" / "fiftyone-samples.json"
    gallery, file = tmp_path / "gallery", tmp_path / "samples.json"
    file.write_text(stored.read_text().replace("/content/gallery", gallery.as_posix()))
    samples = json.loads(file.read_text())["samples"]
    written(gallery, *(Path(one["filepath"]).relative_to(gallery).as_posix() for one in samples))
    settings = PrepareSettings(labels=str(file), columns={"style": "ground_truth"})
    found = read_source(gallery, settings)
    assert len(found.entries) == 64
    expected = {Path(one["filepath"]).name: one["ground_truth"]["label"] for one in samples}
    assert {Path(entry.id).name: entry.style for entry in found.entries} == expected


def test_a_table_that_names_no_picture_is_refused_and_a_missing_one_set_aside(
    tmp_path: Path,
) -> None:
    table = write_table(tmp_path / "labels.csv")
    with pytest.raises(InputError, match=r"the first, 'x/1\.jpg', was looked for in .*--labels"):
        read_source(table)
    written(tmp_path, "x/1.jpg", "y/3.jpg")
    found = read_source(table)
    assert [entry.id for entry in found.entries] == ["x/1.jpg", "y/3.jpg"]
    assert [(one.id, one.reason) for one in found.skipped] == [
        ("labels.csv, row 3", "no such file: x/2.jpg")
    ]


@pytest.mark.parametrize(
    ("setting", "columns"), [("decisions", "a column decision"), ("rename_styles", "a column to")]
)
def test_columns_that_no_option_maps_are_to_be_renamed(
    tmp_path: Path, setting: str, columns: str
) -> None:
    written(tmp_path / "p", "A/1.jpg", "B/1.jpg")
    (tmp_path / "t.csv").write_text("id,from,x\nA/1.jpg,A,y\n")
    settings = PrepareSettings.model_validate({setting: str(tmp_path / "t.csv")})
    with pytest.raises(InputError, match=f"{columns}; it has id, from, x: name its columns so"):
        read_source(tmp_path / "p", settings)


def test_several_sources_are_named_as_people_write_them(tmp_path: Path) -> None:
    written(tmp_path, "one/A/1.jpg", "two/A/2.jpg")
    with pytest.raises(InputError, match=r"all pictures in \S+one and \S+two are of one style"):
        read_source([tmp_path / "one", tmp_path / "two"], PrepareSettings(merge=True))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "t.csv",
            "Bild Nr;Schule\n1.jpg;A\n",
            'a column path and a column style; it has Bild Nr, Schule: .*--columns path="Bild',
        ),
        ("t.csv", "path,x\n1.jpg,A\n", r"needs a column style; it has path, x: .* style=…"),
        ("t.csv", "", "is empty"),
        ("t.csv", "a/1.jpg,A\n", "the first row of .* already names a picture"),
        (
            "t.csv",
            "path,style,split\n1.jpg,A,later\n2.jpg,B,sooner\n3.jpg,B,sooner\n",
            r"the splits 'sooner' \(2 rows\), 'later' \(1 rows\) are none of train, validation",
        ),
        ("t.jsonl", "[1, 2]\n", "has no rows: t.jsonl, row 1: no object"),
        ("t.jsonl", '{"path": ', "has no rows: t.jsonl, row 1: no JSON"),
        ("t.json", '{"path": "1.jpg"}', "must hold a list of objects"),
        ("t.json", "{", "cannot read the table"),
        ("t.parquet", "PAR1 but no more", "cannot read"),
        (
            "t.xlsx",
            "",
            r"t\.xlsx is a workbook: save the sheet as CSV",
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

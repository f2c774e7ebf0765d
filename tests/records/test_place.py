"""What a path is, and which command takes it."""

from pathlib import Path

import pytest

from impasto import paint
from impasto.collection.collection import open_collection
from impasto.collection.sources import read_source
from impasto.errors import CollectionError, InputError, RunError
from impasto.files import write_json
from impasto.page.export import write_site
from impasto.records.place import place_kind, way_on
from impasto.records.run import open_run


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".json":
            write_json(path, {"kind": "painter"})
        else:
            path.touch()
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("names", "kind", "said"),
    [
        (["run.json"], "run", "a run of kind painter: impasto evaluate"),
        (["collection.json", "pixels.npy"], "collection", "impasto train classifier"),
        (["study.json"], "study", "its runs are not there yet"),
        (["runs/a b/run.json", "collection/collection.json"], "study", "/runs/a b'"),
        (["a/run.json", "b/run.json"], "runs", "a folder of runs: "),
        (["balance.json", "runs/x/run.json"], "comparison", "a comparison of long-tail methods"),
        (["Baroque/a.JPG"], "pictures", "impasto prepare"),
        (["gallery.json", "train/A/a.jpg"], "gallery", "a sample gallery: impasto prepare"),
        (["notes.txt"], "other", ""),
        ([], "empty", ""),
    ],
)
def test_folders_are_known_by_their_marks(
    tmp_path: Path, names: list[str], kind: str, said: str
) -> None:
    folder = made(tmp_path / "my folder", *names)
    assert place_kind(folder) == kind
    text = way_on(folder)
    assert said in text
    assert "impasto" not in text or f"'{folder}'" in text


def test_files_are_known_by_their_endings(tmp_path: Path) -> None:
    made(tmp_path, "a.tiff", "b.csv", "c.docx")
    kinds = [place_kind(tmp_path / name) for name in ("a.tiff", "b.csv", "c.docx", "d.jpg")]
    assert kinds == ["picture", "table", "other", "missing"]


def test_commands_that_need_another_kind_name_the_right_one(tmp_path: Path) -> None:
    pictures = made(tmp_path / "pictures", "Baroque/a.jpg")
    with pytest.raises(CollectionError, match=r"a folder of pictures: impasto prepare .*pictures"):
        open_collection(pictures)
    with pytest.raises(RunError, match=r"a folder of pictures: impasto prepare .*pictures"):
        open_run(pictures)
    collection = made(tmp_path / "c", "collection.json")
    with pytest.raises(RunError, match=r"a collection: impasto train classifier .*/c -o run"):
        open_run(collection)
    with pytest.raises(CollectionError, match=r"a run of kind painter: impasto evaluate .*/r"):
        open_collection(made(tmp_path / "r", "run.json"))


@pytest.mark.parametrize("mark", ["study.json", "run.json", "balance.json"])
def test_results_are_no_source_of_pictures(tmp_path: Path, mark: str) -> None:
    results = made(tmp_path / "mine", mark, "figures/a.png", "site/b.png")
    with pytest.raises(InputError, match="is no source of pictures: it is a"):
        read_source(results)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["run.json"], "is no study: it is a run of kind painter"),
        (["collection.json"], "is no study: it is a collection"),
        (["gallery.json"], "is no study: it is a sample gallery: impasto prepare"),
        (["a.jpg"], "is no study: it is a folder of pictures"),
    ],
)
def test_a_page_is_made_of_a_study_alone(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        write_site(made(tmp_path / "x", *names))
    with pytest.raises(RunError, match="no run and no collection"):
        paint(made(tmp_path / "y", "study.json"), [], tmp_path / "out")

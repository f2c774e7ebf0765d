"""The gallery as a folder: deterministic, resumable, long-tailed, and readable by ``prepare``."""

import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from impasto.collection.sources import read_source
from impasto.config import parse
from impasto.errors import InputError, OutputError, SettingsError
from impasto.gallery.gallery import SampleSettings, class_sizes, paint_gallery, plan
from impasto.gallery.styles import STYLES
from impasto.gallery.subjects import SUBJECTS

SMALL = SampleSettings(pictures=64, pixels=32, artists=2, workers=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "gallery"
    paint_gallery(folder, SMALL)
    return folder


def test_bytes_do_not_depend_on_the_run_or_the_number_of_threads(
    gallery: Path, tmp_path: Path
) -> None:
    paint_gallery(tmp_path / "again", SMALL.model_copy(update={"workers": 3}))
    assert contents(tmp_path / "again") == contents(gallery)
    other = SMALL.model_copy(update={"seed": 1})
    assert {one.path for one in plan(other)} != {one.path for one in plan(SMALL)}


def test_a_resumed_gallery_equals_an_unbroken_one(gallery: Path, tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    paint_gallery(folder, SMALL)
    pictures = sorted(folder.rglob("*.jpg"))
    for path in pictures[::2]:
        path.unlink()
    (pictures[1].parent / ".half.jpg.x1.part").write_bytes(b"cut off")
    kept = {path: path.stat().st_mtime_ns for path in pictures[1::2]}
    summary = paint_gallery(folder, SMALL)
    assert summary.painted == len(pictures[::2])
    assert contents(folder) == contents(gallery)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert paint_gallery(folder, SMALL).painted == 0


def test_the_summary_is_what_lies_there(gallery: Path) -> None:
    summary = paint_gallery(gallery, SMALL)
    found = Counter(path.parent.name for path in gallery.rglob("*.jpg"))
    assert dict(summary.counts) == found
    assert sum(found.values()) == SMALL.pictures
    for path in gallery.rglob("*.jpg"):
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (32, 32))


@pytest.mark.parametrize(
    ("pictures", "imbalance", "share"), [(900, 12.0, 0.2), (64, 12.0, 0.9), (1501, 1.0, 0.33)]
)
def test_class_sizes_have_a_long_tail(pictures: int, imbalance: float, share: float) -> None:
    train, test = class_sizes(
        SampleSettings(pictures=pictures, imbalance=imbalance, test_share=share)
    )
    sizes = list(train.values())
    assert sum(sizes) + test * len(STYLES) == pictures
    assert test >= 1
    assert min(sizes) >= 1
    assert sizes == sorted(sizes, reverse=True)
    if pictures == 900:
        assert 9 < sizes[0] / sizes[-1] < 13
        steps = [b / a for a, b in pairwise(sizes)]
        assert max(abs(step - 12 ** (-1 / 15)) for step in steps) < 0.12
    if imbalance == 1:
        assert max(sizes) - min(sizes) <= 1


def test_subjects_do_not_give_the_style_away() -> None:
    shown: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in plan(SampleSettings()):
        shown[one.path.split("/")[0], one.style][one.subject] += 1
    for counts in shown.values():
        assert max(counts.values()) - min(counts[subject] for subject in SUBJECTS) <= 1


def test_every_style_has_its_artists_and_some_are_guests() -> None:
    settings = SampleSettings()
    by: dict[str, set[str]] = defaultdict(set)
    sides: dict[str, set[str]] = defaultdict(set)
    for one in plan(settings):
        by[one.style].add(one.artist.slug)
        sides[one.artist.slug].add(one.path.split("/")[0])
    assert set(by) == set(STYLES)
    assert all(len(names) == settings.artists for names in by.values())
    styles_of = Counter(name for names in by.values() for name in names)
    assert set(styles_of.values()) == {1, 2}
    assert {"train", "test"} in sides.values()


def test_artists_have_favourites() -> None:
    fits, all_ = 0, 0
    for one in plan(SampleSettings(pictures=3000)):
        fits += one.subject == one.artist.favourite
        all_ += 1
    assert fits / all_ > 1.5 / len(SUBJECTS)


def test_prepare_reads_side_style_artist_and_year(gallery: Path) -> None:
    planned = {one.path: one for one in plan(SMALL)}
    source = read_source(gallery)
    assert source.ignored == 0
    assert not source.mismatches
    assert {entry.id for entry in source.entries} == set(planned)
    for entry in source.entries:
        one = planned[entry.id]
        assert (entry.style, entry.split, entry.artist) == (
            one.style,
            one.path.split("/")[0],
            one.artist.slug,
        )
        first, last = STYLES[one.style].years
        assert entry.year is not None
        assert first <= entry.year <= last
        assert entry.title


def test_no_two_pictures_share_a_file_name() -> None:
    names = Counter(
        one.path.rsplit("/", 1)[1] for one in plan(SampleSettings(pictures=3000, artists=1))
    )
    assert max(names.values()) == 1


def test_other_settings_are_refused_and_other_threads_are_not(gallery: Path) -> None:
    with pytest.raises(OutputError, match=r"begun otherwise \(seed was 0, now 5\)"):
        paint_gallery(gallery, SMALL.model_copy(update={"seed": 5}))
    assert paint_gallery(gallery, SMALL.model_copy(update={"workers": 2})).painted == 0


def test_a_folder_with_other_work_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds other work"):
        paint_gallery(tmp_path, SMALL)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize("content", ["not json", "[]", json.dumps({"format": 99, "settings": {}})])
def test_a_damaged_or_foreign_claim_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "gallery.json").write_text(content)
    with pytest.raises(InputError) as caught:
        paint_gallery(tmp_path, SMALL)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_in_the_way_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError):
        paint_gallery(tmp_path / "file", SMALL)


def test_too_few_pictures_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="pictures"):
        parse(SampleSettings, {"pictures": 10})


def test_progress_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint_gallery(tmp_path / "gallery", SMALL, progress=True)
    shown = capsys.readouterr()
    assert not shown.out
    assert "64/64" in shown.err

"""Originals: found in the source, read at any shape, never another picture's."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.collection.collection import Collection
from impasto.collection.originals import Originals
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.images.decode import decode


def test_a_larger_picture_than_what_is_stored(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=3, test=1, size=64, stored=16)
    found = Originals.of(collection)
    assert sorted(found.known) == list(range(len(collection)))
    row = 2
    file = Path(found.known[row].entry.place or "")
    picture = found.picture(row, (32, 64))
    with Image.open(file) as image:  # the middle half, slowly
        expected = np.asarray(image.convert("RGB").crop((0, 16, 64, 48)).resize((64, 32)), float)
    assert picture.shape == (32, 64, 3)
    assert np.abs(picture.astype(float) - expected).mean() < 4


def test_a_whole_painting_keeps_its_proportions_and_is_never_enlarged(tmp_path: Path) -> None:
    for style in ("Dark", "Light"):
        (tmp_path / "source" / style).mkdir(parents=True)
        for number in range(3):
            seed = [number, style == "Dark"]
            pixels = np.random.default_rng(seed).integers(0, 256, (4, 8, 3), np.uint8)
            image = Image.fromarray(pixels).resize((96, 48), Image.Resampling.BICUBIC)
            image.save(tmp_path / "source" / style / f"{number}.png")
    settings = PrepareSettings(pixels=16, workers=1)
    collection = prepare(tmp_path / "source", tmp_path / "collection", settings)
    found = Originals.of(collection)
    assert found.short(0) == 48
    assert found.whole(0, 24).shape == (24, 48, 3)
    whole = found.whole(0, 500)
    with Image.open(tmp_path / "source" / collection.column("id")[0]) as image:
        assert np.array_equal(whole, np.asarray(image.convert("RGB")))
    shutil.rmtree(tmp_path / "source")
    gone = Originals.of(collection)
    assert gone.short(0) == 16 and np.array_equal(gone.whole(0, 48), collection.pixels[0])


def test_copies_of_the_files_do_and_other_files_do_not(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = picture_folder(train=3, test=1, size=64)
    collection = prepare(source, tmp_path / "collection", PrepareSettings(pixels=16, workers=1))
    moved = tmp_path / "moved"
    shutil.copytree(source, moved, copy_function=shutil.copy)  # with other times
    record = json.loads((collection.path / "collection.json").read_text())
    (collection.path / "collection.json").write_text(
        json.dumps({**record, "sources": [str(moved)]})
    )
    before = Originals.of(collection)
    assert len(before.known) == len(collection)
    large = before.picture(0, (64, 64))
    file = Path(before.known[0].entry.place or "")
    data = bytearray(file.read_bytes())
    data[-30] ^= 255
    file.write_bytes(data)  # of the same size, but not the same
    after = Originals.of(collection).picture(0, (64, 64))
    assert after.shape == large.shape
    assert not np.array_equal(after, large)
    stored = Image.fromarray(np.asarray(collection.pixels[0])).resize(
        (64, 64), Image.Resampling.BICUBIC
    )
    assert np.array_equal(after, np.asarray(stored))
    file.unlink()
    assert 0 not in Originals.of(collection).known


def test_originals_in_two_folders_are_found_whatever_their_names(
    picture_folder: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = picture_folder(train=6, test=2, size=48)
    train, test = tmp_path / "Old and New", tmp_path / "test"
    (source / "train").rename(train)
    (source / "test").rename(test)
    settings = PrepareSettings(pixels=16, workers=1)
    collection = prepare([train, test], tmp_path / "collection", settings)
    found = Originals.of(collection)
    assert (len(found.known), found.missing, found.reason) == (24, 0, "")
    assert not caplog.records
    shutil.rmtree(test / "Bands")
    assert Originals.of(collection).missing == 2
    assert "2 of 24 original files are not in" in caplog.text
    shutil.rmtree(train)
    gone = Originals.of(collection)
    assert (len(gone.known), gone.missing) == (0, 24) and "no folder or file" in gone.reason
    assert "24 of 24 original files are not in" in caplog.text


def test_a_turned_picture_is_cut_as_it_is_seen() -> None:
    """EXIF says that the picture lies on its side: height and width are of what is seen."""
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, :30] = (250, 0, 0)
    image, stream = Image.fromarray(wide), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    image.save(stream, "JPEG", quality=95, exif=exif)
    seen = decode(stream.getvalue(), (48, 16), "crop").pixels
    assert seen.shape == (48, 16, 3)
    assert seen[:20, :, 0].mean() > 200
    assert seen[28:, :, 0].mean() < 50


def test_originals_are_found_whatever_the_source_was_read_with(tmp_path: Path) -> None:
    """Two sources, a table with its own columns, other names of styles and decisions."""
    rng = np.random.default_rng(0)
    for source in ("one", "two"):
        for name in ("a/1.png", "a/2.png", "b/3.png", "b/4.png"):
            (tmp_path / source / name).parent.mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray(rng.integers(0, 255, (40, 40, 3), np.uint8))
            picture.save(tmp_path / source / name)
    rows = "".join(f"{name};{name[0]}\n" for name in ("a/1", "a/2", "b/3", "b/4"))
    (tmp_path / "one/t.csv").write_text("Wo;Was\n" + rows)
    (tmp_path / "names.csv").write_text("from,to\nb,C\n")
    (tmp_path / "decisions.csv").write_text(
        "id,decision,style\ntwo/a/1.png,exclude,\nt/a/1.png,relabel,C\n"
    )
    settings = PrepareSettings(
        pixels=16,
        workers=1,
        columns={"path": "Wo", "style": "Was"},
        rename_styles=str(tmp_path / "names.csv"),
        decisions=str(tmp_path / "decisions.csv"),
    )
    sources = [tmp_path / "one/t.csv", tmp_path / "two"]
    collection = prepare(sources, tmp_path / "collection", settings)
    styles = dict(zip(collection.column("id"), collection.column("style"), strict=True))
    assert styles == {
        **{"t/a/1.png": "C", "t/a/2.png": "a", "t/b/3.png": "C", "t/b/4.png": "C"},
        **{"two/a/2.png": "a", "two/b/3.png": "C", "two/b/4.png": "C"},
    }
    assert len(Originals.of(collection).known) == 7
    plain = PrepareSettings(pixels=16, workers=1)
    joined = prepare([tmp_path / "collection", tmp_path / "two"], tmp_path / "joined", plain)
    # The first stands for its sources, read as they were; the second names a file of them again
    assert sorted(joined.column("id")) == [
        *(f"collection/{id_}" for id_ in sorted(styles)),
        "two/a/1.png",
    ]
    assert joined.column("style")[joined.column("id").index("collection/t/b/3.png")] == "C"

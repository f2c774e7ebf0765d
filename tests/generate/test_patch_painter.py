"""Painting from a collection without training: references, records, and what is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import impasto
from impasto.collection.collection import Collection
from impasto.collection.originals import Originals
from impasto.errors import InputError, RunError, VocabularyError
from impasto.generate import patch_painter, references
from impasto.generate.patch_painter import PatchPainter
from impasto.generate.references import ReferenceBank
from impasto.generate.repaint import PatchSettings, repaint_from_collection, repaint_like


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(train=(14, 10, 8), test=3, size=48, stored=48, artists=2)


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = np.random.default_rng(7).integers(0, 256, (6, 9, 3), np.uint8)
    path = tmp_path_factory.mktemp("photographs") / "boat.png"
    Image.fromarray(pixels).resize((90, 60), Image.Resampling.BICUBIC).save(path)
    return path


def own_share(collection: Collection, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities that grow with the row."""
    shares = np.zeros((len(rows), len(collection.vocabulary)))
    shares[np.arange(len(rows)), collection.labels[rows]] = rows / len(collection)
    return shares


def test_the_bank_holds_the_most_typical_training_pictures(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "BANK", 4)
    bank = ReferenceBank.of(collection, lambda rows: own_share(collection, rows))
    train = collection.indices("train")
    for style, rows in enumerate(bank.rows):
        own = train[collection.labels[train] == style]
        assert rows.tolist() == sorted(own.tolist(), reverse=True)[:4]


def test_light_and_dark_of_the_first_reference_lie_where_the_source_has_them(
    make_collection: Callable[..., Collection],
) -> None:
    collection = make_collection(train=6, test=1, size=32, stored=32, seed=3)
    bank = ReferenceBank.of(collection, lambda rows: own_share(collection, rows))
    rising = np.broadcast_to(np.linspace(40, 210, 32)[:, None, None], (32, 32, 3))
    forms = [rising, rising[::-1], rising.swapaxes(0, 1), rising[::-1].swapaxes(0, 1)]
    pixels, rng = np.array(collection.pixels), np.random.default_rng(0)
    for row, form in zip(bank.rows[1], forms, strict=False):
        pixels[row] = (form + rng.normal(0, 20, form.shape)).clip(0, 255)
    collection.__dict__["pixels"] = pixels  # a cached property of a frozen dataclass
    for row, form in zip(bank.rows[1], forms, strict=False):
        source = (form + rng.normal(0, 20, form.shape)).clip(0, 255).astype(np.uint8)
        assert bank.choose(1, source, 2)[0] == row


@pytest.mark.parametrize("change", ["itself", "mirrored", "recompressed", "enlarged", "file"])
def test_a_picture_is_never_its_own_reference(
    collection: Collection, change: str, tmp_path: Path
) -> None:
    bank = ReferenceBank.of(collection, lambda rows: own_share(collection, rows))
    row = int(bank.rows[0][2])
    source = np.asarray(collection.pixels[row])
    exclude = None
    if change == "mirrored":
        source = np.ascontiguousarray(source[:, ::-1])
    elif change == "recompressed":
        Image.fromarray(source).save(tmp_path / "a.jpg", quality=60)
        source = np.asarray(Image.open(tmp_path / "a.jpg"))
    elif change == "enlarged":
        source = np.asarray(Image.fromarray(source).resize((200, 200)))
    elif change == "file":  # a picture that looks like nothing, in a file known by its content
        exclude = collection.column("sha256")[row]
        source = np.random.default_rng(0).integers(0, 256, source.shape, np.uint8)
    chosen = bank.choose(0, source, len(bank.rows[0]), exclude=exclude)
    assert row not in chosen and len(chosen) >= 1


def test_grey_paintings_are_no_references_of_a_coloured_source(
    make_collection: Callable[..., Collection],
) -> None:
    collection = make_collection(train=12, test=1, size=32, stored=32)
    pixels = np.array(collection.pixels)
    bank = ReferenceBank.of(collection, lambda rows: own_share(collection, rows))
    greyed = bank.rows[0][:4]
    pixels[greyed] = pixels[greyed].mean(-1, keepdims=True).astype(np.uint8)
    collection.__dict__["pixels"] = pixels  # a cached property of a frozen dataclass
    source = np.array(pixels[bank.rows[1][0]])
    source[..., 0] = 255 - source[..., 0]
    chosen = bank.choose(0, source, 3)
    assert not set(chosen.tolist()) & set(greyed.tolist())


def test_painted_from_a_collection_with_a_record_and_its_references(
    collection: Collection, photograph: Path, tmp_path: Path
) -> None:
    settings = PatchSettings(styles=("Bands", "Columns"), pixels=48, show_references=True)
    made = repaint_from_collection(collection, photograph, settings, output=tmp_path / "out")
    assert [one.style for one in made] == ["Bands", "Columns"]
    for one in made:
        with Image.open(one.path) as image:
            assert image.size == (72, 48)
        told = json.loads(one.path.with_suffix(".json").read_text())
        assert told["collection"] == "collection" and told["run"] is None
        assert told["finish"] == "patches" and told["boldness"] == 2
        ids = dict(zip(collection.column("id"), collection.column("split"), strict=True))
        for reference in told["references"]:
            assert reference["style"] == one.style and ids[reference["painting"]] == "train"
            assert reference["artist"].endswith(("painter-0", "painter-1"))
        with Image.open(one.path.with_suffix(".references.png")) as sheet:
            assert sheet.width >= 4 * 192
    assert (tmp_path / "out" / "grid.png").is_file()
    (again, _) = repaint_from_collection(collection, photograph, settings, output=tmp_path / "two")
    assert again.path.read_bytes() == made[0].path.read_bytes()


def test_colours_of_the_style_come_over(collection: Collection, photograph: Path) -> None:
    painter = PatchPainter.of_collection(collection)
    source = np.asarray(Image.open(photograph).convert("RGB"))
    train = collection.indices("train")
    middles = [
        np.asarray(collection.pixels[train[collection.labels[train] == style]]).mean((0, 1, 2))
        for style in range(3)
    ]
    for style in range(3):
        mean = painter.paint(source, style).pixels.mean((0, 1))
        away = [float(np.linalg.norm(mean - middle)) for middle in middles]
        assert int(np.argmin(away)) == style


def test_a_mixture_takes_references_of_both(collection: Collection, photograph: Path) -> None:
    painter = PatchPainter.of_collection(collection)
    source = np.asarray(Image.open(photograph).convert("RGB"))
    made = painter.paint(source, {0: 0.7, 2: 0.3})
    styles = collection.labels[made.rows].tolist()
    assert styles.count(0) == 3 and styles.count(2) == 1
    assert made.shares.sum() == pytest.approx(1) and len(made.references) == 4


def test_originals_lend_more_pixels_than_are_stored(
    make_collection: Callable[..., Collection],
) -> None:
    collection = make_collection(train=6, test=1, size=96, stored=32)
    source = np.random.default_rng(0).integers(0, 256, (96, 120, 3), np.uint8)
    stored = PatchPainter.of_collection(collection).paint(source, 0)
    whole = PatchPainter.of_collection(collection, originals=Originals.of(collection))
    large = whole.paint(source, 0)
    assert {one.shape for one in stored.references} == {(32, 32, 3)}
    assert {one.shape for one in large.references} == {(96, 96, 3)}
    assert len(stored.references) > len(large.references) == patch_painter.FEWEST


def test_the_bank_is_kept_and_made_anew_for_other_pictures(
    make_collection: Callable[..., Collection], monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = make_collection(train=6, test=1)
    first = PatchPainter.of_collection(collection).bank
    assert (collection.path / patch_painter.BANK).is_file()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the bank was made anew")

    monkeypatch.setattr(patch_painter, "fit_handmade_classifier", refuse)
    again = PatchPainter.of_collection(collection).bank
    assert all(np.array_equal(a, b) for a, b in zip(first.rows, again.rows, strict=True))
    splits = list(collection.column("split"))
    splits[int(collection.indices("train")[0])] = "test"
    with pytest.raises(AssertionError, match="made anew"):
        PatchPainter.of_collection(collection.with_splits(splits))


def test_any_pictures_can_be_the_references(
    collection: Collection, photograph: Path, tmp_path: Path
) -> None:
    lent = tmp_path / "lent.png"
    Image.fromarray(np.asarray(collection.pixels[0])).save(lent)
    settings = PatchSettings(references=(lent,), pixels=48)
    (made,) = repaint_like(photograph, settings, output=tmp_path / "out")
    assert made.path == tmp_path / "out" / "references" / "boat.png"
    assert [(one.painting, one.share) for one in made.references] == [(str(lent), 1.0)]
    assert made.style is None and made.weights == {}
    with pytest.raises(InputError, match="leave --style and --mix out"):
        repaint_like(
            photograph, settings.model_copy(update={"styles": ("Bands",)}), output=tmp_path / "o"
        )


def test_narrow_references_are_left_out_by_name(photograph: Path, tmp_path: Path) -> None:
    wide = np.random.default_rng(0).integers(0, 256, (8, 4000, 3), np.uint8)
    Image.fromarray(wide).save(tmp_path / "strip.png")
    said: list[str] = []
    settings = PatchSettings(references=(tmp_path / "strip.png", photograph), pixels=48)
    (made,) = repaint_like(photograph, settings, output=tmp_path / "out", on_skip=said.append)
    assert [one.painting for one in made.references] == [str(photograph)]
    assert len(said) == 1 and "strip.png is left out: a reference has 16 pixels" in said[0]
    alone = settings.model_copy(update={"references": (tmp_path / "strip.png",)})
    with pytest.raises(InputError, match="no reference has 16 pixels or more a side"):
        repaint_like(photograph, alone, output=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_collection_of_tiny_pictures_lends_patches_all_the_same(
    make_collection: Callable[..., Collection],
) -> None:
    collection = make_collection(train=6, test=1, size=16, stored=8)
    source = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)
    made = PatchPainter.of_collection(collection).paint(source, 0)
    assert made.pixels.shape == source.shape
    assert {one.shape for one in made.references} == {(16, 16, 3)}


def test_paint_takes_a_collection_as_object_path_and_text(
    collection: Collection, photograph: Path, tmp_path: Path
) -> None:
    marks = set()
    for number, given in enumerate((collection, collection.path, str(collection.path))):
        output = tmp_path / str(number)
        (made,) = impasto.paint(given, str(photograph), output, styles=["Bands"], pixels=32)
        marks.add(hashlib.sha256(made.path.read_bytes()).hexdigest())
    assert len(marks) == 1
    lent = [str(photograph)]
    (made,) = impasto.paint(None, photograph, tmp_path / "n", references=lent, pixels=32)
    assert made.style is None


def test_refused_in_one_line(collection: Collection, photograph: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with pytest.raises(VocabularyError, match="unknown style 'Baroque'"):
        impasto.paint(collection, photograph, output, styles=["Baroque"])
    with pytest.raises(InputError, match="no style to paint in"):
        impasto.paint(collection, photograph, output)
    with pytest.raises(InputError, match="a collection paints pictures anew: name some"):
        impasto.paint(collection, (), output, styles=["Bands"])
    with pytest.raises(InputError, match="name one of them to paint with"):
        impasto.paint(None, photograph, output)
    with pytest.raises(RunError):
        impasto.paint(tmp_path, photograph, output, styles=["Bands"])
    assert not output.exists()


def test_the_terminal_names_the_paintings_that_lent_patches(
    collection: Collection, photograph: Path, tmp_path: Path
) -> None:
    (made,) = impasto.paint(collection, photograph, tmp_path, styles=["Bands"], pixels=32)
    first, second = made.references
    assert made.label == (
        f"Bands; patches of {first.title} {round(100 * first.share)} %, "
        f"{second.title} {round(100 * second.share)} %"
    )


def test_all_styles_are_those_with_training_pictures(
    make_collection: Callable[..., Collection], photograph: Path, tmp_path: Path
) -> None:
    collection = make_collection(train=(8, 6, 0), test=3, size=48, stored=48)
    told: list[str] = []
    settings = PatchSettings(styles=("all",), pixels=48)
    made = repaint_from_collection(
        collection, photograph, settings, output=tmp_path / "out", on_skip=told.append
    )
    assert [one.style for one in made] == ["Bands", "Columns"]
    assert told == ["left out, without training pictures: Diagonals"]

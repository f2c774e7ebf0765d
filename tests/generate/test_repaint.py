"""Painting with a painter's run: any picture in, the same aspect out, with a record of it."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.collection.collection import Collection, open_collection
from impasto.collection.disjoint_halves import disjoint_halves
from impasto.config import parse
from impasto.errors import InputError, SettingsError, VocabularyError
from impasto.files import write_text
from impasto.files.checksums import CHECKSUMS
from impasto.generate import tiles as module
from impasto.generate.repaint import (
    RepaintSettings,
    repaint,
    target_weights,
)
from impasto.generate.text_to_image import DiffuseSettings
from impasto.generate.tiles import paint_in_tiles
from impasto.images.contact_sheet import contact_sheet
from impasto.models.painter import Painter, PainterConfig
from impasto.records.run import Run
from impasto.training.painter.settings import EvaluatorSettings, PainterSettings
from impasto.training.painter.train import train_painter


@pytest.fixture(scope="module")
def run(
    make_collection: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    collection = make_collection(
        train=(16, 16, 16), test=3, size=48, stored=48, validation_share=0.2
    )
    quick: dict[str, Any] = {
        "size": "tiny",
        "epochs": 1,
        "batch_size": 8,
        "resolution": 48,
        "embedding": 8,
    }
    settings = PainterSettings(
        **quick,
        evaluator=EvaluatorSettings(epochs=0),
        feature_weight=0,
        style_weight=0,
        precision="float32",
        device="cpu",
    )
    return train_painter(collection, tmp_path_factory.mktemp("runs") / "painter", settings)


def picture(path: Path, width: int, height: int, seed: int = 0, **more: Any) -> Path:
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    Image.fromarray(coarse).resize((width, height)).save(path, **more)
    return path


@pytest.mark.parametrize(("width", "height"), [(300, 200), (50, 170), (48, 48), (20, 30)])
def test_the_same_aspect_comes_out(run: Run, tmp_path: Path, width: int, height: int) -> None:
    source = picture(tmp_path / "boat.png", width, height)
    made = repaint(
        run.path,
        source,
        RepaintSettings(styles=("Columns",), device="cpu"),
        output=tmp_path / "out",
    )
    assert [one.path for one in made] == [tmp_path / "out" / "Columns" / "boat.png"]
    with Image.open(made[0].path) as image:
        assert min(image.size) == 48
        assert image.width / image.height == pytest.approx(width / height, rel=0.02)
    told = json.loads(made[0].path.with_suffix(".json").read_text())
    assert (
        told["weights"] == {"Columns": 1.0}
        and told["style"] == "Columns"
        and told["strength"] == 1.0
    )
    assert told["run_weights"] == run.weights_fingerprint and told["size"] == list(image.size)


def test_a_turned_photograph_is_painted_upright(run: Run, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    source = picture(tmp_path / "tower.jpg", 200, 100, exif=exif)
    made = repaint(
        run.path, source, RepaintSettings(styles=("Bands",), device="cpu"), output=tmp_path / "out"
    )
    with Image.open(made[0].path) as image:
        assert image.height == 2 * image.width


def test_a_folder_times_all_styles_is_a_grid(run: Run, tmp_path: Path) -> None:
    for number in range(2):
        picture(tmp_path / f"{number}.png", 60, 48, number)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    said: list[str] = []
    settings = RepaintSettings(styles=("all",), device="cpu")
    made = repaint(run.path, tmp_path, settings, output=tmp_path / "out", on_skip=said.append)
    assert {one.style for one in made} == {"Bands", "Columns", "Diagonals"} and len(made) == 6
    assert (tmp_path / "out" / "grid.png").is_file()
    assert len(said) == 1 and "broken.png is left out" in said[0]


def test_two_pictures_of_one_name_do_not_overwrite_each_other(run: Run, tmp_path: Path) -> None:
    for number, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        picture(tmp_path / folder / "same.png", 48, 48, number)
    made = repaint(
        run.path,
        [tmp_path / "a", tmp_path / "b"],
        RepaintSettings(styles=("Bands",), device="cpu"),
        output=tmp_path / "o",
    )
    assert [one.path.name for one in made] == ["same.png", "same-2.png"]


def test_styles_called_anything_are_painted_within_the_folder(run: Run, tmp_path: Path) -> None:
    hostile = Path(shutil.copytree(run.path, tmp_path / "run"))
    record = json.loads((hostile / "run.json").read_text())
    record["styles"] = ["../../escaped", "GRID.png", "grid.PNG"]
    write_text(hostile / "run.json", json.dumps(record))
    source, output = picture(tmp_path / "..one.png", 48, 48), tmp_path / "deep" / "er" / "out"
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    settings = RepaintSettings(styles=("all",), finish="none", device="cpu")
    made = repaint(hostile, source, settings, output=output)
    assert [one.style for one in made] == record["styles"]
    found = {path for path in tmp_path.rglob("*") if path.is_file()}
    written = {path for path in found - before if path.name != CHECKSUMS}
    assert len(written) == 7 and {one.path for one in made} | {output / "grid.png"} <= written
    assert all(path.resolve().is_relative_to(output.resolve()) for path in written)
    assert len({one.path.parent.name.casefold() for one in made} | {"grid.png"}) == 4


def test_a_mixture_lies_between_and_strength_leads_there(run: Run, tmp_path: Path) -> None:
    source = picture(tmp_path / "boat.png", 64, 48)

    def made(**settings: Any) -> np.ndarray[Any, Any]:
        given = RepaintSettings(device="cpu", finish="none", **settings)
        (one,) = repaint(run.path, source, given, output=tmp_path / "out")
        return np.asarray(Image.open(one.path)).astype(float)

    whole, none = made(styles=("Bands",)), made(styles=("Bands",), strength=0)
    assert np.array_equal(none, made(styles=("Columns",), strength=0))  # no style is no style
    assert np.array_equal(made(mix="Bands:2"), whole)  # weights are scaled to 1
    assert not np.array_equal(made(mix="Bands:0.5,Columns:0.5"), whole)
    assert (tmp_path / "out" / "Bands-0.5+Columns-0.5" / "boat.png").is_file()
    assert np.abs(made(styles=("Bands",), strength=0.5) - whole).sum() < np.abs(none - whole).sum()


def test_kept_colours_are_the_pictures(run: Run, tmp_path: Path) -> None:
    source = picture(tmp_path / "boat.png", 48, 48)
    settings = RepaintSettings(styles=("Bands",), keep_colour=True, device="cpu")
    (one,) = repaint(run.path, source, settings, output=tmp_path / "out")
    mine, theirs = (Image.open(path).convert("YCbCr") for path in (one.path, source))
    shifts = [
        np.asarray(a, float) - np.asarray(b, float)
        for a, b in zip(mine.split(), theirs.split(), strict=True)
    ]
    assert (
        np.median(np.abs(shifts[1])) <= 2 and np.median(np.abs(shifts[2])) <= 2
    )  # where no colour is cut off
    assert np.abs(shifts[0]).mean() > 2


def test_patches_finish_the_painters_picture_and_say_where_they_come_from(
    run: Run, tmp_path: Path
) -> None:
    source = picture(tmp_path / "boat.png", 64, 48)
    made = {}
    for finish in ("patches", "none"):
        settings = RepaintSettings(styles=("Bands",), finish=finish, device="cpu")
        (made[finish],) = repaint(run.path, source, settings, output=tmp_path / finish)
    with Image.open(made["patches"].path) as with_patches, Image.open(made["none"].path) as without:
        assert with_patches.size == without.size == (64, 48)
        assert not np.array_equal(np.asarray(with_patches), np.asarray(without))
    assert made["none"].references == () and made["none"].boldness is None
    borrowed = made["patches"].references
    assert {one.style for one in borrowed} == {"Bands"} and len(borrowed) == 2
    assert sum(one.share for one in borrowed) == pytest.approx(1, abs=0.001)
    half, _ = disjoint_halves(open_collection(run.collection["path"]), run.settings["seed"])
    taught = {half.column("id")[row] for row in half.indices("train")}
    assert {one.painting for one in borrowed} <= taught  # of its own half alone


class Doubling(Painter):
    """A painter whose work can be foretold."""

    def forward(self, x: torch.Tensor, weights: torch.Tensor, *place: object) -> torch.Tensor:
        return x / 2 + weights.sum() / 4


def test_tiles_make_one_picture_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = Doubling(PainterConfig(2, "tiny", "modulation", 8)).eval()
    whole = np.random.default_rng(0).integers(0, 256, (90, 131, 3), np.uint8)
    expected = paint_in_tiles(painter, whole, torch.tensor([1.0, 0.0]))
    assert expected.shape == whole.shape
    assert np.abs((whole / 127.5 - 1) / 2 + 0.25 - (expected / 127.5 - 1)).max() < 0.01
    monkeypatch.setattr(module, "TILE", 32)
    monkeypatch.setattr(module, "OVERLAP", 8)
    tiled = paint_in_tiles(painter, whole, torch.tensor([1.0, 0.0]))
    assert np.abs(tiled.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("side", [31, 32, 33, 57, 100, 4096])
def test_tiles_cover_every_pixel_and_overlap(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TILE", 32)
    monkeypatch.setattr(module, "OVERLAP", 8)
    padded = side + -side % 4
    starts = module._starts(padded)
    assert starts[0] == 0 and all(start % 4 == 0 for start in starts)
    assert starts[-1] + 32 >= padded and (len(starts) == 1 or starts[-1] + 32 == padded)
    assert all(later - earlier <= 32 - 4 for earlier, later in pairwise(starts))


def test_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    source = picture(tmp_path / "boat.png", 48, 48)
    with pytest.raises(
        InputError, match=r"no style to paint in: name some with --style, or all \(Bands"
    ):
        repaint(run.path, source, RepaintSettings(device="cpu"), output=tmp_path / "out")
    with pytest.raises(VocabularyError, match="unknown style 'Baroque'"):
        repaint(
            run.path,
            source,
            RepaintSettings(styles=("Baroque",), device="cpu"),
            output=tmp_path / "out",
        )
    for text in ("Bands", "Bands:x", "Bands:0", "Bands:-1", ":0.3", "Bands:nan", "Bands:inf"):
        with pytest.raises(SettingsError, match=r"it is written as Baroque:0\.7,Ukiyo_e:0\.3"):
            target_weights(run.styles, RepaintSettings(mix=text))
    with pytest.raises(InputError, match="no such picture"):
        repaint(
            run.path,
            tmp_path / "none.png",
            RepaintSettings(styles=("Bands",)),
            output=tmp_path / "out",
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("cls", [RepaintSettings, DiffuseSettings])
def test_the_earlier_name_of_pixels_is_read(
    cls: type[RepaintSettings | DiffuseSettings], caplog: pytest.LogCaptureFixture
) -> None:
    assert parse(cls, {"size": 96}, "paint.toml").pixels == 96
    assert caplog.messages == ["paint.toml: size is now called pixels"]


def test_labels_are_cut_to_their_column() -> None:
    pictures = [Image.new("RGB", (30, 10), "red"), Image.new("RGB", (10, 30), "blue")]
    heads = ["Naive_Art_Primitivism_of_the_very_far_north", "Short"]
    sheet = contact_sheet([pictures], heads=heads, sides=["row"], cell=64)
    pixels = np.asarray(sheet)
    red, blue = ((pixels == colour).all(2) for colour in ((255, 0, 0), (0, 0, 255)))
    assert red.sum() == 64 * 21 and blue.sum() == 21 * 64
    assert red.any(0).nonzero()[0].max() < blue.any(0).nonzero()[0].min()

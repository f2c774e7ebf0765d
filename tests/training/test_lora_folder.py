"""A folder of pictures of one style is enough to fine-tune on, and what it held is held to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError, RunError
from impasto.records import finding as findings
from impasto.training.lora.data import Taught
from impasto.training.lora.folder import open_training_folder
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.task import LoraTask

from .conftest import break_off

QUICK: dict[str, Any] = {
    "epochs": 2, "epoch_pictures": 8, "batch_size": 2, "rank": 2, "resolution": 32,
    "warmup_steps": 1, "preview_every": 0, "device": "cpu", "learning_rate": 0.01,
}  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six pictures of one style in kohya's layout, four of them with captions."""
    folder = tmp_path / "10_zebra"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(0, 255, (40, 48, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.bmp")
        if number < 4:
            (folder / f"{number}.txt").write_text(f"picture {number}")
    (folder / "raw.cr2").write_bytes(b"")
    return folder


def test_a_folder_is_taught_as_it_lies_and_what_is_left_out_is_named(
    pictures: Path, tiny_base: Callable[..., Path], tmp_path: Path
) -> None:
    notes: list[str] = []
    run = impasto.train_lora(
        pictures, tmp_path / "run", base=str(tiny_base()), trigger="zx", announce=notes.append,
        **QUICK,
    )  # fmt: skip
    assert run.state == "done"
    assert run.styles == ("zebra",)
    assert run.facts["written_captions"] == 4
    assert run.facts["best_loss"] is None
    text = " ".join(notes)
    for part in ("6 pictures of zebra", "4 captions from files", "2 pictures without a caption",
                 "60 pictures a pass", "no held-out loss", ".cr2"):  # fmt: skip
        assert part in text, part
    outcomes = {f.code: f.outcome for f in findings.load(run.path / "findings.json")}
    assert outcomes == {
        "IMP202": "not applicable", "IMP601": "not applicable", "IMP602": "passed",
        "IMP606": "passed",
    }  # fmt: skip
    assert "no held-out loss" in (run.path / "README.md").read_text()
    # The last weights are kept; painting takes the trigger word for the style
    painted = impasto.paint(
        run, (), tmp_path / "out", prompt="a boat", styles=["zebra"], steps=2, device="cpu"
    )
    assert "zx" in json.loads(painted[0].path.with_suffix(".json").read_text())["caption"]


def test_captions_fall_back_on_the_template_and_get_the_trigger(
    pictures: Path, tmp_path: Path
) -> None:
    given = open_training_folder(pictures, tmp_path / "run")
    settings = LoraSettings(base="x", trigger="zx", caption="art of {style}")
    taught = Taught.of(given.collection, settings, given)
    ids = given.collection.column("id")
    assert {ids[row]: text for row, text in taught.captions.items()} == {
        **{f"{number}.bmp": f"zx, picture {number}" for number in range(4)},
        **{f"{number}.bmp": "art of zx" for number in (4, 5)},
    }
    assert taught.pictures == 60
    assert not len(taught.held)


def test_repeats_are_how_often_a_picture_is_drawn(pictures: Path, tmp_path: Path) -> None:
    source = tmp_path / "img"
    source.mkdir()
    pictures.rename(source / "10_zebra")
    other = source / "2_plain"
    other.mkdir()
    Image.new("RGB", (40, 48), "navy").save(other / "one.bmp")
    given = open_training_folder(source, tmp_path / "run")
    taught = Taught.of(given.collection, LoraSettings(base="x"), given)
    shares = taught.shares("inverse-frequency")
    by_id = dict(zip(given.collection.column("id"), shares / shares.sum(), strict=True))
    assert by_id["2_plain/one.bmp"] == pytest.approx(2 / 62)
    assert by_id["10_zebra/0.bmp"] == pytest.approx(10 / 62)


def test_changed_captions_and_pictures_are_refused_on_resume(
    pictures: Path, tiny_base: Callable[..., Path], tmp_path: Path
) -> None:
    def train() -> Any:
        return impasto.train_lora(pictures, tmp_path / "run", base=str(tiny_base()), **QUICK)

    break_off(train, LoraTask, "loss", 3)
    before = (pictures / "0.txt").read_text()
    (pictures / "0.txt").write_text("another caption")
    with pytest.raises(RunError, match="started with other captions"):
        train()
    (pictures / "0.txt").write_text(before)
    kept = (pictures / "5.bmp").read_bytes()
    Image.new("RGB", (48, 40), "navy").save(pictures / "5.bmp")
    with pytest.raises(RunError, match="another state"):
        train()
    (pictures / "5.bmp").write_bytes(kept)
    assert train().state == "done"
    (pictures / "0.txt").write_text("another caption")  # a finished run is of its captions, too
    with pytest.raises(RunError, match="started with other captions"):
        train()
    moved = pictures.rename(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="was trained on the pictures in"):
        impasto.train_lora(moved, tmp_path / "run", base=str(tiny_base()), **QUICK)


def test_captions_are_read_before_the_base_is_opened(pictures: Path, tmp_path: Path) -> None:
    table = tmp_path / "captions.csv"
    table.write_text("file_name,text\n0.bmp,one\n")
    with pytest.raises(InputError, match=r"no caption for 5 of 6"):
        impasto.train_lora(
            pictures, tmp_path / "run", base=str(tmp_path / "no-base"), captions=str(table),
            **QUICK,
        )  # fmt: skip

"""Paint writes what diffusers alone would paint, in every target style, with a record."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from safetensors.torch import load_file, save_file

from impasto.collection.collection import Collection
from impasto.diffusion.base import open_base
from impasto.diffusion.sampling import Sampling, sample
from impasto.errors import InputError, RunError, SettingsError
from impasto.files import write_text
from impasto.generate.text_to_image import DiffuseSettings, diffuse
from impasto.records.run import Run
from impasto.training.lora import task as lora_task
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.train import train_lora

QUICK: dict[str, Any] = {"steps": 3, "device": "cpu", "guidance": 2.0}
PLAIN = """
import json, sys
import torch
from diffusers import DiffusionPipeline
torch.set_num_threads(1)
how = json.load(open(sys.argv[1]))
pipeline = DiffusionPipeline.from_pretrained(how["base"])
pipeline.load_lora_weights(sys.argv[2], weight_name="pytorch_lora_weights.safetensors")
pipeline(prompt=how["caption"], num_inference_steps=how["steps"], guidance_scale=how["guidance"],
         height=how["size"][0], width=how["size"][1],
         generator=torch.Generator().manual_seed(how["seed"])).images[0].save(sys.argv[3])
"""


@pytest.fixture(scope="module")
def run(
    make_collection: Callable[..., Collection],
    tiny_base: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lora_task, "DRAWS", 8)
        settings = LoraSettings(
            base=str(tiny_base()),
            epochs=1,
            epoch_pictures=12,
            rank=4,
            resolution=32,
            learning_rate=0.1,
            warmup_steps=0,
            preview_every=0,
            buckets=False,
            device="cpu",
            held_out=4,
            ema_decay=0.0,
            keep="last",
        )
        return train_lora(
            make_collection(train=6, test=2), tmp_path_factory.mktemp("lora") / "run", settings
        )


def apart(one: Path, other: Path) -> int:
    """The largest difference of two pictures, in levels of 255."""
    return max(
        most for _, most in ImageChops.difference(Image.open(one), Image.open(other)).getextrema()
    )


def test_diffusers_alone_paints_the_same(run: Run, tmp_path: Path) -> None:
    asked = DiffuseSettings(prompt="a boat", styles=("bands",), seed=7, **QUICK)
    painted = diffuse(run.path, (), asked, output=tmp_path)
    assert [one.path for one in painted] == [tmp_path / "Bands" / "a-boat-7.png"]
    how = json.loads((tmp_path / "Bands" / "a-boat-7.json").read_text())
    assert how["caption"] == "a painting in the style of bands, a boat"
    adapter = (run.path / "pytorch_lora_weights.safetensors").read_bytes()
    assert how["adapter_sha256"] == hashlib.sha256(adapter).hexdigest()
    (tmp_path / "plain.py").write_text(PLAIN)
    words = [
        sys.executable,
        tmp_path / "plain.py",
        painted[0].path.with_suffix(".json"),
        run.path,
        tmp_path / "p.png",
    ]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    # A matrix product may round otherwise where its numbers lie otherwise in memory: one level of
    # 255, no more
    assert apart(tmp_path / "p.png", painted[0].path) <= 1
    bare = diffuse(run.path, (), asked.model_copy(update={"scale": 0.0}), output=tmp_path / "bare")[
        0
    ].path
    assert apart(bare, painted[0].path) > 9


def test_scale_0_is_the_base_and_1_is_not(run: Run, tmp_path: Path) -> None:
    def at(scale: float) -> Image.Image:
        asked = DiffuseSettings(prompt="a boat", scale=scale, **QUICK)
        return Image.open(diffuse(run.path, (), asked, output=tmp_path / str(scale))[0].path)

    base = open_base(run.settings["base"])
    bare = sample(base, {"prompt": ["a boat"]}, [0], Sampling(3, 2.0, (32, 32)))[0]
    assert at(0.0).tobytes() == bare.tobytes()
    assert at(1.0).tobytes() != bare.tobytes()
    assert at(0.5).tobytes() not in (bare.tobytes(), at(1.0).tobytes())


def test_a_grid_over_styles_and_pictures_to_begin_with(
    run: Run, tmp_path: Path, picture_folder: Any
) -> None:
    picture = next(picture_folder(train=1, test=1).rglob("*.jpg"))
    settings = DiffuseSettings(styles=("all",), number=2, strength=0.5, **QUICK)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    left: list[str] = []
    painted = diffuse(
        run.path,
        [picture, tmp_path / "broken.jpg"],
        settings,
        output=tmp_path / "out",
        on_skip=left.append,
    )
    assert {one.style for one in painted} == set(run.styles)
    assert len({one.path.read_bytes() for one in painted}) == 6
    assert (tmp_path / "out" / "Columns" / f"{picture.stem}-1.png").is_file()
    with Image.open(tmp_path / "out" / "grid.png") as sheet:
        assert sheet.size == (3 * 34 - 2, 2 * 34 - 2)
    assert len(left) == 1
    assert "broken.jpg is left out" in left[0]
    assert painted[0].strength == 0.5
    # With little strength, the picture to begin with is nearly kept
    gentle = DiffuseSettings(styles=("bands",), strength=0.01, **{**QUICK, "steps": 100})
    kept = diffuse(run.path, [picture], gentle, output=tmp_path / "kept")
    free = diffuse(run.path, (), gentle, output=tmp_path / "free")
    assert kept[0].path.read_bytes() != free[0].path.read_bytes()


def test_an_adapter_of_another_base_is_refused(
    run: Run, tiny_base: Callable[..., Path], tmp_path: Path
) -> None:
    settings = DiffuseSettings(prompt="a boat", base=str(tiny_base("tiny", 1)), **QUICK)
    with pytest.raises(RunError, match="is of another base"):
        diffuse(run.path, (), settings, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_painted_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to paint"):
        diffuse(run.path, (), DiffuseSettings(**QUICK), output=tmp_path)
    with pytest.raises(
        SettingsError, match="was not trained on Cubism: it knows Bands, Columns, Diagonals"
    ):
        diffuse(run.path, (), DiffuseSettings(styles=("Cubism",), **QUICK), output=tmp_path)
    with pytest.raises(RunError, match="no run in"):
        diffuse(tmp_path / "none", (), DiffuseSettings(prompt="a boat", **QUICK), output=tmp_path)
    with pytest.raises(InputError, match="no such picture"):
        asked = DiffuseSettings(prompt="a boat", **QUICK)
        diffuse(run.path, [tmp_path / "no.jpg"], asked, output=tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of the pictures"):
        diffuse(run.path, [tmp_path / "broken.jpg"], asked, output=tmp_path)


def test_pictures_in_folders_are_repainted_with_their_proportions(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (120, 81), "navy").save(tmp_path / "in" / "wide.png")
    Image.new("RGB", (30, 60), "olive").save(tmp_path / "in" / "tall.jpg")
    asked = DiffuseSettings(styles=("bands",), strength=0.4, **QUICK)
    painted = diffuse(run.path, tmp_path / "in", asked, output=tmp_path / "out")
    assert {one.path.name: one.size for one in painted} == {
        "tall-0.png": (32, 64),
        "wide-0.png": (48, 32),
    }
    for one in painted:
        with Image.open(one.path) as image:
            assert image.size == one.size


def test_a_folder_of_a_run_for_each_style_paints_each_with_its_own(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "several"
    for number, style in enumerate(("Bands", "Columns")):
        home = folder / f"run-{number}"  # the settings tell the style, not the folder
        home.mkdir(parents=True)
        record = json.loads((run.path / "run.json").read_text())
        record["settings"]["styles"] = [style]
        write_text(home / "run.json", json.dumps(record))
        weights = load_file(run.path / "pytorch_lora_weights.safetensors")
        save_file(
            {name: w * (number + 1) for name, w in weights.items()},
            home / "pytorch_lora_weights.safetensors",
        )
    painted = diffuse(
        folder, (), DiffuseSettings(prompt="a", styles=("all",), **QUICK), output=tmp_path / "out"
    )
    assert [(one.style, one.run) for one in painted] == [
        ("Bands", "run-0"),
        ("Columns", "run-1"),
    ]
    assert painted[0].adapter_sha256 != painted[1].adapter_sha256
    with pytest.raises(SettingsError, match="name styles with --style"):
        diffuse(folder, (), DiffuseSettings(prompt="a", **QUICK), output=tmp_path / "out")


def test_sides_negative_prompts_and_batches(run: Run, tmp_path: Path) -> None:
    def painted(name: str, **given: Any) -> list[Any]:
        asked = DiffuseSettings(prompt="a boat", seed=7, **{**QUICK, **given})
        return list(diffuse(run.path, (), asked, output=tmp_path / name))

    wide = painted("wide", width=48, height=32)[0]
    with Image.open(wide.path) as picture:
        assert picture.size == (48, 32)
    with pytest.raises(SettingsError, match=r"30 × 32 pixels: .* multiples of 4"):
        painted("odd", width=32, height=30)
    plain, away = painted("plain")[0], painted("away", negative="stripes")[0]
    assert apart(plain.path, away.path) > 0
    assert json.loads(away.path.with_suffix(".json").read_text())["negative"] == "stripes"
    alone = painted("alone", number=3)
    together = painted("together", number=3, batch_size=2)
    for one, other in zip(alone, together, strict=True):
        assert one.seed == other.seed
        assert apart(one.path, other.path) <= 1  # sums in another order


def test_a_grid_of_epochs_and_scales(run: Run, tmp_path: Path) -> None:
    progress = run.path / "progress"
    progress.mkdir(exist_ok=True)
    weights = load_file(run.path / "pytorch_lora_weights.safetensors")
    save_file({name: w * 2 for name, w in weights.items()}, progress / "epoch-003.safetensors")
    asked = DiffuseSettings(
        prompt="a boat", styles=("bands",), epochs=(3, 0), scales=(0.0, 1.0), **QUICK
    )
    painted = diffuse(run.path, (), asked, output=tmp_path)
    assert [one.path.name for one in painted] == [
        "epoch-003-scale-0.png", "epoch-003-scale-1.png", "kept-scale-0.png", "kept-scale-1.png",
    ]  # fmt: skip
    with Image.open(tmp_path / "grid.png") as sheet:
        assert sheet.size == (2 * 34 - 2, 2 * 34 - 2)
    assert apart(painted[0].path, painted[2].path) == 0  # the base, twice
    assert apart(painted[1].path, painted[3].path) > 0
    with pytest.raises(SettingsError, match="no adapter of epoch 9: it has 3"):
        diffuse(run.path, (), asked.model_copy(update={"epochs": (9,)}), output=tmp_path)


def test_a_prompt_that_is_cut_is_announced(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = type(open_base(run.settings["base"]).family)
    monkeypatch.setattr(family, "tokens", lambda self, pipeline, caption: (90, 77))
    lines: list[str] = []
    asked = DiffuseSettings(prompt="a boat", **QUICK)
    diffuse(run.path, (), asked, output=tmp_path, on_skip=lines.append)
    assert lines == ["the prompt has 90 tokens, of which Stable Diffusion reads 77: shorten it, or "
                     "put what matters first"]  # fmt: skip

"""LoRA training lowers the loss, is continued exactly, and exports what diffusers can load."""

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image
from safetensors.torch import load_file

from impasto.collection.collection import Collection
from impasto.diffusion.families.stable_diffusion import StableDiffusion3
from impasto.errors import InputError, OutputError, RunError, SettingsError
from impasto.files import write_text
from impasto.records import finding as findings
from impasto.records.run import Run, open_run
from impasto.training.lora import cache as lora_cache
from impasto.training.lora import task as lora_task
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.task import LoraTask
from impasto.training.lora.train import train_lora

from .conftest import break_off, kill

Base = Callable[..., Path]
Quick = Callable[..., LoraSettings]
TIMING = {"seconds", "pictures_per_second"}
FILES = ("best.safetensors", "pytorch_lora_weights.safetensors", "kohya.safetensors")


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lora_task, "DRAWS", 8)


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(train=(14, 10, 6), test=2)


@pytest.fixture(scope="module")
def quick(tiny_base: Base) -> Quick:
    """Settings of a training of a second; any of them can be given another value."""

    def make(kind: str = "tiny", **given: Any) -> LoraSettings:
        base: dict[str, Any] = {
            "base": str(tiny_base(kind)),
            "epochs": 2,
            "epoch_pictures": 12,
            "batch_size": 4,
            "rank": 4,
            "resolution": 32,
            "learning_rate": 1e-2,
            "warmup_steps": 2,
            "preview_every": 0,
            "buckets": False,
            "device": "cpu",
            "held_out": 4,
        }
        return LoraSettings(**{**base, **given})

    return make


@pytest.fixture(scope="module")
def straight(collection: Collection, quick: Quick, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two epochs that nothing interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lora_task, "DRAWS", 8)
        path = tmp_path_factory.mktemp("lora") / "straight"
        return train_lora(collection, path, quick(dropout=0.2))


def same(one: Run, other: Run) -> None:
    """Two finished runs that differ in nothing but time."""
    for name in FILES:
        assert (one.path / name).read_bytes() == (other.path / name).read_bytes(), name
    lines = [
        [{k: v for k, v in line.items() if k not in TIMING} for line in run.metrics()]
        for run in (one, other)
    ]
    assert lines[0] == lines[1]


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_it_teaches_and_leaves_the_base_as_it_was(
    collection: Collection, quick: Quick, tmp_path: Path
) -> None:
    settings = quick(epochs=6, epoch_pictures=40)
    before = digest(Path(settings.base))
    run = train_lora(collection, tmp_path / "run", settings)
    assert digest(Path(settings.base)) == before
    lines = [line for line in run.metrics() if line["event"] == "validation"]
    assert lines[-1]["loss"] < 0.97 * lines[-1]["base_loss"]
    assert {f.code: f.outcome for f in findings.load(run.path / "findings.json")} == {
        "IMP202": "passed",
        "IMP601": "passed",
        "IMP602": "passed",
        "IMP606": "passed",
    }
    assert open_run(run.path, "lora").state == "done"
    card = (run.path / "README.md").read_text()
    assert str(tmp_path) not in card
    assert settings.base not in card


@pytest.mark.parametrize(("method", "call"), [("loss", 5), ("validate", 1)])
def test_broken_off_anywhere_and_continued(
    collection: Collection, quick: Quick, straight: Run, tmp_path: Path, method: str, call: int
) -> None:
    train = partial(train_lora, collection, tmp_path / "broken", quick(dropout=0.2))
    break_off(train, LoraTask, method, call)
    assert open_run(tmp_path / "broken").state == "running"
    same(train(), straight)


def test_killed_and_continued_by_another_process(
    collection: Collection, quick: Quick, straight: Run, tmp_path: Path
) -> None:
    settings = quick(dropout=0.2)
    broken = tmp_path / "broken"
    few = "from impasto.training.lora import task; task.DRAWS = 8"
    kill(train_lora, LoraTask, 5, collection=collection, run=broken, settings=settings, before=few)
    assert (broken / "last" / "checkpoint.safetensors").exists()
    same(train_lora(collection, broken, settings), straight)


def test_a_finished_run_is_extended_to_what_a_longer_one_would_be(
    collection: Collection, quick: Quick, straight: Run, tmp_path: Path
) -> None:
    train_lora(collection, tmp_path / "short", quick(dropout=0.2, epochs=1))
    extended = train_lora(collection, tmp_path / "short", quick(dropout=0.2))
    assert extended.settings["epochs"] == 2
    same(extended, straight)
    with pytest.raises(RunError, match="epochs was 2, now 1"):
        train_lora(collection, tmp_path / "short", quick(dropout=0.2, epochs=1))
    train_lora(collection, tmp_path / "cosine", quick(epochs=1, schedule="cosine"))
    with pytest.raises(RunError, match="epochs was 1, now 2"):
        train_lora(collection, tmp_path / "cosine", quick(epochs=2, schedule="cosine"))


def plain_diffusers(base: str, file: Path, how: dict[str, Any]) -> Image.Image:
    """Paint with a pipeline that diffusers alone opens and loads the adapter into."""
    pipeline = DiffusionPipeline.from_pretrained(base)
    pipeline.load_lora_weights(str(file.parent), weight_name=file.name)
    picture = pipeline(
        prompt=how["caption"],
        num_inference_steps=how["steps"],
        guidance_scale=how["guidance"],
        height=how["size"][0],
        width=how["size"][1],
        generator=torch.Generator().manual_seed(how["seed"]),
    ).images[0]
    assert isinstance(picture, Image.Image)
    return picture


@pytest.mark.parametrize("kind", ["tiny", "tiny_xl", "tiny_flux2", "tiny_z_image"])
def test_previews_are_painted_by_the_weights_beside_them(
    collection: Collection, quick: Quick, tmp_path: Path, kind: str
) -> None:
    settings = quick(
        kind,
        preview_every=1,
        preview_steps=3,
        previews=("a painting in the style of bands",),
        seed=5,
        guidance=3.0,
    )
    run = train_lora(collection, tmp_path / "run", settings)
    made = sorted((run.path / "progress").glob("*.png"))
    assert [path.stem for path in made] == ["epoch-001", "epoch-002"]
    assert made[0].read_bytes() != made[1].read_bytes()
    how = json.loads((run.path / "progress" / "previews.json").read_text())
    for path in made:
        words = {**how, "caption": how["captions"][0]}
        again = plain_diffusers(settings.base, path.with_suffix(".safetensors"), words)
        assert again.tobytes() == Image.open(path).tobytes()


def test_the_cards_code_paints(
    collection: Collection, quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train_lora(collection, tmp_path / "run", quick(epochs=1, trigger="zx"))
    card = (run.path / "README.md").read_text()
    code = card.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(run.path)
    monkeypatch.setattr("sys.argv", ["paint.py", quick().base])
    exec(compile(code, "card", "exec"), {})
    with Image.open("painting.png") as picture:
        assert picture.size == (32, 32)
    assert 'instance_prompt: "zx"' in card


@pytest.mark.parametrize(
    ("kind", "encoders"),
    [
        ("tiny", True),
        ("tiny_xl", True),
        ("tiny_flow", False),
        ("tiny_flux", False),
        ("tiny_flux2", False),
        ("tiny_z_image", False),
    ],
)
def test_every_family_trains_and_its_adapter_is_loaded(
    collection: Collection, quick: Quick, tmp_path: Path, kind: str, encoders: bool
) -> None:
    """Loading is tested by the training itself, in both formats; a wrong file is an error."""
    settings = quick(
        kind,
        text_encoder=encoders,
        targets="all",
        alpha=2.0,
        prior_weight=0.5,
        prior_pictures=3,
        buckets=True,
        accumulation=2,
        preview_every=1,
        preview_steps=2,
        epochs=1,
    )
    run = train_lora(collection, tmp_path / "run", settings)
    other = "kohya" if kind in ("tiny", "tiny_xl") else "comfyui"
    assert run.facts["reloaded"] == [FILES[1], f"{other}.safetensors"]
    names = load_file(run.path / "pytorch_lora_weights.safetensors")
    parts = {name.split(".")[0] for name in names}
    assert parts == set(run.facts["taught"])
    assert len(parts) == (1 if not encoders else 2 if kind == "tiny" else 3)
    lines = [line for line in run.metrics() if line["event"] == "validation"]
    assert lines[-1]["loss"] != lines[-1]["base_loss"]


def test_an_adapter_that_loads_otherwise_is_refused(
    collection: Collection, quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from impasto.training.lora import export as lora_export  # noqa: PLC0415

    original = lora_export.write

    def invalidated(adapter: Any, path: Path) -> None:
        for weight in adapter.live:
            weight.data += 1
        original(adapter, path)
        for weight in adapter.live:
            weight.data -= 1

    monkeypatch.setattr(lora_export, "write", invalidated)
    with pytest.raises(RunError, match="predicts otherwise when it is loaded"):
        train_lora(collection, tmp_path / "run", quick(epochs=1))
    assert open_run(tmp_path / "run").state == "running"


def test_gradient_checkpointing_changes_no_weight(
    collection: Collection, quick: Quick, tmp_path: Path
) -> None:
    plain = train_lora(collection, tmp_path / "plain", quick(epochs=1))
    saving = train_lora(
        collection, tmp_path / "saving", quick(epochs=1, gradient_checkpointing=True)
    )
    one, other = (load_file(run.weights_path) for run in (plain, saving))
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)


def test_the_last_weights_are_kept_where_they_are_wanted(
    collection: Collection, quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every epoch is said to be worse, the best weights are the first one's."""
    losses = iter([1.0, 2.0, 1.0, 2.0, 1.0])

    def rising(self: Any, model: Any) -> dict[str, float]:
        gain = {"gain": 0.5, "gain_low": 0.4, "gain_high": 0.6}
        return {"loss": next(losses), "base_loss": 3.0, "relative_loss": 0.5, **gain}

    monkeypatch.setattr(LoraTask, "validate", rising)
    best = train_lora(collection, tmp_path / "best", quick())
    last = train_lora(collection, tmp_path / "last", quick(keep="last"))
    first = train_lora(collection, tmp_path / "first", quick(epochs=1))
    adapters = [(run.path / FILES[1]).read_bytes() for run in (best, last, first)]
    assert adapters[0] == adapters[2] != adapters[1]


def test_caching_goes_on_where_it_was_interrupted(
    collection: Collection,
    quick: Quick,
    straight: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lora_cache, "CHUNK", 8)
    settings = quick(dropout=0.2)
    from impasto.training.lora.data import Library  # noqa: PLC0415

    original, encoded = Library._encode, [0]

    def counted(self: Any, vae: Any, shape: int, together: Any, start: int, stop: int) -> Any:
        encoded.append(stop - start)
        if len(encoded) == 5:  # the first is the trial for the space it takes
            raise KeyboardInterrupt
        return original(self, vae, shape, together, start, stop)

    with monkeypatch.context() as patch:
        patch.setattr(Library, "_encode", counted)
        with pytest.raises(KeyboardInterrupt):
            train_lora(collection, tmp_path / "broken", settings)
        assert not (tmp_path / "broken" / "run.json").exists()
        assert not list((tmp_path / "broken").rglob("*.part"))
        encoded[:] = [0] * 5
        same(train_lora(collection, tmp_path / "broken", settings), straight)
        assert sum(encoded) < len(collection.indices("train")) + len(
            collection.indices("validation")
        )


def test_originals_are_read_and_stored_pixels_where_they_are_gone(
    make_collection: Callable[..., Collection], quick: Quick, tmp_path: Path
) -> None:
    made = make_collection(train=8, test=2, stored=16, size=64)
    run = train_lora(made, tmp_path / "originals", quick(epochs=1))
    assert (run.facts["originals"], run.facts["enlarged"]) == (len(made), 0)
    copy = tmp_path / "moved"
    shutil.copytree(made.path, copy)
    record = json.loads((copy / "collection.json").read_text())
    write_text(
        copy / "collection.json", json.dumps({**record, "sources": [str(tmp_path / "gone")]})
    )
    from impasto.collection.collection import open_collection  # noqa: PLC0415

    alone = train_lora(open_collection(copy), tmp_path / "alone", quick(epochs=1))
    assert alone.facts["originals"] == 0
    found = {f.code: f for f in findings.load(alone.path / "findings.json")}
    assert found["IMP602"].outcome == "issue"
    with pytest.raises(RunError, match="other originals"):
        record_of_run = json.loads((run.path / "run.json").read_text())
        record_of_run["state"] = "running"
        write_text(run.path / "run.json", json.dumps(record_of_run))
        train_lora(open_collection(copy), run.path, quick(epochs=1))


def test_what_cannot_be_trained_is_refused_in_a_line(
    collection: Collection,
    quick: Quick,
    tiny_base: Base,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "run"

    def refused(kind: type[Exception], match: str, settings: LoraSettings) -> None:
        with pytest.raises(kind, match=match) as caught:
            train_lora(collection, path, settings)
        assert "\n" not in str(caught.value)
        assert not (path / "run.json").exists()
        assert not list(tmp_path.rglob("*.part"))

    refused(InputError, "no base", quick(base=""))
    (tmp_path / "empty").mkdir()
    refused(InputError, r"model_index\.json is missing", quick(base=str(tmp_path / "empty")))
    other = shutil.copytree(tiny_base(), tmp_path / "other")
    index = json.loads((other / "model_index.json").read_text())
    (other / "model_index.json").write_text(
        json.dumps({**index, "_class_name": "PixArtAlphaPipeline"})
    )
    refused(
        InputError, "PixArtAlphaPipeline, of a family that is not known", quick(base=str(other))
    )
    damaged = shutil.copytree(tiny_base(), tmp_path / "damaged")
    next((damaged / "unet").glob("*.safetensors")).write_bytes(b"torn")
    refused(InputError, "cannot open the base", quick(base=str(damaged)))
    refused(SettingsError, "must be a multiple of 4", quick(resolution=34))
    refused(SettingsError, "no style Cubism", quick(styles=("Cubism",)))
    refused(SettingsError, "names 'mood'", quick(caption="a {mood} painting"))
    refused(InputError, "no table of captions", quick(captions=str(tmp_path / "captions.xlsx")))
    with monkeypatch.context() as patch:
        patch.setattr(
            lora_cache.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0)
        )
        refused(OutputError, "the disk has 0.0", quick())


def test_out_of_memory_says_what_to_lower(
    collection: Collection, quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Any, model: Any, batch: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(LoraTask, "loss", full)
    with pytest.raises(RunError, match=r"gradient_checkpointing=true.*batch_size=4"):
        train_lora(collection, tmp_path / "run", quick())


def test_a_text_encoder_too_large_is_left_out_by_the_setting_that_the_message_names(
    collection: Collection, quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = StableDiffusion3.encode_with

    def too_large(self: Any, pipeline: Any, encoder: str, captions: Any) -> Any:
        if encoder == "text_encoder_3":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(self, pipeline, encoder, captions)

    monkeypatch.setattr(StableDiffusion3, "encode_with", too_large)
    with pytest.raises(RunError, match="encoding captions") as caught:
        train_lora(collection, tmp_path / "run", quick("tiny_flow"))
    named = re.search(r"--set '(.*)'", str(caught.value))
    assert named is not None
    ((setting, value),) = tomllib.loads(named[1]).items()
    without = quick("tiny_flow", epochs=1, **{setting: tuple(value)})
    assert train_lora(collection, tmp_path / "without", without).state == "done"


def test_a_run_goes_on_with_its_own_base_only(
    collection: Collection, quick: Quick, tiny_base: Base, tmp_path: Path
) -> None:
    base = shutil.copytree(tiny_base(), tmp_path / "base")
    train = partial(train_lora, collection, tmp_path / "run", quick(base=str(base)))
    break_off(train, LoraTask, "loss", 3)
    shutil.rmtree(base)
    shutil.copytree(tiny_base("tiny", 1), base)
    with pytest.raises(RunError, match="started with another base"):
        train()

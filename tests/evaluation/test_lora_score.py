"""Score of a tiny LoRA: a row for each style beside floor and ceiling; nothing painted twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.collection.collection import Collection
from impasto.diffusion.adapter import Adapter, Shape, write_foreign
from impasto.diffusion.base import open_base
from impasto.errors import RunError, SettingsError
from impasto.evaluation.adapter_score import AdapterSettings, score_adapter
from impasto.evaluation.lora_score import ScorecardSettings, score_lora
from impasto.generate.text_to_image import DiffuseSettings, LoraPainter
from impasto.records.lora_score import LoraScore
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.lora import task as lora_task
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.train import train_lora


def test_a_run_is_scored_and_the_pictures_are_kept(
    make_collection: Callable[..., Collection],
    tiny_base: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lora_task, "DRAWS", 8)
    collection = make_collection(train=(12, 12, 12), test=4)
    quick: dict[str, Any] = {"resolution": 32, "device": "cpu", "epochs": 1}
    lora = train_lora(
        collection,
        tmp_path / "runs" / "lora",
        LoraSettings(
            base=str(tiny_base()),
            rank=2,
            epoch_pictures=4,
            held_out=2,
            preview_every=0,
            buckets=False,
            **quick,
        ),
    )
    paint = DiffuseSettings(steps=2, device="cpu", guidance=1.0)
    settings = ScorecardSettings(
        pictures=3, prompts=("a boat", "a tree"), paint=paint, bootstrap_samples=100
    )
    with pytest.raises(RunError, match="no evaluator in"):
        score_lora(lora.path, settings=settings)
    train_classifier(
        collection,
        tmp_path / "runs" / "classifier",
        ClassifierSettings(size="tiny", batch_size=12, **quick),
    )
    done = score_lora(lora.path, settings=settings)
    rows = done.per_style
    assert [row.style for row in rows] == list(done.styles) == list(collection.vocabulary.styles)
    for row in rows:
        assert row.ceiling is not None
        assert all(0 <= share <= 1 for share in (row.accuracy, row.floor, row.ceiling))
    assert done.scores.keys() == {"adapter", "base", "real"}
    assert sum(map(sum, done.confusion)) == 9
    apart = done.kernel_distance
    assert apart.adapter is not None and apart.base is not None and apart.nearer is not None
    assert apart.nearer.value == pytest.approx(apart.base.value - apart.adapter.value)
    assert apart.adapter.low < apart.adapter.value < apart.adapter.high
    columns, base = done.rows()[0], rows[0].kernel_distance.base
    assert base is not None and columns["kernel_distance_base_low"] == base.low
    assert {finding.code for finding in done.findings} == {"IMP603", "IMP604", "IMP605"}
    pictures = sorted(lora.evaluation_path.rglob("pictures/*/*/*/*.png"))
    assert len(pictures) == 2 * 3 * 3
    file = lora.evaluation_path / "scorecard.json"
    assert json.loads(file.read_text()) == done.model_dump(mode="json")
    assert LoraScore.read(file, what="score of a LoRA", verb="impasto evaluate") == done
    assert done.figures == [lora.evaluation_path / "figures" / "scorecard.png"]
    assert score_lora(lora.path, collection.path, settings).per_style == rows
    calls: list[int] = []
    monkeypatch.setattr(
        LoraPainter, "paint", lambda self, words, seeds, how, *more: calls.append(len(words))
    )
    assert score_lora(lora.path, settings=settings).per_style == rows
    assert not calls


def test_an_adapters_file_is_scored_on_a_collection(
    make_collection: Callable[..., Collection],
    tiny_base: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """As other programs write it: kohya's names, or ComfyUI's, without any run."""
    collection = make_collection(train=(8, 8, 8), test=2)
    train_classifier(
        collection,
        tmp_path / "classifier",
        ClassifierSettings(size="tiny", batch_size=12, resolution=32, device="cpu", epochs=1),
    )
    paint = DiffuseSettings(steps=2, device="cpu", guidance=1.0)
    for kind in ("tiny", "tiny_flow"):
        base = open_base(str(tiny_base(kind)), safety=False)
        adapter = Adapter(base, Shape(2, 1.0))
        with torch.no_grad():
            for weight in adapter.parameters():
                weight.normal_(0, 0.3)
        name = write_foreign(adapter, tmp_path, {})
        settings = AdapterSettings(
            base=str(tiny_base(kind)), classifier=str(tmp_path / "classifier"), pictures=2,
            resolution=32, styles=("Bands", "Columns"), trigger="zx", paint=paint,
            bootstrap_samples=100,
        )  # fmt: skip
        done = score_adapter(tmp_path / name, collection.path, tmp_path / kind, settings)
        assert done.styles == ("Bands", "Columns")
        assert sum(map(sum, done.confusion)) == 4
        sides = [sorted((tmp_path / kind).rglob(f"{arm}/*/*.png")) for arm in ("adapter", "base")]
        assert [len(side) for side in sides] == [4, 4]
        assert all(a.read_bytes() != b.read_bytes() for a, b in zip(*sides, strict=True))
        assert (tmp_path / kind / "evaluation" / "scorecard.json").is_file()
    with pytest.raises(RunError, match="damaged, or for another base"):
        other = settings.model_copy(update={"base": str(tiny_base("tiny"))})
        score_adapter(tmp_path / name, collection.path, tmp_path / "no", other)
    with pytest.raises(SettingsError, match="no style Cubism"):
        strange = settings.model_copy(update={"styles": ("Cubism",)})
        score_adapter(tmp_path / name, collection.path, tmp_path / "no", strange)

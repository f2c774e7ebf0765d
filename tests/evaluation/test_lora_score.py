"""Score of a tiny LoRA: a row for each style beside floor and ceiling; nothing painted twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from impasto.collection.collection import Collection
from impasto.errors import RunError
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

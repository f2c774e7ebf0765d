"""Checkpoints: a round trip to the bit, and damage told in one line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from impasto.errors import RunError
from impasto.files import write_bytes, write_text
from impasto.files.checksums import forget
from impasto.models.classifier import Classifier, ClassifierConfig
from impasto.training import checkpoint
from impasto.training.checkpoint import NAME, Progress
from impasto.training.muon import MuonAdamW, make_optimizer


def parts(seed: int, styles: int = 3) -> tuple[Classifier, Classifier, MuonAdamW]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, average = (Classifier(ClassifierConfig(styles, "tiny")) for _ in range(2))
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model, average, make_optimizer(model, 0.01, 0.02, 0.05)


def train(model: Classifier, optimizer: MuonAdamW, seeds: range) -> None:
    for seed in seeds:
        x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
        optimizer.zero_grad()
        model(x).square().sum().backward()
        optimizer.step()


def saved(folder: Path) -> tuple[Classifier, Classifier, MuonAdamW]:
    model, average, optimizer = parts(0)
    train(model, optimizer, range(2))
    progress = Progress(
        step=2, best=0.5, best_step=1, stale=1, loss_sum=1.25, loss_count=2, seconds=3.5
    )
    checkpoint.save(folder, progress, model, average, optimizer)
    return model, average, optimizer


def test_a_loaded_training_takes_the_same_steps(tmp_path: Path) -> None:
    model, average, optimizer = saved(tmp_path)
    train(model, optimizer, range(2, 5))
    other, other_average, other_optimizer = parts(1)
    progress = checkpoint.load(tmp_path, other, other_average, other_optimizer)
    assert progress == Progress(
        step=2, best=0.5, best_step=1, stale=1, loss_sum=1.25, loss_count=2, seconds=3.5
    )
    train(other, other_optimizer, range(2, 5))
    for mine, theirs in ((model, other), (average, other_average)):
        assert all(torch.equal(v, theirs.state_dict()[k]) for k, v in mine.state_dict().items())


def test_before_the_first_validation_any_loss_is_better(tmp_path: Path) -> None:
    model, average, optimizer = parts(0)
    checkpoint.save(tmp_path, Progress(), model, average, optimizer)
    assert checkpoint.load(tmp_path, model, average, optimizer) == Progress()


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path, *parts(0)) is None


@pytest.mark.parametrize(
    "damage", ["cut", "empty", "text", "no progress", "a tensor lost", "another network"]
)
def test_damage_is_one_line(tmp_path: Path, damage: str) -> None:
    saved(tmp_path)
    path = tmp_path / NAME
    whole = path.read_bytes()
    if damage == "cut":
        write_bytes(path, whole[: len(whole) // 2])
    elif damage == "empty":
        write_bytes(path, b"")
    elif damage == "text":
        write_text(path, "no checkpoint at all")
    elif damage == "no progress":
        save_file(load_file(path), path)
    elif damage == "a tensor lost":
        tensors = load_file(path)
        del tensors["model.head.weight"]
        save_file(tensors, path, metadata={"progress": "{}"})
    forget(path)  # as an earlier version left it
    with pytest.raises(RunError) as caught:
        checkpoint.load(tmp_path, *parts(0, styles=4 if damage == "another network" else 3))
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "train again" in message


def test_saving_leaves_no_other_file(tmp_path: Path) -> None:
    saved(tmp_path)
    saved(tmp_path)
    assert [child.name for child in tmp_path.glob("[!.]*")] == [NAME]
    assert not list(tmp_path.glob(".*.part"))


def test_weights_are_kept_without_pickling(tmp_path: Path) -> None:
    model, _, _ = parts(0)
    checkpoint.save_weights(tmp_path / "best.safetensors", model)
    read = load_file(tmp_path / "best.safetensors")
    assert read.keys() == model.state_dict().keys()
    assert all(torch.equal(read[name], value) for name, value in model.state_dict().items())

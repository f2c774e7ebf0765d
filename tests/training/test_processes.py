"""Two processes under torchrun learn what one does."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.models.classifiers import build
from impasto.records.run import STYLE_CLASSIFIER, open_run
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.imbalance import BalanceSettings
from impasto.training.painter import train as painter
from impasto.training.painter.settings import (
    EvaluatorSettings,
    PainterSettings,
    StyleClassifierSettings,
)
from impasto.training.painter.train import train_painter

TORCHRUN = (
    sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
)  # fmt: skip
SEVERAL = """
import json, os, sys
from impasto.cli.main import run
for words in json.loads(sys.argv[1]):
    os.write(2, f"status {run(words)}\\n".encode())  # in one piece, so that lines do not mix
"""
"""Several commands in the same two processes, which import torch once."""
METHODS = {
    "plain": BalanceSettings(),
    "focal": BalanceSettings(sampling="square-root", loss="focal"),
}


def torchrun(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a module or script in two processes."""
    command = [*TORCHRUN, *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@dataclass(frozen=True)
class Trained:
    """What two processes made of a refused training and one for each of ``METHODS``."""

    collection: Collection
    settings: dict[str, ClassifierSettings]
    folder: Path
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def trained(
    shared_stripes: Callable[..., Collection],
    quick: Callable[..., ClassifierSettings],
    tmp_path_factory: pytest.TempPathFactory,
) -> Trained:
    collection, folder = shared_stripes((25, 24, 24)), tmp_path_factory.mktemp("two")
    settings = {
        name: quick(
            epochs=1,
            batch_size=24,
            ema_decay=0.5,
            learning_rate=1e-3,
            augment=AugmentSettings(cutmix=1.0),
            balance=method,
        )
        for name, method in METHODS.items()
    }
    commands = []
    for name, given in {"odd": quick(batch_size=9), **settings}.items():
        config = folder / f"{name}.json"
        config.write_text(given.model_dump_json())
        words = ["train", "classifier", collection.path, "-o", folder / name, "--config", config]
        commands.append([*map(str, words), "--device", "cpu", "--quiet", "--json"])
    (folder / "several.py").write_text(SEVERAL)
    done = torchrun(folder / "several.py", json.dumps(commands))
    assert done.returncode == 0, done.stderr
    return Trained(collection, settings, folder, done)


def beginning(settings: ClassifierSettings) -> dict[str, Tensor]:
    """The weights that a training of three styles begins with."""
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        return build(
            "classifier", styles=3, size=settings.size, resolution=settings.resolution
        ).state_dict()


def distance(a: dict[str, Tensor], b: dict[str, Tensor]) -> float:
    """The Euclidean distance of two networks' convolutions and linear layers."""
    return float(sum((a[name] - b[name]).square().sum() for name in a if a[name].ndim > 1)) ** 0.5


@pytest.mark.parametrize("method", METHODS)
def test_two_processes_learn_what_one_does(trained: Trained, tmp_path: Path, method: str) -> None:
    """Also where CutMix mixes across processes, and styles are drawn by chance.

    Gradients are equal but for rounding (``test_two_processes_have_the_gradients_of_one``). Muon
    makes all directions of a matrix equally long, also those that are rounding, so the weights only
    stay close: about a tenth of the way from the beginning. Where each process normalises its own
    share, they are a whole way apart.
    """
    settings = trained.settings[method]
    alone = train_classifier(trained.collection, tmp_path / "one", settings)
    together = open_run(trained.folder / method)
    assert (alone.facts["processes"], together.facts["processes"]) == (1, 2)
    assert together.facts["steps_done"] == alone.facts["steps_done"] == 3
    assert together.facts["train_counts"] == [25, 24, 24]
    one, two = load_file(alone.weights_path), load_file(together.weights_path)
    assert one.keys() == two.keys()
    assert distance(two, one) < 0.3 * distance(one, beginning(settings))
    for mine, theirs in zip(alone.metrics(), together.metrics(), strict=True):
        assert (mine["event"], mine["step"]) == (theirs["event"], theirs["step"])
        assert theirs["loss"] == pytest.approx(mine["loss"], abs=2e-3)


def test_the_first_process_prints_for_both(trained: Trained) -> None:
    """One object on standard output for each training, not two."""
    objects = json.loads("[" + trained.done.stdout.replace("}\n{", "},{") + "]")
    assert [made["state"] for made in objects] == ["done"] * len(METHODS)


def test_two_painters_learn_what_one_does(
    stripes: Callable[..., Collection], tmp_path: Path
) -> None:
    """The random draws do not depend on the number of processes."""
    collection = stripes((24, 24, 24), size=48)
    quick: dict[str, Any] = {
        "size": "tiny",
        "batch_size": 12,
        "resolution": 48,
        "precision": "float32",
        "epochs": 1,
    }
    settings = PainterSettings(
        embedding=8,
        ema_decay=0.5,
        device="cpu",
        style_classifier=StyleClassifierSettings(**quick),
        evaluator=EvaluatorSettings(epochs=0, resolution=48),
        identity_share=1 / 3,
        **quick,
    )
    # Style classifiers of one and of two processes differ by rounding; both use the same one
    alone = train_painter(collection, tmp_path / "one", settings)
    (tmp_path / "two").mkdir()
    shutil.copytree(tmp_path / "one" / STYLE_CLASSIFIER, tmp_path / "two" / STYLE_CLASSIFIER)
    config = tmp_path / "painter.json"
    config.write_text(settings.model_dump_json())
    train = ("train", "painter", collection.path, "-o", tmp_path / "two", "--config", config)
    done = torchrun("-m", "impasto", *train, "--device", "cpu", "--quiet")
    assert done.returncode in (0, 1), done.stderr
    together = open_run(tmp_path / "two")
    assert (alone.facts["processes"], together.facts["processes"]) == (1, 2)
    one, two = load_file(alone.weights_path), load_file(together.weights_path)
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        first = painter._fresh(collection, settings, None).state_dict()
    first["bank"] = one["bank"]  # is not trained
    assert one.keys() == two.keys() == first.keys()
    assert distance(two, one) < 0.05 * distance(one, first)


def test_a_batch_that_cannot_be_divided_is_refused(trained: Trained) -> None:
    assert "batch_size=9 cannot be divided among 2 processes" in trained.done.stderr
    statuses = [line for line in trained.done.stderr.splitlines() if line.startswith("status ")]
    assert statuses.count("status 2") == 2  # 0, or 1: so short a training learned nothing
    assert not (trained.folder / "odd").exists()

"""Two processes under torchrun learn what one does."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.models.classifiers import build
from impasto.records.run import STYLE_CLASSIFIER, Run, open_run
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


def torchrun(
    collection: Path, run: Path, config: Path, *more: str, kind: str = "classifier"
) -> subprocess.CompletedProcess[str]:
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        "2",
        "-m",
        "impasto",
    ]
    command = [
        *launch,
        "train",
        kind,
        collection,
        "-o",
        run,
        "--config",
        config,
        "--device",
        "cpu",
        *more,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def trained_by_two(collection: Collection, run: Path, settings: ClassifierSettings) -> Run:
    config = run.with_suffix(".json")
    config.write_text(settings.model_dump_json())
    done = torchrun(collection.path, run, config, "--quiet")
    assert done.returncode in (0, 1), (
        done.stderr
    )  # 1: the judgement that so short a training learned nothing
    return open_run(run)


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


@pytest.mark.parametrize(
    "remedy", [BalanceSettings(), BalanceSettings(sampling="square-root", loss="focal")]
)
def test_two_processes_learn_what_one_does(
    stripes: Callable[..., Collection],
    quick: Callable[..., ClassifierSettings],
    tmp_path: Path,
    remedy: BalanceSettings,
) -> None:
    """Also where CutMix mixes across processes, and styles are drawn by chance.

    Gradients are equal but for rounding (``test_two_processes_have_the_gradients_of_one``). Muon
    makes all directions
    of a matrix equally long, also those that are rounding, so the weights only stay close: about a
        tenth of the way
    from the beginning. Where each process normalises its own share, they are a whole way apart.
    """
    collection = stripes((25, 24, 24))
    settings = quick(
        epochs=1,
        batch_size=24,
        ema_decay=0.5,
        learning_rate=1e-3,
        augment=AugmentSettings(cutmix=1.0),
        balance=remedy,
    )
    alone = train_classifier(collection, tmp_path / "one", settings)
    together = trained_by_two(collection, tmp_path / "two", settings)
    assert (alone.facts["processes"], together.facts["processes"]) == (1, 2)
    assert together.facts["steps_done"] == alone.facts["steps_done"] == 3
    assert together.facts["train_counts"] == [25, 24, 24]
    one, two = load_file(alone.weights_path), load_file(together.weights_path)
    assert one.keys() == two.keys()
    assert distance(two, one) < 0.3 * distance(one, beginning(settings))
    for mine, theirs in zip(alone.metrics(), together.metrics(), strict=True):
        assert (mine["event"], mine["step"]) == (theirs["event"], theirs["step"])
        assert theirs["loss"] == pytest.approx(mine["loss"], abs=2e-3)


def test_two_painters_learn_what_one_does(
    stripes: Callable[..., Collection], tmp_path: Path
) -> None:
    """Painter, discriminator and style classifier: the random draws do not depend on processes."""
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
    done = torchrun(collection.path, tmp_path / "two", config, "--quiet", kind="painter")
    assert done.returncode in (0, 1), done.stderr
    together = open_run(tmp_path / "two")
    assert (alone.facts["processes"], together.facts["processes"]) == (1, 2)
    one, two = load_file(alone.weights_path), load_file(together.weights_path)
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        first = painter._fresh(collection, settings).state_dict()
    assert one.keys() == two.keys() == first.keys()
    assert distance(two, one) < 0.05 * distance(one, first)


def test_a_batch_that_cannot_be_divided_is_refused(
    stripes: Callable[..., Collection], quick: Callable[..., ClassifierSettings], tmp_path: Path
) -> None:
    config = tmp_path / "odd.json"
    config.write_text(quick(batch_size=9).model_dump_json())
    done = torchrun(stripes().path, tmp_path / "run", config)
    assert done.returncode != 0
    assert "batch_size=9 cannot be divided among 2 processes" in done.stderr
    assert not (tmp_path / "run").exists()

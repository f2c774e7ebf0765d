"""Small collections whose styles can be learned in seconds:

stripes of one direction and width a style, in noise.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from impasto.collection.collection import SCHEMA, SPLITS, Collection, fingerprint, open_collection
from impasto.collection.vocabulary import Vocabulary
from impasto.records import finding as findings
from impasto.records.collection import CollectionRecord
from impasto.records.run import Run
from impasto.training import loop
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.settings import LoopSettings

Pixels = NDArray[np.uint8]
Stripes = Callable[..., Collection]


def paint(styles: NDArray[np.int64], number: int, size: int, noise: float, seed: int) -> Pixels:
    """``uint8 (N, size, size, 3)``:

    a wave whose direction and length belong to the style, its colour to nobody.
    """
    generator = np.random.default_rng(seed)
    angle = np.pi * styles / number + generator.normal(0, 0.03, len(styles))
    length = (4 + 2 * (styles % 3)) * generator.uniform(0.95, 1.05, len(styles))
    y, x = np.mgrid[:size, :size]
    along = np.cos(angle)[:, None, None] * x + np.sin(angle)[:, None, None] * y
    wave = np.sin(
        2 * np.pi * (along / length[:, None, None] + generator.random((len(styles), 1, 1)))
    )
    colour = generator.uniform(20, 60, (len(styles), 1, 1, 3))
    pixels = (
        128 + wave[..., None] * colour + generator.normal(0, noise, (len(styles), size, size, 3))
    )
    return np.clip(pixels, 0, 255).astype(np.uint8)


def write(
    folder: Path, pixels: Pixels, styles: Sequence[str], splits: Sequence[str], names: Sequence[str]
) -> Path:
    """A collection folder as ``prepare`` writes it."""
    folder.mkdir(parents=True)
    vocabulary, size = Vocabulary.of(names), int(pixels.shape[1])
    blank: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    rows = [
        {**blank, "id": f"{style}/{index}.png", "style": style, "split": split,
         "sha256": f"{index:064x}",
         "phash": index, "width": size, "height": size, "format": "PNG", "bytes": 1, "modified": 1}
        for index, (style, split) in enumerate(zip(styles, splits, strict=True))
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    settings = {"pixels": size, "fit": "squash", "split": "given", "seed": 0}
    pq.write_table(table, folder / "paintings.parquet")
    np.save(folder / "pixels.npy", pixels)
    vocabulary.save(folder / "styles.json")
    findings.save(folder / "findings.json", [])
    mark = fingerprint(table, vocabulary, settings)
    CollectionRecord(
        sources=("stripes",),
        settings=settings,
        split="given",
        not_testable=(),
        counts={split: list(splits).count(split) for split in SPLITS},
        fingerprint=mark,
        command="pytest",
    ).write(folder / "collection.json")
    return folder


@pytest.fixture
def stripes(tmp_path: Path) -> Stripes:
    """Factory of collections: ``train`` counts a style, ``validation`` and ``test`` of each."""
    return stripes_in(tmp_path)


@pytest.fixture(scope="module")
def shared_stripes(tmp_path_factory: pytest.TempPathFactory) -> Stripes:
    """The same for collections that the tests of a module share."""
    return stripes_in(tmp_path_factory.mktemp("stripes"))


def stripes_in(folder: Path) -> Stripes:
    """The factory behind ``stripes``, with its folder."""

    def make(
        train: Sequence[int] = (24, 24, 24),
        *,
        validation: int = 12,
        test: int = 4,
        size: int = 32,
        noise: float = 15.0,
        seed: int = 0,
        name: str = "collection",
        prefix: str = "Style",
    ) -> Collection:
        number = len(train)
        labels: list[int] = []
        splits: list[str] = []
        for style, count in enumerate(train):
            for split, share in zip(SPLITS, (count, validation, test), strict=True):
                labels += [style] * share
                splits += [split] * share
        pixels = paint(np.array(labels), number, size, noise, seed)
        names = [f"{prefix}_{style}" for style in range(number)]
        return open_collection(
            write(folder / name, pixels, [names[i] for i in labels], splits, names)
        )

    return make


@pytest.fixture(scope="session")
def quick() -> Callable[..., ClassifierSettings]:
    """Settings of a training that takes a second; any of them can be given another value."""

    def make(**given: Any) -> ClassifierSettings:
        calm = AugmentSettings(
            crop_scale=(0.8, 1.0), flip=False, cutmix=0
        )  # a mirrored slope is another style
        base: dict[str, Any] = {
            "size": "tiny",
            "epochs": 2,
            "batch_size": 12,
            "resolution": 32,
            "augment": calm,
        }
        return ClassifierSettings(
            **{**base, "precision": "float32", "device": "cpu", "ema_decay": 0.9, **given}
        )

    return make


def act_once(
    patch: pytest.MonkeyPatch, task: type, method: str, call: int, act: Callable[[], None]
) -> None:
    """Make a trainer's task do something after the ``call``-th call of one of its methods."""
    original, calls = getattr(task, method), 0

    def counted(self: Any, *given: Any) -> Any:
        nonlocal calls
        result, calls = original(self, *given), calls + 1
        if calls == call:
            act()
        return result

    patch.setattr(task, method, counted)


def break_off(
    train: Callable[[], Run], task: type, method: str, call: int, *, every: float = 0.0
) -> None:
    """Interrupt a training there, with a checkpoint after ``every`` seconds."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", every)
        act_once(patch, task, method, call, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train()


KILLED = """
import os, signal, sys
from pathlib import Path
from impasto.collection.collection import open_collection
from impasto.training import loop
from {train.__module__} import {train.__name__}
from {task.__module__} import {task.__name__} as Task
from {settings.__module__} import {settings.__name__}

loop.CHECKPOINT_SECONDS = 0.0
original, calls = Task.loss, 0

def loss(self, model, batch):
    global calls
    calls += 1
    if calls == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, model, batch)

Task.loss = loss
settings = {settings.__name__}.model_validate_json(Path(sys.argv[2]).read_text())
{train.__name__}(open_collection(Path(sys.argv[1])), sys.argv[3], settings)
"""


def kill(
    train: Callable[..., Run], task: type, call: int, *, collection: Collection, run: Path,
    settings: LoopSettings, before: str = "",
) -> None:  # fmt: skip
    """Kill a training in a process of its own as it computes the ``call``-th loss."""
    if sys.platform == "win32":
        pytest.skip("kills with a signal")
    script, wanted = run.with_name("killed.py"), run.with_name("settings.json")
    wanted.write_text(settings.model_dump_json())
    script.write_text(
        before + KILLED.format(train=train, task=task, call=call, settings=type(settings))
    )
    command = [sys.executable, script, collection.path, wanted, run]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    return tmp_path / "run"

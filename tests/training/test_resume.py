"""A training that was cut off and continued is the unbroken one:

the same weights to the bit, the same metrics.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.collection.collection import Collection
from impasto.errors import RunError
from impasto.files import write_bytes
from impasto.records.run import Run, open_run
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.task import ClassifierTask
from impasto.training.classifier.train import train_classifier
from impasto.training.imbalance import BalanceSettings
from impasto.training.interrupt import deferred_interrupt

from .conftest import act_once, break_off, kill

Stripes = Callable[..., Collection]
Quick = Callable[..., ClassifierSettings]
TIMING = {"seconds", "pictures_per_second"}


@pytest.fixture(autouse=True)
def _python_hears_ctrl_c() -> Iterator[None]:
    """Also where the tests run in the background of a shell, which has Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def untimed(run: Run) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in line.items() if name not in TIMING}
        for line in run.metrics()
    ]


def same(one: Run, other: Run) -> None:
    """Two finished runs that differ in nothing but time."""
    assert one.weights_path.read_bytes() == other.weights_path.read_bytes()
    assert untimed(one) == untimed(other)
    facts = [
        {k: v for k, v in run.facts.items() if k not in ("seconds", "data_share_of_step")}
        for run in (one, other)
    ]
    assert facts[0] == facts[1]


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def unbroken(
    shared_stripes: Stripes, quick: Quick
) -> Callable[[str], tuple[Collection, ClassifierSettings, Run]]:
    """A factory: collection, settings and uninterrupted run of a network."""
    collection, made = shared_stripes(), dict[str, Run]()

    def make(network: str) -> tuple[Collection, ClassifierSettings, Run]:
        settings = quick(network=network, epochs=2, batch_size=18, augment=AugmentSettings())
        if network not in made:
            path = collection.path.parent / network
            made[network] = train_classifier(collection, path, settings)
        return collection, settings, made[network]

    return make


@pytest.mark.parametrize("network", ["classifier", "published"])  # the course's has dropout
@pytest.mark.parametrize("often", [True, False])
@pytest.mark.parametrize(
    ("method", "call"), [("batch", 5), ("loss", 8), ("loss", 1), ("validate", 2)]
)
def test_broken_off_anywhere_and_continued(
    unbroken: Callable[[str], tuple[Collection, ClassifierSettings, Run]], tmp_path: Path,
    network: str, often: bool, method: str, call: int,
) -> None:  # fmt: skip
    """In the middle of a step, with a checkpoint at every step or none since the epoch began."""
    collection, settings, straight = unbroken(network)
    train = partial(train_classifier, collection, tmp_path / "broken", settings)
    break_off(train, ClassifierTask, method, call, every=0.0 if often else 1e9)
    assert open_run(tmp_path / "broken").state == "running"
    same(train(), straight)


@pytest.mark.parametrize(
    "remedy",
    [
        {"sampling": "progressive"},
        {"sampling": "cap-and-duplicate", "per_style": 20},
        {"loss": "ldam", "weights": "effective-number", "drw_start": 0.5},
    ],
)
def test_broken_off_under_a_remedy(
    stripes: Stripes, quick: Quick, tmp_path: Path, remedy: dict[str, Any]
) -> None:
    """Continued in the middle of an epoch, with other style shares than at its beginning."""
    collection = stripes((40, 20, 6))
    mixing = AugmentSettings(cutmix=0.5, mixup=0.5, partners="balanced")
    settings = quick(epochs=2, batch_size=16, balance=BalanceSettings(**remedy), augment=mixing)
    straight = train_classifier(collection, tmp_path / "straight", settings)
    train = partial(train_classifier, collection, tmp_path / "broken", settings)
    break_off(train, ClassifierTask, "batch", 6)
    same(train(), straight)


@pytest.mark.parametrize("call", [1, 6, 8])
def test_ctrl_c_ends_after_the_step_and_loses_none(
    stripes: Stripes, quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    collection, settings = stripes(), quick(epochs=2, batch_size=18)
    straight = train_classifier(collection, tmp_path / "straight", settings)
    with monkeypatch.context() as patch:
        act_once(patch, ClassifierTask, "batch", call, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            train_classifier(collection, tmp_path / "broken", settings)
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    with monkeypatch.context() as patch:
        original = ClassifierTask.batch
        patch.setattr(
            ClassifierTask, "batch", lambda self, step: (count(), original(self, step))[1]
        )
        same(train_classifier(collection, tmp_path / "broken", settings), straight)
    assert calls == 8 - call


def test_broken_off_again_and_again(stripes: Stripes, quick: Quick, tmp_path: Path) -> None:
    collection, settings = stripes(), quick(epochs=2, batch_size=18, patience=5)
    straight = train_classifier(collection, tmp_path / "straight", settings)
    train = partial(train_classifier, collection, tmp_path / "broken", settings)
    for _ in range(4):
        break_off(train, ClassifierTask, "loss", 2)
    same(train(), straight)


def test_killed_and_continued(stripes: Stripes, quick: Quick, tmp_path: Path) -> None:
    """No chance to tidy up, and half a line of metrics on top."""
    collection, settings = stripes(), quick(epochs=2, batch_size=18)
    straight = train_classifier(collection, tmp_path / "straight", settings)
    broken = tmp_path / "broken"
    kill(train_classifier, ClassifierTask, 6, collection=collection, run=broken, settings=settings)
    with (broken / "metrics.jsonl").open("a") as stream:
        stream.write('{"event": "train", "st')
    same(train_classifier(collection, broken, settings), straight)


def test_a_damaged_checkpoint_is_named(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    train = partial(train_classifier, stripes(), run_path, quick())
    break_off(train, ClassifierTask, "batch", 3)
    write_bytes(run_path / "last" / "checkpoint.safetensors", b"torn")
    with pytest.raises(RunError, match=r"checkpoint\.safetensors is damaged"):
        train()


def test_training_leaves_the_global_generator_alone(
    stripes: Stripes, quick: Quick, tmp_path: Path
) -> None:
    """Equal trainings come of any state of it, and it is as it was afterwards."""
    collection = stripes()
    settings = quick(network="published", epochs=1, precision="float32")
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        made.append(train_classifier(collection, tmp_path / f"run{seed}", settings))
        assert torch.equal(torch.get_rng_state(), before)
    same(*made)
    other = train_classifier(
        collection, tmp_path / "other", quick(network="published", epochs=1, seed=1)
    )
    assert other.weights_path.read_bytes() != made[0].weights_path.read_bytes()


def test_ctrl_c_twice_interrupts_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), deferred_interrupt() as interrupted:
        assert not interrupted()
        press_ctrl_c()
        assert interrupted()
        press_ctrl_c()
        pytest.fail("the second Ctrl-C was swallowed")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_programs_own_handler_is_left_alone() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with deferred_interrupt() as interrupted:
            press_ctrl_c()
            assert seen == [signal.SIGINT]
            assert not interrupted()
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_may_train() -> None:
    asked: list[bool] = []

    def work() -> None:
        with deferred_interrupt() as interrupted:
            asked.append(interrupted())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]

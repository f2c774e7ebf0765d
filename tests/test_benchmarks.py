"""The benchmarks' own parts:

peers that learn, in just the time they are given, and scores that are what they say.
"""

import dataclasses
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from impasto.collection.collection import Collection
from impasto.numerics import metrics

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
STYLES = ("Bands", "Columns", "Diagonals")


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[str], ModuleType]]:
    """A module of benchmarks/, which stand beside one another as scripts do."""
    sys.path.insert(0, str(BENCHMARKS))

    def from_file(name: str) -> ModuleType:
        if name not in sys.stdlib_module_names:  # "statistics" is a module of Python's, too
            return importlib.import_module(name)
        path = BENCHMARKS / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module

    yield from_file
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(styles=STYLES, train=(48, 40, 32), test=12)


class Steps:
    """A clock that a training's steps move: so many seconds each, whatever the machine does."""

    def __init__(self, training: Any, seconds: float = 1.0) -> None:
        self.taken, inner = 0, training.step
        self.seconds, self.progress = seconds, []

        def step(number: int, progress: float) -> None:
            inner(number, progress)
            self.taken += 1
            self.progress.append(progress)

        training.step = step

    def __call__(self) -> float:
        return self.taken * self.seconds


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_the_peers_are_the_networks_that_they_are_called(load: Callable[[str], ModuleType]) -> None:
    """ResNet-18 with its 1,000 outputs has 11,689,512 parameters (torchvision's documentation)."""
    resnet, three = (
        load("resnet").ResNet18(1000).eval(),
        load("three_convolutions").ThreeConvolutions(13, 128),
    )
    assert parameters(resnet) == 11_689_512
    assert (
        sum(isinstance(m, nn.Conv2d) and m.kernel_size != (1, 1) for m in resnet.modules()) + 1
        == 18
    )
    with torch.no_grad():
        assert resnet.blocks(torch.rand(1, 64, 56, 56)).shape == (1, 512, 7, 7)
    convolutions = (3 * 32 + 32 * 64 + 64 * 128) * 9 + 32 + 64 + 128
    assert parameters(three) == convolutions + 16 * 16 * 128 * 256 + 256 + 257 * 13


@pytest.mark.parametrize(
    ("name", "precision"), [("ResNet-18", "float32"), ("three convolutions", "bfloat16")]
)
def test_a_peer_learns_in_the_time_it_is_given(
    load: Callable[[str], ModuleType], collection: Collection, name: str, precision: str
) -> None:
    timed = load("timed")
    peer = dataclasses.replace(timed.PEERS[name], batch=24)
    training = timed.Training(peer, collection, (32, peer.looks[-1][1]), precision, 0)
    clock = Steps(training, 0.5)
    done = training(15.0, clock)
    assert clock.taken == 30
    assert (done.seconds, done.pictures) == (15.0, 30 * training.batches.size)
    assert done.epochs == pytest.approx(30 / training.batches.per_epoch)
    assert clock.progress == pytest.approx([n / 30 for n in range(30)])
    labels = collection.labels[collection.indices("test")]
    assert metrics.scores(labels, done.logits.argmax(1), 3)["macro_f1"] > 0.6  # guessing: 0.33
    last = training.optimizer.param_groups[0]
    assert last["lr"] < 0.02 * last["peak"] if name == "ResNet-18" else last["lr"] == last["peak"]


def test_the_weights_of_the_best_epoch_are_kept(
    load: Callable[[str], ModuleType], collection: Collection
) -> None:
    timed = load("timed")
    training = timed.Training(timed.COURSE, collection, (32, 1.0), "float32", 0)
    clock, scores, heads = Steps(training), iter((0.0, 0.3, 0.7, 0.5)), []

    def score(_: object) -> float:
        heads.append(next(training.model.parameters()).clone())
        return next(scores)

    training.score = score
    done = training(3.0 * training.batches.per_epoch, clock)
    assert (done.validation, done.best_epoch, done.epochs) == (0.7, 2, 3)
    assert torch.equal(next(training.model.parameters()), heads[2])
    assert not torch.equal(heads[2], heads[3])


def test_the_whole_comparison(
    load: Callable[[str], ModuleType],
    collection: Collection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peers = load("peers")
    for name, peer in peers.PEERS.items():
        monkeypatch.setitem(peers.PEERS, name, dataclasses.replace(peer, batch=8))
    settings = (
        "size=tiny",
        "resolution=32",
        "epochs=2",
        "batch_size=16",
        "augment.cutmix=0",
        "precision=float32",
    )
    given = ["--paintings", str(collection.path), "--minutes", "1e-6", "--quiet"]
    arguments = peers.parse(
        [*given, *(word for setting in settings for word in ("--set", setting))]
    )
    measured = peers.measure(arguments, tmp_path, lambda function, *values: function(*values))
    names = ["impasto", *(f"{name}, {p}" for name in peers.PEERS for p in ("float32", "bfloat16"))]
    assert list(measured["contestants"]) == names
    assert len(measured["trials"]["ResNet-18"]) == 4
    assert measured["within_budget"] is False
    assert measured["contestants"]["impasto"]["pictures"] == 2 * (108 // 16) * 16
    best = max(
        row["scores"]["macro_f1"]["value"]
        for name, row in measured["contestants"].items()
        if name != "impasto"
    )
    assert measured["ratio"]["value"] * best == pytest.approx(
        measured["contestants"]["impasto"]["scores"]["macro_f1"]["value"]
    )
    page = tmp_path / "page.md"
    begin, end = "<!-- benchmarks/peers.py: begin -->", "<!-- benchmarks/peers.py: end -->"
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n", encoding="utf-8")
    load("score_table").write(peers.table(measured), "peers.py", page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{begin}\n| who answers")
    assert text.endswith(f"{end}\nafter\n")
    assert "old" not in text
    assert "**more than** the 6e-05 s" in text


def test_the_ratio_is_drawn_on_the_same_pictures(load: Callable[[str], ModuleType]) -> None:
    peers, labels = load("peers"), np.repeat(np.arange(3), 20)
    right, half = labels.copy(), np.where(np.arange(60) % 2, labels, (labels + 1) % 3)
    same = peers.ratio(labels, half, half, 3, 0)
    assert same == {"value": 1.0, "low": 1.0, "high": 1.0}  # unpaired draws would spread
    found = peers.ratio(labels, right, half, 3, 0)
    assert found["value"] == pytest.approx(2.0)
    assert found["low"] < 2 < found["high"]


def test_the_bench_of_the_statistics_tells_narrow_intervals(
    load: Callable[[str], ModuleType],
) -> None:
    bench = load("statistics")
    world = bench.World(24, 5, 1.0)
    artists, pictures = (
        dict(bench.scores(world, 60, by_artist=by_artist)) for by_artist in (True, False)
    )
    assert artists["accuracy"] >= 0.87
    assert pictures["accuracy"] < artists["accuracy"]
    few = dict(bench.scores(bench.World(5, 0, 0.0), 60, by_artist=False))
    assert few["balanced accuracy"] >= 0.87 and few["recall of a style, the mean over styles"] > 0.9
    apart = dict(bench.distances(20, each=8, artists=0, way=0.5, targets=2))
    assert apart["kernel distance, mean over styles"] >= 0.8
    assert apart["two equal painters: one called nearer or further"] <= 0.2
    assert bench.calibration(176, 0, 60) <= 0.17
    assert 0.86 <= bench.sets(20) <= 0.94


def test_the_recall_of_duplicates_counts_each_changed_picture_once(
    load: Callable[[str], ModuleType],
) -> None:
    module, rng = load("duplicates"), np.random.default_rng(0)
    coarse = rng.integers(0, 256, (6, 9, 9, 3)).astype(np.uint8)
    pictures = [module.Image.fromarray(one).resize((96, 96)) for one in coarse]
    assert module.recall(pictures, module.CHANGES["2 % off each edge"], 64) == 1
    assert module.recall(pictures, module.CHANGES["turned by 90°"], 64) == 0
    blank = module.Image.new("RGB", (96, 96), "white")
    assert module.recall(pictures, lambda image: blank, 64) == 0


def test_a_frame_adds_a_tenth_to_each_side(load: Callable[[str], ModuleType]) -> None:
    module = load("duplicates")
    picture = module.Image.new("RGB", (100, 50), "red")
    framed = module.CHANGES["frame of 10 %"](picture)
    assert framed.size == (120, 60)
    assert framed.getpixel((60, 30)) == (255, 0, 0)


def test_growth_s_pictures_are_distinct_but_for_the_copies(
    load: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    growth = load("growth")
    growth.make_pictures(tmp_path / "pictures", 210)
    files = sorted((tmp_path / "pictures").glob("Style_*/*.jpg"))
    assert len(files) == 210
    # Three are the bytes of the one before them, three its picture, smaller
    assert len({file.read_bytes() for file in files}) == 210 - 3
    sizes = []
    for file in files:
        with Image.open(file) as image:
            sizes.append(image.size)
    assert sizes.count((growth.SIDE // 2, growth.SIDE // 2)) == 3

"""Training of the painter: styles change, the course's form ignores them, and it resumes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import disjoint_halves
from impasto.collection.run_collection import training_hashes
from impasto.config import resolve
from impasto.errors import CollectionError, OutputError, RunError, SettingsError
from impasto.files import write_text
from impasto.models.classifiers import build
from impasto.models.colour_transfer import applied, colour_statistics
from impasto.models.preprocess import plain
from impasto.records.run import EVALUATOR, STYLE_CLASSIFIER, Run, open_run
from impasto.training import loop
from impasto.training.painter import train as painter
from impasto.training.painter.references import (
    StyleReferences,
    random_crops,
    style_references,
    typical,
)
from impasto.training.painter.settings import PRESETS, PainterSettings
from impasto.training.painter.task import PainterTask
from impasto.training.painter.train import train_painter
from impasto.weights import classifier_of, painter_of

Stripes = Callable[..., Collection]
CPU = torch.device("cpu")


def quick(**given: Any) -> PainterSettings:
    """Small networks for few epochs; the evaluator is left out."""
    table = {"size": "tiny", "epochs": 3, "batch_size": 12, "precision": "float32"}
    base: dict[str, Any] = {
        "size": "tiny",
        "epochs": 2,
        "batch_size": 12,
        "resolution": 48,
        "embedding": 8,
        "style_classifier": table,
        "evaluator": {**table, "epochs": 0},
        "precision": "float32",
        "device": "cpu",
        "ema_decay": 0.9,
    }
    return resolve(PainterSettings, None, {**base, **given})


@pytest.fixture(scope="module")
def collection(shared_stripes: Stripes) -> Collection:
    return shared_stripes(size=48)


@pytest.fixture(scope="module")
def straight(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of two epochs that nothing interrupted."""
    return train_painter(collection, tmp_path_factory.mktemp("painter") / "straight", quick())


@pytest.fixture(scope="module")
def one_epoch(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of one epoch that nothing interrupted."""
    return train_painter(collection, tmp_path_factory.mktemp("painter") / "one", quick(epochs=1))


def painted(run: Run, collection: Collection, styles: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Test pictures, and how they look in every style, ``(styles, N, 3, R, R)``."""
    rows = collection.indices("test")
    x = plain(torch.from_numpy(collection.pixels[rows]).permute(0, 3, 1, 2), 48)
    model = painter_of(run, CPU)
    with torch.no_grad():
        return x, torch.stack(
            [model(x, torch.eye(styles)[[style] * len(x)]) for style in range(styles)]
        )


def test_the_style_comes_to_change(stripes: Stripes, run_path: Path) -> None:
    """Seed 0: both measures are 1.0 from the first epoch on."""
    collection = stripes((60, 60), size=48)  # two styles, each its own mirror image
    table = {"size": "tiny", "epochs": 12, "batch_size": 12, "precision": "float32"}
    settings = quick(
        epochs=6,
        style_weight=4,
        content_weight=0,
        patch_weight=0,
        feature_weight=0,
        identity_weight=0.1,
        learning_rate=1e-2,
        style_classifier=table,
    )
    run = train_painter(collection, run_path, settings)
    hits = [line["hit_rate"] for line in run.metrics() if line["event"] == "validation"]
    assert hits[-1] > 0.8  # chance: 0.5
    _, (first, second) = painted(run, collection, styles=2)
    classifier = classifier_of(open_run(run_path / STYLE_CLASSIFIER), CPU)
    with torch.no_grad():
        towards_first = [logits[:, 0] - logits[:, 1] for logits in map(classifier, (first, second))]
    assert (towards_first[0] > towards_first[1]).float().mean() > 0.8
    assert (
        sorted(path.name for path in (run_path / "progress").glob("[!.]*"))[-1] == "epoch-006.png"
    )


def test_the_courses_form_gives_the_picture_back_whatever_is_asked_for(
    stripes: Stripes, run_path: Path
) -> None:
    collection = stripes((40, 40, 40), size=48)
    preset = PRESETS["course"].model_dump(exclude_unset=True)
    course = quick(**{**preset, "learning_rate": 3e-3})
    run = train_painter(collection, run_path, course)
    assert "hit_rate" not in run.metrics()[-1]  # nobody is there to see
    assert not (run_path / STYLE_CLASSIFIER).exists()
    x, made = painted(run, collection)
    away = (made - x).abs().mean()
    apart = (made[0] - made[1]).abs().mean()
    assert away < 0.15
    assert apart < away  # what the style does is less than what is lost anyway


def test_it_sees_one_half_and_neither_the_other_nor_test_pictures(
    stripes: Stripes, one_epoch: Run, tmp_path: Path
) -> None:
    collection, run = stripes(size=48), one_epoch  # a copy of that run's collection, altered below
    local, other = disjoint_halves(collection, 0)
    hashes = np.asarray(collection.column("sha256"), object)
    trained, chosen = training_hashes(run)
    assert trained == set(hashes[local.indices("train")]) and chosen == set(
        hashes[local.indices("validation")]
    )
    assert run.collection["fingerprint"] == collection.fingerprint  # so that other verbs find it
    assert run.facts["train_counts"] == local.counts("train").tolist()
    pixels = np.array(collection.pixels)
    hidden = np.setdiff1d(
        np.arange(len(collection)), [*local.indices("train"), *local.indices("validation")]
    )
    pixels[hidden] = 0
    object.__setattr__(collection, "__dict__", {**collection.__dict__, "pixels": pixels})
    assert len(np.intersect1d(hidden, other.indices("train"))) == len(other.indices("train"))
    blind = train_painter(collection, tmp_path / "blind", quick(epochs=1))
    assert blind.weights_path.read_bytes() == run.weights_path.read_bytes()


@pytest.mark.parametrize(
    ("method", "call"), [("batch", 5), ("loss", 4), ("validate", 2), ("illustrate", 1)]
)
def test_broken_off_anywhere_and_continued(
    collection: Collection,
    straight: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    call: int,
) -> None:
    settings = quick()
    original, calls = getattr(PainterTask, method), 0

    def counted(self: Any, *given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return original(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(PainterTask, method, counted)
        with pytest.raises(KeyboardInterrupt):
            train_painter(collection, tmp_path / "broken", settings)
    broken = train_painter(collection, tmp_path / "broken", settings)
    assert broken.weights_path.read_bytes() == straight.weights_path.read_bytes()
    for path in (straight.path / "progress").glob("[!.]*"):
        assert (broken.path / "progress" / path.name).read_bytes() == path.read_bytes()


def test_a_style_classifier_that_was_cut_off_is_trained_on(
    collection: Collection, one_epoch: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = quick(epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(
            painter, "classifier_of", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            train_painter(collection, tmp_path / "broken", settings)
    assert not (tmp_path / "broken" / "run.json").exists()
    assert open_run(tmp_path / "broken" / STYLE_CLASSIFIER).state == "done"
    broken = train_painter(collection, tmp_path / "broken", settings)
    assert broken.weights_path.read_bytes() == one_epoch.weights_path.read_bytes()


def test_the_evaluator_is_a_run_of_its_own_on_the_other_half(
    stripes: Stripes, run_path: Path
) -> None:
    collection = stripes(size=48)
    table = {"size": "tiny", "epochs": 1, "batch_size": 12, "resolution": 48}
    steps: list[str] = []
    run = train_painter(
        collection, run_path, quick(epochs=1, evaluator=table), announce=steps.append
    )
    assert steps == [
        "training the style classifier",
        "training the painter",
        "training the evaluator",
    ]
    evaluator = open_run(run_path / EVALUATOR, "classifier")
    assert evaluator.state == "done" and evaluator.settings["network"] == "residual"
    hashes = np.asarray(collection.column("sha256"), object)
    _, other = disjoint_halves(collection, 0)
    assert training_hashes(evaluator)[0] == set(hashes[other.indices("train")])
    assert not training_hashes(evaluator)[0] & training_hashes(run)[0]


def unlearned(half: Collection, settings: PainterSettings) -> StyleReferences:
    """References without a style classifier."""
    return style_references(half, settings.resolution, settings.resolution, 0, None, CPU)


def test_every_style_is_a_target_and_sources_are_of_others(stripes: Stripes) -> None:
    collection, settings = stripes((30, 20, 10), size=48), quick()
    half, _ = disjoint_halves(collection, 0)
    references = unlearned(half, settings)
    task = PainterTask(half, settings, None, references, Accelerator(cpu=True))
    train, labels = half.indices("train"), half.labels
    pixels = plain(torch.from_numpy(half.pixels[train]).permute(0, 3, 1, 2), 48)
    known = dict(zip(pixels.sum((1, 2, 3)).tolist(), labels[train], strict=True))
    for step in range(6):
        batch = task.batch(step)
        own = len(batch.pictures) - len(batch.targets)
        assert own == 2 and len(batch.pictures) == 12
        found = torch.tensor(
            [
                known[min(known, key=lambda total, x=picture: abs(total - x.sum().item()))]  # type: ignore[misc]
                for picture in batch.pictures
            ]
        )
        assert (found[own:] != batch.targets).all()
        assert batch.targets.bincount().min() >= 3  # ten of three styles
        assert (batch.weights[own:].argmax(1) == batch.targets).all()
        assert batch.weights[0].argmax() == found[0] and batch.weights[1].sum() == 0
        unchanged = torch.eye(3, 4)
        assert torch.equal(batch.colours[:own], unchanged.repeat(own, 1, 1))
        assert not torch.allclose(batch.colours[own:], unchanged)


def test_most_steps_see_crops_and_every_fourth_whole_pictures(stripes: Stripes) -> None:
    collection, settings = stripes(size=96), quick(resolution=96, crop=48, batch_size=12)
    half, _ = disjoint_halves(collection, 0)
    task = PainterTask(half, settings, None, unlearned(half, settings), Accelerator(cpu=True))
    shapes = [tuple(task.batch(step).pictures.shape) for step in range(5)]
    assert shapes[0] == shapes[4] == (3, 3, 96, 96)  # as many places as 12 crops
    assert shapes[1] == shapes[2] == shapes[3] == (12, 3, 48, 48)


def test_crops_are_parts_of_the_pictures() -> None:
    x = torch.rand(3, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    found = random_crops(x, 12, torch.Generator().manual_seed(1))
    for picture, crop in zip(x, found, strict=True):
        places = [
            (top, left)
            for top in range(9)
            for left in range(9)
            if torch.equal(picture[:, top : top + 12, left : left + 12], crop)
        ]
        assert len(places) == 1


def test_colours_in_training_are_those_of_paintings_of_the_style(stripes: Stripes) -> None:
    collection, settings = stripes((30, 30, 30), size=48), quick(batch_size=24)
    half, _ = disjoint_halves(collection, 0)
    references = unlearned(half, settings)
    task = PainterTask(half, settings, None, references, Accelerator(cpu=True))
    batch = task.batch(1)
    own = len(batch.pictures) - len(batch.targets)
    made = colour_statistics(applied(batch.colours[own:], batch.pictures[own:]))
    bank = references.bank[batch.targets]
    away = (made[:, None, :3] - bank[..., :3]).norm(dim=2).amin(1)
    assert away.median() < 0.02  # means are met wherever nothing is cut off


def test_typical_paintings_are_those_the_style_classifier_believes_in(stripes: Stripes) -> None:
    half, _ = disjoint_halves(stripes((300, 40), size=48), 0)
    rows = half.indices("train")

    class Bright(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack((x.mean((1, 2, 3)), torch.zeros(len(x))), 1)

    found = typical(half, 48, Bright(), CPU, np.random.default_rng(0))
    light = half.pixels.mean((1, 2, 3))
    first = rows[half.labels[rows] == 0]
    kept, left = found[0], np.setdiff1d(first, found[0])
    assert len(kept) == max(64, round(len(first) / 2))
    assert light[kept].min() >= light[left].max() - 0.5
    assert set(found[1]) == set(rows[half.labels[rows] == 1])  # fewer than 64: all of them


def test_two_shares_make_the_whole_batch(stripes: Stripes) -> None:
    collection, settings = stripes(size=48), quick()
    half, _ = disjoint_halves(collection, 0)

    class Part:
        device, num_processes = CPU, 2

        def __init__(self, index: int) -> None:
            self.process_index = index

    references = unlearned(half, settings)
    whole = PainterTask(half, settings, None, references, Accelerator(cpu=True)).batch(3)
    first, second = (
        PainterTask(half, settings, None, references, Part(index)).batch(3)  # type: ignore[arg-type]
        for index in (0, 1)
    )
    together = torch.cat((first.pictures, second.pictures))
    assert sorted(together.sum((1, 2, 3)).tolist()) == pytest.approx(
        sorted(whole.pictures.sum((1, 2, 3)).tolist()), abs=1e-3
    )
    targets = torch.cat((first.targets, second.targets))
    assert sorted(targets.tolist()) == sorted(whole.targets.tolist())
    assert len(first.targets) == len(second.targets) and first.draw == second.draw


def test_however_few_some_are_painted_in_other_styles(stripes: Stripes) -> None:
    half, _ = disjoint_halves(stripes(size=48), 0)
    for own, expected in ((0.99, 1), (1.0, 0)):
        settings = quick(identity_share=own)
        task = PainterTask(half, settings, None, unlearned(half, settings), Accelerator(cpu=True))
        assert len(task.batch(0).targets) == expected


def test_the_style_classifier_has_the_painters_resolution(one_epoch: Run) -> None:
    classifier = open_run(one_epoch.path / STYLE_CLASSIFIER)
    assert classifier.settings["resolution"] == one_epoch.settings["resolution"] == 48
    assert classifier.settings["network"] == "classifier"


def test_refused_in_one_line(stripes: Stripes, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="resolution=60: a painter's is a multiple of 8"):
        train_painter(stripes(size=64), tmp_path / "run", quick(resolution=60))
    with pytest.raises(CollectionError, match="fewer than two styles: nothing to paint in"):
        train_painter(stripes((24,), size=48, name="single"), tmp_path / "run", quick())
    wide = quick(evaluator={"epochs": 1, "resolution": 96})
    with pytest.raises(SettingsError, match=r"evaluator\.resolution=96 is more than the 48 pixels"):
        train_painter(stripes(size=48, name="wide"), tmp_path / "run", wide)
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="holds other work"):
        train_painter(stripes(size=48, name="other"), tmp_path / "run", quick())


def test_the_weights_are_the_painter_with_the_colours_of_its_paintings(
    one_epoch: Run, collection: Collection
) -> None:
    weights = load_file(one_epoch.weights_path)
    loaded = painter_of(one_epoch, CPU).state_dict()
    assert weights.keys() == loaded.keys()
    assert all(torch.equal(loaded[name], weights[name]) for name in loaded)
    half, _ = disjoint_halves(collection, 0)
    rows = half.indices("train")
    for style in range(3):
        means = half.pixels[rows[half.labels[rows] == style]].mean((1, 2)) / 127.5 - 1
        away = np.abs(weights["bank"][style, :, None, :3].numpy() - means).max(2).min(1)
        assert away.max() < 1e-3
    assert (
        build("classifier", styles=3, size="tiny", resolution=48).state_dict().keys()
        == load_file(one_epoch.path / STYLE_CLASSIFIER / "best.safetensors").keys()
    )


def test_a_painter_of_an_earlier_version_is_refused_in_one_line(
    one_epoch: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "old"
    shutil.copytree(one_epoch.path, folder)
    about = json.loads((folder / "run.json").read_text())
    del about["settings"]["patch_weight"]
    write_text(folder / "run.json", json.dumps(about))
    with pytest.raises(RunError, match="earlier version, whose painter was another network"):
        painter_of(open_run(folder, "painter"), CPU)

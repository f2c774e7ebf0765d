"""Training of the painter: styles change, the course's form ignores them, and it resumes."""

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
from impasto.errors import CollectionError, OutputError, SettingsError
from impasto.models.classifiers import build
from impasto.models.preprocess import plain
from impasto.records.run import EVALUATOR, STYLE_CLASSIFIER, Run, open_run
from impasto.training import loop
from impasto.training.painter import task as painter_task
from impasto.training.painter import train as painter
from impasto.training.painter.settings import PRESETS, PainterSettings
from impasto.training.painter.task import AdversarialPainter, PainterTask
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
    """Seeds 0, 1 and 2 in float32 and in bfloat16: both measures reach 1.0 every time."""
    collection = stripes((60, 60), size=48)  # two styles, each its own mirror image
    table = {"size": "tiny", "epochs": 6, "batch_size": 12, "precision": "float32"}
    settings = quick(
        epochs=8,
        style_weight=2,
        adversarial_weight=0.3,
        learning_rate=3e-3,
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
    assert sorted(path.name for path in (run_path / "progress").iterdir())[-1] == "epoch-008.png"


def test_the_courses_form_gives_the_picture_back_whatever_is_asked_for(
    stripes: Stripes, run_path: Path
) -> None:
    collection = stripes((40, 40, 40), size=48)
    course = quick(
        **PRESETS["course"].model_dump(exclude_unset=True), epochs=12, learning_rate=3e-3
    )
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
    for path in (straight.path / "progress").iterdir():
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


def test_each_teaches_itself_alone(stripes: Stripes) -> None:
    """The painter's losses have no gradient in the discriminator, and vice versa."""
    collection, settings = (
        stripes(size=48),
        quick(identity_weight=0, content_weight=0, style_weight=0),
    )
    half, _ = disjoint_halves(collection, 0)
    task = PainterTask(half, settings, None, Accelerator(cpu=True))
    network = painter._fresh(half, settings)
    assert isinstance(network, AdversarialPainter) and network.discriminator is not None
    outputs = network(task.batch(0))
    fooling = torch.nn.functional.softplus(-outputs.generator).mean()
    telling = task._discriminator_loss(outputs)

    def moved(loss: torch.Tensor, network: torch.nn.Module) -> bool:
        slopes = torch.autograd.grad(
            loss, list(network.parameters()), allow_unused=True, retain_graph=True
        )
        return any(slope is not None and bool(slope.abs().sum() > 0) for slope in slopes)

    assert (moved(fooling, network.painter), moved(fooling, network.discriminator)) == (True, False)
    assert (moved(telling, network.painter), moved(telling, network.discriminator)) == (False, True)


def test_batches_ask_for_other_styles_and_bring_real_pictures_of_them(stripes: Stripes) -> None:
    collection = stripes((30, 20, 10), size=48)
    half, _ = disjoint_halves(collection, 0)
    task = PainterTask(half, quick(), None, Accelerator(cpu=True))
    train, labels = half.indices("train"), half.labels
    known = {
        plain(torch.from_numpy(half.pixels[[row]]).permute(0, 3, 1, 2), 48).sum().item(): labels[
            row
        ]
        for row in train
    }
    for step in range(4):
        batch = task.batch(step)
        rows = task.batches.batch(step)
        own = len(rows) - len(batch.targets)
        assert own == 3 and batch.penalised == (step % 4 == 0)
        assert (batch.targets.numpy() != labels[rows[own:]]).all()
        assert batch.weights[2].sum() == 0 and batch.weights[0].argmax() == labels[rows[0]]
        assert (batch.weights[own:].argmax(1) == batch.targets).all()
        for picture, target in zip(batch.real, batch.targets, strict=True):
            place = min(known, key=lambda total, x=picture: abs(total - x.sum().item()))  # type: ignore[misc]
            assert known[place] == int(target)


def test_the_discriminator_sees_whole_pixels() -> None:
    x = torch.rand(6, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    windows = painter_task._windows(6, 48, torch.Generator().manual_seed(1))
    seen = painter_task.cropped(x, windows, 36)
    assert len(windows[:, 2].sign().unique()) == 2  # some are mirrored
    for picture, window, part in zip(x, windows, seen, strict=True):
        left, top = (round(float(24 * (window[at] + 1) - 18)) for at in (0, 1))
        expected = picture[:, top : top + 36, left : left + 36]
        assert torch.allclose(part, expected.flip(2) if window[2] < 0 else expected, atol=1e-4)


def test_two_shares_make_the_whole_batch(stripes: Stripes) -> None:
    collection, settings = stripes(size=48), quick()
    half, _ = disjoint_halves(collection, 0)

    class Part:
        device, num_processes = CPU, 2

        def __init__(self, index: int) -> None:
            self.process_index = index

    whole = PainterTask(half, settings, None, Accelerator(cpu=True)).batch(3)
    first, second = (PainterTask(half, settings, None, Part(index)).batch(3) for index in (0, 1))  # type: ignore[arg-type]
    # Twice as many are taken in steps of two, so the parts differ in who comes back; together they
    # are the batch
    together = torch.cat((first.pictures, second.pictures))
    assert sorted(together.sum((1, 2, 3)).tolist()) == pytest.approx(
        sorted(whole.pictures.sum((1, 2, 3)).tolist()), abs=1e-3
    )
    assert len(first.targets) == len(second.targets) == len(first.real)


def test_however_few_some_are_painted_in_other_styles(stripes: Stripes) -> None:
    half, _ = disjoint_halves(stripes(size=48), 0)
    for own, expected in ((0.99, 1), (1.0, 0)):
        task = PainterTask(half, quick(identity_share=own), None, Accelerator(cpu=True))
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


def test_the_weights_hold_the_discriminator_and_the_painter_is_found_in_them(
    stripes: Stripes, run_path: Path
) -> None:
    run = train_painter(stripes(size=48), run_path, quick(epochs=1))
    weights = load_file(run.weights_path)
    assert {name.split(".")[0] for name in weights} == {"painter", "discriminator"}
    loaded = painter_of(run, CPU).state_dict()
    assert all(torch.equal(loaded[name], weights[f"painter.{name}"]) for name in loaded)
    assert (
        build("classifier", styles=3, size="tiny", resolution=48).state_dict().keys()
        == load_file(run_path / STYLE_CLASSIFIER / "best.safetensors").keys()
    )

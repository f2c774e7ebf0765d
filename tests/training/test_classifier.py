"""The trainer on stripes:

it learns, says what it did, refuses what it must, and never looks at the test split.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from impasto.collection.collection import Collection, open_collection
from impasto.errors import (
    CollectionError,
    MissingExtraError,
    RunError,
    SettingsError,
    VocabularyError,
)
from impasto.files import read_json, write_json
from impasto.models.classifiers import build
from impasto.models.preprocess import plain
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.training.autoencoder.train import train_autoencoder
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.task import ClassifierTask
from impasto.training.classifier.train import train_classifier
from impasto.training.imbalance import BalanceSettings
from impasto.training.pixel_batches import Pictures
from impasto.weights import classifier_of
from quick_settings import AUTOENCODER

Stripes = Callable[..., Collection]
Quick = Callable[..., ClassifierSettings]


def recalls(run: runs.Run, collection: Collection) -> Any:
    """The kept weights' recall of each style on the test split."""
    model = build("classifier", styles=len(run.styles), size="tiny", resolution=32).eval()
    model.load_state_dict(load_file(run.weights_path))
    rows = collection.indices("test")
    with torch.no_grad():
        predicted = model(plain(Pictures.gather(collection, rows), 32)).argmax(1).numpy()
    return metrics.recalls(
        metrics.confusion_matrix(collection.labels[rows], predicted, len(run.styles))
    )


def test_it_learns(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    collection = stripes((24, 24, 24), test=12)
    run = train_classifier(collection, run_path, quick(epochs=8))
    assert (
        findings.load(run.path / "findings.json")[0].numbers["balanced_accuracy"] > 0.8
    )  # the majority has a third
    assert recalls(run, collection).mean() > 0.8
    losses = [line["loss"] for line in run.metrics() if line["event"] == "train"]
    assert losses[-1] < 0.8 * losses[0]
    found = {finding.code: finding for finding in findings.load(run_path / "findings.json")}
    assert found["IMP201"].outcome == "passed"


@pytest.fixture(scope="module")
def rare(shared_stripes: Stripes) -> Collection:
    """Noisy stripes, a style of them with a tenth of the others' pictures."""
    return shared_stripes((60, 60, 6), test=25, noise=60.0)


def rare_recall(quick: Quick, collection: Collection, path: Path, **given: Any) -> float:
    """The rare style's mean recall after two trainings with these imbalance settings."""
    balance = BalanceSettings(**{"logit_adjustment": 0.0, **given})
    settings = [quick(epochs=8, seed=seed, weight_decay=0.05, balance=balance) for seed in (2, 3)]
    runs = [train_classifier(collection, path / str(one.seed), one) for one in settings]
    return float(np.mean([recalls(run, collection)[2] for run in runs]))


@pytest.fixture(scope="module")
def plain_recall(rare: Collection, quick: Quick, tmp_path_factory: pytest.TempPathFactory) -> float:
    """The rare style's recall without a long-tail method."""
    return rare_recall(quick, rare, tmp_path_factory.mktemp("plain") / "run")


@pytest.mark.parametrize(
    "remedy",
    [
        {"sampling": "inverse-frequency"},
        {"sampling": "square-root"},
        {"sampling": "cap-and-duplicate", "per_style": 40},
        {"weights": "inverse-frequency"},
        {"logit_adjustment": 1.0},
    ],
)
def test_remedies_help_rare_styles(
    rare: Collection, quick: Quick, plain_recall: float, run_path: Path, remedy: dict[str, Any]
) -> None:
    assert rare_recall(quick, rare, run_path, **remedy) > plain_recall + 0.2


@pytest.mark.parametrize("network", ["in-class", "published"])
def test_the_courses_networks_train_on_the_same_loop(
    stripes: Stripes, quick: Quick, run_path: Path, network: str
) -> None:
    run = train_classifier(
        stripes(), run_path, quick(network=network, muon_learning_rate=0.0, epochs=1)
    )
    shapes = {name: tuple(t.shape) for name, t in load_file(run.weights_path).items()}
    assert shapes["linear.weight"] == (300, 49)
    assert ("second.weight" in shapes) == (network == "published")


def test_a_run_says_what_it_is(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    collection = stripes((20, 16, 4))
    run = train_classifier(collection, run_path, quick(epochs=2))
    assert (run.state, run.kind, run.styles) == (
        "done",
        "classifier",
        ("Style_0", "Style_1", "Style_2"),
    )
    assert run.collection["fingerprint"] == collection.fingerprint
    assert run.facts["train_counts"] == [20, 16, 4]
    assert run.facts["prior"] == pytest.approx([0.5, 0.4, 0.1])
    assert run.facts["head_scale"] is None
    assert run.facts["precision"] == "float32"
    assert (run.facts["steps"], run.facts["steps_per_epoch"], run.facts["steps_done"]) == (6, 3, 6)
    assert run.facts["parameters"] == sum(
        p.numel() for p in build("classifier", styles=3, size="tiny", resolution=32).parameters()
    )
    assert run.facts["best_epoch"] in (1, 2)
    assert 0 < run.facts["data_share_of_step"] < 1
    assert ClassifierSettings.model_validate_json(json.dumps(dict(run.settings))) == quick(epochs=2)


def test_the_lines_of_the_metrics(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    run = train_classifier(stripes((40, 40, 40)), run_path, quick(epochs=2, batch_size=6))
    lines = run.metrics()
    train = [line for line in lines if line["event"] == "train"]
    validation = [line for line in lines if line["event"] == "validation"]
    assert [line["step"] for line in train] == list(range(2, 41, 2))  # ten an epoch
    assert [(line["step"], line["epoch"]) for line in validation] == [(20, 1.0), (40, 2.0)]
    assert set(train[0]) == {
        "event",
        "step",
        "epoch",
        "loss",
        "learning_rate",
        "pictures_per_second",
        "seconds",
    }
    scores = {"loss", "accuracy", "balanced_accuracy", "macro_f1", "best"}
    assert set(validation[0]) == {"event", "step", "epoch", "seconds", *scores}
    assert validation[0]["best"] is True
    assert max(line["learning_rate"] for line in train) == pytest.approx(3e-3, rel=0.01)
    assert train[-1]["learning_rate"] < 1e-4
    assert [line["seconds"] for line in lines] == sorted(line["seconds"] for line in lines)
    best = min(validation, key=lambda line: line["loss"])
    assert run.facts["best_loss"] == best["loss"]
    assert run.facts["best_epoch"] == best["epoch"]


def test_seen_holds_no_test_picture(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    collection = stripes()
    train_classifier(collection, run_path, quick(epochs=1))
    seen = pq.read_table(run_path / "seen.parquet").to_pydict()
    hashes, splits = collection.column("sha256"), collection.column("split")
    expected = {(h, s) for h, s in zip(hashes, splits, strict=True) if s != "test"}
    assert set(zip(seen["sha256"], seen["split"], strict=True)) == expected
    assert len(seen["sha256"]) == len(expected)


def test_the_test_split_is_never_looked_at(stripes: Stripes, quick: Quick, tmp_path: Path) -> None:
    """Other test pictures under other labels:

    the same weights to the bit, chosen by the same scores.
    """
    clean, poisoned = stripes(name="clean"), stripes(name="poisoned")
    rows = clean.indices("test")
    pixels = np.load(poisoned.path / "pixels.npy")
    pixels[rows] = 255 - pixels[rows][::-1]
    np.save(poisoned.path / "pixels.npy", pixels)
    table = pq.read_table(poisoned.path / "paintings.parquet")
    styles = np.array(table.column("style").to_pylist())
    styles[rows] = np.roll(styles[rows], 5)
    place = table.schema.get_field_index("style")
    table = table.set_column(place, table.schema.field("style"), [styles.tolist()])
    pq.write_table(table, poisoned.path / "paintings.parquet")
    made = [
        train_classifier(collection, tmp_path / collection.path.name / "run", quick(patience=1))
        for collection in (clean, open_collection(poisoned.path))
    ]
    assert made[0].weights_path.read_bytes() == made[1].weights_path.read_bytes()
    numbers = [[(line["loss"], line.get("accuracy")) for line in run.metrics()] for run in made]
    assert numbers[0] == numbers[1]


def test_a_finished_run_is_returned_as_it_is(
    stripes: Stripes, quick: Quick, run_path: Path
) -> None:
    collection, settings = stripes(), quick(epochs=1)
    first = train_classifier(collection, run_path, settings)
    before = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in run_path.rglob("*")
        if path.is_file()
    }
    assert train_classifier(collection, run_path, settings) == first
    assert before == {
        p: (p.stat().st_mtime_ns, p.read_bytes()) for p in run_path.rglob("*") if p.is_file()
    }


def test_a_run_of_something_else_is_refused_by_name(
    stripes: Stripes, quick: Quick, run_path: Path
) -> None:
    collection = stripes()
    train_classifier(collection, run_path, quick(epochs=1))
    before = (run_path / "seen.parquet").stat().st_mtime_ns
    with pytest.raises(RunError, match=r"epochs was 1, now 3"):
        train_classifier(collection, run_path, quick(epochs=3))
    with pytest.raises(
        RunError, match=r'settings \(balance.sampling was "natural", now "square-root"\)'
    ):
        train_classifier(
            collection, run_path, quick(epochs=1, balance=BalanceSettings(sampling="square-root"))
        )
    with pytest.raises(RunError, match="another state of"):
        train_classifier(stripes((20, 24, 24), name="other"), run_path, quick(epochs=1))
    with pytest.raises(VocabularyError, match=r"lacks Kind_0.* adds Style_0"):
        train_classifier(stripes(name="renamed", prefix="Kind"), run_path, quick(epochs=1))
    with pytest.raises(RunError, match="already holds a run"):
        train_classifier(collection, run_path, quick(epochs=1), resume=False)
    assert (run_path / "seen.parquet").stat().st_mtime_ns == before


def test_where_it_runs_is_no_other_setting(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    collection = stripes()
    train_classifier(collection, run_path, quick(epochs=1, device="cpu"))
    assert train_classifier(collection, run_path, quick(epochs=1, device="auto")).state == "done"


def test_nothing_to_learn_from_is_refused(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    with pytest.raises(CollectionError, match="fewer than two styles"):
        train_classifier(stripes((9, 0, 0), name="one"), run_path, quick())
    with pytest.raises(CollectionError, match="no validation pictures"):
        train_classifier(stripes(validation=0, name="none"), run_path, quick())
    names = stripes(name="names")
    (names.path / "pixels.npy").unlink()
    with pytest.raises(CollectionError, match="names without pictures"):
        train_classifier(names, run_path, quick())
    assert not run_path.exists()


def test_a_style_without_training_pictures_is_survived(
    stripes: Stripes, quick: Quick, run_path: Path
) -> None:
    run = train_classifier(stripes((12, 12, 0)), run_path, quick(epochs=1))
    assert all(np.isfinite(line["loss"]) for line in run.metrics())


def test_no_device_no_training(
    stripes: Stripes, quick: Quick, run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="no CUDA device"):
        train_classifier(stripes(), run_path, quick(device="cuda"))


def test_a_loss_that_is_no_number_stops_it(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    with pytest.raises(
        RunError, match=r"the loss is nan at step \d+: lower learning_rate"
    ) as caught:
        train_classifier(
            stripes(), run_path, quick(epochs=4, learning_rate=1e25, muon_learning_rate=1e25)
        )
    assert str(run_path) in str(caught.value)


def test_it_stops_where_nothing_gets_better(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    """With a rate of all but zero and no average to move, every validation is the first again."""
    settings = quick(
        epochs=12, patience=2, learning_rate=1e-30, muon_learning_rate=0.0, ema_decay=0.999
    )
    run = train_classifier(stripes(), run_path, settings)
    lines = [line for line in run.metrics() if line["event"] == "validation"]
    stale = [line["best"] for line in lines]
    assert run.facts["steps_done"] < run.facts["steps"]
    assert stale[-2:] == [False, False]
    assert stale[-3] is True


def test_a_tracker_on_request(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    run = train_classifier(stripes(), run_path, quick(epochs=2, tracker="tensorboard"))
    assert len(list((run.path / "tensorboard").iterdir())) == 1
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    scores = [
        (e.step, pytest.approx(e.value)) for e in events.Scalars("validation/balanced_accuracy")
    ]
    lines = [line for line in run.metrics() if line["event"] == "validation"]
    assert [(line["step"], line["balanced_accuracy"]) for line in lines] == scores
    assert len(events.Scalars("train/loss")) == sum(
        line["event"] == "train" for line in run.metrics()
    )


def test_no_tracker_unasked(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    train_classifier(stripes(), run_path, quick(epochs=1))
    assert not (run_path / "tensorboard").exists()


def test_a_missing_tracker_is_named(
    stripes: Stripes, quick: Quick, run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = stripes()
    monkeypatch.setitem(__import__("sys").modules, "tensorboard", None)
    monkeypatch.setitem(__import__("sys").modules, "comet_ml", None)
    with pytest.raises(MissingExtraError, match="pip install 'tensorboard"):
        train_classifier(collection, run_path, quick(tracker="tensorboard"))
    with pytest.raises(SettingsError, match="pip install comet-ml"):
        train_classifier(collection, run_path, quick(tracker="comet_ml"))
    assert not run_path.exists()


def test_precision_is_settled_once(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    """A training cut off under one precision goes on with it, whatever would be measured now."""
    collection, settings = stripes(), quick(epochs=1, precision="auto")
    run = train_classifier(collection, run_path, settings)
    assert run.facts["precision"] in ("float32", "bfloat16")
    data = read_json(run_path / "run.json")
    data["state"], data["facts"]["precision"] = "running", "float32"
    write_json(run_path / "run.json", data)
    assert train_classifier(collection, run_path, settings).facts["precision"] == "float32"


def test_huge_seeds_are_seeds_too(stripes: Stripes, quick: Quick, run_path: Path) -> None:
    assert train_classifier(stripes(), run_path, quick(epochs=1, seed=2**70)).state == "done"


@pytest.mark.parametrize("remedy", [{"sampling": "progressive"}, {"drw_start": 0.8}])
def test_no_training_stops_before_its_remedy_is_done(remedy: dict[str, Any]) -> None:
    """The prior that a run says is that of the end."""
    with pytest.raises(SettingsError, match="patience may stop a training before"):
        ClassifierSettings(patience=3, balance=BalanceSettings(**remedy))
    assert ClassifierSettings(balance=BalanceSettings(**remedy)).patience == 0


def test_only_our_network_sees_growing_pictures(stripes: Stripes) -> None:
    settings = ClassifierSettings(
        resolution=64, first_resolution=32, epochs=4, device="cpu", batch_size=8
    )
    accelerator, collection = Accelerator(cpu=True), stripes()
    grown = ClassifierTask(collection, settings, accelerator)
    assert [grown.batch(step)[0].shape[-1] for step in (0, grown.steps - 1)] == [32, 64]
    fixed = ClassifierTask(
        collection, settings.model_copy(update={"network": "in-class"}), accelerator
    )
    assert fixed.batch(0)[0].shape[-1] == 64


@pytest.mark.parametrize("network", ["classifier", "residual"])
def test_a_stem_of_another_stride_is_what_is_used_afterwards(
    network: str, stripes: Stripes, quick: Quick, tmp_path: Path
) -> None:
    collection = stripes((12, 12, 12))
    places = {}
    for stride in (None, 2, 4):
        settings = quick(epochs=1, network=network, stride=stride)
        run = train_classifier(collection, tmp_path / f"run{stride}", settings)
        used, x = classifier_of(run, torch.device("cpu")), torch.zeros(1, 3, 32, 32)
        places[stride] = used.features(x)[0].shape[-1]
    assert places[None] == places[2] == 2 * places[4]
    earlier = runs.open_run(tmp_path / "runNone")
    settings = {name: value for name, value in earlier.settings.items() if name != "stride"}
    write_json(
        earlier.path / "run.json", {**read_json(earlier.path / "run.json"), "settings": settings}
    )
    used = classifier_of(runs.open_run(earlier.path), torch.device("cpu"))
    assert used.features(x)[0].shape[-1] == places[None]


def test_it_begins_as_an_autoencoder(stripes: Stripes, quick: Quick, tmp_path: Path) -> None:
    collection = stripes((24, 24, 24))
    ahead = AUTOENCODER.model_copy(update={"epochs": 1, "batch_size": 18})
    coded = train_autoencoder(collection, tmp_path / "coded", ahead)
    still = quick(
        epochs=1,
        learning_rate=1e-9,
        muon_learning_rate=0,
        ema_decay=0.0,
        warm_start=str(coded.path),
    )
    run = train_classifier(collection, tmp_path / "run", still)
    begun, trunk = load_file(run.weights_path), load_file(coded.weights_path)
    weights = [name for name in begun if name.endswith("weight") and "head." not in name]
    assert len(weights) > 20
    for name in weights:
        torch.testing.assert_close(begun[name], trunk[f"trunk.{name}"], rtol=0, atol=1e-6)
    assert run.facts["warm_start_seconds"] == coded.facts["seconds"]
    assert (
        train_classifier(collection, tmp_path / "run", still).path == run.path
    )  # and it is found done
    cosines = still.model_copy(
        update={"balance": BalanceSettings(loss="ldam")}
    )  # a head without bias
    other = load_file(train_classifier(collection, tmp_path / "ldam", cosines).weights_path)
    torch.testing.assert_close(other["stem.weight"], trunk["trunk.stem.weight"], rtol=0, atol=1e-6)

    def refused(
        settings: ClassifierSettings, reason: str, error: type[Exception], source: Collection
    ) -> None:
        with pytest.raises(error, match=reason):
            train_classifier(source, tmp_path / "no", settings)
        assert not (tmp_path / "no").exists()

    refused(
        quick(warm_start=str(coded.path)),
        "another state",
        RunError,
        stripes((24, 24, 25), name="other"),
    )
    refused(quick(warm_start=str(coded.path), size="small"), "size=tiny", SettingsError, collection)
    refused(quick(warm_start=str(coded.path), stride=4), "stride=2", SettingsError, collection)
    refused(
        quick(warm_start=str(coded.path), network="residual"),
        "only network=classifier",
        SettingsError,
        collection,
    )
    refused(quick(warm_start=str(run.path)), "holds a classifier", RunError, collection)
    refused(
        quick(warm_start=str(tmp_path / "gone")),
        "make one with impasto train autoencoder",
        RunError,
        collection,
    )
    write_json(coded.path / "run.json", {**read_json(coded.path / "run.json"), "state": "running"})
    refused(quick(warm_start=str(coded.path)), "not finished", RunError, collection)
    coded.path.rename(tmp_path / "moved")
    assert (
        train_classifier(collection, tmp_path / "run", still).state == "done"
    )  # which needs no beginning any more

"""Evaluating a trained run:

what is written agrees with itself, and nothing is chosen on the test split.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection, open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.errors import CollectionError, RunError, VocabularyError
from impasto.evaluation.classifier import evaluate_classifier as evaluate
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.evaluation.settings import EvaluateSettings, Views
from impasto.files import write_bytes, write_table, write_text
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.run import Run
from impasto.training.classifier.train import train_classifier
from impasto.training.imbalance import BalanceSettings
from quick_settings import CLASSIFIER, STYLES

from .conftest import Trained


def test_it_learned_and_the_numbers_agree_with_the_predictions(trained: Trained) -> None:
    path = trained.evaluation.path / "metrics.json"
    written = json.loads(path.read_text())
    read = ClassifierEvaluation.read(path, what="evaluation", verb="impasto evaluate")
    assert read == trained.evaluation
    table = pq.read_table(trained.evaluation.path / "predictions.parquet").to_pydict()
    labels, said = (
        np.array([STYLES.index(style) for style in table[name]]) for name in ("style", "predicted")
    )
    assert len(labels) == 48
    scores = {name: score["value"] for name, score in written["scores"].items()}
    assert scores["accuracy"] > 0.7
    assert scores["accuracy"] == pytest.approx(float(np.mean(labels == said)))
    assert scores["balanced_accuracy"] == pytest.approx(
        metrics.scores(labels, said, 4)["balanced_accuracy"]
    )
    assert scores["macro_f1"] == pytest.approx(metrics.scores(labels, said, 4)["macro_f1"])
    shares = np.stack(table["probabilities"])
    assert shares.sum(1) == pytest.approx(1)
    assert scores["top_3"] == pytest.approx(metrics.top_k(labels, shares, 3).mean())
    assert written["confusion"] == metrics.confusion_matrix(labels, said, 4).tolist()
    assert [row["recall"] for row in written["per_style"]] == np.divide(
        np.diag(written["confusion"]), 12
    ).tolist()
    held = np.mean(
        [style in members for style, members in zip(table["style"], table["set"], strict=True)]
    )
    assert written["conformal"]["coverage"] == pytest.approx(held)
    for score in written["scores"].values():
        assert score["low"] <= score["value"] <= score["high"]


def test_the_files_are_all_there(trained: Trained) -> None:
    made = {path.name for path in trained.evaluation.path.glob("[!.]*")}
    assert made == {
        "metrics.json", "predictions.parquet", "findings.json", "figures", "calibration.json",
        "ood.safetensors", "explanation.json", "heat.npy", "heat_second.npy", "inputs.json",
    }  # fmt: skip
    written = findings.load(trained.evaluation.path / "findings.json")
    assert json.dumps(findings.as_data(written)) == json.dumps(
        findings.as_data(trained.evaluation.findings)
    )
    for sheet in (trained.evaluation.path / "figures").glob("*.png"):
        with Image.open(sheet) as image:
            assert min(image.size) > 100


def test_the_test_split_chooses_nothing(trained: Trained, tmp_path: Path) -> None:
    """With every test label wrong, temperature and thresholds are the same."""
    moved = tmp_path / "collection"
    shutil.copytree(trained.collection.path, moved)
    wrong = {style: STYLES[place - 1] for place, style in enumerate(STYLES)}
    table = pq.read_table(moved / "paintings.parquet")
    rows = [
        {**row, "style": wrong[row["style"]]} if row["split"] == "test" else row
        for row in table.to_pylist()
    ]
    write_table(moved / "paintings.parquet", pa.Table.from_pylist(rows, schema=table.schema))
    run = Path(
        shutil.copytree(trained.run.path, tmp_path / "run")
    )  # its own evaluation stays for others
    poisoned = evaluate(run, moved)
    assert poisoned.scores["accuracy"].value < 0.4
    temperatures = [e.calibration.temperature for e in (poisoned, trained.evaluation)]
    assert temperatures[0] == temperatures[1]
    assert poisoned.validation == trained.evaluation.validation
    assert poisoned.test_mix == trained.evaluation.test_mix  # of counts alone


def test_views_are_averaged(trained: Trained) -> None:
    network, pixels = (
        open_classifier(trained.run.path, "cpu"),
        np.asarray(trained.collection.pixels[:5]),
    )

    def logits(flip: bool, *scales: float, mirrored: bool = False) -> NDArray[np.float32]:
        shown = pixels[:, :, ::-1].copy() if mirrored else pixels
        return network.logits_and_features(lambda at: shown[at], 5, Views(flip, scales))[0]

    once, mirrored, larger = (
        logits(False, 1.0),
        logits(False, 1.0, mirrored=True),
        logits(False, 1.25),
    )
    assert not np.allclose(once, larger, atol=1e-3)
    assert logits(True, 1.0) == pytest.approx((once + mirrored) / 2, abs=1e-5)
    assert logits(False, 1.0, 1.25) == pytest.approx((once + larger) / 2, abs=1e-5)
    assert network.sides(Views(False, (1.0, 1.25))) == (32, 40)


def test_the_courses_network_is_evaluated_at_its_resolution(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    settings = CLASSIFIER.model_copy(
        update={
            "network": "in-class",
            "epochs": 1,
            "balance": BalanceSettings(logit_adjustment=0.0),
        }
    )
    run = train_classifier(make_collection(train=16, test=10), tmp_path / "run", settings)
    assert evaluate(run.path).pictures == 30


def test_both_priors_are_scored_and_named(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    """A test split mixed as the training: accuracy is of answers with the training's shares."""
    collection = make_collection(styles=STYLES, train=(60, 30, 12, 8), test=(24, 12, 5, 3), seed=4)
    run = train_classifier(
        collection, tmp_path / "run", CLASSIFIER.model_copy(update={"epochs": 1})
    )
    found = evaluate(run.path)
    assert found.test_mix.prior == "train" and found.prior == "uniform"
    table = pq.read_table(found.path / "predictions.parquet").to_pydict()
    labels = np.array([STYLES.index(style) for style in table["style"]])
    even = np.stack(table["probabilities"])
    counts = collection.counts("train")
    mixed = even * counts  # put back by Bayes' rule
    for prior, shares in (("uniform", even), ("train", mixed)):
        expected = metrics.scores(labels, shares.argmax(1), 4)
        assert {name: found.by_prior[prior][name].value for name in expected} == pytest.approx(
            expected
        )
        assert found.by_prior[prior]["top_3"].value == pytest.approx(
            metrics.top_k(labels, shares, 3).mean()
        )
    read = {"accuracy": "train", "top_3": "train", "balanced_accuracy": "uniform"}
    for name, prior in read.items():
        assert found.scores[name] == found.by_prior[prior][name]
    assert [(column.name, column.prior) for column in found.columns][:2] == [
        ("accuracy", "train"),
        ("accuracy", "uniform"),
    ]
    assert found.resampled.unit == "pictures" and found.resampled.count == 44
    assert found.calibration and found.calibration.prior == "train"
    oracle = found.baselines["majority"]
    assert oracle and oracle.gains["accuracy"].value == pytest.approx(
        found.scores["accuracy"].value - oracle.scores["accuracy"].value
    )


def test_a_balanced_test_split_and_known_artists_are_told(trained: Trained) -> None:
    assert trained.evaluation.test_mix.prior == "uniform"  # twelve of each style
    assert "was given" in trained.evaluation.test_mix.reason
    drawn = trained.evaluation.resampled
    artists = trained.collection.column("artist")
    known = {artists[row] for row in trained.collection.indices("test")}
    assert (drawn.unit, drawn.count, drawn.unknown) == ("artists", len(known), 0)


def test_the_prior_moves_answers_to_the_frequent(trained: Trained, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained.run.path, run)
    frequent = evaluate(run, trained.collection.path, EvaluateSettings(prior="train"))
    named = [np.sum(e.confusion, 0)[0] for e in (frequent, trained.evaluation)]
    assert named[0] >= named[1]
    assert frequent.prior == "train"


def test_a_run_under_a_remedy_is_judged_by_its_own_prior(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    """Where the sampler balanced the styles there is no prior to take out:

    the largest logit is the answer.
    """
    collection = make_collection(styles=STYLES, train=(50, 25, 15, 10), test=6, seed=5)
    remedy = BalanceSettings(sampling="inverse-frequency", loss="ldam", logit_adjustment=0.0)
    settings = CLASSIFIER.model_copy(update={"epochs": 1, "balance": remedy})
    run = train_classifier(collection, tmp_path / "run", settings)
    network, counts = open_classifier(run.path, "cpu"), collection.counts("train")
    assert network.prior.tolist() == pytest.approx([0.25] * 4)
    assert network.shares.tolist() == pytest.approx((counts / counts.sum()).tolist())
    table = pq.read_table(evaluate(run.path).path / "predictions.parquet").to_pydict()
    logits = np.stack(table["logits"])
    assert [STYLES[place] for place in logits.argmax(1)] == table["predicted"]
    assert np.abs(logits).max() <= remedy.ldam_scale
    rows = collection.indices("test")
    one, _ = network.logits_and_features(
        lambda at: collection.pixels[rows[at]], 1, Views(flip=False, scales=(1.0,))
    )
    with (
        torch.no_grad()
    ):  # as the network answers in training, and whichever pictures lie beside it
        alone = network.model(network.input(collection.pixels[rows[:1]]))
    assert one == pytest.approx(alone.numpy(), abs=1e-4)
    put_back = evaluate(run.path, settings=EvaluateSettings(prior="train"))
    shares = np.stack(
        pq.read_table(put_back.path / "predictions.parquet").to_pydict()["probabilities"]
    )
    scores = logits / put_back.calibration.temperature + np.log(network.shares)
    assert shares == pytest.approx(np.exp(scores) / np.exp(scores).sum(1, keepdims=True), abs=1e-5)


def test_a_run_from_before_the_remedies_is_read_as_it_was_meant(
    trained: Trained, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained.run.path, run)
    record = json.loads((run / "run.json").read_text())
    record["settings"]["logit_adjustment"] = record["settings"].pop("balance")["logit_adjustment"]
    del record["facts"]["prior"], record["facts"]["head_scale"]
    write_text(run / "run.json", json.dumps(record))
    assert evaluate(run).scores == trained.evaluation.scores


def test_another_collection_is_scored_beside_the_first(
    trained: Trained, make_collection: Callable[..., Collection]
) -> None:
    other = make_collection(styles=STYLES, train=20, test=6, seed=9)
    scored = evaluate(trained.run.path, other.path)
    assert scored.path == trained.run.path / "evaluation-collection"
    assert scored.pictures == 24
    assert not (scored.path / "calibration.json").exists()
    assert json.loads((trained.evaluation.path / "metrics.json").read_text())["pictures"] == 48


def test_a_picture_seen_in_training_is_found(
    picture_folder: Callable[..., Path], trained: Trained, tmp_path: Path
) -> None:
    source = picture_folder(styles=STYLES, train=12, test=4, seed=3)
    known = picture_folder(styles=STYLES, train=(60, 45, 30, 24), test=12, artists=4)
    taken = next((known / "train" / STYLES[0]).glob("*.jpg"))
    shutil.copy(taken, source / "test" / STYLES[0] / "leak.jpg")
    leaky = prepare(source, tmp_path / "collection", PrepareSettings(pixels=32, workers=1))
    found = {finding.code: finding for finding in evaluate(trained.run.path, leaky.path).findings}
    assert found["IMP305"].invalidates
    assert [item["id"] for item in found["IMP305"].items] == [f"test/{STYLES[0]}/leak.jpg"]


def test_a_changed_collection_is_refused_by_name(
    picture_folder: Callable[..., Path], run_of: Callable[[Collection, Path], Run], tmp_path: Path
) -> None:
    source = picture_folder(train=12, test=4)
    collection = prepare(source, tmp_path / "collection", PrepareSettings(pixels=32, workers=1))
    run = run_of(collection, tmp_path / "run")
    next((source / "test").rglob("*.jpg")).unlink()
    prepare(source, tmp_path / "collection", PrepareSettings(pixels=32, workers=1))
    with pytest.raises(
        RunError, match=r"has changed since .*run was trained on it: train again .* --collection"
    ):
        evaluate(run.path)
    assert evaluate(run.path, tmp_path / "collection").pictures == 11


def test_other_styles_and_missing_things_are_refused(
    trained: Trained, make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    other = make_collection(styles=("Bands", "Columns", "Spots"), train=12, test=3)
    with pytest.raises(VocabularyError, match="adds Diagonals, Hatching"):
        evaluate(trained.run.path, other.path)
    with pytest.raises(CollectionError, match="no collection in"):
        evaluate(trained.run.path, tmp_path)
    with pytest.raises(RunError, match="no run in"):
        evaluate(tmp_path)
    empty = tmp_path / "run"
    shutil.copytree(trained.run.path, empty)
    write_bytes(empty / "best.safetensors", b"nothing")
    with pytest.raises(RunError, match=r"best\.safetensors is damaged"):
        evaluate(empty)
    (empty / "best.safetensors").unlink()
    with pytest.raises(RunError, match="has no weights yet"):
        evaluate(empty)


def test_a_study_that_was_moved_finds_its_collection(
    trained: Trained, make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    study = tmp_path / "study"
    shutil.copytree(trained.run.path, study / "runs" / "classifier")
    shutil.copytree(trained.collection.path, study / "collection")
    record = json.loads((study / "runs" / "classifier" / "run.json").read_text())
    record["collection"]["path"] = "/nowhere/collection"
    write_text(study / "runs" / "classifier" / "run.json", json.dumps(record))
    moved = evaluate(study / "runs" / "classifier")
    assert moved.scores == trained.evaluation.scores
    assert open_collection(study / "collection").fingerprint == moved.collection_fingerprint

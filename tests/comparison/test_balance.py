"""The whole comparison on stripes:

what it writes, that it goes on after a kill, and what chooses what.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from impasto.collection.collection import Collection, fingerprint, open_collection
from impasto.comparison import balance as module
from impasto.comparison import head_runs as heads
from impasto.comparison.balance import LongTailSettings, balance
from impasto.comparison.balance_choice import (
    MethodComparison,
    ValidationChoice,
    findings_of,
    recommend,
)
from impasto.errors import CollectionError, OutputError, RunError, SettingsError
from impasto.evaluation.classifier import evaluate_classifier as evaluate
from impasto.evaluation.predict import predict
from impasto.files import read_json, write_json
from impasto.records.balance import BalanceResult, SignTestResult
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.record import Interval
from impasto.records.run import open_run
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings

TRAIN = ClassifierSettings(
    size="tiny", resolution=32, epochs=3, batch_size=16, ema_decay=0.8, precision="float32",
    device="cpu",
    augment=AugmentSettings(flip=False, crop_scale=(0.8, 1.0)),
)  # fmt: skip
HEADS = (
    "post-hoc-logit-adjustment",
    "tau-normalisation",
    "classifier-re-training",
    "learnable-weight-scaling",
)
SETTINGS = LongTailSettings(
    methods=("inverse-frequency-sampling", *HEADS), seeds=2, views=2, train=TRAIN
)
FEWER = LongTailSettings(
    methods=("inverse-frequency-sampling", "post-hoc-logit-adjustment", "classifier-re-training"),
    seeds=1, views=2, train=TRAIN.model_copy(update={"epochs": 2}),
)  # fmt: skip
TIMED = {"seconds", "command"}


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(
        styles=("Bands", "Columns", "Diagonals", "Hatching"), train=(60, 40, 24, 24), test=10
    )


@pytest.fixture(scope="module")
def done(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> BalanceResult:
    """A finished comparison; not to be changed."""
    return balance(collection, tmp_path_factory.mktemp("done") / "balance", SETTINGS)


@pytest.fixture(scope="module")
def evaluated(done: BalanceResult) -> dict[str, ClassifierEvaluation]:
    """The evaluations of the runs of the second seed."""
    runs = [row.runs[1] for row in done.methods]
    return {name.rpartition("/")[2]: evaluate(done.path / name) for name in runs}


@pytest.fixture(scope="module")
def straight(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> BalanceResult:
    """One with fewer remedies and one seed that nobody interrupted; not to be changed."""
    return balance(collection, tmp_path_factory.mktemp("straight") / "balance", FEWER)


def untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: untimed(inner) for name, inner in value.items() if name not in TIMED}
    return [untimed(inner) for inner in value] if isinstance(value, list) else value


def result(folder: Path) -> Any:
    return untimed(read_json(folder / "balance.json"))


def weights(folder: Path) -> dict[str, bytes]:
    return {
        path.parent.name: path.read_bytes()
        for path in sorted(folder.glob("runs/*/best.safetensors"))
    }


def test_every_remedy_and_seed_is_a_run_that_can_be_evaluated_and_asked(
    done: BalanceResult,
    evaluated: dict[str, ClassifierEvaluation],
    picture_folder: Callable[..., Path],
) -> None:
    names = ["plain", "inverse-frequency-sampling", *HEADS]
    assert sorted(weights(done.path)) == sorted(
        f"{name}-{seed}" for name in names for seed in (0, 1)
    )
    pictures = picture_folder(train=1, test=0)
    for name in weights(done.path):
        run = open_run(done.path / "runs" / name, "classifier")
        assert run.state == "done"
        assert sum(run.facts["prior"]) == pytest.approx(1)
        if (
            name[:-2] in HEADS
        ):  # the head is what makes styles equally frequent, so nothing is left to be taken out
            assert run.facts["prior"] == pytest.approx([0.25] * 4)
        if name.endswith("-1"):
            assert evaluated[name].pictures == 40
            assert predict(run.path, pictures)[0].members


def test_a_run_is_evaluated_where_its_study_was_moved_to(
    collection: Collection, done: BalanceResult, tmp_path: Path
) -> None:
    shutil.copytree(collection.path, tmp_path / "study" / "collection")
    run = tmp_path / "study" / "balance" / "runs" / "plain-0"
    shutil.copytree(done.path / "runs" / "plain-0", run)
    record = read_json(run / "run.json")
    write_json(
        run / "run.json",
        {**record, "collection": {**record["collection"], "path": "/where/it/was"}},
    )
    assert evaluate(run).pictures == 40


def test_the_table_says_what_the_runs_answer(
    collection: Collection, done: BalanceResult, evaluated: dict[str, ClassifierEvaluation]
) -> None:
    """Scores of the plain argmax of each run's own logits, as its evaluation wrote them down."""
    labels = collection.labels[collection.indices("test")]
    for row in done.model_dump(mode="json")["methods"]:
        place = done.path / row["runs"][1]
        assert place.name in evaluated
        answers = np.array(
            pq.read_table(place / "evaluation" / "predictions.parquet")["logits"].to_pylist()
        ).argmax(1)
        recall = [np.mean(answers[labels == style] == style) for style in range(4)]
        assert row["by_seed"]["balanced_accuracy"][1] == pytest.approx(np.mean(recall), abs=1e-6)
        value = np.mean(row["by_seed"]["balanced_accuracy"])
        assert row["scores"]["balanced_accuracy"]["value"] == pytest.approx(value)
        if row["differences"]:
            plain = done.model_dump(mode="json")["methods"][0]["scores"]["balanced_accuracy"][
                "value"
            ]
            assert row["differences"]["balanced_accuracy"]["value"] == pytest.approx(value - plain)


def test_a_new_head_leaves_the_network_as_it_is(done: BalanceResult) -> None:
    for seed in (0, 1):
        plain = load_file(done.path / "runs" / f"plain-{seed}" / "best.safetensors")
        for name in HEADS:
            run = open_run(done.path / "runs" / f"{name}-{seed}")
            mine = load_file(run.weights_path)
            assert mine.keys() == plain.keys()
            differing = {key for key in mine if not np.array_equal(mine[key], plain[key])}
            assert differing <= {"head.weight", "head.bias"}
            assert run.facts["backbone"] == f"plain-{seed}"


def test_heads_are_added_without_a_training(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = SETTINGS.model_copy(update={"methods": ("plain",), "seeds": 1})
    balance(collection, tmp_path / "balance", only)
    before = {
        path: path.stat().st_mtime_ns
        for path in (tmp_path / "balance").rglob("*")
        if "runs" in path.parts
    }
    monkeypatch.setattr("impasto.training.trainer.fit", lambda *given: pytest.fail("trained again"))
    more = balance(collection, tmp_path / "balance", only.model_copy(update={"methods": HEADS}))
    assert len(more.model_dump(mode="json")["methods"]) == 5
    runs = tmp_path / "balance" / "runs"
    assert {path: path.stat().st_mtime_ns for path in before if path != runs} == {
        path: time for path, time in before.items() if path != runs
    }
    assert (tmp_path / "balance" / "outputs" / "train-0.safetensors").is_file()


def test_a_second_time_does_nothing_again(
    collection: Collection, done: BalanceResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = result(done.path)
    monkeypatch.setattr("impasto.training.trainer.fit", lambda *given: pytest.fail("trained again"))
    monkeypatch.setattr(heads, "make_head", lambda *given: pytest.fail("made again"))
    monkeypatch.setattr(
        "impasto.evaluation.loaded_classifier.LoadedClassifier.logits_and_features",
        lambda *given: pytest.fail("computed again"),
    )
    said: list[str] = []
    balance(collection, done.path, SETTINGS, announce=said.append)
    assert result(done.path) == before
    assert len(said) == 12 and said[0].startswith("plain, seed 0: balanced accuracy on validation ")
    assert said[-1].endswith("(12 of 12)")


@pytest.mark.parametrize(
    ("place", "call"),
    [
        ("impasto.training.classifier.task.ClassifierTask.loss", 12),  # in the first training
        (
            "impasto.training.classifier.task.ClassifierTask.validate",
            3,
        ),  # at the end of an epoch of the second
        ("impasto.comparison.balance.cached_outputs", 1),  # after a training
        ("impasto.comparison.cached_logits.augment", 2),  # among the training pictures' views
        (
            "impasto.comparison.head_runs.training_findings",
            2,
        ),  # in the middle of a head's run folder
        ("impasto.records.run.finish", 3),  # before it is marked as done
        ("impasto.comparison.balance.as_markdown", 1),  # when all is there but the result
    ],
)
def test_killed_anywhere_the_same_command_ends_with_the_same(
    collection: Collection,
    straight: BalanceResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    call: int,
) -> None:
    calls = 0
    home, _, name = place.rpartition(".")
    original = getattr(*_resolved(home, name))

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return original(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(place, counted)
        with pytest.raises(KeyboardInterrupt):
            balance(collection, tmp_path / "balance", FEWER)
    assert not (tmp_path / "balance" / "balance.json").exists()
    balance(collection, tmp_path / "balance", FEWER)
    assert result(tmp_path / "balance") == result(straight.path)
    assert weights(tmp_path / "balance") == weights(straight.path)


def _resolved(home: str, name: str) -> tuple[Any, str]:
    """The object that holds ``name``: a module, or a class of one."""
    found = pytest.importorskip(home) if home.rpartition(".")[2].islower() else None
    if found is None:
        outer, _, inner = home.rpartition(".")
        found = getattr(pytest.importorskip(outer), inner)
    return found, name


def test_the_test_labels_choose_nothing(
    collection: Collection, done: BalanceResult, tmp_path: Path
) -> None:
    """Other labels of the test pictures:

    the same weights, strengths and recommended remedy; other scores.
    """
    test = collection.indices("test")
    styles = np.array(collection.column("style"), object)
    styles[test] = np.random.default_rng(0).permutation(styles[test])
    at = collection.table.schema.get_field_index("style")
    table = collection.table.set_column(
        at, collection.table.schema.field("style"), pa.array(styles, pa.string())
    )
    folder = tmp_path / "collection"
    folder.mkdir()
    for name in ("pixels.npy", "styles.json", "findings.json"):
        (folder / name).write_bytes((collection.path / name).read_bytes())
    pq.write_table(table, folder / "paintings.parquet")
    mark = fingerprint(table, collection.vocabulary, collection.settings)
    write_json(
        folder / "collection.json",
        {**read_json(collection.path / "collection.json"), "fingerprint": mark},
    )
    other = balance(open_collection(folder), tmp_path / "balance", SETTINGS)
    assert weights(other.path) == weights(done.path)
    for mine, its in zip(
        other.model_dump(mode="json")["methods"],
        done.model_dump(mode="json")["methods"],
        strict=True,
    ):
        assert mine["strengths"] == its["strengths"]
        assert mine["validation"] == its["validation"]
        assert mine["scores"] != its["scores"]
    for key in ("method", "peers"):
        assert (
            other.model_dump(mode="json")["recommendation"][key]
            == done.model_dump(mode="json")["recommendation"][key]
        )


def test_the_distribution_before_and_after(collection: Collection, done: BalanceResult) -> None:
    counts = collection.counts("train")
    shown = {row["name"]: row["distribution"] for row in done.model_dump(mode="json")["methods"]}
    assert shown["plain"]["pictures"] == pytest.approx(counts)
    assert shown["post-hoc-logit-adjustment"] == shown["plain"]
    for name in ("inverse-frequency-sampling", "classifier-re-training"):
        assert shown[name]["pictures"] == pytest.approx([counts.sum() / 4] * 4, abs=0.01)
        assert shown[name]["share"] == pytest.approx([0.25] * 4)


def test_groups_hold_the_styles_they_should(done: BalanceResult) -> None:
    found = done.model_dump(mode="json")["groups"]
    assert found["many"] == [] and sorted(found["medium"] + found["few"]) == list(
        done.model_dump(mode="json")["styles"]
    )
    assert len(found["rarest_third"]) == 2  # of four styles, rounded up
    rarest = [
        done.model_dump(mode="json")["train"][done.model_dump(mode="json")["styles"].index(style)]
        for style in found["rarest_third"]
    ]
    assert max(rarest) <= sorted(done.model_dump(mode="json")["train"])[1]


def test_the_page_and_the_finding_say_what_the_result_says(done: BalanceResult) -> None:
    page = (done.path / "balance.md").read_text(encoding="utf-8")
    assert done.model_dump(mode="json")["recommendation"]["text"] in page
    for row in done.model_dump(mode="json")["methods"]:
        assert f"| {row['name']} |" in page
        assert f"{100 * row['scores']['macro_f1']['value']:.1f} % (" in page
    (finding,) = done.findings
    clear = done.model_dump(mode="json")["recommendation"]["clear"]
    best = done.model_dump(mode="json")["recommendation"]["method"]
    assert finding.code == "IMP401"
    assert finding.outcome == (
        "not applicable" if best == "plain" else "passed" if clear else "issue"
    )
    assert json.dumps(done.model_dump(mode="json"))


def test_nothing_is_clear_where_a_style_has_hardly_a_test_picture() -> None:
    gain = Interval(value=0.1, low=0.1, high=0.1)
    names = ("balanced_accuracy", "accuracy", "rarest_third")
    test = SignTestResult(gained=1, lost=0, p=0.5, p_holm=1.0, by_seed=((1, 0),))
    row = MethodComparison(dict.fromkeys(names, gain), {}, (), dict.fromkeys(names, gain), test)
    balanced = {"mixup": 0.5, "plain": 0.4}
    chosen = ValidationChoice("mixup", {}, balanced, ())
    compared, pictures = {"mixup": row, "plain": row}, {"validation": 9, "test": 9}
    sure, unsure = (recommend(compared, chosen, pictures, thin=thin) for thin in (0, 1))
    assert sure.clear and "excludes 0" in sure.text
    assert not unsure.clear and "1 style has 4 test pictures or fewer" in unsure.text
    assert [findings_of(compared, made)[0].outcome for made in (sure, unsure)] == [
        "passed",
        "issue",
    ]


def test_what_cannot_be_compared_is_refused_before_anything_is_trained(
    collection: Collection, make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="did you mean 'mixup'"):
        balance(collection, tmp_path / "a", LongTailSettings(methods=("mixu",)))
    untested = replace(
        collection,
        table=collection.table.filter(pa.compute.not_equal(collection.table["split"], "test")),
    )
    with pytest.raises(CollectionError, match="has no test pictures"):
        balance(untested, tmp_path / "b", SETTINGS)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "poem.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds other work \(poem.txt\)"):
        balance(collection, tmp_path / "c", SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_another_training_in_the_same_folder_is_refused(
    collection: Collection, done: BalanceResult
) -> None:
    other = SETTINGS.model_copy(update={"train": TRAIN.model_copy(update={"epochs": 4})})
    with pytest.raises(RunError, match="epochs was 3, now 4"):
        balance(collection, done.path, other)


def test_all_trainings_take_the_precision_of_the_first(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = iter(["bfloat16", "float32", "float32"])
    monkeypatch.setattr(
        "impasto.training.trainer.precision_of",
        lambda setting, *_: next(taken) if setting == "auto" else setting,
    )
    auto = TRAIN.model_copy(update={"precision": "auto", "epochs": 1})
    settings = LongTailSettings(methods=("square-root-sampling",), seeds=2, train=auto)
    balance(collection, tmp_path / "balance", settings)
    found = [open_run(path.parent) for path in (tmp_path / "balance").glob("runs/*/run.json")]
    assert len(found) == 4
    assert {run.facts["precision"] for run in found} == {"bfloat16"}


def test_the_strength_is_the_likeliest_on_validation(done: BalanceResult) -> None:
    assert module.PLAIN == "plain"
    for row in done.model_dump(mode="json")["methods"]:
        if row["name"] in HEADS[:2]:
            plain = done.model_dump(mode="json")["methods"][0]["validation"]["likelihood"]
            assert row["validation"]["likelihood"] >= plain - 1e-9  # strength 0 is the plain head
            assert all(0 <= tau <= 3 for tau in row["strengths"])

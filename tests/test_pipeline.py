"""The whole path:

a folder becomes a report; killed anywhere, the same command ends with the same result.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

import impasto
from impasto import pipeline as module
from impasto.cli.main import run
from impasto.collection.settings import PrepareSettings
from impasto.embedding.settings import AtlasSettings
from impasto.errors import InputError, OutputError, SettingsError
from impasto.evaluation.painter_score import PaintingSettings
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import read_json
from impasto.files.checksums import forget
from impasto.gallery.gallery import SampleSettings
from impasto.pipeline import Study, StudyComparison, StudySettings, run_study
from impasto.records.run import create, open_run
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.lora.settings import LoraSettings
from impasto.training.painter.settings import (
    EvaluatorSettings,
    PainterSettings,
    StyleClassifierSettings,
)
from quick_settings import AUTOENCODER

TRAIN = ClassifierSettings(
    size="tiny", resolution=32, epochs=2, batch_size=16, precision="float32", device="cpu"
)
SETTINGS = StudySettings(
    sample=SampleSettings(pictures=160, pixels=40, workers=1),
    prepare=PrepareSettings(pixels=32, workers=1),
    train=TRAIN,
    autoencoder=AUTOENCODER,
    evaluate=EvaluateSettings(device="cpu"),
    atlas=AtlasSettings(
        maps=("pca",),
        clusterings=("kmeans",),
        permutations=20,
        bootstrap_samples=100,
        seeds=2,
        device="cpu",
    ),
)

CLASSIFIER_ONLY = SETTINGS.model_copy(update={"leave_out": ("autoencoder", "page")})


@dataclass(frozen=True)
class Finished:
    """A study with a classifier alone and without page; work on a copy of it."""

    source: Path
    study: Study

    def copied(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.study.path, folder))


@pytest.fixture(scope="module")
def finished(
    picture_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Finished:
    source = picture_folder(train=20, test=6)
    folder = tmp_path_factory.mktemp("finished") / "study"
    return Finished(source, run_study(source, folder, CLASSIFIER_ONLY))


def results(study: Path) -> dict[str, object]:
    """What must not depend on interruptions: pixels, table, weights, predictions, scores."""
    run = study / "runs" / "classifier"
    metrics = json.loads((run / "evaluation" / "metrics.json").read_text())
    return {
        "table": pq.read_table(study / "collection" / "paintings.parquet")
        .drop_columns(["modified"])
        .to_pylist(),
        "pixels": (study / "collection" / "pixels.npy").read_bytes(),
        "weights": (run / "best.safetensors").read_bytes(),
        "predictions": pq.read_table(run / "evaluation" / "predictions.parquet").to_pylist(),
        "atlas": pq.read_table(run / "atlas" / "atlas.parquet").to_pylist(),
        "scores": (metrics["scores"], metrics["baselines"], metrics["calibration"]),
        "autoencoder": (study / "runs" / "autoencoder" / "best.safetensors").read_bytes(),
    }


def test_a_folder_becomes_a_report(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    source = picture_folder(train=(40, 30, 20), test=10, artists=4)
    said: list[str] = []
    made = run_study(source, tmp_path / "study", SETTINGS, announce=said.append)
    stages = [line for line in said if line.startswith("stage ")]
    assert stages == [
        "stage 1 of 9: preparing the collection",
        "stage 2 of 9: auditing the collection",
        "stage 3 of 9: training the classifier",
        "stage 4 of 9: evaluating the classifier",
        "stage 5 of 9: training the autoencoder",
        "stage 6 of 9: evaluating the autoencoder",
        "stage 7 of 9: making the atlas of every run",
        "stage 8 of 9: writing the report",
        "stage 9 of 9: writing the atlas page",
    ]
    assert made.page is not None and made.page.is_file()
    page, text = made.report.read_text(), (tmp_path / "study" / "report.md").read_text()
    assert "Diagonals" in page and "IMP108" in page
    assert 'id="cluster"' in page and re.search(r"^## 3 .*AMI", text, flags=re.M)
    accuracy = made.evaluation.scores["accuracy"].value
    assert f"{100 * accuracy:.1f}" in text
    codes = {finding.code for finding in made.findings}
    assert {"IMP101", "IMP108", "IMP201", "IMP301", "IMP310", "IMP501"} <= codes
    assert "what 12 numbers give back" in page and "what 12 numbers give back" in text
    assert (
        open_run(tmp_path / "study" / "runs" / "autoencoder").settings["resolution"]
        == TRAIN.resolution
    )


def test_a_study_leaves_out_what_is_not_wanted_or_cannot_be(
    finished: Finished, tmp_path: Path
) -> None:
    said: list[str] = []
    vast = SETTINGS.model_copy(
        update={
            "autoencoder": AUTOENCODER.model_copy(update={"latent": 128}),
            "leave_out": ("page",),
        }
    )
    run_study(finished.source, tmp_path / "vast", vast, announce=said.append)
    assert any(
        "leaving the autoencoder out: " in line and "too few for vectors of 128 numbers" in line
        for line in said
    )
    assert "leaving the evaluation out: no autoencoder was trained" in said
    for study in (finished.study.path, tmp_path / "vast"):
        assert not (study / "runs" / "autoencoder").exists()


def test_a_classifier_begins_as_the_autoencoder_where_it_is_asked_to(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source, said = picture_folder(train=12, test=3), list[str]()
    wanted = SETTINGS.model_copy(update={"warm_start": True, "leave_out": ("page",)})
    made = run_study(source, tmp_path / "s", wanted, announce=said.append)
    assert made.run.settings["warm_start"] == "../autoencoder"
    order = [line.partition(": ")[2] for line in said]
    assert order.index("training the autoencoder") < order.index("training the classifier")
    (tmp_path / "s").rename(tmp_path / "moved")  # the same study, wherever it lies
    weights = made.run.path.name, "best.safetensors"
    before = (tmp_path / "moved" / "runs" / Path(*weights)).stat().st_mtime_ns
    run_study(source, tmp_path / "moved", wanted)
    assert (tmp_path / "moved" / "runs" / Path(*weights)).stat().st_mtime_ns == before
    with pytest.raises(SettingsError, match="warm_start needs the autoencoder"):
        run_study(
            source, tmp_path / "no", wanted.model_copy(update={"leave_out": ("autoencoder",)})
        )
    with pytest.raises(SettingsError, match="both the same size"):
        run_study(
            source,
            tmp_path / "no",
            wanted.model_copy(update={"train": TRAIN.model_copy(update={"size": "base"})}),
        )
    assert not (tmp_path / "no").exists()


def test_a_study_compares_long_tail_methods_where_it_is_asked_to(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = picture_folder(train=(40, 30, 20), test=10)
    wanted = StudyComparison(methods=("tau-normalisation",), seeds=1, epochs=1)
    said: list[str] = []
    made = run_study(
        source,
        tmp_path / "s",
        CLASSIFIER_ONLY.model_copy(update={"balance": wanted}),
        announce=said.append,
    )
    last = ["comparing", "plain,", "tau-normalisation,", "writing"]
    lines = [line.partition(": ")[2] if line.startswith("stage") else line for line in said]
    assert [line.split()[0] for line in lines][-4:] == last
    assert "IMP401" in {finding.code for finding in made.findings}
    assert "validation chose" in (tmp_path / "s" / "report.md").read_text()
    run = open_run(tmp_path / "s" / "balance" / "runs" / "plain-0")
    own = (run.settings["epochs"], run.settings["size"], run.settings["resolution"])
    assert own == (1, TRAIN.size, TRAIN.resolution)  # the study's, where none is named


def test_a_painter_is_added_to_a_study_where_it_is_asked_for(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = picture_folder(train=24, test=4, size=48)
    stored = CLASSIFIER_ONLY.model_copy(update={"prepare": PrepareSettings(pixels=48, workers=1)})
    before = run_study(source, tmp_path / "s", stored)
    quick: dict[str, Any] = {
        "size": "tiny",
        "epochs": 1,
        "batch_size": 12,
        "resolution": 48,
        "precision": "float32",
    }
    painter = PainterSettings(
        embedding=8,
        style_classifier=StyleClassifierSettings(**quick),
        evaluator=EvaluatorSettings(**quick),
        **quick,
    )
    score = PaintingSettings(per_style=2, bootstrap_samples=100, device="cpu")
    course = painter.model_copy(
        update={"styling": "plane", "evaluator": EvaluatorSettings(**{**quick, "epochs": 0})}
    )
    in_class = ClassifierSettings(network="in-class", resolution=32, muon_learning_rate=0)
    wanted = stored.model_copy(
        update={"painter": painter, "paint": score, "course_painter": course, "in_class": in_class}
    )
    alone = wanted.model_copy(update={"painter": None})
    with pytest.raises(SettingsError, match="course_painter stands beside a painter"):
        run_study(source, tmp_path / "s", alone)
    made = run_study(source, tmp_path / "s", wanted)
    assert {"IMP311", "IMP313"} <= {finding.code for finding in made.findings}
    scored = read_json(tmp_path / "s" / "runs" / "painter" / "evaluation" / "painting.json")
    assert "course" in [arm["arm"] for arm in scored["arms"]]
    other = open_run(tmp_path / "s" / "runs" / "in-class")
    assert {name: other.settings[name] for name in ("network", "epochs", "batch_size")} == {
        "network": "in-class",
        "epochs": TRAIN.epochs,
        "batch_size": TRAIN.batch_size,
    }
    order = read_json(other.path / "label-order.json")
    # Over all orders of the labels the mean accuracy is one in three styles.
    assert order["lost"]["value"] == pytest.approx(1 / 3, abs=0.05)
    assert made.run.path.name == "classifier"
    run = open_run(tmp_path / "s" / "runs" / "painter", "painter")
    assert run.settings["device"] == "cpu" and (run.path / "atlas" / "atlas.json").is_file()
    assert made.evaluation == before.evaluation
    monkeypatch.setattr(module, "score_painter", lambda *a, **b: pytest.fail("scored again"))
    run_study(source, tmp_path / "s", wanted)
    with pytest.raises(OutputError, match=r"painter was .*, now null"):
        run_study(source, tmp_path / "s", stored)


def test_a_model_to_fine_tune_is_asked_for_before_anything_is_done(
    finished: Finished, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"--set lora\.base=MODEL"):
        lacking = CLASSIFIER_ONLY.model_copy(update={"lora": LoraSettings()})
        run_study(finished.source, tmp_path / "study", lacking)
    assert not (tmp_path / "study").exists()


def test_the_recipe_of_the_course_lies_under_its_file_and_the_assignments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, asked = tmp_path / "config.json", list[StudySettings]()
    config.write_text(json.dumps({"trainingdir": "train", "epochs": 7, "batch_size": 9}))

    def stop(source: object, folder: Path, settings: StudySettings, **_: object) -> None:
        asked.append(settings)
        raise InputError("far enough")

    monkeypatch.setattr(module, "run_study", stop)
    changed = ["--set", "painter.epochs=1", "--set", "lora.base=model"]
    assert run(["study", "--config", str(config), "--recipe", "course", *changed]) == 2
    with pytest.raises(InputError, match="far enough"):
        impasto.study("train", recipe="course", painter={"epochs": 2}, train={"epochs": 3})
    with pytest.raises(InputError, match="far enough"):
        impasto.study("train", settings=StudySettings(warm_start=True), recipe="course")
    line, python, given = asked
    assert (line.train.epochs, line.train.batch_size) == (7, 9)
    assert line.lora is not None and line.lora.base == "model" and python.lora is None
    assert given.warm_start and given.in_class == line.in_class
    for settings, epochs in ((line, 1), (python, 2)):
        assert settings.painter is not None and settings.painter.epochs == epochs
        assert settings.in_class is not None and settings.in_class.network == "in-class"
        assert settings.balance is not None and "cap-and-duplicate" in settings.balance.methods
        assert settings.course_painter is not None and settings.course_painter.styling == "plane"
    assert python.train.epochs == 3


def test_a_study_with_an_atlas_ends_in_a_page(finished: Finished, tmp_path: Path) -> None:
    without = finished.study
    assert without.page is None and "site/index.html" not in without.report.read_text()
    said: list[str] = []
    study, wanted = finished.copied(tmp_path / "study"), ("autoencoder",)
    settings = SETTINGS.model_copy(update={"leave_out": wanted})
    made = run_study(finished.source, study, settings, announce=said.append)
    assert said[-1].endswith(": writing the atlas page")
    assert made.page == study / "site" / "index.html"
    assert 'href="site/index.html"' in made.report.read_text()
    assert "(site/index.html)" in (study / "report.md").read_text()
    assert 'href="../report.html"' in made.page.read_text()
    assert len(np.load(study / "runs" / "classifier" / "evaluation" / "heat.npy")) == 18


NONE = {"path": "collection", "fingerprint": "0" * 16}


def test_runs_without_embeddings_have_no_atlas_and_stop_no_study(tmp_path: Path) -> None:
    for kind in ("lora", "autoencoder"):  # the second without weights yet
        create(
            tmp_path / "runs" / kind,
            kind,
            settings={},
            styles=("A", "B"),
            collection=NONE,
            facts={},
        )
    said: list[str] = []
    work = module._Work(tmp_path, tmp_path, StudySettings(), False, said.append)
    work.make_atlases()
    assert work.found == [] and said == []


def test_a_second_time_does_nothing_again(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = finished.copied(tmp_path / "study")
    run = open_run(study / "runs" / "classifier")
    paths = (run.path, run.weights_path, run.evaluation_path / "metrics.json")
    changed = {path: path.stat().st_mtime_ns for path in paths}
    monkeypatch.setattr(module, "evaluate", lambda *a: pytest.fail("evaluated again"))
    elsewhere = CLASSIFIER_ONLY.model_copy(
        update={"prepare": PrepareSettings(pixels=32, workers=2)}
    )  # changes no result
    again = run_study(finished.source, study, elsewhere)
    assert again.evaluation.scores == finished.study.evaluation.scores
    assert {path: path.stat().st_mtime_ns for path in changed} == changed


def test_scores_in_the_form_of_an_earlier_version_are_made_anew(
    finished: Finished, tmp_path: Path
) -> None:
    study = finished.copied(tmp_path / "study")
    metrics = study / "runs" / "classifier" / "evaluation" / "metrics.json"
    now = json.loads(metrics.read_text())["format"]
    made_from = metrics.with_name("inputs.json")
    inputs = json.loads(made_from.read_text())
    inputs.pop("format", None)  # earlier versions did not note it
    made_from.write_text(json.dumps(inputs))
    metrics.write_text(json.dumps({**json.loads(metrics.read_text()), "format": now - 1}))
    forget(metrics)
    forget(made_from)
    again = run_study(finished.source, study, CLASSIFIER_ONLY)
    assert json.loads(metrics.read_text())["format"] == now
    assert again.evaluation.scores == finished.study.evaluation.scores


def test_another_study_is_refused(
    finished: Finished, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    study, other = finished.copied(tmp_path / "study"), picture_folder(train=12, test=6, seed=1)
    with pytest.raises(OutputError, match=r"source was .*, now .*: repeat that, choose another"):
        run_study(other, study, CLASSIFIER_ONLY)
    changed = CLASSIFIER_ONLY.model_copy(update={"train": TRAIN.model_copy(update={"epochs": 3})})
    with pytest.raises(OutputError, match=r"train\.epochs was 2, now 3"):
        run_study(finished.source, study, changed)
    fresh = run_study(finished.source, study, changed, fresh=True)
    assert fresh.run.settings["epochs"] == 3
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    (tmp_path / "mine" / ".download.part").write_text("half of something")
    with pytest.raises(OutputError, match="holds other work"):
        run_study(finished.source, tmp_path / "mine", CLASSIFIER_ONLY)
    assert len(list((tmp_path / "mine").iterdir())) == 2  # nothing of the user's is touched


def test_no_folder_is_claimed_for_what_cannot_be_done(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source, study = picture_folder(train=12, test=6), tmp_path / "study"
    with pytest.raises(InputError, match=r"no folder or file .*typo"):
        run_study(tmp_path / "typo", study, SETTINGS)
    absent = SETTINGS.model_copy(
        update={"prepare": PrepareSettings(pixels=32, labels=str(tmp_path / "labels.csv"))}
    )
    with pytest.raises(InputError, match=r"no table of labels .*labels\.csv"):
        run_study(source, study, absent)
    if not torch.cuda.is_available():
        missing = SETTINGS.model_copy(
            update={"atlas": SETTINGS.atlas.model_copy(update={"device": "cuda"})}
        )
        with pytest.raises(SettingsError, match="no CUDA device"):
            run_study(source, study, missing)
    assert not study.exists()


def test_a_study_in_which_nothing_is_finished_takes_other_settings(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    one_style = picture_folder(styles=("Bands",), train=12, test=6)
    with pytest.raises(InputError, match="one style"):
        run_study(one_style, tmp_path / "study", CLASSIFIER_ONLY)
    assert (tmp_path / "study" / "study.json").exists()
    changed = CLASSIFIER_ONLY.model_copy(update={"train": TRAIN.model_copy(update={"epochs": 1})})
    made = run_study(picture_folder(train=20, test=6), tmp_path / "study", changed)
    assert made.run.settings["epochs"] == 1


KILLED = """
import os, random, signal, sys
import torch
import impasto
from impasto.cli.main import run

for name in impasto.__all__:
    getattr(impasto, name)  # imported once, by the parent of all
torch.set_num_threads(1)

def study(folder, seconds=0):
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # of the processor; SIGPROF ends it at once
        os._exit(run(["study", "-c", sys.argv[1], "-q", "-o", folder]))
    _, status, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime

unbroken, whole = study("unbroken")
draw, statuses = random.Random(0), [unbroken]
for patience in range(1, 40):
    statuses.append(study("killed", whole * draw.uniform(0.02, 0.1 + 0.12 * patience))[0])
    if statuses[-1] != -signal.SIGPROF:
        break
print(*statuses)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_killed_anywhere_it_ends_with_the_same_result(tmp_path: Path) -> None:
    """A study of the sample gallery, killed again and again until it gets through."""
    (tmp_path / "recipe.json").write_text(SETTINGS.model_dump_json())
    (tmp_path / "killed.py").write_text(KILLED)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "killed.py", "recipe.json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    unbroken, *killed, last = map(int, done.stdout.splitlines()[-1].split())
    assert unbroken in (0, 1) and last == unbroken
    assert killed == [-signal.SIGPROF] * len(killed) and len(killed) >= 2
    assert results(tmp_path / "killed") == results(tmp_path / "unbroken")
    assert not list((tmp_path / "killed").rglob("*.part"))


def test_the_courses_config_runs_a_study(
    picture_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = picture_folder(train=16, test=6)
    course = {
        "trainingdir": str(source / "train"),
        "testingdir": str(source / "test"),
        "modelfile": "wikiart.pth",
        "device": "cpu",
        "epochs": 1,
        "batch_size": 8,
    }
    (tmp_path / "config.json").write_text(json.dumps(course))
    monkeypatch.chdir(tmp_path)
    small = ["--size", "tiny", "--resolution", "32", "--set", "prepare.pixels=32"]
    quick = [
        "-s",
        "autoencoder.latent=8",
        "-s",
        "atlas.permutations=20",
        "-s",
        'atlas.maps=["pca"]',
        "-s",
        'leave_out=["autoencoder"]',
    ]
    assert run(["study", "-c", "config.json", "-q", "--json", *small, *quick]) in (0, 1)
    evaluated = json.loads(capsys.readouterr().out)
    settings = open_run(tmp_path / "wikiart" / "runs" / "classifier").settings
    assert (settings["epochs"], settings["batch_size"], settings["device"]) == (1, 8, "cpu")
    assert evaluated["pictures"] == 18
    run(["evaluate", "-c", "config.json", "--json"])
    assert json.loads(capsys.readouterr().out)["scores"] == evaluated["scores"]

"""Files that other programs wrote of their own networks go through as they are.

How each was made: ``peer_outputs/README.md``. The expected scores are scikit-learn's, from the
file's numbers as pandas reads them, and timm's own.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pytest import approx
from scipy.special import softmax
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    top_k_accuracy_score,
)

import impasto
from conftest import striped
from impasto.collection.collection import Collection
from impasto.collection.layouts.prediction_tables import read_predictions
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.config import parse
from impasto.errors import InputError
from impasto.evaluation.predictions_score import score_predictions
from impasto.evaluation.settings import PredictionsSettings
from impasto.records.class_comparison import ClassComparison
from impasto.records.evaluation import ClassifierEvaluation

PEERS = Path(__file__).parent / "peer_outputs"
CLASSES = PEERS / "class_to_idx.json"
STYLES = tuple(json.loads(CLASSES.read_text()))
PATHS = tuple(pd.read_csv(PEERS / "torchvision.csv")["path"])
STYLE_OF = {Path(path).stem: Path(path).parent.name for path in PATHS}
ORDER = {"classes": str(CLASSES)}
LOGITS = {"probabilities": "logits"}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Pictures under the names of the sample gallery's test pictures, and some to train on."""
    folder = tmp_path_factory.mktemp("gallery")
    for number, path in enumerate(PATHS):
        name, style = Path(path).name, Path(path).parent.name
        for side, file in (("test", name), ("train", f"other-painter_{number}.jpg")):
            rng = np.random.default_rng([number, side == "test"])
            (folder / side / style).mkdir(parents=True, exist_ok=True)
            picture = striped(STYLES.index(style), len(STYLES), rng, 24)
            Image.fromarray(picture).save(folder / side / style / file, quality=92)
    settings = PrepareSettings(pixels=16, workers=1, validation_share=0.25)
    return prepare(folder, folder.parent / "collection", settings)


@pytest.fixture
def score(collection: Collection, tmp_path: Path) -> Callable[..., ClassifierEvaluation]:
    """A function: the score of a file in ``peer_outputs``."""

    def scored(name: str, **options: Any) -> ClassifierEvaluation:
        settings = parse(PredictionsSettings, {"bootstrap_samples": 100, **options}, "the test")
        return score_predictions(PEERS / name, collection, tmp_path / "scored", settings)

    return scored


def probabilities_of(program: str) -> pd.DataFrame:
    """The numbers of each class, with the styles as columns and the paths as index."""
    match program:
        case "timm":
            table = pd.read_csv(PEERS / "timm-logits.csv", index_col="filename")
            table.columns = pd.Index(STYLES)
        case "fastai" | "sklearn":
            table = pd.read_csv(PEERS / f"{program}.csv", index_col="path")
        case "ultralytics":
            table = pd.read_csv(PEERS / "ultralytics-all.csv", index_col="path")
        case "torchvision":
            table = pd.read_csv(PEERS / "torchvision-logits.csv", index_col=0)
        case "keras":
            table = pd.read_csv(PEERS / "keras.csv", index_col=0)
        case "transformers":
            long = pd.read_csv(PEERS / "transformers.csv")
            table = long.pivot_table("score", "path", "label", fill_value=0)
        case _:
            raise AssertionError(program)
    return table


FILES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "timm-all.csv": ("timm", ORDER, True),
    "timm-index.csv": ("timm", ORDER, False),
    "timm-index.json": ("timm", ORDER, False),
    "timm-index.parquet": ("timm", ORDER, False),
    "timm-label.csv": ("timm", {}, False),
    "timm-logits.csv": ("timm", ORDER | LOGITS, True),
    "timm-split.json": ("timm", ORDER, False),
    "timm-top5-label.csv": ("timm", {}, False),
    "timm-top5-separate.csv": ("timm", ORDER, False),
    "fastai.csv": ("fastai", {}, True),
    "fastai-submission.csv": ("fastai", {}, False),
    "fastai-valid.csv": ("fastai", ORDER, False),
    "fiftyone.json": ("fastai", {}, False),
    "fiftyone.csv": ("fastai", {}, False),
    "fiftyone-samples.json": ("fastai", {}, False),
    "ultralytics-all.csv": ("ultralytics", {}, True),
    "ultralytics.csv": ("ultralytics", {}, False),
    "ultralytics-labels": ("ultralytics", {}, False),
    "torchvision.csv": ("torchvision", ORDER, False),
    "torchvision-logits.csv": ("torchvision", LOGITS, True),
    "keras.csv": ("keras", {}, True),
    "sklearn.csv": ("sklearn", {}, True),
    "transformers.csv": ("transformers", {}, False),
    "transformers.json": ("transformers", {}, False),
}
"""Files by name: the program, the options that they need, whether every class has a number."""


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_other_programs_go_through(
    score: Callable[..., ClassifierEvaluation], name: str
) -> None:
    program, options, has_all = FILES[name]
    made, numbers = score(name, **options), probabilities_of(program)
    truth = [STYLE_OF[Path(path).stem] for path in numbers.index]
    answers = numbers.idxmax(axis=1)
    expected = confusion_matrix(truth, answers, labels=STYLES)
    assert made.confusion == tuple(map(tuple, expected.tolist()))
    assert made.scores["accuracy"].value == approx(np.trace(expected) / len(PATHS))
    assert made.scores["balanced_accuracy"].value == approx(balanced_accuracy_score(truth, answers))
    assert made.scores["macro_f1"].value == approx(f1_score(truth, answers, average="macro"))
    source = made.source
    assert source and (source.answered, source.missing, source.unknown) == (len(PATHS), 0, 0)
    assert source.unreadable == 0 and source.repeated == 0
    artists = {Path(path).name.split("_")[0] for path in PATHS}
    assert (made.resampled.unit, made.resampled.count) == ("artists", len(artists))
    assert ("top_3" in made.scores) is (made.calibration is not None) is has_all
    if has_all:
        shares = numbers.to_numpy(np.float64)
        shares = softmax(shares, axis=1) if program in ("timm", "torchvision") else shares
        shares = shares / shares.sum(1, keepdims=True)  # of numbers that were rounded
        places = [STYLES.index(style) for style in truth]
        labels = range(len(STYLES))
        top = top_k_accuracy_score(places, shares, k=3, labels=labels)
        assert made.scores["top_3"].value == approx(top)
        assert made.calibration
        assert made.calibration.nll_after == approx(log_loss(places, shares, labels=labels), 1e-4)


def test_the_accuracy_is_timms_own(score: Callable[..., ClassifierEvaluation]) -> None:
    """``validate.py`` computed it with the same weights on the same pictures."""
    own = pd.read_csv(PEERS / "timm-validate.csv")["top1"].item()
    assert 100 * score("timm-all.csv", **ORDER).scores["accuracy"].value == approx(own)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm-default.csv", r"one number a picture, prob,.*--topk 0.*--include-index"),
        ("timm-ranks.csv", "5 numbers a picture, but --classes names 16|fall in every row"),
        ("timm-validate.csv", "needs a column path"),
        ("torchvision-logits.csv", "--probabilities logits"),
    ],
)
def test_what_says_no_answers_is_refused_with_the_way_out(
    score: Callable[..., ClassifierEvaluation], name: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        score(name, **ORDER)
    assert "\n" not in str(caught.value)


def test_texts_that_were_appended_are_read_once_and_contradictions_left_out(
    collection: Collection, tmp_path: Path
) -> None:
    """``yolo predict`` appends to what an earlier call wrote, by the same network or another."""
    texts = tmp_path / "labels"
    shutil.copytree(PEERS / "ultralytics-labels", texts)
    for path in texts.iterdir():
        path.write_text(2 * path.read_text())
    other = min(texts.iterdir())
    other.write_text(other.read_text() + "0.99 Woodcut\n0.01 Woodcut\n")
    made = score_predictions(texts, collection, tmp_path / "scored")
    assert made.source
    assert (made.source.answered, made.source.unreadable) == (len(PATHS) - 1, 1)


@pytest.mark.parametrize("name", ["fiftyone.csv", "fiftyone-samples.json", "fastai-valid.csv"])
def test_true_styles_are_found_beside_the_answers(
    score: Callable[..., ClassifierEvaluation], name: str
) -> None:
    found = next(one for one in score(name, **ORDER).findings if one.code == "IMP333")
    assert (found.outcome, found.numbers["pictures"]) == ("passed", len(PATHS))


def test_a_class_hands_in_what_its_programs_wrote(collection: Collection, tmp_path: Path) -> None:
    """Each student has a folder, with the order of the classes where the file has numbers."""
    wanted = {
        "Ada": "timm-all.csv",
        "Ben": "fastai.csv",
        "Cleo": "ultralytics-labels",
        "Dan": "keras.csv",
        "Eva": "torchvision.csv",
    }
    for student, name in wanted.items():
        own, file = tmp_path / "class" / student, PEERS / name
        own.mkdir(parents=True)
        copy = shutil.copytree if file.is_dir() else shutil.copyfile
        copy(file, own / name)
        if FILES[name][1]:
            shutil.copyfile(CLASSES, own / CLASSES.name)
    made = impasto.compare(
        tmp_path / "class", hidden=collection, output=tmp_path / "o", bootstrap_samples=100
    )
    assert isinstance(made, ClassComparison) and not made.refused
    for one in made.submissions:
        numbers = probabilities_of(FILES[wanted[one.name]][0])
        truth = [STYLE_OF[Path(path).stem] for path in numbers.index]
        expected = np.mean(np.array(truth) == numbers.idxmax(axis=1).to_numpy())
        assert one.scores["accuracy"].value == approx(expected)


def test_a_row_whose_scores_are_no_numbers_is_set_aside_by_its_number(tmp_path: Path) -> None:
    good = [{"label": "A", "score": 0.25}, {"label": "B", "score": 0.75}]
    rows: list[Any] = [
        [{"label": "A", "score": None}, {"label": "B", "score": 1}],
        [{"label": "A", "score": "much"}, {"label": "B", "score": 1}],
        good,
    ]
    file = tmp_path / "pipeline.json"
    file.write_text(
        json.dumps([{"path": f"{n}.jpg", "predictions": r} for n, r in enumerate(rows)])
    )
    table = read_predictions(file, lambda name: name in ("A", "B"))
    assert [row.scores for row in table.rows] == [{"A": 0.25, "B": 0.75}]
    assert [(one.id, one.reason) for one in table.skipped] == [
        ("pipeline.json, row 1", "it has no list of classes with their probabilities"),
        ("pipeline.json, row 2", "a probability is no number"),
    ]

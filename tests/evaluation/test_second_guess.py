"""Second guesses on works under two styles: planted ones are found, taught ones do not count."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from impasto.collection.multi_style import copies_of, find_multi_style
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.evaluation.classifier import evaluate_classifier as evaluate
from impasto.evaluation.second_guess import guessed, second_guess_scores
from impasto.files import read_json, write_table
from impasto.gallery.gallery import SampleSettings, paint_gallery
from quick_settings import STYLES

from .conftest import Trained


def world(
    agrees: bool, works: int = 20
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[NDArray[np.int64]]]:
    """Works under styles 0 and 1, twice each, among others with any second guess."""
    rng = np.random.default_rng(0)
    labels = np.concatenate((np.tile([0, 1], works), rng.integers(0, 5, 300)))
    shares = rng.dirichlet(np.ones(5), len(labels))
    if agrees:
        shares[: 2 * works, :2] += 1
        shares /= shares.sum(1, keepdims=True)
    return labels, shares, [np.array([2 * at, 2 * at + 1]) for at in range(works)]


def test_the_second_guess_is_the_likeliest_but_the_own_style() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    assert guessed(np.array([0, 1, 2]), shares).tolist() == [1, 0, 1]


def test_second_labels_that_are_guessed_are_found() -> None:
    found = second_guess_scores(*world(agrees=True), resamples=200, seed=0)
    assert found.rate.value == 1
    assert found.chance == 0.25
    assert found.difference.low > 0.5


def test_second_labels_that_are_not_guessed_are_not() -> None:
    found = second_guess_scores(*world(agrees=False), resamples=200, seed=0)
    assert found.difference.low < 0 < found.difference.high


def test_a_sibling_that_is_always_the_second_guess_proves_nothing() -> None:
    labels, shares, works = world(agrees=True)
    shares[labels == 0, 1] += 1  # of all works, not only of those under two styles
    shares[labels == 1, 0] += 1
    found = second_guess_scores(labels, shares, works, resamples=200, seed=0)
    assert found.rate.value == found.expected.value == 1
    assert found.difference.value == 0
    assert found.difference.low < 0 < found.difference.high


def test_what_is_expected_is_a_plain_count() -> None:
    labels, shares, works = world(agrees=False, works=6)
    seconds, doubled = guessed(labels, shares), set(np.concatenate(works).tolist())
    rates = []
    for a, b in works:
        for own, other in ((labels[a], labels[b]), (labels[b], labels[a])):
            single = [s for at, s in enumerate(seconds) if labels[at] == own and at not in doubled]
            rates.append(sum(s == other for s in single) / len(single))
    found = second_guess_scores(labels, shares, works, resamples=100, seed=0)
    assert found.expected.value == pytest.approx(np.mean(rates))


def test_works_under_two_styles_are_told_from_taught_ones(
    picture_folder: Callable[..., Path], trained: Trained, tmp_path: Path
) -> None:
    source = picture_folder(styles=STYLES, train=12, test=16, artists=4, seed=8)
    tested = sorted((source / "test" / STYLES[0]).glob("*.jpg"))
    for path in tested[:11]:  # eleven stand under a second style in test
        shutil.copy(path, source / "test" / STYLES[1])
    for path in tested[11:14]:  # three in training
        shutil.copy(path, source / "train" / STYLES[1])
    made = prepare(source, tmp_path / "double", PrepareSettings(pixels=32, workers=1))
    evaluation = evaluate(trained.run.path, made.path)
    written = read_json(evaluation.path / "explanation.json")["second_guesses"]
    assert (written["works"], written["taught"]) == (11, 3)
    assert len(written["items"]) == 22
    assert {(item["style"], item["second_label"]) for item in written["items"]} == {
        STYLES[:2],
        STYLES[1::-1],
    }
    hits = [item["second_guess"] == item["second_label"] for item in written["items"]]
    assert written["scores"]["rate"]["value"] == pytest.approx(np.mean(hits))
    found = next(finding for finding in evaluation.findings if finding.code == "IMP309")
    assert found.outcome != "not applicable"
    assert "3 more have a copy in training" in found.text


def test_a_work_that_the_run_was_taught_elsewhere_does_not_count(
    picture_folder: Callable[..., Path], trained: Trained, tmp_path: Path
) -> None:
    source, run = (
        picture_folder(styles=STYLES, train=12, test=16, artists=4, seed=8),
        tmp_path / "run",
    )
    for path in sorted((source / "test" / STYLES[0]).glob("*.jpg"))[:3]:
        shutil.copy(path, source / "test" / STYLES[1])
    made = prepare(source, tmp_path / "double", PrepareSettings(pixels=32, workers=1))
    marks = made.column("sha256")
    twice = next(mark for mark in marks if marks.count(mark) == 2)
    shutil.copytree(trained.run.path, run)
    seen = pq.read_table(run / "seen.parquet")
    more = pa.table({"sha256": [twice], "split": ["train"]}).cast(seen.schema)
    write_table(run / "seen.parquet", pa.concat_tables([seen, more]))
    counted = []
    for path in (trained.run.path, run):
        written = read_json(evaluate(path, made.path).path / "explanation.json")["second_guesses"]
        counted.append((written["works"], written["taught"]))
    assert counted == [(3, 0), (2, 1)]


def test_where_none_stands_under_two_styles_nothing_is_judged(trained: Trained) -> None:
    found = next(finding for finding in trained.evaluation.findings if finding.code == "IMP309")
    assert found.outcome == "not applicable"
    written = read_json(trained.evaluation.path / "explanation.json")["second_guesses"]
    assert written == {"works": 0, "taught": 0, "scores": None, "items": []}


def test_the_sample_gallery_has_no_work_under_two_styles(tmp_path: Path) -> None:
    paint_gallery(tmp_path / "gallery", SampleSettings(pictures=160, pixels=40, workers=1))
    made = prepare(
        tmp_path / "gallery", tmp_path / "collection", PrepareSettings(pixels=32, workers=1)
    )
    assert find_multi_style(made, copies_of(made)).works(len(made)) == []

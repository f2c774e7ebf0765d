"""Score of a painter: an independent evaluator, floor and ceiling, numbers against slow ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.cli import output as show
from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import disjoint_halves
from impasto.collection.run_collection import training_hashes
from impasto.config import resolve
from impasto.errors import RunError
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.painter_score import PaintingSettings, score_painter
from impasto.evaluation.painter_score_findings import painting_findings
from impasto.images.tensors import float_tensor
from impasto.models.painter import Painter
from impasto.records.painter_score import PainterScore
from impasto.records.record import Interval
from impasto.records.run import Run, open_run
from impasto.training.painter.settings import PainterSettings
from impasto.training.painter.train import train_painter

QUICK: dict[str, Any] = {
    "size": "tiny",
    "batch_size": 12,
    "resolution": 48,
    "precision": "float32",
    "device": "cpu",
}
SETTINGS = PaintingSettings(per_style=3, shown=2, bootstrap_samples=100, device="cpu")
TABLE: dict[str, Any] = {"size": "tiny", "epochs": 1, "batch_size": 12, "precision": "float32"}


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(train=(24, 24, 24), test=4, size=48, stored=48, validation_share=0.2)


@pytest.fixture(scope="module")
def run(collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Run:
    tables = {"style_classifier": TABLE, "evaluator": {**TABLE, "resolution": 48}}
    settings = resolve(PainterSettings, None, {"epochs": 1, "embedding": 8, **tables, **QUICK})
    return train_painter(collection, tmp_path_factory.mktemp("runs") / "painter", settings)


@pytest.fixture(scope="module")
def result(run: Run) -> dict[str, Any]:
    score_painter(run.path, settings=SETTINGS)
    return dict(json.loads((run.evaluation_path / "painting.json").read_text()))


def test_the_evaluator_shares_no_picture_with_the_painter(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    evaluator = open_run(run.path / "evaluator", "classifier")
    assert (
        evaluator.settings["network"] == "residual"
        and open_run(run.path / "style_classifier").settings["network"] == "classifier"
    )
    known, mine = set().union(*training_hashes(evaluator)), set().union(*training_hashes(run))
    assert not known & mine
    other = disjoint_halves(collection, 0)[1]
    hashes = collection.column("sha256")
    assert known == {
        hashes[row] for split in ("train", "validation") for row in other.indices(split)
    }  # type: ignore[arg-type]
    assert result["evaluator"]["pictures_shared"] == result["evaluator"]["test_pictures_seen"] == 0


def test_every_style_stands_between_floor_and_ceiling(result: dict[str, Any]) -> None:
    assert [row["style"] for row in result["per_style"]] == ["Bands", "Columns", "Diagonals"]
    assert result["pictures"] == 9 and result["searched"] == 84  # all that there are
    for row in result["per_style"]:
        for arm in ("painted", "histogram", "unchanged", "real"):
            assert (
                0
                <= row[arm]["hit"]["low"]
                <= row[arm]["hit"]["value"]
                <= row[arm]["hit"]["high"]
                <= 1
            )
    assert result["scores"]["unchanged"]["normalised"]["value"] == 0
    unchanged = result["content"]["unchanged"]
    assert unchanged["ssim"]["value"] == pytest.approx(1) and unchanged["edges"][
        "value"
    ] == pytest.approx(1, abs=1e-4)
    assert unchanged["retrieved"]["value"] == 1 and unchanged["colour_shift"]["value"] == 0
    assert len(result["pairs"]) == 6 and {row["source"] for row in result["pairs"]} == {
        "Bands",
        "Columns",
        "Diagonals",
    }
    assert [row["strength"] for row in result["strength"]] == [0, 0.25, 0.5, 0.75, 1]


def test_an_evaluator_that_knows_no_real_works_places_nothing(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    blind = json.loads(json.dumps(result))
    for row in (blind["scores"], *blind["per_style"]):
        row["real"]["normalised"]["value"], row["painted"]["normalised"]["value"] = 0.0, 12.3
    score = PainterScore.model_validate(blind)
    (effect,) = (one for one in painting_findings(score, run, collection) if one.code == "IMP311")
    assert "too close to place it" in effect.text and "12.3" not in effect.text
    printed = show.painter_lines(score)
    assert "12.3" not in printed and printed.count("–") >= 4  # three styles and all of them


def test_a_second_time_trains_no_evaluator_and_says_the_same(
    run: Run, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.training.trainer.fit", lambda *given: pytest.fail("trained again"))
    again = score_painter(run.path, settings=SETTINGS).model_dump(mode="json")
    assert json.loads(
        json.dumps({name: again[name] for name in ("scores", "per_style", "content")})
    ) == {name: result[name] for name in ("scores", "per_style", "content")}


def test_a_painter_that_does_nothing_is_at_its_floor(
    run: Run, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Painter, "forward", lambda self, x, weights: x)
    idle = score_painter(run.path, settings=SETTINGS)
    assert idle.scores.painted.normalised.value == 0
    assert idle.identity.own_style.value == pytest.approx(1, abs=1e-6)
    outcomes = {finding.code: finding.outcome for finding in idle.findings}
    assert outcomes["IMP311"] == "issue" and outcomes["IMP313"] == outcomes["IMP314"] == "passed"
    assert result["identity"]["own_style"]["value"] < 0.9


def test_figures_show_the_pictures_as_they_were_scored(run: Run, result: dict[str, Any]) -> None:
    with Image.open(run.evaluation_path / "figures" / "grid.png") as grid:
        assert (
            grid.width >= 4 * 96 and grid.height >= 2 * 96
        )  # two pictures, the original and three styles
    assert result["command"]


def test_the_score_is_read_as_it_was_written(run: Run) -> None:
    score_painter(run.path, settings=SETTINGS)
    file = run.evaluation_path / "painting.json"
    score = PainterScore.read(file, what="score of a painter", verb="impasto evaluate")
    assert score.model_dump(mode="json") == json.loads(file.read_text())
    assert score.path == run.evaluation_path
    saved = json.loads((run.evaluation_path / "findings.json").read_text())
    assert [(one.code, one.outcome) for one in score.findings] == [
        (one["code"], one["outcome"]) for one in saved["findings"]
    ]
    codes = ["IMP305", "IMP307", *(f"IMP31{digit}" for digit in range(1, 7))]
    assert [one.code for one in score.findings] == codes
    figures = run.evaluation_path / "figures"
    names = ("grid.png", "steps.png", "strength.png")
    assert score.figures == [figures / name for name in names]
    with Image.open(figures / "steps.png") as steps:  # the original and every strength in a row
        across, down = 1 + len(score.strength), len(score.shown)
        assert down == 2
        assert steps.size == (score.resolution * across, score.resolution * down)


def test_distances_are_of_each_style_to_its_own(result: dict[str, Any]) -> None:
    for name in ("kernel_distance", "frechet_distance"):
        for arm in ("painted", "histogram", "unchanged"):
            rows = [row[name][arm] for row in result["per_style"]]
            assert result[name][arm] == pytest.approx(np.mean(rows))
    assert result["frechet_distance"]["unchanged"] > 0  # other styles' pictures, not the very ones


def test_a_score_on_another_collection_has_a_folder_of_its_own(
    run: Run, result: dict[str, Any], make_collection: Callable[..., Collection]
) -> None:
    before = (run.evaluation_path / "painting.json").read_bytes()
    other = make_collection(train=12, test=5, size=48, stored=48, validation_share=0.2, seed=5)
    done = score_painter(run.path, other.path, SETTINGS)
    assert (
        done.path == run.path / f"evaluation-{other.path.name}"
        and (done.path / "painting.json").is_file()
    )
    assert (run.evaluation_path / "painting.json").read_bytes() == before
    assert done.evaluator.pictures_shared == result["evaluator"]["pictures_shared"] == 0


def test_scoring_trains_nothing(run: Run, result: dict[str, Any], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run.path, tmp_path / "painter"))
    shutil.rmtree(copy / "evaluator")
    with pytest.raises(RunError, match=r"no evaluator in .*evaluator: impasto train painter"):
        score_painter(copy, settings=SETTINGS)
    assert not (copy / "evaluator").exists()
    other = SETTINGS.model_copy(update={"evaluator": str(run.path / "evaluator")})
    score = score_painter(copy, settings=other)
    assert score.model_dump(mode="json")["scores"] == result["scores"]


def test_the_style_classifier_is_no_evaluator(run: Run) -> None:
    own = SETTINGS.model_copy(update={"evaluator": str(run.path / "style_classifier")})
    with pytest.raises(RunError, match="is the painter's own style classifier, which cannot"):
        score_painter(run.path, settings=own)


def test_another_evaluator_that_knows_the_pictures_is_named(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    known = {**result, "evaluator": {**result["evaluator"], "pictures_shared": 7}}
    outcomes = {
        finding.code: finding.outcome
        for finding in painting_findings(PainterScore.model_validate(known), run, collection)
    }
    assert outcomes["IMP315"] == "issue"
    weak = {
        **result,
        "strength": [
            {**row, "probability": 0.5 - row["strength"] / 5} for row in result["strength"]
        ],
    }
    outcomes = {
        finding.code: finding.outcome
        for finding in painting_findings(PainterScore.model_validate(weak), run, collection)
    }
    assert (outcomes["IMP315"], outcomes["IMP316"]) == ("passed", "issue")


def test_matched_has_the_others_histogram_and_keeps_the_order() -> None:
    lot = np.random.default_rng(0)
    picture, other = (lot.integers(0, 256, (6, 7, 3), np.uint8) for _ in range(2))
    made = numbers.matched(picture, other)
    for channel in range(3):
        mine, theirs = made[..., channel].ravel(), other[..., channel].ravel()
        assert sorted(mine) == sorted(theirs)
        assert (
            np.diff(mine[np.argsort(picture[..., channel].ravel(), kind="stable")].astype(int)) >= 0
        ).all()
    assert numbers.matched(picture, picture).tolist() == picture.tolist()


def test_rates_agree_with_counting() -> None:
    lot = np.random.default_rng(1)
    labels, real_labels = lot.integers(0, 3, 40), lot.integers(0, 3, 30)
    answers = {
        arm: lot.random((40, 3)) < share for arm, share in (("painted", 0.6), ("unchanged", 0.1))
    }
    real = lot.random(30) < 0.8
    rates = numbers.Rates(answers, labels, real, real_labels, resamples=200, seed=0)
    hit, floor, ceiling = [], [], []
    for style in range(3):
        others = [i for i in range(40) if labels[i] != style]
        hit.append(np.mean([answers["painted"][i, style] for i in others]))
        floor.append(np.mean([answers["unchanged"][i, style] for i in others]))
        ceiling.append(np.mean([real[i] for i in range(30) if real_labels[i] == style]))
        assert rates.of_style(style, "painted").hit.value == pytest.approx(hit[-1])
        assert rates.of_style(style, "painted").gain.value == pytest.approx(hit[-1] - floor[-1])
    whole = (np.mean(hit) - np.mean(floor)) / (np.mean(ceiling) - np.mean(floor))
    spread = rates.normalised("painted")
    assert spread.value == pytest.approx(whole) and spread.low < whole < spread.high
    assert rates.normalised("unchanged") == Interval(value=0, low=0, high=0)
    pair = next(
        row for row in rates.pairs(("A", "B", "C")) if (row.source, row.target) == ("B", "C")
    )
    mine = [i for i in range(40) if labels[i] == 1]
    moved = [float(answers["painted"][i, 2]) - float(answers["unchanged"][i, 2]) for i in mine]
    assert pair.value == pytest.approx(np.mean(moved)) and pair.low <= pair.value <= pair.high


def test_intervals_of_rates_hold_what_they_promise() -> None:
    """95 % intervals over pictures hold the true gain in about 95 of 100 made-up samples."""
    lot, inside = np.random.default_rng(2), 0
    for _ in range(100):
        labels = np.repeat(np.arange(3), 20)
        liking = lot.random((60, 1))  # pictures differ in how readily they are painted
        answers = {"painted": lot.random((60, 3)) < liking, "unchanged": np.zeros((60, 3), bool)}
        rates = numbers.Rates(
            answers, labels, np.ones(9, bool), np.repeat(np.arange(3), 3), resamples=200, seed=0
        )
        spread = rates.gain("painted", "unchanged")
        inside += spread.low <= 0.5 <= spread.high
    assert inside >= 88


def test_an_original_is_found_by_where_light_lies() -> None:
    lot = np.random.default_rng(4)
    coarse = lot.integers(0, 256, (20, 4, 4, 3), np.uint8)
    pictures = coarse.repeat(12, 1).repeat(12, 2)
    tinted = (pictures * np.array([0.5, 0.8, 0.4])).astype(np.uint8)
    pool = numbers.shaded(pictures)
    assert numbers.retrieved(numbers.shaded(tinted), np.arange(20), pool).mean() > 0.9
    assert numbers.retrieved(numbers.shaded(pictures[::-1]), np.arange(20), pool).mean() < 0.2
    blank = numbers.shaded(np.zeros((1, 48, 48, 3), np.uint8))
    assert not np.isnan(blank).any()
    assert torch.equal(float_tensor(pictures[:1]).clamp(-1, 1), float_tensor(pictures[:1]))

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
from impasto.collection.run_collection import trained_halves, training_hashes
from impasto.config import resolve
from impasto.errors import RunError
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.adversarial_pictures import adversarial_pictures
from impasto.evaluation.painter_score import PaintingSettings, score_painter
from impasto.evaluation.painter_score_findings import painting_findings
from impasto.files import write_text
from impasto.files.checksums import forget
from impasto.generate.patch_painter import PatchPainter
from impasto.images.tensors import float_tensor
from impasto.models.painter import Painter
from impasto.records.painter_score import PainterScore
from impasto.records.record import Interval
from impasto.records.run import Run, open_run
from impasto.reporting.sections import painters
from impasto.training.painter.settings import PainterSettings
from impasto.training.painter.train import train_painter

QUICK: dict[str, Any] = {
    "size": "tiny",
    "batch_size": 12,
    "resolution": 48,
    "precision": "float32",
    "device": "cpu",
}
SETTINGS = PaintingSettings(
    per_style=3, targets_per_picture=2, shown=2, bootstrap_samples=100, device="cpu"
)
WITHOUT = SETTINGS.model_copy(update={"patches": False})
ARMS = ["painted", "patches", "finished", "adversarial", "histogram", "unchanged", "real"]
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
    by = result["evaluator"]
    assert by["pictures_shared"] == by["artists_shared"] == by["test_pictures_seen"] == 0


def test_patches_come_from_the_painters_half_however_it_was_divided(
    run: Run, collection: Collection, tmp_path: Path
) -> None:
    """Runs of earlier versions have other halves: the training ids decide."""
    half, other = trained_halves(run, collection)
    first, second = disjoint_halves(collection, 0)
    for split in ("train", "validation"):
        assert half.indices(split).tolist() == first.indices(split).tolist()  # type: ignore[arg-type]
        assert other.indices(split).tolist() == second.indices(split).tolist()  # type: ignore[arg-type]
    copy = Path(shutil.copytree(run.path, tmp_path / "painter"))
    shutil.copy(copy / "evaluator" / "seen.parquet", copy / "seen.parquet")
    forget(copy / "seen.parquet")
    bank = PatchPainter.of_painter(open_run(copy, "painter"), collection).bank
    lent = np.concatenate([np.asarray(rows) for rows in bank.rows])
    assert len(lent) and set(lent.tolist()) <= set(second.indices("train").tolist())


def test_every_arm_stands_between_floor_and_ceiling(result: dict[str, Any]) -> None:
    assert [row["style"] for row in result["per_style"]] == ["Bands", "Columns", "Diagonals"]
    assert result["sources"] == 9 and result["pictures"] == 18
    assert result["searched"] == 84  # all that there are
    assert [arm["arm"] for arm in result["arms"]] == ARMS
    assert result["left_out"] == {"course": "paint.course names no run"}
    for evaluator, gains in result["gains"].items():
        hits = {arm["arm"]: arm["rates"][evaluator]["hit"]["value"] for arm in result["arms"]}
        assert list(gains) == ["painted", "patches", "finished", "adversarial"]
        for arm, gain in gains.items():
            for other in ("unchanged", "histogram"):
                assert gain[other]["value"] == pytest.approx(hits[arm] - hits[other])
    for arm in result["arms"]:
        assert set(arm["rates"]) == {"network", "handmade"}
        for rate in arm["rates"].values():
            hit = rate["hit"]
            assert 0 <= hit["low"] <= hit["value"] <= hit["high"] <= 1
        assert set(arm["lattice"]) == {"2", "4", "8"}
        assert 0 <= arm["trained_on"] <= 1
        assert (arm["copying"] is not None) == (arm["arm"] in ("patches", "finished"))
    for row in result["per_style"]:
        for arms in row["rates"].values():
            assert set(arms) == set(ARMS)
    arms = {arm["arm"]: arm for arm in result["arms"]}
    assert arms["unchanged"]["rates"]["handmade"]["normalised"]["value"] == 0
    assert arms["real"]["rates"]["handmade"]["normalised"]["value"] == pytest.approx(1)
    unchanged = arms["unchanged"]["content"]
    assert unchanged["ssim"]["value"] == pytest.approx(1)
    assert unchanged["edges"]["value"] == pytest.approx(1, abs=1e-4)
    assert unchanged["retrieved"]["value"] == 1 and unchanged["colour_shift"]["value"] == 0
    assert arms["real"]["content"] is None
    assert len(result["pairs"]) == 6
    assert {row["source"] for row in result["pairs"]} == {"Bands", "Columns", "Diagonals"}
    assert [row["strength"] for row in result["strength"]] == [0, 0.25, 0.5, 0.75, 1]


def test_patches_of_stripes_are_taken_for_the_style(result: dict[str, Any]) -> None:
    """Stripes borrowed from real works; colours alone do not turn them."""
    hits = {arm["arm"]: arm["rates"]["handmade"]["hit"]["value"] for arm in result["arms"]}
    assert hits["real"] > 0.9 and hits["unchanged"] < 0.1
    assert hits["patches"] > hits["unchanged"] + 0.3
    trained = {arm["arm"]: arm["trained_on"] for arm in result["arms"]}
    assert trained["real"] > 0.9
    assert trained["unchanged"] < 0.5  # labelled as styles that the pictures do not have
    assert trained["patches"] > trained["unchanged"] + 0.2


def test_adversarial_pictures_keep_the_painters_ssim(result: dict[str, Any]) -> None:
    content = {arm["arm"]: arm["content"] for arm in result["arms"]}
    painted, fooled = (content[arm]["ssim"]["value"] for arm in ("painted", "adversarial"))
    assert fooled > painted - 0.01  # rounded to whole grey levels


def scored(result: dict[str, Any], **values: Any) -> PainterScore:
    return PainterScore.model_validate({**json.loads(json.dumps(result)), **values})


def outcomes(score: PainterScore, run: Run, collection: Collection) -> dict[str, str]:
    return {one.code: one.outcome for one in painting_findings(score, run, collection)}


def test_an_evaluator_that_places_nothing_says_why(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    blind = json.loads(json.dumps(result))
    for evaluator in ("network", "handmade"):
        blind["evaluators"][evaluator]["unplaced"] = "it is blind"
        for arm in blind["arms"]:
            arm["rates"][evaluator]["normalised"] = None
    score = scored(blind)
    (effect,) = (one for one in painting_findings(score, run, collection) if one.code == "IMP311")
    assert "not normalised, because it is blind" in effect.text
    assert "normalised" not in effect.numbers
    printed = show.painter_lines(score)
    assert "not normalised by network: it is blind" in printed
    assert printed.count("–") >= len(ARMS)


@pytest.mark.parametrize("low", [-0.1, 0.1])
def test_colours_are_compared_with_the_arm_and_the_evaluator_of_the_card(
    low: float, run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    """Hand-made features, as the network is no better; painter and patches, the default."""
    changed = json.loads(json.dumps(result))
    for evaluator in ("network", "handmade"):
        for arm in changed["gains"][evaluator]:
            theirs = low if (evaluator, arm) == ("handmade", "finished") else -low
            changed["gains"][evaluator][arm]["histogram"] = {
                "value": theirs + 0.05, "low": theirs, "high": theirs + 0.1,
            }  # fmt: skip
    score = scored(changed)
    colour = next(one for one in painting_findings(score, run, collection) if one.code == "IMP312")
    assert colour.outcome == ("passed" if low > 0 else "issue")
    assert f"painter and patches over it is {low + 0.05:+.1%}" in colour.text
    assert f"the painter alone is {0.05 - low:+.1%}" in colour.text
    card = painters.answer_of(score.model_copy(update={"sources": 40}))
    assert (card.verdict in ("good", "mixed") and "more often than" in card.finding) is (low > 0)


def test_an_evaluator_must_be_better_than_hand_made_features(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    """The tiny evaluator of one epoch is not; a better one would be."""
    network, second = (
        result["evaluators"][evaluator]["accuracy"]["value"]
        for evaluator in ("network", "handmade")
    )
    assert network <= second
    assert "no better than hand-made features" in result["evaluators"]["network"]["unplaced"]
    assert result["evaluators"]["handmade"]["unplaced"] is None
    assert outcomes(scored(result), run, collection)["IMP320"] == "issue"
    better = {
        **result["evaluators"]["handmade"],
        "accuracy": {"value": 0.3, "low": 0.2, "high": 0.4},
    }
    other = {**result["evaluators"]["network"], "accuracy": {"value": 0.4, "low": 0.3, "high": 0.5}}
    both = {"network": other, "handmade": better}
    for low, outcome in ((0.02, "passed"), (-0.02, "issue")):  # of the paired difference
        gain = {"value": 0.1, "low": low, "high": 0.2}
        strong = scored(result, evaluators=both, evaluator_gain=gain)
        assert outcomes(strong, run, collection)["IMP320"] == outcome


def changed(result: dict[str, Any], arm: str, **values: Any) -> PainterScore:
    copy = json.loads(json.dumps(result))
    next(one for one in copy["arms"] if one["arm"] == arm).update(values)
    return scored(copy)


def test_lattices_above_real_works_are_found(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    real = result["arms"][-1]["lattice"]
    copy = json.loads(json.dumps(result))
    for arm in copy["arms"]:
        arm["lattice"] = {period: peak + 1.4 for period, peak in real.items()}
    copy["arms"][-1]["lattice"] = real
    assert outcomes(scored(copy), run, collection)["IMP318"] == "passed"
    high = changed(copy, "finished", lattice={**real, "4": real["4"] + 1.6})
    (found,) = (one for one in painting_findings(high, run, collection) if one.code == "IMP318")
    assert found.outcome == "issue" and len(found.items) == 1
    assert (found.items[0]["arm"], found.items[0]["period"]) == ("Painter and patches", 4)
    fooled = changed(copy, "adversarial", lattice={**real, "2": real["2"] + 9})
    assert outcomes(fooled, run, collection)["IMP318"] == "passed"  # no painting


def test_hit_rates_that_a_blur_changes_are_found(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    copy = json.loads(json.dumps(result))
    steady = {"shifted": 0.0, "blurred": -0.2, "recompressed": -0.1}
    for arm in copy["arms"]:
        for rate in arm["rates"].values():
            rate["changes"] = steady
    assert outcomes(scored(copy), run, collection)["IMP317"] == "passed"
    for change in (-0.26, -0.14):  # falls more, and falls less
        rates = json.loads(json.dumps(copy["arms"][0]["rates"]))
        rates["handmade"]["changes"] = {**steady, "blurred": change}
        high = changed(copy, "painted", rates=rates)
        (found,) = (o for o in painting_findings(high, run, collection) if o.code == "IMP317")
        assert found.outcome == "issue" and len(found.items) == 1
        assert found.items[0]["evaluator"] == "hand-made features"


def test_large_borrowed_regions_are_found(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    copying = {"region": 0.1, "most": 0.2, "large": 0.0, "nearest": 0.2, "source_nearest": 0.2}
    copy = json.loads(json.dumps(result))
    for arm in copy["arms"]:
        arm["copying"] = copying if arm["copying"] else None
    assert outcomes(scored(copy), run, collection)["IMP319"] == "passed"
    large = changed(copy, "patches", copying={**copying, "most": 0.4, "large": 0.06})
    assert outcomes(large, run, collection)["IMP319"] == "issue"
    for arm in copy["arms"]:
        arm["copying"] = None
    assert outcomes(scored(copy), run, collection)["IMP319"] == "not applicable"


def test_an_earlier_format_is_named(run: Run, result: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "painting.json"
    write_text(file, json.dumps({"format": 2, "scores": {}}))
    with pytest.raises(
        RunError, match=r"earlier impasto \(format 2\): run impasto evaluate again"
    ) as raised:
        PainterScore.read(file, what="score of a painter", verb="impasto evaluate")
    assert "\n" not in str(raised.value)


def test_a_second_time_trains_no_evaluator_and_says_the_same(
    run: Run, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.training.trainer.fit", lambda *given: pytest.fail("trained again"))
    again = score_painter(run.path, settings=SETTINGS).model_dump(mode="json")
    assert json.loads(
        json.dumps({name: again[name] for name in ("evaluators", "per_style", "identity")})
    ) == {name: result[name] for name in ("evaluators", "per_style", "identity")}


def test_a_painter_that_does_nothing_is_at_its_floor(
    run: Run, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Painter, "forward", lambda self, x, weights: x)
    idle = score_painter(run.path, settings=WITHOUT)
    assert idle.names == ("painted", "adversarial", "histogram", "unchanged", "real")
    rate = idle.arm("painted").rates["handmade"]
    assert rate.normalised is not None and rate.normalised.value == 0
    assert idle.identity.own_style.value == pytest.approx(1, abs=1e-6)
    told = {finding.code: finding.outcome for finding in idle.findings}
    assert told["IMP311"] == "issue" and told["IMP314"] == "passed"
    found = idle.arm("painted").content
    assert found is not None and found.retrieved.value == 1
    assert found.retrieved.low < 0.8  # Wilson's of so few: nothing could pass
    assert told["IMP313"] == told["IMP319"] == "not applicable"
    assert result["identity"]["own_style"]["value"] < 0.995


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
    codes = ["IMP305", "IMP307", *(f"IMP{number}" for number in range(311, 321))]
    assert [one.code for one in score.findings] == codes
    figures = run.evaluation_path / "figures"
    names = (
        "grid-painted.png", "grid-patches.png", "grid.png", "paintings-finished.png",
        "paintings-painted.png", "paintings-patches.png", "steps.png", "strength.png",
    )  # fmt: skip
    assert score.figures == [figures / name for name in names]
    with Image.open(figures / "steps.png") as steps:  # the original and every strength in a row
        across, down = 1 + len(score.strength), len(score.shown)
        assert down == 2
        assert steps.size == (score.resolution * across, score.resolution * down)


def test_distances_are_of_each_style_to_its_own(result: dict[str, Any]) -> None:
    arms = {arm["arm"]: arm for arm in result["arms"]}
    for name in ARMS[:-1]:
        rows = [row["kernel_distance"][name]["value"] for row in result["per_style"]]
        found = arms[name]["kernel_distance"]
        assert found["value"] == pytest.approx(np.mean(rows))
        assert found["low"] < found["value"] < found["high"]
    floor = arms["unchanged"]["kernel_distance"]["value"]
    gain = arms["histogram"]["nearer"]
    assert gain["value"] == pytest.approx(floor - arms["histogram"]["kernel_distance"]["value"])
    assert gain["low"] < gain["value"] < gain["high"]
    assert arms["unchanged"]["nearer"] is None
    assert arms["real"]["kernel_distance"] is None


def test_a_score_on_another_collection_has_a_folder_of_its_own(
    run: Run, result: dict[str, Any], make_collection: Callable[..., Collection]
) -> None:
    before = (run.evaluation_path / "painting.json").read_bytes()
    other = make_collection(train=12, test=5, size=48, stored=48, validation_share=0.2, seed=5)
    done = score_painter(run.path, other.path, SETTINGS)
    assert set(done.left_out) == {"patches", "finished", "course"}
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
    other = WITHOUT.model_copy(update={"evaluator": str(run.path / "evaluator")})
    score = score_painter(copy, settings=other)
    again = score.arm("painted").model_dump(mode="json")["rates"]
    assert json.loads(json.dumps(again)) == result["arms"][0]["rates"]


def test_the_style_classifier_is_no_evaluator(run: Run) -> None:
    own = SETTINGS.model_copy(update={"evaluator": str(run.path / "style_classifier")})
    with pytest.raises(RunError, match="is the painter's own style classifier, which cannot"):
        score_painter(run.path, settings=own)


def test_another_evaluator_that_knows_the_pictures_is_named(
    run: Run, collection: Collection, result: dict[str, Any]
) -> None:
    known = {**result["evaluator"], "pictures_shared": 7}
    assert outcomes(scored(result, evaluator=known), run, collection)["IMP315"] == "issue"
    strength = [{**row, "probability": 0.5 - row["strength"] / 5} for row in result["strength"]]
    weak = outcomes(scored(result, strength=strength), run, collection)
    assert (weak["IMP315"], weak["IMP316"]) == ("passed", "issue")


def test_every_style_meets_every_other_equally_often() -> None:
    labels = np.repeat(np.arange(5), [8, 8, 8, 8, 0])
    labels = np.concatenate((labels, np.full(8, 4)))
    pairs, targets = numbers.balanced_pairs(labels, 3)
    assert len(pairs) == 40 * 3 and (labels[pairs] != targets).all()
    assert len(set(zip(pairs.tolist(), targets.tolist(), strict=True))) == len(pairs)
    met = np.zeros((5, 5), int)
    np.add.at(met, (labels[pairs], targets), 1)
    assert (met == 6 * (1 - np.eye(5, dtype=int))).all()  # 8 · 3 over 4 others
    everything = numbers.balanced_pairs(np.arange(3), 9)
    assert len(everything[0]) == 6


def test_fooled_pictures_stay_within_their_budget() -> None:
    """A linear classifier of the mean red is fooled by as much red as the SSIM allows."""

    class Red(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(5.0))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            red = self.weight * x[:, 0].mean((1, 2))
            return torch.stack((-red, red), 1)

    rng = np.random.default_rng(0)
    sources = rng.integers(60, 200, (6, 4, 4, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    wanted = np.array([0, 1, 0, 1, 0, 1])
    budgets = np.array([0.999, 0.999, 0.9, 0.9, 1.0, 1.0])
    made = adversarial_pictures(Red(), 16, sources, wanted, budgets)  # type: ignore[arg-type]
    kept = numbers.kept(made, sources)["ssim"]
    assert (kept >= budgets - 0.002).all()
    moved = (made[..., 0].astype(int) - sources[..., 0]).mean((1, 2))
    assert (moved[:4] * np.array([-1, 1, -1, 1]) > 3).all()
    assert np.abs(moved[4:]).max() < 1
    assert np.abs(moved[2:4]).min() > 1.5 * np.abs(moved[:2]).max()


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


def every_pair(labels: np.ndarray[Any, Any], styles: int = 3) -> numbers.PaintedPairs:
    pairs, targets = np.nonzero(labels[:, None] != np.arange(styles))
    return numbers.PaintedPairs(pairs, targets, labels, styles)


def test_rates_agree_with_counting() -> None:
    lot = np.random.default_rng(1)
    labels, real_labels = lot.integers(0, 3, 40), lot.integers(0, 3, 30)
    design = every_pair(labels)
    answers: dict[Any, np.ndarray[Any, Any]] = {
        arm: lot.random(len(design.pairs)) < share
        for arm, share in (("painted", 0.6), ("unchanged", 0.1))
    }
    real = lot.random(30) < 0.8
    rates = numbers.Rates(
        answers, design, real=real, real_labels=real_labels, resamples=200, seed=0
    )
    hit, floor, ceiling = [], [], []
    for style in range(3):
        asked = [place for place in range(len(design.pairs)) if design.targets[place] == style]
        hit.append(np.mean([answers["painted"][place] for place in asked]))
        floor.append(np.mean([answers["unchanged"][place] for place in asked]))
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
    moved = [
        float(answers["painted"][place]) - float(answers["unchanged"][place])
        for place in range(len(design.pairs))
        if labels[design.pairs[place]] == 1 and design.targets[place] == 2
    ]
    assert pair.value == pytest.approx(np.mean(moved)) and pair.low <= pair.value <= pair.high
    assert numbers.balanced_share(answers["painted"], design.targets) == pytest.approx(np.mean(hit))


def test_intervals_of_rates_hold_what_they_promise() -> None:
    """95 % intervals over pictures hold the true gain in about 95 of 100 made-up samples."""
    lot, inside = np.random.default_rng(2), 0
    for _ in range(100):
        labels = np.repeat(np.arange(3), 20)
        liking = lot.random(60)  # pictures differ in how readily they are painted
        design = every_pair(labels)
        hits = lot.random(len(design.pairs)) < liking[design.pairs]
        rates = numbers.Rates(
            {"painted": hits, "unchanged": np.zeros(len(hits), bool)},
            design,
            real=np.ones(9, bool),
            real_labels=np.repeat(np.arange(3), 3),
            resamples=200,
            seed=0,
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


def test_a_pair_is_beyond_chance_only_on_enough_pictures_and_after_correction() -> None:
    """All painted pictures of every pair pass, none unchanged: clear with 12, not with 4."""
    for count, clear in ((4, False), (12, True)):
        labels = np.repeat(np.arange(3), count)
        design = every_pair(labels)
        hits = np.ones(len(design.pairs), bool)
        rates = numbers.Rates(
            {"painted": hits, "unchanged": ~hits},
            design,
            real=np.ones(9, bool),
            real_labels=np.repeat(np.arange(3), 3),
            resamples=100,
            seed=0,
        )
        rows = rates.pairs(("A", "B", "C"))
        assert len(rows) == 6
        assert {row.clear for row in rows} == {clear}
        # 6 tests, two-sided, every one of them 2 ** (1 - count)
        assert rows[0].p == pytest.approx(min(1, 6 * 2.0 ** (1 - count)))
        assert rows[0].low < rows[0].value == 1  # never +100 to +100

"""The scorecard's numbers: against slow re-writes, and on pictures whose answer is known."""

import numpy as np
import pytest
from PIL import Image

from impasto.evaluation.lora_score_findings import lora_findings
from impasto.evaluation.lora_score_numbers import copied, kept, nearest, shades, thumbs
from impasto.records.lora_score import (
    AlignedCopy,
    ArmDistances,
    CopyCheck,
    LoraScore,
    LoraStyleScore,
    NearestTraining,
    SharedComposition,
)
from impasto.records.record import Interval


def pictures(count: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def test_a_copy_is_nearest_to_its_original_also_lighter_and_in_other_contrast() -> None:
    train = pictures(20, 0)
    changed = (0.5 * train[[4, 11]] + 100).astype(np.uint8)
    places, likeness = nearest(thumbs(changed), thumbs(train))
    assert places.tolist() == [4, 11]
    assert likeness == pytest.approx([1, 1], abs=1e-3)
    assert nearest(thumbs(pictures(5, 1)), thumbs(train))[1].max() < 0.5


def test_what_is_kept_across_styles_is_told_from_what_is_not() -> None:
    """Layouts by the seed are kept over styles that rotate colours; layouts anew are not."""
    layout = pictures(6, 2)
    turned = np.concatenate([layout, layout[..., [1, 2, 0]], layout[..., [2, 0, 1]]])
    seeds, styles = np.tile(np.arange(6), 3), np.repeat(np.arange(3), 6)
    same = kept(
        shades(np.repeat(layout.mean(3, keepdims=True), 3, 3).astype(np.uint8)[seeds]),
        seeds,
        styles,
        draws=200,
        seed=0,
    )
    assert same is not None
    assert same.share.value == 1
    assert same.same == pytest.approx(1)
    partly = kept(shades(turned), seeds, styles, draws=200, seed=0)
    anew = kept(shades(pictures(18, 3)), seeds, styles, draws=200, seed=0)
    assert partly is not None and anew is not None
    assert partly.share.value > anew.share.value
    assert anew.share.low < 0.5 < anew.share.high + 0.1
    assert kept(shades(layout), np.arange(6), np.zeros(6, np.int64), draws=10, seed=0) is None


def made_up_score(low: float) -> LoraScore:
    """Two styles, one of them below its floor, and four copies; ``low`` end of the accuracy."""
    near = NearestTraining(style="Bands", seed=1, nearest="a.jpg", likeness=0.99)
    distances = ArmDistances(adapter=None, base=None, nearer=None)
    rows = [
        LoraStyleScore(
            style=style,
            train=5,
            test=2,
            accuracy=accuracy,
            floor=floor,
            ceiling=None,
            gained=20,
            lost=0,
            p=p,
            kernel_distance=distances,
            nearest=0.99,
        )
        for style, accuracy, floor, p in (("Bands", 0.8, 0.3, 1e-5), ("Columns", 0.25, 0.2, 0.4))
    ]
    return LoraScore(
        command="",
        collection_fingerprint="",
        evaluator="classifier",
        base="base",
        pictures=40,
        prompts=("a painting",),
        styles=("Bands", "Columns"),
        scores={
            "adapter": {"accuracy": Interval(value=0.5, low=low, high=0.6)},
            "base": {"accuracy": Interval(value=0.25, low=0.2, high=0.3)},
        },
        kernel_distance=distances,
        per_style=tuple(rows),
        confusion=(),
        copies=CopyCheck(
            limit=0.9,
            left_out=0,
            share=0.05,
            expected=0.01,
            near=(near,) * 4,
            aligned=(),
            all=(near,) * 80,
        ),
        kept=SharedComposition(
            same=0.9, other=0.1, share=Interval(value=0.7, low=0.6, high=0.8), level=0.95
        ),
    )


def test_findings_name_styles_below_their_floor_and_copies() -> None:
    score = made_up_score(0.4)
    found = {f.code: f for f in lora_findings(score)}
    assert {code: f.outcome for code, f in found.items()} == {
        "IMP603": "issue",
        "IMP604": "issue",
        "IMP605": "passed",
    }
    assert [item["style"] for item in found["IMP603"].items] == ["Columns"]
    copy = {"style": "Bands", "seed": 1, "nearest": "a.jpg", "likeness": 0.99}
    assert found["IMP604"].items == [copy] * 4
    # An adapter without effect keeps the composition, which is no merit
    found = {f.code: f for f in lora_findings(made_up_score(0.2))}
    assert found["IMP605"].outcome == "not applicable"


def test_one_aligned_copy_is_an_issue_whatever_the_correlations() -> None:
    score = made_up_score(0.4)
    none = score.copies.model_copy(update={"near": (), "share": 0.0})
    copy = AlignedCopy(style="Bands", seed=3, nearest="b.jpg", mirrored=True)
    one = none.model_copy(update={"aligned": (copy,)})
    for copies, outcome in ((none, "passed"), (one, "issue")):
        found = {f.code: f for f in lora_findings(score.model_copy(update={"copies": copies}))}
        assert found["IMP604"].outcome == outcome
    assert "1 of them mirrored" in found["IMP604"].text
    assert found["IMP604"].items[0]["nearest"] == "b.jpg"


def test_mirrored_and_cropped_copies_are_found() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (12, 9, 9, 3)).astype(np.uint8)
    train = np.stack(
        [
            np.asarray(Image.fromarray(one).resize((64, 64), Image.Resampling.BICUBIC))
            for one in coarse
        ]
    )
    cropped = np.asarray(Image.fromarray(train[7]).crop((3, 3, 61, 61)).resize((64, 64)))
    fresh = np.asarray(
        Image.fromarray(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8)).resize((64, 64))
    )
    others = np.stack((fresh, train[4][:, ::-1], cropped))
    assert copied(train, others).tolist() == [[4, 1, 1], [7, 2, 0]]

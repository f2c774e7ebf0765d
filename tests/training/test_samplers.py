"""The samplers: what they draw, in numbers, and that (seed, step) decides alone."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from impasto.collection.batches import Batches
from impasto.training.augment import AugmentSettings, mixed_in
from impasto.training.imbalance import (
    BalanceSettings,
    ClassBalance,
    pictures_per_epoch,
    sampled_shares,
)
from impasto.training.samplers import PARTNERS, StyleBatches, batches_of, capped_and_duplicated

COUNTS = np.array([64, 16, 0, 4])
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), COUNTS))
ROWS = np.arange(1000, 1084)
STYLE = dict(zip(ROWS.tolist(), LABELS.tolist(), strict=True))


def batches(
    sampling: Any, seed: int = 0, epochs: int = 50, size: int = 12, **given: Any
) -> Batches | StyleBatches:
    settings = BalanceSettings(sampling=sampling, **given)
    return batches_of(ROWS, LABELS, settings, size=size, processes=1, seed=seed, epochs=epochs)


def drawn(made: Batches | StyleBatches, steps: range) -> np.ndarray:
    """How many pictures of each style the steps show."""
    rows = np.concatenate([made.batch(step) for step in steps])
    return np.bincount([STYLE[row] for row in rows.tolist()], minlength=4)


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        ("inverse-frequency", [1 / 3, 1 / 3, 0, 1 / 3]),
        ("square-root", [8 / 14, 4 / 14, 0, 2 / 14]),
    ],
)
def test_styles_are_drawn_in_their_shares(sampling: str, expected: list[float]) -> None:
    made = batches(sampling)
    assert made.per_epoch == batches("natural").per_epoch == 7
    counts = drawn(made, range(350))
    error = np.sqrt(np.array(expected) * (1 - np.array(expected)) / counts.sum())
    assert (np.abs(counts / counts.sum() - expected) <= 4 * error + 1e-12).all()


def test_within_a_style_every_picture_is_as_likely() -> None:
    made = batches("inverse-frequency")
    seen = Counter(int(row) for step in range(1500) for row in made.batch(step))
    for style in (0, 1, 3):
        mine = np.array([seen[row] for row, label in STYLE.items() if label == style])
        assert mine.min() > 0
        assert (np.abs(mine - mine.mean()) < 5 * np.sqrt(mine.mean())).all()


def test_progressive_begins_natural_and_ends_balanced() -> None:
    made = batches("progressive", epochs=300)
    last = made.per_epoch * 300
    begin, middle, end = (
        drawn(made, range(at, at + 100)) / 1200 for at in (0, last // 2 - 50, last - 100)
    )
    natural, balanced = COUNTS / 84, np.array([1, 1, 0, 1]) / 3
    assert begin == pytest.approx(natural, abs=0.06)
    assert middle == pytest.approx((natural + balanced) / 2, abs=0.06)
    assert end == pytest.approx(balanced, abs=0.06)
    assert sampled_shares("progressive", COUNTS, 0.0) == pytest.approx(natural)
    assert sampled_shares("progressive", COUNTS, 1.0) == pytest.approx(balanced)


def test_cap_and_duplicate_shows_every_style_exactly_as_often() -> None:
    """20 of 64, 16 and 4 of them again, five times 4:

    as the course's report makes its training set.
    """
    kept = capped_and_duplicated(ROWS, LABELS, 20, seed=3)
    by_style = {
        style: Counter(row for row in kept.tolist() if STYLE[row] == style) for style in (0, 1, 3)
    }
    assert [sum(found.values()) for found in by_style.values()] == [20, 20, 20]
    assert len(by_style[0]) == 20
    assert sorted(by_style[1].values()) == [1] * 12 + [2] * 4
    assert sorted(by_style[3].values()) == [5] * 4
    made = batches("cap-and-duplicate", per_style=20, size=15)
    assert made.per_epoch == 4
    for epoch in range(3):
        assert drawn(made, range(4 * epoch, 4 * epoch + 4)).tolist() == [20, 20, 0, 20]
    chosen = [
        {int(row) for step in range(4 * e, 4 * e + 4) for row in made.batch(step)} for e in range(3)
    ]
    assert chosen[0] == chosen[1] == chosen[2]
    other = capped_and_duplicated(ROWS, LABELS, 20, seed=4)
    assert set(other.tolist()) != set(kept.tolist())


def test_the_courses_27_styles_at_300_are_8100() -> None:
    counts = np.linspace(15, 2269, 27).astype(np.int64)
    labels = np.repeat(np.arange(27), counts)
    kept = capped_and_duplicated(np.arange(len(labels)), labels, 300, seed=0)
    assert len(kept) == 8100
    assert np.bincount(labels[kept]).tolist() == [300] * 27
    settings = BalanceSettings(sampling="cap-and-duplicate")
    assert pictures_per_epoch(settings, counts).tolist() == [300.0] * 27


@pytest.mark.parametrize(
    "sampling", ["natural", "inverse-frequency", "square-root", "progressive", "cap-and-duplicate"]
)
def test_the_numbers_foretold_are_those_drawn(sampling: Any) -> None:
    settings = BalanceSettings(sampling=sampling, per_style=24)
    made = batches(sampling, epochs=60, per_style=24)
    counts = drawn(made, range(60 * made.per_epoch)) / 60
    foretold = pictures_per_epoch(settings, COUNTS)
    assert foretold.sum() == pytest.approx(72 if sampling == "cap-and-duplicate" else 84)
    assert counts == pytest.approx(foretold, abs=1.0)


@pytest.mark.parametrize(
    "sampling", ["inverse-frequency", "square-root", "progressive", "cap-and-duplicate"]
)
def test_seed_and_step_decide_alone(sampling: str) -> None:
    straight = [batches(sampling, seed=3).batch(step) for step in range(20)]
    for step in (13, 2, 19, 7):
        assert np.array_equal(batches(sampling, seed=3).batch(step), straight[step])
    assert not np.array_equal(batches(sampling, seed=4).batch(0), straight[0])
    assert not np.array_equal(straight[0], straight[1])


def test_partners_are_not_the_pictures_that_they_meet() -> None:
    mine, theirs = (
        StyleBatches(ROWS, LABELS, 12, 0, "inverse-frequency", 5, stream)
        for stream in (1, PARTNERS)
    )
    assert not np.array_equal(mine.batch(4), theirs.batch(4))


def test_a_batch_is_never_more_than_an_epoch_and_divides_among_processes() -> None:
    capped = BalanceSettings(sampling="cap-and-duplicate", per_style=4)
    few = batches_of(ROWS, LABELS, capped, size=64, processes=5, seed=0, epochs=1)
    assert (few.size, few.per_epoch, len(few.batch(0))) == (10, 1, 10)
    assert batches("square-root", size=200).size == 84


def test_the_effective_prior_is_share_times_weight() -> None:
    counts = np.array([80, 15, 5])

    def prior(blended: float = 0.0, **given: Any) -> list[float]:
        return ClassBalance(BalanceSettings(**given), counts, 10, blended).last_prior.tolist()

    assert prior() == pytest.approx([0.8, 0.15, 0.05])
    assert prior(loss="focal") == pytest.approx([0.8, 0.15, 0.05])
    for given in (
        {"sampling": "progressive"},
        {"sampling": "cap-and-duplicate"},
        {"weights": "inverse-frequency"},
    ):
        assert prior(**given) == pytest.approx([1 / 3] * 3)
    over = np.array([1 / 80, 1 / 15, 1 / 5])  # balanced twice: the rare style is the frequent one
    both = prior(sampling="inverse-frequency", weights="inverse-frequency")
    assert both == pytest.approx((over / over.sum()).tolist())
    assert prior(blended=0.4) == pytest.approx([0.6 * p + 0.4 / 3 for p in (0.8, 0.15, 0.05)])


def test_what_mixing_takes_from_partners_is_foretold() -> None:
    rng = np.random.default_rng(0)
    u, x, y = rng.random((3, 200_000))
    half = np.sqrt(u) / 2
    inside = [np.minimum(c + half, 1) - np.maximum(c - half, 0) for c in (x, y)]
    area = float((inside[0] * inside[1]).mean())
    assert mixed_in(AugmentSettings(cutmix=1.0)) == pytest.approx(area, abs=0.002)
    assert mixed_in(AugmentSettings(cutmix=0.5, mixup=0.4)) == pytest.approx(
        area / 2 + 0.2, abs=0.002
    )

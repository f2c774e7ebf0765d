"""Schedule, average, batches and findings, each against its definition."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from impasto.collection.batches import Batches
from impasto.models.classifier import Classifier, ClassifierConfig
from impasto.training.ema import Average
from impasto.training.schedule import growing_resolution, warmup_cosine
from impasto.training.training_findings import training_findings


def network(seed: int = 0) -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Classifier(ClassifierConfig(3, "tiny"))


def test_the_schedule_rises_in_a_line_and_falls_in_half_a_cosine() -> None:
    factors = [warmup_cosine(step, 110, 10) for step in range(110)]
    assert factors[:10] == pytest.approx([0.1 * n for n in range(1, 11)])
    assert factors[10:] == pytest.approx(
        [(1 + math.cos(math.pi * n / 100)) / 2 for n in range(100)], abs=1e-7
    )
    assert all(0 < factor <= 1 for factor in factors)
    assert sorted(factors[10:], reverse=True) == factors[10:]


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (1, 1), (2, 1), (5, 5)])
def test_the_schedule_of_very_short_trainings_is_positive(steps: int, warmup: int) -> None:
    assert all(0 < warmup_cosine(step, steps, warmup) <= 1 for step in range(steps))


def test_pictures_grow_evenly_to_their_full_resolution() -> None:
    sizes = [growing_resolution(step, 100, first=32, last=64, share=0.5) for step in range(100)]
    assert sizes == sorted(sizes)
    assert set(sizes) == {32, 40, 48, 56, 64}
    assert sizes[0] == 32
    assert sizes.index(64) == 44  # where 60 is passed on the way to 64 at step 50
    assert np.mean(sizes[:50]) == pytest.approx(48, abs=1)


@pytest.mark.parametrize(("first", "last", "share"), [(64, 64, 0.7), (96, 64, 0.7), (32, 64, 0.0)])
def test_pictures_of_one_resolution(first: int, last: int, share: float) -> None:
    assert {
        growing_resolution(step, 30, first=first, last=last, share=share) for step in range(30)
    } == {64}


def test_an_odd_resolution_is_reached_exactly() -> None:
    sizes = [growing_resolution(step, 40, first=32, last=50, share=0.7) for step in range(40)]
    assert max(sizes) == sizes[-1] == 50


def test_the_average_follows_weights_and_statistics() -> None:
    model, generator = network(), torch.Generator().manual_seed(0)
    average, slow = (
        Average(model, 0.6),
        {k: v.clone().double() for k, v in model.state_dict().items()},
    )
    for step in range(12):
        with torch.no_grad():
            for value in (*model.parameters(), *model.buffers()):
                if value.is_floating_point():
                    value.add_(torch.randn(value.shape, generator=generator))
                else:
                    value.add_(1)
        average.update(model, step)
        decay = min(0.6, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            mixed = decay * slow[name] + (1 - decay) * value.double()
            slow[name] = mixed if value.is_floating_point() else value.double()
    for name, value in average.model.state_dict().items():
        torch.testing.assert_close(value.double(), slow[name], atol=1e-4, rtol=1e-4)


def test_without_decay_the_average_is_the_network() -> None:
    model = network()
    average = Average(model, 0.0)
    model.load_state_dict(network(1).state_dict())
    average.update(model, 50)
    assert all(torch.equal(v, model.state_dict()[k]) for k, v in average.model.state_dict().items())


def test_the_average_is_a_network_of_its_own() -> None:
    model = network()
    average = Average(model, 0.9)
    assert not average.model.training
    assert not any(p.requires_grad for p in average.model.parameters())
    with torch.no_grad():
        model.head.weight.add_(1)
    assert not torch.equal(average.model.state_dict()["head.weight"], model.head.weight)


def test_every_row_once_an_epoch() -> None:
    rows = np.arange(100, 124)
    batches = Batches(rows, 6, seed=1)
    assert batches.per_epoch == 4
    for epoch in range(3):
        taken = np.concatenate([batches.batch(4 * epoch + step) for step in range(4)])
        assert sorted(taken) == list(rows)
    assert list(batches.batch(0)) != list(batches.batch(4))


def test_an_incomplete_last_batch_is_left() -> None:
    batches = Batches(np.arange(11), 4, seed=0)
    assert batches.per_epoch == 2
    taken = np.concatenate([batches.batch(step) for step in range(2)])
    assert len(set(taken)) == len(taken) == 8
    seen = {int(row) for step in range(40) for row in batches.batch(step)}
    assert seen == set(range(11))  # left in one epoch, taken in another
    assert len(Batches(np.arange(3), 3, seed=0).batch(5)) == 3


def test_batches_are_a_function_of_seed_and_step() -> None:
    rows = np.arange(50)
    straight = [Batches(rows, 8, seed=3).batch(step) for step in range(20)]
    for step in (13, 2, 19, 7):
        assert np.array_equal(Batches(rows, 8, seed=3).batch(step), straight[step])
    assert not np.array_equal(Batches(rows, 8, seed=4).batch(0), straight[0])


def validation(score: float, loss: float) -> dict[str, Any]:
    return {"event": "validation", "balanced_accuracy": score, "loss": loss}


@pytest.mark.parametrize(
    ("scores", "losses", "learning", "heart"),
    [
        ([0.4, 0.8], [1.0, 0.5], "passed", "passed"),
        ([0.8, 0.3], [0.5, 0.9], "passed", "issue"),
        ([1 / 3, 1 / 3], [1.1, 1.1], "issue", "passed"),
        (
            [0.40, 0.36],
            [1.1, 1.15],
            "issue",
            "passed",
        ),  # luck: two standard errors of 36 pictures are 16 %
    ],
)
def test_what_a_training_says_of_itself(
    stripes: Callable[..., Any], scores: list[float], losses: list[float], learning: str, heart: str
) -> None:
    lines = [{"event": "train", "loss": 9.0}, *map(validation, scores, losses)]
    found = {finding.code: finding for finding in training_findings(lines, stripes())}
    assert (found["IMP201"].outcome, found["IMP202"].outcome) == (learning, heart)
    assert found["IMP201"].numbers["balanced_accuracy"] == max(scores)
    assert found["IMP201"].numbers["majority"] == pytest.approx(1 / 3)
    assert json.dumps(dict(found["IMP202"].numbers))

"""The baselines are what they claim to be."""

from collections.abc import Callable

import numpy as np
import pytest

from impasto.collection.collection import Collection
from impasto.collection.picture_draws import picture_draws
from impasto.evaluation.baselines import baselines, histograms
from impasto.evaluation.prior_scores import PriorScores
from impasto.records.evaluation import BaselineScores

Baselines = dict[str, BaselineScores | None]


def split_rows(collection: Collection) -> dict[str, np.ndarray]:
    return {split: collection.indices(split) for split in ("train", "validation", "test")}  # type: ignore[arg-type]


def scored(collection: Collection, answers: np.ndarray | None = None) -> Baselines:
    """Baselines beside a network that gives these answers, or else is always right."""
    rows = split_rows(collection)
    draws = picture_draws(collection, rows["test"], resamples=200, seed=0)
    how = PriorScores(draws, "train")
    said = draws.labels if answers is None else answers
    return baselines(collection, rows, how, how.drawn({"uniform": said, "train": said}))


def test_baselines_score_what_they_must(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=(40, 20, 20), test=(10, 20, 10), artists=3)
    found = scored(collection)
    majority, guess, colour, oracle = (
        found[name] for name in ("majority", "prior_matched", "colour_histogram", "artist_oracle")
    )
    assert majority and guess and colour and oracle
    assert majority.scores["accuracy"].value == 0.25
    assert majority.scores["balanced_accuracy"].value == pytest.approx(1 / 3)
    train = collection.counts("train") / collection.counts("train").sum()
    expected = (train * [0.25, 0.5, 0.25]).sum()
    # Accuracy is read under the training's mix here, balanced accuracy with equal styles
    assert guess.scores["accuracy"].value == pytest.approx(expected)
    assert guess.by_prior["uniform"]["accuracy"].value == pytest.approx(1 / 3)
    assert guess.scores["balanced_accuracy"].value == pytest.approx(1 / 3)
    assert guess.by_prior["train"]["balanced_accuracy"].value == pytest.approx(train.mean())
    assert colour.scores["balanced_accuracy"].value > 0.6  # each style has a tint
    assert oracle.scores["accuracy"].value == 1.0  # each artist has one style
    assert "40 of 40" in oracle.note


def test_a_gain_is_paired(make_collection: Callable[..., Collection]) -> None:
    """A network that answers as the majority baseline does is ahead by nothing, with no doubt."""
    collection = make_collection(train=(40, 20, 20), test=(10, 20, 10))
    test = collection.labels[collection.indices("test")]
    majority = scored(collection, np.zeros_like(test))["majority"]
    assert majority and majority.gains["macro_f1"].value == 0
    right = scored(collection)["majority"]
    assert right and right.gains["accuracy"].value == pytest.approx(0.75)
    assert right.gains["balanced_accuracy"].low > 0.5


def test_without_artists_there_is_no_oracle(make_collection: Callable[..., Collection]) -> None:
    assert scored(make_collection(train=12, test=4))["artist_oracle"] is None


def test_histograms_agree_with_a_slow_count(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=4, test=2, stored=24)
    rows = np.arange(len(collection))[::3]
    for row, fast in zip(rows, histograms(collection.pixels, rows), strict=True):
        slow, _ = np.histogramdd(
            collection.pixels[row].reshape(-1, 3), bins=8, range=[(0, 256)] * 3
        )
        assert fast == pytest.approx(np.sqrt(slow.ravel() / slow.sum()), abs=1e-6)

"""The baselines are what they claim to be."""

from collections.abc import Callable

import numpy as np
import pytest

from impasto.collection.collection import Collection
from impasto.evaluation.baselines import baselines, histograms


def split_rows(collection: Collection) -> dict[str, np.ndarray]:
    return {split: collection.indices(split) for split in ("train", "validation", "test")}  # type: ignore[arg-type]


def test_baselines_score_what_they_must(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=(40, 20, 20), test=(10, 20, 10), artists=3)
    found = baselines(collection, split_rows(collection), uniform=True, resamples=500, seed=0)
    majority, guess, colour, oracle = (
        found[name] for name in ("majority", "prior_matched", "colour_histogram", "artist_oracle")
    )
    assert majority and guess and colour and oracle
    assert majority.scores["accuracy"].value == 0.25
    assert majority.scores["balanced_accuracy"].value == pytest.approx(1 / 3)
    train = collection.counts("train") / collection.counts("train").sum()
    expected = (train * [0.25, 0.5, 0.25]).sum()
    assert guess.scores["accuracy"].value == pytest.approx(expected, abs=0.02)
    assert guess.scores["balanced_accuracy"].value == pytest.approx(train.mean(), abs=0.02)
    assert colour.scores["balanced_accuracy"].value > 0.6  # each style has a tint
    assert oracle.scores["accuracy"].value == 1.0  # each artist has one style
    assert "40 of 40" in oracle.note


def test_without_artists_there_is_no_oracle(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=12, test=4)
    assert (
        baselines(collection, split_rows(collection), uniform=False, resamples=100, seed=0)[
            "artist_oracle"
        ]
        is None
    )


def test_histograms_agree_with_a_slow_count(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=4, test=2, stored=24)
    rows = np.arange(len(collection))[::3]
    for row, fast in zip(rows, histograms(collection.pixels, rows), strict=True):
        slow, _ = np.histogramdd(
            collection.pixels[row].reshape(-1, 3), bins=8, range=[(0, 256)] * 3
        )
        assert fast == pytest.approx(np.sqrt(slow.ravel() / slow.sum()), abs=1e-6)

"""The artist oracle against a slow re-write, and batches."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.batches import Batches

WORKS = st.lists(
    st.tuples(st.sampled_from([None, "p", "q", "r"]), st.integers(0, 3)), min_size=1, max_size=30
)


@given(WORKS, st.lists(st.sampled_from([None, "p", "q", "r", "stranger"]), max_size=10))
def test_the_oracle_equals_the_slow_way(
    train: list[tuple[str | None, int]], test: list[str | None]
) -> None:
    artists, labels = [artist for artist, _ in train], np.array([label for _, label in train])
    counts = Counter(labels.tolist())
    majority = min(counts, key=lambda label: (-counts[label], label))
    expected = []
    for artist in test:
        painted = [label for name, label in train if name == artist and artist is not None]
        best = (
            max(painted, key=lambda label: (painted.count(label), -painted.index(label)))
            if painted
            else majority
        )
        expected.append(best)
    assert artist_oracle(artists, labels, test, 4).tolist() == expected


def test_the_oracle_without_any_artist_is_the_majority() -> None:
    assert artist_oracle([None] * 3, np.array([2, 1, 2]), [None, "p"], 3).tolist() == [2, 2]


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 3))
def test_an_epoch_shows_every_row_at_most_once(count: int, size: int, seed: int) -> None:
    rows = np.arange(count, dtype=np.int64) * 3
    batches = Batches(rows, min(size, count), seed)
    seen = np.concatenate([batches.batch(step) for step in range(batches.per_epoch)])
    assert len(set(seen.tolist())) == len(seen) == batches.per_epoch * batches.size
    assert set(seen.tolist()) <= set(rows.tolist()) and count - len(seen) < batches.size


def test_batches_depend_on_seed_and_step_alone() -> None:
    rows = np.arange(100, dtype=np.int64)
    one, other = Batches(rows, 8, 1), Batches(rows, 8, 2)
    assert np.array_equal(one.batch(30), Batches(rows, 8, 1).batch(30))
    assert not np.array_equal(one.order(0), other.order(0))
    assert not np.array_equal(one.order(0), one.order(1))


def test_with_equal_styles_works_count_by_their_share_of_the_style() -> None:
    """Two of eight landscapes are less than one of two portraits."""
    artists = ["a", "a", "a", *["b"] * 6, "c"]
    labels = np.array([0, 0, 1, *[0] * 6, 1])
    asked = ["a", "nobody"]
    assert artist_oracle(artists, labels, asked, 2).tolist() == [0, 0]
    assert artist_oracle(artists, labels, asked, 2, uniform=True).tolist() == [1, 0]

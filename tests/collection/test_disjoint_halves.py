"""Halves: no picture in both, every style in both, and the same whoever asks."""

from collections.abc import Callable

import numpy as np

from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import disjoint_halves


def test_every_style_is_divided_and_no_picture_is_in_both(
    make_collection: Callable[..., Collection],
) -> None:
    collection = make_collection(train=(21, 12, 30), test=4, validation_share=0.2)
    first, second = disjoint_halves(collection, 0)
    for split in ("train", "validation"):
        whole, one, other = (part.counts(split) for part in (collection, first, second))
        assert (one + other == whole).all()
        assert ((one == -(-whole // 2)) & (other == whole // 2)).all()  # the first has the odd one
        assert not set(first.indices(split)) & set(second.indices(split))
    mine = set(first.indices("train")) | set(first.indices("validation"))
    assert not mine & (set(second.indices("train")) | set(second.indices("validation")))
    test = set(collection.indices("test"))
    assert test <= set(first.indices("test")) & set(second.indices("test"))
    assert first.fingerprint != second.fingerprint != collection.fingerprint


def test_halves_hang_on_the_seed_alone(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=20, test=4)
    one, again, other = (
        disjoint_halves(collection, seed)[0].indices("train") for seed in (0, 0, 1)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)

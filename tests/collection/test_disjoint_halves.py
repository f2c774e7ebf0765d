"""Halves: no picture in both, every style in both, and the same whoever asks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import artist_division, disjoint_halves


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


def by(collection: Collection, artists: list[str | None]) -> Collection:
    """The same pictures by these artists."""
    place = collection.table.schema.get_field_index("artist")
    return replace(
        collection,
        table=collection.table.set_column(place, "artist", pa.array(artists, pa.string())),
    )


def artists_of(half: Collection) -> set[str]:
    used = zip(half.column("artist"), half.column("split"), strict=True)
    return {artist for artist, split in used if split != "test" and artist is not None}


def test_whole_artists_go_to_one_half(make_collection: Callable[..., Collection]) -> None:
    """Six artists a style, one of them in every style; a third of the pictures by nobody known."""
    made = make_collection(train=(60, 36, 24), test=4, validation_share=0.2)
    rng = np.random.default_rng(0)
    artists: list[str | None] = [
        None
        if rng.random() < 1 / 3
        else "everywhere"
        if rng.random() < 0.1
        else f"{style}-{rng.integers(6)}"
        for style in made.column("style")
    ]
    collection = by(made, artists)
    for seed in range(4):
        first, second = disjoint_halves(collection, seed)
        assert not artists_of(first) & artists_of(second)
        for split in ("train", "validation"):
            whole, one, other = (part.counts(split) for part in (collection, first, second))
            assert (one + other == whole).all()
            assert (np.abs(one - other) <= 0.2 * whole + 2).all(), (split, one, other)
        facts = artist_division(first, second)
        assert facts.divided == () and sum(facts.artists) == len(
            artists_of(first) | artists_of(second)
        )
        assert facts.unknown[0] + facts.unknown[1] == sum(
            artist is None
            for artist, split in zip(artists, made.column("split"), strict=True)
            if split != "test"
        )


def test_an_artist_that_a_style_hangs_on_is_divided(
    make_collection: Callable[..., Collection],
) -> None:
    made = make_collection(train=(30, 30, 30), test=4, validation_share=0.2)
    rows = range(len(made))
    styles = made.column("style")
    # All of Bands by one hand; the others by ten each
    artists: list[str | None] = [
        "alone" if styles[row] == "Bands" else f"{styles[row]}-{row % 10}" for row in rows
    ]
    first, second = disjoint_halves(by(made, artists), 0)
    facts = artist_division(first, second)
    assert facts.divided == ("alone",)
    assert artists_of(first) & artists_of(second) == {"alone"}
    assert (first.counts("train") >= 10).all() and (second.counts("train") >= 10).all()
    assert abs(int(first.counts("train")[0] - second.counts("train")[0])) <= 1


@pytest.mark.paintings
def test_real_artists_are_divided_evenly(paintings_collection: Collection) -> None:
    first, second = disjoint_halves(paintings_collection, 0)
    facts = artist_division(first, second)
    assert facts.divided == () and min(facts.artists) > 100
    assert not artists_of(first) & artists_of(second)
    one, other = first.counts("train"), second.counts("train")
    assert (np.minimum(one, other) > 0.45 * (one + other)).all()

"""Folds by artist:

nobody on both sides, both arms alike in all else, and intervals that draw artists.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import t

from impasto.collection.collection import SCHEMA, Collection
from impasto.collection.vocabulary import Vocabulary
from impasto.comparison.artist_folds import ArtistFolds, artist_folds
from impasto.comparison.artist_scores import compare_arms, style_gaps
from impasto.errors import CollectionError, SettingsError
from impasto.numerics import metrics
from impasto.numerics.bootstrap import PictureDraws
from impasto.records.collection import CollectionRecord

STYLES = ("A", "B", "C")


def made_up(
    styles: Sequence[str],
    artists: Sequence[str | None],
    splits: Sequence[str],
    files: Sequence[int],
) -> Collection:
    """A collection in memory; pictures with equal numbers in ``files`` are copies."""
    blank: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    rows = [
        {
            **blank,
            "id": f"{n:03}.png",
            "style": style,
            "split": split,
            "artist": artist,
            "sha256": f"{file:064x}",
        }
        for n, (style, artist, split, file) in enumerate(
            zip(styles, artists, splits, files, strict=True)
        )
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    record = CollectionRecord(
        sources=(),
        settings={"validation_share": 0.1},
        split="stratified",
        not_testable=(),
        counts={},
        fingerprint="0",
        command="",
    )
    collection = Collection(Path("made-up"), table, Vocabulary.of(STYLES), record, "0")
    collection.__dict__["pixels"] = np.zeros(
        (len(rows), 8, 8, 3), np.uint8
    )  # alike, but too flat to be copies
    return collection


@st.composite
def collections(draw: st.DrawFn, *, copies: bool = True) -> Collection:
    count = draw(st.integers(12, 70))

    def column(values: Any) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    files = column(st.integers(0, 2 * count)) if copies else list(range(count))
    names = column(st.sampled_from([None, *"pqrstuvwxyz"]))
    return made_up(
        column(st.sampled_from(STYLES)),
        names,
        column(st.sampled_from(["train", "train", "test"])),
        files,
    )


def folded(collection: Collection, folds: int = 3) -> ArtistFolds | None:
    try:
        return artist_folds(collection, folds, 0)
    except (CollectionError, SettingsError):  # too few artists for that
        return None


def sides(
    collection: Collection, splits: Sequence[str], held: NDArray[np.int64]
) -> dict[str, list[int]]:
    """Rows that train, choose and are held out."""
    named = {
        side: [row for row, at in enumerate(splits) if at == side]
        for side in ("train", "validation")
    }
    return {**named, "held": held.tolist()}


@given(collections(), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_the_laws_of_the_folds(collection: Collection, number: int) -> None:
    found = folded(collection, number)
    if found is None:
        return
    artists, files, split = (collection.column(name) for name in ("artist", "sha256", "split"))
    taking_part = {row for row, at in enumerate(split) if at != "test"}
    movable = set(np.flatnonzero(found.cluster >= 0).tolist())
    assert movable <= taking_part
    assert found.unknown == len(taking_part - movable)
    for arm in (found.disjoint, found.ordinary):
        held_once = [row for fold in arm for row in fold.held.tolist()]
        assert sorted(held_once) == sorted(movable)
        for fold in arm:
            rows = sides(collection, fold.splits, fold.held)
            assert sorted(row for part in rows.values() for row in part) == sorted(
                taking_part
            )  # nothing twice, nothing lost
            assert set(rows["train"]) >= taking_part - movable  # the unknown are in every training
            copies = [{files[row] for row in rows[side]} for side in rows]
            assert not copies[2] & (copies[0] | copies[1])
    for fold in found.disjoint:
        rows = sides(collection, fold.splits, fold.held)
        there = [{artists[row] for row in rows[side]} - {None} for side in rows]
        assert not there[0] & there[1]
        assert not there[0] & there[2]
        assert not there[1] & there[2]


@given(collections(copies=False), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_both_arms_have_as_many_pictures_of_each_style(collection: Collection, number: int) -> None:
    found = folded(collection, number)
    if found is None:
        return
    for one, other in zip(found.disjoint, found.ordinary, strict=True):
        pair = [sides(collection, fold.splits, fold.held) for fold in (one, other)]
        for side in pair[0]:
            counts = [
                np.bincount(collection.labels[rows[side]], minlength=3).tolist() for rows in pair
            ]
            assert counts[0] == counts[1], side


def test_the_ordinary_arm_does_part_artists() -> None:
    """Else the two arms would be one and the same."""
    styles, artists = (
        [STYLES[n % 3] for n in range(180)],
        [f"{STYLES[n % 3]}{n % 4}" for n in range(180)],
    )
    collection = made_up(styles, artists, ["train"] * 180, range(180))
    found = artist_folds(collection, 3, 0)
    for fold in found.ordinary:
        rows = sides(collection, fold.splits, fold.held)
        assert {artists[row] for row in rows["held"]} <= {artists[row] for row in rows["train"]}
    assert not np.array_equal(
        artist_folds(collection, 3, 1).ordinary[0].held, found.ordinary[0].held
    )


def test_styles_are_spread_and_the_rare_ones_named() -> None:
    """B lies in every fold as evenly as A; C, by two artists, cannot be tested."""
    styles = ["A"] * 60 + ["B"] * 12 + ["C"] * 8
    artists = (
        [f"a{n % 12}" for n in range(60)] + [f"b{n % 6}" for n in range(12)] + ["c0", "c1"] * 4
    )
    collection = made_up(styles, artists, ["train"] * 80, range(80))
    found = artist_folds(collection, 3, 0)
    assert found.tested.tolist() == [True, True, False]
    assert found.artists.tolist() == [12, 6, 2]
    for fold in found.disjoint:
        assert np.bincount(collection.labels[fold.held], minlength=3)[:2].tolist() == [20, 4]
    with pytest.raises(SettingsError, match="folds=30 is more than the 20 artists"):
        artist_folds(collection, 30, 0)
    few = made_up(["A"] * 30, ["a0", "a1", "a2"] * 10, ["train"] * 30, range(30))
    with pytest.raises(
        SettingsError, match=r"folds=2: fold \d of made-up leaves no artist to choose on"
    ):
        artist_folds(few, 2, 0)
    nobody = made_up(styles, [None] * 80, ["train"] * 80, range(80))
    with pytest.raises(CollectionError, match="no style with training pictures by 3 known artists"):
        artist_folds(nobody, 3, 0)


def test_the_bootstrap_is_its_slow_description() -> None:
    """Artists are drawn with all their pictures, one fewer than there are, within styles."""
    generator = np.random.default_rng(0)
    artists = {2: 0, 5: 0, 7: 1, 11: 1, 13: 1, 17: 2, 19: 2}  # and the style that each paints
    cluster = generator.choice(list(artists), 90)
    usual = np.array([artists[name] for name in cluster.tolist()])
    labels = np.where(generator.random(90) < 0.9, usual, (usual + 1) % 3)
    answers = {arm: generator.integers(0, 3, 90) for arm in ("ordinary", "disjoint")}
    draws = PictureDraws.make(labels, 3, cluster, resamples=4000, seed=1)
    found, gaps = compare_arms(draws, **answers).model_dump(), []
    for _ in range(4000):
        drawn = [
            generator.choice(names, len(names) - 1) for names in ([2, 5], [7, 11, 13], [17, 19])
        ]
        weight = dict.fromkeys(artists, 0.0)
        for names in drawn:
            for name in names.tolist():
                weight[name] += (len(names) + 1) / len(names)
        of_each = np.array([weight[name] for name in cluster.tolist()])
        tables = []
        for arm in ("ordinary", "disjoint"):
            table = np.zeros((3, 3))
            np.add.at(table, (labels, answers[arm]), of_each)
            tables.append(table)
        gaps.append(metrics.macro_f1(tables[0]) - metrics.macro_f1(tables[1]))
    gap = found["gap"]["macro_f1"]
    # Student's t: as many degrees as styles have artists beyond one each
    degrees = len(set(zip(labels.tolist(), cluster.tolist(), strict=True))) - 3
    half = t.ppf(0.975, degrees) * np.std(gaps)
    low, high = gap["value"] - half, gap["value"] + half
    assert [gap["low"], gap["high"]] == pytest.approx([low, high], abs=0.015)
    values = [
        metrics.scores(labels, answers[arm], 3)["macro_f1"] for arm in ("ordinary", "disjoint")
    ]
    assert gap["value"] == pytest.approx(values[0] - values[1])
    assert found["disjoint"]["macro_f1"]["value"] == pytest.approx(values[1])
    for name in ("accuracy", "balanced_accuracy"):
        expected = metrics.scores(labels, answers["ordinary"], 3)[name]
        assert found["ordinary"][name]["value"] == pytest.approx(expected)


def test_intervals_know_that_an_artists_pictures_go_together() -> None:
    """A hundred pictures by four artists, each all right or all wrong, count as four."""
    labels = np.zeros(100, np.int64)
    wrong = np.repeat([0, 1, 0, 1], 25)
    arms = {"ordinary": labels, "disjoint": wrong}
    tied, apart = (
        compare_arms(PictureDraws.make(labels, 2, cluster, resamples=1000, seed=0), **arms)
        .gap["accuracy"]
        .model_dump()
        for cluster in (np.repeat(np.arange(4), 25), np.arange(100))
    )
    assert tied["value"] == apart["value"] == 0.5
    assert tied["low"] < 0.05 and tied["high"] > 0.95
    assert 0.35 < apart["low"] < apart["high"] < 0.65


def test_each_styles_gap() -> None:
    labels, cluster = np.repeat([0, 1], 20), np.repeat(np.arange(8), 5)
    arms = {"ordinary": labels, "disjoint": np.where(labels == 1, 0, labels)}
    draws = PictureDraws.make(labels, 3, cluster, resamples=200, seed=0)
    wide = 1.959964**2 / (4 + 1.959964**2)  # Wilson's interval of four artists who all agree
    rows = [row.model_dump() for row in style_gaps(draws, **arms, styles=STYLES)]
    assert rows[0] == {"style": "A", "pictures": 20, "artists": 4, "ordinary": 1, "disjoint": 1,
                       "gap": pytest.approx({"value": 0, "low": -wide, "high": wide})}  # fmt: skip
    assert rows[1]["gap"] == pytest.approx({"value": 1, "low": 1 - wide, "high": 1})
    assert rows[2] == {
        "style": "C",
        "pictures": 0,
        "artists": 0,
        "ordinary": None,
        "disjoint": None,
        "gap": None,
    }

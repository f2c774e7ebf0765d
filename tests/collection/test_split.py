"""Splits:

as given, stratified, or disjoint in artists; decided by names alone, and never by the order of
rows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.collection.split import SplitPlan, assign
from impasto.errors import SettingsError

SIDES = ("train", "validation", "test")


@dataclass(frozen=True)
class Pictures:
    ids: Sequence[str]
    styles: Sequence[str]
    artists: Sequence[str | None]
    groups: Sequence[int]
    given: Sequence[str | None] = ()

    def split(self, **options: Any) -> SplitPlan:
        return assign(
            self.ids,
            self.styles,
            self.artists,
            self.given or [None] * len(self.ids),
            list(self.groups),
            **options,
        )

    def at(self, rows: Sequence[int]) -> "Pictures":
        parts = [
            [column[row] for row in rows]
            for column in (self.ids, self.styles, self.artists, self.groups)
        ]
        return Pictures(*parts, given=[self.given[row] for row in rows] if self.given else ())  # type: ignore[arg-type]


def collection(counts: dict[str, int], artists_each: int = 5, prefix: str = "") -> Pictures:
    rows = [(style, number) for style, count in counts.items() for number in range(count)]
    return Pictures(
        [f"{style}/{prefix}{number}.jpg" for style, number in rows],
        [style for style, _ in rows],
        [f"{style}-artist-{number % artists_each}" for style, number in rows],
        list(range(len(rows))),
    )


@st.composite
def pictures(draw: st.DrawFn) -> Pictures:
    count = draw(st.integers(2, 60))

    def column(values: Any) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    return Pictures(
        [f"{number}.jpg" for number in range(count)],
        column(st.sampled_from("ABCD")),
        column(st.sampled_from([None, "p", "q", "r", "s", "t"])),
        column(st.integers(0, max(1, int(count * 0.7)))),
        draw(st.sampled_from([(), column(st.sampled_from([None, *SIDES]))])),
    )


@given(
    pictures(), st.sampled_from(["auto", "stratified", "artist"]), st.integers(0, 3), st.randoms()
)
def test_every_row_falls_on_one_side_whatever_the_order(
    found: Pictures, how: Any, seed: int, random: Any
) -> None:
    if how == "artist" and not any(found.artists):
        with pytest.raises(SettingsError, match="no artist is known"):
            found.split(how=how)
        return
    plan = found.split(how=how, seed=seed)
    assert len(plan.splits) == len(found.ids) and set(plan.splits) <= set(SIDES)
    assert found.split(how=how, seed=seed) == plan
    order = list(range(len(found.ids)))
    random.shuffle(order)
    assert found.at(order).split(how=how, seed=seed).splits == [plan.splits[row] for row in order]


@given(pictures(), st.sampled_from(["stratified", "artist"]))
def test_copies_stay_on_one_side_and_every_style_keeps_training_pictures(
    found: Pictures, how: Any
) -> None:
    if how == "artist" and not any(found.artists):
        return
    plan = found.split(how=how)
    sides: dict[int, set[str]] = {}
    for group, side in zip(found.groups, plan.splits, strict=True):
        sides.setdefault(group, set()).add(side)
    assert all(len(on) == 1 for on in sides.values())
    learnt = {
        style for style, side in zip(found.styles, plan.splits, strict=True) if side == "train"
    }
    assert learnt == set(found.styles)
    tested = {
        style for style, side in zip(found.styles, plan.splits, strict=True) if side == "test"
    }
    assert plan.not_testable == tuple(sorted(set(found.styles) - tested))


@given(pictures())
def test_no_artist_is_on_both_sides_and_nobody_unknown_is_tested(found: Pictures) -> None:
    if not any(found.artists):
        return
    plan = found.split(how="artist")
    where: dict[str, set[str]] = {}
    for artist, side in zip(found.artists, plan.splits, strict=True):
        if artist is None:
            assert side == "train"
        else:
            where.setdefault(artist, set()).add(side)
    assert all(len(sides) == 1 for sides in where.values())


@given(pictures())
def test_a_given_test_split_is_kept_to_the_picture(found: Pictures) -> None:
    held_out = "test" if "test" in found.given else "validation"
    if held_out not in found.given:
        with pytest.raises(SettingsError, match="names no test split"):
            found.split(how="given")
        return
    plan = found.split(how="auto")
    assert plan.how == "given" and plan == found.split(how="given")
    assert [side == "test" for side in plan.splits] == [side == held_out for side in found.given]
    if held_out == "test" and "validation" in found.given:
        assert [side or "train" for side in found.given] == plan.splits


def test_validation_is_cut_from_training_and_never_from_test() -> None:
    found = collection({"A": 60, "B": 40})
    given_ = ["test" if number % 5 == 0 else "train" for number in range(100)]
    plan = Pictures(found.ids, found.styles, found.artists, found.groups, given_).split()
    chosen = Counter(zip(found.styles, plan.splits, strict=True))
    assert [row for row, side in enumerate(plan.splits) if side == "test"] == list(range(0, 100, 5))
    assert (chosen["A", "validation"], chosen["B", "validation"]) == (
        5,
        3,
    )  # a tenth of 48 and of 32
    without = [side for side in plan.splits if side != "validation"]
    assert len(without) == 92


def test_a_source_with_validation_alone_is_tested_on_it() -> None:
    found = collection({"A": 30, "B": 30})
    given_ = ["validation" if number % 3 == 0 else None for number in range(60)]
    plan = Pictures(found.ids, found.styles, found.artists, found.groups, given_).split()
    assert [side == "test" for side in plan.splits] == [side == "validation" for side in given_]
    assert plan.splits.count("validation") == 4


def test_every_style_gives_its_share() -> None:
    found = collection({"A": 200, "B": 40, "C": 7, "D": 2, "E": 1})
    plan = found.split(how="auto", test_share=0.2, validation_share=0.1)
    got = Counter(zip(found.styles, plan.splits, strict=True))
    assert [got[style, "test"] for style in "ABCDE"] == [40, 8, 1, 1, 0]
    assert [got[style, "validation"] for style in "ABCDE"] == [16, 3, 1, 0, 0]
    assert plan.how == "stratified" and plan.not_testable == ("E",)


def test_artist_disjoint_splits_come_near_the_share_and_name_what_cannot_be_tested() -> None:
    found = collection({"A": 200, "B": 100}, artists_each=20)
    alone = collection({"C": 30}, artists_each=1)
    both = Pictures(
        [*found.ids, *alone.ids],
        [*found.styles, *alone.styles],
        [*found.artists, *alone.artists],
        groups=list(range(330)),
    )
    plan = both.split(how="artist", test_share=0.2)
    got = Counter(zip(both.styles, plan.splits, strict=True))
    assert 30 <= got["A", "test"] <= 60 and 15 <= got["B", "test"] <= 30
    assert got["C", "train"] == 30 and plan.not_testable == ("C",)
    assert 8 <= got["A", "validation"] <= 30


def test_another_seed_is_another_split() -> None:
    found = collection({"A": 50, "B": 50})
    assert found.split(seed=0).splits != found.split(seed=1).splits


@pytest.mark.parametrize("how", ["stratified", "artist"])
def test_adding_pictures_moves_few_of_the_others(how: Any) -> None:
    before = collection({"A": 300, "B": 200}, artists_each=30)
    more = collection({"A": 30, "B": 20}, artists_each=30, prefix="new-")
    rows = (before.ids, before.styles, before.artists)
    extra = (more.ids, more.styles, more.artists)
    after = Pictures(*([*a, *b] for a, b in zip(rows, extra, strict=True)), groups=list(range(550)))  # type: ignore[misc]
    old = before.split(how=how).splits
    new = after.split(how=how).splits[: len(old)]
    moved = sum(a != b for a, b in zip(old, new, strict=True))
    assert moved <= (30 if how == "artist" else 15)
    assert (
        not any(a == "test" and b == "train" for a, b in zip(old, new, strict=True))
        or how == "artist"
    )


def test_a_given_split_that_parts_copies_is_kept_and_validation_does_not_part_more() -> None:
    found = collection({"A": 40, "B": 40})
    given_ = ["test" if number % 4 == 0 else "train" for number in range(80)]
    groups = [number // 4 for number in range(80)]  # each test picture has three copies in training
    plan = Pictures(found.ids, found.styles, found.artists, groups, given_).split()
    assert [side == "test" for side in plan.splits] == [side == "test" for side in given_]
    for start in range(0, 80, 4):
        assert len(set(plan.splits[start + 1 : start + 4])) == 1
    assert plan.splits.count("validation") == 6

"""Pairs of copies: counted and listed by groups as they are when all pairs are made."""

import itertools
from typing import get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impasto.collection.copy_pairs import CopyPairs, Which
from impasto.collection.duplicates import Copies, groups_of

Pair = tuple[int, int, bool]
WHICH = get_args(Which)


@st.composite
def made_copies(draw: st.DrawFn) -> tuple[Copies, list[int]]:
    """Copies among up to ten pictures, and the side of each."""
    count = draw(st.integers(1, 10))
    names = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    content = [names.index(name) for name in names]
    merged = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    kinds = [merged[row] for row in content]
    look = [kinds.index(kind) for kind in kinds]
    looks = sorted(set(look))
    couples = list(itertools.combinations(looks, 2))
    near = sorted(draw(st.sets(st.sampled_from(couples)))) if couples else []
    flips = draw(st.lists(st.booleans(), min_size=len(near), max_size=len(near)))
    copies = Copies(
        np.array(content, np.int64),
        np.array(look, np.int64),
        np.array(near, np.int64).reshape(-1, 2),
        np.array(flips, bool),
    )
    return copies, draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))


def slow(copies: Copies, sides: list[int], which: Which, *, apart: bool) -> list[Pair]:
    """Every pair of pictures, asked one by one."""
    near = {
        tuple(pair): flip
        for pair, flip in zip(copies.near.tolist(), copies.mirrored.tolist(), strict=True)
    }
    found = []
    for a, b in itertools.combinations(range(len(sides)), 2):
        exact = copies.content[a] == copies.content[b]
        looks = tuple(sorted((int(copies.look[a]), int(copies.look[b]))))
        alike = not exact and (looks[0] == looks[1] or looks in near)
        meant = {"exact": exact, "near": alike, "all": exact or alike}[which]
        if meant and (sides[a] != sides[b]) == apart:
            found.append((a, b, near.get(looks, False)))
    return found


@given(made_copies(), st.sampled_from(WHICH), st.booleans(), st.integers(0, 60))
def test_counts_and_lists_equal_the_slow_way(
    made: tuple[Copies, list[int]], which: Which, apart: bool, most: int
) -> None:
    copies, sides = made
    expected = slow(copies, sides, which, apart=apart)
    found = CopyPairs(copies, which, np.array(sides), apart=apart)
    assert found.count == len(expected)
    assert found.mirrored == sum(flip for _, _, flip in expected)
    assert found.listed(most) == expected[:most]
    ends = [row for a, b, _ in expected for row in (a, b)]
    assert found.partners().tolist() == [ends.count(row) for row in range(len(sides))]


@given(made_copies(), st.booleans())
def test_ties_join_what_all_pairs_join(made: tuple[Copies, list[int]], apart: bool) -> None:
    copies, sides = made
    pairs = [[a, b] for a, b, _ in slow(copies, sides, "all", apart=apart)]
    expected = groups_of(len(sides), np.array(pairs, np.int64).reshape(-1, 2)).tolist()
    ties = CopyPairs(copies, "all", np.array(sides), apart=apart).ties()
    found = groups_of(len(sides), ties).tolist()
    assert [found.index(group) for group in found] == [expected.index(group) for group in expected]


@given(made_copies())
def test_ties_of_all_sides_join_what_all_pairs_join(made: tuple[Copies, list[int]]) -> None:
    copies, sides = made
    pairs = [[a, b] for a, b, _ in slow(copies, [0] * len(sides), "all", apart=False)]
    expected = groups_of(len(sides), np.array(pairs, np.int64).reshape(-1, 2)).tolist()
    found = groups_of(len(sides), copies.ties).tolist()
    assert [found.index(group) for group in found] == [expected.index(group) for group in expected]


@given(made_copies(), st.integers(0, 2))
def test_first_copies_equal_the_slow_way(made: tuple[Copies, list[int]], side: int) -> None:
    copies, sides = made
    best: dict[int, Pair] = {}
    for a, b, flip in slow(copies, sides, "all", apart=True):
        for one, other in ((a, b), (b, a)):
            if sides[other] == side:
                best[other] = min(best.get(other, (one, other, flip)), (one, other, flip))
    found = CopyPairs(copies, "all", np.array(sides), apart=True).first_copies(side)
    assert found == sorted(best.values())


def test_twenty_thousand_equal_files_are_one_group() -> None:
    """No pair but the listed ones is made: all of them would take gigabytes."""
    count = 20_000
    same = np.zeros(count, np.int64)
    copies = Copies(same, same, np.empty((0, 2), np.int64), np.empty(0, bool))
    sides = (np.arange(count) % 10 == 0).astype(np.int64)
    within = CopyPairs(copies, "exact", sides, apart=False)
    assert within.count == 18_000 * 17_999 // 2 + 2_000 * 1_999 // 2
    assert within.listed(3) == [(0, 10, False), (0, 20, False), (0, 30, False)]
    across = CopyPairs(copies, "all", sides, apart=True)
    assert across.count == 18_000 * 2_000
    assert len(across.ties()) < count + 2
    assert len(copies.ties) == count - 1

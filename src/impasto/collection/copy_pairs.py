"""Pairs of copies, counted and listed by their groups.

A group of n equal files has n (n − 1) / 2 pairs: they are counted from the sizes of the groups, and
only the first few are made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from impasto.collection.duplicates import Copies

Which = Literal["exact", "near", "all"]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CopyPairs:
    """Pairs of copies of one kind.

    Attributes:
        copies: the copies they are of.
        which: equal files, near duplicates that are no equal files, or both.
        sides: ``int64 (N,)``, the side of each picture, such as its split or its style.
        apart: pairs of two sides are meant, else those of one.
    """

    copies: Copies
    which: Which
    sides: Rows
    apart: bool

    @property
    def count(self) -> int:
        """The number of pairs."""
        return int(self.partners().sum()) // 2

    @property
    def mirrored(self) -> int:
        """The number of pairs of which one is the other's mirror image."""
        return int(self._near_partners(mirrored=True).sum()) // 2

    def partners(self) -> Rows:
        """Number of each picture's copies, ``int64 (N,)``."""
        content, look = (
            self._of_group(groups) for groups in (self.copies.content, self.copies.look)
        )
        if self.which == "exact":
            return content
        near = look + self._near_partners()
        return near if self.which == "all" else near - content

    def listed(self, most: int) -> list[tuple[int, int, bool]]:
        """The first pairs ``i < j``, sorted, each with whether one is mirrored."""
        found: list[tuple[int, int, bool]] = []
        partners = self.partners()
        wanted = min(most, int(partners.sum()) // 2)
        members = _Members(self.copies.look)
        linked = self._linked()
        for row in np.flatnonzero(partners).tolist():
            if len(found) >= wanted:
                break
            of_row = [
                (other, flip)
                for others, flip in self._others(row, members, linked)
                for other in others[others > row][: most - len(found)].tolist()
            ]
            found += [(row, other, flip) for other, flip in sorted(of_row)]
        return found[:wanted]

    def first_copies(self, side: int) -> list[tuple[int, int, bool]]:
        """The first copy of each picture on a side, with it and whether it is mirrored, sorted."""
        members, linked = _Members(self.copies.look), self._linked()
        rows = np.flatnonzero((self.partners() > 0) & (self.sides == side)).tolist()
        return sorted(
            min(
                (int(others[0]), row, flip)
                for others, flip in self._others(row, members, linked)
                if len(others)
            )
            for row in rows
        )

    def ties(self) -> Rows:
        """Few pairs that join the same pictures, ``int64 (P, 2)``; of equal and near ones together.

        Pictures of one look and one side have the same partners, and so are in one group.
        """
        assert self.which == "all"
        rows = np.flatnonzero(self.partners())
        nodes, first, place = np.unique(
            np.stack((self.copies.look[rows], self.sides[rows]), 1),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        stars = np.stack((rows[first[place.ravel()]], rows), 1)
        by_look: dict[int, list[tuple[int, int]]] = {}
        for (look, side), row in zip(nodes.tolist(), rows[first].tolist(), strict=True):
            by_look.setdefault(look, []).append((side, row))
        couples = [(look, look) for look in by_look] + self.copies.near.tolist()
        joined = [
            (one, other)
            for left, right in couples
            for side, one in by_look.get(left, ())
            for other_side, other in by_look.get(right, ())
            if (side != other_side) == self.apart and one != other
        ]
        pairs = np.concatenate((stars, np.array(joined, np.int64).reshape(-1, 2)))
        return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]])

    def _of_group(self, groups: Rows) -> Rows:
        """Others in each picture's group, on its side or on other sides."""
        _, place, count = np.unique(groups, return_inverse=True, return_counts=True)
        keys = np.stack((groups, self.sides), 1)
        _, same_place, same = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
        on_side = same[same_place.ravel()]
        return np.asarray(count[place] - on_side if self.apart else on_side - 1, np.int64)

    def _near_partners(self, *, mirrored: bool = False) -> Rows:
        """Copies of each picture by the near pairs of looks, or by the mirrored ones alone."""
        found = np.zeros(len(self.sides), np.int64)
        near = self.copies.near[self.copies.mirrored] if mirrored else self.copies.near
        if self.which == "exact" or not len(near):
            return found
        looks, ends = np.unique(near, return_inverse=True)
        rows = np.flatnonzero(np.isin(self.copies.look, looks))
        place = np.searchsorted(looks, self.copies.look[rows])
        names, side = np.unique(self.sides[rows], return_inverse=True)
        counts = np.zeros((len(looks), len(names)), np.int64)
        np.add.at(counts, (place, side), 1)
        left, right = ends.reshape(-1, 2).T
        shape = (len(looks), len(looks))
        tied = csr_array((np.ones(len(near), np.int64), (left, right)), shape=shape)
        others = np.asarray((tied + tied.T) @ counts)  # (looks, sides)
        on_side = others[place, side]
        found[rows] = others.sum(1)[place] - on_side if self.apart else on_side
        return found

    def _linked(self) -> dict[int, list[tuple[int, bool]]]:
        """Looks like each look, and whether they are mirrored."""
        linked: dict[int, list[tuple[int, bool]]] = {}
        if self.which != "exact":
            for (a, b), flip in zip(
                self.copies.near.tolist(), self.copies.mirrored.tolist(), strict=True
            ):
                linked.setdefault(a, []).append((b, flip))
                linked.setdefault(b, []).append((a, flip))
        return linked

    def _others(
        self, row: int, members: "_Members", linked: dict[int, list[tuple[int, bool]]]
    ) -> Iterator[tuple[Rows, bool]]:
        """Copies of a picture, sorted, by how they were found."""
        content, look = self.copies.content, int(self.copies.look[row])
        same = members.of(look)
        if self.which != "all":
            same = same[(content[same] == content[row]) == (self.which == "exact")]
        for others, flip in [
            (same, False),
            *((members.of(other), flip) for other, flip in linked.get(look, ())),
        ]:
            fits = (self.sides[others] != self.sides[row]) == self.apart
            yield others[fits & (others != row)], flip


class _Members:
    """The rows of each group."""

    def __init__(self, groups: Rows) -> None:
        self._order = np.argsort(groups, kind="stable")
        self._sorted = groups[self._order]

    def of(self, group: int) -> Rows:
        """The rows of a group, sorted."""
        start, end = (np.searchsorted(self._sorted, group, side) for side in ("left", "right"))
        return np.asarray(self._order[start:end])

"""Disjoint halves of the training pictures: one for a painter, one for its evaluator.

Whole artists go to one half, so that an evaluator knows no hand that the painter has learnt from.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection, Split

LEAST: Final = 1 / 3  # share of a style's training pictures that the smaller half shall have
PASSES: Final = 20  # over all artists, while moving one to the other half evens the styles


@dataclass(frozen=True, slots=True)
class ArtistDivision:
    """Artists of two halves, and those in both: facts of a painter's run.

    Attributes:
        artists: known artists with training or validation pictures in the first and second half;
            a divided artist counts in both.
        divided: artists with pictures in both, because a style hangs on them.
        unknown: pictures of unknown artists in each half; one artist may then be in both.
    """

    artists: tuple[int, int]
    divided: tuple[str, ...]
    unknown: tuple[int, int]


def disjoint_halves(collection: Collection, seed: int) -> tuple[Collection, Collection]:
    """Divide training and validation pictures of every style into two collections.

    In each, the pictures of the other half count as ``test``, and so are neither trained nor chosen
    on; the test pictures stay so in both.

    Known artists are dealt out whole, those with most pictures first, each to the half that keeps
    the styles more even. Pictures of unknown artists then even out what is left, style by style;
    a hash of (seed, id) decides. Where a half would have less than a third of a style's training
    pictures, the artist with most of them is divided by pictures.

    Args:
        collection: to divide.
        seed: another seed, other halves.
    """
    splits = collection.column("split")
    second = _in_second(collection, seed)
    sides: list[list[Split]] = [list(splits), list(splits)]
    for row, split in enumerate(splits):
        if split != "test":
            sides[0 if second[row] else 1][row] = "test"
    return collection.with_splits(sides[0]), collection.with_splits(sides[1])


def artist_division(first: Collection, second: Collection) -> ArtistDivision:
    """Count the artists of two halves, and those that are in both."""
    known: list[set[str]] = []
    unknown: list[int] = []
    for half in (first, second):
        used = [
            artist
            for artist, split in zip(half.column("artist"), half.column("split"), strict=True)
            if split != "test"
        ]
        known.append({artist for artist in used if artist is not None})
        unknown.append(used.count(None))
    return ArtistDivision(
        artists=(len(known[0]), len(known[1])),
        divided=tuple(sorted(known[0] & known[1])),
        unknown=(unknown[0], unknown[1]),
    )


def _in_second(collection: Collection, seed: int) -> NDArray[np.bool_]:
    """Whether each picture belongs to the second half; for test pictures it means nothing."""
    ids, artists = collection.column("id"), collection.column("artist")
    splits = np.asarray(collection.column("split"))
    marks = np.array([_hash(seed, name) for name in ids])
    # One column a style and split: train first, then validation
    count = len(collection.vocabulary)
    columns = collection.labels + count * (splits == "validation")
    totals = np.bincount(columns[splits != "test"], minlength=2 * count)
    by_artist: dict[str, list[int]] = {}
    for row in np.flatnonzero(splits != "test").tolist():
        if artists[row] is not None:
            by_artist.setdefault(artists[row], []).append(row)
    tables = {
        name: np.bincount(columns[rows], minlength=2 * count) for name, rows in by_artist.items()
    }
    divided: set[str] = set()
    while True:
        whole = {name: table for name, table in tables.items() if name not in divided}
        sides = _dealt(whole, totals, lambda name: _hash(seed, name))
        second = np.zeros(len(ids), bool)
        balance = np.zeros(2 * count, np.int64)  # first minus second
        for name, side in sides.items():
            second[by_artist[name]] = side
            balance += -tables[name] if side else tables[name]
        loose = [
            row
            for row in np.flatnonzero(splits != "test").tolist()
            if artists[row] is None or artists[row] in divided
        ]
        for row in sorted(loose, key=lambda row: str(marks[row])):
            second[row] = balance[columns[row]] > 0  # the first half has the odd one
            balance[columns[row]] += -1 if second[row] else 1
        train = totals[:count]
        smaller = (train - np.abs(balance[:count])) / 2
        uneven = np.flatnonzero((smaller < LEAST * train) & (train > 1))
        weights = {name: int(table[uneven].sum()) for name, table in whole.items()}
        heaviest = max(weights, key=lambda name: (weights[name], name), default=None)
        if not len(uneven) or heaviest is None or not weights[heaviest]:
            return second
        divided.add(heaviest)


def _dealt(
    tables: dict[str, NDArray[np.int64]],
    totals: NDArray[np.int64],
    mark: Callable[[str], str],
) -> dict[str, bool]:
    """Deal artists out to two halves: whether each goes to the second.

    Args:
        tables: pictures of each artist by style and split.
        totals: of all pictures.
        mark: decides between artists of one size.
    """
    order = sorted(tables, key=lambda name: (-int(tables[name].sum()), mark(name)))
    shares = {name: tables[name] / np.maximum(totals, 1) for name in order}
    sides: dict[str, bool] = {}
    balance = np.zeros(len(totals))
    for name in order:
        sides[name] = bool((balance @ shares[name]) > 0)
        balance += -shares[name] if sides[name] else shares[name]
    for _ in range(PASSES):
        moved = False
        for name in order:
            without = balance + shares[name] if sides[name] else balance - shares[name]
            wanted = bool((without @ shares[name]) > 0)
            if wanted != sides[name]:
                sides[name], moved = wanted, True
                balance = without - shares[name] if wanted else without + shares[name]
        if not moved:
            break
    return sides


def _hash(seed: int, name: str) -> str:
    return hashlib.sha256(f"half {seed} {name}".encode()).hexdigest()

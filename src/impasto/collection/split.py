"""Splits into train, validation and test: as given, stratified by style, or artist-disjoint.

Everything is decided by hashes of (seed, name), never by the order of rows, so the same pictures
always fall on the same sides, and adding pictures moves few of the others.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from impasto.collection.collection import Split
from impasto.collection.duplicates import groups_of
from impasto.errors import SettingsError

How = Literal["auto", "given", "stratified", "artist"]
Made = Literal["given", "stratified", "artist"]


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """A split and how it was made.

    Attributes:
        splits: of each picture, in the order of the ids.
        not_testable: styles with no test or no training picture under this split.
        how: ``given``, ``stratified`` or ``artist``.
    """

    splits: list[Split]
    not_testable: tuple[str, ...]
    how: Made


@dataclass(frozen=True, slots=True)
class Unit:
    """Pictures that must stay on one side: copies of each other, or works of one artist."""

    rows: tuple[int, ...]
    counts: dict[str, int]
    rank: str
    movable: bool


def assign(  # noqa: PLR0913 – four are settings by keyword
    ids: Sequence[str],
    styles: Sequence[str],
    artists: Sequence[str | None],
    given: Sequence[str | None],
    groups: Sequence[int] | None,
    *,
    how: How = "auto",
    test_share: float = 0.15,
    validation_share: float = 0.1,
    seed: int = 0,
) -> SplitPlan:
    """Split a collection.

    Args:
        ids: unique names of the pictures.
        styles: of each picture.
        artists: of each picture, ``None`` where unknown.
        given: the side the source names (``train``, ``validation``, ``test``), ``None`` where it
            names none.
        groups: equal numbers for copies of one picture, which then stay together; ``None`` for no
            copies.
        how: ``auto`` keeps a given test split and otherwise stratifies.
        test_share: of all pictures, where no test split is given.
        validation_share: of the pictures left for training, where no validation split is given.
        seed: another seed, another split.

    Raises:
        SettingsError: ``given`` is asked for and the source names no test split, or ``artist``
            without artists.
    """
    held_out = "test" if "test" in given else "validation"
    is_given = how == "given" or (how == "auto" and held_out in given)
    if how == "given" and held_out not in given:
        raise SettingsError(
            "split=given: the source names no test split: use split=stratified or split=artist"
        )
    if how == "artist" and not any(artists):
        raise SettingsError("split=artist: no artist is known in this source: use split=stratified")
    splits: list[Split] = ["train"] * len(ids)
    if is_given:
        for row, side in enumerate(given):
            if side == held_out:
                splits[row] = "test"
            elif side == "validation":
                splits[row] = "validation"
    units = tied_units(ids, styles, artists if how == "artist" else None, groups, seed)
    if not is_given:
        _move(units, splits, styles, "test", test_share)
    if "validation" not in splits:
        if is_given and groups is not None:
            # A given split may part copies: tie only those that still are in training
            groups = [g if splits[row] == "train" else -1 - row for row, g in enumerate(groups)]
            units = tied_units(ids, styles, None, groups, seed)
        _move(units, splits, styles, "validation", validation_share)
    placed = set(zip(styles, splits, strict=True))
    lacking = [
        style for style in sorted(set(styles)) if not {(style, "train"), (style, "test")} <= placed
    ]
    made: Made = "artist" if how == "artist" else "stratified"
    return SplitPlan(splits, tuple(lacking), "given" if is_given else made)


def tied_units(
    ids: Sequence[str],
    styles: Sequence[str],
    artists: Sequence[str | None] | None,
    groups: Sequence[int] | None,
    seed: int,
) -> list[Unit]:
    """Tie pictures together that must stay on one side, in an order drawn by ``seed``.

    With ``artists``, the works of one artist are one unit, copies tie artists together, and
    pictures by unknown artists may not leave training: their artist may be on either side.
    """
    pairs: list[tuple[int, int]] = []
    for keys in (groups, artists):
        first: dict[int | str, int] = {}
        for row, key in enumerate(keys or ()):
            if key is not None:
                pairs.append((first.setdefault(key, row), row))
    tied = groups_of(len(ids), np.array(pairs, np.int64).reshape(-1, 2))
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(tied.tolist()):
        members[group].append(row)
    units = []
    for rows in members.values():
        counts: dict[str, int] = defaultdict(int)
        for row in rows:
            counts[styles[row]] += 1
        known = artists is None or all(artists[row] is not None for row in rows)
        name = min(ids[row] if artists is None else str(artists[row]) for row in rows)
        rank = hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()
        units.append(Unit(tuple(rows), dict(counts), rank, known))
    return sorted(units, key=lambda unit: unit.rank)


def _move(
    units: Iterable[Unit], splits: list[Split], styles: Sequence[str], side: Split, share: float
) -> None:
    """Move whole units from training to ``side`` until every style has its share there.

    Rare styles choose first, small units before large ones of equal use. A style keeps at least
    half of its pictures and one unit in training; one with two units or more gives at least one, if
    that leaves it as much.
    """
    free = [
        unit for unit in units if unit.movable and all(splits[row] == "train" for row in unit.rows)
    ]
    have: dict[str, int] = defaultdict(int)
    for row, at in enumerate(splits):
        have[styles[row]] += at == "train"
    left, moved = dict(have), dict.fromkeys(have, 0)
    by_style: dict[str, list[Unit]] = defaultdict(list)
    for unit in free:
        for style in unit.counts:
            by_style[style].append(unit)
    taken: set[str] = set()
    for style in sorted(have, key=lambda name: (have[name], name)):
        wanted = max(1, round(share * have[style]))
        for unit in by_style[style]:
            if moved[style] >= wanted:
                break
            fits = (
                moved[style] + unit.counts[style] <= max(1.5 * wanted, wanted + 1)
                or moved[style] == 0
            )
            keeps = all(
                left[name] - count >= max(1, have[name] / 2) for name, count in unit.counts.items()
            )
            if unit.rank in taken or not fits or not keeps:
                continue
            taken.add(unit.rank)
            for row in unit.rows:
                splits[row] = side
            for name, count in unit.counts.items():
                left[name] -= count
                moved[name] += count

"""Artist-disjoint folds, and ordinary folds with as many pictures of each style.

In both arms every painting by a known artist is held out once. The *disjoint* arm holds out whole
artists. The *ordinary* arm holds out as many pictures of each style in each fold, drawn without
regard to artists; so the two arms train on equally many pictures of every style. They differ in
whether the artist's other works are among them, and in that the ordinary arm has more artists.
Copies of one picture stay together in both: they would be another leak. All is decided by hashes of
    (seed, name).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection, Split
from impasto.collection.duplicates import find_copies, groups_of
from impasto.collection.split import Unit, tied_units
from impasto.errors import CollectionError, SettingsError

Rows = NDArray[np.int64]
ARTISTS = (
    3  # of a style from which it is tested: with two, training would show it through one hand alone
)


@dataclass(frozen=True, slots=True)
class Fold:
    """One training and what it is scored on.

    Attributes:
        splits: of each painting; what neither trains nor chooses counts as ``test``, also what
            takes no part at all.
        held: rows by known artists that the training must not know, ``int64``.
    """

    splits: list[Split]
    held: Rows


@dataclass(frozen=True, slots=True)
class ArtistFolds:
    """Both arms.

    Attributes:
        disjoint: no artist on both sides.
        ordinary: artists on any side; as many held out, chosen on and trained on, style by style
            and fold by fold.
        cluster: of each painting, the number of its artist (of several where copies tie them); −1
            where not held out.
        artists: of each style, how many of these there are, ``int64 (styles,)``.
        tested: whether each style has artists enough to be scored, ``bool (styles,)``.
        unknown: pictures in every training whose artist is not known, or is tied by a copy to one
            who is not.
    """

    disjoint: tuple[Fold, ...]
    ordinary: tuple[Fold, ...]
    cluster: Rows
    artists: Rows
    tested: NDArray[np.bool_]
    unknown: int


def artist_folds(collection: Collection, folds: int, seed: int) -> ArtistFolds:
    """The folds of a collection's training and validation pictures; its test split takes no part.

    Args:
        collection: with artists.
        folds: how many trainings there will be in each arm.
        seed: another seed, other folds.

    Raises:
        CollectionError: no style has artists enough.
        SettingsError: there are more folds than artists, or so few that no artist is left to choose
            on.
    """
    pool = np.flatnonzero(np.asarray(collection.column("split")) != "test")
    names = _Names.of(collection, pool)
    units = tied_units(names.ids, names.styles, names.artists, names.copies, seed)
    known = [unit for unit in units if unit.movable]
    artists = np.zeros(len(collection.vocabulary), np.int64)
    for unit in known:
        artists[[collection.vocabulary.styles.index(style) for style in unit.counts]] += 1
    if not (artists >= ARTISTS).any():
        raise CollectionError(
            f"{collection.path} has no style with training pictures by {ARTISTS} known artists: "
            "nothing to hold out"
        )
    if folds > len(known):
        raise SettingsError(
            f"folds={folds} is more than the {len(known)} artists of {collection.path}: lower it"
        )
    places = spread(known, folds)
    disjoint = [
        [unit for unit, place in zip(known, places, strict=True) if place == k]
        for k in range(folds)
    ]
    share = float(collection.settings.get("validation_share", 0.1))
    first = [_disjoint_fold(names, known, held, share) for held in disjoint]
    if lacking := [number + 1 for number, splits in enumerate(first) if "validation" not in splits]:
        raise SettingsError(
            f"folds={folds}: fold {lacking[0]} of {collection.path} leaves no artist to choose on: "
            "raise folds"
        )
    second = _ordinary_folds(names, known, first, seed)
    cluster = np.full(len(collection), -1, np.int64)
    for number, unit in enumerate(known):
        cluster[pool[list(unit.rows)]] = number
    made = [tuple(_whole(collection, pool, splits) for splits in arm) for arm in (first, second)]
    tested = (artists >= ARTISTS) & _in_several(collection, made[0])
    return ArtistFolds(
        made[0], made[1], cluster, artists, tested, len(pool) - sum(len(u.rows) for u in known)
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """Input of the folds, for the pictures of the pool."""

    ids: list[str]
    styles: list[str]
    artists: list[str | None]
    copies: list[int]

    @classmethod
    def of(cls, collection: Collection, pool: Rows) -> "_Names":
        ids, styles, artists = (
            [values[i] for i in pool]
            for values in map(collection.column, ("id", "style", "artist"))
        )
        copies = find_copies(collection.column("sha256"), collection.pixels)
        groups = groups_of(len(collection), copies.ties)[pool]
        return cls(ids, styles, artists, groups.tolist())


def spread(units: Sequence[Unit], folds: int) -> list[int]:
    """The fold of each unit, so that every style is spread as evenly as whole units allow.

    Large units first, each to the fold where it adds least to the sum of squared shares of its
    styles; a greedy way like scikit-learn's ``StratifiedGroupKFold``, which refuses styles with
    fewer pictures than folds.
    """
    totals: dict[str, int] = {}
    for unit in units:
        for style, count in unit.counts.items():
            totals[style] = totals.get(style, 0) + count
    have: list[dict[str, int]] = [{} for _ in range(folds)]
    sizes, places = [0] * folds, [0] * len(units)

    def cost(fold: int, unit: Unit) -> tuple[float, int, int]:
        added = sum(
            (2 * have[fold].get(s, 0) + n) * n / totals[s] ** 2 for s, n in unit.counts.items()
        )
        return round(added, 12), sizes[fold], fold

    for index in sorted(range(len(units)), key=lambda i: (-len(units[i].rows), units[i].rank)):
        unit = units[index]
        fold = min(range(folds), key=lambda k: cost(k, unit))
        places[index] = fold
        sizes[fold] += len(unit.rows)
        for style, count in unit.counts.items():
            have[fold][style] = have[fold].get(style, 0) + count
    return places


def _disjoint_fold(
    names: _Names, known: Sequence[Unit], held: Sequence[Unit], share: float
) -> list[Split]:
    """The splits of one fold: whole artists are held out, and others chosen on.

    Artists for validation are drawn at random as long as they fit into a style's share. A style
    that none fitted gives its smallest, if that leaves it half of its pictures.
    """
    splits: list[Split] = ["train"] * len(names.ids)
    for unit in held:
        for row in unit.rows:
            splits[row] = "test"
    have = _counts(names, splits, "train")
    moved = dict.fromkeys(have, 0)
    out = {unit.rank for unit in held}
    for small in (False, True):
        for unit in sorted(known, key=lambda unit: (len(unit.rows) if small else 0, unit.rank)):
            after = {style: moved[style] + count for style, count in unit.counts.items()}
            if small:
                fits = any(not moved[s] for s in after) and all(
                    2 * n <= have[s] for s, n in after.items()
                )
            else:
                fits = all(n <= max(1, share * have[s]) for s, n in after.items())
            if fits and unit.rank not in out:
                out.add(unit.rank)
                moved |= after
                for row in unit.rows:
                    splits[row] = "validation"
    return splits


def _ordinary_folds(
    names: _Names, known: Sequence[Unit], others: Sequence[Sequence[Split]], seed: int
) -> list[list[Split]]:
    """Splits of the ordinary folds, with as many pictures of each style a side as ``others``."""
    rows = sorted(row for unit in known for row in unit.rows)
    held = _drawn(names, rows, [_counts(names, splits, "test") for splits in others], seed)
    made = []
    for fold, splits in enumerate(others):
        local: list[Split] = ["train"] * len(names.ids)
        for row in held[fold]:
            local[row] = "test"
        free = [row for row in rows if local[row] == "train"]
        for row in _drawn(names, free, [_counts(names, splits, "validation")], seed + fold + 1)[0]:
            local[row] = "validation"
        made.append(local)
    return made


def _counts(names: _Names, splits: Sequence[Split], side: Split) -> dict[str, int]:
    counts = dict.fromkeys(names.styles, 0)
    for style, at in zip(names.styles, splits, strict=True):
        counts[style] += at == side
    return counts


def _drawn(
    names: _Names, rows: Sequence[int], wanted: Sequence[dict[str, int]], seed: int
) -> list[list[int]]:
    """Rows drawn into parts of the wanted numbers of each style.

    Copies stay together, which may cost a picture.

    Groups of copies choose first; single pictures then fill each style's numbers exactly, as far as
    there are enough.
    """
    ids, styles = ([column[row] for row in rows] for column in (names.ids, names.styles))
    units = tied_units(ids, styles, None, [names.copies[row] for row in rows], seed)
    left = [dict(counts) for counts in wanted]
    parts: list[list[int]] = [[] for _ in wanted]
    for unit in sorted(units, key=lambda unit: (-len(unit.rows), unit.rank)):
        room = [min(part[style] - count for style, count in unit.counts.items()) for part in left]
        best = max(range(len(parts)), key=lambda part: room[part])
        if room[best] < 0 and len(wanted) == 1:
            continue  # stays in training
        parts[best] += [rows[row] for row in unit.rows]
        for style, count in unit.counts.items():
            left[best][style] -= count
    return parts


def _whole(collection: Collection, pool: Rows, splits: Sequence[Split]) -> Fold:
    """A fold of the whole collection from the splits of the pool."""
    whole: list[Split] = ["test"] * len(collection)
    for row, split in zip(pool.tolist(), splits, strict=True):
        whole[row] = split
    return Fold(whole, pool[np.asarray(splits) == "test"])


def _in_several(collection: Collection, folds: Sequence[Fold]) -> NDArray[np.bool_]:
    """Whether each style lies in two folds or more, so that no training lacks it altogether."""
    counts = [
        np.bincount(collection.labels[fold.held], minlength=len(collection.vocabulary))
        for fold in folds
    ]
    return np.asarray((np.stack(counts) > 0).sum(0) >= 2)

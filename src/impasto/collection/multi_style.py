"""Works with two styles or more, by file name, and by pixels where there are any."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.copy_pairs import CopyPairs
from impasto.collection.duplicates import Copies, find_copies, groups_of


@dataclass(frozen=True, slots=True)
class MultiStyleWorks:
    """Works under two styles or more.

    Attributes:
        names: rows by file name, for names of a known artist that stand under several styles; where
            there are pictures only if they have a title, too.
        pairs: copies under two styles.
    """

    names: Mapping[str, tuple[int, ...]]
    pairs: CopyPairs

    def works(self, count: int) -> list[NDArray[np.int64]]:
        """The rows of each work among ``count`` rows, names and copies taken together."""
        tied = [(rows[0], row) for rows in self.names.values() for row in rows[1:]]
        pairs = np.concatenate((self.pairs.ties(), np.asarray(tied, np.int64).reshape(-1, 2)))
        groups = groups_of(count, pairs).tolist()
        works: dict[int, list[int]] = {}
        for row in np.unique(pairs).tolist():
            works.setdefault(groups[row], []).append(row)
        return [np.array(rows, np.int64) for rows in works.values()]


def copies_of(found: Collection) -> Copies:
    """Find the copies in a collection; without pictures, equal files alone."""
    return find_copies(found.column("sha256"), found.pixels if found.has_pictures else None)


def find_multi_style(found: Collection, copies: Copies) -> MultiStyleWorks:
    """Find the works of a collection that have two styles or more.

    Args:
        found: the collection.
        copies: its copies, from ``copies_of``.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    has_pictures = found.has_pictures
    columns = (found.column(name) for name in ("id", "artist", "title"))
    for row, (name, artist, title) in enumerate(zip(*columns, strict=True)):
        # "12.jpg" in two folders are two pictures, and so may be "monet_12.jpg": compare pixels
        if artist is not None and not (has_pictures and str(title or "0").isdigit()):
            by_name[name.rsplit("/", 1)[-1]].append(row)
    labels = found.labels
    names = {
        name: tuple(rows)
        for name, rows in sorted(by_name.items())
        if len(set(labels[rows].tolist())) > 1
    }
    return MultiStyleWorks(names, CopyPairs(copies, "all", labels.astype(np.int64), apart=True))

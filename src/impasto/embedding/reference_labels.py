"""What the vectors of an atlas are measured against.

Styles, artists, and the paintings that are looked at together.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import SPLITS, Collection
from impasto.errors import CollectionError

Rows = NDArray[np.int64]
LEAST = 3  # paintings a style on average, below which a clustering says nothing
FEWEST = 20  # paintings of a collection that has a map


@dataclass(frozen=True, slots=True)
class Ground:
    """The labels of a collection's paintings.

    Attributes:
        styles: the vocabulary.
        labels: each painting's style, ``int64 (N,)``.
        artists: each painting's artist as a number, -1 where unknown, ``int64 (N,)``.
        rows: of each split.
        scopes: the rows that are clustered together: ``all``, and ``test`` where there are enough
            of them.
    """

    styles: tuple[str, ...]
    labels: NDArray[np.int64]
    artists: NDArray[np.int64]
    rows: Mapping[str, Rows]
    scopes: Mapping[str, Rows]

    def present(self, scope: str) -> int:
        """How many styles have paintings in a scope."""
        return len(np.unique(self.labels[self.scopes[scope]]))


def ground_of(collection: Collection, seen: Set[str] = frozenset()) -> Ground:
    """The ground of a collection.

    Args:
        collection: of paintings.
        seen: hashes of pictures whose styles the network was taught; they are no test.

    Raises:
        CollectionError: it has too few paintings, or one style alone.
    """
    labels, known = (
        collection.labels,
        [artist for artist in collection.column("artist") if artist is not None],
    )
    if len(labels) < FEWEST or len(np.unique(labels)) < 2:
        raise CollectionError(
            f"{collection.path} has too few paintings for an atlas: prepare {FEWEST} or more, in two styles or more"
        )
    numbers = {name: place for place, name in enumerate(sorted(set(known)))}
    artists = np.asarray([numbers.get(name, -1) for name in collection.column("artist")], np.int64)
    rows: dict[str, Rows] = {split: collection.indices(split) for split in SPLITS}
    hashes = collection.column("sha256")
    rows["test"] = rows["test"][[hashes[row] not in seen for row in rows["test"]]]
    test, scopes = rows["test"], {"all": np.arange(len(labels))}
    if len(np.unique(labels[test])) >= 2 and len(test) >= max(
        FEWEST, LEAST * len(np.unique(labels[test]))
    ):
        scopes["test"] = test
    return Ground(collection.vocabulary.styles, labels, artists, rows, scopes)

"""Reference labels of an atlas: styles, artists, and the paintings clustered together."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import SPLITS, Collection
from impasto.embedding.null_labels import NullLabels, null_labels
from impasto.embedding.settings import AtlasSettings
from impasto.errors import CollectionError
from impasto.numerics.bootstrap import PictureDraws, artist_clusters
from impasto.records.atlas import Scope

Rows = NDArray[np.int64]
LEAST = 3  # paintings a style on average, below which a clustering says nothing
FEWEST = 20  # paintings of a collection that has a map


@dataclass(frozen=True, slots=True)
class ReferenceLabels:
    """Labels of a collection's paintings.

    Attributes:
        names: the vocabulary of styles.
        styles: style of each painting, ``int64 (N,)``.
        artists: artist of each painting as a number, -1 where unknown, ``int64 (N,)``.
        splits: rows of each split.
        scopes: rows that are clustered together: ``all``, and ``test`` where there are enough.
    """

    names: tuple[str, ...]
    styles: NDArray[np.int64]
    artists: NDArray[np.int64]
    splits: Mapping[str, Rows]
    scopes: Mapping[Scope, Rows]
    _drawn: dict[tuple[Scope, int, int], NullLabels] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _artists: dict[tuple[Scope, int, int], PictureDraws | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def present(self, scope: Scope) -> int:
        """The number of styles that have paintings in a scope."""
        return len(np.unique(self.styles[self.scopes[scope]]))

    def part(self, scope: Scope, values: NDArray[Any]) -> NDArray[Any]:
        """The rows of ``(N, …)`` that belong to a scope; of all of them no copy is made."""
        return values if scope == "all" else values[self.scopes[scope]]

    def artist_draws(self, rows: Rows, *, resamples: int, seed: int) -> PictureDraws | None:
        """The artists of some paintings drawn again, within the styles; ``None``: none is known.

        Args:
            rows: the paintings.
            resamples: how often.
            seed: of the draws.
        """
        known = [None if artist < 0 else str(artist) for artist in self.artists[rows].tolist()]
        units = artist_clusters(known)
        if units is None:
            return None
        return PictureDraws.make(
            self.styles[rows], len(self.names), units, resamples=resamples, seed=seed
        )

    def scope_draws(self, scope: Scope, settings: AtlasSettings) -> PictureDraws | None:
        """The artists of a scope's paintings drawn again; drawn once."""
        samples, seed = settings.bootstrap_samples, settings.seed
        key = (scope, samples, seed)
        if key not in self._artists:
            rows = self.scopes[scope]
            self._artists[key] = self.artist_draws(rows, resamples=samples, seed=seed)
        return self._artists[key]

    def null(self, scope: Scope, *, shufflings: int, seed: int) -> NullLabels:
        """The shuffled styles of a scope's paintings, by artist where artists are known.

        Drawn once: every clustering of a scope stands beside the same shufflings.
        """
        key = (scope, shufflings, seed)
        if key not in self._drawn:
            rows = self.scopes[scope]
            self._drawn[key] = null_labels(
                self.styles[rows], self.artists[rows], shufflings=shufflings, seed=seed
            )
        return self._drawn[key]


def reference_labels(collection: Collection, trained_on: Set[str] = frozenset()) -> ReferenceLabels:
    """Return the reference labels of a collection.

    Args:
        collection: of paintings.
        trained_on: hashes of pictures whose styles the network was trained on; they are no test.

    Raises:
        CollectionError: it has too few paintings, or one style alone.
    """
    styles = collection.labels
    if len(styles) < FEWEST or len(np.unique(styles)) < 2:
        raise CollectionError(
            f"{collection.path} has too few paintings for an atlas: "
            f"prepare {FEWEST} or more, in two styles or more"
        )
    names = collection.column("artist")
    numbers = {name: place for place, name in enumerate(sorted(set(names) - {None}))}
    artists = np.asarray([numbers.get(name, -1) for name in names], np.int64)
    splits: dict[str, Rows] = {split: collection.indices(split) for split in SPLITS}
    hashes = collection.column("sha256")
    test = splits["test"][[hashes[row] not in trained_on for row in splits["test"]]]
    splits["test"] = test
    scopes: dict[Scope, Rows] = {"all": np.arange(len(styles))}
    present = len(np.unique(styles[test]))
    if present >= 2 and len(test) >= max(FEWEST, LEAST * present):
        scopes["test"] = test
    return ReferenceLabels(collection.vocabulary.styles, styles, artists, splits, scopes)

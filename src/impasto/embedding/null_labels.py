"""Labels under the hypothesis that an embedding knows nothing of styles.

Paintings by one artist look alike and carry one style or two. Were styles shuffled painting by
painting, a clustering that follows artists alone would always beat chance. So where artists are
known whole artists exchange their styles, among artists of about as many paintings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.records.atlas import Shuffled

Labels = NDArray[np.int64]
FEWEST_ARTISTS = 5  # known artists from which they are shuffled instead of paintings
ARTISTS_A_BIN = 10  # that exchange their styles: neighbours by their number of paintings


@dataclass(frozen=True, slots=True)
class NullLabels:
    """Shuffled labels.

    Attributes:
        labels: ``int32 (shufflings, N)``.
        shuffled: what exchanged its labels.
    """

    labels: NDArray[np.int32]
    shuffled: Shuffled


def null_labels(labels: Labels, artists: Labels, *, shufflings: int, seed: int) -> NullLabels:
    """Shuffle labels among artists, or among paintings where fewer than five artists are known.

    An artist takes another's labels in random order, over and over until his paintings have some.
    Paintings by unknown artists exchange theirs among themselves.

    Args:
        labels: of each painting.
        artists: of each painting, -1 where unknown.
        shufflings: how many.
        seed: of the shuffling.
    """
    rng = np.random.default_rng(seed)
    known = np.unique(artists[artists >= 0])
    by_artist = len(known) >= FEWEST_ARTISTS
    drawn = np.empty((shufflings, len(labels)), np.int32)
    if not by_artist:
        for row in drawn:
            row[:] = rng.permutation(labels)
        return NullLabels(drawn, "paintings")
    works = [np.flatnonzero(artists == artist) for artist in known]
    works.sort(key=len)
    bins = [
        [works[place] for place in places]
        for places in np.array_split(np.arange(len(works)), max(len(works) // ARTISTS_A_BIN, 1))
    ]
    unknown = np.flatnonzero(artists < 0)
    for row in drawn:
        row[unknown] = rng.permutation(labels[unknown])
        for alike in bins:
            for rows, place in zip(alike, rng.permutation(len(alike)), strict=True):
                own = rng.permutation(labels[alike[place]])
                row[rows] = own[np.arange(len(rows)) % len(own)]
    return NullLabels(drawn, "artists")

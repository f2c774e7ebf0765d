"""Scored pictures of a collection, drawn again by artist where artists are known."""

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.numerics.bootstrap import PictureDraws, artist_clusters
from impasto.records.evaluation import ResampledUnits


def picture_draws(
    collection: Collection, rows: NDArray[np.int64], *, resamples: int, seed: int
) -> PictureDraws:
    """Draws of some rows of a collection."""
    return PictureDraws.make(
        collection.labels[rows],
        len(collection.vocabulary),
        known_artists(collection, rows),
        resamples=resamples,
        seed=seed,
    )


def known_artists(collection: Collection, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Pictures by artist, ``int64 (N,)``; ``None`` where too few artists are known."""
    return artist_clusters(_artists(collection, rows))


def resampled_units(collection: Collection, rows: NDArray[np.int64]) -> ResampledUnits:
    """Units that are drawn again of some rows of a collection."""
    artists = _artists(collection, rows)
    if known_artists(collection, rows) is None:
        return ResampledUnits(unit="pictures", count=len(rows), unknown=0)
    known = [artist for artist in artists if artist is not None]
    return ResampledUnits(unit="artists", count=len(set(known)), unknown=len(artists) - len(known))


def _artists(collection: Collection, rows: NDArray[np.int64]) -> list[str | None]:
    column = np.asarray(collection.column("artist"), object)
    return list(column[rows].tolist())

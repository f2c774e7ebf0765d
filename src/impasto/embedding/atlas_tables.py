"""Tables of an atlas: coordinates, clusters and neighbours of each painting, and its embedding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.files import replacing, write_table

NEIGHBOURS: Final = 12  # nearest paintings that are written down
COPIED: Final = ("id", "style", "split", "artist", "title", "year")


def write_tables(
    folder: Path,
    collection: Collection,
    vectors: NDArray[np.float32],
    *,
    points: Mapping[str, NDArray[np.float32]],
    clusters: Mapping[str, NDArray[np.int32]],
    near: NDArray[np.int64],
) -> None:
    """Write ``embeddings.npy``, ``embeddings.parquet`` and ``atlas.parquet``.

    Args:
        folder: to write to.
        collection: whose rows they are.
        vectors: the embeddings as the network gives them, ``(N, D)``.
        points: each map's ``(N, 2)``, the main one first.
        clusters: each clustering's ``(N,)``.
        near: rows of the nearest paintings, ``(N, 12)``.
    """
    with replacing(folder / "embeddings.npy") as temporary, temporary.open("wb") as file:
        np.save(file, vectors)
    ids = collection.table.column("id")
    write_table(folder / "embeddings.parquet", {"id": ids, "embedding": lists(vectors)})
    columns = {name: collection.table.column(name) for name in COPIED} | map_columns(points)
    for name, values in clusters.items():
        columns[f"cluster_{name}"] = pa.array(values, pa.int32())
    columns["neighbours"] = neighbour_column(near)
    write_table(folder / "atlas.parquet", columns)


def map_columns(points: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Return columns ``NAME_x`` and ``NAME_y`` of every map; ``x`` and ``y`` of the first."""
    columns: dict[str, Any] = {}
    for name, at in points.items():
        columns |= {f"{name}_x": at[:, 0], f"{name}_y": at[:, 1]}
    main = next(iter(points.values()))
    return columns | {"x": main[:, 0], "y": main[:, 1]}


def neighbour_column(near: NDArray[np.int64]) -> pa.Array:
    """Return rows of nearest paintings ``(N, K)`` as a column of lists."""
    return pa.array(list(near.astype(np.int32)), pa.list_(pa.int32()))


def lists(vectors: NDArray[np.float32]) -> pa.Array:
    """Return vectors ``(N, D)`` as a column of fixed-size lists."""
    values = pa.array(vectors.ravel(), pa.float32())
    return pa.FixedSizeListArray.from_arrays(values, vectors.shape[1])

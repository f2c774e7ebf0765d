"""The atlas as tables.

One row a painting with its places, clusters and neighbours, and the vectors themselves.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.files import replacing

NEIGHBOURS: Final = 12  # nearest paintings that are written down
_TOLD: Final = ("id", "style", "split", "artist", "title", "year")


def write_tables(
    folder: Path,
    collection: Collection,
    vectors: NDArray[np.float32],
    points: Mapping[str, NDArray[np.float32]],
    clusters: Mapping[str, NDArray[np.int32]],
    near: NDArray[np.int64],
) -> None:
    """Write ``representations.npy``, ``representations.parquet`` and ``atlas.parquet``.

    Args:
        folder: to write to.
        collection: whose rows they are.
        vectors: the representations as the network gives them, ``(N, D)``.
        points: each map's ``(N, 2)``, the main one first.
        clusters: each clustering's ``(N,)``.
        near: rows of the nearest paintings, ``(N, 12)``.
    """
    with replacing(folder / "representations.npy") as temporary, temporary.open("wb") as file:
        np.save(file, vectors)
    ids = collection.table.column("id")
    columns = {"id": ids, "representation": lists(vectors)}
    write_table(folder / "representations.parquet", columns)
    columns = {name: collection.table.column(name) for name in _TOLD} | columns_of(points)
    columns |= {
        f"cluster_{name}": pa.array(values, pa.int32()) for name, values in clusters.items()
    }
    columns["neighbours"] = pa.array(list(near.astype(np.int32)), pa.list_(pa.int32()))
    write_table(folder / "atlas.parquet", columns)


def columns_of(points: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """The columns ``NAME_x`` and ``NAME_y`` of every map, and ``x`` and ``y`` of the first."""
    columns = {
        f"{name}_{axis}": at[:, place]
        for name, at in points.items()
        for place, axis in enumerate("xy")
    }
    main = next(iter(points.values()))
    return columns | {"x": main[:, 0], "y": main[:, 1]}


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write a parquet file, whole or not at all."""
    with replacing(path) as temporary:
        pq.write_table(pa.table(dict(columns)), temporary)


def lists(vectors: NDArray[np.float32]) -> pa.Array:
    """Vectors ``(N, D)`` as a column of fixed-size lists."""
    return pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.ravel(), pa.float32()), vectors.shape[1]
    )

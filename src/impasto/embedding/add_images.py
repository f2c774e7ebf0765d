"""Place new pictures on the maps of an atlas, which stays as it is, and find their neighbours.

RUN/atlas/added.parquet   one row a picture, kept beside those that were added before
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection.user_images import read_images
from impasto.config import Device
from impasto.embedding.atlas_tables import NEIGHBOURS, lists, map_columns, neighbour_column
from impasto.embedding.embed import Encoder, encoder
from impasto.embedding.projection import Points, place
from impasto.embedding.vectors import Transform, Vectors, fit_preparation
from impasto.errors import RunError
from impasto.files import read_array, read_table, write_table
from impasto.images.decode import Fit
from impasto.numerics.neighbours import nearest, unit
from impasto.records.atlas import Atlas
from impasto.records.run import Run, open_run

ADDED: Final = "added.parquet"


def add_to_atlas(
    run: Path | str,
    images: Sequence[Any] | Path | str,
    *,
    atlas: Path | None = None,
    device: Device = "auto",
    on_skip: Callable[[str], None] | None = None,
) -> pa.Table:
    """Place pictures in a run's atlas and write them to ``added.parquet``; no painting moves.

    Args:
        run: the run's folder.
        images: pictures or folders of them.
        atlas: the atlas's folder; ``RUN/atlas`` where ``None``.
        device: ``auto`` takes a CUDA device where there is one.
        on_skip: called with one line for every picture that cannot be read.

    Returns:
        A row a picture: ``id`` (its path), ``x`` and ``y`` and each map's, ``cluster_kmeans`` (the
        cluster with the nearest mean), ``neighbours`` (rows of ``atlas.parquet``, the nearest
        first), ``neighbour_ids``, ``likeness`` (their cosines) and ``embedding``.

    Raises:
        RunError: the run has no atlas, or was trained further since.
        InputError: a path does not exist, or none of the pictures can be read.
        MissingExtraError: one of the maps is by a library that is not installed.
    """
    opened = OpenAtlas.of(open_run(Path(run)), folder=atlas, device=device)
    content, table = opened.content, opened.table
    paths, pixels = read_images(images, opened.size, opened.fit, on_skip or (lambda line: None))
    new = opened.encode(pixels)
    prepared = opened.prepare(new)
    seed = int(content.settings["seed"])
    points: dict[str, Points] = {}
    for row in content.maps:
        svd = row.name == "svd"
        old, added = (opened.raw, new) if svd else (opened.known, prepared)
        points[row.name] = place(row.name, opened.points(row.name), old, added, seed)
    near, likeness = opened.neighbours(prepared, NEIGHBOURS)
    columns: dict[str, Any] = {"id": [str(path) for path in paths], **map_columns(points)}
    columns["cluster_kmeans"] = _clusters(
        prepared, opened.known, table["cluster_kmeans"].to_numpy()
    )
    columns["neighbours"] = neighbour_column(near)
    columns["neighbour_ids"] = np.asarray(table["id"].to_pylist(), object)[near].tolist()
    columns |= {"likeness": lists(likeness), "embedding": lists(new)}
    made = pa.table(columns).replace_schema_metadata({"inputs": content.inputs})
    _append(opened.folder / ADDED, made)
    return made


@dataclass(frozen=True)
class OpenAtlas:
    """An atlas opened for new pictures, with the network that embeds them.

    Attributes:
        folder: of the atlas.
        size: height and width of the pictures that the network is given, in pixels.
        fit: how they are made square.
        content: ``atlas.json``.
        table: ``atlas.parquet``, a row a painting.
        raw: embeddings of its paintings, ``float32 (N, D)``.
        encode: from pictures ``uint8 (B, size, size, 3)`` to embeddings ``float32 (B, D)``.
        prepare: the preparation that the atlas was made with.
        known: prepared embeddings of its paintings, ``float32 (N, D)``.
    """

    folder: Path
    size: int
    fit: Fit
    content: Atlas
    table: pa.Table
    raw: Vectors
    encode: Encoder
    prepare: Transform
    known: Vectors

    @classmethod
    def of(cls, run: Run, *, folder: Path | None = None, device: Device = "auto") -> "OpenAtlas":
        """Open the atlas of a run.

        Args:
            run: with an atlas.
            folder: the atlas's; ``RUN/atlas`` where ``None``.
            device: of the network.

        Raises:
            RunError: the run has no atlas, or was trained further since.
            InputError: the atlas is damaged.
        """
        folder = folder or run.path / "atlas"
        content, table, raw = _open_atlas(folder)
        if content.run.weights != run.weights_fingerprint:
            raise RunError(
                f"{folder} was made before {run.path} was trained further: run impasto atlas again"
            )
        prepare = fit_preparation(raw, content.preparation, int(content.settings["seed"]))
        size, fit = int(run.collection["size"]), cast(Fit, run.collection["fit"])
        encode = encoder(run, device)
        return cls(folder, size, fit, content, table, raw, encode, prepare, prepare(raw))

    @cached_property
    def _units(self) -> Vectors:
        return unit(self.known)

    def neighbours(
        self, prepared: Vectors, count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
        """Rows of the nearest paintings and their cosines, both ``(B, count)``, nearest first."""
        return nearest(unit(prepared), self._units, min(count, len(self.known)))

    def points(self, name: str) -> Points:
        """The paintings' places on one of the maps, ``float32 (N, 2)``."""
        columns = [self.table[f"{name}_{axis}"].to_numpy() for axis in "xy"]
        return np.stack(columns, 1).astype(np.float32)


def _open_atlas(folder: Path) -> tuple[Atlas, pa.Table, Vectors]:
    if not (folder / "atlas.json").is_file():
        raise RunError(
            f"no atlas in {folder} (atlas.json is missing): make one with impasto atlas RUN"
        )
    content = Atlas.read(folder / "atlas.json", what="atlas", verb="impasto atlas")
    again = "run impasto atlas again"
    table = read_table(folder / "atlas.parquet", way_out=again)
    raw: Vectors = read_array(folder / "embeddings.npy", mapped=True, way_out=again)
    return content, table, raw


def _clusters(new: Vectors, known: Vectors, clusters: NDArray[np.integer]) -> NDArray[np.int32]:
    """The k-means cluster whose mean is nearest, ``int32 (B,)``."""
    names = np.unique(clusters)
    means = np.stack([known[clusters == name].mean(0) for name in names])
    return np.asarray(names[((new[:, None] - means) ** 2).sum(2).argmin(1)], np.int32)


def _append(path: Path, made: pa.Table) -> None:
    """Write rows after those of earlier calls.

    Rows of the same pictures, and those of an earlier atlas, are replaced.
    """
    if path.is_file():
        old = read_table(path, way_out="remove it and add the pictures again")
        if old.schema.metadata == made.schema.metadata and old.schema.equals(made.schema):
            again = set(made["id"].to_pylist())
            kept = pa.array([name not in again for name in old["id"].to_pylist()])
            made = pa.concat_tables([old.filter(kept), made])
    write_table(path, made)

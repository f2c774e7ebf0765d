"""Place new pictures on the maps of an atlas, which stays as it is, and find their neighbours.

RUN/atlas/added.parquet     one row a picture, kept beside those that were added before
atlases/NAME/added.parquet  likewise, of an atlas of vectors or of a pre-trained encoder
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection.collection import open_collection
from impasto.collection.user_images import read_images
from impasto.config import Device
from impasto.embedding.atlas_tables import NEIGHBOURS, lists, map_columns, neighbour_column
from impasto.embedding.embed import Encoder, encoder
from impasto.embedding.given_vectors import ENDINGS, read_named
from impasto.embedding.projection import Points, place
from impasto.embedding.vectors import Transform, Vectors, fit_preparation
from impasto.errors import InputError, RunError
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
    """Place pictures in an atlas and write them to ``added.parquet``; no painting moves.

    Args:
        run: the run's folder; or that of an atlas of vectors or of a pre-trained encoder.
        images: pictures or folders of them; for an atlas of vectors, a file of the pictures'
            vectors, which the same program computed.
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
    skip = on_skip or (lambda line: None)
    place = Path(run)
    opened: StoredAtlas
    if atlas is None and (place / "atlas.json").is_file():
        opened = StoredAtlas.read(place)
        names, new = _of_no_run(opened, images, device, skip)
    else:
        opened = OpenAtlas.of(open_run(place), folder=atlas, device=device)
        names, pixels = read_images(images, opened.size, opened.fit, skip)
        new = opened.encode(pixels)
    made = _placed(opened, [str(name) for name in names], new)
    _append(opened.folder / ADDED, made)
    return made


def _placed(opened: "StoredAtlas", names: Sequence[str], new: Vectors) -> pa.Table:
    """The places and neighbours of new vectors, a row each."""
    content, table = opened.content, opened.table
    prepared, seed = opened.prepare(new), int(content.settings["seed"])
    points: dict[str, Points] = {}
    for row in content.maps:
        svd = row.name == "svd"
        old, added = (opened.raw, new) if svd else (opened.known, prepared)
        points[row.name] = place(row.name, opened.points(row.name), old, added, seed)
    near, likeness = opened.neighbours(prepared, NEIGHBOURS)
    columns: dict[str, Any] = {"id": list(names), **map_columns(points)}
    columns["cluster_kmeans"] = _clusters(
        prepared, opened.known, table["cluster_kmeans"].to_numpy()
    )
    columns["neighbours"] = neighbour_column(near)
    columns["neighbour_ids"] = np.asarray(table["id"].to_pylist(), object)[near].tolist()
    columns |= {"likeness": lists(likeness), "embedding": lists(new)}
    return pa.table(columns).replace_schema_metadata({"inputs": content.inputs})


def _of_no_run(
    opened: "StoredAtlas", given: Any, device: Device, on_skip: Callable[[str], None]
) -> tuple[Sequence[Path | str], Vectors]:
    """Names and vectors of new pictures for an atlas that belongs to no run.

    Raises:
        RunError: the encoder has other weights now, or the atlas is a run's.
        InputError: the vectors are of another length or cannot be read.
    """
    source, folder = opened.content.run, opened.folder
    match source.kind:
        case "encoder":
            from impasto.embedding.pretrained_encoder import open_encoder  # noqa: PLC0415 – extra

            encoder = open_encoder(f"hf:{source.path}", device)
            if encoder.fingerprint != source.weights:
                raise RunError(
                    f"{folder} was made with other weights of {source.path}: run impasto atlas "
                    f"--encoder hf:{source.path} again"
                )
            collection = open_collection(opened.content.collection)
            size, fit = collection.pixels.shape[1], cast(Fit, collection.settings["fit"])
            paths, pixels = read_images(given, size, fit, on_skip)
            return paths, encoder.encode(pixels)
        case "vectors":
            return _given_vectors(opened, given if isinstance(given, list | tuple) else [given])
        case _:
            raise RunError(f"{folder} is the atlas of {source.path}: name the run, not its atlas")


def _given_vectors(opened: "StoredAtlas", files: Sequence[Any]) -> tuple[list[str], Vectors]:
    """Ids and vectors of files, one after the other."""
    names: list[str] = []
    parts: list[Vectors] = []
    wide = opened.content.dimensions
    for file in files:
        if not isinstance(file, Path | str) or Path(file).suffix.lower() not in ENDINGS:
            raise InputError(
                f"{opened.folder} was made of vectors of another program, which alone can compute "
                f"those of new pictures: give a file of them ({', '.join(ENDINGS)}) in place of "
                f"{file if isinstance(file, Path | str) else 'a picture'}"
            )
        ids, table = read_named(Path(file))
        if table.shape[1] != wide:
            raise InputError(
                f"{file} has vectors of {table.shape[1]} numbers, {opened.folder} of {wide}: "
                "compute them with the same program"
            )
        names += ids
        parts.append(np.asarray(table, np.float32))
    new = np.concatenate(parts)
    if not np.isfinite(new).all():
        bad = names[int(np.flatnonzero(~np.isfinite(new).all(1))[0])]
        raise InputError(f"the vector of {bad} has numbers that are not finite: compute it anew")
    if len(set(names)) < len(names):
        raise InputError("two of the new vectors are of one picture: keep one of each")
    return names, new


@dataclass(frozen=True)
class StoredAtlas:
    """An atlas opened for new vectors.

    Attributes:
        folder: of the atlas.
        content: ``atlas.json``.
        table: ``atlas.parquet``, a row a painting.
        raw: embeddings of its paintings, ``float32 (N, D)``.
        prepare: the preparation that the atlas was made with.
        known: prepared embeddings of its paintings, ``float32 (N, D)``.
    """

    folder: Path
    content: Atlas
    table: pa.Table
    raw: Vectors
    prepare: Transform
    known: Vectors

    @classmethod
    def read(cls, folder: Path) -> "StoredAtlas":
        """Read an atlas.

        Raises:
            RunError: there is none.
            InputError: it is damaged.
        """
        content, table, raw = _open_atlas(folder)
        prepare = fit_preparation(raw, content.preparation, int(content.settings["seed"]))
        return cls(folder, content, table, raw, prepare, prepare(raw))

    @classmethod
    def of_run(cls, run: Run, folder: Path | None = None) -> "StoredAtlas":
        """Read the atlas of a run.

        Args:
            run: with an atlas.
            folder: the atlas's; ``RUN/atlas`` where ``None``.

        Raises:
            RunError: the run has no atlas, or was trained further since.
            InputError: the atlas is damaged.
        """
        found = StoredAtlas.read(folder or run.path / "atlas")
        if found.content.run.weights != run.weights_fingerprint:
            raise RunError(
                f"{found.folder} was made before {run.path} was trained further: run impasto "
                "atlas again"
            )
        return found

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


@dataclass(frozen=True)
class OpenAtlas(StoredAtlas):
    """The atlas of a run opened for new pictures, with the network that embeds them.

    Attributes:
        size: height and width of the pictures that the network is given, in pixels.
        fit: how they are made square.
        encode: from pictures ``uint8 (B, size, size, 3)`` to embeddings ``float32 (B, D)``.
    """

    size: int
    fit: Fit
    encode: Encoder

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
        found = StoredAtlas.of_run(run, folder)
        return cls(
            folder=found.folder,
            content=found.content,
            table=found.table,
            raw=found.raw,
            prepare=found.prepare,
            known=found.known,
            size=int(run.collection["size"]),
            fit=cast(Fit, run.collection["fit"]),
            encode=encoder(run, device),
        )


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

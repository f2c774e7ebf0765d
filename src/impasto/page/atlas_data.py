"""Atlases and predictions of a study's runs, as the page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection
from impasto.errors import RunError
from impasto.files import read_array, read_json, read_table
from impasto.numerics.neighbours import unit
from impasto.records.atlas import Atlas, AtlasMap, SourceKind
from impasto.records.run import Run, open_run


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of an evaluation on its test pictures.

    Attributes:
        rows: of the collection, ``int64 (n,)``.
        predicted: positions in the vocabulary, ``int64 (n,)``.
        probabilities: ``float64 (n, styles)``.
        heat: Grad-CAM heat maps, ``uint8 (n, h, w)``; ``None`` where they were not kept.
        second_heat: the same for the runner-up style.
        oracle: the usual style of each picture's artist in training, ``int64 (n,)``; -1 where the
            artist is not known from training.
    """

    rows: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    heat: NDArray[np.uint8] | None
    second_heat: NDArray[np.uint8] | None
    oracle: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RunAtlas:
    """A run with what the page shows of it; either part may be missing, not both.

    Vectors of another program, or of a pre-trained encoder, are a run without predictions.

    Attributes:
        name: of the run's folder, or of the atlas's.
        kind: of the run, or what gave the vectors.
        facts: its atlas in words and scores, or ``None``.
        table: its atlas, a row a painting, or ``None``.
        answers: its predictions, or ``None``.
        likeness: cosine of every painting and each of its neighbours, ``float32 (N, K)``, or
            ``None``.
    """

    name: str
    kind: SourceKind
    facts: Atlas | None
    table: pa.Table | None
    answers: Predictions | None
    likeness: NDArray[np.float32] | None

    @property
    def neighbours(self) -> int:
        """The most neighbours that a painting has in the atlas."""
        return int(neighbour_rows(self.table).shape[1])

    def maps(self) -> list[tuple[AtlasMap, NDArray[np.float32]]]:
        """The maps, the main one first, each with its coordinates ``float32 (N, 2)``."""
        if self.facts is None or self.table is None:
            return []
        found = [(facts, coordinates(self.table, f"{facts.name}_")) for facts in self.facts.maps]
        main = coordinates(self.table, "")
        return sorted(found, key=lambda pair: not np.array_equal(pair[1], main))


def neighbour_rows(table: pa.Table | None) -> NDArray[np.int64]:
    """Rows of each painting's neighbours, nearest first, ``int64 (N, K)``; -1 for none."""
    if table is None or "neighbours" not in table.column_names:
        return np.empty((0, 0), np.int64)
    lists = table["neighbours"].to_pylist()
    rows = np.full((len(lists), max(map(len, lists), default=0)), -1, np.int64)
    for row, others in enumerate(lists):
        rows[row, : len(others)] = others
    return rows


def atlas_files(study: Path) -> list[Path]:
    """The atlases of a study: of its runs, and those in ``atlases``, each by name."""
    return [
        *sorted((study / "runs").glob("*/atlas/atlas.json")),
        *sorted((study / "atlases").glob("*/atlas.json")),
    ]


def read_runs(study: Path, collection: Collection) -> list[RunAtlas]:
    """Read the runs of a study that have an atlas or predictions, and the atlases of other vectors.

    Those with predictions come first, then by name; other vectors come last.

    Raises:
        RunError: an atlas is of another collection, or damaged.
    """
    paths = sorted(path.parent for path in (study / "runs").glob("*/run.json"))
    found = [_read_run(open_run(path), collection) for path in paths]
    shown = [run for run in found if run.facts or run.answers]
    shown.sort(key=lambda run: (run.answers is None, run.name))
    taken = {run.name for run in shown}
    for file in atlas_files(study):
        if file.parents[1].name == "atlases":
            folder = file.parent
            name = f"atlases/{folder.name}" if folder.name in taken else folder.name
            shown.append(_read_atlas(folder, name, collection, None))
    return shown


def coordinates(table: pa.Table, prefix: str) -> NDArray[np.float32]:
    """The columns ``PREFIXx`` and ``PREFIXy`` as ``float32 (N, 2)``."""
    return np.stack([table.column(f"{prefix}{axis}").to_numpy() for axis in "xy"], 1).astype(
        np.float32
    )


def _read_run(run: Run, collection: Collection) -> RunAtlas:
    answers = _read_answers(run, collection)
    if not (run.path / "atlas" / "atlas.json").is_file():
        return RunAtlas(run.path.name, run.kind, None, None, answers, None)
    return _read_atlas(run.path / "atlas", run.path.name, collection, answers)


def _read_atlas(
    folder: Path, name: str, collection: Collection, answers: Predictions | None
) -> RunAtlas:
    facts = Atlas.read(folder / "atlas.json", what="atlas", verb="impasto atlas")
    table = _read_table(folder / "atlas.parquet", facts)
    likeness = _likeness(folder / "embeddings.npy", neighbour_rows(table))
    ids, known = table.column("id").to_pylist(), collection.column("id")
    if ids != known:
        if facts.unmatched is None or not set(ids) <= set(known):
            raise RunError(
                f"{folder} is of another collection than {collection.path}: {_again(facts, folder)}"
            )
        table, likeness = _expanded(table, likeness, known)
    return RunAtlas(name, facts.run.kind, facts, table, answers, likeness)


def _again(facts: Atlas, folder: Path) -> str:
    """The command that makes an atlas anew."""
    if facts.run.is_run:
        return f"run impasto atlas {folder.parent} again"
    option = "--encoder hf:" if facts.run.kind == "encoder" else "--vectors "
    return f"run impasto atlas COLLECTION {option}{facts.run.path} -o {folder} again"


def _expanded(
    table: pa.Table, likeness: NDArray[np.float32] | None, ids: Sequence[str]
) -> tuple[pa.Table, NDArray[np.float32] | None]:
    """A row for every painting: those without a vector lie in a block below each map."""
    place = {id_: row for row, id_ in enumerate(table.column("id").to_pylist())}
    rows = np.array([place.get(id_, -1) for id_ in ids], np.int64)
    missing, back = np.flatnonzero(rows < 0), np.flatnonzero(rows >= 0)
    near = neighbour_rows(table)
    wide = np.full((len(ids), near.shape[1]), -1, np.int64)
    wide[back] = np.where(near[rows[back]] >= 0, back[near[rows[back]]], -1)
    found = table.take(pa.array(rows, mask=rows < 0))
    lists = [[int(other) for other in row if other >= 0] for row in wide]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: found[name] for name in found.column_names
    }
    columns |= {"id": pa.array(ids), "neighbours": pa.array(lists, pa.list_(pa.int32()))}
    for name in found.column_names:
        if name.startswith("cluster_"):
            columns[name] = pa.compute.fill_null(found[name], -1)
    for prefix in ("", *(name[:-1] for name in found.column_names if name.endswith("_x"))):
        points = coordinates(found, prefix)
        points[missing] = _below(points[back], len(missing))
        columns |= {f"{prefix}{axis}": pa.array(points[:, at]) for at, axis in enumerate("xy")}
    if likeness is not None:
        cosines = np.zeros((len(ids), likeness.shape[1]), np.float32)
        cosines[back] = likeness[rows[back]]
        likeness = cosines
    return pa.table(columns), likeness


def _below(points: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Places of a block of ``count`` paintings below a map, as wide as the map."""
    (left, bottom), (right, top) = points.min(0), points.max(0)
    across = max(1, min(count, int(np.sqrt(count * 8))))
    step = (right - left) / max(across, 20)
    at = np.arange(count)
    x = left + step * (at % across)
    y = bottom - 0.08 * (top - bottom) - step * (at // across)
    return np.stack([x, y], 1).astype(np.float32)


def _likeness(path: Path, neighbours: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Cosine of each painting and its neighbours; ``None`` without embeddings of as many rows."""
    if not path.is_file() or not neighbours.size:
        return None
    vectors: NDArray[np.float32] = read_array(path, way_out="run impasto atlas again")
    if len(vectors) != len(neighbours):
        return None
    directions = unit(vectors.astype(np.float32))
    cosines = np.empty(neighbours.shape, np.float32)
    for place in range(neighbours.shape[1]):
        cosines[:, place] = (directions * directions[neighbours[:, place]]).sum(1)
    return np.where(neighbours >= 0, cosines, 0).astype(np.float32)


def _read_table(path: Path, facts: Atlas) -> pa.Table:
    table = read_table(path, way_out="run impasto atlas again")
    wanted = {"id", "x", "y", *(f"{made.name}_{axis}" for made in facts.maps for axis in "xy")}
    wanted |= {f"cluster_{made.name}" for made in facts.clusterings}
    if missing := ", ".join(sorted(wanted - set(table.column_names))):
        raise RunError(f"{path} has no column {missing}: {_again(facts, path.parent)}")
    return table


def _read_answers(run: Run, collection: Collection) -> Predictions | None:
    """The predictions of a run; ``None`` without an evaluation of this collection."""
    folder = run.evaluation_path
    path = folder / "predictions.parquet"
    if not (folder / "metrics.json").is_file() or not path.is_file():
        return None
    metrics = read_json(folder / "metrics.json")
    if metrics.get("collection_fingerprint") != collection.fingerprint:
        return None
    again = f"run impasto evaluate {run.path} again"
    table = read_table(path, ["id", "predicted", "probabilities"], again)
    places: Mapping[str, int] = {name: row for row, name in enumerate(collection.column("id"))}
    rows = np.array([places[name] for name in table["id"].to_pylist()], np.int64)
    predicted = collection.vocabulary.encode(table["predicted"].to_pylist())
    shares = np.asarray(table["probabilities"].to_pylist(), np.float64).reshape(
        len(rows), len(collection.vocabulary)
    )
    return Predictions(
        rows,
        predicted,
        shares,
        _read_heat(folder / "heat.npy", len(rows)),
        _read_heat(folder / "heat_second.npy", len(rows)),
        _oracle(collection, rows, uniform=metrics.get("prior") == "uniform"),
    )


def _oracle(collection: Collection, rows: NDArray[np.int64], *, uniform: bool) -> NDArray[np.int64]:
    """Usual style of each row's artist in training; -1 where there is none."""
    artists = np.asarray(collection.column("artist"), object)
    train = collection.indices("train")
    known = {artist for artist in artists[train] if artist is not None}
    usual = artist_oracle(
        artists[train].tolist(),
        collection.labels[train],
        artists[rows].tolist(),
        len(collection.vocabulary),
        uniform=uniform,
    )
    return np.where([artist in known for artist in artists[rows]], usual, -1).astype(np.int64)


def _read_heat(path: Path, count: int) -> NDArray[np.uint8] | None:
    if not path.is_file():
        return None
    heat: NDArray[np.uint8] = read_array(path, way_out="run impasto evaluate again")
    return heat if heat.ndim == 3 and len(heat) == count else None

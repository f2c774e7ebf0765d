"""Atlases and predictions of a study's runs, as the page shows them."""

from collections.abc import Mapping
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
from impasto.records.atlas import Atlas, AtlasMap
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

    Attributes:
        run: the run.
        facts: its atlas in words and scores, or ``None``.
        table: its atlas, a row a painting, or ``None``.
        answers: its predictions, or ``None``.
        likeness: cosine of every painting and each of its neighbours, ``float32 (N, K)``, or
            ``None``.
    """

    run: Run
    facts: Atlas | None
    table: pa.Table | None
    answers: Predictions | None
    likeness: NDArray[np.float32] | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.path.name

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


def read_runs(runs: Path, collection: Collection) -> list[RunAtlas]:
    """Read the runs that have an atlas or predictions: those with predictions first, then by name.

    Raises:
        RunError: an atlas is of another collection, or damaged.
    """
    paths = sorted(path.parent for path in runs.glob("*/run.json"))
    found = [_read_run(open_run(path), collection) for path in paths]
    shown = [run for run in found if run.facts or run.answers]
    return sorted(shown, key=lambda run: (run.answers is None, run.name))


def coordinates(table: pa.Table, prefix: str) -> NDArray[np.float32]:
    """The columns ``PREFIXx`` and ``PREFIXy`` as ``float32 (N, 2)``."""
    return np.stack([table.column(f"{prefix}{axis}").to_numpy() for axis in "xy"], 1).astype(
        np.float32
    )


def _read_run(run: Run, collection: Collection) -> RunAtlas:
    folder, facts, table = run.path / "atlas", None, None
    if (folder / "atlas.json").is_file():
        facts = Atlas.read(folder / "atlas.json", what="atlas", verb="impasto atlas")
        table = _read_table(folder / "atlas.parquet", facts, run)
        if table.column("id").to_pylist() != collection.column("id"):
            raise RunError(
                f"{folder} is of another collection than {collection.path}: "
                f"run impasto atlas {run.path} again"
            )
    likeness = _likeness(folder / "embeddings.npy", neighbour_rows(table))
    return RunAtlas(run, facts, table, _read_answers(run, collection), likeness)


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


def _read_table(path: Path, facts: Atlas, run: Run) -> pa.Table:
    table = read_table(path, way_out="run impasto atlas again")
    wanted = {"id", "x", "y", *(f"{made.name}_{axis}" for made in facts.maps for axis in "xy")}
    wanted |= {f"cluster_{made.name}" for made in facts.clusterings}
    if missing := ", ".join(sorted(wanted - set(table.column_names))):
        raise RunError(f"{path} has no column {missing}: run impasto atlas {run.path} again")
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

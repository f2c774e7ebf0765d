"""New pictures in an atlas that stays as it is: where they would lie on each map, and what they lie nearest to.

RUN/atlas/added.parquet   one row a picture, kept beside those that were added before
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.decomposition import PCA, TruncatedSVD

from impasto.collection.user_images import given_pictures
from impasto.config import Device
from impasto.embedding.atlas_tables import NEIGHBOURS, columns_of, lists
from impasto.embedding.embed import encoder
from impasto.embedding.projection import LEARNED, Points, perplexity, umap_maker
from impasto.embedding.vectors import Vectors, preparer, reducer
from impasto.errors import InputError, MissingExtraError, RunError
from impasto.files import damaged_error, read_json, replacing
from impasto.numerics.neighbours import nearest, unit
from impasto.records.run import open_run

ADDED: Final = "added.parquet"


def add_to_atlas(
    run: Path | str,
    images: Sequence[Path | str] | Path | str,
    *,
    atlas: Path | None = None,
    device: Device = "auto",
    aside: Callable[[str], None] | None = None,
) -> pa.Table:
    """The pictures placed in a run's atlas, also written to ``added.parquet`` there; no painting of it moves.

    Args:
        run: the run's folder.
        images: pictures or folders of them.
        atlas: the atlas's folder; ``RUN/atlas`` where ``None``.
        device: ``auto`` takes a CUDA device where there is one.
        aside: called with one line for every picture that cannot be read.

    Returns:
        A row a picture: ``id`` (its path), ``x`` and ``y`` and each map's, ``cluster_kmeans`` (the
            cluster with the
        nearest mean), ``neighbours`` (rows of ``atlas.parquet``, the nearest first),
        ``neighbour_ids``, ``likeness`` (their cosines) and ``representation``.

    Raises:
        RunError: the run has no atlas, or was trained further since.
        InputError: a path does not exist, or none of the pictures can be read.
        MissingExtraError: one of the maps is by a library that is not installed.
    """
    opened = open_run(Path(run))
    folder = atlas or opened.path / "atlas"
    content, table, raw = _atlas_in(folder)
    if content["run"]["weights"] != opened.weights_fingerprint:
        raise RunError(
            f"{folder} was made before {opened.path} was trained further: run impasto atlas again"
        )
    size, fit = (opened.collection[name] for name in ("size", "fit"))
    paths, pixels = given_pictures(images, size, fit, aside or (lambda line: None))
    new, seed = encoder(opened, device)(pixels), int(content["settings"]["seed"])
    prepare = preparer(raw, content["preparation"], seed)
    known, placed = prepare(raw), prepare(new)
    laid = {row["name"]: (row, _points(table, row["name"])) for row in content["maps"]}
    at = {
        name: _onto(row, points, (raw, new) if name == "svd" else (known, placed), seed)
        for name, (row, points) in laid.items()
    }
    near, likeness = nearest(unit(placed), unit(known), min(NEIGHBOURS, len(known)))
    columns: dict[str, Any] = {"id": [str(path) for path in paths], **columns_of(at)}
    columns["cluster_kmeans"] = _clusters(placed, known, table["cluster_kmeans"].to_numpy())
    columns["neighbours"] = pa.array(list(near.astype(np.int32)), pa.list_(pa.int32()))
    columns["neighbour_ids"] = np.asarray(table["id"].to_pylist(), object)[near].tolist()
    columns |= {"likeness": lists(likeness), "representation": lists(new)}
    made = pa.table(columns).replace_schema_metadata({"inputs": content["inputs"]})
    _write(folder / ADDED, made)
    return made


def _atlas_in(folder: Path) -> tuple[Mapping[str, Any], pa.Table, Vectors]:
    if not (folder / "atlas.json").is_file():
        raise RunError(
            f"no atlas in {folder} (atlas.json is missing): make one with impasto atlas RUN"
        )
    content = read_json(folder / "atlas.json")
    try:
        table = pq.read_table(folder / "atlas.parquet")
        raw: Vectors = np.load(folder / "representations.npy", mmap_mode="r")
    except (OSError, ValueError, EOFError, pa.ArrowException) as error:
        raise InputError(f"{folder} is damaged ({error}): run impasto atlas again") from error
    return content, table, raw


def _points(table: pa.Table, name: str) -> Points:
    return np.stack([table[f"{name}_{axis}"].to_numpy() for axis in "xy"], 1).astype(np.float32)


def _onto(
    row: Mapping[str, Any], points: Points, vectors: tuple[Vectors, Vectors], seed: int
) -> Points:
    """Places ``(B, 2)`` of new vectors on a map of known ones that was laid out before."""
    known, new = vectors
    name: str = row["name"]
    if name in ("pca", "svd"):
        model = (PCA if name == "pca" else TruncatedSVD)(2, random_state=seed).fit(known)
        return np.asarray(model.transform(new), np.float32)
    reduce = reducer(known, LEARNED, seed)
    return (_on_tsne if name == "tsne" else _on_umap)(points, (reduce(known), reduce(new)), seed)


def _on_tsne(points: Points, vectors: tuple[Vectors, Vectors], seed: int) -> Points:
    """Each new picture moved by its likeness to the known ones, which stay (Poličar et al.

    2023, openTSNE).
    """
    try:
        from openTSNE import TSNEEmbedding  # noqa: PLC0415 – an extra
        from openTSNE.affinity import PerplexityBasedNN  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("placing pictures on a t-SNE map", "maps") from error
    known, new = vectors
    near = PerplexityBasedNN(known, perplexity=perplexity(len(known)), random_state=seed)
    middle = points.mean(
        0, dtype=np.float64
    )  # openTSNE places around the origin, wherever the map lies
    embedding = TSNEEmbedding(
        points - middle, near, negative_gradient_method="bh", random_state=seed
    )
    few = len(known) // 3
    return np.asarray(
        embedding.transform(new, perplexity=min(5, few), k=min(25, few)) + middle, np.float32
    )


def _on_umap(points: Points, vectors: tuple[Vectors, Vectors], seed: int) -> Points:
    """As umap-learn's transform; the known places are the stored ones, not those of fitting once more."""
    known, new = vectors
    try:
        model = umap_maker(len(known), seed)
    except ImportError as error:
        raise MissingExtraError("placing pictures on a UMAP map", "maps") from error
    model.init, model.n_epochs = (
        points,
        0,
    )  # the graph of neighbours is all that fitting is needed for
    model.fit(known)
    model.embedding_, model.n_epochs = points, None
    return np.asarray(model.transform(new), np.float32)


def _clusters(new: Vectors, known: Vectors, clusters: NDArray[np.integer]) -> NDArray[np.int32]:
    """The k-means cluster whose mean is nearest, ``int32 (B,)``."""
    names = np.unique(clusters)
    means = np.stack([known[clusters == name].mean(0) for name in names])
    return np.asarray(names[((new[:, None] - means) ** 2).sum(2).argmin(1)], np.int32)


def _write(path: Path, made: pa.Table) -> None:
    """The new rows after those of earlier calls, except the same pictures' and those of an atlas that is no more."""
    if path.is_file():
        try:
            old = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise damaged_error(path, "added pictures", error) from error
        if old.schema.metadata == made.schema.metadata and old.schema.equals(made.schema):
            again = set(made["id"].to_pylist())
            kept = pa.array([name not in again for name in old["id"].to_pylist()])
            made = pa.concat_tables([old.filter(kept), made])
    with replacing(path) as temporary:
        pq.write_table(made, temporary)

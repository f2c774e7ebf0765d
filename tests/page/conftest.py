"""A small study with an atlas, as the stages write it, and its page; for tests that only look."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import made_up_atlas
from impasto.collection.collection import Collection, open_collection
from impasto.page.export import write_site
from impasto.records.atlas import AtlasRun, UnmatchedIds
from made_up_study import MadeUp, make_study

STYLES = ("Baroque", "Cubism", "Pop_Art", "Ukiyo_e")
STRANGE = (
    'He said "no", twice',
    "</script><b>bold</b>",
    "with\u00a0no break",
    "a\nnew line",
    "=1+1",
    "日本の橋 🌉",
    "a, b",
)
"""Titles of the first paintings."""


def places(collection: Collection, seed: int) -> NDArray[np.float32]:
    """A heap of its own for each style, ``float32 (N, 2)``."""
    generator, angle = (
        np.random.default_rng(seed),
        collection.labels * 2 * np.pi / len(collection.vocabulary),
    )
    middle = np.stack([np.cos(angle), np.sin(angle)], 1) * 10
    return (middle + generator.normal(0, 1, middle.shape)).astype(np.float32)


def write_atlas(run: Path, collection: Collection, seed: int = 0) -> Path:
    """What ``impasto atlas`` writes, with two maps and two clusterings."""
    folder, main = run / "atlas", places(collection, seed)
    folder.mkdir(parents=True, exist_ok=True)
    apart = np.linalg.norm(main[:, None] - main[None], axis=2)
    near = np.argsort(apart, axis=1, kind="stable")[:, 1:13].astype(np.int32)
    columns: dict[str, Any] = {
        name: collection.table[name] for name in ("id", "style", "split", "artist", "title", "year")
    }
    for name, points in (("pca", places(collection, seed + 1)), ("tsne", main)):
        columns |= {f"{name}_x": points[:, 0], f"{name}_y": points[:, 1]}
    columns |= {"x": main[:, 0], "y": main[:, 1]}
    columns |= {
        "cluster_kmeans": collection.labels.astype(np.int32),
        "cluster_hdbscan": np.arange(len(main), dtype=np.int32) % 3 - 1,
    }
    columns["neighbours"] = pa.array(near.tolist(), pa.list_(pa.int32()))
    pq.write_table(pa.table(columns), folder / "atlas.parquet")
    none = made_up_atlas.clusters("hdbscan", 0.2, 0.1, title="HDBSCAN", k=2)
    made_up_atlas.atlas(
        collection.vocabulary.styles,
        supervised=True,
        maps=(made_up_atlas.drawn("pca", "PCA", 0.81), made_up_atlas.drawn("tsne", "t-SNE", 0.93)),
        clusterings=(made_up_atlas.clusters("kmeans", 0.3, 0.2, title="k-means", k=4), none),
        verdict=("By test pictures.", "Four styles cluster."),
    ).write(folder / "atlas.json")
    return folder


def write_predictions(run: Path, collection: Collection) -> None:
    """Answers to every test picture:

    the third of each style is taken for the next style; heat in one corner.
    """
    rows, styles = collection.indices("test"), collection.vocabulary.styles
    wrong = np.arange(len(rows)) % 3 == 2
    named = (collection.labels[rows] + wrong) % len(styles)
    shares = np.full((len(rows), len(styles)), 0.1)
    shares[np.arange(len(rows)), named] = 0.7
    columns = {
        "id": collection.table["id"].take(rows),
        "style": [styles[i] for i in collection.labels[rows]],
        "predicted": [styles[i] for i in named], "confidence": shares.max(1),
        "probabilities": list(shares),
    }  # fmt: skip
    pq.write_table(pa.table(columns), run / "evaluation" / "predictions.parquet")
    heat = np.zeros((len(rows), 4, 4), np.uint8)
    heat[:, 0, 0] = 255
    np.save(run / "evaluation" / "heat.npy", heat)
    np.save(run / "evaluation" / "heat_second.npy", heat[:, ::-1, ::-1])


def row_colours(count: int, size: int) -> NDArray[np.uint8]:
    """Pictures that tell their row: no two have the same colours in their upper and lower half."""
    rows = np.arange(count)
    halves = (
        np.stack([rows % 16 * 16, rows // 16 % 16 * 16, (rows * 5) % 16 * 16], 1),
        np.stack([rows // 4 % 16 * 16] * 3, 1),
    )
    pixels = np.zeros((count, size, size, 3), np.uint8)
    pixels[:, : size // 2], pixels[:, size // 2 :] = (half[:, None, None] for half in halves)
    return pixels


@dataclass(frozen=True)
class Exported:
    """A study, its collection, and its page."""

    study: Path
    collection: Collection
    page: Path


def make_site_study(study: Path, **what: Any) -> Collection:
    """A study with strange titles, an evaluated classifier and an autoencoder, with atlases."""
    make_study(study, MadeUp(styles=STYLES, **what))
    path = study / "collection" / "paintings.parquet"
    table = pq.read_table(path)
    titles = [*STRANGE, *table["title"].to_pylist()[len(STRANGE) :]]
    years = [None if row % 4 == 0 else year for row, year in enumerate(table["year"].to_pylist())]
    for name, values, kind in (("title", titles, pa.string()), ("year", years, pa.int16())):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, kind))
    pq.write_table(table, path)
    np.save(study / "collection" / "pixels.npy", row_colours(table.num_rows, 48))
    collection, run = open_collection(study / "collection"), study / "runs" / "classifier"
    write_atlas(run, collection)
    if (run / "evaluation").is_dir():
        write_predictions(run, collection)
    shutil.copytree(
        run, study / "runs" / "autoencoder", ignore=shutil.ignore_patterns("evaluation", "atlas")
    )
    write_atlas(study / "runs" / "autoencoder", collection, seed=5)
    return collection


@pytest.fixture(scope="session")
def site_study() -> Callable[..., Collection]:
    """``site_study(folder, …)`` writes a study to export; the rest are fields of ``MadeUp``."""
    return make_site_study


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A study with its page; not to be changed."""
    study = tmp_path_factory.mktemp("exported") / "study"
    collection = make_site_study(study)
    (study / "report.html").write_text("<title>report</title>")
    return Exported(study, collection, write_site(study).page)


def write_vector_atlas(study: Path, collection: Collection, without: int) -> Path:
    """An atlas of a pre-trained encoder's vectors that lacks the last paintings."""
    rows = np.arange(len(collection) - without)
    folder = write_atlas(study / "atlases" / "dino", collection.part(rows), seed=7)
    for path in folder.iterdir():
        path.rename(folder.parent / path.name)
    folder.rmdir()
    folder = folder.parent
    np.save(folder / "embeddings.npy", places(collection.part(rows), 3))
    ids = collection.column("id")[len(rows) :]
    made_up_atlas.atlas(
        collection.vocabulary.styles,
        run=AtlasRun(path="owner/dino", kind="encoder", weights="0"),
        pretrained=True,
        unmatched=UnmatchedIds(
            paintings=without, vectors=0, first_paintings=tuple(ids), first_vectors=()
        ),
        maps=(made_up_atlas.drawn("pca", "PCA", 0.81), made_up_atlas.drawn("tsne", "t-SNE", 0.93)),
        clusterings=(made_up_atlas.clusters("kmeans", 0.3, 0.2, title="k-means", k=4),),
        verdict=("A yardstick.", "Four styles cluster."),
    ).write(folder / "atlas.json")
    return folder

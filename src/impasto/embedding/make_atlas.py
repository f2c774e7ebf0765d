"""An atlas: what a run makes of a collection, whether styles cluster in it, and maps of it, in the run's folder.

RUN/atlas/atlas.json               every number, the verdict; written last
RUN/atlas/atlas.parquet            one row a painting: places on the maps, clusters, neighbours
RUN/atlas/representations.npy      float32 (N, D), rows as in atlas.parquet
RUN/atlas/representations.parquet  the same by painting id
RUN/atlas/findings.json            IMP501 to IMP505
RUN/atlas/figures/                 the maps by style, cluster, artist and year
RUN/atlas/.work/                   what a killed atlas goes on with; gone when it is done
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of, seen_by
from impasto.embedding import cluster_metrics as agreement
from impasto.embedding.atlas_tables import NEIGHBOURS, write_tables
from impasto.embedding.cluster_scores import Made, clusterings, described, scores_of, style_rows
from impasto.embedding.embed import encoder, represent
from impasto.embedding.map_figures import draw_maps
from impasto.embedding.probes import probe
from impasto.embedding.projection import TITLES, Laid, drawable, lay, trust
from impasto.embedding.reference_labels import Ground, ground_of
from impasto.embedding.settings import AtlasSettings, MapName, Preparation
from impasto.embedding.vectors import Vectors, pixels, prepared, reduced
from impasto.embedding.verdict import findings_of, verdict
from impasto.files import read_json
from impasto.images.colour_histogram import histograms
from impasto.numerics.neighbours import nearest, unit
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.atlas import Atlas
from impasto.records.finding import Finding
from impasto.records.run import Run, open_run
from impasto.state.array_cache import cached_arrays
from impasto.state.fingerprint import fingerprint

FORMAT = 2
SUPERVISED = ("classifier", "painter")
"""Kinds of runs whose networks have seen the styles of their training pictures."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """What the parts of an atlas need to know."""

    run: Run
    collection: Collection
    ground: Ground
    settings: AtlasSettings
    folder: Path
    key: str
    say: Say

    @property
    def keep(self) -> Path:
        return self.folder / ".work"


def make_atlas(
    run: Path | str,
    collection: Path | str | None = None,
    settings: AtlasSettings | None = None,
    *,
    output: Path | None = None,
    announce: Say | None = None,
) -> Atlas:
    """The atlas of a collection by a run's network; one that was cut off goes on, one that is done is returned.

    Args:
        run: the folder of a run of any kind that has representations.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        settings: the defaults where ``None``.
        output: the folder to write; ``RUN/atlas`` where ``None``.
        announce: called with one line as each part begins.

    Raises:
        RunError: there is no trained run, or its collection has changed since.
        CollectionError: the collection is missing or has too few paintings.
        VocabularyError: the collection speaks of other styles.
        MissingExtraError: a map was asked for whose library is not installed.
        OutputError: the folder cannot be written.
    """
    settings, opened, say = (
        settings or AtlasSettings(),
        open_run(Path(run)),
        announce or (lambda line: None),
    )
    found = collection_of(opened, collection)
    maps = drawable(settings.maps, say)
    encode = encoder(opened, settings.device)
    folder = output or opened.path / "atlas"
    asked = {"weights": opened.weights_fingerprint, "collection": found.fingerprint}
    key = fingerprint(format=FORMAT, settings=settings, maps=maps, **asked)
    taught = set[str]().union(*seen_by(opened)) if opened.kind in SUPERVISED else set()
    work = _Work(opened, found, ground_of(found, taught), settings, folder, key, say)
    path = folder / "atlas.json"
    if path.exists() and read_json(path).get("inputs") == work.key:
        return Atlas.read(path, what="atlas", verb="impasto atlas")
    path.unlink(missing_ok=True)
    say(f"encoding {len(found):,} paintings")
    raw = represent(found, encode, work.keep, fingerprint(**asked))
    content, judged = _made(work, raw, maps)
    findings.save(folder / "findings.json", judged)
    made = Atlas.model_validate(content).write(path)
    shutil.rmtree(work.keep, ignore_errors=True)
    return made


def preparation_of(run: Run, settings: AtlasSettings) -> Preparation:
    """What is done to a run's vectors first.

    An autoencoder's have a geometry that is meant, a classifier's not.
    """
    if settings.preparation != "auto":
        return settings.preparation
    return "standardise" if run.kind in SUPERVISED else "none"


def _made(work: _Work, raw: Vectors, maps: list[MapName]) -> tuple[dict[str, Any], list[Finding]]:
    """Everything but ``atlas.json`` and the findings, written; and their content."""
    preparation, seed = preparation_of(work.run, work.settings), work.settings.seed
    vectors = prepared(raw, preparation, seed)
    # Of centred numbers, as standardised ones are, truncated SVD would be PCA once more
    laid = {name: _laid(work, name, raw if name == "svd" else vectors) for name in maps}
    made = clusterings(vectors, work.ground, work.settings, (work.keep, work.key), work.say)
    rivals = [_rival(work, made["kmeans"], *rival) for rival in _rivals(work, raw.shape[1])]
    work.say("scoring")
    content: dict[str, Any] = {
        **_head(work, raw, preparation),
        "maps": [_map_row(work, name, laid[name], vectors) for name in maps],
        "clusterings": [
            described(method, made[method], vectors, work.ground, work.settings) for method in made
        ],
        "baselines": [row for row, _ in rivals],
        "probes": _probes(work, vectors),
    }
    content["styles"] = _styles(work, content["probes"], made["kmeans"], rivals[0][1])
    content["verdict"] = verdict(content)
    drawn = [
        {**row, "points": laid[name].points}
        for name, row in zip(maps, content["maps"], strict=True)
    ]
    figures = draw_maps(
        work.folder / "figures", work.collection, drawn, made["kmeans"]["all"].clusters
    )
    content["captions"] = [{**figure, "command": content["command"]} for figure in figures]
    units = unit(vectors)
    near, _ = nearest(units, units, min(NEIGHBOURS, len(vectors) - 1), itself=True)
    points: dict[str, Vectors] = {name: map_.points for name, map_ in laid.items()}
    write_tables(
        work.folder,
        work.collection,
        raw,
        points,
        {str(name): m["all"].clusters for name, m in made.items()},
        near,
    )
    return content, findings_of(content)


def _head(work: _Work, raw: Vectors, preparation: Preparation) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "command": runs.command(),
        "inputs": work.key,
        "run": {
            "path": str(work.run.path.resolve()),
            "kind": work.run.kind,
            "weights": work.run.weights_fingerprint,
        },
        "collection": str(work.collection.path.resolve()),
        "collection_fingerprint": work.collection.fingerprint,
        "supervised": work.run.kind in SUPERVISED,
        "paintings": len(raw),
        "test": len(work.ground.rows["test"]),
        "dimensions": raw.shape[1],
        "preparation": preparation,
        "settings": work.settings.model_dump(mode="json"),
        "environment": runs.environment(),
    }


def _laid(work: _Work, name: MapName, vectors: Vectors) -> Laid:
    """A map, from an earlier call that was cut off or made now."""

    def arrays() -> dict[str, NDArray[Any]]:
        work.say(f"laying out: {TITLES[name]}")
        laid = lay(name, vectors, work.settings.seed)
        told = json.dumps([laid.axes, laid.explained, laid.parameters])
        return {"points": laid.points, "told": np.frombuffer(told.encode(), np.uint8)}

    found = cached_arrays(work.keep / f"map-{name}.safetensors", work.key, arrays)
    axes, explained, parameters = json.loads(bytes(found["told"]))
    return Laid(found["points"], tuple(axes), explained and tuple(explained), parameters)


def _map_row(work: _Work, name: MapName, laid: Laid, vectors: Vectors) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "title": TITLES[name],
        "axes": list(laid.axes),
        "trustworthiness": trust(vectors, laid.points, work.settings.seed),
        "parameters": laid.parameters,
    }
    return row | ({"explained_variance": list(laid.explained)} if laid.explained else {})


def _rivals(work: _Work, dimensions: int) -> Iterator[tuple[str, str, Vectors]]:
    """What the representation stands beside: name, title and vectors."""
    work.say("clustering: colour histograms")
    yield (
        "colour_histogram",
        "Colour histograms",
        histograms(work.collection.pixels, np.arange(len(work.collection))),
    )
    work.say("clustering: raw pixels")
    small = reduced(pixels(work.collection), dimensions, work.settings.seed)
    yield "pixels_pca", f"Raw pixels by {small.shape[1]} principal components", small


def _rival(
    work: _Work, mine: Made, name: str, title: str, vectors: Vectors
) -> tuple[dict[str, Any], Made]:
    """One entry of ``baselines``, and its k-means clusterings."""
    ground, settings = work.ground, work.settings
    only = settings.model_copy(update={"clusterings": ("kmeans",)})
    made = clusterings(vectors, ground, only, (work.keep / name, work.key), lambda line: None)[
        "kmeans"
    ]
    gains: dict[str, Any] = {"all": None, "test": None}
    for scope, rows in ground.scopes.items():
        pair = (mine[scope].clusters, made[scope].clusters)
        gains[scope] = agreement.difference(
            ground.labels[rows], pair, resamples=settings.bootstrap_samples, seed=settings.seed
        )
    k_test = made["test"].k if "test" in made else None
    row = {
        "name": name,
        "title": title,
        "dimensions": vectors.shape[1],
        "k": made["all"].k,
        "k_test": k_test,
    }
    row["difference"] = gains
    return {
        **row,
        **scores_of(vectors, made, ground, settings),
        "probes": _probes(work, vectors),
    }, made


def _probes(work: _Work, vectors: Vectors) -> dict[str, Any] | None:
    ground, settings = work.ground, work.settings
    if not settings.probes:
        return None
    return probe(
        vectors,
        ground.labels,
        ground.rows,
        styles=len(ground.styles),
        resamples=settings.bootstrap_samples,
        seed=settings.seed,
    )


def _styles(
    work: _Work, probes: Mapping[str, Any] | None, mine: Made, colours: Made
) -> list[dict[str, Any]]:
    rows = style_rows(mine, colours, work.ground, work.settings)
    for place, row in enumerate(rows):
        row["knn"] = (
            {"recall": probes["knn"]["recall"][place], "chance": 1 / len(rows)} if probes else None
        )
    return rows

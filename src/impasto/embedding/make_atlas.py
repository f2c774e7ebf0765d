"""Make an atlas: embed a collection with a run's network, cluster it, score it, draw maps.

RUN/atlas/atlas.json          every number and the verdict; written last
RUN/atlas/atlas.parquet       one row a painting: coordinates on the maps, clusters, neighbours
RUN/atlas/embeddings.npy      float32 (N, D), rows as in atlas.parquet
RUN/atlas/embeddings.parquet  the same by painting id
RUN/atlas/findings.json       IMP501 to IMP505
RUN/atlas/figures/            the maps by style, cluster, artist and year
RUN/atlas/.work/              cache of an atlas that was cut off; removed when it is done
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of, training_hashes
from impasto.embedding.atlas_tables import NEIGHBOURS, write_tables
from impasto.embedding.cache import AtlasCache
from impasto.embedding.cluster import TITLES as METHOD_TITLES
from impasto.embedding.cluster_metrics import score_gains
from impasto.embedding.cluster_scores import (
    Clusterings,
    cluster_scopes,
    run_clusters,
    scores_by_scope,
    style_fits,
)
from impasto.embedding.embed import embed_collection, encoder
from impasto.embedding.map_figures import draw_maps
from impasto.embedding.probes import probe
from impasto.embedding.projection import TITLES, Projection, available_maps, project, trust
from impasto.embedding.reference_labels import ReferenceLabels, reference_labels
from impasto.embedding.settings import AtlasSettings
from impasto.embedding.vectors import Vectors, fit_preparation, pixels, reduced
from impasto.embedding.verdict import findings_of, verdict
from impasto.files import read_json
from impasto.files.checksums import damaged_files
from impasto.images.colour_histogram import histograms
from impasto.numerics.neighbours import nearest, unit
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.atlas import (
    Atlas,
    AtlasMap,
    AtlasRun,
    BaselineClusters,
    ByScope,
    MapName,
    MethodName,
    Preparation,
    Probes,
    Scope,
    ScoreGains,
)
from impasto.records.run import Run, RunKind, open_run
from impasto.state.fingerprint import fingerprint

FORMAT = 3


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Inputs of every part of an atlas."""

    run: Run
    collection: Collection
    labels: ReferenceLabels
    settings: AtlasSettings
    cache: AtlasCache
    announce: Callable[[str], None]


def make_atlas(
    run: Path | str,
    collection: Path | str | None = None,
    settings: AtlasSettings | None = None,
    *,
    output: Path | None = None,
    announce: Callable[[str], None] | None = None,
) -> Atlas:
    """Make the atlas of a collection; one that was cut off continues, one that is done is returned.

    Args:
        run: the folder of a run of any kind that has embeddings.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        settings: the defaults where ``None``.
        output: the folder to write; ``RUN/atlas`` where ``None``.
        announce: called with one line as each part begins.

    Raises:
        RunError: there is no trained run, or its collection has changed since.
        CollectionError: the collection is missing or has too few paintings.
        VocabularyError: the collection has other styles.
        MissingExtraError: a map was asked for whose library is not installed.
        OutputError: the folder cannot be written.
    """
    settings, announce = settings or AtlasSettings(), announce or (lambda line: None)
    opened = open_run(Path(run))
    paintings = collection_of(opened, collection)
    maps = available_maps(settings.maps, announce)
    encode = encoder(opened, settings.device)
    trained_on = set[str]().union(*training_hashes(opened)) if knows_styles(opened.kind) else set()
    labels = reference_labels(paintings, trained_on)
    folder = output or opened.path / "atlas"
    sources = {"weights": opened.weights_fingerprint, "collection": paintings.fingerprint}
    key = fingerprint(format=FORMAT, settings=settings, maps=maps, **sources)
    path, work = folder / "atlas.json", folder / ".work"
    if path.exists() and not damaged_files(folder) and read_json(path).get("inputs") == key:
        return Atlas.read(path, what="atlas", verb="impasto atlas")
    path.unlink(missing_ok=True)
    announce(f"embedding {len(paintings):,} paintings")
    raw = embed_collection(paintings, encode, AtlasCache(work, fingerprint(**sources)))
    inputs = _Inputs(opened, paintings, labels, settings, AtlasCache(work, key), announce)
    atlas = _fill(inputs, folder, raw, maps)
    findings.save(folder / "findings.json", findings_of(atlas))
    atlas.write(path)
    shutil.rmtree(work, ignore_errors=True)
    return atlas


def knows_styles(kind: RunKind) -> bool:
    """Whether the network of a run was trained on style labels."""
    match kind:
        case "classifier" | "painter":
            return True
        case "autoencoder" | "lora":
            return False
        case _:
            assert_never(kind)


def preparation_of(run: Run, settings: AtlasSettings) -> Preparation:
    """Return the preparation of a run's embedding.

    Distances of an autoencoder are trained, those of a classifier are not.
    """
    if settings.preparation != "auto":
        return settings.preparation
    return "standardise" if knows_styles(run.kind) else "none"


def _fill(inputs: _Inputs, folder: Path, raw: Vectors, maps: list[MapName]) -> Atlas:
    """Compute everything; write tables and figures."""
    settings, labels = inputs.settings, inputs.labels
    preparation = preparation_of(inputs.run, settings)
    vectors = fit_preparation(raw, preparation, settings.seed)(raw)
    # Of centred numbers, as standardised ones are, truncated SVD would be PCA once more
    laid = {name: _project(inputs, name, raw if name == "svd" else vectors) for name in maps}
    map_rows = tuple(_map_row(name, laid[name], vectors, settings.seed) for name in maps)
    made: dict[MethodName, Clusterings] = {}
    for method in dict.fromkeys(("kmeans", *settings.clusterings)):
        inputs.announce(f"clustering: {METHOD_TITLES[method]}")
        made[method] = cluster_scopes(method, vectors, labels, settings, inputs.cache)
    kmeans = made["kmeans"]
    baselines, colours = _baselines(inputs, kmeans, raw.shape[1])
    inputs.announce("scoring")
    probes = _probes(inputs, vectors)
    points = {str(name): projection.points for name, projection in laid.items()}
    clusters = {str(name): clustering["all"].clusters for name, clustering in made.items()}
    command = runs.command()
    atlas = Atlas(
        format=FORMAT,
        command=command,
        inputs=inputs.cache.key,
        run=AtlasRun(
            path=str(inputs.run.path.resolve()),
            kind=inputs.run.kind,
            weights=inputs.run.weights_fingerprint,
        ),
        collection=str(inputs.collection.path.resolve()),
        collection_fingerprint=inputs.collection.fingerprint,
        supervised=knows_styles(inputs.run.kind),
        paintings=len(raw),
        test=len(labels.splits["test"]),
        dimensions=raw.shape[1],
        preparation=preparation,
        settings=settings.model_dump(mode="json"),
        environment=runs.environment(),
        maps=map_rows,
        clusterings=tuple(
            run_clusters(name, vectors, found, labels, settings) for name, found in made.items()
        ),
        baselines=baselines,
        probes=probes,
        styles=tuple(style_fits(kmeans, colours, labels, probes, settings)),
        captions=tuple(
            draw_maps(
                folder / "figures",
                inputs.collection,
                map_rows,
                points,
                clusters["kmeans"],
                command=command,
            )
        ),
        verdict=(),
    )
    units = unit(vectors)
    near, _ = nearest(units, units, min(NEIGHBOURS, len(vectors) - 1), itself=True)
    write_tables(folder, inputs.collection, raw, points=points, clusters=clusters, near=near)
    return atlas.model_copy(update={"verdict": tuple(verdict(atlas))})


def _project(inputs: _Inputs, name: MapName, vectors: Vectors) -> Projection:
    """A map, out of the cache or made now."""

    def make() -> tuple[Vectors, Any]:
        inputs.announce(f"projecting: {TITLES[name]}")
        made = project(name, vectors, inputs.settings.seed)
        return made.points, [made.axes, made.explained, made.parameters]

    points, (axes, explained, parameters) = inputs.cache.array(f"map-{name}", make)
    return Projection(points, tuple(axes), explained and tuple(explained), parameters)


def _map_row(name: MapName, made: Projection, vectors: Vectors, seed: int) -> AtlasMap:
    return AtlasMap(
        name=name,
        title=TITLES[name],
        axes=made.axes,
        trustworthiness=trust(vectors, made.points, seed),
        parameters=made.parameters,
        explained_variance=made.explained,
    )


def _baselines(
    inputs: _Inputs, kmeans: Clusterings, dimensions: int
) -> tuple[tuple[BaselineClusters, ...], Clusterings]:
    """K-means of colour histograms and of raw pixels, and the clusterings of the first."""
    inputs.announce("clustering: colour histograms")
    stored = inputs.collection.pixels
    colours = histograms(stored, np.arange(len(stored)))
    by_colour, clusterings = _baseline(
        inputs, kmeans, "colour_histogram", "Colour histograms", colours
    )
    inputs.announce("clustering: raw pixels")
    small = reduced(pixels(inputs.collection), dimensions, inputs.settings.seed)
    title = f"Raw pixels by {small.shape[1]} principal components"
    by_pixels, _ = _baseline(inputs, kmeans, "pixels_pca", title, small)
    return (by_colour, by_pixels), clusterings


def _baseline(
    inputs: _Inputs, kmeans: Clusterings, name: str, title: str, vectors: Vectors
) -> tuple[BaselineClusters, Clusterings]:
    """Cluster other vectors by k-means and compare them with the run's ``kmeans``."""
    labels, settings = inputs.labels, inputs.settings
    cache = AtlasCache(inputs.cache.folder / name, inputs.cache.key)
    made = cluster_scopes("kmeans", vectors, labels, settings, cache)
    gains: Mapping[Scope, ScoreGains] = {
        scope: score_gains(
            labels.styles[rows],
            kmeans[scope].clusters,
            made[scope].clusters,
            resamples=settings.bootstrap_samples,
            seed=settings.seed,
        )
        for scope, rows in labels.scopes.items()
    }
    scores, chance = scores_by_scope(vectors, made, labels, settings)
    record = BaselineClusters(
        name=name,
        title=title,
        k=made["all"].k,
        k_test=made["test"].k if "test" in made else None,
        scores=scores,
        chance=chance,
        dimensions=vectors.shape[1],
        difference=ByScope[ScoreGains](all=gains["all"], test=gains.get("test")),
        probes=_probes(inputs, vectors),
    )
    return record, made


def _probes(inputs: _Inputs, vectors: Vectors) -> Probes | None:
    labels, settings = inputs.labels, inputs.settings
    if not settings.probes:
        return None
    return probe(
        vectors,
        labels.styles,
        labels.splits,
        styles=len(labels.names),
        resamples=settings.bootstrap_samples,
        seed=settings.seed,
    )

"""Make an atlas: embed a collection, cluster the embeddings, score them, draw maps.

The embeddings come from a run's network, a pre-trained encoder, or a file of vectors.

RUN/atlas/atlas.json          every number and the verdict; written last
RUN/atlas/atlas.parquet       one row a painting: coordinates on the maps, clusters, neighbours
RUN/atlas/embeddings.npy      float32 (N, D), rows as in atlas.parquet
RUN/atlas/embeddings.parquet  the same by painting id
RUN/atlas/findings.json       IMP501 to IMP506
RUN/atlas/figures/            the maps by style, cluster, artist and year
RUN/atlas/.work/              cache of an atlas that was cut off; removed when it is done
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection, open_collection
from impasto.collection.picture_draws import resampled_units
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
from impasto.embedding.given_vectors import aligned, lines, read_vectors
from impasto.embedding.map_figures import draw_maps
from impasto.embedding.probes import probe
from impasto.embedding.projection import TITLES, Projection, available_maps, project, trust
from impasto.embedding.reference_labels import ReferenceLabels, reference_labels
from impasto.embedding.settings import AtlasSettings
from impasto.embedding.style_retrieval import style_retrieval
from impasto.embedding.vectors import Vectors, fit_preparation, pixel_components, stored_rows
from impasto.embedding.verdict import findings_of, verdict
from impasto.errors import InputError
from impasto.files import read_json
from impasto.files.checksums import damaged_files
from impasto.images.colour_histogram import histograms
from impasto.numerics.freed_memory import give_back_freed_memory
from impasto.numerics.neighbours import nearest, unit
from impasto.path_names import path_name
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
    UnmatchedIds,
)
from impasto.records.evaluation import ResampledUnits
from impasto.records.run import RunKind, open_run
from impasto.state.fingerprint import fingerprint

FORMAT = 5


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of an atlas's embeddings.

    Attributes:
        record: what stands of it in ``atlas.json``.
        collection: the paintings that have an embedding.
        collection_fingerprint: of the whole collection.
        preparation: of the embeddings, where the settings leave it open.
        supervised: the network was trained on style labels.
        pretrained: the network was trained on other pictures before.
        trained_on: hashes of the pictures whose styles it was trained on.
        embed: computes the embeddings, ``float32 (N, D)``, with the help of a cache.
        unmatched: ids that a file and the collection do not share.
    """

    record: AtlasRun
    collection: Collection
    collection_fingerprint: str
    preparation: Preparation
    embed: Callable[[AtlasCache], Vectors]
    supervised: bool = False
    pretrained: bool = False
    trained_on: frozenset[str] = frozenset()
    unmatched: UnmatchedIds | None = None


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Inputs of every part of an atlas."""

    source: _Source
    labels: ReferenceLabels
    settings: AtlasSettings
    cache: AtlasCache
    announce: Callable[[str], None]

    @property
    def collection(self) -> Collection:
        return self.source.collection

    @property
    def scope(self) -> Scope:
        """The paintings that the verdict rests on."""
        return "test" if self.source.supervised and "test" in self.labels.scopes else "all"


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
    settings = settings or AtlasSettings()
    opened = open_run(Path(run))
    paintings = collection_of(opened, collection)
    encode = encoder(opened, settings.device)
    supervised = knows_styles(opened.kind)
    seen = set[str]().union(*training_hashes(opened)) if supervised else set()
    source = _Source(
        record=AtlasRun(
            path=str(opened.path.resolve()),
            kind=opened.kind,
            weights=opened.weights_fingerprint,
        ),
        collection=paintings,
        collection_fingerprint=paintings.fingerprint,
        # Distances of an autoencoder are trained, those of a classifier are not
        preparation="standardise" if supervised else "none",
        embed=lambda cache: embed_collection(paintings, encode, cache),
        supervised=supervised,
        trained_on=frozenset(seen),
    )
    return _atlas_of(source, output or opened.path / "atlas", settings, announce)


def make_vector_atlas(
    collection: Path | str,
    vectors: Path | NDArray[Any],
    settings: AtlasSettings | None = None,
    *,
    ids: Path | Sequence[str] | None = None,
    pretrained: bool = False,
    supervised: bool = False,
    output: Path | None = None,
    announce: Callable[[str], None] | None = None,
) -> Atlas:
    """Make the atlas of vectors that any program computed.

    Args:
        collection: the collection's folder.
        vectors: a file, see ``given_vectors``, or an array ``(N, D)``.
        settings: the defaults where ``None``.
        ids: a file of ids, or the ids themselves; ``None``: those in the file or beside it, and for
            an array the collection's own order.
        pretrained: the network was trained on other pictures before.
        supervised: the network was trained on the styles of the training pictures.
        output: the folder to write; ``atlases/NAME`` beside the collection where ``None``.
        announce: called with one line as each part begins, and for what was left out.

    Raises:
        InputError: the vectors cannot be used.
        CollectionError: the collection is missing or has too few paintings.
        MissingExtraError: a map was asked for whose library is not installed.
        OutputError: the folder cannot be written.
    """
    found = open_collection(collection)
    log = announce or (lambda line: None)
    if isinstance(vectors, np.ndarray):
        name, path = "the array of vectors", Path("vectors")
        named = found.column("id") if ids is None else ids
        if isinstance(named, Path):
            raise InputError("an array of vectors needs its ids as a list: read the file first")
        given = aligned(vectors, named, found, name)
    else:
        name, path = str(vectors), Path(vectors)
        given = read_vectors(path, found, ids)
    for line in lines(given.unmatched, name) if given.unmatched else ():
        log(line)
    source = _Source(
        record=AtlasRun(path=str(path), kind="vectors", weights=given.digest),
        collection=found if len(given.rows) == len(found) else found.part(given.rows),
        collection_fingerprint=found.fingerprint,
        preparation="none",
        embed=lambda cache: given.vectors,
        supervised=supervised,
        pretrained=pretrained,
        trained_on=_training_pictures(found) if supervised else frozenset(),
        unmatched=given.unmatched,
    )
    return _atlas_of(source, output or atlas_folder(found, path.stem), settings, announce)


def make_encoder_atlas(
    collection: Path | str,
    encoder_name: str,
    settings: AtlasSettings | None = None,
    *,
    output: Path | None = None,
    announce: Callable[[str], None] | None = None,
) -> Atlas:
    """Make the atlas of a collection by a pre-trained encoder, a yardstick.

    Args:
        collection: the collection's folder.
        encoder_name: ``hf:`` and a hub name or a folder.
        settings: the defaults where ``None``.
        output: the folder to write; ``atlases/NAME`` beside the collection where ``None``.
        announce: called with one line as each part begins.

    Raises:
        InputError: there is no such encoder, or the hub cannot be reached.
        CollectionError: the collection is missing or has too few paintings.
        MissingExtraError: transformers, or the library of a map, is not installed.
        OutputError: the folder cannot be written.
    """
    from impasto.embedding.pretrained_encoder import open_encoder  # noqa: PLC0415 – an extra

    settings, found = settings or AtlasSettings(), open_collection(collection)
    opened = open_encoder(encoder_name, settings.device)
    source = _Source(
        record=AtlasRun(path=opened.name, kind="encoder", weights=opened.fingerprint),
        collection=found,
        collection_fingerprint=found.fingerprint,
        preparation="unit",
        embed=lambda cache: embed_collection(found, opened.encode, cache),
        pretrained=True,
    )
    folder = output or atlas_folder(found, Path(opened.name).name)
    return _atlas_of(source, folder, settings, announce)


def atlas_folder(collection: Collection, name: str) -> Path:
    """The default folder of an atlas that belongs to no run: ``atlases/NAME`` in a study."""
    return collection.path.resolve().parent / "atlases" / path_name(name)


def _training_pictures(collection: Collection) -> frozenset[str]:
    """Hashes of the pictures of a collection that are no test pictures."""
    rows = zip(collection.column("sha256"), collection.column("split"), strict=True)
    return frozenset(mark for mark, split in rows if split != "test")


def _atlas_of(
    source: _Source,
    folder: Path,
    settings: AtlasSettings | None,
    announce: Callable[[str], None] | None,
) -> Atlas:
    settings, announce = settings or AtlasSettings(), announce or (lambda line: None)
    maps = available_maps(settings.maps, announce)
    labels = reference_labels(source.collection, source.trained_on)
    sources = {"weights": source.record.weights, "collection": source.collection.fingerprint}
    about = {"supervised": source.supervised, "pretrained": source.pretrained}
    key = fingerprint(format=FORMAT, settings=settings, maps=maps, **sources, **about)
    path, work = folder / "atlas.json", folder / ".work"
    if path.exists() and not damaged_files(folder) and read_json(path).get("inputs") == key:
        return Atlas.read(path, what="atlas", verb="impasto atlas")
    path.unlink(missing_ok=True)
    announce(f"embedding {len(source.collection):,} paintings")
    raw = source.embed(AtlasCache(work, fingerprint(**sources)))
    inputs = _Inputs(source, labels, settings, AtlasCache(work, key), announce)
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


def _fill(inputs: _Inputs, folder: Path, raw: Vectors, maps: list[MapName]) -> Atlas:
    """Compute everything; write tables and figures."""
    settings, labels = inputs.settings, inputs.labels
    source = inputs.source
    preparation = settings.preparation
    if preparation == "auto":
        preparation = source.preparation
    vectors = fit_preparation(raw, preparation, settings.seed)(raw)
    # Of centred numbers, as standardised ones are, truncated SVD would be PCA once more
    laid = {name: _project(inputs, name, raw if name == "svd" else vectors) for name in maps}
    map_rows = tuple(_map_row(name, laid[name], vectors, settings.seed) for name in maps)
    made: dict[MethodName, Clusterings] = {}
    for method in dict.fromkeys(("kmeans", *settings.clusterings)):
        inputs.announce(f"clustering: {METHOD_TITLES[method]}")
        made[method] = cluster_scopes(method, vectors, labels, settings, inputs.cache)
        give_back_freed_memory()
    kmeans = made["kmeans"]
    baselines, colours = _baselines(inputs, kmeans, raw.shape[1])
    inputs.announce("scoring")
    probes = _probes(inputs, vectors)
    points = {str(name): projection.points for name, projection in laid.items()}
    clusters = {str(name): clustering["all"].clusters for name, clustering in made.items()}
    command = runs.command()
    units = {
        scope: resampled_units(inputs.collection, rows) for scope, rows in labels.scopes.items()
    }
    atlas = Atlas(
        format=FORMAT,
        command=command,
        inputs=inputs.cache.key,
        run=source.record,
        collection=str(inputs.collection.path.resolve()),
        collection_fingerprint=source.collection_fingerprint,
        supervised=source.supervised,
        pretrained=source.pretrained,
        unmatched=source.unmatched,
        paintings=len(raw),
        test=len(labels.splits["test"]),
        dimensions=raw.shape[1],
        preparation=preparation,
        settings=settings.model_dump(mode="json"),
        environment=runs.environment(),
        resampled=ByScope[ResampledUnits](all=units["all"], test=units.get("test")),
        maps=map_rows,
        clusterings=tuple(
            run_clusters(name, vectors, found, labels, settings) for name, found in made.items()
        ),
        baselines=baselines,
        probes=probes,
        retrieval=style_retrieval(vectors, labels, inputs.scope, settings, chance=True),
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
    directions = unit(vectors)
    near, _ = nearest(directions, directions, min(NEIGHBOURS, len(vectors) - 1), itself=True)
    write_tables(folder, inputs.collection, raw, points=points, clusters=clusters, near=near)
    return atlas.model_copy(update={"verdict": tuple(verdict(atlas))})


def _project(inputs: _Inputs, name: MapName, vectors: Vectors) -> Projection:
    """A map, out of the cache or made now."""

    def make() -> tuple[Vectors, Any]:
        inputs.announce(f"projecting: {TITLES[name]}")
        made = project(name, vectors, inputs.settings.seed)
        give_back_freed_memory()
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
    colours = histograms(inputs.collection.stored, stored_rows(inputs.collection))
    by_colour, clusterings = _baseline(
        inputs, kmeans, "colour_histogram", "Colour histograms", colours
    )
    inputs.announce("clustering: raw pixels")
    small = pixel_components(inputs.collection, dimensions, inputs.settings.seed)
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
            artists=labels.scope_draws(scope, settings),
        )
        for scope, rows in labels.scopes.items()
    }
    scores, chance = scores_by_scope(vectors, made, labels, settings)
    give_back_freed_memory()
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
        retrieval=style_retrieval(vectors, labels, inputs.scope, settings, chance=False),
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
        artists=labels.artist_draws(
            labels.splits["test"], resamples=settings.bootstrap_samples, seed=settings.seed
        ),
    )

"""The settings of an atlas."""

from typing import Literal

from pydantic import Field

from impasto.config import Device, Settings

MapName = Literal["pca", "svd", "tsne", "umap"]
MethodName = Literal["kmeans", "kmeans_chosen", "gmm", "ward", "spectral", "hdbscan"]
Preparation = Literal["none", "standardise", "unit", "whiten"]
MAPS: tuple[MapName, ...] = ("tsne", "umap", "pca", "svd")
"""In the order in which one of them becomes the main map."""
METHODS: tuple[MethodName, ...] = ("kmeans", "kmeans_chosen", "gmm", "ward", "spectral", "hdbscan")


class AtlasSettings(Settings):
    """How an atlas is made."""

    preparation: Preparation | Literal["auto"] = Field(
        "auto",
        description="of the vectors, before all else: none, standardise (each number), unit (length), whiten (PCA); "
        "auto standardises a classifier's and a painter's, and leaves an autoencoder's as they are",
    )
    maps: tuple[MapName, ...] | None = Field(
        None, description="pca, svd, tsne, umap; none: all that are installed"
    )
    clusterings: tuple[MethodName, ...] = Field(
        METHODS,
        min_length=1,
        description="kmeans, kmeans_chosen, gmm, ward, spectral, hdbscan; kmeans always is made",
    )
    probes: bool = Field(
        True, description="nearest neighbours and a linear probe, fitted on train, scored on test"
    )
    seeds: int = Field(5, ge=2, description="k-means again with so many seeds: is it the same?")
    permutations: int = Field(
        200, ge=20, description="shufflings of the styles behind what is called chance"
    )
    bootstrap_samples: int = Field(
        500, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    max_samples: int = Field(
        5000,
        ge=100,
        description="most paintings that Ward, spectral and HDBSCAN look at themselves",
    )
    device: Device = Field("auto", description="auto takes a CUDA device where there is one")
    seed: int = Field(0, ge=0, description="of everything random")

"""Settings of an atlas."""

from typing import Literal, get_args

from pydantic import Field

from impasto.config import Device, Settings
from impasto.records.atlas import MapName, MethodName, Preparation

MAPS: tuple[MapName, ...] = ("tsne", "umap", "pca", "svd")
"""In the order in which one of them becomes the main map."""
METHODS: tuple[MethodName, ...] = get_args(MethodName)


class AtlasSettings(Settings):
    """Settings of ``impasto atlas``."""

    preparation: Preparation | Literal["auto"] = Field(
        "auto",
        description="of the embedding, before all else: none, standardise (each dimension), unit "
        "(length), whiten (PCA); auto: standardise for a classifier and a painter, none for an "
        "autoencoder",
    )
    maps: tuple[MapName, ...] | None = Field(
        None, description=f"{', '.join(get_args(MapName))}; none: all that are installed"
    )
    clusterings: tuple[MethodName, ...] = Field(
        METHODS, min_length=1, description=f"{', '.join(METHODS)}; kmeans is always made"
    )
    probes: bool = Field(
        True, description="nearest neighbours and a linear probe, fitted on train, scored on test"
    )
    seeds: int = Field(5, ge=2, description="seeds of k-means behind its stability")
    permutations: int = Field(200, ge=20, description="permutations of the styles behind chance")
    bootstrap_samples: int = Field(
        500, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    max_samples: int = Field(
        5000, ge=100, description="most paintings that Ward, spectral and HDBSCAN are fitted on"
    )
    device: Device = "auto"
    seed: int = Field(0, ge=0, description="of everything random")

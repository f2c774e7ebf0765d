"""Embeddings of a collection by the network of a run, chunk by chunk."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, assert_never

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.config import Device
from impasto.devices import accelerator_on
from impasto.embedding.cache import AtlasCache
from impasto.errors import RunError
from impasto.images.tensors import byte_tensor
from impasto.models.preprocess import plain
from impasto.records.run import Run, RunKind
from impasto.weights import autoencoder_of, classifier_of, painter_of

Vectors = NDArray[np.float32]
Encoder = Callable[[NDArray[np.uint8]], Vectors]
EMBEDDING_KINDS: Final[tuple[RunKind, ...]] = ("classifier", "autoencoder", "painter")
"""Kinds of runs whose networks embed pictures."""
BATCH, CHUNK = 64, 1024


class Embedder(Protocol):
    """A network that embeds pictures."""

    def embed(self, x: Tensor) -> Tensor:
        """Embed pictures ``float (B, 3, R, R)`` in [-1, 1] as ``(B, D)``."""


def encoder(run: Run, device: Device) -> Encoder:
    """Return the function from pictures ``uint8 (B, H, W, 3)`` to embeddings ``float32 (B, D)``.

    Raises:
        RunError: the run has no weights, or is of a kind without embeddings.
        SettingsError: there is no such device.
    """
    place = accelerator_on(device).device
    network, resolution = _network(run, place), int(run.settings["resolution"])

    @torch.no_grad()
    def encode(pictures: NDArray[np.uint8]) -> Vectors:
        x = plain(byte_tensor(pictures).to(place), resolution)
        return np.asarray(network.embed(x).float().cpu().numpy())

    return encode


def embed_collection(collection: Collection, encode: Encoder, cache: AtlasCache) -> Vectors:
    """Embed a collection, ``float32 (N, D)`` in its order; chunks in the cache are not repeated."""

    def chunk(start: int) -> tuple[Vectors, None]:
        rows = collection.pixels[start : start + CHUNK]
        parts = [encode(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
        return np.concatenate(parts), None

    chunks = [
        cache.array(f"vectors-{start // CHUNK:05d}", partial(chunk, start))[0]
        for start in range(0, len(collection), CHUNK)
    ]
    return np.concatenate(chunks).astype(np.float32, copy=False)


def _network(run: Run, device: torch.device) -> Embedder:
    match run.kind:
        case "classifier":
            return classifier_of(run, device)
        case "autoencoder":
            return autoencoder_of(run, device)
        case "painter":
            return painter_of(run, device)
        case "lora":
            raise RunError(f"{run.path} holds a LoRA, which embeds no pictures: give another run")
        case _:
            assert_never(run.kind)

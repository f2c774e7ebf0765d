"""Every painting of a collection as a vector, by the network of a run of any kind, chunk by chunk."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.config import Device
from impasto.errors import RunError
from impasto.images.tensors import byte_tensor
from impasto.models.preprocess import plain
from impasto.records.run import Run, RunKind
from impasto.state.array_cache import cached_arrays
from impasto.weights import accelerator_on, autoencoder_of, classifier_of, painter_of

Vectors = NDArray[np.float32]
Encoder = Callable[[NDArray[np.uint8]], Vectors]
REPRESENTING: Final[tuple[RunKind, ...]] = ("classifier", "autoencoder", "painter")
"""Kinds of runs whose networks have representations."""
BATCH, CHUNK = 64, 1024


class Embedder(Protocol):
    """What every network with representations can do."""

    def embed(self, x: Tensor) -> Tensor:
        """Representations ``(B, D)`` of pictures ``float (B, 3, R, R)`` in [-1, 1]."""


def encoder(run: Run, device: Device) -> Encoder:
    """What turns pictures ``uint8 (B, H, W, 3)`` into representations ``float32 (B, D)``.

    Raises:
        RunError: the run has no weights, or is of a kind without representations.
        SettingsError: there is no such device.
    """
    place = accelerator_on(device).device
    network, resolution = _network(run, place), int(run.settings["resolution"])

    @torch.no_grad()
    def encode(pictures: NDArray[np.uint8]) -> Vectors:
        x = plain(byte_tensor(pictures).to(place), resolution)
        return np.asarray(network.embed(x).float().cpu().numpy())

    return encode


def represent(collection: Collection, encode: Encoder, work: Path, key: str) -> Vectors:
    """Representations ``float32 (N, D)`` in the collection's order; what an earlier call wrote is not made again.

    Args:
        collection: with pictures.
        encode: pictures to vectors.
        work: the folder for chunks.
        key: of the weights and pictures; chunks of another are made anew.
    """

    def chunk(start: int) -> dict[str, NDArray[np.floating]]:
        rows = collection.pixels[start : start + CHUNK]
        parts = [encode(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
        return {"vectors": np.concatenate(parts)}

    chunks = []
    for start in range(0, len(collection), CHUNK):
        made = cached_arrays(
            work / f"vectors-{start // CHUNK:05d}.safetensors",
            key,
            lambda at=start: chunk(at),  # type: ignore[misc]
        )
        chunks.append(np.asarray(made["vectors"], np.float32))
    return np.concatenate(chunks)


def _network(run: Run, device: torch.device) -> Embedder:
    if run.kind == "classifier":
        return classifier_of(run, device)
    if run.kind == "autoencoder":
        return autoencoder_of(run, device)
    if run.kind == "painter":
        return painter_of(run, device)
    raise RunError(
        f"{run.path} holds a {run.kind}, whose pictures have no representation: give another run"
    )

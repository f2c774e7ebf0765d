"""Cached logits and features: computed once for each network, and stored.

So an interrupted comparison goes on where it was, and a new head costs seconds.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.config import parse
from impasto.evaluation.loaded_classifier import BATCH, LoadedClassifier
from impasto.evaluation.settings import EvaluateSettings
from impasto.state.array_cache import cached_arrays
from impasto.state.fingerprint import fingerprint
from impasto.training.augment import AugmentSettings, augment
from impasto.training.pixel_batches import Pictures

VIEWS = EvaluateSettings().views
"""Views of validation and test pictures: those of ``impasto evaluate``."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SplitOutputs:
    """Logits ``float32 (N, styles)`` and features ``float32 (N, D)`` of one split."""

    logits: Floats
    features: Floats


@dataclass(frozen=True, slots=True)
class CachedOutputs:
    """A network's outputs for validation and test pictures, averaged over the views."""

    validation: SplitOutputs
    test: SplitOutputs


def cached_outputs(network: LoadedClassifier, collection: Collection, path: Path) -> CachedOutputs:
    """Return a network's outputs, from the file at ``path`` where it holds those of its weights."""

    def make() -> dict[str, NDArray[np.floating]]:
        made: dict[str, NDArray[np.floating]] = {}
        for split in ("validation", "test"):
            outputs = network.outputs(collection, collection.indices(split), VIEWS)
            made[f"{split}_logits"], made[f"{split}_features"] = outputs.logits, outputs.features
        return made

    found = cached_arrays(path, _key(network, collection, VIEWS.flip, VIEWS.scales), make)
    return CachedOutputs(
        SplitOutputs(found["validation_logits"], found["validation_features"]),
        SplitOutputs(found["test_logits"], found["test_features"]),
    )


def training_views(
    network: LoadedClassifier, collection: Collection, path: Path, views: int
) -> NDArray[np.float16]:
    """Return features of the training pictures, ``float16 (views, N, D)``.

    They are augmented as in training but not mixed; from the file at ``path`` where it holds those
    of these weights.
    """
    rows = collection.indices("train")

    @torch.no_grad()
    def make() -> dict[str, NDArray[np.floating]]:
        varied = {**network.run.settings["augment"], "cutmix": 0.0, "mixup": 0.0}
        settings = parse(AugmentSettings, varied, str(network.run.path / "run.json"))
        features = []
        for view in range(views):
            generator = torch.Generator().manual_seed(
                (network.run.settings["seed"] * 1_000_003 + view) % 2**63
            )
            for start in range(0, len(rows), BATCH):
                pictures = Pictures.gather(collection, rows[start : start + BATCH]).to(
                    network.accelerator.device
                )
                blank = torch.zeros(len(pictures), 1, device=pictures.device)
                x, _ = augment(
                    pictures,
                    blank,
                    settings=settings,
                    resolution=network.resolution,
                    generator=generator,
                )
                features.append(network.model.embed(x).float().cpu().numpy().astype(np.float16))
        return {"train": np.concatenate(features).reshape(views, len(rows), -1)}

    return cached_arrays(path, _key(network, collection, views), make)["train"]


def _key(network: LoadedClassifier, collection: Collection, *more: object) -> str:
    weights = network.run.weights_fingerprint
    return fingerprint(weights=weights, collection=collection.fingerprint, views=more)

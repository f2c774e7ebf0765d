"""What networks say of the validation and test pictures, and what the plain one sees in the training pictures.

All of it is looked at once and kept on disk, so that an interrupted comparison goes on and a new
head costs seconds.
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
"""How validation and test pictures are looked at: as ``impasto evaluate`` does."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """Validation and test pictures as a network sees them, the mean over the evaluation's views.

    Attributes:
        logits: of validation, of test: ``float32 (V, styles)`` and ``(T, styles)``.
        embedded: representations, ``float32 (V, D)`` and ``(T, D)``.
    """

    logits: tuple[Floats, Floats]
    embedded: tuple[Floats, Floats]


def look(network: LoadedClassifier, collection: Collection, path: Path) -> Seen:
    """What a network sees in validation and test pictures, from the file at ``path`` where it is of these weights."""
    rows = [collection.indices("validation"), collection.indices("test")]

    def make() -> dict[str, NDArray[np.floating]]:
        looked = [
            network.logits_and_features(
                lambda at, mine=mine: collection.pixels[mine[at]],  # type: ignore[misc]
                len(mine),
                VIEWS,
            )
            for mine in rows
        ]
        named = [(f"{kind}{split}", looked[split][kind]) for split in (0, 1) for kind in (0, 1)]
        return dict(named)

    found = cached_arrays(path, _key(network, collection, VIEWS.flip, VIEWS.scales), make)
    return Seen((found["00"], found["01"]), (found["10"], found["11"]))


def training_views(
    network: LoadedClassifier, collection: Collection, path: Path, views: int
) -> NDArray[np.float16]:
    """Representations of the training pictures, varied as in training but not mixed, ``float16 (views, N, D)``.

    From the file at ``path`` where it holds those of these weights.
    """
    rows = collection.indices("train")

    @torch.no_grad()
    def make() -> dict[str, NDArray[np.floating]]:
        varied = {**network.run.settings["augment"], "cutmix": 0.0, "mixup": 0.0}
        settings = parse(AugmentSettings, varied, str(network.run.path / "run.json"))
        seen = []
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
                seen.append(network.model.embed(x).float().cpu().numpy().astype(np.float16))
        return {"train": np.concatenate(seen).reshape(views, len(rows), -1)}

    return cached_arrays(path, _key(network, collection, views), make)["train"]


def _key(network: LoadedClassifier, collection: Collection, *more: object) -> str:
    weights = network.run.weights_fingerprint
    return fingerprint(weights=weights, collection=collection.fingerprint, views=more)

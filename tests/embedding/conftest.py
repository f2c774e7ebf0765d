"""One small run and its atlas for the tests that only look."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from impasto.collection.collection import Collection
from impasto.embedding.make_atlas import Atlas, make_atlas
from impasto.embedding.settings import AtlasSettings
from impasto.records.run import Run
from impasto.training.classifier.train import train_classifier
from quick_settings import CLASSIFIER, STYLES

QUICK = AtlasSettings(
    maps=("pca", "svd"), permutations=40, bootstrap_samples=100, seeds=2, device="cpu"
)


@dataclass(frozen=True)
class Mapped:
    collection: Collection
    run: Run
    atlas: Atlas


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mapped(
    make_collection: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory
) -> Mapped:
    """A run that learned four styles of stripes, and its atlas."""
    collection = make_collection(styles=STYLES, train=(60, 45, 30, 24), test=12, artists=4)
    run = train_classifier(collection, tmp_path_factory.mktemp("mapped") / "run", CLASSIFIER)
    return Mapped(collection, run, make_atlas(run.path, settings=QUICK))


@pytest.fixture
def quick() -> AtlasSettings:
    return QUICK

"""One small run and its atlas for the tests that only look."""

from dataclasses import dataclass

import pytest

from impasto.collection.collection import Collection
from impasto.embedding.make_atlas import Atlas, make_atlas
from impasto.embedding.settings import AtlasSettings
from impasto.records.run import Run
from impasto.training.classifier.train import train_classifier
from quick_settings import CLASSIFIER

QUICK = AtlasSettings(
    maps=("pca", "svd"), permutations=40, bootstrap_samples=100, seeds=2, device="cpu"
)


@dataclass(frozen=True)
class Mapped:
    collection: Collection
    run: Run
    atlas: Atlas


@pytest.fixture(scope="session")
def mapped(four_styles: Collection, tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    """A run that learned four styles of stripes, and its atlas."""
    run = train_classifier(four_styles, tmp_path_factory.mktemp("mapped") / "run", CLASSIFIER)
    return Mapped(four_styles, run, make_atlas(run.path, settings=QUICK))


@pytest.fixture
def quick() -> AtlasSettings:
    return QUICK

"""One small trained and evaluated run for the tests that only look."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from impasto.collection.collection import Collection
from impasto.evaluation.classifier import evaluate_classifier
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.run import Run
from impasto.training.classifier.train import train_classifier
from quick_settings import CLASSIFIER


@dataclass(frozen=True)
class Trained:
    collection: Collection
    run: Run
    evaluation: ClassifierEvaluation


@pytest.fixture(scope="session")
def trained(four_styles: Collection, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run that learned four styles of stripes, and its evaluation."""
    run = train_classifier(four_styles, tmp_path_factory.mktemp("trained") / "run", CLASSIFIER)
    return Trained(four_styles, run, evaluate_classifier(run.path))


@pytest.fixture
def run_of() -> Callable[[Collection, Path], Run]:
    """A factory: the run of ``CLASSIFIER`` on a collection."""
    return lambda collection, path: train_classifier(collection, path, CLASSIFIER)

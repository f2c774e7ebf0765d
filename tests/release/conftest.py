"""One small classifier, trained, evaluated and exported once, and pictures of many shapes."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.collection.collection import Collection
from impasto.evaluation.classifier import evaluate_classifier
from impasto.gallery.gallery import SampleSettings, paint_gallery
from impasto.records.run import Run
from impasto.release.export_run import Exported, export_run
from impasto.release.settings import ExportSettings
from impasto.training.classifier.train import train_classifier
from quick_settings import CLASSIFIER

SHAPES = (
    (90, 60), (60, 90), (32, 32), (33, 200), (200, 33), (7, 5), (1, 1), (128, 96), (210, 300),
    (700, 500), (500, 740), (400, 4), (3, 350), (64, 64), (97, 193),
)  # fmt: skip
"""Heights and widths: portrait, landscape, tiny, large, and strips."""


@dataclass(frozen=True)
class Released:
    collection: Collection
    run: Run
    exported: Exported
    space: Path


@pytest.fixture(scope="session")
def released(four_styles: Collection, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A classifier of four styles with its export, card and Space."""
    root = tmp_path_factory.mktemp("released")
    run = train_classifier(four_styles, root / "run", CLASSIFIER)
    evaluate_classifier(run.path)
    exported = export_run(run, root / "out", ExportSettings(card=True), space=root / "space")
    return Released(four_styles, run, exported, root / "space")


@pytest.fixture(scope="session")
def many_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 pictures of the sample gallery in many shapes, as PNG."""
    root = tmp_path_factory.mktemp("gallery")
    paint_gallery(root / "gallery", SampleSettings(pictures=64, pixels=96))
    sources = sorted((root / "gallery").rglob("*.jpg"))
    (root / "many").mkdir()
    for number in range(100):
        with Image.open(sources[number % len(sources)]) as image:
            height, width = SHAPES[number % len(SHAPES)]
            resized = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
            resized.save(root / "many" / f"{number:03d}.png")
    return root / "many"


def without(*packages: str) -> str:
    """Code after which these packages cannot be imported."""
    return (
        "import sys\n"
        "class Guard:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name.split('.')[0] in {packages!r}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Guard())\n"
    )


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run code in a process that can import neither impasto nor torch; its output."""
    place = tmp_path_factory.mktemp("alone")

    def run(code: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-I", "-c", without("impasto", "torch", "transformers") + code,
             *map(str, arguments)],
            cwd=place, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def levels(path: Path) -> np.ndarray:
    """A picture as ``uint8 (H, W, 3)``."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))

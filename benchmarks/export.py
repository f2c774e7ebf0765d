"""Time of one picture in an exported classifier, beside PyTorch, on one core.

    python benchmarks/export.py RUN                  a classifier's run, evaluated or not

For pictures of several sizes: ``model.onnx`` in onnxruntime, the same module in PyTorch, and
``impasto predict`` on a square that is decoded already; with the views of the run's evaluation, and
with one view. Ways take turns, over and over, so that whatever else the machine does meets them all
alike; the least time of each counts. Nothing is decoded.
"""

import argparse
import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch reads it

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from impasto.evaluation.predict import Predictor, PredictSettings
from impasto.models.predictor import StylePredictor
from impasto.records.run import open_run
from impasto.release.onnx_files import Graph, write_onnx
from impasto.release.parts import Parts, parts_of
from impasto.release.settings import ExportSettings

FORM = "{:>12} {:>6} {:>12} {:>10} {:>10} {:>6}"
SIZES = ((128, 128), (256, 256), (768, 1024), (3000, 4000))


def main() -> None:
    """Export, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run = open_run(arguments.run, "classifier")
    parts = parts_of(run, ExportSettings(), lambda line: None)
    predictor = Predictor.open(run.path, PredictSettings(device="cpu"))
    views = 2 * len(parts.facts["views"]["sides"]) if parts.facts["views"]["flip"] else 1
    titles = ("picture", "views", "onnxruntime", "PyTorch", "predict", "ratio")
    print(FORM.format(*titles))
    for number, module in ((views, parts.graphs["model.onnx"].module), (1, _one_view(parts))):
        session = _session(parts.graphs["model.onnx"], module)
        for height, width in SIZES:
            pictures = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
            ways: dict[str, Callable[[], object]] = {
                "onnxruntime": lambda given=pictures, s=session: s.run(None, {"pictures": given}),
                "PyTorch": lambda given=pictures, m=module: m(torch.from_numpy(given)),
            }
            if number == views:
                stored = np.resize(pictures, (1, predictor.size, predictor.size, 3))
                ways["predict"] = lambda given=stored: predictor.predict([Path("x")], given)
            least = _least(ways, arguments.rounds)
            line = [f"{1000 * least[name]:.1f} ms" if name in least else "–" for name in
                    ("onnxruntime", "PyTorch", "predict")]  # fmt: skip
            ratio = f"{least['PyTorch'] / least['onnxruntime']:.2f}"
            print(FORM.format(f"{width} × {height}", number, *line, ratio))


def _one_view(parts: Parts) -> StylePredictor:
    """The predictor with whole pictures at the training's resolution alone."""
    whole = parts.module
    assert isinstance(whole, StylePredictor)
    resolution = whole.config.resolution
    config = replace(
        whole.config,
        flip=False,
        preparation=replace(whole.config.preparation, sides=(resolution,)),
    )
    made = StylePredictor(config, whole.network)
    made.offset, made.limits = whole.offset, whole.limits
    return made.eval()


def _session(like: Graph, module: torch.nn.Module) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        outputs = like.outputs if not isinstance(module, StylePredictor) else (
            "probabilities", "embedding", "set",
        )  # fmt: skip
        write_onnx(path, replace(like, module=module, outputs=outputs), {})
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@torch.no_grad()
def _least(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least seconds of each way."""
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            least[name] = min(least[name], time.perf_counter() - began)
    return least


if __name__ == "__main__":
    main()

"""Processes with other hash seeds and folder orders give the same predictions."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq

from quick_settings import STYLES

from .conftest import Trained

PROCESSES = 4
CODE = """
import sys, torch
from pathlib import Path
torch.set_num_threads(1)
import impasto
source, collection, run = map(Path, sys.argv[1:])
impasto.prepare(source, collection, impasto.PrepareSettings(pixels=32, workers=1))
impasto.evaluate(run, collection)
"""


def test_processes_agree(
    trained: Trained, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    original = picture_folder(styles=STYLES, train=10, test=5, artists=2, seed=4)
    files = sorted(path.relative_to(original) for path in original.rglob("*.jpg"))

    def one(number: int) -> tuple[str, dict[str, list[object]]]:
        """Styles and predictions of one process, on pictures copied in its own order."""
        folder = tmp_path / str(number)
        for file in random.Random(number).sample(files, len(files)):
            (folder / "source" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original / file, folder / "source" / file)
        run = shutil.copytree(
            trained.run.path, folder / "run", ignore=shutil.ignore_patterns("evaluation*", "last")
        )
        arguments = [sys.executable, "-c", CODE, folder / "source", folder / "collection", run]
        environment = {**os.environ, "PYTHONHASHSEED": str(number), "OMP_NUM_THREADS": "1"}
        subprocess.run(arguments, env=environment, check=True, capture_output=True)
        table = pq.read_table(run / "evaluation-collection" / "predictions.parquet")
        return (folder / "collection" / "styles.json").read_text(), table.to_pydict()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, range(PROCESSES)))
    assert len(results[0][1]["id"]) == 20
    assert all(result == results[0] for result in results[1:])

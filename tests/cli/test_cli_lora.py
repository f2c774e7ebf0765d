"""The verbs of a LoRA as their users meet them:

train, extend, paint, score, and refusals in one line.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from impasto.collection.collection import Collection

QUICK = (
    "epoch_pictures=4", "batch_size=2", "rank=2", "resolution=32", "warmup_steps=0", "preview_every=0", "buckets=false",
    "held_out=2",
)  # fmt: skip


def impasto(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "impasto", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_from_a_base_to_pictures_in_every_style(
    make_collection: Callable[..., Collection], tiny_base: Callable[..., Path], tmp_path: Path
) -> None:
    collection, run = make_collection(train=4, test=1), tmp_path / "lora"
    settings = [word for text in QUICK for word in ("--set", text)]
    train = (
        "train",
        "lora",
        collection.path,
        "-o",
        run,
        "--base",
        tiny_base(),
        "--device",
        "cpu",
        *settings,
    )
    done = impasto(*train, "--epochs", 1, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["state"] == "done"
    assert {finding["code"] for finding in told["findings"]} == {"IMP202", "IMP601", "IMP602"}
    assert done.stderr == ""
    done = impasto(
        "paint",
        run,
        "--prompt",
        "a boat",
        "--style",
        "all",
        "-o",
        tmp_path / "out",
        "--set",
        "steps=2",
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert (tmp_path / "out" / "Diagonals" / "a-boat-0.png").is_file()
    done = impasto("evaluate", run)
    assert done.returncode == 2
    assert "no judge in" in done.stderr
    done = impasto("paint", run, "--style", "Cubism")
    assert done.returncode == 2
    assert done.stderr.startswith("impasto: error: ")
    assert len(done.stderr.splitlines()) == 1

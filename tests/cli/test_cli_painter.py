"""The verbs of a painter as its users meet them: train, score, paint, and refusals in one line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from impasto.collection.collection import Collection

QUICK = ("batch_size=12", "resolution=48", "embedding=8", "precision=float32")
TEACH = (
    "teach.size=tiny",
    "teach.epochs=1",
    "teach.batch_size=12",
    "teach.resolution=48",
    "teach.precision=float32",
)


def impasto(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "impasto", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def with_set(*assignments: str) -> list[str]:
    return [word for text in assignments for word in ("--set", text)]


def test_from_a_collection_to_pictures_in_every_style(
    make_collection: Callable[..., Collection], picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    collection, run = (
        make_collection(train=16, test=3, size=48, stored=48, validation_share=0.2),
        tmp_path / "painter",
    )
    train = (
        "train",
        "painter",
        collection.path,
        "-o",
        run,
        "--size",
        "tiny",
        "--epochs",
        1,
        "--device",
        "cpu",
    )
    done = impasto(*train, *with_set(*QUICK, *TEACH), "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "done" and done.stderr == ""

    done = impasto(
        "evaluate",
        run,
        "--device",
        "cpu",
        "--quiet",
        "--json",
        *with_set(*TEACH, "bootstrap_samples=100"),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {finding["code"] for finding in told["findings"]} >= {"IMP311", "IMP312", "IMP315"}
    assert (
        told["judge"]["network"] == "residual"
    )  # though other settings of its training were given

    pictures = picture_folder(train=2, test=1) / "train" / "Bands"
    done = impasto(
        "paint",
        run,
        pictures,
        "--style",
        "all",
        "--mix",
        "Bands:0.6,Columns:0.4",
        "-o",
        tmp_path / "out",
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2 * 4
    assert (tmp_path / "out" / "Diagonals" / "train000.png").is_file() and (
        tmp_path / "out" / "grid.png"
    ).is_file()

    for words, message in {
        ("--style", "Cubism"): "unknown style 'Cubism': known are Bands, Columns, Diagonals",
        (
            "--style",
            "Bands",
            "--prompt",
            "a boat",
        ): "--prompt is nothing that a painter can do: leave it out",
        ("--style", "Bands", "--strength", "2"): "strength",
    }.items():
        done = impasto("paint", run, pictures, *words, "-o", tmp_path / "not")
        assert done.returncode == 2 and message in done.stderr
        assert done.stderr.startswith("impasto: error: ") and len(done.stderr.splitlines()) == 1
    done = impasto("paint", run, "--style", "Bands", "-o", tmp_path / "not")
    assert done.returncode == 2 and "a painter paints pictures anew: name some" in done.stderr
    assert not (tmp_path / "not").exists()


def test_the_courses_form_is_a_preset(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    collection, run = (
        make_collection(train=16, test=3, size=48, stored=48, validation_share=0.2),
        tmp_path / "course",
    )
    train = (
        "train",
        "painter",
        collection.path,
        "-o",
        run,
        "--preset",
        "course",
        "--size",
        "tiny",
        "--epochs",
        1,
    )
    done = impasto(*train, *with_set(*QUICK), "--quiet")
    assert done.returncode == 0, done.stderr
    settings = json.loads((run / "run.json").read_text())["settings"]
    assert (settings["styling"], settings["own"], settings["critic"], settings["batch_size"]) == (
        "plane",
        1,
        0,
        12,
    )
    assert not (run / "critic").exists()

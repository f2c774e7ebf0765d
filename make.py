"""``make`` without make: ``python make.py demo``, on every system that has Python 3.11 or later.

demo    the sample gallery, a classifier from scratch, its evaluation and the report, in demo/
test    the tests
lint, docs, bench, fuzz, faults: for people who change the code
clean   remove demo/ and .venv

All but ``clean`` make .venv first. On a machine without an NVIDIA GPU it gets the build of torch
for the processor (0.2 GB instead of several), where its index can be reached.
"""

import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
READY = VENV / ".ready"
PINS = ("pyproject.toml", "constraints.txt")
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
BENCHMARKS = ("decode", "course_baseline", "peers", "statistics")


def main(arguments: Sequence[str]) -> int:
    """Run one target; the exit status of what it ran."""
    target = arguments[0] if len(arguments) == 1 else ""
    if target == "clean":
        for folder in (ROOT / "demo", VENV):
            shutil.rmtree(folder, ignore_errors=True)
        return 0
    commands = targets().get(target)
    if commands is None:
        print(__doc__)
        return 2
    if not is_ready():
        try:
            install()
        except subprocess.CalledProcessError as error:
            print("make.py: .venv could not be made; the reason is above, or in:", file=sys.stderr)
            print(error, file=sys.stderr)
            return 1
    surroundings = os.environ | {"OMP_NUM_THREADS": "1"} if target in ONE_THREAD else None
    for command in commands:
        status = subprocess.run(command, cwd=ROOT, env=surroundings, check=False).returncode
        if status:
            return status
    if target == "demo":
        study = ROOT / "demo" / "study"
        print(f"\nReport              {(study / 'report.html').as_uri()}")
        print(f"Paintings on a map  {(study / 'site' / 'index.html').as_uri()}")
        program = (BIN / "impasto").relative_to(ROOT)
        print(f"A picture of yours  {program} serve demo/study --open")
    return 0


ONE_THREAD = ("test", "fuzz", "faults")
"""Targets that run a process for each core, or compare times: each with one thread."""


def targets() -> dict[str, list[list[str]]]:
    """The commands of each target."""
    python = str(BIN / "python")
    impasto, study = [python, "-m", "impasto"], "demo/study"
    test = [python, "-m", "pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    return {
        "demo": [
            [*impasto, "study", "-o", study, "--config", "recipes/demo.toml"],
            [*impasto, "predict", f"{study}/runs/classifier", f"{study}/gallery/test/Impasto",
             "-o", "demo/heatmaps"],
        ],
        "test": [test],
        "lint": [
            [python, "-m", "ruff", "check", "."],
            [python, "-m", "ruff", "format", "--check", "."],
            [python, "-m", "mypy"],
        ],
        "docs": [
            [python, "docs/make_reference.py"],
            [python, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", "build/docs"],
        ],
        "bench": [[python, f"benchmarks/{name}.py"] for name in BENCHMARKS],
        "fuzz": [[python, "benchmarks/fuzz.py"]],
        "faults": [[python, "benchmarks/faults.py"]],
    }  # fmt: skip


def is_ready() -> bool:
    """Whether .venv was made from today's pins."""
    if not READY.is_file():
        return False
    return all(READY.stat().st_mtime >= (ROOT / name).stat().st_mtime for name in PINS)


def install() -> None:
    """Make .venv and install impasto into it, with what tests need."""
    print("installing into .venv: some minutes, and about 2 GB of disk", flush=True)
    venv.create(VENV, with_pip=True)
    line = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    index = ["--extra-index-url", CPU_TORCH] if wants_cpu_torch() else []
    pins = ["-c", "constraints.txt"]
    subprocess.run([*line, *pins, *index, "-e", ".[dev]"], cwd=ROOT, check=True)
    READY.touch()


def wants_cpu_torch() -> bool:
    """Whether torch should be the build for the processor: no NVIDIA GPU, and its index answers."""
    if sys.platform == "darwin" or shutil.which("nvidia-smi"):
        return False
    try:
        with socket.create_connection((CPU_TORCH.split("/")[2], 443), timeout=3):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

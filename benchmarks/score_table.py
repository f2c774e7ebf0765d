"""What the benchmarks of classifiers share: options, the collection, scores on a page of docs/."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from impasto.collection.collection import Collection, open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.training.augment import AugmentSettings

ROOT = Path(__file__).resolve().parents[1]
RESAMPLES = 1000
UNCHANGED = AugmentSettings(
    crop_scale=(1.0, 1.0),
    crop_ratio=1.0,
    flip=False,
    brightness=0.0,
    contrast=0.0,
    saturation=0.0,
    cutmix=0.0,
)


def parser(description: str | None, page: Path, work: str) -> argparse.ArgumentParser:
    """The options that they have in common; ``work`` tells what the folder of work is for."""
    made = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    paintings = ROOT.parent / "shared" / "paintings"
    made.add_argument(
        "--paintings", default=paintings, help="a folder of paintings by style, or a collection"
    )
    made.add_argument("--work", type=Path, help=work)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--quiet", action="store_true", help="no progress on standard error")
    made.add_argument(
        "--json", action="store_true", help="print one JSON object instead of the table"
    )
    made.add_argument(
        "--write", action="store_true", help=f"put the table into {page.relative_to(ROOT)}"
    )
    return made


def opened(arguments: argparse.Namespace, work: Path, pixels: int) -> Collection:
    """The collection that was named, or one made of the folder that was."""
    source = Path(arguments.paintings)
    if (source / "collection.json").is_file():
        return open_collection(source)
    settings = PrepareSettings(pixels=pixels)
    return prepare(source, work / "collection", settings, progress=not arguments.quiet)


def percent(score: dict[str, float]) -> str:
    """A score with its interval."""
    return f"{100 * score['value']:.1f} % ({100 * score['low']:.1f}–{100 * score['high']:.1f})"


def told(
    arguments: argparse.Namespace,
    measured: dict[str, Any],
    table: Callable[[dict[str, Any]], str],
    script: str,
    page: Path,
) -> None:
    """Print what was measured, and put it on the page where that was asked for."""
    print(json.dumps(measured) if arguments.json else table(measured))
    if arguments.write:
        command = " ".join([f"python benchmarks/{script}", *sys.argv[1:]])
        write(f"`{command}`:\n\n{table(measured)}", script, page)


def write(text: str, script: str, page: Path) -> None:
    """Put a script's table between its marks on a page."""
    begin, end = (f"<!-- benchmarks/{script}: {mark} -->" for mark in ("begin", "end"))
    head, rest = page.read_text(encoding="utf-8").split(begin)
    page.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")

"""How do time and memory grow with the number of pictures? Prepare, audit, train, atlas and page.

    python benchmarks/growth.py FOLDER [--pictures 5000 20000 81446] [--pixels 64]

For each number it writes so many small files into FOLDER unless they are there, in 27 styles with a
long tail, by artists and with years, some of them copies. Then it runs the stages as commands of
their own: the training is one epoch of the smallest network, for the atlas takes a run. Prints a
line a stage: seconds of wall clock and of processor, the peak of memory, and the peak of memory
that is no file's (Linux; the mapped pixels are one); from the second number on also how the
processor time grew against n log n. The load of the machine stands in the last line.
"""

import argparse
import io
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

STYLES: Final = 27
ARTISTS: Final = 1100
SIDE: Final = 96  # pixels of a file
COPIES: Final = 100  # one file in so many is an equal one, one a smaller one


@dataclass(frozen=True, slots=True)
class Spent:
    """What one command took.

    Attributes:
        wall: in seconds.
        cpu: in seconds.
        peak: of memory, in MB.
        anonymous: of memory that belongs to no file, in MB; not known everywhere.
    """

    wall: float
    cpu: float
    peak: int
    anonymous: int | None


def make_pictures(folder: Path, count: int) -> None:
    """Write ``count`` JPEGs of soft shapes about a tone of their style."""
    rng = np.random.default_rng(0)
    shares = 0.85 ** np.arange(STYLES)
    of_artist = rng.choice(STYLES, ARTISTS, p=shares / shares.sum())
    artists = rng.integers(0, ARTISTS, count)
    tones = rng.integers(60, 196, (STYLES, 3))
    for style in range(STYLES):
        (folder / f"Style_{style:02d}").mkdir(parents=True)
    data = b""
    for row, artist in enumerate(artists.tolist()):
        style, year = int(of_artist[artist]), 1500 + artist % 400
        name = (
            f"artist-{artist}_work-{row}-{year}.jpg" if row % 2 else f"artist-{artist}_w-{row}.jpg"
        )
        if row % COPIES != 1:  # else the bytes of the one before
            side = SIDE // 2 if row % COPIES == 3 else SIDE
            if row % COPIES != 3:  # else its picture, smaller
                coarse = (tones[style] + rng.normal(0, 50, (12, 12, 3))).clip(0, 255)
                small = Image.fromarray(coarse.astype(np.uint8))
            stream = io.BytesIO()
            small.resize((side, side), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=88)
            data = stream.getvalue()
        (folder / f"Style_{style:02d}" / name).write_bytes(data)


def spent(arguments: Sequence[str], log: Path) -> Spent:
    """Run one command of impasto."""
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "impasto", *arguments], stdout=stream, stderr=stream
        )
        ended, most = threading.Event(), [0]
        watch = threading.Thread(target=_watch, args=(process.pid, ended, most))
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        ended.set()
        watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: a finding
        sys.exit(f"impasto {' '.join(arguments)} failed: see {log}")
    return Spent(
        wall=time.perf_counter() - began,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss // 1024,
        anonymous=most[0] // 1024 or None,
    )


def _watch(pid: int, ended: threading.Event, most: list[int]) -> None:
    """Keep the peak of a process's anonymous memory, in KB."""
    while not ended.wait(0.05):
        try:
            text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            return
        lines = [line.split() for line in text.splitlines() if line.startswith("RssAnon:")]
        most[0] = max([most[0], *(int(line[1]) for line in lines)])


def stages(folder: Path, count: int, pixels: int) -> Iterator[tuple[str, Spent]]:
    """Run every stage on so many pictures, each with what it took."""
    source, study = folder / f"pictures-{count}", folder / f"study-{count}"
    if not source.is_dir():
        making = source.with_suffix(".part")
        shutil.rmtree(making, ignore_errors=True)
        make_pictures(making, count)
        making.rename(source)
    shutil.rmtree(study, ignore_errors=True)
    study.mkdir()
    collection, run = str(study / "collection"), str(study / "runs" / "classifier")
    commands = {
        "prepare": ["prepare", str(source), "-o", collection, "--pixels", str(pixels), "-q"],
        "prepare again": ["prepare", str(source), "-o", collection, "--pixels", str(pixels), "-q"],
        "audit": ["audit", collection, "-q"],
        "train": ["train", "classifier", collection, "-o", run, "--size", "tiny", "--epochs", "1",
                  "--resolution", "32", "-q"],
        "atlas": ["atlas", run, "-q"],
        "page": ["site", str(study)],
    }  # fmt: skip
    for stage, arguments in commands.items():
        yield stage, spent(arguments, study / f"{stage.replace(' ', '-')}.log")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, nargs="+", default=[81_446])
    parser.add_argument("--pixels", type=int, default=64, help="stored height and width")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    print("| pictures | stage | wall, s | CPU, s | memory, MB | of no file, MB | against n log n |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    before: dict[str, tuple[int, float]] = {}
    for count in asked.pictures:
        total = 0.0
        for stage, took in stages(asked.folder, count, asked.pixels):
            total += took.wall
            growth = "–"
            if stage in before:
                fewer, cpu = before[stage]
                growth = (
                    f"{took.cpu / cpu / (count * math.log(count) / fewer / math.log(fewer)):.2f}"
                )
            before[stage] = count, took.cpu
            print(
                f"| {count:,} | {stage} | {took.wall:.1f} | {took.cpu:.1f} | {took.peak:,} | "
                f"{took.anonymous or '–'} | {growth} |",
                flush=True,
            )
        print(f"| {count:,} | all | {total:.1f} | | | | |", flush=True)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"\n{os.cpu_count()} cores, load {load:.1f}, pixels of {asked.pixels}")


if __name__ == "__main__":
    main()

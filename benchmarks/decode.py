"""Decoding speed: impasto's ``decode`` beside plain Pillow, and two threads beside one.

    python benchmarks/decode.py                      pictures made here: 416 × 416, JPEG
    python benchmarks/decode.py --pictures FOLDER    your own JPEGs

One thread does every way in turn, over and over, so that whatever else the machine does meets them
all alike; what is compared is processor time. The threads are compared by the clock, over the whole
of ``prepare``'s decoding: reading, decoding, hashing, and writing the chunks that a killed
preparation goes on from. The last line is what two threads can
gain here at all: on a machine that is busy with other work it is near 1, and then the gain says
    nothing.
"""

import argparse
import hashlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.collection.entries import entry_of
from impasto.collection.parallel_decode import Waiting, decode_all, stat_all
from impasto.collection.settings import PrepareSettings
from impasto.images.decode import decode

SIZE = 128


def impasto(data: bytes) -> object:
    """What ``prepare`` does with a picture's bytes."""
    return decode(data, SIZE).pixels


def pillow(data: bytes) -> object:
    """What most loaders do."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def pillow_lanczos(data: bytes) -> object:
    """The same with the finest of Pillow's filters."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def pillow_draft(data: bytes) -> object:
    """Pillow told beforehand that less is needed; few loaders do, and it halves only: 416 → 208."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (SIZE, SIZE))
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC))


WAYS: dict[str, Callable[[bytes], object]] = {
    "impasto": impasto,
    "Pillow, bicubic": pillow,
    "Pillow, Lanczos": pillow_lanczos,
    "Pillow, bicubic, draft": pillow_draft,
}


def main() -> None:
    """Make or find the pictures, compare, print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        paths = (
            _found(arguments.pictures)
            if arguments.pictures
            else _painted(Path(folder), arguments.count)
        )
        paths = paths[: arguments.count]
        contents = [path.read_bytes() for path in paths]
        with Image.open(paths[0]) as image:
            shape = f"{image.width} × {image.height}"
        mean = sum(map(len, contents)) / len(contents) / 1024
        print(
            f"{len(paths)} JPEG pictures, the first {shape}, on average {mean:.0f} KiB; "
            f"{os.cpu_count()} cores\n"
        )
        _compare_ways(contents, arguments.repeats)
        _compare_threads(paths, arguments.repeats)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pictures", type=Path, help="a folder with JPEGs, searched to the bottom")
    parser.add_argument("--count", type=int, default=1024, help="pictures at most")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; the median is printed")
    return parser.parse_args()


def _found(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    return paths or exit_with(f"no JPEG in {folder}: name a folder with some")


def exit_with(line: str) -> list[Path]:
    """Leave with one line and status 2."""
    raise SystemExit(f"decode.py: error: {line}")


def _painted(folder: Path, count: int, side: int = 416) -> list[Path]:
    """Smooth colour with strokes and grain, as JPEG of quality 90 with halved chroma."""
    generator, paths = np.random.default_rng(0), []
    for number in range(count):
        layers = np.zeros((side, side, 3), np.float32)
        for cells, strength in ((4, 60), (26, 25), (104, 14), (side, 6)):
            field = generator.normal(0, 1, (cells, cells, 3)).astype(np.float32)
            scaled = np.clip(127 + field * strength, 0, 255).astype(np.uint8)
            layers += (
                np.asarray(
                    Image.fromarray(scaled).resize((side, side), Image.Resampling.BICUBIC),
                    np.float32,
                )
                - 127
            )
        paths.append(folder / f"{number:04}.jpg")
        pixels = np.clip(127 + layers, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(paths[-1], quality=90, subsampling="4:2:0")
    return paths


def _compare_ways(contents: Sequence[bytes], repeats: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(repeats):
        for name, way in WAYS.items():
            start = time.process_time()
            for data in contents:
                way(data)
            seconds[name].append(time.process_time() - start)
    print("one thread                 pictures per CPU-second   impasto is faster by")
    for name, values in seconds.items():
        ratios = [other / mine for other, mine in zip(values, seconds["impasto"], strict=True)]
        rate = len(contents) / statistics.median(values)
        span = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        print(f"{name:26} {rate:23.0f}   {'' if name == 'impasto' else span:>20}")


def _compare_threads(paths: Sequence[Path], repeats: int) -> None:
    waiting, _ = stat_all([entry_of(path.name, "one", path) for path in paths])
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for workers, values in seconds.items():
            values.append(_clocked(waiting, workers))
    ratios = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
    print("\nthe whole decoding         pictures per second")
    for workers, values in seconds.items():
        print(
            f"{workers} thread{'s' * (workers > 1):19} "
            f"{len(paths) / statistics.median(values):19.0f}"
        )
    print(
        f"gain of the second thread  {statistics.median(ratios):19.2f} "
        f"({min(ratios):.2f}–{max(ratios):.2f})"
    )
    most = [_hashed(1) / _hashed(2) for _ in range(repeats)]
    print(
        f"the most it can gain here  {statistics.median(most):19.2f} "
        f"({min(most):.2f}–{max(most):.2f})"
    )


def _clocked(waiting: Sequence[Waiting], workers: int) -> float:
    with tempfile.TemporaryDirectory() as work:
        start = time.perf_counter()
        decode_all(
            waiting, None, Path(work), PrepareSettings(pixels=SIZE, workers=workers), progress=False
        )
        return time.perf_counter() - start


def _hashed(workers: int, megabytes: int = 400) -> float:
    """Seconds by the clock for hashing, which needs neither the interpreter nor memory's speed."""
    block = bytes(2**20)

    def work(rounds: int) -> None:
        for _ in range(rounds):
            hashlib.sha256(block).digest()

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, [megabytes // workers] * workers))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

"""How long does the atlas of 100,000 foreign vectors take, and how much memory?

    python benchmarks/vectors.py [--vectors N] [--dimensions D] [--styles N] [--folder DIR]

It writes a made-up collection of tiny pictures and vectors that tell styles and artists in part
into DIR unless they are there, makes the atlas of the vectors with the default settings, and prints
the minutes of wall clock and of processor, the peak of memory, and when each part began.
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import impasto
from impasto.collection.collection import SCHEMA, fingerprint
from impasto.collection.vocabulary import Vocabulary
from impasto.records.collection import CollectionRecord

SIZE, ARTISTS = 16, 2000


def make_collection(folder: Path, count: int, styles: int) -> tuple[Any, Any]:
    """A collection of ``count`` pictures of noise about a tone of their style.

    Returns:
        The style and the artist of each picture, ``int64 (count,)``.
    """
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    names = [f"Style_{number:02d}" for number in range(styles)]
    shares = 0.9 ** np.arange(styles)
    of_artist = rng.choice(styles, ARTISTS, p=shares / shares.sum())
    artists = rng.integers(0, ARTISTS, count)
    labels = of_artist[artists]
    splits = rng.choice(["train", "validation", "test"], count, p=[0.8, 0.1, 0.1])
    blank: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    rows = [
        {**blank, "id": f"{names[label]}/artist-{artist}_work-{row}.jpg", "style": names[label],
         "split": str(splits[row]), "artist": f"artist-{artist}", "width": SIZE, "height": SIZE,
         "sha256": f"{row:064x}"}
        for row, (label, artist) in enumerate(zip(labels.tolist(), artists.tolist(), strict=True))
    ]  # fmt: skip
    table, vocabulary = pa.Table.from_pylist(rows, schema=SCHEMA), Vocabulary.of(names)
    settings = {"pixels": SIZE, "fit": "squash", "seed": 0}
    pq.write_table(table, folder / "paintings.parquet")
    vocabulary.save(folder / "styles.json")
    tones = rng.integers(40, 216, (styles, 3))
    pixels = tones[labels][:, None, None] + rng.integers(-40, 40, (count, SIZE, SIZE, 3))
    np.save(folder / "pixels.npy", pixels.astype(np.uint8))
    CollectionRecord(
        sources=("made up",),
        settings=settings,
        split="stratified",
        not_testable=(),
        counts={},
        fingerprint=fingerprint(table, vocabulary, settings),
        command="",
    ).write(folder / "collection.json")
    return labels, artists


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=768)
    parser.add_argument("--styles", type=int, default=27)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    if not (folder / "vectors.ids.txt").is_file():
        shutil.rmtree(folder / "collection", ignore_errors=True)
        labels, artists = make_collection(folder / "collection", given.vectors, given.styles)
        rng = np.random.default_rng(1)
        wide = given.dimensions
        vectors = rng.normal(size=(len(labels), wide)).astype(np.float32)
        vectors += 0.25 * rng.normal(size=(given.styles, wide)).astype(np.float32)[labels]
        vectors += 0.5 * rng.normal(size=(ARTISTS, wide)).astype(np.float32)[artists]
        np.save(folder / "vectors.npy", vectors)
        ids = pq.read_table(folder / "collection" / "paintings.parquet")["id"].to_pylist()
        (folder / "vectors.ids.txt").write_text("\n".join(ids) + "\n", encoding="utf-8")
        del vectors, labels, artists
    began, used = time.perf_counter(), time.process_time()

    def announce(line: str) -> None:
        clock, processor = time.perf_counter() - began, time.process_time() - used
        print(f"{clock / 60:6.2f} min {processor / 60:6.2f} min of processor  {line}", flush=True)

    shutil.rmtree(folder / "atlases", ignore_errors=True)
    impasto.atlas_of_vectors(folder / "collection", folder / "vectors.npy", announce=announce)
    announce("done")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak of memory: {peak:.1f} GB")


if __name__ == "__main__":
    main()

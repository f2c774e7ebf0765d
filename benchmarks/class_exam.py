"""Minutes that a class's submissions take: 40 files of 2,000 pictures, and what is found in them.

Made-up submissions answer a made-up collection of 13 styles by 400 artists. Their quality differs
from student to student; answers to the pictures of an artist are right or wrong together. Two
submissions are copies of others with a few answers changed, one is broken.

    python benchmarks/class_exam.py [--submissions 40] [--pictures 2000] [--keep FOLDER]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

import impasto
from impasto.files import make_folder

STYLES = tuple(f"Style_{letter}" for letter in "ABCDEFGHIJKLM")
ARTISTS = 400


def write_gallery(folder: Path, pictures: int, rng: np.random.Generator) -> Path:
    """Coloured noise, as many pictures to learn from as to test on, artists on one side each."""
    for side in ("train", "test"):
        for number in range(pictures):
            style = number % len(STYLES)
            artist = f"{side}-{style}-{rng.integers(ARTISTS // len(STYLES))}"
            place = make_folder(folder / side / STYLES[style])
            ground = 128 + 40 * np.cos(style + np.arange(3)) + rng.normal(0, 40, (8, 8, 3))
            picture = Image.fromarray(ground.clip(0, 255).astype(np.uint8)).resize((48, 48))
            picture.save(place / f"{artist}_work-{number}.jpg", quality=90)
    return folder


def answers(
    labels: NDArray[np.int64], artists: NDArray[np.int64], skill: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Probabilities of a made-up network: hard pictures are hard for all, artists go together."""
    shared = np.random.default_rng(1)
    hard, lure = shared.normal(size=len(labels)), shared.normal(size=(len(labels), len(STYLES)))
    luck = rng.normal(size=int(artists.max()) + 1)[artists]
    logits = 0.7 * lure + 0.8 * rng.normal(size=lure.shape)
    logits[np.arange(len(labels)), labels] += skill - 0.8 * hard + 0.4 * luck
    shares = np.exp(logits)
    return np.asarray(shares / shares.sum(1, keepdims=True))


def write_submissions(
    folder: Path, collection: "impasto.Collection", number: int, rng: np.random.Generator
) -> Path:
    """Tables with a probability for each style; two are near copies, one is broken."""
    make_folder(folder)
    rows = collection.indices("test")
    ids = np.asarray(collection.column("id"))[rows]
    names = [str(collection.column("artist")[row]) for row in rows]
    artists = np.unique(names, return_inverse=True)[1]
    labels = collection.labels[rows]
    made: list[NDArray[np.float64]] = []
    for place in range(number):
        if place in (number - 2, number - 3):  # a copy with one answer in fifty made anew
            shares = made[place - number + 10].copy()
            other = rng.random(len(shares)) < 0.02
            shares[other] = rng.dirichlet(np.ones(len(STYLES)), other.sum())
        else:
            shares = answers(labels, artists, rng.uniform(0.8, 2.6), rng)
        made.append(shares)
        table = pd.DataFrame(shares, columns=list(STYLES))
        table.insert(0, "path", ids)
        if place == number - 1:
            table = table.drop(columns="path")
        table.to_csv(folder / f"student-{place:02d}.csv", index=False)
    return folder


def main() -> None:
    """Make a class, compare it, and print what was found and how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        root = options.keep or Path(temporary)
        if not (root / "exam").exists():
            source = write_gallery(root / "gallery", options.pictures, rng)
            impasto.prepare(source, root / "exam", pixels=32)
        exam = impasto.open_collection(root / "exam")
        submissions = write_submissions(root / "submissions", exam, options.submissions, rng)
        begun, computed = time.perf_counter(), time.process_time()
        made = impasto.compare(submissions, hidden=exam, output=root / "compared")
        seconds, own = time.perf_counter() - begun, time.process_time() - computed
        words = f"{options.submissions} submissions of {made.pictures} pictures"
        print(f"{words}: {seconds:.1f} s, {own:.1f} s of processor time")
        print(f"refused: {[one.name for one in made.refused]}")
        told = sum(one.corrected < made.level for one in made.pairs)
        print(f"groups: {len(made.groups)}; pairs told apart: {told} of {len(made.pairs)}")
        for one in made.suspicious:
            print(f"suspicious: {one.one} and {one.other}: {one.shared} of {one.wrong} shared")
        apart = [one for one in made.mistakes if not one.suspicious]
        most = max(one.shared / one.wrong for one in apart)
        print(f"most mistakes shared by two that are no copies: {most:.0%}")


if __name__ == "__main__":
    main()

"""Painting in a style by patch synthesis: references of the style, then their patches."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from impasto.collection.collection import Collection
from impasto.collection.handmade_classifier import fit_handmade_classifier
from impasto.collection.originals import Originals
from impasto.collection.run_collection import trained_halves
from impasto.errors import CollectionError, OutputError
from impasto.generate.patches import LEAST, synthesise
from impasto.generate.references import ReferenceBank
from impasto.images.tensors import byte_tensor
from impasto.models.preprocess import plain
from impasto.records.painting import Borrowed
from impasto.records.run import STYLE_CLASSIFIER, Run, open_run
from impasto.state.array_cache import cached_arrays
from impasto.weights import classifier_of

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]
J = TypeVar("J")
P = TypeVar("P")
Probabilities = Callable[[Rows], NDArray[np.floating]]
"""Probabilities of all styles for rows of a collection, ``(N, styles)``."""

BANK: Final = "reference_bank.safetensors"
FEWEST: Final = 2  # references of a picture
MOST: Final = 8  # references of a picture much larger than they are
MIXED: Final = 4  # references of a mixture of styles, at least
PIXELS: Final = 1_500_000  # of all references of a picture together, at most: bounds the memory
BATCH: Final = 128
AHEAD: Final = 8  # results of each core that are held until they are asked for


@dataclass(frozen=True, slots=True)
class StylePicture:
    """A picture painted in a style by patch synthesis.

    Attributes:
        pixels: ``uint8 (H, W, 3)``.
        origin: as of ``PatchPicture``, ``int32 (H, W, 3)``; the reference counts within ``rows``.
        rows: of the references in the collection, ``int64 (references,)``.
        shares: share of the picture from each of them, sum 1.
        references: their pixels as they were used.
    """

    pixels: Pixels
    origin: NDArray[np.int32]
    rows: Rows
    shares: NDArray[np.float64]
    references: tuple[Pixels, ...]


@dataclass(frozen=True)
class PatchPainter:
    """Patch synthesis with references from a collection.

    Attributes:
        bank: of the references.
        originals: files with more pixels than the collection stores; ``None``: only stored pixels.
    """

    bank: ReferenceBank
    originals: Originals | None = None

    @classmethod
    def of_painter(
        cls, run: Run, collection: Collection, *, originals: Originals | None = None
    ) -> "PatchPainter":
        """References from the half of a collection that a painter was trained on.

        Typical are those that the painter's style classifier is sure of; without one, those that
        the classifier on hand-made features is sure of.

        Args:
            run: the painter's.
            collection: the one that it was trained on.
            originals: of this collection.
        """
        half, _ = trained_halves(run, collection)
        place = run.path / STYLE_CLASSIFIER
        if not (place / "run.json").is_file():
            return cls(_bank(half, run.path, _by_handmade_features(half)), originals)
        classifier = open_run(place, "classifier")

        def probabilities(rows: Rows) -> NDArray[np.float32]:
            network = classifier_of(classifier, torch.device("cpu"))
            resolution = int(classifier.settings["resolution"])
            parts = [np.empty((0, len(half.vocabulary)), np.float32)]
            with torch.no_grad():
                for first in range(0, len(rows), BATCH):
                    pixels = byte_tensor(half.pixels[rows[first : first + BATCH]])
                    parts.append(network(plain(pixels, resolution)).float().softmax(1).numpy())
            return np.concatenate(parts)

        made_by = classifier.weights_fingerprint
        return cls(_bank(half, run.path, probabilities, made_by), originals)

    @classmethod
    def of_collection(
        cls, collection: Collection, *, originals: Originals | None = None
    ) -> "PatchPainter":
        """References from all training pictures of a collection, without any trained network."""
        fitted = _by_handmade_features(collection)
        return cls(_bank(collection, collection.path, fitted), originals)

    def paint(
        self,
        source: Pixels,
        style: int | Mapping[int, float],
        *,
        strength: float = 1.0,
        boldness: int = 2,
        start: Pixels | None = None,
        exclude: str | None = None,
    ) -> StylePicture:
        """Paint a picture in a style.

        Args:
            source: ``uint8 (H, W, 3)``.
            style: index of the target style, or shares of several.
            strength: as for ``synthesise``.
            boldness: likewise.
            start: likewise.
            exclude: SHA-256 of the source's file, which is no reference.

        Raises:
            CollectionError: the style has no training picture but the source.
        """
        shares = {style: 1.0} if isinstance(style, int) else style
        short = min(source.shape[:2])
        count = self._count(shares, short)
        rows = np.concatenate(
            [
                self.bank.choose(one, source, number, exclude=exclude)
                for one, number in _counts(shares, count).items()
            ]
        )
        if not len(rows):
            names = ", ".join(self.bank.collection.vocabulary.styles[one] for one in shares)
            raise CollectionError(
                f"{self.bank.collection.path} has no training picture of {names} "
                "to take patches from"
            )
        most = max(LEAST, min(short, int((PIXELS / len(rows)) ** 0.5)))
        pictures = tuple(self._picture(int(row), most) for row in rows)
        made = synthesise(source, pictures, strength=strength, boldness=boldness, start=start)
        return StylePicture(made.pixels, made.origin, rows, made.shares, pictures)

    def paint_all(
        self,
        sources: Sequence[Pixels] | Pixels,
        styles: Sequence[int],
        *,
        strength: float = 1.0,
        starts: Sequence[Pixels] | Pixels | None = None,
        exclude: Sequence[str | None] | None = None,
    ) -> Iterator[StylePicture]:
        """Paint several small pictures, each in a style, one a core at a time.

        Args:
            sources: ``uint8 (H, W, 3)`` each, or ``(N, H, W, 3)``.
            styles: index of the target style of each.
            strength: as for ``synthesise``.
            starts: a painting of each source, to begin with.
            exclude: SHA-256 of the file of each source, which is no reference.

        Raises:
            CollectionError: a style has no training picture but the source.
        """

        def made(place: int) -> StylePicture:
            return self.paint(
                sources[place],
                styles[place],
                strength=strength,
                start=None if starts is None else starts[place],
                exclude=None if exclude is None else exclude[place],
            )

        yield from on_cores(made, range(len(sources)), os.cpu_count() or 1)

    def borrowed(self, painted: StylePicture) -> tuple[Borrowed, ...]:
        """Return the paintings that the patches of a picture come from, with their shares."""
        columns = self.bank.collection.table.select(["id", "style", "artist", "title"])
        works = columns.take(painted.rows).to_pylist()
        return tuple(
            Borrowed(
                painting=work["id"],
                style=work["style"],
                artist=work["artist"],
                title=work["title"],
                share=round(share, 4),
            )
            for work, share in zip(works, painted.shares.tolist(), strict=True)
        )

    def _count(self, styles: Iterable[int], short: int) -> int:
        """Number of references: more for a picture that is larger than they are."""
        rows = np.concatenate([self.bank.rows[style] for style in styles])
        stored = self.bank.collection.pixels.shape[1]
        sides = np.full(len(rows), stored)
        if self.originals is not None:
            sides = np.array([self.originals.short(int(row)) for row in rows])
        typical = max(1.0, float(np.median(sides))) if len(sides) else float(short)
        return int(np.clip(round(FEWEST * short / min(short, typical)), FEWEST, MOST))

    def _picture(self, row: int, short: int) -> Pixels:
        """A reference with a shorter side of at most ``short`` pixels.

        It is enlarged only where it has fewer pixels than patch synthesis takes.
        """
        picture = np.asarray(self.bank.collection.pixels[row])
        if short > len(picture) and self.originals is not None:
            picture = self.originals.whole(row, short)
        found = min(picture.shape[:2])
        if LEAST <= found <= short:
            return picture
        scale = (short if found > short else LEAST) / found
        height, width = (max(LEAST, round(side * scale)) for side in picture.shape[:2])
        image = Image.fromarray(picture).resize((width, height), Image.Resampling.BOX)
        return np.asarray(image)


def on_cores(function: Callable[[J], P], jobs: Sequence[J], cores: int) -> Iterator[P]:
    """Results of jobs in their order, computed one a core at a time.

    Few results are held at once, and an interruption waits for the jobs that are under way alone.
    """
    with ThreadPoolExecutor(cores) as pool:
        for first in range(0, len(jobs), AHEAD * cores):
            with threadpool_limits(1):
                waiting = [
                    pool.submit(function, job) for job in jobs[first : first + AHEAD * cores]
                ]
                try:
                    results = [one.result() for one in waiting]
                finally:
                    for one in waiting:
                        one.cancel()
            yield from results


def _bank(
    collection: Collection, folder: Path, probabilities: Probabilities, made_by: str = ""
) -> ReferenceBank:
    """The bank of a collection, kept in a file of the folder where that can be written."""
    splits = ",".join(collection.column("split"))
    key = hashlib.sha256(f"{collection.fingerprint} {splits} {made_by}".encode()).hexdigest()

    def make() -> dict[str, NDArray[Any]]:
        bank = ReferenceBank.of(collection, probabilities)
        return {str(style): rows for style, rows in enumerate(bank.rows)}

    try:
        stored = cached_arrays(folder / BANK, key, make)
    except OutputError:
        stored = make()
    rows = (np.asarray(stored[str(style)]) for style in range(len(collection.vocabulary)))
    return ReferenceBank(collection, tuple(rows))


def _by_handmade_features(collection: Collection) -> Probabilities:
    """Probabilities of styles by a classifier that is fitted when the first are wanted."""

    def probabilities(rows: Rows) -> NDArray[np.float64]:
        fitted = fit_handmade_classifier(collection, rows)
        return fitted.probabilities(collection.pixels[rows])

    return probabilities


def _counts(shares: Mapping[int, float], count: int) -> dict[int, int]:
    """Number of references of each style: as its share, and at least one."""
    if len(shares) == 1:
        return dict.fromkeys(shares, count)
    count = max(count, MIXED, len(shares))
    total = sum(shares.values())
    return {style: max(1, round(count * share / total)) for style, share in shares.items()}

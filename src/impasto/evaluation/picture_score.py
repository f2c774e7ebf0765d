"""The score of pictures that another program made in the styles of a collection.

PICTURES/STYLE/NAME.png    any stylist's or text-to-image model's pictures, a folder a style

OUTPUT/painting.json       every number, as for a painter
OUTPUT/findings.json       IMP311 to IMP313, IMP315, IMP317 to IMP320
OUTPUT/figures/            some of the pictures, each after its original where that is known

A picture's original is the test picture, or the picture in ``sources``, of the same name. Where
there is none, as for text-to-image models, a test picture of another style stands in for it: as
the floor and for colour transfer alone, and not for what is measured of the original.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection, open_collection
from impasto.collection.handmade_classifier import LARGEST
from impasto.collection.run_collection import training_hashes
from impasto.collection.user_images import find_images, read_images
from impasto.config import Device, Settings
from impasto.errors import CollectionError, InputError, RunError, VocabularyError
from impasto.evaluation.arm_scores import ArmScoring
from impasto.evaluation.copying import copy_scores
from impasto.evaluation.loaded_classifier import LoadedClassifier, open_classifier
from impasto.evaluation.painter_arms import Painting, recoloured
from impasto.evaluation.painter_evaluators import Evaluators, fit_second_evaluator
from impasto.evaluation.painter_score_findings import given_findings
from impasto.evaluation.painter_under_test import stored_at
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.decode import Fit
from impasto.path_names import path_name
from impasto.plain_text import style_title
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.evaluation import ResampledUnits
from impasto.records.painter_score import (
    Arm,
    CopyScores,
    EvaluatorSummary,
    GivenPictures,
    PainterScore,
)
from impasto.records.run import EVALUATOR

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
NAMED: Final = 5  # files that are named in a record
COPYING: Final = 200  # most pictures whose copying is measured, evenly spaced
OF_TEST: Final = "test"
"""In a record: the originals are test pictures of the collection."""


class PictureSettings(Settings):
    """Settings of the score of another program's pictures."""

    classifier: str | None = Field(
        None,
        description="run of the evaluator; none: the folder evaluator in a painter's run, or the "
        "classifier, in the study of the collection",
    )
    sources: str | None = Field(
        None, description="folder of the originals; none: test pictures of the collection"
    )
    per_style: int = Field(
        100, ge=2, description="most pictures of each style that are scored, evenly spaced"
    )
    copying: bool = Field(True, description="search training pictures for what was copied")
    shown: int = Field(4, ge=1, description="pictures of each style in the figure")
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    device: Device = Field("auto", description="auto takes a GPU where there is one")
    seed: int = Field(0, ge=0, description="seed of stand-ins, colour transfer and resamples")


@dataclass(frozen=True)
class GivenUnderTest:
    """Pictures of another program with their originals, or test pictures in their place.

    Attributes:
        found: the collection of real works.
        pixels: of the pictures, ``uint8 (M, R, R, 3)``.
        names: of the pictures, within their folder.
        targets: their styles, ``int64 (M,)``.
        rows: rows of the collection among the originals.
        originals: one for each picture, or shared by several, ``uint8 (N, R, R, 3)``.
        labels: the style within which each original is drawn again, ``int64 (N,)``.
        artists: of the originals, ``int64 (N,)``; ``None``: each is drawn by itself.
        pairs: the original of each picture, ``int64 (M,)``.
        has_source: whether that is the picture's own, ``bool (M,)``.
        paired: all originals are test pictures, whose styles are known.
    """

    found: Collection
    pixels: Pixels
    names: tuple[str, ...]
    targets: Labels
    rows: Labels
    originals: Pixels
    labels: Labels
    artists: Labels | None
    pairs: Labels
    has_source: NDArray[np.bool_]
    paired: bool

    @cached_property
    def sources(self) -> Pixels:
        """The original of each picture, ``uint8 (M, R, R, 3)``."""
        return self.originals[self.pairs]

    def stored(self, rows: Labels) -> Pixels:
        """Pictures of the collection in the same size."""
        return stored_at(self.found, rows, int(self.pixels.shape[1]))

    @property
    def resampled(self) -> ResampledUnits:
        """Units that intervals draw again."""
        if self.artists is None:
            return ResampledUnits(unit="pictures", count=len(self.labels), unknown=0)
        own = self.has_source[np.unique(self.pairs, return_index=True)[1]]
        known = len(np.unique(self.artists[own]))
        return ResampledUnits(unit="artists", count=known, unknown=int((~own).sum()))


@dataclass(frozen=True, slots=True)
class _Read:
    """Pictures as they were read.

    Attributes:
        pixels: ``uint8 (M, R, R, 3)``.
        paths: of the files, within the folder.
        targets: their styles, ``int64 (M,)``.
        left_out: how many were left out as beyond the most of each style.
        skipped: files that could not be read, in words.
    """

    pixels: Pixels
    paths: tuple[Path, ...]
    targets: Labels
    left_out: int
    skipped: tuple[str, ...]


def score_pictures(
    pictures: Path | str,
    collection: Path | str,
    output: Path | None = None,
    settings: PictureSettings | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> PainterScore:
    """Score pictures of any program as a painter's, and write the score.

    Args:
        pictures: a folder of folders, each named after a style of the collection.
        collection: whose styles they are in.
        output: the folder to write; ``pictures/NAME`` beside the collection where ``None``.
        settings: the defaults where ``None``.
        announce: called with one line as each part begins, and for what was left out.

    Raises:
        InputError: there are no pictures, or none can be read.
        VocabularyError: a folder is no style of the collection, or the evaluator has other styles.
        RunError: there is no evaluator.
        CollectionError: there are no test pictures, or of one style only.
        OutputError: the folder cannot be written.
    """
    settings, log = settings or PictureSettings(), announce or (lambda line: None)
    place, found = Path(pictures), open_collection(collection)
    test = found.indices("test")
    if len(np.unique(found.labels[test])) < 2:
        raise CollectionError(
            f"{found.path} has test pictures of fewer than two styles: scoring pictures takes two"
        )
    files = _files(place, found)
    evaluator = _evaluator(found, settings)
    found.vocabulary.require(evaluator.run.styles, f"the evaluator in {evaluator.run.path}")
    read = _read(place, files, found, settings.per_style, log)
    subject, own_style = _matched(read, found, settings, log)
    folder = output or found.path.resolve().parent / "pictures" / path_name(place.resolve().name)
    log("fitting the second evaluator, on hand-made features")
    side = min(LARGEST, int(subject.pixels.shape[1]))
    second = fit_second_evaluator(found, side, settings.seed)
    scoring = ArmScoring(
        subject,
        Evaluators(evaluator, second),
        found,
        resamples=settings.bootstrap_samples,
        seed=settings.seed,
    )
    painted, real = Painting(subject.pixels), None
    if settings.copying:
        log("searching training pictures for what was copied")
        painted = Painting(subject.pixels, _copying(subject, subject.pixels, subject.targets))
        real = _copying(subject, scoring.real, scoring.real_labels, scoring.real)
    log(f"classifying {len(subject.pixels):,} pictures")
    arms: dict[Arm, Painting] = {
        "unchanged": Painting(subject.sources),
        "histogram": Painting(recoloured(subject, found, settings.seed)),
        "painted": painted,
    }
    measured = scoring.measured(arms, {}, real)
    _draw(subject, settings.shown, folder / "figures")
    score = PainterScore(
        command=runs.command(),
        environment=runs.environment(),
        collection_fingerprint=found.fingerprint,
        styling="given",
        resolution=int(subject.pixels.shape[1]),
        sources=len(subject.originals),
        pictures=len(subject.pixels),
        resampled=subject.resampled,
        evaluator=_about(subject, evaluator),
        left_out={},
        identity=None,
        strength=(),
        evaluators=measured.evaluators,
        evaluator_gain=measured.evaluator_gain,
        arms=measured.arms,
        gains=measured.gains,
        searched=measured.searched,
        per_style=measured.per_style,
        pairs=measured.pairs,
        given=GivenPictures(
            folder=str(place.resolve()),
            sources=settings.sources or OF_TEST,
            matched=int(subject.has_source.sum()),
            own_style=own_style,
            left_out=read.left_out,
            skipped=len(read.skipped),
            first_skipped=read.skipped[:NAMED],
        ),
    )
    findings.save(folder / "findings.json", given_findings(score))
    return score.write(folder / "painting.json")


def _files(place: Path, found: Collection) -> dict[Path, int]:
    """The pictures by style; folders are mapped by the vocabulary's names.

    Raises:
        InputError: it is no folder, or has no folders of pictures.
        VocabularyError: a folder is no style, with the nearest one named.
    """
    if not place.is_dir():
        raise InputError(f"no folder of pictures {place}: give one with a folder for each style")
    folders = sorted(
        path for path in place.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    files: dict[Path, int] = {}
    for folder in folders:
        if not any(one.is_file() for one in folder.rglob("*")):
            continue
        try:
            style = found.vocabulary.index(folder.name)
        except VocabularyError as error:
            raise VocabularyError(f"{folder}: {error}; rename it, or take it out") from error
        files |= dict.fromkeys(find_images(folder), style)
    if not files:
        raise InputError(
            f"{place} has no folder of pictures: put them into folders named after the styles, "
            f"such as {place / found.vocabulary.styles[0]}"
        )
    return files


def _read(
    place: Path,
    files: dict[Path, int],
    found: Collection,
    per_style: int,
    log: Callable[[str], None],
) -> _Read:
    """Read the pictures, evenly spaced in each style where there are more than are scored."""
    styles = np.array(list(files.values()), np.int64)
    paths = list(files)
    chosen = np.sort(
        np.concatenate(
            [evenly(np.flatnonzero(styles == style), per_style) for style in np.unique(styles)]
        )
    )
    skipped: list[str] = []
    size, fit = int(found.pixels.shape[1]), cast(Fit, found.settings["fit"])
    kept, pixels = read_images([paths[row] for row in chosen], size, fit, skipped.append)
    for line in skipped:
        log(line)
    if skipped:
        log(f"{len(skipped):,} of {len(chosen):,} pictures cannot be read")
    left_out = len(paths) - len(chosen)
    if left_out:
        log(f"{left_out:,} pictures beyond {per_style} of each style are left out (per_style)")
    return _Read(
        pixels,
        tuple(path.relative_to(place) for path in kept),
        np.array([files[path] for path in kept], np.int64),
        left_out,
        tuple(skipped),
    )


def _matched(
    read: _Read, found: Collection, settings: PictureSettings, log: Callable[[str], None]
) -> tuple[GivenUnderTest, int]:
    """The pictures with their originals, and how many have an original of the target style.

    Those are left out: unchanged they would be hits.
    """
    test, size = found.indices("test"), int(found.pixels.shape[1])
    if settings.sources is None:
        ids = found.column("id")
        index = _by_stem([ids[row] for row in test])
        known = found.labels[test]
    else:
        fit = cast(Fit, found.settings["fit"])
        paths, given = read_images(settings.sources, size, fit, log)
        index = _by_stem([str(path) for path in paths])
        known = np.full(len(paths), -1, np.int64)
    source = np.array([index.get(path.stem, -1) for path in read.paths], np.int64)
    own = (source >= 0) & (known[source] == read.targets)
    if own.all():
        raise InputError("every picture has an original of its own style: nothing was restyled")
    if own.any():
        log(f"{own.sum():,} pictures whose original has the target style are left out")
    pixels, targets, source = read.pixels[~own], read.targets[~own], source[~own]
    names = tuple(path.as_posix() for path, out in zip(read.paths, own, strict=True) if not out)
    has_source = source >= 0
    where = "test pictures" if settings.sources is None else settings.sources
    log(f"{has_source.sum():,} of {len(source):,} pictures have their original among {where}")
    used, pairs = np.unique(source[has_source], return_inverse=True)
    stand_ins = _stand_ins(found, targets[~has_source], settings.seed)
    place = np.empty(len(source), np.int64)
    place[has_source] = pairs
    place[~has_source] = len(used) + np.arange(len(stand_ins))
    lent = stored_at(found, stand_ins, size)
    if settings.sources is None:
        rows = np.concatenate((test[used], stand_ins))
        originals = np.concatenate((stored_at(found, test[used], size), lent))
        labels = np.concatenate((found.labels[test[used]], targets[~has_source]))
        artists = _artists(found, test[used], len(stand_ins))
    else:
        rows, originals = stand_ins, np.concatenate((given[used], lent))
        first = np.unique(place, return_index=True)[1]
        labels, artists = targets[first], None
    subject = GivenUnderTest(
        found, pixels, names, targets, rows, originals, labels, artists, place, has_source,
        paired=settings.sources is None and bool(has_source.all()),
    )  # fmt: skip
    return subject, int(own.sum())


def _by_stem(paths: Sequence[str]) -> dict[str, int]:
    """Places of pictures by their name without ending; names that several have are left out."""
    stems = [Path(path).stem for path in paths]
    counts = Counter(stems)
    return {stem: place for place, stem in enumerate(stems) if counts[stem] == 1}


def _stand_ins(found: Collection, targets: Labels, seed: int) -> Labels:
    """A test picture of another style for each target, drawn at random."""
    rng, test = np.random.default_rng([seed, 1]), found.indices("test")
    labels = found.labels[test]
    drawn = [rng.choice(test[labels != target]) for target in targets]
    return np.array(drawn, np.int64)


def _artists(found: Collection, rows: Labels, others: int) -> Labels | None:
    """The artist of each original as a number, every other original by itself."""
    names = np.asarray(found.column("artist"), object)[rows].tolist()
    if not any(names):
        return None
    numbers: dict[str | int, int] = {}
    known = [
        numbers.setdefault(place if name is None else name, len(numbers))
        for place, name in enumerate(names)
    ]
    return np.array([*known, *range(len(numbers), len(numbers) + others)], np.int64)


def _evaluator(found: Collection, settings: PictureSettings) -> LoadedClassifier:
    """The evaluator that is named, or that stands in the study of the collection."""
    beside = found.path.resolve().parent / "runs"
    places = [*sorted(beside.glob(f"*/{EVALUATOR}")), beside / "classifier"]
    if settings.classifier:
        places = [Path(settings.classifier)]
    place = next((one for one in places if (one / "run.json").is_file()), None)
    if place is None:
        raise RunError(
            f"no evaluator in {places[-1]}: train one with impasto train classifier {found.path}, "
            "and name its run with --classifier"
        )
    return open_classifier(place, settings.device)


def _copying(
    subject: GivenUnderTest, pixels: Pixels, targets: Labels, sources: Pixels | None = None
) -> CopyScores | None:
    """Scores of copying from training pictures, on evenly spaced pictures."""
    some = evenly(np.arange(len(pixels)), COPYING)
    originals = (subject.sources if sources is None else sources)[some]
    train = subject.found.indices("train")
    return copy_scores(pixels[some], targets[some], originals, subject.found, train)


def _about(subject: GivenUnderTest, evaluator: LoadedClassifier) -> EvaluatorSummary:
    """The evaluator; what the other program learnt from is not known."""
    known = set[str]().union(*training_hashes(evaluator.run))
    hashes = subject.found.column("sha256")
    return EvaluatorSummary(
        run=evaluator.run.path.name,
        network=evaluator.run.settings["network"],
        pictures_shared=0,
        artists_shared=0,
        test_pictures_seen=len({hashes[row] for row in subject.rows} & known),
    )


def _draw(subject: GivenUnderTest, shown: int, folder: Path) -> None:
    """Draw some pictures of each style, each after its original where that is known."""
    rows, sides = [], []
    for style in np.unique(subject.targets):
        row: list[Pixels] = []
        for place in evenly(np.flatnonzero(subject.targets == style), shown):
            if subject.has_source[place]:
                row.append(subject.sources[place])
            row.append(subject.pixels[place])
        rows.append(row)
        sides.append(style_title(subject.found.vocabulary.styles[style]))
    write_png(folder / "pictures.png", contact_sheet(rows, sides=sides))

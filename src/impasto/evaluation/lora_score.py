"""The score of a LoRA: its pictures classified, beside those of the base alone and real works.

RUN/evaluation/scorecard.json   every number
RUN/evaluation/findings.json    IMP603 to IMP605
RUN/evaluation/figures/         a sheet of each style's pictures
RUN/evaluation/pictures/        all of them; what is there already is not painted again
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from scipy.stats import binomtest

from impasto.collection.collection import Collection
from impasto.collection.picture_draws import known_artists
from impasto.collection.run_collection import collection_of
from impasto.config import Settings
from impasto.errors import InputError, RunError
from impasto.evaluation import lora_score_numbers as numbers
from impasto.evaluation.loaded_classifier import LoadedClassifier, Outputs, open_classifier
from impasto.evaluation.lora_score_findings import lora_findings
from impasto.evaluation.settings import EvaluateSettings
from impasto.generate.text_to_image import DiffuseSettings, LoraPainter, open_painter
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.numerics.bootstrap import confusion_estimates
from impasto.numerics.distances import DistanceEstimate, kernel_distance
from impasto.numerics.metrics import confusion_matrix
from impasto.numerics.sign_tests import holm
from impasto.path_names import path_names
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.lora_score import (
    AlignedCopy,
    ArmDistances,
    CopyCheck,
    LoraScore,
    LoraStyleScore,
    NearestTraining,
)
from impasto.records.record import Interval
from impasto.records.run import Run, open_run
from impasto.state.fingerprint import fingerprint

Labels = NDArray[np.int64]
ARMS: Final = ("adapter", "base")
SHOWN: Final = 4  # pictures of each style and arm in the figure


class ScorecardSettings(Settings):
    """Settings of the score of a LoRA."""

    classifier: str | None = Field(
        None,
        description="run of the evaluator; none: the folder classifier beside the run",
    )
    prompts: tuple[str, ...] = Field(
        ("a painting",), min_length=1, description="prompts, used in turn"
    )
    pictures: int = Field(
        16, ge=2, description="pictures of each style, with and without the adapter"
    )
    batch_size: int = Field(1, ge=1, description="pictures painted at a time")
    paint: DiffuseSettings = Field(
        DiffuseSettings(),
        description="settings of painting; prompt, styles and number do not count",
    )
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """Pictures of an arm at the collection's size, in order of styles and seeds."""

    pixels: NDArray[np.uint8]
    styles: NDArray[np.int64]  # places in the vocabulary
    seeds: NDArray[np.int64]


def score_lora(
    run: Path | str,
    collection: Path | str | None = None,
    settings: ScorecardSettings | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> LoraScore:
    """Score a LoRA run; a call that was cut off goes on with the pictures that are there.

    Args:
        run: the run's folder.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        settings: the defaults where ``None``.
        announce: called with one line as each arm begins.

    Raises:
        RunError: there is no finished LoRA run or no evaluator, or it knows other styles.
        ImpastoError: for all that painting refuses.
    """
    settings, path = settings or ScorecardSettings(), Path(run)
    lora = open_run(path, "lora")
    _evaluator(lora, settings)  # before anything is loaded
    found = collection_of(lora, collection)
    return score_painter(open_painter(path, settings.paint), found, settings, announce=announce)


def score_painter(
    painter: LoraPainter,
    found: Collection,
    settings: ScorecardSettings,
    *,
    announce: Callable[[str], None] | None = None,
) -> LoraScore:
    """Score an opened base with an adapter on a collection.

    Raises:
        RunError: there is no evaluator, or it knows other styles.
        InputError: the collection has no test pictures of the styles.
    """
    lora = painter.run
    network = _evaluator(lora, settings)
    found.vocabulary.require(network.run.styles, f"the evaluator in {network.run.path}")
    taught = [
        found.vocabulary.styles.index(name) for name in lora.settings["styles"] or lora.styles
    ]
    test = found.indices("test")
    test = test[np.isin(found.labels[test], taught)]
    if not len(test):
        raise InputError(f"{found.path} has no test pictures of these styles to compare with")
    home = lora.evaluation_path / "pictures" / _address(painter, settings)
    made = {}
    for arm, scale in zip(ARMS, (settings.paint.scale, 0.0), strict=True):
        if announce is not None:
            announce(f"painting {settings.pictures * len(taught)} pictures: {arm}")
        painter.scaled(scale)
        made[arm] = _paint(painter, found, taught, settings, home / arm)
    outputs = {arm: _outputs(network, one) for arm, one in made.items()}
    outputs["real"] = network.outputs(found, test, EvaluateSettings().views)
    score = _measure(found, network, lora, settings, made["adapter"], outputs)
    _sheet(found, made, taught, test, lora.evaluation_path / "figures" / "scorecard.png")
    findings.save(lora.evaluation_path / "findings.json", lora_findings(score))
    return score.write(lora.evaluation_path / "scorecard.json")


def _evaluator(lora: Run, settings: ScorecardSettings) -> LoadedClassifier:
    beside = lora.path.resolve().parent / "classifier"
    place = Path(settings.classifier) if settings.classifier else beside
    if not (place / "run.json").is_file():
        raise RunError(
            f"no evaluator in {place}: train a classifier of these styles and name its run with "
            "--classifier"
        )
    return open_classifier(place, settings.paint.device)


def _address(painter: LoraPainter, settings: ScorecardSettings) -> str:
    """Name of the pictures' folder: a digest of all that they depend on."""
    paint = settings.paint.model_dump(
        mode="json", exclude={"device", "prompt", "styles", "number", "base"}
    )
    base = painter.base.fingerprint
    digest = fingerprint(adapter=painter.adapter, base=base, prompts=settings.prompts, paint=paint)
    return digest[:16]


def _paint(
    painter: LoraPainter,
    found: Collection,
    taught: list[int],
    settings: ScorecardSettings,
    home: Path,
) -> _Made:
    paint = settings.paint
    how = painter.sampling(paint)
    names = found.vocabulary.styles
    folders = path_names(names)
    jobs = [(style, paint.seed + number) for style in taught for number in range(settings.pictures)]
    places = {job: home / folders[names[job[0]]] / f"{job[1]}.png" for job in jobs}
    waiting = [job for job in jobs if not places[job].exists()]
    for start in range(0, len(waiting), settings.batch_size):
        part = waiting[start : start + settings.batch_size]
        words = []
        for style, seed in part:
            prompt = settings.prompts[(seed - paint.seed) % len(settings.prompts)]
            words.append(painter.caption(prompt, names[style]))
        pictures = painter.paint(words, [seed for _, seed in part], how)
        for job, picture in zip(part, pictures, strict=True):
            write_png(places[job], picture)
    stored = found.pixels.shape[2], found.pixels.shape[1]
    pixels = []
    for job in jobs:
        with Image.open(places[job]) as picture:
            rgb = picture.convert("RGB")
            small = rgb.resize(stored, Image.Resampling.BICUBIC, reducing_gap=3.0)
            pixels.append(np.asarray(small))
    return _Made(
        np.stack(pixels),
        np.array([style for style, _ in jobs]),
        np.array([seed for _, seed in jobs]),
    )


def _outputs(network: LoadedClassifier, made: _Made) -> Outputs:
    logits, embedded = network.logits_and_features(
        lambda at: made.pixels[at], len(made.styles), EvaluateSettings().views
    )
    return Outputs(np.arange(len(made.styles)), made.styles, logits, embedded)


def _measure(
    found: Collection,
    network: LoadedClassifier,
    lora: Run,
    settings: ScorecardSettings,
    made: _Made,
    arms: Mapping[str, Outputs],
) -> LoraScore:
    """The score of pictures ``made`` with the adapter, and of each arm's and real pictures."""
    names, real = found.vocabulary.styles, arms["real"]
    taught = list(dict.fromkeys(made.styles.tolist()))
    again = {"resamples": settings.bootstrap_samples, "seed": settings.paint.seed}
    confusions = {name: _confusion(network, one, len(names)) for name, one in arms.items()}
    scores = {}
    for name, table in confusions.items():
        estimates = confusion_estimates(table, **again)
        scores[name] = {score: Interval(**one) for score, one in estimates.items()}
    train = found.indices("train")
    train = train[np.isin(found.labels[train], taught)]
    copies = _copies(found, made, train, real.rows)
    seeds = np.unique(made.seeds, return_inverse=True)[1]
    known = known_artists(found, real.rows)
    units = np.arange(len(real.rows)) if known is None else known
    hits = {name: _answers(network, one) == one.labels for name, one in arms.items()}
    moved = _changes(hits, made.styles, taught)
    kept = numbers.kept(
        numbers.shades(made.pixels),
        made.seeds,
        made.styles,
        draws=settings.bootstrap_samples,
        seed=settings.paint.seed,
    )
    return LoraScore(
        command=runs.command(),
        collection_fingerprint=found.fingerprint,
        evaluator=network.run.path.name,
        base=Path(lora.settings["base"]).name,
        pictures=settings.pictures,
        prompts=settings.prompts,
        styles=tuple(names[style] for style in taught),
        scores=scores,
        kernel_distance=_distances(arms, seeds, units),
        per_style=tuple(
            _style_score(
                found,
                confusions,
                _distances(arms, seeds, units, style),
                copies,
                moved[style],
                style,
            )
            for style in taught
        ),
        confusion=confusions["adapter"].tolist(),
        copies=copies,
        kept=kept,
    )


def _distances(
    arms: Mapping[str, Outputs], seeds: Labels, units: Labels, style: int | None = None
) -> ArmDistances:
    """Kernel distances of both arms to real pictures, of a style or of all, and their difference.

    Args:
        arms: outputs of the two, and of real pictures.
        seeds: of the pictures of an arm; those of one seed are one unit.
        units: of the real pictures: artists where they are known.
        style: place in the vocabulary.
    """
    real = arms["real"]
    theirs = np.ones(len(real.labels), bool) if style is None else real.labels == style
    found: dict[str, DistanceEstimate | None] = {}
    for arm in ARMS:
        one = arms[arm]
        ours = np.ones(len(one.labels), bool) if style is None else one.labels == style
        found[arm] = kernel_distance(
            one.features[ours], real.features[theirs], seeds[ours], seeds.max() + 1 + units[theirs]
        )
    adapter, base = found["adapter"], found["base"]
    nearer = base.less(adapter) if adapter and base else None
    return ArmDistances(adapter=_interval(adapter), base=_interval(base), nearer=_interval(nearer))


def _interval(distance: DistanceEstimate | None) -> Interval | None:
    return Interval(**distance.interval) if distance else None


def _confusion(network: LoadedClassifier, outputs: Outputs, size: int) -> NDArray[np.int64]:
    """Confusion matrix under a uniform prior; a row a target style."""
    return confusion_matrix(outputs.labels, _answers(network, outputs), size)


def _answers(network: LoadedClassifier, outputs: Outputs) -> NDArray[np.int64]:
    """Answers under a uniform prior, ``int64 (N,)``."""
    shares = network.prior_correction(uniform=True)(outputs.logits, 1.0)
    return np.asarray(shares.argmax(1), np.int64)


def _changes(
    hits: Mapping[str, NDArray[np.bool_]], styles: NDArray[np.int64], taught: list[int]
) -> dict[int, tuple[int, int, float]]:
    """By style: pictures gained and lost against the base, and the corrected one-sided p."""
    signs = hits["adapter"].astype(np.int64) - hits["base"]  # of the same prompts and seeds
    counts, raw = [], []
    for style in taught:
        own = signs[styles == style]
        gained, lost = int((own > 0).sum()), int((own < 0).sum())
        counts.append((gained, lost))
        tested = gained + lost
        raw.append(binomtest(gained, tested, alternative="greater").pvalue if tested else 1.0)
    corrected = holm(raw)
    return {style: (*moved, p) for style, moved, p in zip(taught, counts, corrected, strict=True)}


def _style_score(
    found: Collection,
    confusions: Mapping[str, NDArray[np.int64]],
    distances: ArmDistances,
    copies: CopyCheck,
    moved: tuple[int, int, float],
    style: int,
) -> LoraStyleScore:
    def share(arm: str) -> float:
        row = confusions[arm][style]
        return float(row[style] / row.sum())

    name = found.vocabulary.styles[style]
    return LoraStyleScore(
        style=name,
        train=int(found.counts("train")[style]),
        test=int(found.counts("test")[style]),
        accuracy=share("adapter"),
        floor=share("base"),
        ceiling=share("real") if confusions["real"][style].any() else None,
        gained=moved[0],
        lost=moved[1],
        p=moved[2],
        kernel_distance=distances,
        nearest=max(row.likeness for row in copies.all if row.style == name),
    )


def _copies(
    found: Collection, made: _Made, train: NDArray[np.int64], test: NDArray[np.int64]
) -> CopyCheck:
    """Painted pictures that are copies, and how close painted and real test pictures come.

    Test pictures that are themselves copies of training pictures would raise the limit, up to where
    nothing is found any more; they are left out of it.
    """
    pictures, tested = np.asarray(found.pixels[train]), np.asarray(found.pixels[test])
    known = numbers.thumbs(pictures)
    places, likeness = numbers.nearest(numbers.thumbs(made.pixels), known)
    _, usual = numbers.nearest(numbers.thumbs(tested), known)
    usual = np.delete(usual, numbers.copied(pictures, tested)[:, 1])
    limit = float(np.quantile(usual, numbers.REFERENCE)) if len(usual) else None
    ids, names = found.column("id"), found.vocabulary.styles
    aligned: dict[int, AlignedCopy] = {}
    for place, row, mirrored in numbers.copied(pictures, made.pixels).tolist():
        copy = AlignedCopy(
            style=names[made.styles[row]],
            seed=int(made.seeds[row]),
            nearest=ids[train[place]],
            mirrored=bool(mirrored),
        )
        aligned.setdefault(row, copy)
    rows = [
        NearestTraining(
            style=names[style],
            seed=int(seed),
            nearest=ids[train[place]],
            likeness=round(float(value), 4),
        )
        for style, seed, place, value in zip(made.styles, made.seeds, places, likeness, strict=True)
    ]
    above = [row for row in rows if limit is not None and row.likeness > limit]
    near = sorted(above, key=lambda row: -row.likeness)
    return CopyCheck(
        limit=limit,
        left_out=len(tested) - len(usual),
        share=len(near) / len(rows),
        expected=1 - numbers.REFERENCE,
        near=tuple(near),
        aligned=tuple(aligned.values()),
        all=tuple(rows),
    )


def _sheet(
    found: Collection,
    made: Mapping[str, _Made],
    taught: list[int],
    test: NDArray[np.int64],
    path: Path,
) -> None:
    """A row a style: with the adapter, without it, and real ones."""
    rows = []
    for style in taught:
        arms = [made[arm].pixels[made[arm].styles == style][:SHOWN] for arm in ARMS]
        arms.append(np.asarray(found.pixels[test[found.labels[test] == style][:SHOWN]]))
        blank = np.full_like(arms[0][0], 255)
        rows.append([picture for arm in arms for picture in [*arm, *[blank] * (SHOWN - len(arm))]])
    write_png(path, contact_sheet(rows, gap=2))

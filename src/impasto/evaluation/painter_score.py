"""The score of a painter: test pictures painted in every other style, and classified.

RUN/evaluator/                 the evaluator: a residual network, trained on the half of the
                               pictures that the painter was not trained on; scoring trains nothing
RUN/evaluation/painting.json   every number
RUN/evaluation/findings.json   IMP305, IMP307, IMP311 to IMP316
RUN/evaluation/figures/        test pictures in all styles, and at rising strength

Three arms are classified alike: *painted*; *unchanged*, the floor; and *histogram*, colour transfer
from a training picture of the target style. Real test pictures of the style are the ceiling.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of, training_hashes
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import CollectionError, RunError
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.loaded_classifier import LoadedClassifier, open_classifier
from impasto.evaluation.painter_score_arms import Arms, measure_arms
from impasto.evaluation.painter_score_figures import STRENGTHS, draw
from impasto.evaluation.painter_score_findings import ARMS, painting_findings
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import ssim
from impasto.numerics.bootstrap import cluster_mean_estimate, mean_estimate
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.painter_score import (
    ContentScores,
    EvaluatorSummary,
    HitRate,
    HitRateGains,
    IdentityScores,
    PaintedStyle,
    PainterArms,
    PainterScore,
    ShownPair,
    StrengthStep,
)
from impasto.records.record import Interval
from impasto.records.run import EVALUATOR, STYLE_CLASSIFIER, Run
from impasto.state.fingerprint import done, not_done
from impasto.weights import painter_of


class PaintingSettings(Settings):
    """Settings of the score of a painter."""

    per_style: int = Field(
        50, ge=2, description="most test pictures of each style that are painted in all others"
    )
    evaluator: str | None = Field(
        None, description="run of the evaluator; none: the folder evaluator in the painter's run"
    )
    shown: int = Field(8, ge=1, description="pictures in the figures")
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    device: Device = Field("auto", description="auto takes a GPU where there is one")
    seed: int = Field(0, ge=0, description="seed of the colour transfer and of the resamples")


def score_painter(
    run: Path | str,
    collection: Path | str | None = None,
    settings: PaintingSettings | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> PainterScore:
    """Score a painter and write the score into its run's folder; trains nothing.

    Args:
        run: the run's folder.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        settings: the defaults where ``None``.
        announce: called with one line as each part begins.

    Raises:
        RunError: there is no trained painter or no trained evaluator, the collection has changed,
            or the evaluator is the painter's own style classifier.
        CollectionError: there are no test pictures, or of one style only.
        VocabularyError: the evaluator, or the collection, has other styles.
        OutputError: the run's folder cannot be written.
    """
    settings, log = settings or PaintingSettings(), announce or (lambda line: None)
    opened = runs.open_run(Path(run), "painter")
    painter = painter_of(opened, accelerator_on(settings.device).device)
    found = collection_of(opened, collection)
    rows = _chosen(found, settings.per_style)
    evaluator = _evaluator(opened, settings)
    found.vocabulary.require(evaluator.run.styles, f"the evaluator in {evaluator.run.path}")
    subject = PainterUnderTest(opened, painter, evaluator, found, rows)
    own = found.fingerprint == opened.collection["fingerprint"]
    folder = (
        opened.evaluation_path if own else opened.path / f"evaluation-{found.path.resolve().name}"
    )
    not_done(folder)
    log(f"painting {len(rows)} test pictures in every style")
    shown = draw(subject, settings.shown, folder / "figures")
    score = _measure(subject, settings, shown)
    findings.save(folder / "findings.json", painting_findings(score, opened, found))
    score = score.write(folder / "painting.json")
    made_from = opened.weights_fingerprint
    done(folder, settings=settings, weights=made_from, collection=found.fingerprint)
    return score


def _chosen(found: Collection, per_style: int) -> NDArray[np.int64]:
    """Rows of the test pictures to be painted: evenly spaced in each style, at most per_style."""
    test = found.indices("test")
    chosen = []
    for style in np.unique(found.labels[test]):
        local = test[found.labels[test] == style]
        places = np.linspace(0, len(local) - 1, min(per_style, len(local))).round()
        chosen.append(local[places.astype(np.int64)])
    if len(chosen) < 2:
        raise CollectionError(
            f"{found.path} has test pictures of {len(chosen)} styles: scoring a painter takes two"
        )
    return np.sort(np.concatenate(chosen))


def _evaluator(painter: Run, settings: PaintingSettings) -> LoadedClassifier:
    place = Path(settings.evaluator) if settings.evaluator else painter.path / EVALUATOR
    if place.resolve() == (painter.path / STYLE_CLASSIFIER).resolve():
        raise RunError(
            f"{place} is the painter's own style classifier, which cannot evaluate it: name "
            "another run with --classifier"
        )
    if not (place / "run.json").is_file():
        raise RunError(
            f"no evaluator in {place}: impasto train painter trains one, or name a classifier's "
            "run with --classifier"
        )
    return open_classifier(place, settings.device)


def _measure(
    subject: PainterUnderTest, settings: PaintingSettings, shown: tuple[ShownPair, ...]
) -> PainterScore:
    found = subject.found
    test = found.indices("test")
    real_shares, real_features = subject.classified(subject.stored(test))
    arms = measure_arms(subject, real_features, settings.seed)
    right, real_labels = real_shares.argmax(1) == found.labels[test], found.labels[test]
    again = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    rates = numbers.Rates(arms.hits, subject.labels, right, real_labels, **again)
    whole = {
        arm: HitRate(hit=rates.mean(arm), normalised=rates.normalised(arm))
        for arm in (*ARMS, "real")
    }
    return PainterScore(
        command=runs.command(),
        environment=runs.environment(),
        collection_fingerprint=found.fingerprint,
        styling=subject.run.settings["styling"],
        resolution=subject.resolution,
        pictures=len(subject.rows),
        evaluator=_about(subject, right),
        scores=PainterArms(**whole),
        gains=HitRateGains(
            unchanged=rates.gain("painted", "unchanged"),
            histogram=rates.gain("painted", "histogram"),
        ),
        content={arm: _content_scores(parts, settings) for arm, parts in arms.contents.items()},
        searched=arms.searched,
        frechet_distance={arm: _mean([row[arm] for row in arms.frechet.values()]) for arm in ARMS},
        kernel_distance={arm: _mean([row[arm] for row in arms.kernel.values()]) for arm in ARMS},
        per_style=tuple(_style_score(subject, rates, arms, style) for style in rates.styles),
        pairs=rates.pairs(found.vocabulary.styles),
        identity=_identity(subject, settings),
        strength=_strength(subject),
        shown=shown,
    )


def _style_score(
    subject: PainterUnderTest, rates: numbers.Rates, arms: Arms, style: int
) -> PaintedStyle:
    name = subject.found.vocabulary.styles[style]
    return PaintedStyle(
        style=name,
        train=int(subject.found.counts("train")[style]),
        **{arm: rates.of_style(style, arm) for arm in (*ARMS, "real")},
        frechet_distance=arms.frechet[name],
        kernel_distance=arms.kernel[name],
    )


def _mean(distances: list[float | None]) -> float | None:
    """The mean over styles; ``None`` where one of them has too few pictures."""
    known = [value for value in distances if value is not None]
    return float(np.mean(known)) if known and len(known) == len(distances) else None


def _about(subject: PainterUnderTest, right: NDArray[np.bool_]) -> EvaluatorSummary:
    """The evaluator and its accuracy on real test pictures."""
    run, known = subject.evaluator.run, set().union(*training_hashes(subject.evaluator.run))
    local, hashes = set().union(*training_hashes(subject.run)), subject.found.column("sha256")
    return EvaluatorSummary(
        run=run.path.name,
        network=run.settings["network"],
        accuracy=float(right.mean()),
        pictures_shared=len(local & known),
        test_pictures_seen=len({hashes[row] for row in subject.rows} & known),
    )


def _content_scores(
    parts: list[dict[str, NDArray[np.float64]]], settings: PaintingSettings
) -> ContentScores:
    """Means over pictures and styles, resampled over pictures."""
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = whole.pop("picture").astype(np.int64)
    again = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    means = {name: cluster_mean_estimate(values, rows, **again) for name, values in whole.items()}
    return ContentScores(**{name: Interval(**mean) for name, mean in means.items()})


def _identity(subject: PainterUnderTest, settings: PaintingSettings) -> IdentityScores:
    """SSIM of pictures painted in their own style, and in none, with the originals."""
    own = torch.eye(len(subject.found.vocabulary))[subject.labels]

    def alike(weights: Tensor) -> Interval:
        back = subject.painted(subject.originals, weights)
        values = ssim(float_tensor(back), float_tensor(subject.originals)).double().numpy()
        again = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
        return Interval(**mean_estimate(values, **again))

    return IdentityScores(own_style=alike(own), no_style=alike(0 * own))


def _strength(subject: PainterUnderTest) -> tuple[StrengthStep, ...]:
    """Hit rate, probability of the target style and SSIM at rising strength.

    Each picture is painted in one other style, in turn.
    """
    labels, eye = subject.labels, torch.eye(len(subject.found.vocabulary))
    present = np.unique(labels)
    place = np.searchsorted(present, labels)
    targets = present[(place + 1 + np.arange(len(labels)) % (len(present) - 1)) % len(present)]
    rows = []
    for strength in STRENGTHS:
        made = subject.painted(subject.originals, strength * eye[targets])
        shares, _ = subject.classified(made)
        rows.append(
            StrengthStep(
                strength=strength,
                hit=float((shares.argmax(1) == targets).mean()),
                probability=float(shares[np.arange(len(targets)), targets].mean()),
                ssim=float(numbers.kept(made, subject.originals)["ssim"].mean()),
            )
        )
    return tuple(rows)

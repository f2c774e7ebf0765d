"""The score of a painter: test pictures painted in other styles, and classified twice.

RUN/evaluator/                 the evaluator: a residual network, trained on the half of the
                               pictures that the painter was not trained on
RUN/evaluation/painting.json   every number
RUN/evaluation/findings.json   IMP305, IMP307, IMP311 to IMP320
RUN/evaluation/figures/        test pictures in all styles by each arm, and at rising strength

Arms stand side by side, each a way from a picture and a target style to another picture: the
painter, patches, both; and what they are compared with: *unchanged*, the floor; colour transfer;
adversarial pictures, the rate of an attack; real test pictures of the style, the ceiling. Two
evaluators of different kinds classify all of them: the network, and hand-made features.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.picture_draws import resampled_units
from impasto.collection.run_collection import collection_of, trained_halves, training_hashes
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import CollectionError, RunError
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.arm_scores import ArmScoring
from impasto.evaluation.loaded_classifier import LoadedClassifier, open_classifier
from impasto.evaluation.painter_arms import paint_all, painting_arms
from impasto.evaluation.painter_evaluators import Evaluators, fit_second_evaluator
from impasto.evaluation.painter_score_figures import STRENGTHS, draw
from impasto.evaluation.painter_score_findings import painting_findings
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.generate.patch_painter import PatchPainter
from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import ssim
from impasto.numerics.bootstrap import cluster_mean_estimate
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.painter_score import (
    EvaluatorSummary,
    IdentityScores,
    PainterScore,
    StrengthStep,
)
from impasto.records.record import Interval
from impasto.records.run import EVALUATOR, STYLE_CLASSIFIER, Run
from impasto.state.fingerprint import done, not_done
from impasto.weights import painter_of


class PaintingSettings(Settings):
    """Settings of the score of a painter."""

    per_style: int = Field(
        10, ge=2, description="most test pictures of each style that are painted in others"
    )
    targets_per_picture: int = Field(
        3, ge=1, description="target styles of each picture, in turn; at most all others"
    )
    patches: bool = Field(
        True, description="paint with patches of real works, too, and finish paintings with them"
    )
    course: str | None = Field(
        None, description="run of a painter of the course's form, to stand beside; none: left out"
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
    pairs, targets = numbers.balanced_pairs(found.labels[rows], settings.targets_per_picture)
    subject = PainterUnderTest(opened, painter, found, rows, pairs, targets)
    half, other = trained_halves(opened, found)
    own = found.fingerprint == opened.collection["fingerprint"]
    folder = (
        opened.evaluation_path if own else opened.path / f"evaluation-{found.path.resolve().name}"
    )
    not_done(folder)
    log("fitting the second evaluator, on hand-made features")
    second = fit_second_evaluator(other, subject.resolution, settings.seed)
    evaluators = Evaluators(evaluator, second)
    log(f"painting {len(pairs)} pairs of test picture and target style")
    borrows = settings.patches and bool(half.counts("train").any())
    borrower = PatchPainter.of_painter(opened, found) if borrows else None
    shown = draw(subject, settings.shown, folder / "figures", borrower)
    score = _scored(subject, evaluators, (half, other), borrower, settings, log)
    score = score.model_copy(update={"shown": shown})
    findings.save(folder / "findings.json", painting_findings(score, opened, found))
    score = score.write(folder / "painting.json")
    made_from = {"weights": opened.weights_fingerprint, "collection": found.fingerprint}
    done(folder, settings=settings, format=score.format, **made_from)
    return score


def _chosen(found: Collection, per_style: int) -> NDArray[np.int64]:
    """Rows of the test pictures to be painted: evenly spaced in each style, at most per_style."""
    test = found.indices("test")
    chosen = []
    for style in np.unique(found.labels[test]):
        local = test[found.labels[test] == style]
        chosen.append(evenly(local, per_style))
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


def _scored(
    subject: PainterUnderTest,
    evaluators: Evaluators,
    halves: tuple[Collection, Collection],
    borrower: PatchPainter | None,
    settings: PaintingSettings,
    log: Callable[[str], None],
) -> PainterScore:
    """Paint and measure all arms.

    Args:
        subject: the painter and its test pictures.
        evaluators: of the paintings.
        halves: the pictures that the painter was trained on, and all others.
        borrower: paints with patches; ``None``: nothing does.
        settings: of the score.
        log: called with one line as each part begins.
    """
    half, other = halves
    again = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    scoring = ArmScoring(subject, evaluators, other, **again)
    arms, left_out = painting_arms(
        subject, half, borrower, course=settings.course, seed=settings.seed
    )
    made, seconds = paint_all(arms, log)
    log("classifying the paintings")
    measured = scoring.measured(made, seconds)
    return PainterScore(
        command=runs.command(),
        environment=runs.environment(),
        collection_fingerprint=subject.found.fingerprint,
        styling=subject.run.settings["styling"],
        resolution=subject.resolution,
        sources=len(subject.rows),
        pictures=len(subject.pairs),
        resampled=resampled_units(subject.found, subject.rows),
        evaluator=_about(subject, evaluators.evaluator.run),
        left_out=left_out,
        identity=_identity(subject, scoring.units, **again),
        strength=_strength(subject, evaluators),
        evaluators=measured.evaluators,
        evaluator_gain=measured.evaluator_gain,
        arms=measured.arms,
        gains=measured.gains,
        searched=measured.searched,
        per_style=measured.per_style,
        pairs=measured.pairs,
    )


def _about(subject: PainterUnderTest, run: Run) -> EvaluatorSummary:
    """The evaluator, and what it shares with the painter."""
    known = set[str]().union(*training_hashes(run))
    local = set[str]().union(*training_hashes(subject.run))
    hashes, artists = subject.found.column("sha256"), subject.found.column("artist")
    sides = [
        {artist for artist, mark in zip(artists, hashes, strict=True) if artist and mark in one}
        for one in (known, local)
    ]
    return EvaluatorSummary(
        run=run.path.name,
        network=run.settings["network"],
        pictures_shared=len(local & known),
        artists_shared=len(sides[0] & sides[1]),
        test_pictures_seen=len({hashes[row] for row in subject.rows} & known),
    )


def _identity(
    subject: PainterUnderTest, units: NDArray[np.int64], *, resamples: int, seed: int
) -> IdentityScores:
    """SSIM of pictures painted in their own style, and in none, with the originals."""
    own = torch.eye(len(subject.found.vocabulary))[subject.labels]

    def alike(weights: Tensor) -> Interval:
        back = subject.painted(subject.originals, weights)
        values = ssim(float_tensor(back), float_tensor(subject.originals)).double().numpy()
        return Interval(**cluster_mean_estimate(values, units, resamples=resamples, seed=seed))

    return IdentityScores(own_style=alike(own), no_style=alike(0 * own))


def _strength(subject: PainterUnderTest, evaluators: Evaluators) -> tuple[StrengthStep, ...]:
    """Hit rate, probability of the target style and SSIM at rising strength.

    Each picture is painted in the first of its target styles.
    """
    eye = torch.eye(len(subject.found.vocabulary))
    _, first = np.unique(subject.pairs, return_index=True)
    targets, rows = subject.targets[first], []
    for strength in STRENGTHS:
        made = subject.painted(subject.originals, strength * eye[targets])
        shares, _ = evaluators.network(made)
        rows.append(
            StrengthStep(
                strength=strength,
                hit=float((shares.argmax(1) == targets).mean()),
                probability=float(shares[np.arange(len(targets)), targets].mean()),
                ssim=float(numbers.kept(made, subject.originals)["ssim"].mean()),
            )
        )
    return tuple(rows)

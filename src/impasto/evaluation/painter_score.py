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

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.handmade_classifier import fit_on_pictures
from impasto.collection.run_collection import collection_of, trained_halves, training_hashes
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import CollectionError, RunError
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.loaded_classifier import LoadedClassifier, open_classifier
from impasto.evaluation.painter_arms import Painting, paint_all, painting_arms
from impasto.evaluation.painter_evaluators import TREATMENTS, Evaluators, fit_second_evaluator
from impasto.evaluation.painter_score_figures import STRENGTHS, draw
from impasto.evaluation.painter_score_findings import painting_findings
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.evaluation.picture_draws import known_artists, resampled_units
from impasto.generate.patch_painter import PatchPainter
from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import ssim
from impasto.numerics.bootstrap import cluster_mean_estimate
from impasto.numerics.distances import colour_difference, frechet_distance, kernel_distance
from impasto.numerics.lattice import PERIODS, lattice_peaks
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.painter_score import (
    ARM_TITLES,
    Arm,
    ArmHitRate,
    ArmScore,
    ContentScores,
    EvaluatorAccuracy,
    EvaluatorName,
    EvaluatorSummary,
    HitRateGains,
    IdentityScores,
    PaintedStyle,
    PainterScore,
    ShownPair,
    StrengthStep,
    Treatment,
)
from impasto.records.record import Interval
from impasto.records.run import EVALUATOR, STYLE_CLASSIFIER, Run
from impasto.state.fingerprint import done, not_done
from impasto.weights import painter_of

Pixels = NDArray[np.uint8]
POOL = 1000
"""Size of the pool in which an original is looked for."""
TESTED = 200
"""Most pictures of an arm that are classified again under each treatment, evenly spaced."""
BASELINES: tuple[Arm, ...] = ("unchanged", "histogram")
"""Arms that the others are compared with; not classified again under treatments."""


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
    score = _Scoring(subject, evaluators, half, other, settings).score(borrower, shown, log)
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


class _Scoring:
    """The measurements of one score, on pictures that are painted once."""

    def __init__(
        self,
        subject: PainterUnderTest,
        evaluators: Evaluators,
        half: Collection,
        other: Collection,
        settings: PaintingSettings,
    ) -> None:
        self.subject, self.evaluators, self.settings = subject, evaluators, settings
        self.half, self.other = half, other
        self.found = subject.found
        self.test = self.found.indices("test")
        self.real = subject.stored(self.test)
        self.real_labels = self.found.labels[self.test]
        self.again: dict[str, Any] = {
            "resamples": settings.bootstrap_samples,
            "seed": settings.seed,
        }
        self.features: dict[Arm, NDArray[np.float32]] = {}
        self.right: dict[EvaluatorName, dict[Arm, NDArray[np.bool_]]] = {
            "network": {},
            "handmade": {},
        }

    def score(
        self,
        borrower: PatchPainter | None,
        shown: tuple[ShownPair, ...],
        log: Callable[[str], None],
    ) -> PainterScore:
        """Paint and classify all arms."""
        subject, settings, found = self.subject, self.settings, self.found
        arms, left_out = painting_arms(
            subject, self.half, borrower, course=settings.course, seed=settings.seed
        )
        made, seconds = paint_all(arms, log)
        log("classifying the paintings")
        for name, arm in made.items():
            self._classify(name, arm.pixels, subject.targets)
        self._classify("real", self.real, self.real_labels)
        rates = {evaluator: self._rates(right) for evaluator, right in self.right.items()}
        summaries = self._summaries(rates)
        order = [name for name in ARM_TITLES if name in made or name == "real"]
        haystack = self._haystack()
        scores = tuple(
            self._arm(name, made.get(name), seconds.get(name), rates, summaries, haystack)
            for name in order
        )
        return PainterScore(
            command=runs.command(),
            environment=runs.environment(),
            collection_fingerprint=found.fingerprint,
            styling=subject.run.settings["styling"],
            resolution=subject.resolution,
            sources=len(subject.rows),
            pictures=len(subject.pairs),
            resampled=resampled_units(found, subject.rows),
            evaluator=self._about(),
            evaluators=summaries,
            evaluator_gain=numbers.accuracy_gain(rates["network"], rates["handmade"]),
            arms=scores,
            left_out=left_out,
            gains={
                evaluator: {
                    name: HitRateGains(
                        unchanged=rate.gain(name, "unchanged"),
                        histogram=rate.gain(name, "histogram"),
                    )
                    for name in order
                    if name not in (*BASELINES, "real")
                }
                for evaluator, rate in rates.items()
            },
            searched=len(haystack),
            per_style=tuple(
                self._style(style, made, rates, summaries) for style in rates["network"].styles
            ),
            pairs=rates["network"].pairs(found.vocabulary.styles),
            identity=self._identity(),
            strength=self._strength(),
            shown=shown,
        )

    def _classify(self, name: Arm, pixels: Pixels, targets: NDArray[np.int64]) -> None:
        """Keep whether both evaluators name the targets, and the network's features."""
        shares, self.features[name] = self.evaluators.network(pixels)
        self.right["network"][name] = shares.argmax(1) == targets
        handmade = self.evaluators.handmade.probabilities(pixels)
        self.right["handmade"][name] = handmade.argmax(1) == targets

    def _rates(self, right: dict[Arm, NDArray[np.bool_]]) -> numbers.Rates:
        subject = self.subject
        return numbers.Rates(
            {name: hits for name, hits in right.items() if name != "real"},
            numbers.PaintedPairs(
                subject.pairs,
                subject.targets,
                subject.labels,
                len(self.found.vocabulary),
                known_artists(self.found, subject.rows),
            ),
            real=right["real"],
            real_labels=self.real_labels,
            real_artists=known_artists(self.found, self.test),
            **self.again,
        )

    def _summaries(
        self, rates: dict[EvaluatorName, numbers.Rates]
    ) -> dict[EvaluatorName, EvaluatorAccuracy]:
        """Accuracy of both evaluators, and why the hit rates of one are not normalised."""
        accuracy = {evaluator: rate.mean("real") for evaluator, rate in rates.items()}
        unplaced: dict[EvaluatorName, str | None] = {}
        for evaluator, rate in rates.items():
            ours, other = accuracy[evaluator].value, accuracy["handmade"].value
            unplaced[evaluator] = None
            if evaluator != "handmade" and ours <= other:
                unplaced[evaluator] = (
                    f"it is no better than hand-made features on real pictures ({ours:.1%} "
                    f"against {other:.1%})"
                )
            elif not rate.placed:
                unplaced[evaluator] = (
                    "it recognises real pictures hardly more often than unchanged ones"
                )
        return {
            evaluator: EvaluatorAccuracy(accuracy=accuracy[evaluator], unplaced=unplaced[evaluator])
            for evaluator in rates
        }

    def _arm(
        self,
        name: Arm,
        made: Painting | None,
        seconds: float | None,
        rates: dict[EvaluatorName, numbers.Rates],
        summaries: dict[EvaluatorName, EvaluatorAccuracy],
        haystack: NDArray[np.float64],
    ) -> ArmScore:
        """The score of one arm; ``made`` is ``None`` for real works."""
        pixels = self.real if made is None else made.pixels
        distances = self._distances(name)
        peaks = lattice_peaks(pixels).mean(0)
        return ArmScore(
            arm=name,
            rates={
                evaluator: ArmHitRate(
                    hit=rate.mean(name),
                    normalised=None if summaries[evaluator].unplaced else rate.normalised(name),
                    changes=self._changes(evaluator, name, pixels),
                )
                for evaluator, rate in rates.items()
            },
            content=None if made is None else self._content(pixels, haystack),
            lattice={period: float(peak) for period, peak in zip(PERIODS, peaks, strict=True)},
            frechet_distance=distances[0],
            kernel_distance=distances[1],
            trained_on=self._trained_on(name, pixels),
            copying=made.copying if made else None,
            seconds=seconds if name not in ("unchanged", "real") else None,
        )

    def _changes(
        self, evaluator: EvaluatorName, name: Arm, pixels: Pixels
    ) -> dict[Treatment, float]:
        """Changes of an arm's hit rate under treatments, on evenly spaced pictures of it."""
        if name in BASELINES:
            return {}
        targets = self.real_labels if name == "real" else self.subject.targets
        places = evenly(np.arange(len(targets)), TESTED)
        answers = self.evaluators.probabilities()[evaluator]

        plain = numbers.balanced_share(self.right[evaluator][name][places], targets[places])
        changes: dict[Treatment, float] = {}
        for kind, treated in TREATMENTS.items():
            right = answers(treated(pixels[places])).argmax(1) == targets[places]
            changes[kind] = numbers.balanced_share(right, targets[places]) - plain
        return changes

    def _distances(self, name: Arm) -> tuple[float | None, float | None]:
        """Fréchet and kernel distance of an arm to real works, the mean over target styles."""
        if name == "real":
            return None, None
        rows = [self._apart(name, style) for style in np.unique(self.subject.targets).tolist()]
        frechet, kernel = zip(*rows, strict=True)
        return _mean(frechet), _mean(kernel)

    def _apart(self, name: Arm, style: int) -> tuple[float | None, float | None]:
        """Fréchet and kernel distance of one target style's pictures to its real ones."""
        made = self.features[name][self.subject.targets == style]
        real = self.features["real"][self.real_labels == style]
        return frechet_distance(made, real), kernel_distance(made, real)

    def _trained_on(self, name: Arm, pixels: Pixels) -> float | None:
        """Train on an arm's pictures, test on real ones: balanced accuracy of hand-made features.

        Of real works, as many training pictures that the painter did not see are fitted on.
        """
        labels = self.subject.targets
        if name == "real":
            rows = self.other.indices("train")
            wanted = np.bincount(labels, minlength=len(self.found.vocabulary))
            local = [rows[self.other.labels[rows] == s][:n] for s, n in enumerate(wanted)]
            some = np.concatenate(local)
            pixels, labels = self.subject.stored(some), self.other.labels[some]
        if len(np.unique(labels)) < 2:
            return None
        fitted = fit_on_pictures(
            pixels, labels, len(self.found.vocabulary), penalty=self.evaluators.handmade.penalty
        )
        right = fitted.probabilities(self.real).argmax(1) == self.real_labels
        return numbers.balanced_share(right, self.real_labels)

    def _content(self, pixels: Pixels, haystack: NDArray[np.float64]) -> ContentScores:
        """Means over pairs, resampled over artists or pictures."""
        subject, units = self.subject, self._units()
        found = numbers.retrieved(numbers.shaded(pixels), subject.pairs, haystack)
        measured = {
            **numbers.kept(pixels, subject.sources),
            "retrieved": found.astype(np.float64),
            "colour_shift": colour_difference(pixels, subject.sources),
        }
        means = {
            name: Interval(**cluster_mean_estimate(values, units[subject.pairs], **self.again))
            for name, values in measured.items()
        }
        return ContentScores(**means)

    def _units(self) -> NDArray[np.int64]:
        """Units drawn again of the pictures that are painted: artists, or pictures."""
        artists = known_artists(self.found, self.subject.rows)
        return np.arange(len(self.subject.rows)) if artists is None else artists

    def _haystack(self) -> NDArray[np.float64]:
        """Shades of the pool in which originals are looked for; the originals come first."""
        found, subject = self.found, self.subject
        pool = np.concatenate([found.indices(split) for split in ("test", "train", "validation")])
        rest = pool[~np.isin(pool, subject.rows)][: max(0, POOL - len(subject.rows))]
        return numbers.shaded(np.concatenate((subject.originals, subject.stored(rest))))

    def _style(
        self,
        style: int,
        made: dict[Arm, Painting],
        rates: dict[EvaluatorName, numbers.Rates],
        summaries: dict[EvaluatorName, EvaluatorAccuracy],
    ) -> PaintedStyle:
        return PaintedStyle(
            style=self.found.vocabulary.styles[style],
            train=int(self.found.counts("train")[style]),
            rates={
                evaluator: {
                    name: rate.of_style(style, name, placed=not summaries[evaluator].unplaced)
                    for name in rate.hits
                }
                for evaluator, rate in rates.items()
            },
            kernel_distance={name: self._apart(name, style)[1] for name in made},
        )

    def _about(self) -> EvaluatorSummary:
        """The evaluator, and what it shares with the painter."""
        run, subject = self.evaluators.evaluator.run, self.subject
        known = set[str]().union(*training_hashes(run))
        local = set[str]().union(*training_hashes(subject.run))
        hashes, artists = self.found.column("sha256"), self.found.column("artist")
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

    def _identity(self) -> IdentityScores:
        """SSIM of pictures painted in their own style, and in none, with the originals."""
        subject = self.subject
        own = torch.eye(len(self.found.vocabulary))[subject.labels]

        def alike(weights: Tensor) -> Interval:
            back = subject.painted(subject.originals, weights)
            values = ssim(float_tensor(back), float_tensor(subject.originals)).double().numpy()
            return Interval(**cluster_mean_estimate(values, self._units(), **self.again))

        return IdentityScores(own_style=alike(own), no_style=alike(0 * own))

    def _strength(self) -> tuple[StrengthStep, ...]:
        """Hit rate, probability of the target style and SSIM at rising strength.

        Each picture is painted in the first of its target styles.
        """
        subject, eye = self.subject, torch.eye(len(self.found.vocabulary))
        _, first = np.unique(subject.pairs, return_index=True)
        targets, rows = subject.targets[first], []
        for strength in STRENGTHS:
            made = subject.painted(subject.originals, strength * eye[targets])
            shares, _ = self.evaluators.network(made)
            rows.append(
                StrengthStep(
                    strength=strength,
                    hit=float((shares.argmax(1) == targets).mean()),
                    probability=float(shares[np.arange(len(targets)), targets].mean()),
                    ssim=float(numbers.kept(made, subject.originals)["ssim"].mean()),
                )
            )
        return tuple(rows)


def _mean(distances: Sequence[float | None]) -> float | None:
    """The mean over styles; ``None`` where one of them has too few pictures."""
    known = [value for value in distances if value is not None]
    return float(np.mean(known)) if known and len(known) == len(distances) else None

"""Arms of pictures beside each other: hit rates by two evaluators, content, lattices, distances.

An arm is a way from a picture and a target style to another picture: a painter, a baseline, or
another program. Nothing is painted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.handmade_classifier import fit_on_pictures
from impasto.collection.picture_draws import known_artists
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.painter_arms import Painting
from impasto.evaluation.painter_evaluators import TREATMENTS, Evaluators
from impasto.evaluation.painter_under_test import PicturesUnderTest
from impasto.numerics.bootstrap import cluster_mean_estimate
from impasto.numerics.distances import (
    DistanceEstimate,
    colour_difference,
    kernel_distance,
    mean_distance,
)
from impasto.numerics.lattice import PERIODS, lattice_peaks
from impasto.records.painter_score import (
    ARM_TITLES,
    Arm,
    ArmHitRate,
    ArmScore,
    ContentScores,
    CopyScores,
    EvaluatorAccuracy,
    EvaluatorName,
    HitRateGains,
    PaintedStyle,
    PairGain,
    Treatment,
)
from impasto.records.record import Interval

Pixels = NDArray[np.uint8]
POOL = 1000
"""Size of the pool in which an original is looked for."""
TESTED = 200
"""Most pictures of an arm that are classified again under each treatment, evenly spaced."""
BASELINES: tuple[Arm, ...] = ("unchanged", "histogram")
"""Arms that the others are compared with; not classified again under treatments."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of all arms, as a ``PainterScore`` holds them."""

    evaluators: dict[EvaluatorName, EvaluatorAccuracy]
    evaluator_gain: Interval
    arms: tuple[ArmScore, ...]
    gains: dict[EvaluatorName, dict[Arm, HitRateGains]]
    searched: int
    per_style: tuple[PaintedStyle, ...]
    pairs: tuple[PairGain, ...]


class ArmScoring:
    """Measurements of arms of pictures, each classified twice; a picture is made once."""

    def __init__(
        self,
        subject: PicturesUnderTest,
        evaluators: Evaluators,
        other: Collection,
        *,
        resamples: int,
        seed: int,
    ) -> None:
        self.subject, self.evaluators, self.other = subject, evaluators, other
        self.found = subject.found
        self.test = self.found.indices("test")
        self.real = subject.stored(self.test)
        self.real_labels = self.found.labels[self.test]
        self.again: dict[str, Any] = {"resamples": resamples, "seed": seed}
        self.features: dict[Arm, NDArray[np.float32]] = {}
        self.right: dict[EvaluatorName, dict[Arm, NDArray[np.bool_]]] = {
            "network": {},
            "handmade": {},
        }

    def measured(
        self,
        made: Mapping[Arm, Painting],
        seconds: Mapping[Arm, float],
        real_copying: CopyScores | None = None,
    ) -> Measured:
        """Classify and measure all arms, and real test pictures.

        Args:
            made: pictures of each arm; ``unchanged``, ``histogram`` and ``painted`` are needed.
            seconds: that a picture of each took, where it is known.
            real_copying: how much real test pictures copy, where it was measured.
        """
        found = self.found
        for name, arm in made.items():
            self._classify(name, arm.pixels, self.subject.targets)
        self._classify("real", self.real, self.real_labels)
        rates = {evaluator: self._rates(right) for evaluator, right in self.right.items()}
        summaries = self._summaries(rates)
        order = [name for name in ARM_TITLES if name in made or name == "real"]
        haystack = self._haystack()
        pictures = {**made, "real": Painting(self.real, real_copying)}
        return Measured(
            evaluators=summaries,
            evaluator_gain=numbers.accuracy_gain(rates["network"], rates["handmade"]),
            arms=tuple(
                self._arm(name, pictures[name], seconds.get(name), rates, summaries, haystack)
                for name in order
            ),
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
            pairs=rates["network"].pairs(found.vocabulary.styles) if self.subject.paired else (),
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
                subject.artists,
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
        made: Painting,
        seconds: float | None,
        rates: dict[EvaluatorName, numbers.Rates],
        summaries: dict[EvaluatorName, EvaluatorAccuracy],
        haystack: NDArray[np.float64],
    ) -> ArmScore:
        """The score of one arm."""
        pixels = made.pixels
        distance = self._distance(name)
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
            content=None if name == "real" else self._content(pixels, haystack),
            lattice={period: float(peak) for period, peak in zip(PERIODS, peaks, strict=True)},
            kernel_distance=_interval(distance),
            nearer=_interval(self._nearer(name, distance)),
            trained_on=self._trained_on(name, pixels),
            copying=made.copying,
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

    def _distance(self, name: Arm) -> DistanceEstimate | None:
        """Kernel distance of an arm to real works, the mean over target styles."""
        if name == "real":
            return None
        rows = [self._apart(name, style) for style in np.unique(self.subject.targets).tolist()]
        known = [row for row in rows if row is not None]
        return mean_distance(known) if known and len(known) == len(rows) else None

    def _nearer(self, name: Arm, distance: DistanceEstimate | None) -> DistanceEstimate | None:
        """Distance of unchanged pictures to real works less that of an arm, paired."""
        floor = None if name == "unchanged" else self._distance("unchanged")
        return floor.less(distance) if floor and distance else None

    def _apart(self, name: Arm, style: int) -> DistanceEstimate | None:
        """Kernel distance of one target style's pictures to its real ones."""
        made, real = self.subject.targets == style, self.real_labels == style
        units, real_units = self._distance_units
        return kernel_distance(
            self.features[name][made], self.features["real"][real], units[made], real_units[real]
        )

    @cached_property
    def _distance_units(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Units of painted and of real pictures, numbered alike: one artist is one unit."""
        found, subject = self.found, self.subject
        every = np.arange(len(found))
        known = known_artists(found, every)
        units = every if known is None else known
        if len(subject.rows) == len(subject.labels):  # all originals are of the collection
            return units[subject.rows][subject.pairs], units[self.test]
        return self.units[subject.pairs] + len(found), units[self.test]

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

    def _content(self, pixels: Pixels, haystack: NDArray[np.float64]) -> ContentScores | None:
        """Means over pairs whose original is known, resampled over artists or pictures."""
        subject = self.subject
        of_source = np.flatnonzero(subject.has_source)
        if not len(of_source):
            return None
        pixels, pairs = pixels[of_source], subject.pairs[of_source]
        sources = subject.sources[of_source]
        found = numbers.retrieved(numbers.shaded(pixels), pairs, haystack)
        measured = {
            **numbers.kept(pixels, sources),
            "retrieved": found.astype(np.float64),
            "colour_shift": colour_difference(pixels, sources),
        }
        units = np.unique(self.units[pairs], return_inverse=True)[1]
        means = {
            name: Interval(
                **cluster_mean_estimate(values, units, **self.again, shares=name == "retrieved")
            )
            for name, values in measured.items()
        }
        return ContentScores(**means)

    @property
    def units(self) -> NDArray[np.int64]:
        """Units drawn again of the originals: artists, or pictures."""
        artists = self.subject.artists
        return np.arange(len(self.subject.labels)) if artists is None else artists

    def _haystack(self) -> NDArray[np.float64]:
        """Shades of the pool in which originals are looked for; the originals come first."""
        found, subject = self.found, self.subject
        pool = np.concatenate([found.indices(split) for split in ("test", "train", "validation")])
        rest = pool[~np.isin(pool, subject.rows)][: max(0, POOL - len(subject.labels))]
        return numbers.shaded(np.concatenate((subject.originals, subject.stored(rest))))

    def _style(
        self,
        style: int,
        made: Mapping[Arm, Painting],
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
            kernel_distance={name: _interval(self._apart(name, style)) for name in made},
        )


def _interval(distance: DistanceEstimate | None) -> Interval | None:
    return Interval(**distance.interval) if distance else None

"""Coverage of intervals and false alarms of findings, by simulation with a known truth.

Made-up networks answer made-up pictures, so that the truth is known: the share of 95 % intervals
that hold it, and how often a finding speaks where there is nothing to find.

    python benchmarks/statistics.py [--trials 400]
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from impasto.comparison.resampling import Draws, resampled
from impasto.embedding.cluster_metrics import chance_scores, score_estimates, score_gains
from impasto.embedding.null_labels import null_labels
from impasto.evaluation.ood import FALSE_ALARMS, conformal_limit
from impasto.evaluation.painter_score_numbers import balanced_pairs
from impasto.numerics import conformal
from impasto.numerics.bootstrap import PictureDraws, cluster_mean_estimate, mean_estimate
from impasto.numerics.calibration import perfect_errors, reliability
from impasto.numerics.distances import DistanceEstimate, kernel_distance, mean_distance
from impasto.numerics.metrics import SCORES, recalls, stacked_scores
from impasto.numerics.sign_tests import sign_flip_p

STYLES, RESAMPLES, FEATURES = 13, 300, 12
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


class World:
    """Styles of unequal difficulty, and artists whose pictures are right or wrong together."""

    def __init__(self, each: int, artists: int, spread: float) -> None:
        generator = np.random.default_rng(0)
        self.each, self.artists, self.spread = each, artists, spread
        self.ease = generator.normal(0.3, 0.8, STYLES)
        wrong = generator.dirichlet(np.full(STYLES, 0.5), STYLES)
        np.fill_diagonal(wrong, 0)
        self.wrong = wrong / wrong.sum(1, keepdims=True)
        luck = spread * generator.normal(size=100_000)
        recall = np.array([_logistic(ease + luck).mean() for ease in self.ease])
        self.recall = recall
        table = self.wrong * (1 - recall)[:, None] + np.diag(recall)
        self.truth = {name: float(value) for name, value in stacked_scores(table).items()}

    def pictures(self, generator: np.random.Generator) -> tuple[Labels, Labels]:
        """Labels and artists; artists have unequal numbers of pictures."""
        labels = np.repeat(np.arange(STYLES), self.each)
        if self.artists == 0:
            return labels, np.arange(len(labels))
        places = [
            generator.choice(self.artists, self.each, p=generator.dirichlet(np.ones(self.artists)))
            for _ in range(STYLES)
        ]
        return labels, np.concatenate([s * self.artists + own for s, own in enumerate(places)])

    def answers(self, labels: Labels, artist: Labels, generator: np.random.Generator) -> Labels:
        """Answers of a network."""
        luck = self.spread * generator.normal(size=int(artist.max()) + 1)[artist]
        right = generator.random(len(labels)) < _logistic(self.ease[labels] + luck)
        cumulative = self.wrong[labels].cumsum(1)
        other = (cumulative > generator.random((len(labels), 1))).argmax(1)
        return np.where(right, labels, other)


def _logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))


def scores(world: World, trials: int, *, by_artist: bool) -> Iterator[tuple[str, float]]:
    """Coverage of each score, and of the difference of two equal networks."""
    held = dict.fromkeys([*SCORES, "difference in balanced accuracy"], 0)
    ahead, recalled = 0, 0
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        labels, artist = world.pictures(generator)
        unit = artist if by_artist and world.artists else None
        draws = PictureDraws.make(labels, STYLES, unit, resamples=RESAMPLES, seed=trial)
        first = world.answers(labels, artist, generator)
        one, other = (
            draws.scores(answers) for answers in (first, world.answers(labels, artist, generator))
        )
        for style, recall in enumerate(recalls(draws.confusions(first)).T):
            found = draws.estimate(recall, style=style)
            recalled += found["low"] <= world.recall[style] <= found["high"]
        for name in SCORES:
            found = draws.estimate(one[name])
            held[name] += found["low"] <= world.truth[name] <= found["high"]
        gain = draws.estimate(one["balanced_accuracy"] - other["balanced_accuracy"], least=-1)
        held["difference in balanced accuracy"] += gain["low"] <= 0 <= gain["high"]
        ahead += gain["low"] > 0
    for name, count in held.items():
        yield name.replace("_", " "), count / trials
    yield "recall of a style, the mean over styles", recalled / trials / STYLES
    yield "IMP301, IMP302: an equal network called better", ahead / trials


def calibration(count: int, artists: int, trials: int) -> float:
    """Share of perfectly calibrated networks that IMP303 calls off."""
    alarms = 0
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        unit = np.arange(count) if not artists else generator.integers(0, artists, count)
        confidence = generator.uniform(0.2, 1, count)
        if artists:  # an artist's pictures are right or wrong together
            common = generator.random(artists)[unit]
            chance = np.where(generator.random(count) < 0.5, common, generator.random(count))
        else:
            chance = generator.random(count)
        hit = chance < confidence
        unit = np.unique(unit, return_inverse=True)[1]
        drawn = perfect_errors(confidence, hit, unit, rounds=RESAMPLES, seed=trial)
        error, _ = reliability(np.zeros(count, int), np.where(hit, 0, 1), confidence)
        alarms += error > np.quantile(drawn, 0.99) and error - drawn.mean() > 0.02
    return alarms / trials


def signs(trials: int, *, by_artist: bool) -> float:
    """Share of remedies that change nothing and have p < 0.05; six pictures an artist."""
    alarms, artist = 0, np.repeat(np.arange(40), 6)
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        sign = np.sign(generator.normal(size=40)[artist] + generator.normal(size=240))
        change = sign * (generator.random(240) < 0.3)
        unit = artist if by_artist else np.arange(240)
        alarms += sign_flip_p(np.bincount(unit, weights=change).astype(np.int64)) < 0.05
    return alarms / trials


def seeds(trials: int) -> float:
    """Coverage of a mean accuracy over three seeds and test pictures."""
    held, labels = 0, np.repeat(np.arange(STYLES), 48)
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        chance = 0.55 + generator.normal(0, 0.015, (3, 1))
        right = generator.random((3, len(labels))) < chance
        answers = np.where(right, labels, (labels + 1) % STYLES)
        pictures = PictureDraws.make(labels, STYLES, None, resamples=RESAMPLES, seed=trial)
        draws = Draws.make(pictures, seeds=3, seed=trial)
        found = draws.summary(resampled(answers, draws, {})["accuracy"])
        held += found["low"] <= 0.55 <= found["high"]
    return held / trials


def means(trials: int, *, clustered: bool) -> float:
    """Coverage of a mean of 30 values, or of 30 clusters of four."""
    held = 0
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        if clustered:
            unit = np.repeat(np.arange(30), 4)
            values = generator.normal(size=30)[unit] + generator.normal(size=120)
            found = cluster_mean_estimate(values, unit, resamples=RESAMPLES, seed=trial)
        else:
            found = mean_estimate(generator.normal(size=30), resamples=RESAMPLES, seed=trial)
        held += found["low"] <= 0 <= found["high"]
    return held / trials


def sets(trials: int) -> float:
    """Coverage of conformal sets made for 90 %, from 400 validation pictures."""
    held = []
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        shares = generator.dirichlet(np.full(5, 0.6), 800)
        labels = (shares.cumsum(1) > generator.random((800, 1))).argmax(1)
        limits = conformal.thresholds(shares[:400], labels[:400], level=0.9, uniform=False)
        inside = conformal.members(shares[400:], np.asarray(limits))
        held.append(inside[np.arange(400), labels[400:]].mean())
    return float(np.mean(held))


def unlike(trials: int, held_out: int) -> float:
    """Share of pictures like those of the training that the OOD limit calls unlike them."""
    beyond = []
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        # Distances have a long tail: a few paintings are unlike all others
        distances = np.exp(generator.normal(3.3, 0.25, held_out + 400))
        limit = conformal_limit(distances[:held_out], FALSE_ALARMS)
        beyond.append((distances[held_out:] > limit).mean())
    return float(np.mean(beyond))


class PaintedWorld:
    """Features of real and of painted pictures, normally distributed, by artists or not.

    A painting lies a share of the way from its original to the target style.
    """

    def __init__(self, artists: int, way: float) -> None:
        self.artists, self.way = artists, way
        self.centres = np.random.default_rng(1).normal(0, 0.5, (STYLES, FEATURES))
        spread = (1.5 if artists else 1.0) * np.eye(FEATURES)
        found = []
        for target, centre in enumerate(self.centres):
            others = np.delete(self.centres, target, 0)
            made = [_moments(one + way * (centre - one), spread) for one in others]
            mixed = tuple(np.mean(each, 0) for each in zip(*made, strict=True))
            real = _moments(centre, spread)
            found.append(_mean_kernel(mixed, mixed) + _mean_kernel(real, real))
            found[-1] -= 2 * _mean_kernel(mixed, real)
        self.truths = np.array(found)

    def pictures(self, each: int, generator: np.random.Generator) -> tuple[Labels, Labels, Floats]:
        """Styles, units and features of real pictures; artists have unequal numbers of them."""
        labels = np.repeat(np.arange(STYLES), each)
        noise = generator.normal(size=(len(labels), FEATURES))
        if not self.artists:
            return labels, np.arange(len(labels)), self.centres[labels] + noise
        places = [
            generator.choice(self.artists, each, p=generator.dirichlet(np.ones(self.artists)))
            for _ in range(STYLES)
        ]
        units = np.concatenate([s * self.artists + one for s, one in enumerate(places)])
        alike = generator.normal(0, 0.5**0.5, (STYLES * self.artists, FEATURES))[units]
        return labels, units, self.centres[labels] + noise + alike


def _moments(mean: Floats, spread: Floats) -> tuple[Floats, ...]:
    """The first three moments of a normal distribution."""
    third = np.einsum("i,j,k->ijk", mean, mean, mean)
    cross = np.einsum("i,jk->ijk", mean, spread)
    third += cross + cross.transpose(1, 0, 2) + cross.transpose(1, 2, 0)
    return mean, spread + np.outer(mean, mean), third


def _mean_kernel(one: tuple[Floats, ...], other: tuple[Floats, ...]) -> float:
    """Expectation of (x·y / D + 1)³, of independent x and y."""
    products = [(a * b).sum() for a, b in zip(one, other, strict=True)]
    parts = [product / FEATURES**k for k, product in enumerate(products, start=1)]
    return float(1 + 3 * parts[0] + 3 * parts[1] + parts[2])


def distances(
    trials: int, *, each: int, artists: int, way: float, targets: int = 4
) -> Iterator[tuple[str, float]]:
    """Coverage of the kernel distance, and of its difference for two equal painters.

    The originals are the real pictures of their own styles.
    """
    world, equal = PaintedWorld(artists, way), 0
    held = {"kernel distance of a style": 0, "kernel distance, mean over styles": 0}
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        labels, units, real = world.pictures(each, generator)
        pairs, target = balanced_pairs(labels, targets)
        found: list[list[DistanceEstimate]] = []
        for _ in range(2):
            moved = world.way * (world.centres[target] - world.centres[labels[pairs]])
            # Half of a painting's noise is its original's
            own = 0.5**0.5 * (real[pairs] - world.centres[labels[pairs]])
            other = world.pictures(each, generator)[2] - world.centres[labels]
            made = world.centres[labels[pairs]] + moved + own + 0.5**0.5 * other[pairs]
            rows = []
            for style in range(STYLES):
                local, theirs = target == style, labels == style
                one = kernel_distance(
                    made[local].astype(np.float32),
                    real[theirs].astype(np.float32),
                    units[pairs][local],
                    units[theirs],
                )
                assert one is not None
                rows.append(one)
            found.append(rows)
        single, mean = found[0][0].interval, mean_distance(found[0]).interval
        held["kernel distance of a style"] += single["low"] <= world.truths[0] <= single["high"]
        truth = world.truths.mean()
        held["kernel distance, mean over styles"] += mean["low"] <= truth <= mean["high"]
        gain = mean_distance(found[0]).less(mean_distance(found[1])).interval
        equal += gain["low"] > 0 or gain["high"] < 0
    for name, count in held.items():
        yield name, count / trials
    yield "two equal painters: one called nearer or further", equal / trials


def clustered(
    artists: int, works: int, generator: np.random.Generator
) -> tuple[Labels, Labels, Labels, Labels]:
    """Styles, two equally good clusterings, and artists of paintings, ``int64 (N,)`` each.

    Four artists of ten have their style's cluster, the others one of their own liking; six of an
    artist's ten paintings lie in the artist's cluster.
    """
    style = np.arange(artists) % STYLES
    who = np.repeat(np.arange(artists), works)

    def clusters() -> Labels:
        strays = generator.integers(0, STYLES, artists)
        liked = np.where(generator.random(artists) < 0.4, style, strays)
        near = generator.random(len(who)) < 0.6
        return np.where(near, liked[who], generator.integers(0, STYLES, len(who)))

    return style[who], clusters(), clusters(), who


def clusterings(trials: int, artists: int, works: int) -> Iterator[tuple[str, float]]:
    """Coverage of the AMI of clusters, and how often one of two equal clusterings is called better.

    The truth is the AMI of very many artists. That of few exceeds it by about its chance level, the
    AMI with styles shuffled among them, which is taken off.
    """
    labels, many, _, _ = clustered(200_000, 1, np.random.default_rng(0))
    truth = adjusted_mutual_info_score(labels, many)
    held, called = [0, 0], [0, 0]
    for trial in range(trials):
        labels, first, second, who = clustered(artists, works, np.random.default_rng([trial, 9]))
        draws = PictureDraws.make(labels, STYLES, who, resamples=RESAMPLES, seed=trial)
        null = null_labels(labels, who, shufflings=40, seed=trial)
        level = chance_scores(labels, first, null).ami.mean
        again = {"resamples": RESAMPLES, "seed": trial}
        for place, drawn in enumerate((draws, None)):
            found = score_estimates(labels, first, **again, artists=drawn)["ami"]
            held[place] += found.low - level <= truth <= found.high - level
            gain = score_gains(labels, first, second, **again, artists=drawn).ami
            called[place] += gain.low > 0 or gain.high < 0
    for place, unit in enumerate(("artists", "paintings")):
        yield f"AMI of clusters less its chance level, {unit} drawn", held[place] / trials
        yield f"two equal clusterings: one called better, {unit} drawn", called[place] / trials


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description="Coverage and false alarms.")
    parser.add_argument("--trials", type=int, default=400)
    trials = parser.parse_args().trials
    print("| case | measure | share |\n| --- | --- | ---: |")

    def line(case: str, measure: str, share: float) -> None:
        print(f"| {case} | {measure} | {100 * share:.1f} % |", flush=True)

    cases = {
        "48 independent pictures a style": (World(48, 0, 0.0), False),
        "5 independent pictures a style": (World(5, 0, 0.0), False),
        "48 pictures by 11 artists a style, artists drawn": (World(48, 11, 1.0), True),
        "48 pictures by 11 artists a style, pictures drawn": (World(48, 11, 1.0), False),
        "20 pictures by 4 artists a style, artists drawn": (World(20, 4, 1.0), True),
    }
    for case, (world, by_artist) in cases.items():
        for measure, share in scores(world, trials, by_artist=by_artist):
            line(case, measure, share)
    for count, artists in ((176, 0), (630, 0), (630, 140), (176, 40)):
        drawn = f"{count} pictures" + (f" by {artists} artists" if artists else "")
        line(drawn, "IMP303: calibrated called off", calibration(count, artists, trials))
    painters = {
        "painters, 48 independent pictures a style": (48, 0, 0.5),
        "painters, 12 independent pictures a style": (12, 0, 0.5),
        "painters like real works, 12 pictures a style": (12, 0, 1.0),
        "painters, 48 pictures by 11 artists a style": (48, 11, 0.5),
    }
    for case, (each, artists, way) in painters.items():
        for measure, share in distances(trials // 2, each=each, artists=artists, way=way):
            line(case, measure, share)
    for artists, works in ((140, 5), (280, 25)):
        for measure, share in clusterings(trials // 2, artists, works):
            line(f"{artists * works:,} paintings by {artists} artists", measure, share)
    simple: dict[str, Callable[[], float]] = {
        "sign test by artist, p < 0.05 under its null": lambda: signs(trials, by_artist=True),
        "McNemar's test on the same, p < 0.05": lambda: signs(trials, by_artist=False),
        "mean over three seeds": lambda: seeds(trials),
        "mean of 30": lambda: means(trials, clustered=False),
        "mean of 30 clusters": lambda: means(trials, clustered=True),
        "conformal sets made for 90 %": lambda: sets(trials),
        "OOD limit from 200 pictures: others like them beyond it": lambda: unlike(trials, 200),
        "OOD limit from 845 pictures: others like them beyond it": lambda: unlike(trials, 845),
    }
    for measure, of in simple.items():
        line("others", measure, of())


if __name__ == "__main__":
    main()

"""Scores, differences and tests of long-tail methods, and the choice among them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection, Split
from impasto.collection.picture_draws import picture_draws
from impasto.comparison import resampling
from impasto.comparison.class_likelihood import class_likelihood
from impasto.comparison.resampling import Draws
from impasto.evaluation.scoring import frequency_group
from impasto.numerics.sign_tests import holm
from impasto.records.balance import PLAIN, MethodChoice, SignTestResult
from impasto.records.evaluation import ScoreTable, score_table
from impasto.records.finding import Finding, Outcome

RAREST = "rarest_third"
RESAMPLES = 2000
THIN = 4
"""A style with this many test pictures or fewer says nothing."""
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MethodLogits:
    """Logits of the networks of one method.

    Attributes:
        validation: of the validation pictures, ``float32 (seeds, V, styles)``.
        test: of the test pictures, ``float32 (seeds, N, styles)``.
    """

    validation: Logits
    test: Logits


@dataclass(frozen=True, slots=True)
class MethodComparison:
    """Scores of one method on the test split; the fields are those of ``MethodScores``."""

    scores: ScoreTable
    by_seed: dict[str, tuple[float, ...]]
    recall: tuple[float | None, ...]
    differences: ScoreTable | None
    sign_test: SignTestResult | None


@dataclass(frozen=True, slots=True)
class ValidationChoice:
    """The method with the highest balanced accuracy on validation pictures.

    Attributes:
        method: its name.
        likelihood: mean log-likelihood of a style by method, means over seeds.
        balanced_accuracy: likewise.
        peers: methods whose balanced accuracy is not significantly lower (95 % interval over
            pictures and seeds).
    """

    method: str
    likelihood: Mapping[str, float]
    balanced_accuracy: Mapping[str, float]
    peers: tuple[str, ...]


def groups(collection: Collection) -> dict[str, list[int]]:
    """Styles by their number of training pictures, as positions in the vocabulary.

    Many, medium and few are more than 100, 20 to 100 and fewer than 20 (Liu et al. 2019,
    arXiv:1904.05160) and may be empty; the rarest third, of the styles that have test pictures,
    never is.
    """
    counts, tested = collection.counts("train"), collection.counts("test")
    order = [int(style) for style in np.argsort(counts, kind="stable") if tested[style]]
    found: dict[str, list[int]] = {"many": [], "medium": [], "few": []}
    for style in order:
        found[frequency_group(int(counts[style]))].append(style)
    return {**found, RAREST: order[: -(-len(order) // 3)]}


def draws_of(collection: Collection, split: Split, *, seeds: int, seed: int) -> Draws:
    """The pictures of a split, or their artists where they are known, and seeds, drawn again."""
    pictures = picture_draws(collection, collection.indices(split), resamples=RESAMPLES, seed=seed)
    return Draws.make(pictures, seeds=seeds, seed=seed)


def compare(
    collection: Collection, logits: Mapping[str, MethodLogits], *, seed: int
) -> dict[str, MethodComparison]:
    """Score every method on the test split, and test it against plain training.

    Args:
        collection: whose test split was answered.
        logits: by method, plain training among them; the same seeds in the same order.
        seed: of the resampling.
    """
    labels = collection.labels[collection.indices("test")]
    styles, grouped = len(collection.vocabulary), groups(collection)
    draws = draws_of(collection, "test", seeds=len(logits[PLAIN].test), seed=seed)
    answers = {name: one.test.argmax(2) for name, one in logits.items()}
    tests = {
        name: resampling.sign_test(answers[PLAIN], own, labels, draws.pictures.unit)
        for name, own in answers.items()
        if name != PLAIN
    }
    corrected = holm([test.p for test in tests.values()])
    p_holm = dict(zip(tests, corrected, strict=True))
    plain_drawn = resampling.resampled(answers[PLAIN], draws, grouped)
    compared = {}
    for name, own in answers.items():
        values = resampling.scores(own, draws, grouped)
        drawn = resampling.resampled(own, draws, grouped)
        summaries = {key: draws.summary(drawn[key]) for key in drawn}
        differences, sign_test = None, None
        if name != PLAIN:
            differences = {
                key: draws.summary(drawn[key] - plain_drawn[key], least=-1) for key in drawn
            }
            test = tests[name]
            sign_test = SignTestResult(
                gained=test.gained,
                lost=test.lost,
                p=test.p,
                p_holm=p_holm[name],
                by_seed=test.seeds,
            )
        compared[name] = MethodComparison(
            scores=score_table(summaries),
            by_seed={key: tuple(each.tolist()) for key, each in values.items()},
            recall=_recalls(own, labels, styles),
            differences=score_table(differences) if differences else None,
            sign_test=sign_test,
        )
    return compared


def _recalls(
    answers: NDArray[np.int64], labels: NDArray[np.int64], styles: int
) -> tuple[float | None, ...]:
    """Each style's recall, the mean over the seeds; ``None`` for one without test pictures."""
    recalls: list[float | None] = []
    for style in range(styles):
        own = answers[:, labels == style]
        recalls.append(float((own == style).mean()) if own.shape[1] else None)
    return tuple(recalls)


def choose(
    collection: Collection, logits: Mapping[str, MethodLogits], *, seed: int
) -> ValidationChoice:
    """Choose a method by balanced accuracy on validation pictures."""
    labels = collection.labels[collection.indices("validation")]
    draws = draws_of(collection, "validation", seeds=len(logits[PLAIN].validation), seed=seed)
    drawn = {
        name: resampling.resampled(one.validation.argmax(2), draws, {})["balanced_accuracy"]
        for name, one in logits.items()
    }
    balanced = {name: float(values[0]) for name, values in drawn.items()}
    likelihood = {
        name: float(np.mean([class_likelihood(each, labels) for each in one.validation]))
        for name, one in logits.items()
    }
    # Of equal ones the likelier, then the first in the catalogue, plain before all
    best = max(logits, key=lambda name: (balanced[name], likelihood[name]))
    peers = [
        name
        for name in logits
        if name != best and draws.summary(drawn[best] - drawn[name], least=-1)["low"] <= 0
    ]
    return ValidationChoice(best, likelihood, balanced, tuple(peers))


def recommend(
    compared: Mapping[str, MethodComparison],
    chosen: ValidationChoice,
    pictures: Mapping[str, int],
    *,
    thin: int = 0,
) -> MethodChoice:
    """Recommend the method that validation chose, with its gain on test pictures.

    Args:
        compared: of ``compare``.
        chosen: of ``choose``.
        pictures: how many the validation and the test split hold.
        thin: styles with one to ``THIN`` test pictures. They weigh in balanced accuracy as much as
            others, and drawing so few again hardly varies them, so that no interval is to be
            trusted: no gain is clear then.
    """
    best, peers = chosen.method, ""
    if chosen.peers:
        peers = f" Not significantly behind it there: {', '.join(chosen.peers)}."
    by = f"on the {pictures['validation']:,} validation pictures"
    if best == PLAIN:
        text = f"Plain training: no method had a higher balanced accuracy {by}.{peers}"
        return MethodChoice(method=best, clear=False, text=text, peers=chosen.peers)
    own, gains, test = compared[best], compared[best].differences, compared[best].sign_test
    assert gains is not None and test is not None
    gain, there = gains["balanced_accuracy"], chosen.balanced_accuracy
    before = compared[PLAIN].scores["balanced_accuracy"].value
    clear = gain.low > 0 and not thin
    if clear:
        verdict = "The 95 % interval of the gain in balanced accuracy excludes 0."
    elif thin:
        verb = "style has" if thin == 1 else "styles have"
        verdict = f"Not to be relied on: {thin} {verb} {THIN} test pictures or fewer."
    elif gain.high >= 0:
        verdict = (
            "This is not significantly better than plain training: the 95 % interval of the "
            "difference includes 0."
        )
    else:
        verdict = (
            "On the test pictures it is significantly worse than plain training: the gain on "
            "validation did not hold."
        )
    text = (
        f"{best[:1].upper() + best[1:]}, chosen {by} by balanced accuracy "
        f"({100 * there[best]:.1f} %; plain training {100 * there[PLAIN]:.1f} %).{peers} "
        f"On the {pictures['test']:,} test pictures, which chose nothing, balanced accuracy goes "
        f"from {100 * before:.1f} % to {100 * own.scores['balanced_accuracy'].value:.1f} %, a "
        f"difference in points of {gain.points}; in the rarest third of the styles the difference "
        f"is {gains[RAREST].points}, in accuracy {gains['accuracy'].points}: {test.gained} "
        f"pictures "
        f"gained, {test.lost} lost, p = {test.p_holm:.2g} after Holm's correction. {verdict}"
    )
    return MethodChoice(method=best, clear=clear, text=text, peers=chosen.peers)


def findings_of(
    compared: Mapping[str, MethodComparison], recommendation: MethodChoice
) -> list[Finding]:
    """IMP401: whether the method chosen on validation beats plain training on test pictures."""
    best = recommendation.method
    gains = compared[best].differences
    if gains is None:
        text = "No long-tail method did better than plain training on validation."
        return [Finding("IMP401", "not applicable", text)]
    gain = gains["balanced_accuracy"]
    text = f"Against plain training, {best} changes balanced accuracy by {gain.points} points."
    outcome: Outcome = "passed" if recommendation.clear else "issue"
    return [Finding("IMP401", outcome, text, gain.model_dump(), [{"method": best}])]

"""From every remedy's answers to the content of ``balance.json``.

Scores, differences, the choice, and its words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.comparison import resampling
from impasto.comparison import select_head as choice
from impasto.comparison.long_tail_methods import PLAIN
from impasto.comparison.resampling import Draws
from impasto.evaluation.scoring import FEW, MANY
from impasto.numerics.bootstrap import interval
from impasto.numerics.formatting import p_equals, percent, points
from impasto.records.finding import Finding

RAREST = "rarest_third"
RESAMPLES = 2000
THIN = 4
"""So few test pictures of a style, or fewer, say nothing."""
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the networks of one remedy say.

    Attributes:
        validation: logits of the validation pictures, ``float32 (seeds, V, styles)``.
        test: logits of the test pictures, ``float32 (seeds, N, styles)``.
    """

    validation: Logits
    test: Logits


def groups(collection: Collection) -> dict[str, list[int]]:
    """Styles by their number of training pictures, as positions in the vocabulary.

    Many, medium and few are more than 100, 20 to 100 and fewer than 20 (Liu et al. 2019,
    arXiv:1904.05160) and may be empty; the rarest third, of the styles that have test pictures,
    never is.
    """
    counts, tested = collection.counts("train"), collection.counts("test")
    order = [int(style) for style in np.argsort(counts, kind="stable") if tested[style]]
    return {
        "many": [style for style in order if counts[style] > MANY],
        "medium": [style for style in order if FEW <= counts[style] <= MANY],
        "few": [style for style in order if counts[style] < FEW],
        RAREST: order[: -(-len(order) // 3)],
    }


def compare(
    collection: Collection, answered: Mapping[str, Answered], *, seed: int
) -> dict[str, dict[str, Any]]:
    """Scores, differences and tests of every remedy on the test split, by name; plain training's come first.

    Args:
        collection: whose test split was answered.
        answered: by name of the remedy; the same seeds in the same order.
        seed: of the resampling.
    """
    labels = collection.labels[collection.indices("test")]
    styles, grouped = len(collection.vocabulary), groups(collection)
    seeds = len(answered[PLAIN].test)
    draws = Draws.make(labels, styles=styles, seeds=seeds, resamples=RESAMPLES, seed=seed)
    answers = {name: one.test.argmax(2) for name, one in answered.items()}
    yardstick = resampling.scores(answers[PLAIN], labels, styles, grouped)
    drawn_plain = resampling.resampled(answers[PLAIN], draws, grouped)
    made: dict[str, dict[str, Any]] = {}
    for name, mine in answers.items():
        values = resampling.scores(mine, labels, styles, grouped)
        drawn = resampling.resampled(mine, draws, grouped)
        made[name] = {
            "scores": {key: resampling.summary(values[key], drawn[key]) for key in values},
            "by_seed": {key: values[key].tolist() for key in values},
            "recall": _recalls(mine, labels, styles),
            "differences": None,
            "mcnemar": None,
        }
        if name != PLAIN:
            made[name]["differences"] = {
                key: resampling.summary(values[key] - yardstick[key], drawn[key] - drawn_plain[key])
                for key in values
            }
            test = resampling.sign_test(answers[PLAIN], mine, labels)
            made[name]["mcnemar"] = {
                "gained": test.gained,
                "lost": test.lost,
                "p": test.p,
                "by_seed": test.seeds,
            }
    tested = [name for name in answers if name != PLAIN]
    corrected = resampling.holm([made[name]["mcnemar"]["p"] for name in tested])
    for name, p in zip(tested, corrected, strict=True):
        made[name]["mcnemar"]["p_holm"] = p
    return made


def _recalls(
    answers: NDArray[np.int64], labels: NDArray[np.int64], styles: int
) -> list[float | None]:
    """Each style's recall, the mean over the seeds; ``None`` for one without test pictures."""
    return [
        float((answers[:, labels == style] == style).mean()) if (labels == style).any() else None
        for style in range(styles)
    ]


def choose(
    collection: Collection, answered: Mapping[str, Answered], *, seed: int
) -> dict[str, Any]:
    """The remedy to recommend, by balanced accuracy on validation pictures, and what they say of the others.

    Returns:
        ``remedy``; ``likelihood`` and ``balanced_accuracy`` of each remedy, means over seeds;
        ``peers``: remedies whose balanced accuracy is not clearly below the best one's (95 %
        interval over pictures and seeds).
    """
    labels, styles = collection.labels[collection.indices("validation")], len(collection.vocabulary)
    answers = {name: one.validation.argmax(2) for name, one in answered.items()}
    balanced = {
        name: float(resampling.scores(mine, labels, styles, {})["balanced_accuracy"].mean())
        for name, mine in answers.items()
    }
    likelihood = {
        name: float(np.mean([choice.likelihood(logits, labels) for logits in one.validation]))
        for name, one in answered.items()
    }
    # Of equal ones the likelier, then the first in the catalogue, plain before all
    best = max(answers, key=lambda name: (balanced[name], likelihood[name]))
    draws = Draws.make(
        labels, styles=styles, seeds=len(answers[best]), resamples=RESAMPLES, seed=seed
    )
    drawn = {
        name: resampling.resampled(mine, draws, {})["balanced_accuracy"]
        for name, mine in answers.items()
    }
    return {
        "remedy": best,
        "likelihood": likelihood,
        "balanced_accuracy": balanced,
        "peers": [
            name
            for name in answers
            if name != best and interval(drawn[best] - drawn[name])["low"] <= 0
        ],
    }


def recommend(
    compared: Mapping[str, Any],
    chosen: Mapping[str, Any],
    pictures: Mapping[str, int],
    *,
    thin: int = 0,
) -> dict[str, Any]:
    """The recommendation: ``remedy``, whether its gain is ``clear`` of zero, and ``text``.

    Args:
        compared: of ``compare``.
        chosen: of ``choose``.
        pictures: how many the validation and the test split hold.
        thin: styles with one to ``THIN`` test pictures. They weigh in balanced accuracy as much as
            others, and drawing so few again hardly varies them, so that no interval is to be
            trusted: nothing is clear then.
    """
    best = str(chosen["remedy"])
    by = f"on the {pictures['validation']:,} validation pictures"
    if best == PLAIN:
        text = f"Plain training: no remedy had a higher balanced accuracy {by}."
        return {"remedy": best, "clear": False, "text": f"{text}{_peers(chosen)}"}
    there, gains = chosen["balanced_accuracy"], compared[best]["differences"]
    clear, test = gains["balanced_accuracy"]["low"] > 0 and not thin, compared[best]["mcnemar"]
    lines = [
        f"{_title(best)}, chosen {by} by balanced accuracy ({percent(there[best])}; plain training "
        f"{percent(there[PLAIN])}).{_peers(chosen)}",
        f"On the {pictures['test']:,} test pictures, which chose nothing, balanced accuracy goes from "
        f"{percent(compared[PLAIN]['scores']['balanced_accuracy']['value'])} to "
        f"{percent(compared[best]['scores']['balanced_accuracy']['value'])}, a difference of "
        f"{_spelled(gains['balanced_accuracy'])}; in the rarest third of the styles the "
        f"difference is {points(gains[RAREST])}, in accuracy {points(gains['accuracy'])}: {test['gained']} pictures "
        f"gained, {test['lost']} lost, {p_equals(test['p_holm'])} after Holm's correction.",
        "The gain in balanced accuracy is clear of zero."
        if clear
        else f"Not to be relied on: {thin} of the styles {'has' if thin == 1 else 'have'} {THIN} test pictures or less."
        if thin
        else "This is not clearly better than plain training: the interval of the difference holds zero."
        if gains["balanced_accuracy"]["high"] >= 0
        else "On the test pictures it is clearly worse than plain training: what validation promised did not hold.",
    ]
    return {"remedy": best, "clear": bool(clear), "text": " ".join(lines)}


def _peers(chosen: Mapping[str, Any]) -> str:
    peers: Sequence[str] = chosen["peers"]
    return f" Not clearly behind it there: {', '.join(peers)}." if peers else ""


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _spelled(gain: Mapping[str, float]) -> str:
    value, _, interval = points(gain).partition(" (")
    return f"{value} points (95 % interval {interval}"


def findings_of(compared: Mapping[str, Any], recommendation: Mapping[str, Any]) -> list[Finding]:
    """IMP401.

    Whether the remedy chosen on validation beats plain training on test, clear of zero.
    """
    best = str(recommendation["remedy"])
    if best == PLAIN:
        return [
            Finding(
                "IMP401",
                "not applicable",
                "No remedy did better than plain training on validation.",
            )
        ]
    gain = compared[best]["differences"]["balanced_accuracy"]
    change = _spelled(gain)
    text = f"Against plain training, {best} changes balanced accuracy by {change}."
    return [
        Finding(
            "IMP401",
            "passed" if recommendation["clear"] else "issue",
            text,
            gain,
            [{"remedy": best}],
        )
    ]

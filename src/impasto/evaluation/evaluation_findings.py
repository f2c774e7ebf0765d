"""Findings of a classifier's evaluation, IMP301 to IMP309."""

from collections.abc import Sequence

from impasto.collection.collection import Collection
from impasto.collection.run_collection import known_test_pictures
from impasto.numerics.formatting import abridged, estimate
from impasto.records.evaluation import PRIORS, ClassifierEvaluation
from impasto.records.explanation import ConfusionVsYears, Explanation, SecondGuesses
from impasto.records.finding import Finding, Outcome
from impasto.records.run import Run

SMALL_EXCESS = 0.02  # of the calibration error over that of perfect calibration: no IMP303
ENOUGH = 10  # test pictures a style for IMP306; works under two styles for IMP309
SIGNIFICANT = 0.05  # p value from which IMP308 is an issue


def evaluation_findings(
    evaluation: ClassifierEvaluation, explanation: Explanation, run: Run, collection: Collection
) -> list[Finding]:
    """Return the findings on an evaluation of a run on a collection."""
    found = [
        *score_findings(evaluation, explanation),
        overlap_finding(run, collection),
        finished_finding(run),
    ]
    return sorted(found, key=lambda finding: finding.code)


def score_findings(evaluation: ClassifierEvaluation, explanation: Explanation) -> list[Finding]:
    """Judge the numbers of an evaluation and its explanation alone."""
    return [
        *number_findings(evaluation),
        _years(explanation.confusion_vs_years),
        _second_guesses(explanation.second_guesses),
    ]


def number_findings(evaluation: ClassifierEvaluation) -> list[Finding]:
    """Judge the numbers of an evaluation alone, whoever gave the answers."""
    return [
        _baselines(evaluation),
        _oracle(evaluation),
        _calibration(evaluation),
        _unlearned(evaluation),
        _small(evaluation),
    ]


def overlap_finding(run: Run, collection: Collection) -> Finding:
    """IMP305: test pictures of a collection that a run was trained or chosen on."""
    return overlap_of(known_test_pictures(run, collection), len(collection.indices("test")))


def overlap_of(known: Sequence[str], pictures: int) -> Finding:
    """IMP305 from the ids of known ones among a number of test pictures."""
    share = len(known) / pictures
    text = f"The run was trained on none of the {pictures} test pictures."
    if known:
        text = (
            f"The run was trained or chosen on {len(known)} of the {pictures} test pictures "
            f"({100 * share:.1f} %)."
        )
    items = [{"id": name} for name in known[:200]]
    numbers = {"pictures": float(len(known)), "share": share}
    return Finding("IMP305", _outcome(not known), text, numbers, items)


def finished_finding(run: Run) -> Finding:
    """IMP307: whether the training came to its end."""
    if run.state == "done":
        return Finding("IMP307", "passed", "The training came to its end.")
    text = "The training was cut off; these are its weights so far."
    return Finding("IMP307", "issue", text)


def _outcome(passed: bool) -> Outcome:
    return "passed" if passed else "issue"


def _baselines(evaluation: ClassifierEvaluation) -> Finding:
    own = evaluation.scores["balanced_accuracy"]
    others = {
        name: baseline
        for name, baseline in evaluation.baselines.items()
        if baseline and name != "artist_oracle"  # which needs more than the picture: IMP302
    }
    if not others:
        text = "The collection has no training pictures for a baseline to learn from."
        return Finding("IMP301", "not applicable", text)
    name = max(others, key=lambda name: others[name].scores["balanced_accuracy"].value)
    best = others[name].scores["balanced_accuracy"]
    gains = {name: one.gains["balanced_accuracy"] for name, one in others.items()}
    text = (
        f"Balanced accuracy is {own}; the best baseline, {name.replace('_', ' ')}, has "
        f"{100 * best.value:.1f} %, on the same pictures a difference in points of "
        f"{gains[name].points}."
    )
    least = min(gain.low for gain in gains.values())
    numbers = {
        "balanced_accuracy": own.value,
        "best_baseline": best.value,
        "gain": gains[name].value,
        "low": least,
    }
    # The whole interval of the difference to every baseline must lie above zero
    return Finding("IMP301", _outcome(least > 0), text, numbers, [{"baseline": name}])


def _oracle(evaluation: ClassifierEvaluation) -> Finding:
    oracle = evaluation.baselines.get("artist_oracle")
    if not oracle:
        text = "No test picture's artist is known from training."
        return Finding("IMP302", "not applicable", text)
    own, usual = evaluation.scores["accuracy"].value, oracle.scores["accuracy"].value
    gain, prior = oracle.gains["accuracy"], f"both with {PRIORS[evaluation.prior_of('accuracy')]}"
    if evaluation.prior == "given":
        prior = f"the oracle's with {PRIORS[evaluation.test_mix.prior]}"
    text = (
        f"Accuracy is {100 * own:.1f} %; answering each artist's usual style, without the picture, "
        f"has {100 * usual:.1f} %: a difference in points of {gain.points}, {prior}."
    )
    numbers = {"accuracy": own, "oracle": usual, "gain": gain.value, "low": gain.low}
    return Finding("IMP302", _outcome(gain.low > 0), text, numbers)


def _calibration(evaluation: ClassifierEvaluation) -> Finding:
    scores = evaluation.calibration
    if scores is None:
        text = "There was no validation picture to fit a temperature on."
        if evaluation.source:
            text = "The file has no probability of every style for every picture."
        return Finding("IMP303", "not applicable", text)
    how = f" at temperature {scores.temperature:.2f} ({scores.ece_before:.3f} without)"
    text = (
        f"The expected calibration error is {scores.ece_after:.3f}"
        f"{'' if evaluation.source else how}. Perfect calibration would "
        f"give {scores.ece_perfect:.3f} on as many pictures with these confidences, and at most "
        f"{scores.ece_perfect_99:.3f} in 99 % of cases."
    )
    numbers = {
        "ece_after": scores.ece_after,
        "ece_before": scores.ece_before,
        "ece_perfect": scores.ece_perfect,
        "ece_perfect_99": scores.ece_perfect_99,
        "temperature": scores.temperature,
    }
    off = scores.ece_after > scores.ece_perfect_99
    large = scores.ece_after - scores.ece_perfect > SMALL_EXCESS
    return Finding("IMP303", _outcome(not (off and large)), text, numbers)


def _unlearned(evaluation: ClassifierEvaluation) -> Finding:
    rows = [row for row in evaluation.per_style if row.test]
    never = [{"style": row.style, "train": row.train} for row in rows if not row.recall]
    text = f"All {len(rows)} styles are recognised at least once."
    if never:
        names = abridged(str(row["style"]) for row in never)
        text = f"{len(never)} of {len(rows)} styles are never recognised: {names}."
    return Finding("IMP304", _outcome(not never), text, {"styles": float(len(never))}, never)


def _small(evaluation: ClassifierEvaluation) -> Finding:
    few = [
        {"style": row.style, "test": row.test} for row in evaluation.per_style if row.test < ENOUGH
    ]
    text = f"Every style has at least {ENOUGH} test pictures."
    if few:
        names = abridged(f"{row['style']} ({row['test']})" for row in few)
        text = (
            f"{len(few)} styles have fewer than {ENOUGH} test pictures: {names}. Their intervals "
            "are somewhat too narrow."
        )
    return Finding("IMP306", _outcome(not few), text, {"styles": float(len(few))}, few)


def _years(found: ConfusionVsYears) -> Finding:
    used, test = sum(row.used for row in found.years), found.correlation
    if test is None:
        text = (
            f"{used} of {len(found.years)} styles have {found.dated_from} dated works and test "
            "pictures: too few to compare, or nothing was confused."
        )
        return Finding("IMP308", "not applicable", text)
    follows = test.value < 0 and test.p_value < SIGNIFICANT
    text = (
        f"Over {len(found.pairs)} pairs of {used} dated styles, confusion and the gap in median "
        f"years correlate by {estimate(test)}; p = {test.p_value:.3f}."
    )
    numbers = {"value": test.value, "low": test.low, "high": test.high, "p_value": test.p_value}
    return Finding("IMP308", _outcome(follows), text, {**numbers, "styles": float(used)})


def _second_guesses(found: SecondGuesses) -> Finding:
    left_out = ""
    if found.taught:
        left_out = f" {found.taught} more have a copy in training and do not count."
    numbers = {"works": float(found.works), "taught": float(found.taught)}
    if found.works < ENOUGH or found.scores is None:
        text = (
            f"{found.works or 'No'} test works stand under two styles, fewer than the {ENOUGH} "
            f"needed.{left_out}"
        )
        return Finding("IMP309", "not applicable", text, numbers)
    rate, expected, more = found.scores.rate, found.scores.expected, found.scores.difference
    text = (
        f"Of {found.works} test works under two styles, the second guess is the second label for "
        f"{100 * rate.value:.1f} %; second guesses on others would give "
        f"{100 * expected.value:.1f} % (difference in points {more.points}).{left_out}"
    )
    numbers |= {"rate": rate.value, "expected": expected.value}
    return Finding("IMP309", _outcome(more.low > 0), text, numbers)

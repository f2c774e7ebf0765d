"""Findings on predictions that another program made, IMP301 to IMP306 and IMP330 to IMP333."""

from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from impasto.evaluation.evaluation_findings import number_findings
from impasto.evaluation.given_predictions import GivenPredictions
from impasto.numerics.formatting import count, percent
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.finding import Finding

MUCH_BETTER: Final = 0.2
"""Share of pictures that another order of classes must win before it is held for the right one."""
ITEMS: Final = 200


def predictions_findings(
    evaluation: ClassifierEvaluation, given: GivenPredictions
) -> list[Finding]:
    """Judge the score of a table of predictions, and the table."""
    judged = [
        *number_findings(evaluation),
        _overlap(given),
        _unanswered(given),
        class_order(evaluation),
        _left_out(given),
        _other_truths(given),
    ]
    return sorted(judged, key=lambda finding: finding.code)


def _overlap(given: GivenPredictions) -> Finding:
    known = given.source.trained_on
    if known is None:
        text = (
            "Nothing says which pictures the model was trained on: list them with --trained-on, or "
            "in a column split."
        )
        return Finding("IMP305", "not applicable", text)
    text = "The model was trained on none of the scored pictures"
    if known:
        text += f"; {count(known, 'picture')} of the split that it was trained on are left out"
    items = [{"id": name} for name in given.trained_on[:ITEMS]]
    return Finding("IMP305", "passed", f"{text}.", {"left_out": float(known)}, items)


def _unanswered(given: GivenPredictions) -> Finding:
    source = given.source
    total = source.answered + source.missing
    numbers = {"missing": float(source.missing), "foreign": float(source.foreign)}
    numbers["share"] = (source.missing + source.foreign) / total
    if not source.missing and not source.foreign:
        text = f"All {total:,} pictures are answered by a style."
        return Finding("IMP330", "passed", text, numbers)
    rule = "count as wrong answers" if source.missing_rule == "wrong" else "are left out"
    parts = []
    if source.missing:
        share = percent(source.missing / total)
        parts.append(f"{source.missing:,} of {total:,} pictures ({share}) have no row and {rule}.")
    if source.foreign:
        parts.append(f"{source.foreign:,} answers name no style of the collection and are wrong.")
    items = [{"id": name} for name in given.missing[:ITEMS]]
    return Finding("IMP330", "issue", " ".join(parts), numbers, items)


def class_order(evaluation: ClassifierEvaluation) -> Finding:
    """IMP331: whether the classes in another order would fit the answers much better."""
    confusion = np.asarray(evaluation.confusion)
    right = int(np.trace(confusion))
    true, named = linear_sum_assignment(confusion, maximize=True)
    best = int(confusion[true, named].sum())
    gain = (best - right) / evaluation.pictures
    text = (
        f"{percent(right / evaluation.pictures)} of the answers are right; the classes in another "
        f"order would make at most {percent(best / evaluation.pictures)} right."
    )
    numbers = {"right": float(right), "best": float(best)}
    if gain < MUCH_BETTER:
        return Finding("IMP331", "passed", text, numbers)
    styles = evaluation.styles
    items = [
        {"named": styles[column], "fits": styles[row]}
        for row, column in zip(true.tolist(), named.tolist(), strict=True)
        if row != column
    ]
    return Finding("IMP331", "issue", text, numbers, items)


def _left_out(given: GivenPredictions) -> Finding:
    source = given.source
    numbers = {
        "unreadable": float(source.unreadable),
        "unknown": float(source.unknown),
        "other_splits": float(source.other_splits),
        "repeated": float(source.repeated),
    }
    parts = [
        f"{number:,} {words}"
        for number, words in (
            (source.unreadable, "cannot be read"),
            (source.unknown, "name no picture of the collection, or several"),
            (source.other_splits, "are on pictures of other splits"),
            (source.repeated, "repeat another one"),
        )
        if number
    ]
    if not parts:
        return Finding("IMP332", "passed", f"All {source.rows:,} rows are scored.", numbers)
    lost = source.unreadable + source.unknown
    text = f"Of {source.rows + source.unreadable:,} rows {', '.join(parts)}."
    items = given.left_out[:ITEMS]
    return Finding("IMP332", "issue" if lost else "passed", text, numbers, items)


def _other_truths(given: GivenPredictions) -> Finding:
    if given.truths is None:
        text = "The file names no true styles besides its answers."
        return Finding("IMP333", "not applicable", text)
    known, other = given.truths.known, given.truths.other
    numbers = {"pictures": float(known), "other": float(len(other))}
    text = f"The file names the true style of {count(known, 'picture')}"
    if not other:
        return Finding("IMP333", "passed", f"{text}, as the collection does.", numbers)
    text += f", of {len(other):,} ({percent(len(other) / known)}) another than the collection."
    return Finding("IMP333", "issue", text, numbers, other[:ITEMS])

"""Mistakes that two submissions share, beside those that the rest of the class makes.

Answer copying (Harpp and Hogan 1993, "Crime in the classroom"; van der Linden and Sotaridona 2006,
"Detecting answer copying when the regular response process follows a known response model"): two
that work apart are wrong in the same way as often as the class's wrong answers to each picture
coincide. Models that learned from the same pictures share more than that, so that a small p is no
suspicion by itself: nearly all that either has wrong must be equal as well. Two fits of one
recipe without much chance in it, such as large forests, reach that honestly.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from impasto.numerics.metrics import confusion_matrix
from impasto.numerics.sign_tests import holm
from impasto.records.class_comparison import EqualMistakes

Labels = NDArray[np.int64]
SHARED: Final = 0.9
"""Share of the pictures that either has wrong which, wrong in the same way, is suspicious.

Measured in docs/methods/evaluation.md: seeds of one recipe share 39 to 87 %, copies with one answer
in fifty changed 94 to 96 %.
"""
P: Final = 0.001
FEWEST: Final = 10
"""Pictures that either must have wrong: of fewer, equality says nothing."""
WEIGHT: Final = 2.0
"""Answers that the class's confusions count as, beside the others' answers to a picture."""


def equal_mistakes(
    names: Sequence[str], answers: Labels, labels: Labels, styles: int
) -> tuple[EqualMistakes, ...]:
    """Compare the mistakes of every two submissions.

    Args:
        names: of the submissions.
        answers: ``(submissions, N)``; the number of styles stands for no answer, which is shared
            with nobody.
        labels: the true styles, ``(N,)``.
        styles: the number of styles.
    """
    given = answers < styles
    wrong = given & (answers != labels)
    # Wrong answers of the class by picture, and by style as what is expected without any
    counts = np.zeros((len(labels), styles))
    usual = np.full((styles, styles), 1e-6)
    for own, bad in zip(answers, wrong, strict=True):
        counts[np.flatnonzero(bad), own[bad]] += 1
        usual += confusion_matrix(labels[bad], own[bad], styles)
    np.fill_diagonal(usual, 0)
    usual = usual / usual.sum(1, keepdims=True)
    found, raw = [], []
    for one, other in combinations(range(len(names)), 2):
        both = np.flatnonzero(wrong[one] & wrong[other])
        shared = int((answers[one, both] == answers[other, both]).sum())
        expected, spread = _expected(both, answers[[one, other]], labels, counts, usual)
        raw.append(float(ndtr(-(shared - 0.5 - expected) / spread)) if spread else 1.0)
        same = answers[one] == answers[other]
        found.append((one, other, both, shared, expected, float((same & given[one]).mean())))
    made = []
    for (one, other, both, shared, expected, agreement), p in zip(found, holm(raw), strict=True):
        either = int((wrong[one] | wrong[other]).sum())
        made.append(
            EqualMistakes(
                one=names[one],
                other=names[other],
                agreement=agreement,
                wrong=either,
                both_wrong=len(both),
                shared=shared,
                expected=expected,
                corrected=p,
                suspicious=either >= FEWEST and shared >= SHARED * either and p < P,
            )
        )
    return tuple(made)


def _expected(
    both: Labels,
    pair: Labels,
    labels: Labels,
    counts: NDArray[np.float64],
    usual: NDArray[np.float64],
) -> tuple[float, float]:
    """Mean and standard deviation of equal wrong answers where two err as the others do."""
    if not len(both):
        return 0.0, 0.0
    others = counts[both].copy()
    for own in pair:
        others[np.arange(len(both)), own[both]] -= 1
    shares = (others + WEIGHT * usual[labels[both]]) / (others.sum(1, keepdims=True) + WEIGHT)
    equal = (shares**2).sum(1)
    return float(equal.sum()), float(np.sqrt((equal * (1 - equal)).sum()))

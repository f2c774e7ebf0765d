"""Each finding of an evaluation is an issue exactly where it should be."""

from typing import Any

import pytest

from impasto.evaluation.evaluation_findings import score_findings
from impasto.records.evaluation import BaselineScores, ClassifierEvaluation
from impasto.records.explanation import Explanation
from impasto.records.record import Interval

CALIBRATION = {
    "prior": "train", "temperature": 1.1, "ece_before": 0.1, "ece_after": 0.05, "ece_perfect": 0.04,
    "ece_perfect_99": 0.06, "nll_before": 1.1, "nll_after": 1.0, "brier_before": 0.6,
    "brier_after": 0.5, "bins": [],
}  # fmt: skip


def scores(value: float, gap: float = 0.03) -> dict[str, Interval]:
    score = Interval(value=value, low=value - gap, high=value + gap)
    return dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1"), score)


def baseline(value: float, gain: float = 0.2) -> BaselineScores:
    """A baseline that the network is ahead of by ``gain``, by its interval 0.03 more or less."""
    table = scores(value)
    return BaselineScores(
        scores=table, by_prior={"uniform": table, "train": table}, gains=scores(gain)
    )


def style(name: str, train: int = 50, test: int = 20, recall: float = 0.6) -> dict[str, Any]:
    return (
        {"style": name, "train": train, "test": test, "group": "medium"}
        | dict.fromkeys(("precision", "recall", "f1"), recall)
        | {"recall_interval": None}
    )


def metrics(**changes: Any) -> ClassifierEvaluation:
    """An evaluation on which every finding is passed."""
    found = {
        "split": "test",
        "pictures": 40,
        "collection": "collection",
        "collection_fingerprint": "0",
        "command": "impasto evaluate run",
        "prior": "uniform",
        "test_mix": {"prior": "train", "reason": "each style was divided"},
        "resampled": {"unit": "pictures", "count": 40, "unknown": 0},
        "by_prior": {"uniform": scores(0.6), "train": scores(0.6)},
        "styles": ("A", "B"),
        "scores": scores(0.6),
        "baselines": {
            "majority": baseline(0.2),
            "colour_histogram": baseline(0.4),
            "artist_oracle": baseline(0.5),
        },
        "per_style": [style("A"), style("B")],
        "groups": {},
        "confusion": ((12, 8), (8, 12)),
        "calibration": CALIBRATION,
        "conformal": None,
        "ood": None,
        "validation": None,
    }
    return ClassifierEvaluation.model_validate({**found, **changes})


def explanation(works: int = 12, more: float = 0.1, **correlation: Any) -> Explanation:
    """An explanation on which both findings are passed."""
    found = {"value": -0.6, "low": -0.7, "high": -0.4, "p_value": 0.01, "permutations": 120,
             "exact": True, "without_one": {"low": -0.7, "high": -0.5}, **correlation}  # fmt: skip
    rates = {
        "rate": {"value": 0.6, "low": 0.5, "high": 0.7},
        "expected": {"value": 0.3, "low": 0.2, "high": 0.4},
        "difference": {"value": 0.3, "low": more, "high": 0.5},
        "chance": 0.25,
    }
    years = [
        {"style": s, "dated": 20, "median": 1800, "low": 1790, "high": 1810, "used": True}
        for s in "ABCDE"
    ]
    pair = {"a": "A", "b": "B", "gap": 10, "confusion": 0.1}
    return Explanation.model_validate(
        {
            "collection_fingerprint": "0",
            "styles": [],
            "recognised": None,
            "confusion_vs_years": {
                "dated_from": 10,
                "years": years,
                "pairs": [pair] * 10,
                "correlation": found if found["value"] is not None else None,
            },
            "second_guesses": {"works": works, "taught": 0, "scores": rates, "items": []},
        }
    )


def outcomes(found: ClassifierEvaluation, told: Explanation | None = None) -> dict[str, str]:
    judged = score_findings(found, told or explanation())
    return {finding.code: finding.outcome for finding in judged}


def test_all_well() -> None:
    assert set(outcomes(metrics()).values()) == {"passed"}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        # The best baseline is beaten, another by less than luck
        ("IMP301", {"baselines": {"majority": baseline(0.4), "other": baseline(0.3, 0.02)}}),
        (
            "IMP302",
            {"baselines": {"majority": baseline(0.2), "artist_oracle": baseline(0.5, 0.02)}},
        ),
        ("IMP303", {"calibration": {**CALIBRATION, "ece_after": 0.061}}),
        ("IMP304", {"per_style": [style("A", recall=0.0)]}),
        ("IMP306", {"per_style": [style("A", test=9)]}),
    ],
)
def test_one_issue(code: str, changes: dict[str, Any]) -> None:
    found = outcomes(metrics(**changes))
    assert found.pop(code) == "issue"
    rest = set(found.values())
    assert rest == {"passed"} or (code == "IMP301" and rest == {"passed", "not applicable"})


@pytest.mark.parametrize(
    ("error", "mean", "high"),
    [
        (0.09, 0.08, 0.11),  # large, but so it would be by chance
        (0.015, 0.005, 0.007),  # more than chance, and too small to matter
    ],
)
def test_calibration_is_judged_by_what_perfect_calibration_would_give(
    error: float, mean: float, high: float
) -> None:
    changed = {"ece_after": error, "ece_perfect": mean, "ece_perfect_99": high}
    assert outcomes(metrics(calibration={**CALIBRATION, **changed}))["IMP303"] == "passed"


def test_what_cannot_be_judged_says_so() -> None:
    found = outcomes(
        metrics(calibration=None, baselines={"majority": baseline(0.2), "artist_oracle": None})
    )
    assert found["IMP302"] == found["IMP303"] == "not applicable"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"p_value": 0.049}, "passed"),
        ({"p_value": 0.051}, "issue"),
        ({"value": 0.6, "p_value": 0.01}, "issue"),  # what lies far apart is confused
    ],
)
def test_confusion_follows_the_years_beyond_luck_or_not(
    changes: dict[str, float], outcome: str
) -> None:
    assert outcomes(metrics(), explanation(**changes))["IMP308"] == outcome


def test_too_few_dates_are_not_judged() -> None:
    assert outcomes(metrics(), explanation(value=None))["IMP308"] == "not applicable"


@pytest.mark.parametrize(
    ("works", "more", "outcome"),
    [
        (12, 0.01, "passed"),
        (12, -0.01, "issue"),
        (9, 0.3, "not applicable"),
        (0, 0.3, "not applicable"),
    ],
)
def test_second_guesses_beyond_the_usual_ones_or_not(works: int, more: float, outcome: str) -> None:
    assert outcomes(metrics(), explanation(works, more))["IMP309"] == outcome

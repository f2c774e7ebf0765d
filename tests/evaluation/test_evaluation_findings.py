"""Each finding of an evaluation is an issue exactly where it should be."""

from typing import Any

import pytest

from impasto.evaluation.evaluation_findings import evaluation_findings
from impasto.records.finding import spoiled


def scores(value: float, gap: float = 0.03) -> dict[str, Any]:
    names = ("accuracy", "balanced_accuracy", "macro_f1")
    return {name: {"value": value, "low": value - gap, "high": value + gap} for name in names}


def metrics(**changes: Any) -> dict[str, Any]:
    """Metrics on which every finding is passed."""
    found = {
        "pictures": 40,
        "scores": scores(0.6),
        "baselines": {
            "majority": scores(0.2),
            "colour_histogram": scores(0.4),
            "artist_oracle": scores(0.5),
        },
        "per_style": [{"style": s, "train": 50, "test": 20, "recall": 0.6} for s in ("A", "B")],
        "calibration": {"temperature": 1.1, "ece_before": 0.1, "ece_after": 0.02},
    }
    return {**found, **changes}


def explanation(works: int = 12, more: float = 0.1, **correlation: float) -> dict[str, Any]:
    """An explanation on which both findings are passed."""
    found = {"value": -0.6, "low": -0.7, "high": -0.4, "p_value": 0.01, **correlation}
    rates = {
        "rate": {"value": 0.6},
        "expected": {"value": 0.3},
        "difference": {"low": more, "high": 0.5},
    }
    years = [{"style": s, "used": True} for s in "ABCDE"]
    return {
        "history": {"dated_from": 10, "years": years, "pairs": [{}] * 10, "correlation": found},
        "second_guesses": {"works": works, "taught": 0, "scores": rates},
    }


def outcomes(
    found: dict[str, Any],
    told: dict[str, Any] | None = None,
    seen: tuple[str, ...] = (),
    finished: bool = True,
) -> dict[str, str]:
    judged = evaluation_findings(found, told or explanation(), seen, finished=finished)
    return {finding.code: finding.outcome for finding in judged}


def test_all_well() -> None:
    assert set(outcomes(metrics()).values()) == {"passed"}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("IMP301", {"scores": scores(0.42)}),  # better by less than luck
        ("IMP302", {"baselines": {"majority": scores(0.2), "artist_oracle": scores(0.7)}}),
        ("IMP303", {"calibration": {"temperature": 1, "ece_before": 0.1, "ece_after": 0.06}}),
        ("IMP304", {"per_style": [{"style": "A", "train": 5, "test": 20, "recall": 0.0}]}),
        ("IMP306", {"per_style": [{"style": "A", "train": 5, "test": 9, "recall": 0.5}]}),
    ],
)
def test_one_issue(code: str, changes: dict[str, Any]) -> None:
    found = outcomes(metrics(**changes))
    assert found.pop(code) == "issue"
    assert set(found.values()) == {"passed"} or code == "IMP301"


def test_seen_test_pictures_spoil() -> None:
    found = evaluation_findings(metrics(), explanation(), ["a.jpg"], finished=True)
    assert spoiled(found)
    assert next(f for f in found if f.code == "IMP305").items == [{"id": "a.jpg"}]
    assert not spoiled(evaluation_findings(metrics(), explanation(), [], finished=True))


def test_what_cannot_be_judged_says_so() -> None:
    found = outcomes(
        metrics(calibration=None, baselines={"majority": scores(0.2), "artist_oracle": None})
    )
    assert found["IMP302"] == found["IMP303"] == "not applicable"


def test_a_training_that_was_cut_off_is_said() -> None:
    assert outcomes(metrics(), finished=False)["IMP307"] == "issue"


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
    told = explanation()
    told["history"]["correlation"] = None
    assert outcomes(metrics(), told)["IMP308"] == "not applicable"


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

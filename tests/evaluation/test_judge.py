"""Each finding of an evaluation is an issue exactly where it should be."""

from typing import Any

import pytest

from impasto.evaluation.judge import evaluation_findings
from impasto.findings import spoiled


def scores(value: float, gap: float = 0.03) -> dict[str, Any]:
    names = ("accuracy", "balanced_accuracy", "macro_f1")
    return {name: {"value": value, "low": value - gap, "high": value + gap} for name in names}


def metrics(**changes: Any) -> dict[str, Any]:
    """Metrics on which every finding is passed."""
    found = {
        "pictures": 40,
        "scores": scores(0.6),
        "baselines": {"majority": scores(0.2), "colour_histogram": scores(0.4), "artist_oracle": scores(0.5)},
        "per_style": [{"style": s, "train": 50, "test": 20, "recall": 0.6} for s in ("A", "B")],
        "calibration": {"temperature": 1.1, "ece_before": 0.1, "ece_after": 0.02},
    }
    return {**found, **changes}


def outcomes(found: dict[str, Any], seen: tuple[str, ...] = (), finished: bool = True) -> dict[str, str]:
    return {finding.code: finding.outcome for finding in evaluation_findings(found, seen, finished=finished)}


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
    found = evaluation_findings(metrics(), ["a.jpg"], finished=True)
    assert spoiled(found)
    assert next(f for f in found if f.code == "IMP305").items == [{"id": "a.jpg"}]
    assert not spoiled(evaluation_findings(metrics(), [], finished=True))


def test_what_cannot_be_judged_says_so() -> None:
    found = outcomes(metrics(calibration=None, baselines={"majority": scores(0.2), "artist_oracle": None}))
    assert found["IMP302"] == found["IMP303"] == "not applicable"


def test_a_training_that_was_cut_off_is_said() -> None:
    assert outcomes(metrics(), finished=False)["IMP307"] == "issue"

"""Findings: coded, saved with their numbers, and spoiling only what they ought to."""

import re
from pathlib import Path

import pytest

from impasto.errors import InputError
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.finding_codes import CATALOGUE, Kind


def test_findings_come_back_from_disk(tmp_path: Path) -> None:
    found = [
        Finding(
            "IMP101",
            "issue",
            "1 of 2 files.",
            {"count": 1.0},
            [{"id": "a/ö.jpg", "reason": "damaged"}],
        ),
        Finding("IMP112", "not applicable", "No artists."),
    ]
    findings.save(tmp_path / "f.json", found)
    assert findings.load(tmp_path / "f.json") == [
        found[0],
        Finding("IMP112", "not applicable", "No artists.", {}, []),
    ]


def test_plain_data_carries_name_and_judgement() -> None:
    row = findings.as_data([Finding("IMP106", "issue", "Copies.", {"share": 0.5})])[0]
    assert (row["code"], row["name"], row["invalidates"]) == (
        "IMP106",
        "duplicates-across-splits",
        True,
    )


@pytest.mark.parametrize(
    ("code", "outcome", "share", "invalidates"),
    [
        ("IMP106", "issue", None, True),
        ("IMP106", "issue", 0.02, False),
        ("IMP106", "issue", 0.0201, True),
        ("IMP106", "passed", 0.9, False),
        ("IMP106", "not applicable", None, False),
        ("IMP110", "issue", 0.001, True),
        ("IMP108", "issue", 1.0, False),
        ("IMP301", "issue", None, False),
        ("IMP305", "issue", None, True),
    ],
)
def test_what_spoils_an_evaluation(
    code: str, outcome: findings.Outcome, share: float | None, invalidates: bool
) -> None:
    finding = Finding(code, outcome, "", {} if share is None else {"share": share})
    assert finding.invalidates is invalidates
    assert findings.invalidated([Finding("IMP101", "passed", ""), finding]) is invalidates


def test_nothing_spoils_nothing() -> None:
    assert findings.invalidated([]) is False


def test_codes_are_those_of_the_catalogue() -> None:
    with pytest.raises(KeyError, match="unknown finding code IMP000"):
        Finding("IMP000", "issue", "")
    assert all(code == kind.code for code, kind in CATALOGUE.items())
    assert len({kind.name for kind in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.code)
def test_both_outcomes_of_a_code_have_a_title_of_their_own(kind: Kind) -> None:
    titles = (kind.title_issue, kind.title_passed)
    assert titles[0] != titles[1]
    for title in titles:
        assert re.fullmatch(r"[A-Za-z][^\n]* [^\n]*[^.:?!\s]", title)
        assert (Finding(kind.code, "issue", "").title == title) == (title == kind.title_issue)
    assert Finding(kind.code, "passed", "").title == kind.title_passed
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", kind.name) or kind.name in (
        "overfitting",
        "miscalibrated",
    )
    assert kind.remedy.endswith(".")


def test_a_finding_that_does_not_apply_says_so() -> None:
    assert Finding("IMP502", "not applicable", "").title.startswith("Not applicable: ")


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        "3",
        '{"findings": [{}]}',
        '{"findings": [{"code": "IMP999", "outcome": "issue"}]}',
    ],
)
def test_damaged_files_are_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "f.json").write_text(content)
    with pytest.raises(
        InputError, match=r"f\.json does not hold findings .*: run the stage that wrote it again"
    ):
        findings.load(tmp_path / "f.json")

"""Findings: coded judgements with the numbers behind them.

Stages write their findings to ``findings.json``; ``finding_codes`` lists the codes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, assert_never

from impasto.files import damaged_error, read_json, write_json
from impasto.records.finding_codes import CATALOGUE, Kind

Outcome = Literal["issue", "passed", "not applicable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement.

    Attributes:
        code: a key of ``CATALOGUE``.
        outcome: ``issue``, ``passed`` or ``not applicable``.
        text: one or two sentences with the numbers in them.
        numbers: the same numbers by name, for programs; ``share`` is the share of the test pictures
            concerned.
        items: the things concerned (at most a few hundred), each a flat mapping such as
            ``{"id": ..., "reason": ...}``.
    """

    code: str
    outcome: Outcome
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    items: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        """Refuse a code that is not in the catalogue."""
        if self.code not in CATALOGUE:
            raise KeyError(f"unknown finding code {self.code}")

    @property
    def kind(self) -> Kind:
        """The catalogue's entry."""
        return CATALOGUE[self.code]

    @property
    def title(self) -> str:
        """The finding as one sentence without its numbers."""
        match self.outcome:
            case "issue":
                return self.kind.title_issue
            case "passed":
                return self.kind.title_passed
            case "not applicable":
                return f"Not applicable: {self.kind.name.replace('-', ' ')}"
            case _:
                assert_never(self.outcome)

    @property
    def invalidates(self) -> bool:
        """Whether this finding makes a test score untrustworthy."""
        concerned = self.numbers.get("share", 1.0)
        return self.outcome == "issue" and self.kind.invalidates and concerned > self.kind.tolerance


def invalidated(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings makes a test score untrustworthy (exit status 1)."""
    return any(finding.invalidates for finding in findings)


def as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The findings as plain JSON data, with ``name``, ``title``, ``invalidates`` beside them."""
    return [
        {**asdict(finding), "name": finding.kind.name, "title": finding.title}
        | {"invalidates": finding.invalidates}
        for finding in findings
    ]


def save(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings as JSON, whole or not at all."""
    write_json(path, {"format": 1, "findings": as_data(findings)})


def load(path: Path) -> list[Finding]:
    """The findings of a file written by ``save``.

    Raises:
        InputError: the file is missing or damaged, or holds codes of a newer impasto.
    """
    data = read_json(path)
    try:
        return [
            Finding(row["code"], row["outcome"], row["text"], row["numbers"], row["items"])
            for row in data["findings"]
        ]
    except (KeyError, TypeError) as error:
        raise damaged_error(path, "findings", error) from error

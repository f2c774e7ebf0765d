"""Records of a collection: ``collection.json`` by prepare, ``audit.json`` by audit."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from impasto.records.finding import Finding
from impasto.records.label_check import LabelCheck
from impasto.records.record import Record, Result


class CollectionRecord(Record):
    """Content of ``collection.json``.

    Attributes:
        format: of the collection.
        sources: absolute paths of what it was prepared from, or ``hf:owner/name``.
        settings: of ``prepare``, without those that change no result.
        split: how the paintings were split.
        not_testable: styles without test or without training pictures under this split.
        counts: paintings in each split.
        fingerprint: changes with any picture, label, split, style, or the stored size.
        command: the command line that prepared it.
    """

    format: Literal[2] = 2
    sources: tuple[str, ...]
    settings: dict[str, Any]
    split: Literal["given", "stratified", "artist"]
    not_testable: tuple[str, ...]
    counts: dict[str, int]
    fingerprint: str
    command: str


class AuditRecord(Result):
    """Content of ``audit.json``: what the audit of a collection found.

    Attributes:
        format: of this file.
        fingerprint: of the collection that was audited.
        judged: the findings, in the order of their codes.
    """

    model_config = ConfigDict(populate_by_name=True)

    format: Literal[1] = 1
    fingerprint: str
    judged: tuple[Finding, ...] = Field(alias="findings")

    @property
    def findings(self) -> list[Finding]:
        """The findings of the audit; what prepare found is in the collection's ``findings``."""
        return list(self.judged)

    @property
    def labels(self) -> LabelCheck | None:
        """The check of the labels of this very collection; ``None`` where there is none."""
        check = LabelCheck.beside(self.path)
        return check if check and check.fingerprint == self.fingerprint else None

    def rows(self) -> list[dict[str, Any]]:
        """One row for each finding."""
        return [
            {"code": one.code, "name": one.kind.name, "outcome": one.outcome, "text": one.text}
            for one in self.judged
        ]

    def __repr__(self) -> str:
        """The number of findings and of issues."""
        issues = sum(one.outcome == "issue" for one in self.judged)
        return f"AuditRecord({len(self.judged)} findings, {issues} issues)"

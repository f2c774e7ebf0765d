"""What every evaluation ends with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.records.finding import Finding


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        path: its folder in the run's folder.
        metrics: the content of ``metrics.json``.
        findings: what it judges, IMP301 and on.
    """

    path: Path
    metrics: Mapping[str, Any]
    findings: list[Finding]

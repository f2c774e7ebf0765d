"""Findings as a table for the terminal; the outcome is a word, never only a colour."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from impasto.records.finding import Finding

_STYLES = {"issue": "yellow", "passed": "green", "not applicable": "dim"}
_ORDER = ("issue", "passed", "not applicable")


def findings_table(found: Sequence[Finding]) -> Table:
    """One row a finding, issues first, what spoils a score named as such."""
    table = Table(show_edge=False, pad_edge=False, box=None)
    table.add_column("finding", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what was found", ratio=1)
    for finding in sorted(found, key=lambda f: (not f.spoils, _ORDER.index(f.outcome), f.code)):
        outcome = "SPOILS" if finding.spoils else finding.outcome
        style = "bold red" if finding.spoils else _STYLES[finding.outcome]
        text = f"{finding.title}. {finding.text}"
        if finding.outcome == "issue":
            text += f" {finding.kind.remedy}"
        table.add_row(finding.code, f"[{style}]{outcome}[/]", escape(text))
    return table

"""Section on findings: what needs attention first, then what passed."""

from collections.abc import Iterator, Sequence

from impasto.numerics.formatting import count
from impasto.records.finding import Finding
from impasto.reporting.blocks import (
    Block,
    Code,
    Column,
    Details,
    FindingEntry,
    Row,
    Section,
    Table,
    notice,
    prose,
)  # fmt: skip
from impasto.reporting.study import StudyRecords
from impasto.reporting.words import plain

ITEMS = 40
"""Items listed under a finding; the rest is counted and stands in the finding's file."""


def sections(study: StudyRecords) -> Iterator[Section]:
    """The section on findings."""
    found = entries(study)
    blocks: list[Block] = []
    if study.audited is None:
        text = " looks for copies, shared artists and imbalance."
        blocks.append(
            notice("The collection has not been audited yet: ", Code("impasto audit"), text)
        )
    issues = [entry for entry in found if entry.finding.outcome == "issue"]
    blocks += issues or [prose("Nothing was found that needs attention.")]
    others = [entry for entry in found if entry.finding.outcome != "issue"]
    if others:
        summary = f"{count(len(others), 'check')} passed or not applicable"
        blocks.append(Details(summary, tuple(others)))
    yield Section("findings", "Findings", tuple(blocks))


def entries(study: StudyRecords) -> list[FindingEntry]:
    """Return the findings of all stages, those that invalidate the result first, then issues."""
    found = _entries(study.prepared, "collection", "collection/findings.json")
    found += _entries(study.audited or (), "collection", "collection/audit.json")
    for run in study.runs:
        name = run.name
        found += _entries(run.trained or (), f"training of {name}", f"{name}/findings.json")
        if run.evaluation:
            place = f"{name}/evaluation/findings.json"
            found += _entries(run.evaluation.findings, f"evaluation of {name}", place)
        if run.by_artist:
            place = f"{name}/by-artist/findings.json"
            found += _entries(run.by_artist.findings, f"artists of {name}", place)
    for atlas, where in study.atlases:
        file = f"{where.name}/atlas/findings.json"
        found += _entries(atlas.findings, f"atlas of {where.name}", file)
    if study.balance:
        stage = "comparison of long-tail methods"
        found += _entries(study.balance.findings, stage, "balance/findings.json")
    rank = {"issue": 1, "not applicable": 2, "passed": 3}
    return sorted(found, key=lambda e: 0 if e.finding.invalidates else rank[e.finding.outcome])


def _entries(found: Sequence[Finding], stage: str, file: str) -> list[FindingEntry]:
    return [FindingEntry(finding, stage, _items(finding, file)) for finding in found]


def _items(finding: Finding, file: str) -> Table | None:
    """The first items of a finding as a table."""
    items = finding.items[:ITEMS]
    if not items:
        return None
    names = list(dict.fromkeys(name for item in items for name in item))
    caption = f"Items of {finding.code}"
    if len(finding.items) > ITEMS:
        caption += f"; {len(finding.items) - ITEMS:,} more in {file}"
    return Table(
        f"Items of {finding.code}",
        caption,
        tuple(Column(name) for name in names),
        tuple(Row(tuple(plain(item.get(name)) for name in names)) for item in items),
        look="items",
    )

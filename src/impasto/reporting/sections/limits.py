"""Limits of the answers: warnings of the first screen, issues, and checks that passed."""

from collections.abc import Iterable, Sequence
from typing import Final

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

ITEMS: Final = 40
"""Items listed under a finding; the rest is counted and stands in the finding's file."""
WARNINGS: Final = 3
DISTRUST: Final = (
    "IMP331", "IMP307", "IMP110", "IMP106", "IMP305", "IMP402", "IMP108", "IMP302", "IMP320",
    "IMP315", "IMP317", "IMP303", "IMP306", "IMP504", "IMP505", "IMP506", "IMP604", "IMP330",
    "IMP332", "IMP202", "IMP109", "IMP313", "IMP304", "IMP503", "IMP112", "IMP115", "IMP101",
)  # fmt: skip
"""Issues that a reader must know before quoting a number, the worst first.

What the answers themselves say, such as IMP301, is no warning.
"""


def warnings(study: StudyRecords) -> list[FindingEntry]:
    """Return the worst issues of a study, at most three; those that invalidate come first."""
    issues = [entry for entry in entries(study) if entry.finding.outcome == "issue"]
    chosen = [one for one in issues if one.finding.invalidates or one.finding.code in DISTRUST]
    return chosen[:WARNINGS]


def _rank(code: str) -> int:
    return DISTRUST.index(code) if code in DISTRUST else len(DISTRUST)


def section(study: StudyRecords) -> Section:
    """Return the section on what qualifies the answers."""
    found = entries(study)
    issues = [entry for entry in found if entry.finding.outcome == "issue"]
    blocks: list[Block] = []
    if study.audited is None:
        text = " looks for copies, shared artists and imbalance."
        command = f"impasto audit {study.name}/collection"
        blocks.append(notice("The collection has not been audited yet: ", Code(command), text))
    title = "Nothing was found that qualifies these answers"
    if issues:
        verb = "qualifies" if len(issues) == 1 else "qualify"
        title = f"{count(len(issues), 'finding')} {verb} these answers"
        blocks.append(
            prose("Each says what was found, in which stage, and what to do; the worst first.")
        )
    blocks += issues
    return Section("findings", title, tuple(blocks), "Limits")


def findings_section(found: Sequence[Finding], stage: str) -> Section:
    """Return the section on the findings of one stage, those that qualify its result first.

    Args:
        found: the findings.
        stage: their folder, beside whose name the rest of long lists stands.
    """
    parts = _entries(found, stage, f"{stage}/findings.json")
    issues = [entry for entry in parts if entry.finding.outcome == "issue"]
    issues.sort(key=lambda entry: (not entry.finding.invalidates, _rank(entry.finding.code)))
    others = [entry for entry in parts if entry.finding.outcome != "issue"]
    title = "Nothing was found that qualifies this result"
    if issues:
        verb = "qualifies" if len(issues) == 1 else "qualify"
        title = f"{count(len(issues), 'finding')} {verb} this result"
    fold = Details(f"{count(len(others), 'check')} passed or not applicable", tuple(others))
    return Section("findings", title, (*issues, fold), "Limits")


def checks(study: StudyRecords) -> Section:
    """Return the part of the appendix on checks that passed or did not apply."""
    others = [entry for entry in entries(study) if entry.finding.outcome != "issue"]
    blocks: tuple[Block, ...] = (
        Details(f"{count(len(others), 'check')} passed or not applicable", tuple(others)),
    )
    if not others:
        blocks = (prose("No check has passed."),)
    return Section("checks", "Checks", blocks)


def entries(study: StudyRecords) -> list[FindingEntry]:
    """Return the findings of all stages, those that invalidate the result first, then issues.

    Findings of the same code and outcome in several runs are one entry.
    """
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
        file = f"{where.name}/{'atlas/' if atlas.run.is_run else ''}findings.json"
        found += _entries(atlas.findings, f"atlas of {where.name}", file)
    for name, given in study.given:
        found += _entries(given.findings, f"pictures of {name}", f"pictures/{name}/findings.json")
    if study.balance:
        stage = "comparison of long-tail methods"
        found += _entries(study.balance.findings, stage, "balance/findings.json")
    rank = {"issue": 1, "not applicable": 2, "passed": 3}
    return sorted(
        _merged(found),
        key=lambda e: (
            0 if e.finding.invalidates else rank[e.finding.outcome],
            _rank(e.finding.code) if e.finding.outcome == "issue" else 0,
        ),
    )


def _merged(found: Iterable[FindingEntry]) -> list[FindingEntry]:
    """Entries without items whose finding says the same of several stages, as one."""
    groups: dict[tuple[str, str, bool], list[FindingEntry]] = {}
    for one in found:
        key = (one.finding.code, one.finding.outcome, one.finding.invalidates)
        groups.setdefault(key, []).append(one)
    result = []
    for group in groups.values():
        first = group[0]
        if len(group) == 1:
            result.append(first)
            continue
        text = " ".join(f"{one.stages[0].capitalize()}: {one.finding.text}" for one in group)
        items = tuple(item for one in group for item in one.finding.items)
        whole = Finding(
            first.finding.code, first.finding.outcome, text, first.finding.numbers, items
        )
        stages = tuple(one.stages[0] for one in group)
        tables = next((one.items for one in group if one.items), None)
        result.append(FindingEntry(whole, stages, tables))
    return result


def _entries(found: Sequence[Finding], stage: str, file: str) -> list[FindingEntry]:
    return [FindingEntry(finding, (stage,), _items(finding, file)) for finding in found]


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

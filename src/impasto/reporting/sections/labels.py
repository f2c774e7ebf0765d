"""Parts of the section on the collection: labels that look wrong, and decisions of people."""

from typing import Final

from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.label_check import TABLE
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    ExhibitRow,
    Gallery,
    Row,
    Table,
    columns,
    prose,
)
from impasto.reporting.study import StudyRecords

SHOWN: Final = 24
"""Suspects that are shown as pictures."""
LISTED: Final = 100
"""Decisions that the table lists."""


def suspects(study: StudyRecords) -> list[Block]:
    """Return the most suspect labels as pictures, where the labels were checked."""
    check = study.labels
    if check is None:
        return []
    own = ", and fold networks" if check.evidence == "features and networks" else ""
    verb, whose = ("looks", "its") if check.flagged == 1 else ("look", "their")
    text = (
        f"{count(check.flagged, 'picture')} of {check.pictures:,} {verb} more like another style "
        f"than {whose} own. Each is judged by hand-made features{own} that learnt from no work by "
        f"its artist (balanced accuracy {percent(check.balanced_accuracy)}), and by the styles of "
        "the artist's other works. A suspect is a question, not an answer: borders between styles "
        "are soft. Under each picture: its style, and the likelier one."
    )
    top = [one for one in check.suspects if study.paintings.holds(one.id)][:SHOWN]
    exhibits = tuple(
        study.paintings.named(
            one.id, f"{style_title(one.style)} – rather {style_title(one.likelier)}?"
        )
        for one in top
    )
    if not exhibits:
        return [prose(text)]
    wall = (ExhibitRow(f"{len(exhibits)} most suspect", exhibits),)
    title = "Labels that look wrong" if check.flagged else "Labels that look least certain"
    return [
        Gallery("suspects", title, text, wall),
        prose(
            "All suspects stand in ", Code(f"collection/{TABLE}"), ", to fill in and give to ",
            Code("impasto prepare --decisions"), "; the page marks them, too.",
        ),
    ]  # fmt: skip


def decisions(study: StudyRecords) -> list[Block]:
    """Return what people excluded and relabelled, where they did."""
    found = next((one for one in study.prepared if one.code == "IMP118"), None)
    if found is None or not found.items:
        return []
    number = int(found.numbers.get("count", len(found.items)))
    rows = tuple(Row((str(item["id"]), str(item["decision"]))) for item in found.items[:LISTED])
    caption = f"{count(number, 'picture')} excluded or relabelled by hand"
    if number > len(rows):
        caption += f"; the first {len(rows)}"
    table = Table("Decided by hand", caption, columns("Picture", "Decision"), rows, look="items")
    return [Details(f"{count(number, 'decision')} by hand", (table,))]

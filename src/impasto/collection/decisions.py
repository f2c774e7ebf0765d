"""Decisions of people on single pictures: keep, exclude, or relabel; and other names of styles.

``decisions.csv`` has the columns ``id``, ``decision``, ``style`` and ``note``: the picture's id in
the collection (or its path), one of ``keep``, ``exclude`` and ``relabel``, the new style of a
picture that is relabelled, and a remark that is not read. The last row on a picture counts; a row
without a decision decides nothing, so that a table of suspects need not be filled in to its end.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

from impasto.collection.entries import LeftOut, Skipped, Source
from impasto.collection.layouts.picture_paths import PathIndex
from impasto.collection.layouts.table_rows import LabelTable, TableRow, read_rows
from impasto.collection.vocabulary import plain
from impasto.errors import InputError
from impasto.numerics.formatting import count

Action = Literal["keep", "exclude", "relabel"]
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("path", "file", "picture"),
    "decision": ("action",),
    "style": ("new style", "label"),
    "note": ("reason", "comment"),
}
"""Columns of ``decisions.csv``, in their order, with other names for each."""
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "from": ("old", "name", "style"),
    "to": ("new", "new name", "new style"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; ``style`` is empty unless the picture is relabelled."""

    action: Action
    style: str = ""


def decided(source: Source, path: Path) -> Source:
    """The source without the pictures that a table excludes, and with its new styles.

    Raises:
        InputError: the table cannot be read, a row says nothing that can be done, or no row names
            a picture of the source.
    """
    table = read_rows(path, COLUMNS, ("id", "decision"), mapped=False)
    index = PathIndex(entry.id for entry in source.entries)
    found: dict[str, Decision] = {}
    unmatched: list[str] = []
    undecided = 0
    for row in table.rows:
        if not row.text("decision"):
            undecided += 1
            continue
        decision = _decision(table, row)
        if (match := index.find(row.text("id"))) is None:
            unmatched.append(f"{table.row_name(row.number)}: {row.text('id')[:80]}")
        else:
            found[match.path] = decision
    if unmatched and not found:
        raise InputError(
            f"no row of {path} names a picture of the source; the first, {unmatched[0]}: give the "
            "ids that stand in the collection"
        )
    spelled = {plain(style): style for style in source.styles}
    entries, changes = [], []
    for entry in source.entries:
        decision = found.get(entry.id, Decision("keep"))
        if decision.action == "exclude":
            changes.append(Skipped(entry.id, f"excluded ({entry.style})"))
            continue
        style = spelled.get(plain(decision.style), decision.style) or entry.style
        if style != entry.style:
            changes.append(Skipped(entry.id, f"relabelled from {entry.style} to {style}"))
        entries.append(replace(entry, style=style))
    left_out = LeftOut(
        f"rows of {path.name} without a picture",
        tuple(unmatched),
        way_out="give the ids that stand in the collection",
    )
    fresh = sorted({entry.style for entry in entries if entry.style} - set(source.styles))
    notes = [f"{path.name} adds the styles {', '.join(fresh)}"] if fresh else []
    if undecided:
        rows = count(undecided, f"row of {path.name} has", f"rows of {path.name} have")
        notes.append(f"{rows} no decision")
    return replace(
        source,
        entries=tuple(entries),
        styles=tuple(sorted({*source.styles, *(entry.style for entry in entries if entry.style)})),
        left_out=(*source.left_out, *((left_out,) if unmatched else ())),
        skipped=(*source.skipped, *table.skipped),
        decided=tuple(changes),
        notes=(*source.notes, *table.notes, *notes),
    )


def _decision(table: LabelTable, row: TableRow) -> Decision:
    """The decision of a row.

    Raises:
        InputError: it is none of those there are, or a new style is missing.
    """
    place, word, style = table.row_name(row.number), row.text("decision").lower(), row.text("style")
    action: Action | None = next((one for one in get_args(Action) if one == word), None)
    if action is None:
        raise InputError(
            f"{place}: the decision {word!r} is none of {', '.join(get_args(Action))}: correct it"
        )
    if action == "relabel" and not style:
        raise InputError(f"{place}: relabel needs the new style: fill it in")
    return Decision(action, style if action == "relabel" else "")


def read_renames(path: Path) -> dict[str, str]:
    """New names of styles by the old ones; an empty new name leaves the style out.

    Raises:
        InputError: the table cannot be read.
    """
    return _renames(_rename_table(path))


def _rename_table(path: Path) -> LabelTable:
    return read_rows(path, _NAMES, ("from", "to"), mapped=False)


def _renames(table: LabelTable) -> dict[str, str]:
    return {row.text("from"): row.text("to") for row in table.rows}


def renamed(source: Source, path: Path) -> Source:
    """The source with styles under the names that a table gives them; old names are aliases.

    Several styles may get one name. A style with an empty new name is left out.

    Raises:
        InputError: the table cannot be read, or names no style of the source.
    """
    table = _rename_table(path)
    new = {plain(old): to for old, to in _renames(table).items()}
    styles = {*source.styles, *(entry.style for entry in source.entries if entry.style)}
    known = {plain(style) for style in styles}
    if not (used := new.keys() & known):
        raise InputError(
            f"{path} names no style of the source: it has {', '.join(sorted(styles))[:300]}"
        )
    names = {style: new.get(plain(style), style) for style in styles}
    dropped = tuple(entry.id for entry in source.entries if names.get(entry.style) == "")
    counts = Counter(entry.style for entry in source.entries)
    notes = [
        f"{style} ({count(counts[style], 'picture')}) is called {to} by {path.name}"
        for style, to in sorted(names.items())
        if to not in ("", style)
    ]
    if unknown := sorted(new.keys() - used):
        notes.append(f"{path.name} names styles that are not there: {', '.join(unknown)}")
    left_out = LeftOut(f"pictures of styles that {path.name} leaves out", dropped, matters=False)
    aliases = {alias: names.get(style, style) for alias, style in source.aliases.items()}
    aliases |= {style: to for style, to in names.items() if to != style}
    return replace(
        source,
        entries=tuple(
            replace(entry, style=names.get(entry.style, entry.style))
            for entry in source.entries
            if names.get(entry.style) != ""
        ),
        styles=tuple(sorted({names[style] for style in source.styles} - {""})),
        aliases={alias: style for alias, style in aliases.items() if style},
        left_out=(*source.left_out, *((left_out,) if dropped else ())),
        notes=(*source.notes, *table.notes, *notes),
    )

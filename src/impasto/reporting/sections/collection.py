"""Part of the appendix on the collection: pictures of each style before and after preparation."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from impasto.collection.collection import SPLITS
from impasto.images.palette import ACCENT, ALARM, INK, SECOND, THIRD
from impasto.numerics.formatting import count
from impasto.plain_text import style_title
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    ExhibitRow,
    Gallery,
    Inline,
    Provenance,
    Row,
    Section,
    Table,
    columns,
    muted,
    prose,
)  # fmt: skip
from impasto.reporting.sections import labels
from impasto.reporting.study import StudyRecords
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import whole

EACH = 3
"""Examples of each style."""


@dataclass(frozen=True, slots=True)
class StyleCounts:
    """A style's pictures: those that could not be used, and those of each split."""

    style: str
    skipped: int
    splits: tuple[int, int, int]

    @property
    def found(self) -> int:
        """Pictures in the source."""
        return sum(self.splits) + self.skipped


def section(study: StudyRecords) -> Section:
    """Return the part of the appendix on the collection."""
    rows, homeless = census(study)
    sources: list[Inline] = []
    for source in study.collection.record.sources:
        sources += [", " if sources else "", Code(source)]
    totals = [
        sum(row.found for row in rows) + homeless,
        sum(row.skipped for row in rows) + homeless,
        *(sum(row.splits[place] for row in rows) for place in range(3)),
    ]
    table = Table(
        "Pictures of each style",
        "Pictures of each style before and after preparation",
        columns("Style", numbers=("found", "set aside", *SPLITS)),
        tuple(
            Row((style_title(row.style), *_numbers(row.found, row.skipped, *row.splits)))
            for row in rows
        ),
        Row(("All", *_numbers(*totals))),
        sortable=True,
    )
    blocks: list[Block] = [
        prose(
            "Pictures found in ", *sources, ", and what preparation made of them. A picture is set "
            "aside when it cannot be read or labelled, never dropped silently.",
            " They are a sample gallery, painted by code: artists, titles and years are made up."
            if study.synthetic
            else "",
        ),
        distribution_chart(rows),
        Details("The same as a table", (table,)),
    ]  # fmt: skip
    if homeless:
        were = "was" if homeless == 1 else "were"
        files = count(homeless, "more file")
        blocks.append(muted(f"{files} {were} set aside that cannot be assigned to a style."))
    by_style = study.paintings.examples(EACH)
    if by_style:
        examples = tuple(ExhibitRow(style_title(style), works) for style, works in by_style.items())
        text = "Chosen by their file names alone, test pictures and different artists first."
        blocks.append(Gallery("examples", "Examples of each style", text, examples))
    else:
        blocks.append(prose("This collection holds names without pictures."))
    blocks += [*labels.suspects(study), *labels.decisions(study)]
    made = Provenance("collection", study.command, "collection/collection.json")
    return Section("collection", "The collection", tuple(blocks), sources=(made,))


def _numbers(*values: int) -> list[Inline]:
    return [whole(value) for value in values]


def census(study: StudyRecords) -> tuple[list[StyleCounts], int]:
    """Return each style's pictures, and the number set aside that belong to no known style."""
    collection = study.collection
    skipped: Counter[str | None] = Counter()
    for finding in study.prepared:
        if finding.code == "IMP101" and finding.outcome == "issue":
            skipped.update(_style_of(item, study) for item in finding.items)
            listed = len(finding.items)  # of a long list only the beginning
            skipped[None] += max(0, int(finding.numbers.get("count", listed)) - listed)
    train, validation, test = (collection.counts(split).tolist() for split in SPLITS)
    rows = [
        StyleCounts(style, skipped[style], (train[place], validation[place], test[place]))
        for place, style in enumerate(collection.vocabulary.styles)
    ]
    return rows, skipped[None]


def _style_of(item: Mapping[str, Any], study: StudyRecords) -> str | None:
    vocabulary = study.collection.vocabulary
    known = {style: style for style in vocabulary.styles} | dict(vocabulary.aliases)
    path = PurePosixPath(str(item.get("id", item.get("path", ""))))
    parts = (str(item.get("style", "")), *path.parts)
    return next((known[part] for part in parts if part in known), None)


def distribution_chart(rows: list[StyleCounts]) -> Chart:
    """Return bars of each style's pictures in train, validation and test, and set aside."""
    rows = sorted(rows, key=lambda row: -row.found)
    bars: dict[str, tuple[str, list[int]]] = {
        name: (colour, [row.splits[place] for row in rows])
        for place, (name, colour) in enumerate(zip(SPLITS, (ACCENT, THIRD, SECOND), strict=True))
    }
    bars["set aside"] = (ALARM, [row.skipped for row in rows])

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        left = np.zeros(len(rows))
        for name, (colour, values) in bars.items():
            if not any(values):
                continue
            drawn = axes.barh(
                range(len(rows)), values, left=left, height=0.68, color=colour, label=name
            )
            for bar, row, value in zip(drawn, rows, values, strict=True):
                bar.set_gid(sheet.hover(f"{style_title(row.style)}, {name}: {value:,}"))
            left += values
        for y, row in enumerate(rows):
            end = (row.found, y)
            axes.annotate(f"{row.found:,}", end, (5, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(rows)), [style_title(row.style) for row in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.margins(x=0.07)
        axes.set_xlabel("pictures")
        sheet.figure.legend(loc="outside upper left", ncols=4)

    first, last = rows[0], rows[-1]
    most, fewest = style_title(first.style), style_title(last.style)
    return Chart(
        "distribution",
        f"{most} has most pictures, {fewest} fewest",
        f"Bars of the pictures of each style, from {most} with {first.found:,} to "
        f"{fewest} with {last.found:,}, divided into train, validation, test and set "
        "aside.",
        "Pictures of each style, found and divided; the number at the end of a bar is what was "
        "found.",
        (WIDTH, 1.0 + 0.235 * len(rows)),
        draw,
        680,
    )

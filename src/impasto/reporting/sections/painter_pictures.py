"""Pictures of a painter's score: in every style, at rising strength, and the works they borrow."""

import zlib
from pathlib import Path
from typing import Final

from PIL import Image

from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.painter_score import Arm, PainterScore
from impasto.records.painting import Borrowed
from impasto.reporting.blocks import (
    Block,
    Exhibit,
    ExhibitRow,
    Gallery,
    Row,
    Slider,
    Table,
    columns,
)
from impasto.reporting.pictures import Paintings, cut
from impasto.reporting.sections.painter_words import BY

GRID_ROWS: Final = 2
"""Test pictures that are shown in every style."""
SLIDES: Final = 4
"""Test pictures with a slider."""


def gallery(result: PainterScore, paintings: Paintings | None, prefix: str) -> list[Block]:
    """Return test pictures in every style by the default arm, and at rising strength."""
    first = result.default_arm
    blocks: list[Block] = []
    grid = _grid(result, first, paintings, f"{prefix}painted")
    if grid:
        blocks.append(grid)
    slider = _slider(result, first, prefix)
    if slider:
        blocks.append(slider)
    return blocks


def _grid(result: PainterScore, arm: Arm, paintings: Paintings | None, name: str) -> Gallery | None:
    """The first test pictures, each as it is and in every style by an arm."""
    sheet = result.path / "figures" / f"paintings-{arm}.png"
    styles = (
        [one.style for one in result.shown[0].paintings if one.arm == arm] if result.shown else []
    )
    if not styles or not sheet.is_file():
        return None
    cells = cut(sheet, result.resolution, (len(result.shown), len(styles)))
    originals = _steps(result)
    rows = []
    for at, pair in enumerate(result.shown[:GRID_ROWS]):
        there = paintings is not None and paintings.holds(pair.id)
        known = paintings.named(pair.id).title if paintings is not None and there else ""
        link = pair.id if there else ""
        exhibits = [
            Exhibit(
                image,
                style_title(style),
                "",
                link,
                f"{style_title(pair.source)} as {style_title(style)}",
            )
            for image, style in zip(cells[at], styles, strict=True)
        ]
        if originals:
            words = f"The original: {style_title(pair.source)}"
            exhibits.insert(0, Exhibit(originals[at][0], "As it is", "", link, words))
        label = f"{style_title(pair.source)}: {known}" if known else style_title(pair.source)
        rows.append(ExhibitRow(label, tuple(exhibits)))
    title = f"{count(len(rows), 'test picture')} in {count(len(styles), 'style')}"
    caption = f"Painted {BY[arm]}. Can the styles be told apart?"
    return Gallery(name, title, caption, tuple(rows), "grid")


def _steps(result: PainterScore) -> list[list[Image.Image]]:
    """Rows of pictures at rising strength, each after its original; none where not drawn."""
    sheet = result.path / "figures" / "steps.png"
    if not result.shown or not sheet.is_file():
        return []
    return cut(sheet, result.resolution, (len(result.shown), 1 + len(result.strength)))


def _slider(result: PainterScore, arm: Arm, prefix: str) -> Slider | None:
    rows = _steps(result)
    if not rows:
        return None
    strengths = tuple(percent(step.strength, 0) for step in result.strength)
    pairs = tuple(
        (style_title(pair.source), style_title(pair.target)) for pair in result.shown[:SLIDES]
    )
    exhibits = tuple(
        ExhibitRow(
            f"{source} as {target}",
            tuple(
                Exhibit(image, words, "", "", f"{source} as {target}, {words}")
                for image, words in zip(images, ("as it is", *strengths), strict=True)
            ),
        )
        for (source, target), images in zip(pairs, rows, strict=False)
    )
    title = "More strength, more style"
    caption = f"Test pictures at rising strength of another style, painted {BY[arm]}."
    plain = Gallery(f"{prefix}strength", title, caption, exhibits, "grid")
    number = 1 if not prefix else 2 + zlib.crc32(prefix.encode())
    return Slider(strengths, pairs, plain, number)


def other_arms(result: PainterScore, paintings: Paintings | None, prefix: str) -> list[Block]:
    """Return test pictures in every style by the arms that are not the default."""
    made = (
        _grid(result, arm, paintings, f"{prefix}painted-{arm}")
        for arm in BY
        if arm != result.default_arm
    )
    return [grid for grid in made if grid]


def lenders(result: PainterScore) -> list[Block]:
    """Return a table for each shown picture: works that lent patches to its paintings."""
    tables: list[Block] = []
    for row, pair in enumerate(result.shown, 1):
        rows = [
            Row((style_title(one.style), ", ".join(map(_work, one.references))))
            for one in pair.paintings
            if one.arm == result.default_arm and one.references
        ]
        if rows:
            name = f"Row {row}, {style_title(pair.source)}: {pair.id}"
            heads = columns("Painted in", "With patches of")
            tables.append(Table(name, name, heads, tuple(rows), look="settings"))
    return tables


def _work(work: Borrowed) -> str:
    """A work that lent patches: title, artist and share of the picture."""
    name = (work.title or Path(work.painting).stem).replace("-", " ")
    by = f" by {work.artist.replace('-', ' ').title()}" if work.artist else ""
    return f"{name[:1].upper()}{name[1:]}{by} {percent(work.share, 0)}".replace(
        " %", "\N{NO-BREAK SPACE}%"
    )

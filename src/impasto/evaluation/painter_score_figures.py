"""Figures of a painter's score: test pictures in all styles, and at rising strength.

grid.png, grid-ARM.png   a picture a row: the original, then every style. The first by painter and
                         patches, the default of ``impasto paint``; then the other arms
paintings-ARM.png        the paintings of an arm without gap or label, for a page that shows them
                         singly
strength.png             a picture a row: the original, then rising strength in one other style
steps.png                the pictures of strength.png without gap or label
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.collection.batches import evenly
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.generate.patch_painter import PatchPainter
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.plain_text import style_title
from impasto.records.painter_score import DEFAULT_ARM, Arm, ShownPainting, ShownPair
from impasto.records.painting import Borrowed

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]
STRENGTHS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw(
    subject: PainterUnderTest, shown: int, folder: Path, borrower: PatchPainter | None = None
) -> tuple[ShownPair, ...]:
    """Draw test pictures in all styles, and at rising strength in one other style each.

    Args:
        subject: the painter and its test pictures.
        shown: pictures at most, evenly spaced.
        folder: to write to.
        borrower: paints with patches; ``None``: the painter alone.

    Returns:
        The rows of the figures, in order.
    """
    gallery = _Gallery(subject, evenly(np.arange(len(subject.rows)), shown), borrower)
    paintings = gallery.grids(folder)
    targets = gallery.rising(folder)
    ids, names = subject.found.column("id"), subject.found.vocabulary.styles
    return tuple(
        ShownPair(
            id=ids[subject.rows[at]],
            source=names[subject.labels[at]],
            target=names[target],
            paintings=tuple(row),
        )
        for at, target, row in zip(gallery.some, targets, paintings, strict=True)
    )


class _Gallery:
    """The shown pictures, and the ways to paint them."""

    def __init__(
        self, subject: PainterUnderTest, some: Rows, borrower: PatchPainter | None
    ) -> None:
        self.subject, self.some, self.borrower = subject, some, borrower
        self.pictures = subject.originals[some]
        self.styles: list[int] = np.unique(subject.labels).tolist()
        self.names = [subject.found.vocabulary.styles[style] for style in self.styles]
        self.one_hot = torch.eye(len(subject.found.vocabulary))
        marks = subject.found.column("sha256")
        self.marks = [marks[subject.rows[at]] for at in some]

    def grids(self, folder: Path) -> list[list[ShownPainting]]:
        """Draw the shown pictures in all styles by every arm; the paintings of each picture."""
        places = np.arange(len(self.some)).repeat(len(self.styles))
        targets = self.styles * len(self.some)
        painted = self.subject.painted(self.pictures[places], self.one_hot[targets])
        made: dict[Arm, tuple[Pixels, list[tuple[Borrowed, ...]]]] = {
            "painted": (painted, [()] * len(painted))
        }
        if self.borrower is not None:
            made["patches"] = self._borrowed(places, targets, None)
            made["finished"] = self._borrowed(places, targets, painted)
        result: list[list[ShownPainting]] = [[] for _ in self.some]
        for arm, (pixels, references) in made.items():
            name = "grid.png" if arm == DEFAULT_ARM or len(made) == 1 else f"grid-{arm}.png"
            cells = pixels.reshape(len(self.some), len(self.styles), *pixels.shape[1:])
            columns = [self.pictures, *np.moveaxis(cells, 1, 0)]
            _sheet(folder / name, columns, ["original", *self.names])
            write_png(folder / f"paintings-{arm}.png", contact_sheet(list(cells), gap=0))
            for at, style, lent in zip(
                places, self.names * len(self.some), references, strict=True
            ):
                result[at].append(ShownPainting(arm=arm, style=style, references=lent))
        return result

    def rising(self, folder: Path) -> list[int]:
        """Draw the shown pictures at rising strength, each in another style; these styles."""
        sources = self.subject.labels[self.some]
        turns = 1 + np.arange(len(self.some)) % (len(self.styles) - 1)  # never its own style
        targets = [
            self.styles[(self.styles.index(source) + turn) % len(self.styles)]
            for source, turn in zip(sources, turns, strict=True)
        ]
        places, steps = np.arange(len(self.some)), [self.pictures]
        for strength in STRENGTHS:
            painted = self.subject.painted(self.pictures, strength * self.one_hot[targets])
            if self.borrower is not None:
                painted, _ = self._borrowed(places, targets, painted, strength)
            steps.append(painted)
        heads = ["original", *(f"{strength:.0%}" for strength in STRENGTHS)]
        sides = [self.subject.found.vocabulary.styles[style] for style in targets]
        _sheet(folder / "strength.png", steps, heads, [style_title(side) for side in sides])
        side_by_side = contact_sheet(list(zip(*steps, strict=True)), gap=0)
        write_png(folder / "steps.png", side_by_side, optimise=True)
        return targets

    def _borrowed(
        self, places: Rows, targets: Sequence[int], starts: Pixels | None, strength: float = 1.0
    ) -> tuple[Pixels, list[tuple[Borrowed, ...]]]:
        """Patch synthesis of shown pictures, and the works that the patches come from."""
        assert self.borrower is not None
        made = self.borrower.paint_all(
            self.pictures[places],
            targets,
            strength=strength,
            starts=starts,
            exclude=[self.marks[place] for place in places],
        )
        both = [(one.pixels, self.borrower.borrowed(one)) for one in made]
        return np.stack([pixels for pixels, _ in both]), [lent for _, lent in both]


def _sheet(
    path: Path, columns: Sequence[Pixels], heads: list[str], sides: Sequence[str] = ()
) -> None:
    cell = max(96, columns[0].shape[1])
    rows = list(zip(*columns, strict=True))
    write_png(path, contact_sheet(rows, heads=heads, sides=sides, cell=cell))

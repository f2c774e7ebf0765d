"""Layout of a matplotlib figure: computed once, however often the figure is saved.

Styles may have any name: a label longer than ``LONGEST`` letters is cut, so that it leaves room for
the figure, and letters that the font lacks are boxes without a warning.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from matplotlib.figure import Figure

LONGEST: Final = 40
"""Letters of a label at a tick."""
LONGEST_TEXT: Final = 48
"""Letters of a line beside a point or in a legend."""


def fix_layout(figure: Figure) -> None:
    """Cut long labels, run a figure's layout engine and remove it.

    ``Figure.savefig`` draws a figure with a layout engine twice for every file: once to find the
    places of its parts, once to write it.
    """
    _cut_labels(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        with boxes_for_lacking_glyphs():
            engine.execute(figure)
        figure.set_layout_engine(None)


@contextmanager
def boxes_for_lacking_glyphs() -> Iterator[None]:
    """Draw boxes for letters of scripts that the bundled font lacks, without a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _cut_labels(figure: Figure) -> None:
    """Cut the labels at ticks, in legends and beside points."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [label.get_text() for label in axis.get_majorticklabels()]
            if any(len(label) > LONGEST for label in labels):
                axis.set_ticks(axis.get_majorticklocs(), labels=[_cut(one) for one in labels])
        legend = axes.get_legend()
        for text in [*axes.texts, *(legend.get_texts() if legend else ())]:
            lines = text.get_text().split("\n")
            text.set_text("\n".join(_cut(line, LONGEST_TEXT) for line in lines))


def _cut(label: str, longest: int = LONGEST) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"

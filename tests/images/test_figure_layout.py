"""A fixed layout is what matplotlib's own two passes make."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from impasto.images.figure_layout import fix_layout


def drawn(layout: str | None) -> Figure:
    """A picture with equal axes, its colour bar, and a chart with long labels."""
    figure = Figure(figsize=(5, 3), dpi=80, layout=layout)
    picture, chart = figure.subplots(1, 2)
    figure.colorbar(picture.imshow(np.arange(12).reshape(3, 4)), ax=picture)
    chart.plot([1, 2, 3], label="a line")
    chart.set_yticks([0, 1, 2], ["a", "a long label", "a longer label yet"])
    chart.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
    return figure


def saved(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=80, metadata={"Software": None})
    return stream.getvalue()


def test_it_changes_no_pixel_and_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn("constrained")
    fix_layout(figure)
    expected = saved(drawn("constrained"))
    assert expected != saved(drawn(None))
    passes = []
    original = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda *a: (passes.append(1), original(*a))[1])
    assert saved(figure) == saved(figure) == expected
    assert len(passes) == 2  # one for each file


def test_a_figure_without_layout_stays_as_it_is() -> None:
    figure = drawn(None)
    fix_layout(figure)
    assert saved(figure) == saved(drawn(None))

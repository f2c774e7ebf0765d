"""A fixed layout is what matplotlib's own two passes make."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from impasto.images.figure_layout import boxes_for_lacking_glyphs, fix_layout


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


def test_a_long_label_leaves_room_for_the_others() -> None:
    """Labels of any script and length: no warning (tests turn them into errors), none lost."""
    names = ["short", "N" * 200, "印象派"]
    figure = Figure(figsize=(9, 5), dpi=80, layout="constrained")
    axes = figure.subplots()
    axes.barh(names, [1, 2, 3], label="L" * 300)
    axes.annotate("T" * 300 + "\nsecond line", (1, 1))
    axes.legend()
    fix_layout(figure)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["short", "N" * 39 + "…", "印象派"]
    assert axes.texts[0].get_text() == "T" * 47 + "…\nsecond line"
    box = axes.get_position()
    assert 0.2 < box.width < 0.9 and box.x0 > 0.05
    with boxes_for_lacking_glyphs():
        saved(figure)

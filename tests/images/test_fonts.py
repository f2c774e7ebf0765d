"""Labels are drawn with their own glyphs, not with boxes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from impasto.images import fonts

MISSING = "\ue123"  # of the private use area: no font has it


def drawn(text: str) -> np.ndarray:
    image = Image.new("L", (60, 60))
    ImageDraw.Draw(image).text((10, 5), text, 255, fonts.font(text, 32))
    return np.asarray(image)


@pytest.mark.parametrize("char", ["ö", "é", "Å", "ř", "Ж", "–"])
def test_every_glyph_is_drawn_and_is_no_box(char: str) -> None:
    made = drawn(char)
    assert made.any()
    assert not np.array_equal(made, drawn(MISSING))


def test_a_text_that_no_font_covers_shows_boxes() -> None:
    assert drawn(MISSING).any()


def test_an_accent_makes_a_difference() -> None:
    assert not np.array_equal(drawn("ö"), drawn("o"))
    assert not np.array_equal(drawn("Å"), drawn("A"))


def test_a_text_takes_the_first_font_that_has_all_its_glyphs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine with a CJK font, played by a font of matplotlib's."""
    serif = fonts.dejavu().with_name("DejaVuSerif.ttf")
    known = {fonts.dejavu(): frozenset(map(ord, "abc")), serif: frozenset(map(ord, "abc浮世絵"))}
    monkeypatch.setattr(fonts, "_cjk_files", lambda: (serif,))
    monkeypatch.setattr(fonts, "_glyphs", lambda path: known[path])
    fonts.font.cache_clear()
    chosen = {text: Path(str(fonts.font(text, 10).path)).name for text in ("abc", "浮世絵", "Ж")}
    fonts.font.cache_clear()
    assert chosen == {"abc": "DejaVuSans.ttf", "浮世絵": "DejaVuSerif.ttf", "Ж": "DejaVuSans.ttf"}

"""The colours of every figure, and a colour with a shape for each style, so that 27 of them can be told apart."""

from typing import Final

INK: Final = "#1f1d1a"
MUTED: Final = "#69645b"
RULE: Final = "#ddd7cb"
PAPER: Final = "#fdfcf9"
ACCENT: Final = "#27507f"
SECOND: Final = "#a86a12"
THIRD: Final = "#4b7a5a"
ALARM: Final = "#a33b2b"

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#5b4a3f")
"""Told apart by those who do not see all colours: Okabe and Ito 2008, "Color universal design", without yellow, which
is pale on paper, and with a brown for black."""
SHAPES: Final = ("circle", "triangle", "square", "cross")
"""As many as have no divisor in common with the colours: so 28 styles have a pair of their own."""


def mark(place: int) -> tuple[str, str]:
    """The colour and the shape of the style at a position of the vocabulary."""
    return COLOURS[place % len(COLOURS)], SHAPES[place % len(SHAPES)]

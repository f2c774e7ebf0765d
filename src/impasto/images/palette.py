"""Colours and shapes of figures, report and page: the one source of all three.

Matplotlib figures take the constants; the report's style sheet and the page's script and style
sheet are generated from the same tables, so that a style looks the same wherever it is shown.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

LIGHT: Final[Mapping[str, str]] = {
    "paper": "#fdfcf9",
    "wall": "#f4f1ea",
    "ink": "#1f1d1a",
    "muted": "#69645b",
    "rule": "#ddd7cb",
    "line": "#8d867a",
    "accent": "#27507f",
    "second": "#a86a12",
    "third": "#4b7a5a",
    "good": "#2f6a45",
    "alarm": "#a33b2b",
    "quiet": "#8d877c",
    "shade": "rgb(31 29 26 / .18)",
}
DARK: Final[Mapping[str, str]] = {
    "paper": "#1d1b19",
    "wall": "#141312",
    "ink": "#ebe7df",
    "muted": "#a8a196",
    "rule": "#3b3833",
    "line": "#7d766b",
    "accent": "#8fb6e8",
    "second": "#e0b063",
    "third": "#8cc29c",
    "good": "#8cc29c",
    "alarm": "#f0947f",
    "quiet": "#7d786f",
    "shade": "rgb(0 0 0 / .6)",
}
"""CSS variables of the two themes; ``quiet`` marks paintings that belong to no group."""
FACES: Final[Mapping[str, str]] = {
    "serif": '"Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", '
    "Georgia, serif",
    "sans": 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", '
    "Arial, sans-serif",
    "mono": 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
}
INK: Final = LIGHT["ink"]
MUTED: Final = LIGHT["muted"]
RULE: Final = LIGHT["rule"]
PAPER: Final = LIGHT["paper"]
ACCENT: Final = LIGHT["accent"]
SECOND: Final = LIGHT["second"]
THIRD: Final = LIGHT["third"]
ALARM: Final = LIGHT["alarm"]

COLOURS: Final = (
    "#0068a8",
    "#c84e00",
    "#00805c",
    "#a8447f",
    "#8f6400",
    "#2489c2",
    "#57378c",
    "#5f5f5f",
    "#7a3e1c",
)
DARK_COLOURS: Final = (
    "#58a8ea",
    "#ff8f52",
    "#37c596",
    "#eb9cca",
    "#e3bd47",
    "#a3ddff",
    "#b79bf3",
    "#c4c4c4",
    "#cf8f63",
)
"""Distinct for the colour-blind (after Okabe and Ito 2008, "Color universal design")."""
SHAPES: Final = ("circle", "square", "triangle", "diamond")
"""No divisor in common with the nine colours, so that 36 styles have a pair of their own."""
YEARS: Final = ("#0b3a73", "#3a4d6e", "#5c606e", "#7b7776", "#9a8f74", "#baa86b", "#dbc35b")
"""Cividis (Nuñez, Anderton and Renslow 2018) without its darkest and its lightest tenth."""

HEAT: Final[Mapping[str, float]] = {
    "grey": 0.55,
    "lift": 40,
    "strength": 0.52,
    "green": 190,
    "blue": 40,
}
"""Heat overlay: contrast and brightness of the cold grey, share and colour of the hottest glow."""


def coloured(counts: Sequence[int]) -> tuple[int | None, ...]:
    """Return each style's position in the palette; ``None`` for a style that is drawn in grey.

    No figure has more colours than a reader can tell apart: the most frequent styles are coloured,
    in the order of the vocabulary, the rest share the quiet grey.

    Args:
        counts: paintings of each style, in the order of the vocabulary.
    """
    ranked = sorted(range(len(counts)), key=lambda place: (-counts[place], place))
    kept = sorted(ranked[: len(COLOURS)])
    return tuple(kept.index(place) if place in kept else None for place in range(len(counts)))


def mark(place: int) -> tuple[str, str]:
    """Return the colour and the shape of the style at a position of the vocabulary."""
    return COLOURS[place % len(COLOURS)], SHAPES[place % len(SHAPES)]


def style_sheet() -> str:
    """Return the CSS variables of both themes.

    The dark theme holds where the reader's system is dark, or ``data-theme`` of the root says so.
    """
    light = _variables({"color-scheme": "light"}, {**LIGHT, **FACES})
    dark = _variables({"color-scheme": "dark"}, DARK)
    return (
        f":root {{ {light} }}\n"
        f':root[data-theme="dark"] {{ {dark} }}\n'
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
    )


def page_script() -> str:
    """Return the script that gives the page ``Impasto.PALETTE``."""
    content = {
        "colours": {"light": COLOURS, "dark": DARK_COLOURS},
        "quiet": {"light": LIGHT["quiet"], "dark": DARK["quiet"]},
        "shapes": SHAPES,
        "years": YEARS,
        "heat": HEAT,
    }
    return f"Impasto.PALETTE = {json.dumps(content)};\n"


def _variables(properties: Mapping[str, str], variables: Mapping[str, str]) -> str:
    pairs = [*properties.items(), *((f"--{name}", value) for name, value in variables.items())]
    return " ".join(f"{name}: {value};" for name, value in pairs)

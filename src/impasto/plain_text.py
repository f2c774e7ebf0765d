"""Names from files and tables as text that can be printed, and titles of styles.

A style may hold a terminal's escape sequence, a line break, or a turn of direction that shows its
letters reversed.
"""

import re
from collections.abc import Mapping
from typing import Final

_CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_TURNS: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LINES: Final = "\u2028\u2029"
_ACTS: Final = re.compile(f"[{_CONTROLS}{_TURNS}{_LINES}]")
_BREAKS: Final = re.compile(r"[\t\n]")


def visible(text: str) -> str:
    """Text with controls and turns of direction as the replacement character; lines stay."""
    return _ACTS.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Text as ``visible`` gives it, with a space for each line break and tab."""
    return _BREAKS.sub(" ", visible(text))


TITLES: Final[Mapping[str, str]] = {
    "Art_Nouveau_Modern": "Art Nouveau (Modern)",
    "Mannerism_Late_Renaissance": "Mannerism (Late Renaissance)",
    "Naive_Art_Primitivism": "Naïve Art (Primitivism)",
    "Post_Impressionism": "Post-Impressionism",
    "Ukiyo_e": "Ukiyo-e",
}
"""WikiArt's styles whose folder is not called as the style is."""


def style_title(style: str) -> str:
    """A style's name as it is read: ``Ukiyo-e``, ``Pop Art``; spaces for what breaks a line."""
    name = TITLES.get(style) or style.replace("_", " ")
    return "".join(char if char.isprintable() else " " for char in name).strip() or style

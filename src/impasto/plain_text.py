"""Names from files and tables as text that can be printed: nothing that a terminal acts upon.

A style may hold a terminal's escape sequence, a line break, or a turn of direction that shows its
letters reversed.
"""

import re
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

"""Cells of styles: one style, a list of several, or none.

A list may be one (JSON lines, parquet), the text of one (``['Baroque', 'Rococo']``), or names
divided by ``|`` or ``;``.
"""

import ast
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

Several = Literal["first", "all", "skip"]
"""What becomes of a picture with several styles: its first, one entry for each, or none."""
CHOICES: Final[dict[Several, str]] = {
    "first": "the first was taken",
    "all": "they stand under each of them",
    "skip": "they were set aside",
}
_NO_STYLE: Final = frozenset(["", "nan", "none", "null", "n/a", "na", "#n/a", "<na>", "-", "?"])


def styles_in(cell: Any) -> list[str]:
    """The styles that a cell names, in its order, each once."""
    if isinstance(cell, list | tuple):
        names = [name for part in cell for name in styles_in(part)]
    elif isinstance(cell, float) and cell.is_integer():  # numbers beside a missing one
        names = [str(int(cell))]
    else:
        names = _divided("" if cell is None else " ".join(str(cell).split()))
    return list(dict.fromkeys(name for name in names if name.casefold() not in _NO_STYLE))


def _divided(text: str) -> list[str]:
    if text[:1] + text[-1:] in ("[]", "()"):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = [part.strip(" \"'") for part in text[1:-1].split(",")]
        if isinstance(found, Sequence) and not isinstance(found, str):
            return [name for part in found for name in styles_in(part)]
    return [part.strip() for part in re.split(r"[|;]", text)]

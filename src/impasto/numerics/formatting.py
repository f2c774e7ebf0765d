"""Numbers as text, in one notation for terminal, findings, report and page.

Shares ``58.2 % (54.4–62.1)``, differences in points ``+8.1 (+4.0 to +12.2)``, other numbers
``0.68 (0.62–0.75)``; a true minus, and a dash where there is no number.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

DASH: Final = "–"
MINUS: Final = "−"
LISTED: Final = 30  # names that a sentence holds
SHOWN: Final = 10  # of more than that


class HasInterval(Protocol):
    """A number with the ends of its interval, such as a record's ``Interval``."""

    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102


Estimate = HasInterval | Mapping[str, float]
"""A number and its interval, as an object or as ``{"value", "low", "high"}``."""


def number(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Format ``−0.01``; with ``signed`` also ``+0.14``."""
    if value is None:
        return DASH
    rounded = round(value, digits) + 0.0  # + 0.0: no minus before zero
    return f"{rounded:{'+' if signed else ''}.{digits}f}".replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """Format 0.523 as ``52.3 %``."""
    return DASH if share is None else f"{number(100 * share, digits)} %"


def ends(estimate: Estimate, digits: int = 2, *, signed: bool = False, scale: float = 1) -> str:
    """Format the interval alone: ``(0.62–0.75)``, ``(−0.05 to 0.03)``, ``(+4.0 to +12.2)``."""
    _, *both = _parts(estimate)
    low, high = (number(scale * end, digits, signed=signed) for end in both)
    between = " to " if signed or low.startswith(MINUS) else "–"
    return f"({low}{between}{high})"


def estimate(
    score: Estimate | None, digits: int = 2, *, signed: bool = False, scale: float = 1
) -> str:
    """Format a number with its interval: ``0.68 (0.62–0.75)``."""
    if score is None:
        return DASH
    value = number(scale * _parts(score)[0], digits, signed=signed)
    return f"{value} {ends(score, digits, signed=signed, scale=scale)}"


def share(score: Estimate | None, digits: int = 1) -> str:
    """Format a share with its interval: ``58.2 % (54.4–62.1)``."""
    if score is None:
        return DASH
    return f"{percent(_parts(score)[0], digits)} {ends(score, digits, scale=100)}"


def points(score: Estimate | None, digits: int = 1) -> str:
    """Format a difference of shares in points: ``+8.1 (+4.0 to +12.2)``."""
    return estimate(score, digits, signed=True, scale=100)


def distance_digits(value: float) -> int:
    """Decimals that show three digits of a distance: ``0.054``, ``1.79``, ``104``."""
    return 3 if abs(value) < 1 else max(0, 3 - len(str(int(abs(value)))))


def distance(score: Estimate | None, *, signed: bool = False) -> str:
    """Format a distance of features and its interval, to three digits of the distance."""
    if score is None:
        return DASH
    return estimate(score, distance_digits(_parts(score)[0]), signed=signed)


def p_value(p: float) -> str:
    """Format ``0.034``, or ``< 0.001``."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Format ``1 style``, ``13 styles``, ``81,444 pictures``."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def abridged(names: Iterable[str]) -> str:
    """List names with commas, of more than ``LISTED`` the first ``SHOWN`` and the number of others.

    Every style of WikiArt is named; of 400 styles nobody reads all.
    """
    every = list(names)
    if len(every) <= LISTED:
        return ", ".join(every)
    return f"{', '.join(every[:SHOWN])} and {len(every) - SHOWN:,} more"


def duration(seconds: float) -> str:
    """Format ``41 s``, ``9 min 41 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _parts(score: Estimate) -> tuple[float, float, float]:
    if isinstance(score, Mapping):
        return score["value"], score["low"], score["high"]
    return score.value, score.low, score.high


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def fitted(rows: Sequence[Sequence[str]], width: int | None, heads: int = 1) -> list[str]:
    """Return rows of cells as lines of at most ``width`` characters, where cells allow it.

    Too wide a table gets its heads wrapped, and then is cut into tables of some of its columns,
    each with the first one.

    Args:
        rows: as for ``aligned``.
        width: in characters; ``None`` for any.
        heads: rows at the top that may be wrapped.
    """
    lines = aligned(rows)
    if width is None or max(map(len, lines), default=0) <= width:
        return lines
    columns = [_wrapped(column, heads) for column in zip(*rows, strict=True)]
    tall = [max(len(column[row]) for column in columns) for row in range(heads)]
    for column in columns:
        for row in range(heads):
            column[row] += [""] * (tall[row] - len(column[row]))
    first, *rest = ([line for cell in column for line in cell] for column in columns)
    tables: list[list[list[str]]] = []
    left = 0
    for cells in rest:
        wide = 2 + max(map(len, cells))
        if not tables or wide > left:
            tables.append([first])
            left = width - max(map(len, first))
        tables[-1].append(cells)
        left -= wide
    found: list[str] = []
    for table in tables:
        found += ["", *aligned(list(zip(*table, strict=True)))]
    return found[1:]


def _wrapped(column: Sequence[str], heads: int) -> list[list[str]]:
    """The lines of each cell: heads no wider than the widest cell or word."""
    words = [word for cell in column[:heads] for word in cell.split()]
    wide = max(map(len, [*column[heads:], *words]), default=1)
    return [
        textwrap.wrap(cell, max(wide, 1)) or [""] if row < heads else [cell]
        for row, cell in enumerate(column)
    ]

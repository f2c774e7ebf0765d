"""Words and numbers as a report prints them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from impasto.records.record import Interval
from impasto.reporting.blocks import Number

NBSP: Final = "\u00a0"
NONE: Final = Number("–")


def shown(style: str) -> str:
    """Return a style's name as it is read: spaces for underscores, nothing that breaks a line."""
    text = "".join(
        char if char.isprintable() or char == NBSP else " " for char in style.replace("_", " ")
    )
    return text.strip() or style


def count(number: int, noun: str) -> str:
    """``1 style``, ``13 styles``, ``81,444 pictures``."""
    return f"{number:,}{NBSP}{noun if number == 1 else noun + 's'}"


def percent(share: float | None, digits: int = 1) -> str:
    """``0.523`` as ``52.3 %``; a dash where there is no number."""
    return "–" if share is None else f"{100 * share:.{digits}f}{NBSP}%"


def rounded(share: float) -> str:
    """``0.523`` as ``52 %``, ``0.077`` as ``7.7 %``: two digits are enough for a headline."""
    return percent(share, 0 if share >= 0.0995 else 1)


def duration(seconds: float) -> str:
    """``9 min 41 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{NBSP}h {minutes}{NBSP}min"
    return f"{minutes}{NBSP}min {rest}{NBSP}s" if minutes else f"{rest}{NBSP}s"


def share(value: float | None) -> Number:
    """A share as ``52.3 %``."""
    return Number(percent(value), value)


def score(interval: Interval | None) -> Number:
    """A share with its interval as ``58.2 % (54.4–62.1)``."""
    if interval is None:
        return NONE
    ends = f"({100 * interval.low:.1f}–{100 * interval.high:.1f})"
    return Number(percent(interval.value), interval.value, ends)


def points(interval: Interval | None) -> Number:
    """A difference of shares in points as ``+8.1 (+4.0 to +12.2)``."""
    return gain(interval, 1, scale=100)


def gain(interval: Interval | None, digits: int, *, scale: float = 1) -> Number:
    """A difference with its interval as ``+0.14 (+0.10 to +0.18)``."""
    if interval is None:
        return NONE
    value, low, high = (
        f"{scale * number:+.{digits}f}".replace("-", "−")
        for number in (interval.value, interval.low, interval.high)
    )
    return Number(value, interval.value, f"({low} to {high})")


def measured(interval: Interval | None, digits: int = 2) -> Number:
    """A number with its interval as ``0.68 (0.62–0.75)`` or ``−0.01 (−0.05 to 0.03)``."""
    if interval is None:
        return NONE
    low, high = number(interval.low, digits).text, number(interval.high, digits).text
    ends = f"({low}{' to ' if '−' in low else '–'}{high})"
    return Number(number(interval.value, digits).text, interval.value, ends)


def number(value: float | None, digits: int = 2) -> Number:
    """A number with a true minus; a dash where there is none."""
    if value is None:
        return NONE
    text = f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no minus before zero
    return Number(text.replace("-", "−"), value)


def distance(value: float | None) -> Number:
    """A distance of features to three digits: ``0.054``, ``1.79``, ``104``."""
    if value is None or abs(value) < 1:
        return number(value, 3)
    return number(value, max(0, 3 - len(str(int(abs(value))))))


def p_value(p: float) -> Number:
    """``0.034``, or ``< 0.001``."""
    return Number(f"<{NBSP}0.001" if p < 0.001 else f"{p:.3f}", p)


def plain(value: Any) -> str:
    """A value of a JSON file as it is read in a table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple) and all(isinstance(part, str | int) for part in value):
        return ", ".join(str(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def flattened(values: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Settings within settings as pairs such as ``("augment.cutmix", "0.5")``, in their order."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", plain(value)

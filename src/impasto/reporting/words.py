"""Cells of numbers, and names and values of settings, as a report prints them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from impasto.numerics import formatting
from impasto.records.record import Interval
from impasto.reporting.blocks import Number

NONE: Final = Number(formatting.DASH)


def whole(value: int) -> Number:
    """A whole number as ``81,444``."""
    return Number(f"{value:,}", value)


def share(value: float | None) -> Number:
    """A share as ``52.3 %``."""
    return Number(formatting.percent(value), value)


def score(found: Interval | None) -> Number:
    """A share with its interval as ``58.2 % (54.4–62.1)``."""
    if found is None:
        return NONE
    ends = formatting.ends(found, 1, scale=100)
    return Number(formatting.percent(found.value), found.value, ends)


def points(found: Interval | None) -> Number:
    """A difference of shares in points as ``+8.1 (+4.0 to +12.2)``."""
    return measured(found, 1, signed=True, scale=100)


def measured(
    found: Interval | None, digits: int = 2, *, signed: bool = False, scale: float = 1
) -> Number:
    """A number with its interval as ``0.68 (0.62–0.75)``."""
    if found is None:
        return NONE
    text = formatting.number(scale * found.value, digits, signed=signed)
    ends = formatting.ends(found, digits, signed=signed, scale=scale)
    return Number(text, found.value, ends)


def number(value: float | None, digits: int = 2) -> Number:
    """A number; a dash where there is none."""
    return Number(formatting.number(value, digits), value)


def distance(found: Interval | None, *, signed: bool = False) -> Number:
    """A distance of features, or a difference of two, to three digits with its interval."""
    if found is None:
        return NONE
    return measured(found, formatting.distance_digits(found.value), signed=signed)


def plain(value: Any) -> str:
    """A value of a JSON file as it is read in a table."""
    if value is None:
        return formatting.DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple) and all(isinstance(part, str | int) for part in value):
        return ", ".join(str(part) for part in value)
    if isinstance(value, list | tuple) and all(isinstance(part, float | int) for part in value):
        return ", ".join(f"{part:.3g}" for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def flattened(values: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Settings within settings as pairs such as ``("augment.cutmix", "0.5")``, in their order."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", plain(value)

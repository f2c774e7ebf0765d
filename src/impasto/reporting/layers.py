"""Layers of a trained network, read from the header of its weights."""

import re
from collections import Counter
from dataclasses import dataclass
from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

from impasto.errors import RunError
from impasto.numerics.formatting import count

COUNTERS = ("running_mean", "running_var", "num_batches_tracked")
"""Names of what a network holds and does not learn."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a network: its name, its layers in words, and how many numbers it holds."""

    name: str
    layers: str
    weights: int


def parts_of(weights: Path) -> list[Part]:
    """Return the parts of a network in the order of their names; none without the file.

    Raises:
        RunError: the file is damaged.
    """
    if not weights.is_file():
        return []
    try:
        with safe_open(weights, "numpy") as file:
            names = list(file.keys())
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    except (SafetensorError, OSError) as error:
        raise RunError(
            f"{weights} is damaged ({error}): train again into another folder"
        ) from error
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        if not name.endswith(COUNTERS):
            groups.setdefault(_part(name), {})[name] = shape
    return [
        Part(part, _layers(inner), sum(prod(shape) for shape in inner.values()))
        for part, inner in groups.items()
    ]


def _part(name: str) -> str:
    """The module of a weight: its first name, with a number where one follows."""
    names = name.removeprefix("network.").split(".")
    return ".".join(names[:2]) if len(names) > 1 and names[1].isdigit() else names[0]


def _layers(shapes: dict[str, tuple[int, ...]]) -> str:
    found = Counter(
        words for name, shape in shapes.items() if (words := _layer(name, shape)) is not None
    )
    return ", ".join(
        f"{number} × {words}" if number > 1 else words for words, number in found.items()
    )


def _layer(name: str, shape: tuple[int, ...]) -> str | None:
    """The layer that a weight belongs to; ``None`` for a bias, which goes with its weight."""
    if re.search(r"(^|\.)bias$", name):
        return None
    if len(shape) == 4:
        return f"convolution {shape[2]} × {shape[3]}, {shape[1]} → {shape[0]}"
    if len(shape) == 2:
        return f"linear, {shape[1]} → {shape[0]}"
    if len(shape) == 1:
        return f"normalisation of {shape[0]}"
    return f"{count(prod(shape), 'number')} ({' × '.join(map(str, shape))})" if shape else None

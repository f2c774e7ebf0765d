"""Layers of a text-to-image model that an adapter can be put beside."""

from typing import Literal

Targets = Literal["attention", "transformer", "all"]
"""The attention alone, the whole of its blocks, or the convolutions, too."""

"""Recipes: settings of a whole study by name, shipped with the package."""

import tomllib
from importlib.resources import files
from typing import Any, Literal

Recipe = Literal["course"]
"""``course``: every part of the university course's assignment."""


def recipe(name: Recipe) -> dict[str, Any]:
    """Return the settings of a recipe, a table for each stage."""
    text = (files("impasto.recipes") / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)

"""Vocabulary: the frozen, sorted list of styles that a collection and its runs share.

It is made once, by ``prepare``, from every label of every split together, and saved as
``styles.json``. Building it anew from the folders that happen to stand in one split, or from a
``set()``, is the bug that scores 2 %.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, VocabularyError
from impasto.files import read_json, verify, write_json
from impasto.numerics.formatting import abridged


def plain(name: str) -> str:
    """The one form in which names are compared: NFC, trimmed, without case and underscores."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Styles in their one order, with other spellings of them.

    Attributes:
        styles: sorted by code point, without repetition.
        aliases: other names that mean a style, e.g. ``{"Art_Nouveau": "Art_Nouveau_Modern"}``.
    """

    styles: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold the order and the aliases to their word."""
        if list(self.styles) != sorted(set(self.styles)):
            raise VocabularyError("a vocabulary must be sorted and name each style once")
        if strangers := set(self.aliases.values()) - set(self.styles):
            raise VocabularyError(
                f"aliases point to unknown styles: {', '.join(sorted(strangers))}"
            )

    @classmethod
    def of(cls, names: Iterable[str], aliases: Mapping[str, str] | None = None) -> "Vocabulary":
        """The vocabulary of all the names met, in any order, with repetitions."""
        known = dict(aliases or {})
        styles = tuple(sorted({known.get(name, name) for name in names}))
        return cls(
            styles, {alias: style for alias, style in sorted(known.items()) if style in styles}
        )

    def __len__(self) -> int:
        """The number of styles."""
        return len(self.styles)

    def index(self, name: str) -> int:
        """The position of a style, given by its name, an alias, or as a report spells it.

        Raises:
            VocabularyError: no such style.
        """
        style = self.aliases.get(name, name)
        if style not in self.styles:
            lower = {_spelled(style): style for style in self.styles}
            spelled = _spelled(name)
            if spelled in lower and len(lower) == len(self.styles):
                return self.styles.index(lower[spelled])
            near = difflib.get_close_matches(spelled, lower, n=1)
            hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
            known = abridged(self.styles)
            raise VocabularyError(f"unknown style {name!r}: known are {known}{hint}")
        return self.styles.index(style)

    def encode(self, names: Sequence[str]) -> NDArray[np.int64]:
        """The positions of many styles, ``int64 (N,)``.

        Raises:
            VocabularyError: one of them is unknown.
        """
        positions = {name: self.index(name) for name in sorted(set(names))}
        return np.fromiter((positions[name] for name in names), dtype=np.int64, count=len(names))

    def require(self, styles: Sequence[str], owner: str) -> None:
        """Refuse ``owner`` unless it speaks of exactly these styles in this order.

        Raises:
            VocabularyError: naming what is missing, added or in another order.
        """
        if tuple(styles) == self.styles:
            return
        missing, added = (
            sorted(set(self.styles) - set(styles)),
            sorted(set(styles) - set(self.styles)),
        )
        parts = [f"lacks {abridged(missing)}"] * bool(missing) + [f"adds {abridged(added)}"] * bool(
            added
        )
        what = " and ".join(parts) or "names the same styles in another order"
        raise VocabularyError(
            f"{owner} {what}: use a run and a collection made with the same vocabulary"
        )

    def save(self, path: Path) -> None:
        """Write ``styles.json``."""
        write_json(path, {"format": 1, "styles": list(self.styles), "aliases": dict(self.aliases)})

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read ``styles.json``.

        Raises:
            VocabularyError: the file is missing or damaged.
        """
        verify(path, "run impasto prepare again", refusal=VocabularyError)
        try:
            data = read_json(path)
            return cls(tuple(data["styles"]), dict(data["aliases"]))
        except (InputError, KeyError, TypeError) as error:
            raise VocabularyError(
                f"{path} is not a vocabulary ({error}): run impasto prepare again"
            ) from error


def _spelled(name: str) -> str:
    """A name without what spellings differ in: case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()

"""Class names and numbers of other programs, found among the styles of a vocabulary.

Names are compared without case, accents, blanks and punctuation: ``Art Nouveau (Modern)`` is
``Art_Nouveau_Modern``. Numbers mean nothing until their order is given.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from impasto.collection.decisions import read_renames
from impasto.collection.vocabulary import Vocabulary
from impasto.errors import InputError, VocabularyError

ALPHABETICAL: Final = "alphabetical"
"""Order of classes in which torchvision, Keras and impasto number the folders of a source."""
_NUMBERED: Final = re.compile(r"(\d+)[\s,;]+(\S.*)")
_NAMED: Final = 10  # unknown names listed in an error


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Styles of a vocabulary by the names and numbers that another program gives them.

    Attributes:
        vocabulary: the styles.
        renames: new names by the ``squeezed`` old ones; empty: none of the styles.
        order: names by number; ``None`` where numbers mean nothing.
        others: whether classes that are no style are answers, all of them wrong.
    """

    vocabulary: Vocabulary
    renames: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] | None = None
    others: bool = False

    @property
    def none(self) -> int:
        """The position that stands for none of the styles: the one after the last."""
        return len(self.vocabulary)

    def find(self, name: str) -> int | None:
        """The position of the style that a name means; ``None`` where it is unknown."""
        new = self.renames.get(squeezed(name))
        if new == "":
            return self.none
        name = new or name
        exact = self.vocabulary.aliases.get(name, name)
        if exact in self.vocabulary.styles:
            return self.vocabulary.styles.index(exact)
        key = squeezed(name)
        found = {
            self.vocabulary.aliases.get(known, known)
            for known in (*self.vocabulary.styles, *self.vocabulary.aliases)
            if squeezed(known) == key
        }
        return self.vocabulary.styles.index(found.pop()) if len(found) == 1 else None

    def place(self, cell: str) -> int | None:
        """The position of a style by name or number; ``None`` where either means nothing."""
        found, number = self.find(cell), whole_number(cell)
        if found is not None or number is None or self.order is None:
            return found
        return self.find(self.order[number]) if number < len(self.order) else None

    def positions(self, cells: Iterable[str], where: str) -> dict[str, int]:
        """The position of each name or number; classes that are no style come after the last.

        Args:
            cells: names, or numbers as text.
            where: what holds them, for errors.

        Raises:
            VocabularyError: some are unknown, and classes that are no style were not allowed.
            InputError: they are numbers, and their order was not given.
        """
        found: dict[str, int] = {}
        unknown: list[str] = []
        for cell in dict.fromkeys(cells):
            name, position = cell, self.find(cell)
            if position is None and (number := whole_number(cell)) is not None:
                name = self._numbered(number, where)
                position = self.find(name)
            if position is None and self.others:
                position = self.none
            if position is None:
                unknown.append(name)
            else:
                found[cell] = position
        if unknown:
            raise VocabularyError(self._unknown(unknown, where))
        return found

    def _numbered(self, number: int, where: str) -> str:
        if self.order is None:
            raise InputError(
                f"{where} names classes by numbers, as {number}: give their names in order with "
                f"--classes FILE (a name a line, or JSON), or --classes {ALPHABETICAL}"
            )
        if not 0 <= number < len(self.order):
            raise InputError(
                f"{where} holds the class number {number}, but --classes names "
                f"{len(self.order)} classes, 0 to {len(self.order) - 1}: give all of them"
            )
        return self.order[number]

    def _unknown(self, names: Sequence[str], where: str) -> str:
        known = {squeezed(style): style for style in self.vocabulary.styles}
        parts = []
        for name in names[:_NAMED]:
            near = difflib.get_close_matches(squeezed(name), known, n=1, cutoff=0.5)
            parts.append(f"{name!r}" + (f" (did you mean {known[near[0]]}?)" if near else ""))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return (
            f"{where} names classes that are no style of the collection: {', '.join(parts)}{more}: "
            "map them with --rename-styles TABLE (columns from and to), or count them as wrong "
            "answers with --other-classes wrong"
        )


def class_names(
    vocabulary: Vocabulary,
    classes: str | Sequence[str] | None = None,
    *,
    renames: Path | None = None,
    others: bool = False,
) -> ClassNames:
    """Names and numbers of classes, as settings give them.

    Args:
        vocabulary: the styles.
        classes: names in the order of their numbers, the path of a file that holds them, or
            ``alphabetical`` for the vocabulary's order.
        renames: a table with ``from`` and ``to``.
        others: whether classes that are no style are answers.

    Raises:
        InputError: a file cannot be read or holds no names.
    """
    order: tuple[str, ...] | None
    if classes is None or classes == ALPHABETICAL:
        order = vocabulary.styles if classes else None
    elif isinstance(classes, str):
        listed = [part.strip() for part in classes.split(",")]
        is_file = len(listed) == 1 or Path(classes).is_file()
        order = read_classes(Path(classes)) if is_file else tuple(listed)
    else:
        order = tuple(classes)
    table = read_renames(renames) if renames is not None else {}
    return ClassNames(vocabulary, {squeezed(old): new for old, new in table.items()}, order, others)


def read_classes(path: Path) -> tuple[str, ...]:
    """Names of classes in the order of their numbers.

    JSON may hold a list, ``{name: number}``, ``{number: name}``, or one of these as
    ``class_to_idx``, ``id2label``, ``classes`` or ``styles``; a text has a name, or a number and a
    name, a line.

    Raises:
        InputError: it is missing, or holds no names.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the classes {path} ({error}): give a file with a name a line, or "
            f"{ALPHABETICAL}"
        ) from error
    names = _of_json(path, text) if path.suffix.lower() == ".json" else _of_lines(text)
    if not names or not all(names) or len(set(names)) < len(names):
        raise InputError(
            f"{path} does not name each class once: give a name a line, or JSON with class_to_idx"
        )
    return names


def squeezed(name: str) -> str:
    """A name without case, accents and punctuation, with one blank between words."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", kept).strip()


def whole_number(cell: str) -> int | None:
    """The whole number that a cell holds, as ``3`` or ``3.0``; ``None`` for anything else."""
    match = re.fullmatch(r"\s*(\d+)(?:\.0*)?\s*", cell)
    return int(match.group(1)) if match else None


def _of_json(path: Path, text: str) -> tuple[str, ...]:
    try:
        content: Any = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is no JSON ({error}): give a name a line instead") from error
    if isinstance(content, dict):
        keys = ("class_to_idx", "id2label", "classes", "styles", "names", "vocab")
        content = next((content[key] for key in keys if key in content), content)
    if isinstance(content, list):
        return tuple(map(str, content))
    if isinstance(content, dict):
        pairs = [
            (int(name), str(value)) if str(name).isdigit() else (value, str(name))
            for name, value in content.items()
        ]
        return _in_order(pairs)
    return ()


def _of_lines(text: str) -> tuple[str, ...]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    matches = [_NUMBERED.fullmatch(line) for line in lines]
    pairs = [(int(one.group(1)), one.group(2)) for one in matches if one]
    return _in_order(pairs) or tuple(lines) if len(pairs) == len(lines) else tuple(lines)


def _in_order(pairs: Sequence[tuple[Any, str]]) -> tuple[str, ...]:
    """Names by their numbers; none where these are not all from 0 on."""
    numbers = [number for number, _ in pairs]
    if not all(isinstance(number, int) for number in numbers):
        return ()
    if sorted(numbers) != list(range(len(pairs))):
        return ()
    return tuple(name for _, name in sorted(pairs))

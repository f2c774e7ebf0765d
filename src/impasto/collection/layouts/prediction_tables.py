"""Tables of predictions, as other programs write them.

A row has a picture and an answer: the name or number of a class, and perhaps a probability for each
class. Probabilities stand in a column a class, in numbered columns (``prob_0``), in one cell as a
list, or beside the classes that a program found likeliest (``index_0``, ``prob_0``). A table may
also have a row for each picture and class. A folder of texts is what Ultralytics writes with
``save_txt``.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from impasto.collection.entries import PICTURES, Skipped
from impasto.collection.layouts.class_names import whole_number
from impasto.collection.layouts.table_rows import (
    PICTURE_COLUMNS,
    LabelTable,
    TableRow,
    column_of_paths,
    read_rows,
)
from impasto.collection.vocabulary import plain
from impasto.errors import InputError

TRUTHS: Final = (
    *("ground truth", "ground truth.label", "true label", "true class", "true style", "y true"),
    *("actual", "gt"),
)
"""Names of a column that holds the true styles, and never the answers."""
PREDICTION_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "path": (
        *PICTURE_COLUMNS["path"],
        *("files", "filenames", "file paths", "filepaths", "fname", "image name", "image file"),
        *("image id", "picture id", "id"),
    ),
    "predicted": (
        *("prediction", "predictions", "pred", "preds", "predicted style", "predicted label"),
        *("predicted class", "pred label", "pred class", "pred idx", "y pred", "yhat", "y hat"),
        *("answer", "top1", "top 1", "predictions.label", "prediction.label"),
    ),
    "style": (*PICTURE_COLUMNS["style"], "target", "targets", *TRUTHS),
    "split": tuple(name for name in PICTURE_COLUMNS["split"] if name != "set"),  # a conformal set
}
"""Columns of a table of predictions, each with other names that programs give it."""
_ANSWERS: Final = ("name", "index", "class id", "class idx", "class index", "label id", "pred id")
"""Columns that hold the answer where no other does, in lower case."""
_LISTS: Final = (
    *("probabilities", "probability", "probs", "prob", "scores", "score", "softmax"),
    *("logits", "logit", "outputs", "output", "preds"),
)
"""Columns that may hold a list of numbers in a cell, in lower case."""
_CLASSES: Final = ("label", "style", "class", "name", "index")
"""Keys of an object that hold its class."""
_CONFIDENCES: Final = ("confidence", "conf", *_LISTS)
"""Columns that hold one class's probability or logit in a row, in lower case."""
_PREFIX: Final = re.compile(
    r"(prob(?:abilit(?:y|ies)|s)?|p|scores?|logits?|pred(?:iction|icted)?s?|outputs?|conf(?:idence)?"
    r"|class)[\s_.:\-]+(?=\S)",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"(.*?)[\s_]?(\d+)")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_TEXT_LINE: Final = re.compile(r"(\d*\.?\d+)\s+(\S.*)")
_ENOUGH_TO_TELL: Final = 8  # rows in falling order from which columns are taken for ranks


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """One row of a table of predictions.

    Attributes:
        name: table and number.
        path: the picture, as the table names it.
        answer: the name or number of the class that it was given; empty where it must be found
            among ``scores``.
        scores: probabilities, or logits, by the name or number of their class.
        truth: the class that the table holds for right; empty where it names none.
        split: the side that the table has it on; empty where it names none.
    """

    name: str
    path: str
    answer: str
    scores: Mapping[str, float]
    truth: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class PredictionTable:
    """Rows of a table of predictions, and how it was read.

    Attributes:
        path: the file or folder.
        rows: those that could be read.
        skipped: those that could not.
        notes: what had to be guessed, in words.
        by_number: how many probabilities a row has that stand in the order of the classes' numbers;
            0 where they go with names.
    """

    path: Path
    rows: tuple[PredictionRow, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    by_number: int = 0


def read_predictions(
    path: Path, is_class: Callable[[str], bool], columns: Mapping[str, str] | None = None
) -> PredictionTable:
    """The rows of a table of predictions, or of a folder of texts.

    Args:
        path: CSV, TSV, parquet, JSON or JSON lines; or a folder with a ``.txt`` a picture.
        is_class: whether a name is that of a class, by which columns of probabilities are found.
        columns: the table's own names of columns, by those known here.

    Raises:
        InputError: it cannot be read, has no column of pictures, or no answers.
    """
    if path.is_dir():
        return _read_texts(path)
    table, paths = _table_of_pictures(path, dict(columns or {}))
    answers, truths = _answer_columns(table)
    scores = _ScoreColumns.of(table, is_class)
    if answers is None and scores is None:
        raise InputError(_no_answers(table))
    confidences = None if scores or answers is None else _confidences(table)
    rows, values, skipped = [], [], list(table.skipped)
    for row in table.rows:
        name, picture = table.row_name(row.number), _text(_cell(row, paths))
        if not picture:
            skipped.append(Skipped(name, "no picture is named"))
            continue
        found = scores.of_row(row) if scores else {}
        answer = _text(_cell(row, answers)) if answers else ""
        if isinstance(found, str) or not (answer or found):
            skipped.append(Skipped(name, found if isinstance(found, str) else "no answer is given"))
            continue
        truth = _text(_cell(row, truths)) if truths else ""
        rows.append(PredictionRow(name, picture, answer, found, truth, row.text("split").lower()))
        values.append(_number(row.others[confidences]) if confidences else math.nan)
    notes = list(table.notes)
    if scores and scores.note:
        notes.append(f"{path.name}: {scores.note}")
    if confidences and (gathered := _one_a_picture(rows, values)):
        rows = gathered
        notes.append(f"{path.name} has a row for each picture and class, with {confidences}")
    numbered = scores.by_number if scores else 0
    return PredictionTable(path, tuple(rows), tuple(skipped), tuple(notes), numbered)


def _no_answers(table: LabelTable) -> str:
    """The error for a table without answers; a number alone may belong to any class."""
    alone = _confidences(table)
    if alone is not None:
        return (
            f"{table.path} has one number a picture, {alone}, and not its class: write every class "
            "in its own order (timm: --topk 0), or the class beside it (--include-index)"
        )
    return (
        f"{table.path} holds no answers: it has {', '.join((*table.columns, *table.others))}; give "
        'a column style, or one for each style, or name it with --columns style="…"'
    )


def _table_of_pictures(path: Path, columns: Mapping[str, str]) -> tuple[LabelTable, str]:
    """A table, and its column of pictures.

    Raises:
        InputError: it cannot be read, or has no such column.
    """
    try:  # by the delimiter that gives a column of pictures
        return read_rows(path, PREDICTION_COLUMNS, ("path",), columns), "path"
    except InputError:
        table = read_rows(path, PREDICTION_COLUMNS, (), columns)
        found = column_of_paths(table.others, [row.others for row in table.rows])
        headless = any(Path(name).suffix.lower() in PICTURES for name in table.others)
        if found is None or headless:
            raise
        return table, found


def _cell(row: TableRow, column: str | None) -> Any:
    if column is None:
        return None
    return row.cells.get(column) if column in row.cells else row.others.get(column)


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, nothing for missing values."""
    text = "" if cell is None else str(cell).strip()
    if text.lower() in ("nan", "none", "null"):
        return ""
    number = whole_number(text)
    return text if number is None else str(number)


def _number(cell: Any) -> float:
    """A cell as a number; NaN where it holds none."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan


def _answer_columns(table: LabelTable) -> tuple[str | None, str | None]:
    """The columns of the answers and of the true classes, as far as there are any.

    Beside a column of predictions, a column of styles is the truth. Of several columns that may be
    the answer, one of names is preferred to one of numbers.
    """
    others = [name for name in table.others if " ".join(name.lower().split("_")) in _ANSWERS]
    ranks = sorted(others, key=lambda name: _ANSWERS.index(" ".join(name.lower().split("_"))))
    if "predicted" in table.columns and not _lists(table, "predicted"):
        return "predicted", "style" if "style" in table.columns else None
    truths = "style" if plain(table.columns.get("style", "")) in TRUTHS else None
    candidates = [*(("style",) if "style" in table.columns and not truths else ()), *ranks]
    candidates = [name for name in candidates if not _lists(table, name)]
    for name in candidates:
        if not all(whole_number(_text(_cell(row, name))) is not None for row in table.rows[:50]):
            return name, truths
    return (candidates[0] if candidates else None), truths


def _confidences(table: LabelTable) -> str | None:
    """The column with the probability of each row's class."""
    found = (name for name in table.others if " ".join(name.lower().split("_")) in _CONFIDENCES)
    return next((name for name in found if _is_numeric(table, name)), None)


def _one_a_picture(
    rows: Sequence[PredictionRow], values: Sequence[float]
) -> list[PredictionRow] | None:
    """A row for each picture, of a table with a row for each picture and class.

    ``None`` for any other table: where most pictures have one row, or one class stands twice.
    """
    counts = Counter(row.path for row in rows)
    classes = {(row.path, row.answer) for row in rows}
    several = sum(number > 1 for number in counts.values())
    if 2 * several <= len(counts) or len(classes) < len(rows):
        return None
    first: dict[str, PredictionRow] = {}
    scores: dict[str, dict[str, float]] = {}
    for row, value in zip(rows, values, strict=True):
        first.setdefault(row.path, row)
        scores.setdefault(row.path, {})[row.answer] = value
    likeliest = {path: max(found, key=found.__getitem__) for path, found in scores.items()}
    return [
        replace(row, answer=likeliest[path], scores=scores[path]) for path, row in first.items()
    ]


def _lists(table: LabelTable, column: str) -> bool:
    return bool(table.rows) and list_in(_cell(table.rows[0], column)) is not None


def list_in(cell: Any) -> list[str] | None:
    """The parts of a cell that holds a list, or the text of one; ``None`` for anything else."""
    if isinstance(cell, str):
        text = cell.strip()
        if not (text.startswith("[") and text.endswith("]")):
            return None
        quoted = [one or other for one, other in _QUOTED.findall(text)]
        return quoted or text[1:-1].replace(",", " ").split()
    return list(map(str, cell)) if isinstance(cell, list | tuple) else None


@dataclass(frozen=True, slots=True)
class _ScoreColumns:
    """Columns of a table that hold probabilities or logits.

    Attributes:
        classes: of each column, its class by name or number.
        values: of a column with a list in each cell; empty where there is none.
        ranked: columns of classes and of their values, the likeliest first.
        note: how they were found, in words.
        by_number: how many there are, where they stand in the order of the classes' numbers.
        pairs: of a column with a list of objects in each cell; empty where there is none.
    """

    classes: Mapping[str, str]
    values: str = ""
    ranked: tuple[tuple[str, str], ...] = ()
    note: str = ""
    by_number: int = 0
    pairs: str = ""

    @classmethod
    def of(cls, table: LabelTable, is_class: Callable[[str], bool]) -> "_ScoreColumns | None":
        """The columns of a table; ``None`` without any."""
        numeric = [name for name in table.others if _is_numeric(table, name)]
        named: dict[str, str] = {}
        for own in numeric:
            for name in (own, _PREFIX.sub("", own, count=1)):
                if not name.isdigit() and is_class(name):
                    named[own] = name
                    break
        if named:
            return cls(named)
        names = [*table.others, *table.columns]
        for name in names:
            if any(_pairs(_cell(row, name)) for row in table.rows[:50]):
                return cls({}, pairs=name)
        lists = [n for n in names if n.lower() in _LISTS or n == "predicted"]
        held = [name for name in lists if _lists(table, name)]
        if held:
            beside = [name for name in ("style", "label", *names) if name in names]
            places = next(
                (
                    name
                    for name in beside
                    if name.lower() in ("style", "label", "index") and _lists(table, name)
                ),
                None,
            )
            if places:
                return cls({}, held[0], ((places, held[0]),), f"{held[0]} goes with {places}")
            lists_of = [list_in(_cell(row, held[0])) or [] for row in table.rows]
            _refuse_ranks(table.path, lists_of, f"the numbers of {held[0]}")
            return cls({}, held[0], by_number=len(lists_of[0]))
        return cls._numbered(table, numeric)

    @classmethod
    def _numbered(cls, table: LabelTable, numeric: Sequence[str]) -> "_ScoreColumns | None":
        groups: dict[str, dict[int, str]] = {}
        for own in table.others:
            if match := _NUMBERED.fullmatch(own):
                groups.setdefault(match.group(1).strip(" _").lower(), {})[int(match.group(2))] = own
        whole = {
            stem: [places[at] for at in range(len(places))]
            for stem, places in groups.items()
            if len(places) > 1 and sorted(places) == list(range(len(places)))
        }
        stems = [s for s in whole if s in ("", *_LISTS, "p", "class", "conf")
                 and all(own in numeric for own in whole[s])]  # fmt: skip
        if not stems:
            return None
        values = whole[stems[0]]
        for stem in ("label", "index", "name"):
            if stem in whole and len(whole[stem]) == len(values):
                pairs = tuple(zip(whole[stem], values, strict=True))
                return cls({}, "", pairs, f"{values[0]} … go with {whole[stem][0]} …")
        listed = [[row.others[own] for own in values] for row in table.rows]
        _refuse_ranks(table.path, listed, f"{values[0]} to {values[-1]}")
        classes = {own: str(number) for number, own in enumerate(values)}
        return cls(classes, by_number=len(classes))

    def of_row(self, row: TableRow) -> dict[str, float] | str:
        """Values by class, or the reason why there are none."""
        try:
            if self.pairs:
                found = _pairs(_cell(row, self.pairs))
                lacking = "it has no list of classes with their probabilities"
                return {name: float(value) for name, value in found.items()} or lacking
            if self.ranked and self.values:
                classes, values = (list_in(_cell(row, name)) for name in self.ranked[0])
                pairs = zip(classes or (), values or (), strict=True)
                return {_text(place): float(value) for place, value in pairs}
            if self.values:
                listed = list_in(_cell(row, self.values)) or []
                if len(listed) != self.by_number:
                    return f"it has {len(listed)} probabilities, the first row {self.by_number}"
                return {str(number): float(value) for number, value in enumerate(listed)}
            ranked = {_text(row.others[a]): float(row.others[b]) for a, b in self.ranked}
            return ranked or {name: float(row.others[own]) for own, name in self.classes.items()}
        except (TypeError, ValueError):
            return "a probability is no number"


def _pairs(cell: Any) -> dict[str, Any]:
    """Values by class of a cell that lists objects with both, as pipelines of transformers do."""
    found: dict[str, Any] = {}
    for one in cell if isinstance(cell, list) else ():
        if not isinstance(one, Mapping):
            return {}
        value = next((one[name] for name in _CONFIDENCES if name in one), None)
        place = next((one[name] for name in _CLASSES if name in one), None)
        if value is None or place is None:
            return {}
        found[_text(place)] = value
    return found


def _refuse_ranks(path: Path, rows: Sequence[Sequence[Any]], named: str) -> None:
    """Refuse values that stand in falling order, and so no longer by the number of their class.

    Raises:
        InputError: they fall in every row.
    """
    try:
        values = [[float(cell) for cell in row] for row in rows]
    except (TypeError, ValueError):  # the row is set aside by its number later
        return
    if len(rows) >= _ENOUGH_TO_TELL and all(sorted(row, reverse=True) == row for row in values):
        raise InputError(
            f"{path}: {named} fall in every row, so they are ranks without their classes: write "
            "every class in its own order (timm: --topk 0), or the classes beside them "
            "(--include-index)"
        )


def _is_numeric(table: LabelTable, column: str) -> bool:
    """Whether the first cells of a column are numbers; a few may be missing."""
    first, good = table.rows[:50], 0
    for row in first:
        try:
            float(row.others[column])
            good += 1
        except (TypeError, ValueError):
            if str(row.others[column] or "").strip():
                return False
    return 2 * good > len(first)


def _read_texts(folder: Path) -> PredictionTable:
    """The texts of a folder, one a picture, with a probability and a class a line."""
    rows, skipped = [], []
    for path in sorted(folder.glob("*.txt")):
        scores: dict[str, float] = {}
        written = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [line for line in dict.fromkeys(written) if line]  # a later call appends the same
        for line in lines:
            if match := _TEXT_LINE.fullmatch(line):
                scores[match.group(2)] = float(match.group(1))
        if not scores or len(scores) < len(lines):
            reason = "a line is no probability and class, or a class stands there twice"
            skipped.append(Skipped(path.name, reason))
            continue
        answer = max(scores, key=scores.__getitem__)
        rows.append(PredictionRow(path.name, path.stem, answer, scores))
    if not rows:
        raise InputError(
            f"{folder} holds no texts of predictions: give a table, or the folder labels that "
            "Ultralytics writes with save_txt=True"
        )
    return PredictionTable(folder, tuple(rows), tuple(skipped))

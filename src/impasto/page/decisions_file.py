"""File of decisions that a served page writes: ``decisions.csv``, one row a picture.

Each decision replaces the earlier rows of its picture; other rows and further columns stay. The
file is read and written whole under a lock, so that two windows lose nothing.
"""

import csv
import io
from collections.abc import Collection as Container
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final, get_args

from impasto.collection.decisions import COLUMNS, Action
from impasto.errors import InputError
from impasto.files import write_text

KINDS: Final = (*get_args(Action), "")
"""Decisions that are taken; the empty one takes an earlier one back."""
LONGEST: Final = 2000  # letters of a note or an id


@dataclass(frozen=True, slots=True)
class DecisionsFile:
    """A file of decisions on the pictures of a collection.

    Attributes:
        path: of the file, which need not be there yet.
        ids: the pictures.
        styles: the names of styles.
    """

    path: Path
    ids: Container[str]
    styles: Container[str]
    _lock: Lock = field(default_factory=Lock)

    def check(self) -> "DecisionsFile":
        """Return the file if it can be read and written.

        Raises:
            InputError: it is no table of decisions that can be kept as it is.
            OutputError: it cannot be written.
        """
        names, rows = self._read()
        self._write(names, rows)
        return self

    def decided(self) -> list[dict[str, str]]:
        """Return the rows with a decision, by the columns of a table of decisions."""
        with self._lock:
            _, rows = self._read()
        found = [{name: (row.get(name) or "").strip() for name in COLUMNS} for row in rows]
        for row in found:
            row["decision"] = row["decision"].lower()
        return [row for row in found if row["decision"]]

    def put(self, data: Any) -> int:
        """Write a decision, and return the number of rows.

        Args:
            data: ``id``, ``decision``, ``style`` and ``note`` as text.

        Raises:
            InputError: it is no decision on a picture of the collection.
            OutputError: the file cannot be written.
        """
        new = self._checked(data)
        with self._lock:
            names, rows = self._read()
            places = [
                at for at, row in enumerate(rows) if (row.get("id") or "").strip() == new["id"]
            ]
            earlier = rows[places[-1]] if places else {}
            kept = [row for at, row in enumerate(rows) if at not in places]
            if new["decision"] or len(names) > len(COLUMNS):  # a suspect stays in its table
                note = new["note"] or earlier.get("note") or ""
                style = new["style"] or (earlier.get("style") or "")
                row = {**earlier, **new, "note": note, "style": style}
                kept.insert(places[-1] - len(places) + 1 if places else len(kept), row)
            self._write(names, kept)
            return len(kept)

    def _checked(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not all(
            isinstance(value, str) and len(value) <= LONGEST for value in data.values()
        ):
            raise InputError("a decision has id, decision, style and note, each as text")
        if unknown := sorted(data.keys() - COLUMNS.keys()):
            raise InputError(f"a decision has no {unknown[0][:40]!r}")
        new = {name: str(data.get(name, "")).strip() for name in COLUMNS}
        if new["id"] not in self.ids:
            raise InputError(f"there is no picture {new['id'][:80]!r}")
        if new["decision"] not in KINDS:
            raise InputError(
                f"the decision {new['decision'][:40]!r} is none of keep, exclude, relabel"
            )
        if new["style"] and new["style"] not in self.styles:
            raise InputError(f"there is no style {new['style'][:80]!r}")
        if new["decision"] == "relabel" and not new["style"]:
            raise InputError("relabel needs the new style")
        return new

    def _read(self) -> tuple[list[str], list[dict[str, str]]]:
        """The names of all columns, and the rows."""
        if not self.path.exists():
            return list(COLUMNS), []
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
            reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
            rows = [dict(row) for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{self.path} cannot be read as CSV in UTF-8 ({error})") from error
        names = list(reader.fieldnames or COLUMNS)
        if not {"id", "decision"} <= set(names) or any(None in row for row in rows):
            raise InputError(
                f"{self.path} is no table of decisions with commas and the columns "
                f"{', '.join(COLUMNS)}: name another file, or a new one"
            )
        return [*names, *(name for name in COLUMNS if name not in names)], rows

    def _write(self, names: list[str], rows: list[dict[str, str]]) -> None:
        table = io.StringIO()
        writer = csv.DictWriter(table, names, lineterminator="\r\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.path, table.getvalue(), noted=False)

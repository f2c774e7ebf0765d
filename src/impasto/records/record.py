"""Base of all records: one frozen, typed object for each file that a stage writes."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from impasto.errors import MissingExtraError, RunError
from impasto.files import read_json, verify, write_json
from impasto.numerics import formatting

if TYPE_CHECKING:
    import pandas as pd

    from impasto.records.finding import Finding


class Record(BaseModel):
    """The content of a file, or a part of it; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    @classmethod
    def read(cls, path: Path, *, what: str, verb: str) -> Self:
        """Read a record from its JSON file.

        Args:
            path: the file.
            what: the noun for it in an error, as in "is no evaluation".
            verb: the command that writes it.

        Raises:
            InputError: the file is missing or not JSON.
            RunError: it is damaged, or its content is not that of this record.
        """
        verify(path, f"run {verb} again", refusal=RunError)
        try:
            return cls.model_validate(read_json(path))
        except ValidationError as error:
            raise RunError(
                f"{path} is no {what} ({first_error(error)}): run {verb} again"
            ) from error

    def write(self, path: Path, *, noted: bool = True) -> Self:
        """Write the record as JSON, whole or not at all, and return it.

        ``noted``: note its checksum, for a record that is read again.
        """
        write_json(path, self.model_dump(mode="json", by_alias=True), noted=noted)
        return self


class Interval(Record):
    """A score, or a difference of two, with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """A share as ``58.2 % (54.4–62.1)``."""
        return formatting.share(self)

    @property
    def points(self) -> str:
        """A difference of shares in points as ``+8.1 (+4.0 to +12.2)``."""
        return formatting.points(self)


def interval_columns(name: str, found: Interval | None) -> dict[str, float | None]:
    """Columns of a table for a score and the ends of its interval: ``name``, ``name_low`` …."""
    if found is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


class Result(Record):
    """A record that a verb returns: the content of its main file, and what lies beside it.

    Subclasses override ``rows`` (the table that ``frame`` and a notebook show).
    """

    _path: Path | None = PrivateAttr(default=None)

    @classmethod
    def read(cls, path: Path, *, what: str, verb: str) -> Self:
        """Read a record from its JSON file, tied to that file's folder; see ``Record.read``."""
        return super().read(path, what=what, verb=verb).at(path.parent)

    def write(self, path: Path, *, noted: bool = True) -> Self:
        """Write the record as JSON, whole or not at all, and return it tied to its folder."""
        return super().write(path, noted=noted).at(path.parent)

    def at(self, folder: Path) -> Self:
        """The same record, tied to the folder that it lies in."""
        self._path = folder
        return self

    @property
    def path(self) -> Path:
        """The folder that the record lies in."""
        if self._path is None:
            raise RuntimeError(f"{type(self).__name__} was neither read nor written")
        return self._path

    @property
    def findings(self) -> list["Finding"]:
        """The findings beside the record; none where no file holds any."""
        from impasto.records.finding import load  # noqa: PLC0415 – findings are records

        file = self.path / "findings.json"
        return load(file) if file.exists() else []

    @property
    def figures(self) -> list[Path]:
        """Image files of the result, sorted by name."""
        found = (self.path / "figures").glob("*")
        return sorted(file for file in found if file.suffix in (".png", ".jpg", ".svg"))

    def rows(self) -> list[dict[str, Any]]:
        """The result as flat rows, one mapping of column to value each."""
        raise NotImplementedError

    def frame(self) -> "pd.DataFrame":
        """The rows as a pandas table.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 – optional
        except ImportError as missing:
            raise MissingExtraError("A table of results", "notebook") from missing
        return pd.DataFrame(self.rows())

    def _repr_html_(self) -> str:
        import impasto  # noqa: PLC0415 – the report lies above the records; the interface finds it

        html: str = impasto.render_html(self)
        return html


def first_error(error: ValidationError) -> str:
    """The place and message of the first thing that pydantic refused, in one line."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'content'}: {first['msg']}"

"""Comparison of several evaluated classifiers on the same test pictures; it lies in no file."""

from typing import Any

from impasto.numerics.formatting import p_value
from impasto.numerics.metrics import SCORES
from impasto.records.record import Interval, Record


class ComparedRun(Record):
    """An evaluated classifier among those compared.

    Attributes:
        run: its folder.
        scores: with their 95 % intervals, by name.
        gains: differences to the first run on the same pictures; empty for the first itself.
        p: two-sided, of a difference in balanced accuracy, from signs that are flipped an artist at
            a time, by Holm's correction over the runs; ``None`` for the first itself.
    """

    run: str
    scores: dict[str, Interval]
    gains: dict[str, Interval]
    p: float | None = None


class RunComparison(Record):
    """Scores of runs beside each other, and paired differences to the first.

    Attributes:
        collection: fingerprint of the collection that all were evaluated on.
        pictures: test pictures.
        units: what was drawn again for the intervals: artists, or pictures.
        runs: in the order they were given.
    """

    collection: str
    pictures: int
    units: int
    runs: tuple[ComparedRun, ...]

    def rows(self) -> list[list[str]]:
        """A table: each run's scores, and below it the differences to the first."""
        rows = [["run", *(SCORES[name].title for name in SCORES)]]
        for one in self.runs:
            rows.append([one.run, *(str(one.scores[name]) for name in SCORES)])
            if one.gains:
                gains = (one.gains[name].points for name in SCORES)
                rows.append(["  difference in points", *gains])
                rows.append([f"  p = {p_value(one.p or 0.0)}", *("" for _ in SCORES)])
        return rows

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        return self.model_dump(mode="json")

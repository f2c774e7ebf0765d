"""What a report reads of ``RUN/by-artist``.

A recipe's scores on artists that its trainings never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.reporting.reading import read_as

WHO: Final = {
    "network": "The network",
    "artist_oracle": "Artist oracle",
    "majority": "The largest style alone",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Spread(_Part):
    """A score, or a difference of two, with its 95 % interval over artists."""

    value: float
    low: float
    high: float


class Arms(_Part):
    """Scores by name where the artists' other works may be in training, where they are not, and the difference."""

    ordinary: dict[str, Spread]
    disjoint: dict[str, Spread]
    gap: dict[str, Spread]


class ArtistGap(_Part):
    """One style's recall in both arms; ``None`` where it was not scored."""

    style: str
    artists: int
    pictures: int
    ordinary: float | None = None
    disjoint: float | None = None
    gap: Spread | None = None


class TooFew(_Part):
    """A style with too few artists to be tested."""

    style: str
    artists: int


class Compared(_Part):
    """The content of ``by-artist.json``."""

    command: str
    collection_fingerprint: str
    folds: int
    pictures: int
    artists: int
    unknown: int
    scores: dict[str, Arms]
    per_style: tuple[ArtistGap, ...]
    not_testable: tuple[TooFew, ...] = ()

    @property
    def answerers(self) -> dict[str, Arms]:
        """The network first, then what it stands beside, by the names that are read."""
        return {shown: self.scores[name] for name, shown in WHO.items() if name in self.scores}


@dataclass(frozen=True, slots=True)
class ByArtistFacts:
    """A comparison of seen and unseen artists, and what was found in it."""

    content: Compared
    found: Sequence[Finding]


def read_by_artist(folder: Path) -> ByArtistFacts | None:
    """The comparison in a folder; ``None`` where there is none, or it is not finished.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / "by-artist.json"
    if not path.exists():
        return None
    content = read_as(Compared, path, "comparison", "impasto evaluate --by artist")
    return ByArtistFacts(content, findings.load(folder / "findings.json"))


def difference(gap: Spread | None) -> str:
    """``+8.1 (+4.0 to +12.2)``, in points; a dash where there is no number."""
    if gap is None:
        return "–"
    value, low, high = (
        f"{100 * number:+.1f}".replace("-", "−") for number in (gap.value, gap.low, gap.high)
    )
    return f"{value} ({low} to {high})"

"""What a report reads of ``STUDY/balance``: the comparison of remedies for imbalance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.reporting.reading import read_as

COLUMNS: Final = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro-F1",
    "many": "Many",
    "medium": "Medium",
    "few": "Few",
    "rarest_third": "Rarest third",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Spread(_Part):
    """A score, or a difference of two, with its 95 % interval over test pictures and seeds."""

    value: float
    low: float
    high: float


class McNemar(_Part):
    """Test pictures gained and lost against plain training, and the exact test on them."""

    gained: int
    lost: int
    p: float
    p_holm: float


class Distribution(_Part):
    """Pictures of each style an epoch, and each style's share of the loss."""

    pictures: tuple[float, ...]
    share: tuple[float, ...]


class RemedyRow(_Part):
    """One remedy's numbers."""

    name: str
    paper: str
    kind: str
    scores: dict[str, Spread]
    differences: dict[str, Spread] | None = None
    mcnemar: McNemar | None = None
    distribution: Distribution


class Recommendation(_Part):
    """What validation chose, and what it is worth on test pictures."""

    remedy: str
    clear: bool
    text: str


class Compared(_Part):
    """The content of ``balance.json``."""

    command: str
    collection_fingerprint: str
    styles: tuple[str, ...]
    train: tuple[int, ...]
    pictures: dict[str, int]
    seeds: tuple[int, ...]
    groups: dict[str, tuple[str, ...]]
    recommendation: Recommendation
    remedies: tuple[RemedyRow, ...]

    @property
    def columns(self) -> dict[str, str]:
        """The scores that a table shows, with their heads: groups without styles are left out."""
        return {key: head for key, head in COLUMNS.items() if self.groups.get(key, True)}


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    """A comparison of remedies, and what was found in it."""

    content: Compared
    found: Sequence[Finding]


def read_balance(folder: Path) -> BalanceFacts | None:
    """The comparison in a folder; ``None`` where there is none, or it is not finished.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / "balance.json"
    if not path.exists():
        return None
    content = read_as(Compared, path, "comparison", "impasto balance")
    return BalanceFacts(content, findings.load(folder / "findings.json"))

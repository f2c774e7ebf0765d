"""What a report says beyond scores, from an evaluation's ``explanation.json``."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from impasto.reporting.facts import Score
from impasto.reporting.reading import read_as


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Work(_Part):
    """A test picture, its likeness to the middle of its style, and the probability of that style."""

    id: str
    likeness: float
    probability: float


class ExplainedStyle(_Part):
    """One style.

    Its surest, most typical and most atypical works, and where its evidence lies (``None``:
    nowhere).
    """

    style: str
    surest: tuple[str, ...]
    typical: tuple[Work, ...]
    atypical: tuple[Work, ...]
    heat: tuple[tuple[float, ...], ...] | None
    border: float | None
    heated: int


class Recognised(_Part):
    """The shares of right answers in the nearer and the further half of each style."""

    nearer: Score
    further: Score


class Dates(_Part):
    """A style's dated works: median year and quartiles, ``None`` where none is dated."""

    style: str
    dated: int
    median: float | None
    low: float | None
    high: float | None
    used: bool


class Pair(_Part):
    """Two styles, the gap between their median years, and how often they are taken for each other."""

    a: str
    b: str
    gap: float
    confusion: float


class Range(_Part):
    """The smallest and the largest value."""

    low: float
    high: float


class Correlation(_Part):
    """Spearman's correlation with its interval, and the p-value of permuting styles (Mantel 1967)."""

    value: float
    low: float
    high: float
    p_value: float
    permutations: int
    exact: bool
    without_one: Range


class History(_Part):
    """Confusion against years."""

    dated_from: int
    years: tuple[Dates, ...]
    pairs: tuple[Pair, ...]
    correlation: Correlation | None


class SecondScores(_Part):
    """How often the second guess is the second label, beside what it would be otherwise."""

    rate: Score
    expected: Score
    difference: Score
    chance: float


class SecondItem(_Part):
    """One picture of a work under two styles."""

    id: str
    style: str
    second_label: str
    second_guess: str
    probability: float


class SecondLabels(_Part):
    """Second guesses on test works under two styles."""

    works: int
    taught: int
    scores: SecondScores | None
    items: tuple[SecondItem, ...]


class Explained(_Part):
    """The content of ``explanation.json``."""

    collection_fingerprint: str
    styles: tuple[ExplainedStyle, ...]
    recognised: Recognised | None
    history: History
    second_guesses: SecondLabels


def read_explanation(path: Path) -> Explained | None:
    """What a file of an evaluation says, ``None`` where there is none (by an earlier impasto).

    Raises:
        RunError: it is damaged.
    """
    if not path.exists():
        return None
    return read_as(Explained, path, "explanation", "impasto evaluate")


def history_words(history: History) -> str:
    """What the correlation of confusion and years means, in sentences."""
    found = history.correlation
    used = sum(row.used for row in history.years)
    if found is None:
        return (
            f"{used} of {len(history.years)} styles have at least {history.dated_from} dated works and test pictures; "
            "that is too few to compare, or none of them was taken for another."
        )
    measured = (
        f"Over {len(history.pairs)} pairs of {used} styles, Spearman’s correlation between confusion and the gap in "
        f"years is {found.value:.2f} (95 % interval {found.low:.2f} to {found.high:.2f}, were there other pictures of "
        "these styles). "
    )
    how = (
        f"all {found.permutations:,} ways" if found.exact else f"{found.permutations:,} random ways"
    )
    luck = (
        f"Of {how} to exchange the styles’ dates among them, {100 * found.p_value:.1f} % give one as strong. Without "
        f"any one of the styles it lies between {found.without_one.low:.2f} and {found.without_one.high:.2f}."
    )
    if found.p_value < 0.05 and found.value < 0:
        meaning = " So styles that lay close in time are taken for each other more often, beyond what luck would give."
    elif found.p_value < 0.05:
        meaning = " So it is styles far apart in time that are taken for each other, beyond what luck would give."
    else:
        meaning = " So these styles do not show that confusion follows the years; it may, too weakly for so few styles."
    return (measured + luck + meaning).replace("-0.", "−0.")

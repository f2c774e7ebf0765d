"""``explanation.json`` of a classifier's evaluation: heat, typical works, confusions and years."""

from typing import Any, Literal

from impasto.records.record import Interval, Record, Result


class TypicalWork(Record):
    """A test picture, its cosine to the middle of its style, and that style's probability."""

    id: str
    likeness: float
    probability: float


class StyleExplanation(Record):
    """One style's surest, most typical and most atypical works, and its mean Grad-CAM map.

    ``heat`` and ``border`` are ``None`` where no picture shows evidence for the style.
    """

    style: str
    surest: tuple[str, ...]
    typical: tuple[TypicalWork, ...]
    atypical: tuple[TypicalWork, ...]
    heat: tuple[tuple[float, ...], ...] | None
    border: float | None
    heated: int


class TypicalityScores(Record):
    """Accuracy in the more and in the less typical half of each style."""

    nearer: Interval
    further: Interval


class StyleYears(Record):
    """Median year and quartiles of a style's dated works; ``None`` where none is dated."""

    style: str
    dated: int
    median: float | None
    low: float | None
    high: float | None
    used: bool


class StylePair(Record):
    """Two styles, the gap between their median years, and how often they are confused."""

    a: str
    b: str
    gap: float
    confusion: float


class ValueRange(Record):
    """The smallest and the largest value."""

    low: float
    high: float


class YearsCorrelation(Interval):
    """Spearman's correlation, with the p value of permuting styles (Mantel 1967)."""

    p_value: float
    permutations: int
    exact: bool
    without_one: ValueRange


class ConfusionVsYears(Record):
    """Confusion of styles against the gap in years; no correlation where too little is known."""

    dated_from: int
    years: tuple[StyleYears, ...]
    pairs: tuple[StylePair, ...]
    correlation: YearsCorrelation | None


class SecondGuessScores(Record):
    """Share of second guesses that are the second label, and what others would give."""

    rate: Interval
    expected: Interval
    difference: Interval
    chance: float


class SecondGuessItem(Record):
    """The second guess on one picture of a work under two styles."""

    id: str
    style: str
    second_label: str
    second_guess: str
    probability: float


class SecondGuesses(Record):
    """Second guesses on test works under two styles; ``taught`` had a copy in training."""

    works: int
    taught: int
    scores: SecondGuessScores | None
    items: tuple[SecondGuessItem, ...]


class Explanation(Result):
    """Explanation of a classifier's answers on test pictures."""

    format: Literal[2] = 2
    collection_fingerprint: str
    styles: tuple[StyleExplanation, ...]
    recognised: TypicalityScores | None
    confusion_vs_years: ConfusionVsYears
    second_guesses: SecondGuesses

    def rows(self) -> list[dict[str, Any]]:
        """One row a style: its most typical work, and the share of heat at the border."""
        return [
            {
                "style": style.style,
                "most_typical": style.typical[0].id if style.typical else None,
                "most_atypical": style.atypical[0].id if style.atypical else None,
                "border": style.border,
            }
            for style in self.styles
        ]

    def __repr__(self) -> str:
        return f"<Explanation: {len(self.styles)} styles>"

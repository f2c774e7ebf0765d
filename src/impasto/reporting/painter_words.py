"""What a report says of painters: their score in plain words, and the table that compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from impasto.reporting.comparison import Spread
from impasto.reporting.painters import Arms, Kept, PainterFacts, Painting, Rate
from impasto.reporting.remedies import points
from impasto.reporting.words import NBSP, count, percent

ARMS: Final = {
    "painted": "Painted",
    "histogram": "Colours exchanged",
    "unchanged": "Unchanged",
    "real": "Real pictures",
}
"""What is judged alike, by the names that are read."""


@dataclass(frozen=True, slots=True)
class ArmRow:
    """A row of the table of arms; a place between floor and ceiling, and what is kept, only where it has a meaning."""

    name: str
    ours: bool
    hit: Spread
    normalised: Spread | None
    kept: Kept | None
    frechet: float | None


def called(painter: PainterFacts) -> str:
    """A painter's name, and whether it is the baseline."""
    return f"{painter.name} (the course’s form)" if painter.baseline else painter.name


def arm_rows(painters: Sequence[PainterFacts]) -> list[ArmRow]:
    """All painters first, then what they stand beside.

    Once where it is the same for all, else for each of them.
    """
    scored = [(called(painter), painter.content) for painter in painters if painter.content]
    rows: list[ArmRow] = []
    for arm, title in ARMS.items():
        mine = [_row(title, arm, content) for _, content in scored]
        alike = len(mine) == 1 or (arm != "painted" and all(row == mine[0] for row in mine))
        rows += mine[:1] if alike else [
            _row(f"{title}: {name}", arm, content) for name, content in scored
        ]  # fmt: skip
    return rows


def _row(name: str, arm: str, content: Painting) -> ArmRow:
    rate: Rate = getattr(content.scores, arm)
    normalised = rate.normalised if content.scores.placed else None
    kept, far = content.content.get(arm), content.frechet_distance.get(arm)
    return ArmRow(name, arm == "painted", rate.hit, normalised, kept, far)


def ranged(spread: Spread | None, digits: int = 2) -> str:
    """``0.68 (0.62–0.75)``, ``−0.01 (−0.05 to 0.03)``; a dash where there is no number."""
    if spread is None:
        return "–"
    return f"{signed(spread.value, digits)}{NBSP}{ends(spread, digits)}"


def ends(spread: Spread, digits: int = 2) -> str:
    """``(0.62–0.75)``, ``(−0.05 to 0.03)``."""
    low, high = signed(spread.low, digits), signed(spread.high, digits)
    return f"({low}{' to ' if '−' in low else '–'}{high})"


def signed(number: float, digits: int = 2) -> str:
    """``−0.01``, with a true minus."""
    return f"{round(number, digits) + 0.0:.{digits}f}".replace(
        "-", "−"
    )  # + 0.0: no minus before zero


def distance(value: float | None) -> str:
    """``0.054``, ``1.79``, ``104``.

    A distance of representations; a dash where there is no number.
    """
    if value is None:
        return "–"
    whole = abs(value) >= 1
    return signed(value, max(0, 3 - len(str(int(abs(value))))) if whole else 3)


def told(content: Painting) -> str:
    """A painter's score in plain words."""
    scores, judge, identity = content.scores, content.judge, content.identity
    known = f"A judge that knows {judge.pictures_shared:,} of its training pictures"
    who = known if judge.pictures_shared else "A judge that shares no training picture with it"
    found = content.content["painted"].retrieved
    return (
        f"{who}, and names {percent(judge.accuracy)} of real test pictures rightly, looks at "
        f"{count(content.pictures, 'test picture')} painted in every other style. It sees the style asked for in "
        f"{_share(scores.painted.hit)} of them. Unchanged, they would pass in {_share(scores.unchanged.hit)}, the "
        f"floor; with the colours of a training picture of the style in {_share(scores.histogram.hit)}; real pictures "
        f"of the style pass in {_share(scores.real.hit)}, the ceiling. {_way(scores)} "
        f"{_colours(content.gains.histogram)} For {_share(found)} of painted pictures "
        f"the original is the nearest among {content.searched:,} by where light and dark lie. Painted in its own "
        f"style, a picture keeps an SSIM of {ranged(identity.own_style)} with itself; in no style, of "
        f"{ranged(identity.no_style)}."
    )


def _share(spread: Spread) -> str:
    return f"{percent(spread.value)} ({100 * spread.low:.0f}–{100 * spread.high:.0f})"


def _way(scores: Arms) -> str:
    if not scores.placed:
        return "The judge sees real ones hardly more often than unchanged ones, so no painter can be placed in between."
    return f"The painter goes {ranged(scores.painted.normalised)} of the way from floor to ceiling."


def _colours(gain: Spread) -> str:
    if gain.low > 0:
        return f"The painter beats exchanging the colours alone, by {points(gain)} points."
    if gain.high < 0:
        return (
            f"Exchanging the colours alone does better: {points(gain)} points are gained over it."
        )
    return f"The painter does not clearly beat exchanging the colours alone: {points(gain)} points are gained over it."

"""``painting.json``: the score of a painter, beside colour transfer, floor and ceiling."""

from typing import Any, Final, Literal

from impasto.records.record import Interval, Record, Result

ARM_TITLES: Final = {
    "painted": "The painter",
    "histogram": "Colour transfer",
    "unchanged": "Unchanged",
    "real": "Real works",
}
"""What the evaluator classifies: paintings, baselines and real test pictures of the style."""


class HitRate(Record):
    """Share classified as the target style, and its place between floor (0) and ceiling (1)."""

    hit: Interval
    normalised: Interval


class StyleHitRate(HitRate):
    """The hit rate of one target style, and its gain over unchanged pictures."""

    gain: Interval


class PainterArms(Record):
    """Hit rates of paintings, of colour transfer, of unchanged pictures and of real works."""

    painted: HitRate
    histogram: HitRate
    unchanged: HitRate
    real: HitRate

    @property
    def placed(self) -> bool:
        """Whether the ceiling lies so far above the floor that a place between them has meaning."""
        return abs(self.real.normalised.value - 1) < 1e-6


class PaintedStyle(Record):
    """One target style; distances are to its real test pictures, ``None`` where too few exist."""

    style: str
    train: int
    painted: StyleHitRate
    histogram: StyleHitRate
    unchanged: StyleHitRate
    real: StyleHitRate
    frechet_distance: dict[str, float | None]
    kernel_distance: dict[str, float | None]


class EvaluatorSummary(Record):
    """The evaluator: its network, its accuracy on real test pictures, and pictures it shares.

    ``pictures_shared`` counts training ids shared with the painter, ``test_pictures_seen`` the
    painted test pictures among the evaluator's training ids.
    """

    run: str
    network: str
    accuracy: float
    pictures_shared: int
    test_pictures_seen: int


class HitRateGains(Record):
    """Paired gains of the painter's hit rate over both baselines."""

    unchanged: Interval
    histogram: Interval


class ContentScores(Record):
    """Content kept: SSIM, edge correlation, retrieval of the original, mean colour shift in ΔE."""

    ssim: Interval
    edges: Interval
    retrieved: Interval
    colour_shift: Interval


class IdentityScores(Record):
    """SSIM between pictures and their paintings in their own style, and in no style."""

    own_style: Interval
    no_style: Interval


class PairGain(Interval):
    """Gain in hit rate over unchanged pictures, for pictures of one style painted in another."""

    source: str
    target: str


class StrengthStep(Record):
    """Hit rate, probability of the target style and SSIM at one strength."""

    strength: float
    hit: float
    probability: float
    ssim: float


class ShownPair(Record):
    """A row of ``steps.png``: a picture, its style and its target style."""

    id: str
    source: str
    target: str


class PainterScore(Result):
    """The score of a painter on test pictures, each painted in every other style."""

    format: Literal[2] = 2
    command: str
    environment: dict[str, str]
    collection_fingerprint: str
    styling: str
    resolution: int
    pictures: int
    evaluator: EvaluatorSummary
    scores: PainterArms
    gains: HitRateGains
    content: dict[str, ContentScores]
    searched: int
    frechet_distance: dict[str, float | None]
    kernel_distance: dict[str, float | None]
    per_style: tuple[PaintedStyle, ...]
    pairs: tuple[PairGain, ...]
    identity: IdentityScores
    strength: tuple[StrengthStep, ...]
    shown: tuple[ShownPair, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """Each arm's hit rate and normalised hit rate, with the ends of their intervals."""
        rows = []
        for arm, title in ARM_TITLES.items():
            rate: HitRate = getattr(self.scores, arm)
            row: dict[str, Any] = {"name": title}
            for name, interval in (("hit", rate.hit), ("normalised", rate.normalised)):
                row |= {
                    name: interval.value,
                    f"{name}_low": interval.low,
                    f"{name}_high": interval.high,
                }
            rows.append(row)
        return rows

    def __repr__(self) -> str:
        hit, floor = self.scores.painted.hit.value, self.scores.unchanged.hit.value
        return (
            f"<PainterScore: {self.pictures} pictures, hit rate {hit:.3f}, unchanged {floor:.3f}>"
        )

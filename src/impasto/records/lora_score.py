"""``scorecard.json``: the score of a LoRA, beside its base alone and real works."""

from typing import Any, Literal

from impasto.records.evaluation import ScoreTable
from impasto.records.record import Interval, Record, Result, interval_columns


class ArmDistances(Record):
    """Kernel distances to real test pictures; ``None`` where there are too few.

    ``nearer`` is the distance of the base less that of the adapter, of the same prompts and seeds.
    """

    adapter: Interval | None
    base: Interval | None
    nearer: Interval | None


class LoraStyleScore(Record):
    """One style: the share of pictures that the evaluator assigns to it, for each arm.

    Attributes:
        accuracy: with the adapter.
        floor: by the base alone.
        ceiling: of real test pictures; ``None`` where there are none.
        gained: pictures recognised with the adapter and not by the base, of one prompt and seed.
        lost: the other way round.
        p: one-sided exact sign test of these, after Holm's correction for the number of styles.
        nearest: highest correlation with a training picture.
    """

    style: str
    train: int
    test: int
    accuracy: float
    floor: float
    ceiling: float | None
    gained: int
    lost: int
    p: float
    kernel_distance: ArmDistances
    nearest: float


class NearestTraining(Record):
    """The training picture that a painted one correlates with most."""

    style: str
    seed: int
    nearest: str
    likeness: float


class AlignedCopy(Record):
    """A painted picture that is a near duplicate of a training picture once aligned with it."""

    style: str
    seed: int
    nearest: str
    mirrored: bool


class CopyCheck(Record):
    """Painted pictures that are copies of training pictures, or very close to one.

    Attributes:
        limit: correlation with the nearest training picture that 99 % of real test pictures stay
            below, those left out that are copies of training pictures; ``None`` where all are.
        left_out: test pictures that were left out.
        share: of painted pictures above the limit.
        expected: that of real test pictures.
        near: the painted pictures above the limit.
        aligned: painted pictures that are copies, cropped, framed, turned or mirrored ones too.
        all: the nearest training picture of each.
    """

    limit: float | None
    left_out: int
    share: float
    expected: float
    near: tuple[NearestTraining, ...]
    aligned: tuple[AlignedCopy, ...]
    all: tuple[NearestTraining, ...]


class SharedComposition(Record):
    """Correlation of lightness between styles: same prompt and seed, and others.

    Attributes:
        share: of pairs in which the same prompt and seed correlate more; 0.5 is chance.
        level: of its interval.
    """

    same: float
    other: float
    share: Interval
    level: float


class LoraScore(Result):
    """The score of a LoRA on pictures of every style, with the adapter and without it.

    Attributes:
        pictures: painted of each style, with the adapter and without it.
        scores: of ``adapter``, ``base`` and ``real``.
        confusion: of the adapter's pictures; a row a target style.
        kept: ``None`` with one style or one seed.
    """

    format: Literal[3] = 3
    command: str
    collection_fingerprint: str
    evaluator: str
    base: str
    pictures: int
    prompts: tuple[str, ...]
    styles: tuple[str, ...]
    scores: dict[str, ScoreTable]
    kernel_distance: ArmDistances
    per_style: tuple[LoraStyleScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    copies: CopyCheck
    kept: SharedComposition | None

    def rows(self) -> list[dict[str, Any]]:
        """A row a style; each kernel distance in three columns, with the ends of its interval."""
        rows = []
        for style in self.per_style:
            row = style.model_dump(mode="json", exclude={"kernel_distance"})
            for arm in ("adapter", "base", "nearer"):
                found = getattr(style.kernel_distance, arm)
                row |= interval_columns(f"kernel_distance_{arm}", found)
            rows.append(row)
        return rows

    def __repr__(self) -> str:
        """The accuracy beside that of the base, in a line."""
        own, floor = (self.scores[arm]["accuracy"] for arm in ("adapter", "base"))
        return f"<LoraScore: {own} of the target styles, base alone {floor}>"

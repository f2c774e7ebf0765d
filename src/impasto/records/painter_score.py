"""``painting.json``: the score of a painter, in arms side by side, each classified twice."""

from pathlib import Path
from typing import Any, Final, Literal, Self

from impasto.errors import RunError
from impasto.files import read_json
from impasto.records.evaluation import ResampledUnits
from impasto.records.painting import Borrowed
from impasto.records.record import Interval, Record, Result, interval_columns

Arm = Literal[
    "painted", "patches", "finished", "course", "adversarial", "histogram", "unchanged", "real"
]
EvaluatorName = Literal["network", "handmade"]
Treatment = Literal["shifted", "blurred", "recompressed"]
ARM_TITLES: Final[dict[Arm, str]] = {
    "painted": "The painter",
    "patches": "Patches",
    "finished": "Painter and patches",
    "course": "The course’s form",
    "adversarial": "Adversarial pictures",
    "histogram": "Colour transfer",
    "unchanged": "Unchanged",
    "real": "Real works",
}
"""What is classified: paintings, baselines and real test pictures of the style."""
PAINTINGS: Final[tuple[Arm, ...]] = ("painted", "patches", "finished")
DEFAULT_ARM: Final[Arm] = "finished"
"""What ``impasto paint`` does with a painter."""
EVALUATOR_TITLES: Final[dict[EvaluatorName, str]] = {
    "network": "network",
    "handmade": "hand-made features",
}
TREATMENT_TITLES: Final[dict[Treatment, str]] = {
    "shifted": "Shifted by 3 pixels",
    "blurred": "Blurred (σ 1)",
    "recompressed": "JPEG, quality 60",
}
FORMAT: Final = 6
ENOUGH_PICTURES: Final = 10  # of a pair of styles from which a gain can be called beyond chance
SIGNIFICANT: Final = 0.05


class HitRate(Record):
    """Share classified as the target style, and its place between floor (0) and ceiling (1).

    ``normalised`` is ``None`` where that place has no meaning.
    """

    hit: Interval
    normalised: Interval | None


class StyleHitRate(HitRate):
    """The hit rate of one target style, and its gain over unchanged pictures."""

    gain: Interval


class ArmHitRate(HitRate):
    """Hit rate of an arm, and its changes under treatments that leave a style as it is."""

    changes: dict[Treatment, float]


class EvaluatorAccuracy(Record):
    """An evaluator's balanced accuracy on real test pictures.

    ``unplaced`` says why its hit rates are not normalised; ``None`` where they are.
    """

    accuracy: Interval
    unplaced: str | None


class EvaluatorSummary(Record):
    """The evaluator: its network, and pictures and artists it shares.

    ``pictures_shared`` counts training ids shared with the painter, ``artists_shared`` known
    artists, ``test_pictures_seen`` the painted test pictures among the evaluator's training ids.
    """

    run: str
    network: str
    pictures_shared: int
    artists_shared: int
    test_pictures_seen: int


class HitRateGains(Record):
    """Paired gains of an arm's hit rate over both baselines."""

    unchanged: Interval
    histogram: Interval


class ContentScores(Record):
    """Content kept: SSIM, edge correlation, retrieval of the original, mean colour shift in ΔE."""

    ssim: Interval
    edges: Interval
    retrieved: Interval
    colour_shift: Interval


class CopyScores(Record):
    """Copying from the references whose patches are borrowed.

    ``region`` is the share of a picture that is one connected borrowed region: its mean, and
    ``most``, its largest value. ``large`` is the share of pictures in which it exceeds a quarter.
    ``nearest`` is the mean SSIM with the most similar reference, ``source_nearest`` that of the
    original with it.
    """

    region: float
    most: float
    large: float
    nearest: float
    source_nearest: float


class ArmScore(Record):
    """One arm: hit rates by evaluator, content, lattices and copying; ``None`` where not measured.

    ``lattice`` are the peaks at each period in dB. ``kernel_distance`` is that to real works, the
    mean over target styles; ``nearer`` the distance of unchanged pictures less it. ``trained_on``
    is the balanced accuracy on real test pictures of a classifier on hand-made features that was
    fitted on the arm's pictures.
    ``seconds`` is the time a picture took, on all cores.
    """

    arm: Arm
    rates: dict[EvaluatorName, ArmHitRate]
    content: ContentScores | None
    lattice: dict[int, float]
    kernel_distance: Interval | None
    nearer: Interval | None
    trained_on: float | None
    copying: CopyScores | None
    seconds: float | None


class PaintedStyle(Record):
    """One target style: rates by evaluator and arm, and kernel distances to its real pictures."""

    style: str
    train: int
    rates: dict[EvaluatorName, dict[Arm, StyleHitRate]]
    kernel_distance: dict[Arm, Interval | None]


class IdentityScores(Record):
    """SSIM between pictures and their paintings in their own style, and in no style."""

    own_style: Interval
    no_style: Interval


class PairGain(Interval):
    """Gain in hit rate over unchanged pictures, for pictures of one style painted in another.

    ``p`` is of the exact sign test of gained against lost pictures, by artist where artists are
    known, after Holm's correction for the number of pairs of styles.
    """

    source: str
    target: str
    pictures: int
    p: float

    @property
    def clear(self) -> bool:
        """Whether the gain, or loss, is beyond chance, on enough pictures."""
        return self.pictures >= ENOUGH_PICTURES and self.p < SIGNIFICANT


class StrengthStep(Record):
    """Hit rate, probability of the target style and SSIM at one strength."""

    strength: float
    hit: float
    probability: float
    ssim: float


class ShownPainting(Record):
    """A painting in the figures: its arm, its style, and what its patches come from."""

    arm: Arm
    style: str
    references: tuple[Borrowed, ...] = ()


class ShownPair(Record):
    """A row of the figures: a picture, its style, its target style in ``steps.png``, and paintings.

    The paintings of an arm stand in the order of the columns of ``paintings-ARM.png``.
    """

    id: str
    source: str
    target: str
    paintings: tuple[ShownPainting, ...] = ()


class GivenPictures(Record):
    """Pictures that another program made, scored as a painter's.

    Attributes:
        folder: of the pictures.
        sources: of the originals: ``test`` for the test pictures of the collection, or a folder.
        matched: pictures whose original was found by name; a test picture of another style stands
            in for the original of every other picture, as a floor and for colour transfer.
        own_style: pictures left out because their original has the target style.
        left_out: pictures beyond the most of each style, left out.
        skipped: files that could not be read, and the first of them in words.
    """

    folder: str
    sources: str
    matched: int
    own_style: int
    left_out: int
    skipped: int
    first_skipped: tuple[str, ...]


class PainterScore(Result):
    """The score of a painter on test pictures, each painted in some other styles.

    ``evaluator_gain`` is the accuracy of the network less that of hand-made features on the same
    real pictures; ``resampled`` is what intervals draw again. ``given`` is set for pictures of
    another program: they are the arm ``painted``, and ``identity`` and ``strength`` are empty.
    """

    format: Literal[6] = FORMAT
    command: str
    environment: dict[str, str]
    collection_fingerprint: str
    styling: str
    resolution: int
    sources: int
    pictures: int
    resampled: ResampledUnits
    evaluator: EvaluatorSummary
    evaluators: dict[EvaluatorName, EvaluatorAccuracy]
    evaluator_gain: Interval
    arms: tuple[ArmScore, ...]
    left_out: dict[Arm, str]
    gains: dict[EvaluatorName, dict[Arm, HitRateGains]]
    searched: int
    per_style: tuple[PaintedStyle, ...]
    pairs: tuple[PairGain, ...]
    identity: IdentityScores | None
    strength: tuple[StrengthStep, ...]
    shown: tuple[ShownPair, ...] = ()
    given: GivenPictures | None = None

    @classmethod
    def read(cls, path: Path, *, what: str, verb: str) -> Self:
        """Read a score; an earlier format is named as such.

        Raises:
            InputError: the file is missing or not JSON.
            RunError: it has an earlier format, or its content is not that of this record.
        """
        content = read_json(path)
        found = content.get("format") if isinstance(content, dict) else None
        if isinstance(found, int) and found < FORMAT:
            raise RunError(
                f"{path} was written by an earlier impasto (format {found}): run {verb} again"
            )
        return super().read(path, what=what, verb=verb)

    def arm(self, name: Arm) -> ArmScore:
        """The score of one arm.

        Raises:
            KeyError: it was left out.
        """
        for arm in self.arms:
            if arm.arm == name:
                return arm
        raise KeyError(name)

    def title(self, name: Arm) -> str:
        """An arm's title."""
        if self.given is not None and name == "painted":
            return "The pictures"
        return ARM_TITLES[name]

    @property
    def default_arm(self) -> Arm:
        """Painter and patches as ``impasto paint`` makes them; without patches the painter."""
        return DEFAULT_ARM if DEFAULT_ARM in self.names else "painted"

    @property
    def default_evaluator(self) -> EvaluatorName:
        """The network, or hand-made features where only their hit rates are normalised."""
        network, handmade = (self.evaluators[name].unplaced for name in ("network", "handmade"))
        usable = "handmade" in self.gains
        return "handmade" if network is not None and handmade is None and usable else "network"

    @property
    def names(self) -> tuple[Arm, ...]:
        """The arms that were measured, in order."""
        return tuple(arm.arm for arm in self.arms)

    def rows(self) -> list[dict[str, Any]]:
        """Each arm's hit rates by evaluator and kernel distance, with the intervals' ends."""
        rows = []
        for arm in self.arms:
            row: dict[str, Any] = {"name": self.title(arm.arm)}
            for evaluator, rate in arm.rates.items():
                for name, interval in (("hit", rate.hit), ("normalised", rate.normalised)):
                    row |= interval_columns(f"{evaluator}_{name}", interval)
            row |= interval_columns("kernel_distance", arm.kernel_distance)
            row |= interval_columns("nearer", arm.nearer)
            rows.append(row)
        return rows

    def __repr__(self) -> str:
        by = self.default_evaluator
        hit, floor = (
            self.arm(name).rates[by].hit.value for name in (self.default_arm, "unchanged")
        )
        return (
            f"<PainterScore: {self.pictures} pictures, hit rate {hit:.3f}, unchanged {floor:.3f}>"
        )

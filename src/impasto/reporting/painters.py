"""What a report reads of the painters of a study.

How a judge sees what they painted, beside floor and ceiling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from impasto.errors import RunError
from impasto.files import read_json
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.reporting.comparison import Spread
from impasto.reporting.reading import read_as

COURSE: Final = "plane"
"""The styling of the university course's form, the baseline of painters."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Rate(_Part):
    """How often the style asked for is seen, and where that lies between floor (0) and ceiling (1)."""

    hit: Spread
    normalised: Spread


class Arms(_Part):
    """What is judged alike.

    Painted, with the colours of a picture of the style, as it was, and real pictures of it.
    """

    painted: Rate
    histogram: Rate
    unchanged: Rate
    real: Rate

    @property
    def placed(self) -> bool:
        """Whether real pictures are seen so much more often than unchanged ones that there is a between."""
        return abs(self.real.normalised.value - 1) < 1e-6


class StyleRow(Arms):
    """One style asked for; kernel distances to its real test pictures are ``None`` where there are too few."""

    style: str
    train: int
    kernel_distance: dict[str, float | None]


class Judge(_Part):
    """Who judged, and what it is worth on real test pictures."""

    network: str
    accuracy: float
    pictures_shared: int


class Gains(_Part):
    """Paired gains of what was painted in hit rate."""

    unchanged: Spread
    histogram: Spread


class Kept(_Part):
    """What is left of the pictures.

    SSIM, edges, originals found again, shift of the mean colour in ΔE.
    """

    ssim: Spread
    edges: Spread
    retrieved: Spread
    colour_shift: Spread


class Identity(_Part):
    """SSIM with themselves of pictures painted in their own style, and in none."""

    own_style: Spread
    no_style: Spread


class Pair(Spread):
    """The gain over doing nothing of pictures of one style that are painted in another, and its interval over them."""

    source: str
    target: str


class Step(_Part):
    """What the judge sees at one strength, and how alike the pictures still are."""

    strength: float
    hit: float
    probability: float
    ssim: float


class Shown(_Part):
    """A row of ``steps.png``: a picture's style, and the one that it is painted in."""

    source: str
    target: str


class Painting(_Part):
    """The content of ``painting.json``."""

    command: str
    collection_fingerprint: str
    resolution: int
    pictures: int
    judge: Judge
    scores: Arms
    gains: Gains
    content: dict[str, Kept]
    searched: int
    frechet_distance: dict[str, float | None]
    per_style: tuple[StyleRow, ...]
    pairs: tuple[Pair, ...]
    identity: Identity
    strength: tuple[Step, ...]
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class PainterFacts:
    """A painter's run: its record, what was found, and its score where there is one.

    Attributes:
        run: the opened run.
        record: ``run.json`` as it stands.
        trained: what training found.
        content: ``None`` where it has not been scored.
        scored: what scoring found.
        figures: the score's pictures, by name without suffix: ``grid``, ``strength``, ``steps``.
    """

    run: Run
    record: Mapping[str, Any]
    trained: Sequence[Finding]
    content: Painting | None
    scored: Sequence[Finding]
    figures: Mapping[str, Path]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.path.name

    @property
    def baseline(self) -> bool:
        """Whether it is told the style as the course's form is."""
        return self.run.settings.get("styling") == COURSE


def read_painter(run: Run) -> PainterFacts:
    """What there is of a painter's run.

    Raises:
        ImpastoError: a file is damaged.
    """
    trained, folder, content = run.path / "findings.json", run.evaluation_path, None
    if (folder / "painting.json").exists():
        content = read_as(
            Painting, folder / "painting.json", "score of a painter", "impasto evaluate"
        )
    paths = sorted((folder / "figures").glob("*.png")) if content else []
    return PainterFacts(
        run=run,
        record=read_json(run.path / "run.json"),
        trained=findings.load(trained) if trained.exists() else (),
        content=content,
        scored=findings.load(folder / "findings.json") if content else (),
        figures={path.stem: path for path in paths},
    )


def require_steps(content: Painting, path: Path, size: tuple[int, int]) -> None:
    """Refuse a picture of steps, ``size`` pixels wide and high, that was written with another ``painting.json``.

    Raises:
        RunError: it has not a row for each picture shown, and a column for the original and each
            strength.
    """
    side = content.resolution
    if size != (side * (1 + len(content.strength)), side * len(content.shown)):
        raise RunError(f"{path} does not fit painting.json: run impasto evaluate again")

"""What a report reads of ``RUN/atlas``.

Whether the styles cluster, beside chance and colour, and the maps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.reporting.reading import read_as
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet

SHOWN: Final = ("map-styles.png", "maps.png")
"""The atlas's figures that stand in the report; the others lie beside the atlas."""
COLUMNS: Final = {
    "nmi": "NMI",
    "ami": "AMI",
    "ari": "ARI",
    "purity": "Purity",
    "silhouette": "Silhouette",
}
Scope = Literal["all", "test"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Spread(_Part):
    """A score with its 95 % interval."""

    value: float
    low: float
    high: float


class Chance(_Part):
    """What shuffled styles give."""

    mean: float
    high: float
    p: float


class ScoredClusters(_Part):
    """A clustering, of the run's vectors or of those that it stands beside."""

    name: str
    title: str
    k: int | None = None
    k_test: int | None = None
    scores: dict[Scope, dict[str, Spread | None] | None]
    chance: dict[Scope, dict[str, Chance] | None]


class Fit(_Part):
    """How a style's best cluster fits it."""

    precision: float
    recall: float
    f1: float
    chance_f1: float
    colour_f1: float
    clusters: bool


class Votes(_Part):
    """The share of a style's test pictures that their nearest neighbours name rightly."""

    recall: float | None
    chance: float


class StyleFit(_Part):
    """One style, in both scopes."""

    style: str
    all: Fit | None
    test: Fit | None
    knn: Votes | None


class Figure(_Part):
    """A figure of the atlas."""

    file: str
    caption: str


class Content(_Part):
    """The content of ``atlas.json``."""

    command: str
    collection_fingerprint: str
    supervised: bool
    paintings: int
    test: int
    verdict: tuple[str, ...]
    clusterings: tuple[ScoredClusters, ...]
    baselines: tuple[ScoredClusters, ...]
    styles: tuple[StyleFit, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class StyleRow:
    """A row of the table of styles."""

    style: str
    fit: Fit
    knn: Votes | None


@dataclass(frozen=True, slots=True)
class AtlasFacts:
    """An atlas, and what was found in it.

    Attributes:
        name: the run folder's.
        content: of ``atlas.json``.
        found: its findings.
        pictures: its figures that stand in the report, with their captions.
    """

    name: str
    content: Content
    found: Sequence[Finding]
    pictures: Mapping[Path, str]

    @property
    def scope(self) -> Scope:
        """The paintings that the verdict rests on."""
        return (
            "test"
            if self.content.supervised and self.content.clusterings[0].scores["test"]
            else "all"
        )

    @property
    def rows(self) -> list[ScoredClusters]:
        """Everything that was clustered, the run's vectors first."""
        return [*self.content.clusterings, *self.content.baselines]

    @property
    def styles(self) -> list[StyleRow]:
        """Each style that has paintings, the best fitted first."""
        fits = [(row, row.test if self.scope == "test" else row.all) for row in self.content.styles]
        return [StyleRow(row.style, fit, row.knn) for row, fit in sorted(fits, key=_order) if fit]


def _order(pair: tuple[StyleFit, Fit | None]) -> float:
    return -pair[1].f1 if pair[1] else 1.0


def read_atlas(folder: Path) -> AtlasFacts | None:
    """The atlas in a folder; ``None`` where there is none, or it is not finished.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / "atlas.json"
    if not path.exists():
        return None
    content = read_as(Content, path, "atlas", "impasto atlas")
    told = {
        folder / "figures" / figure.file: figure.caption
        for figure in content.figures
        if figure.file in SHOWN
    }
    pictures = {path: caption for path, caption in told.items() if path.exists()}
    return AtlasFacts(
        folder.resolve().parent.name, content, findings.load(folder / "findings.json"), pictures
    )


def clusters_chart(atlas: AtlasFacts) -> Chart:
    """Normalised mutual information of every clustering with the styles, with its interval and what chance gives."""
    scope, own = atlas.scope, len(atlas.content.clusterings)
    rows = [
        (row, (row.scores[scope] or {}).get("nmi"), (row.chance[scope] or {}).get("nmi"))
        for row in atlas.rows
    ]

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, (row, score, chance) in enumerate(rows):
            colour = ACCENT if y < own else MUTED
            if chance:
                words = f"{row.title}: shuffled styles give {chance.mean:.3f}"
                axes.plot(
                    [chance.mean] * 2,
                    [y - 0.3, y + 0.3],
                    color=INK,
                    linewidth=1.4,
                    gid=sheet.hover(words),
                )
            if score:
                axes.plot([score.low, score.high], [y, y], color=colour, linewidth=2.2, alpha=0.55)
                words = f"{row.title}: NMI {score.value:.3f} ({score.low:.3f} to {score.high:.3f})"
                axes.plot(
                    [score.value],
                    [y],
                    "o" if y < own else "s",
                    color=colour,
                    gid=sheet.hover(words),
                )
        axes.set_yticks(range(len(rows)), [row.title for row, *_ in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel("normalised mutual information with the styles; strokes: shuffled styles")

    said = "; ".join(f"{row.title} {score.value:.3f}" for row, score, _ in rows if score)
    alt = f"Dots with interval whiskers: how far clusters agree with styles (NMI). {said}."
    return Chart("clusters", alt, (WIDTH, 1.0 + 0.3 * len(rows)), draw, 760)

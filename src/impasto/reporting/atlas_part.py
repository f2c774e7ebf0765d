"""What a report reads of ``RUN/atlas``.

Whether the styles cluster, beside chance and colour, and the maps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.records.atlas import Atlas, NeighbourRecall, Scope, ScoredClusters, StyleFit
from impasto.records.finding import Finding
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


@dataclass(frozen=True, slots=True)
class StyleRow:
    """A row of the table of styles."""

    style: str
    fit: StyleFit
    knn: NeighbourRecall | None


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
    content: Atlas
    found: Sequence[Finding]
    pictures: Mapping[Path, str]

    @property
    def scope(self) -> Scope:
        """The paintings that the verdict rests on."""
        return self.content.scope

    @property
    def rows(self) -> list[ScoredClusters]:
        """Everything that was clustered, the run's vectors first."""
        return list(self.content.scored)

    @property
    def styles(self) -> list[StyleRow]:
        """Each style that has paintings, the best fitted first."""
        return [StyleRow(row.style, fit, row.knn) for row, fit in self.content.fits()]


def read_atlas(folder: Path) -> AtlasFacts | None:
    """The atlas in a folder; ``None`` where there is none, or it is not finished.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / "atlas.json"
    if not path.exists():
        return None
    content = Atlas.read(path, what="atlas", verb="impasto atlas")
    pictures = {
        folder / "figures" / figure.file: figure.caption
        for figure in content.captions
        if figure.file in SHOWN and (folder / "figures" / figure.file).exists()
    }
    return AtlasFacts(folder.resolve().parent.name, content, content.findings, pictures)


def clusters_chart(atlas: AtlasFacts) -> Chart:
    """Normalised mutual information of every clustering with the styles, with its interval and what chance gives."""
    scope, own = atlas.scope, len(atlas.content.clusterings)
    rows = [(row, row.scores[scope].nmi, row.chance[scope].nmi) for row in atlas.rows]

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

"""Section on an atlas: do the styles cluster, beside chance, colour and raw pixels?"""

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.numerics.formatting import count
from impasto.records.atlas import Atlas
from impasto.reporting.blocks import (
    Column,
    Inline,
    Number,
    Row,
    Section,
    Table,
    columns,
    figures,
    prose,
)  # fmt: skip
from impasto.reporting.study import Place
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import measured, number, share, shown

FIGURES = ("map-styles.png", "maps.png")
"""The atlas's figures that stand in the report; the others lie beside the atlas."""
SCORES = {
    "ami": "AMI",
    "nmi": "NMI",
    "ari": "ARI",
    "purity": "Purity",
    "silhouette": "Silhouette",
}


def section(atlas: Atlas, place: Place) -> Section:
    """The section on the clusters of an atlas."""
    captions = {figure.file: figure.caption for figure in atlas.captions if figure.file in FIGURES}
    blocks = (
        *place.other_collection("This atlas", "made of", atlas.collection_fingerprint),
        *map(prose, atlas.verdict),
        clusters_chart(atlas),
        _clusterings(atlas),
        _styles(atlas),
        *figures(atlas, captions, atlas.command),
    )
    title, link = place.title("Do art styles cluster?"), place.title("Do styles cluster?")
    return Section(f"clusters-{place.number}", title, blocks, link, place.prefix)


def _clusterings(atlas: Atlas) -> Table:
    scope = atlas.scope
    pictures = f"all {count(atlas.paintings, 'painting')}"
    if scope == "test":
        pictures = f"{count(atlas.test, 'test picture')}, clustered by themselves"
    rows = []
    for place, row in enumerate(atlas.scored):
        k = row.k_test if scope == "test" else row.k
        scores, chance = row.scores[scope], row.chance[scope]
        cells: list[Inline] = [row.title, Number(str(k) if k else "as styles", k)]
        cells += [measured(getattr(scores, name), 3) for name in SCORES]
        rows.append(Row((*cells, number(chance.ami.mean, 3)), ours=place == 0))
    return Table(
        "Scores of the clusters",
        f"Agreement with the styles on {pictures}; in brackets 95 % intervals that draw paintings "
        "again and leave the clusters as they are. By chance: the mean of styles shuffled among "
        f"{atlas.clusterings[0].chance[atlas.scope].shuffled}",
        columns("Clustered", numbers=("Clusters", *SCORES.values(), "AMI by chance")),
        tuple(rows),
    )


def _styles(atlas: Atlas) -> Table:
    numbers = ("Precision", "Recall", "F1", "By chance", "Colour", "Neighbours’ recall")
    rows = [
        Row(
            (
                shown(style.style),
                share(fit.precision),
                share(fit.recall),
                *map(number, (fit.f1, fit.chance_f1, fit.colour_f1)),
                share(style.knn.recall if style.knn else None),
                "yes" if fit.clusters else "no",
            )
        )
        for style, fit in atlas.fits()
    ]
    return Table(
        "Clusters of each style",
        "For each style the cluster that fits it best: which share of the cluster is of the style "
        "(precision), which share of the style is in it (recall)",
        (*columns("Style", numbers=numbers), Column("A cluster of its own")),
        tuple(rows),
        sortable=True,
    )


def clusters_chart(atlas: Atlas) -> Chart:
    """Return the AMI of every clustering with the styles, with its interval and chance."""
    scope, ours = atlas.scope, len(atlas.clusterings)
    shuffled = f"styles shuffled among {atlas.clusterings[0].chance[scope].shuffled}"
    rows = [(row.title, row.scores[scope].ami, row.chance[scope].ami) for row in atlas.scored]

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, (title, score, chance) in enumerate(rows):
            colour = ACCENT if y < ours else MUTED
            gid = sheet.hover(f"{title}: {shuffled} give {chance.mean:.3f}")
            ends = [y - 0.3, y + 0.3]
            axes.plot([chance.mean] * 2, ends, color=INK, linewidth=1.4, gid=gid)
            axes.plot([score.low, score.high], [y, y], color=colour, linewidth=2.2, alpha=0.55)
            text = f"{title}: AMI {score.value:.3f} ({score.low:.3f} to {score.high:.3f})"
            form = "o" if y < ours else "s"
            axes.plot([score.value], [y], form, color=colour, gid=sheet.hover(text))
        axes.set_yticks(range(len(rows)), [title for title, *_ in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(f"adjusted mutual information with the styles; strokes: {shuffled}")

    listed = "; ".join(f"{title} {score.value:.3f}" for title, score, _ in rows)
    return Chart(
        "clusters",
        f"Dots with interval whiskers: how far clusters agree with styles (AMI). {listed}.",
        "How far clusters agree with the styles, with 95 % intervals; squares are baselines.",
        atlas.command,
        (WIDTH, 1.0 + 0.3 * len(rows)),
        draw,
        760,
    )

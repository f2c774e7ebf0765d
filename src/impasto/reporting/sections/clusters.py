"""Question 3: do the styles cluster, beside chance, colour and raw pixels? All atlases at once."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from impasto.embedding.verdict import SCALE as WORDS
from impasto.embedding.verdict import STRENGTHS
from impasto.images.palette import ACCENT, COLOURS, INK, MUTED, SECOND, coloured
from impasto.numerics.formatting import count, number
from impasto.plain_text import style_title
from impasto.records.atlas import (
    MEASURES,
    Atlas,
    ChanceLevel,
    RetrievalScores,
    RunClusters,
    SourceKind,
)
from impasto.records.record import Interval
from impasto.reporting.answer_cards import (
    NAMES,
    Answer,
    Mark,
    Verdict,
    exceeds,
    falls_short,
    not_run,
    too_few,
)
from impasto.reporting.blocks import (
    Block,
    Code,
    Column,
    Details,
    Inline,
    Number,
    Provenance,
    Row,
    Section,
    Strong,
    Table,
    columns,
    prose,
)
from impasto.reporting.sections import autoencoder
from impasto.reporting.study import Place, StudyRecords
from impasto.reporting.svg_chart import PHONE, WIDTH, Chart, Sheet, Whisker, quiet, whisker
from impasto.reporting.words import measured, share
from impasto.reporting.words import number as number_cell

NUMBER: Final = 3
KEY: Final = "ami"
COLOUR: Final = "colour_histogram"
SCORES: Final = {
    "ami": "AMI",
    "nmi": "NMI",
    "ari": "ARI",
    "purity": "Purity",
    "silhouette": "Silhouette",
}

SCALE: Final = f"The words for it: {WORDS}."
COLOURED: Final = 7
"""Styles in colour on a map; the others are grey."""
KINDS: Final[dict[SourceKind, str]] = {
    "autoencoder": "an autoencoder, trained without labels,",
    "classifier": "a classifier, trained on the styles,",
    "painter": "a painter",
    "lora": "a LoRA",
    "vectors": "vectors of another program",
    "encoder": "an encoder",
}
YARDSTICK: Final = ", pre-trained, a yardstick"
METHOD: Final = Details(
    "Method: how clusters are compared with styles",
    (
        prose(
            "The embeddings are clustered by ", Strong("k-means"), " into as many clusters as "
            "there are styles, and by other methods. ", Strong("AMI"), ", adjusted mutual "
            "information, is 0 for clusters by chance and 1 for the styles themselves. Chance is "
            f"measured by exchanging the styles. {SCALE} Colour histograms and raw pixels are "
            "clustered alike. A network that was trained on styles is measured on test pictures "
            "alone, clustered by themselves; one that never saw a label by all paintings.",
        ),
        prose(
            Strong("Same style between artists"), ": the paintings by other artists are ranked "
            "by the cosine of their embeddings. ", Strong("mAP"), ", mean average precision, is 1 "
            " where those of the same style come first; ", Strong("AUC"), " is the share of "
            "pairs, one of the same style and one of another, in the right order. Both are means "
            "over styles. In spaces of many dimensions some paintings, hubs, are near very many "
            "others: CSLS and mutual proximity correct for them, and the skewness of how often a "
            "painting is among the ten nearest tells how many there are.",
        ),
    ),
)  # fmt: skip


def answer(study: StudyRecords) -> Answer:
    """Return the answer of the first atlas, the autoencoder's where there is one."""
    if not study.atlases:
        runs = [run.name for run in study.autoencoders] + [run.name for run in study.classifiers]
        runs = runs or ["autoencoder"]
        command = f"impasto atlas {study.name}/runs/{runs[0]}"
        return not_run(NUMBER, "No embedding has been clustered yet", command)
    return answer_of(study.atlases[0][0])


def answer_of(atlas: Atlas) -> Answer:
    """Return the answer of one atlas: word and number are both of the AMI."""
    name, question = NAMES[NUMBER]
    own, chance, gain = _own(atlas), _chance(atlas), _gain(atlas)
    how = "with labels" if atlas.supervised else "without labels"
    few = too_few(_pictures(atlas))
    verdict: Verdict = "poor"
    if few:
        verdict, finding = "unclear", few
    elif own.value <= chance.high:
        finding = f"The styles do not cluster {how}: no better than chance"
    else:
        strength = _strength(own.value - chance.mean)
        finding = f"The styles cluster {strength} {how}"
        if gain is None:
            verdict = "mixed"
        elif exceeds(gain):
            verdict = "good" if strength in ("moderately", "strongly") else "mixed"
            finding += ", better than by colour"
        elif falls_short(gain):
            finding = "Colour alone clusters the styles better than the embedding does"
        else:
            verdict = "mixed"
            finding += ", not shown to be better than by colour"
    return Answer(
        NUMBER, name, question, verdict, finding,
        f"AMI {number(own.value)}", measured(own).interval,
        f"{_source(atlas)}, {_where(atlas)}; 0 chance, 1 perfect", _marks(atlas),
    )  # fmt: skip


def _source(atlas: Atlas) -> str:
    """The source of the embeddings, in a word or two."""
    name = atlas.run.kind if atlas.run.is_run else atlas.name
    return f"{name}{YARDSTICK}" if atlas.pretrained else name


def _strength(above: float) -> str:
    return next((word for below, word in STRENGTHS if above < below), "strongly")


def _marks(atlas: Atlas) -> tuple[Mark, ...]:
    own, chance, colour = _own(atlas), _chance(atlas), _baseline(atlas, COLOUR)
    marks = [Mark("chance", "chance", max(0.0, chance.mean), number(chance.mean))]
    if colour is not None:
        marks.append(Mark("colour", "colour", max(0.0, colour.value), number(colour.value)))
    ends = (max(0.0, own.low), own.high)
    marks.append(Mark("ours", "network", max(0.0, own.value), number(own.value), ends))
    return (*marks, Mark("ceiling", "perfect", 1.0, "1"))


def _own(atlas: Atlas) -> Interval:
    return atlas.clusterings[0].scores[atlas.scope].ami


def _chance(atlas: Atlas) -> ChanceLevel:
    return atlas.clusterings[0].chance[atlas.scope].ami


def _gain(atlas: Atlas) -> Interval | None:
    """AMI less that of colour histograms, paired."""
    found = next((row for row in atlas.baselines if row.name == COLOUR), None)
    return found.difference[atlas.scope].ami if found else None


def _baseline(atlas: Atlas, name: str) -> Interval | None:
    found = next((row for row in atlas.baselines if row.name == name), None)
    return found.scores[atlas.scope].ami if found else None


def _pictures(atlas: Atlas) -> int:
    return atlas.test if atlas.scope == "test" else atlas.paintings


def _where(atlas: Atlas) -> str:
    if atlas.scope == "test":
        return f"{count(atlas.test, 'test picture')}"
    return f"all {count(atlas.paintings, 'painting')}"


def section(study: StudyRecords) -> Section:
    """Return the section on all atlases of a study, side by side."""
    found = answer(study)
    if not study.atlases:
        text = (
            " embeds, clusters and maps the paintings, and compares the clusters with the styles."
        )
        blocks: list[Block] = [prose(Code(found.command), text)]
        blocks += autoencoder.folds(study)
        return Section(found.anchor, found.title, tuple(blocks), found.name, "", NUMBER)
    return _section(found, study.atlases, autoencoder.folds(study), autoencoder.sources(study))


def clusters_section(atlas: Atlas, place: Place) -> Section:
    """Return the section on one atlas alone."""
    return _section(answer_of(atlas), [(atlas, place)], [], [])


def _section(
    found: Answer,
    atlases: Sequence[tuple[Atlas, Place]],
    folds: Sequence[Block],
    sources: Sequence[Provenance],
) -> Section:
    blocks: list[Block] = []
    for atlas, place in atlases:
        name = f"The atlas of {place.name}" if place.name else "This atlas"
        blocks += place.other_collection(name, "made of", atlas.collection_fingerprint)
    blocks += [prose(summary(atlases)), clusters_chart(atlases), *maps(atlases)]
    numbers = [_clusterings(atlas, place) for atlas, place in atlases]
    blocks.append(Details("Numbers: every clustering of every run", tuple(numbers), True))
    styles = tuple(_styles(atlas, place) for atlas, place in atlases)
    own = sum(fit.clusters for _, fit in atlases[0][0].fits())
    whose = "its" if own == 1 else "their"
    blocks.append(
        Details(f"Style by style: {count(own, 'style')} with a cluster of {whose} own", styles)
    )
    sentences = [
        prose(*((Strong(f"{place.name}."), " ") if place.name else ()), " ".join(atlas.verdict))
        for atlas, place in atlases
    ]
    blocks.append(Details("Verdict on each run, in sentences", tuple(sentences)))
    blocks += _retrieval(atlases)
    blocks += [*folds, METHOD]
    made = [
        Provenance(
            f"atlas of {place.name or atlas.run.kind}", atlas.command, _file(atlas, place),
        )
        for atlas, place in atlases
    ]  # fmt: skip
    return Section(
        found.anchor, found.title, tuple(blocks), found.name, "", NUMBER, (*sources, *made)
    )


def _file(atlas: Atlas, place: Place) -> str:
    """The record of an atlas within the study."""
    if not place.name:
        return "atlas.json"
    run = atlas.run.is_run
    return f"runs/{place.name}/atlas/atlas.json" if run else f"atlases/{place.name}/atlas.json"


def summary(atlases: Sequence[tuple[Atlas, Place]]) -> str:
    """Return forty to sixty words on the first run, and on the best of the others."""
    first, others = atlases[0], atlases[1:]
    best = max(others, key=lambda pair: _own(pair[0]).value, default=None)
    sentences = []
    for atlas, place in (first, *((best,) if best else ())):
        own, chance, gain = _own(atlas), _chance(atlas), _gain(atlas)
        name = f"{place.name}, " if place.name and place.name != atlas.run.kind else ""
        kind = f"{KINDS[atlas.run.kind]}{f'{YARDSTICK},' if atlas.pretrained else ''}"
        text = f"Embeddings of {name}{kind} reach AMI {measured(own)} on "
        text += f"{_where(atlas)}; shuffled styles give {number(chance.mean)}"
        if gain is not None:
            text += f", the difference to colour is {measured(gain, signed=True)}"
        sentences.append(f"{text}.")
    if best and len(others) > 1:
        sentences.append(f"Of the other {len(others)} runs this is the highest.")
    return " ".join(sentences)


def clusters_chart(atlases: Sequence[tuple[Atlas, Place]]) -> Chart:
    """Return the AMI of every run's k-means clusters beside colour, pixels and chance."""
    shapes = {COLOUR: ("s", SECOND, "colour"), "pixels": ("^", MUTED, "raw pixels")}

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for y, (atlas, place) in enumerate(atlases):
            chance, own = _chance(atlas), _own(atlas)
            text = f"{_label(atlas, place)}, shuffled styles: {number(chance.mean, 3)}"
            axes.plot(
                [chance.mean] * 2, [y - 0.36, y + 0.36], color=INK, linewidth=1.4,
                gid=sheet.hover(text),
            )  # fmt: skip
            for step, row in enumerate(atlas.baselines, 1):
                shape, colour, words = shapes.get(row.name, ("^", MUTED, row.title))
                one = row.scores[atlas.scope].ami
                dot = Whisker(one.value, one.low, one.high, y + 0.2 * step, colour, shape, 4.5)
                whisker(sheet, axes, dot, f"{words}: AMI {measured(one, 3)}")
            dot = Whisker(own.value, own.low, own.high, y - 0.1, ACCENT, "o", 6.5)
            whisker(sheet, axes, dot, f"{_label(atlas, place)}: AMI {measured(own, 3)}")
        labels = [f"{_named(atlas, place)}\n{_where(atlas)}" for atlas, place in atlases]
        axes.set_yticks(range(len(atlases)), labels)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(atlases) - 0.4, -0.6)
        axes.set_xlabel("AMI with the styles")

    better = [
        place.name or atlas.run.kind
        for atlas, place in atlases
        if (gain := _gain(atlas)) and exceeds(gain)
    ]
    title = "No embedding is shown to cluster the styles better than colour does"
    if better:
        title = f"Better than colour: {', '.join(better)}"
    chance = "styles shuffled among paintings"
    if any(atlas.clusterings[0].chance[atlas.scope].shuffled == "artists" for atlas, _ in atlases):
        chance = "styles shuffled among artists, higher where clusters follow artists"
    listed = "; ".join(
        f"{_label(atlas, place)} {number(_own(atlas).value, 3)}" for atlas, place in atlases
    )
    return Chart(
        "clusters",
        title,
        f"Dots with interval whiskers: agreement of clusters with styles (AMI). {listed}.",
        "Blue dots: clusters of the network’s embedding, with 95 % intervals; squares: of colour "
        f"histograms; triangles: of raw pixels. Strokes: the level of chance, {chance}.",
        (WIDTH, 0.9 + 0.62 * len(atlases)),
        draw,
        520,
        (PHONE, 0.9 + 0.62 * len(atlases)),
    )


def _label(atlas: Atlas, place: Place) -> str:
    return f"{_named(atlas, place)} ({_where(atlas)})"


def _named(atlas: Atlas, place: Place) -> str:
    """The name of an atlas in charts; a yardstick is marked."""
    return f"{place.name or atlas.name}{' (pre-trained)' if atlas.pretrained else ''}"


def _retrieval(atlases: Sequence[tuple[Atlas, Place]]) -> list[Block]:
    """The table of retrieval between artists; none where nothing was retrieved."""
    rows: list[Row] = []
    for atlas, place in atlases:
        if atlas.retrieval is None:
            continue
        for measure, score in atlas.retrieval.scores.items():
            title = f"{_named(atlas, place)}, {MEASURES[measure]}"
            rows.append(_retrieved(title, score, ours=measure == "cosine"))
        for other in atlas.baselines:
            if other.retrieval:
                title = f"{other.title}, cosine, for {_named(atlas, place)}"
                rows.append(_retrieved(title, other.retrieval.scores["cosine"], ours=False))
    if not rows:
        return []
    first = next(atlas.retrieval for atlas, _ in atlases if atlas.retrieval)
    caption = (
        "Paintings of the same style by other artists: mean average precision and share of pairs "
        "in the right order, means over styles; in brackets 95 % intervals that draw whole artists "
        f"again. In the first atlas {count(first.queries, 'painting')} by {first.artists} artists "
        f"are looked up among {first.searched:,}"
    )
    heads = ("mAP", "mAP by chance", "AUC", "AUC by chance", "Hubs")
    title = "Same style between artists"
    table = Table(title, caption, columns("Nearness", numbers=heads), tuple(rows), look="broad")
    best, place, score = max(
        (
            (atlas, place, atlas.retrieval.scores["cosine"])
            for atlas, place in atlases
            if atlas.retrieval
        ),
        key=lambda one: one[2].mean_average_precision.value,
    )
    found = f"{_named(best, place)} finds most, mAP {number(score.mean_average_precision.value)}"
    if score.chance:
        found += f", {number(score.chance.mean_average_precision.mean)} by chance"
    return [Details(f"{title}: {found}", (table,))]


def _retrieved(title: str, score: RetrievalScores, *, ours: bool) -> Row:
    level = score.chance
    cells: list[Inline] = [
        title,
        measured(score.mean_average_precision, 3),
        number_cell(level.mean_average_precision.mean, 3) if level else "–",
        measured(score.pair_auc, 3),
        number_cell(level.pair_auc.mean, 3) if level else "–",
        number_cell(score.hubness, 1),
    ]
    return Row(tuple(cells), ours)


def maps(atlases: Sequence[tuple[Atlas, Place]]) -> list[Block]:
    """Return the main map of every run beside the others; none where no map was kept."""
    drawn = [(atlas, place) for atlas, place in atlases if _table(atlas).is_file()]
    if not drawn:
        return []
    points = [pq.read_table(_table(atlas), columns=["style", "x", "y"]) for atlas, _ in drawn]
    colours = _coloured(drawn[0][0], points[0]["style"].to_pylist())
    styles = list(colours)

    def draw(sheet: Sheet) -> None:
        shape = (1, len(drawn)) if sheet.wide else (len(drawn), 1)
        panels = sheet.figure.subplots(*shape, squeeze=False).ravel()
        for axes, (atlas, place), table in zip(panels, drawn, points, strict=True):
            names = np.asarray(table["style"].to_pylist())
            x, y = (table[name].to_numpy() for name in "xy")
            size = float(np.clip(14_000 / len(names), 1.2, 14))
            rest = ~np.isin(names, styles)
            axes.scatter(
                x[rest], y[rest], s=0.8 * size, color=MUTED, alpha=0.35, linewidths=0,
                rasterized=True,
            )  # fmt: skip
            for style in styles:
                chosen = names == style
                axes.scatter(
                    x[chosen],
                    y[chosen],
                    s=1.5 * size,
                    color=colours[style],
                    linewidths=0,
                    rasterized=True,
                )
            half = 0.53 * max(np.ptp(x), np.ptp(y))  # squares, so that maps stand side by side
            middle = [(along.min() + along.max()) / 2 for along in (x, y)]
            limits = [(at - half, at + half) for at in middle]
            quiet(axes).set(xticks=[], yticks=[], aspect="equal", xlim=limits[0], ylim=limits[1])
            trust = number(atlas.maps[0].trustworthiness)
            axes.set_title(_named(atlas, place), fontsize=8.5)
            axes.set_xlabel(f"{atlas.maps[0].title}, trustworthiness {trust}", fontsize=7.5)
        for style in styles:
            panels[0].plot(
                [], [], "o", color=colours[style], markersize=5, label=style_title(style)
            )
        sheet.figure.legend(loc="outside lower center", ncols=4 if sheet.wide else 2, fontsize=8)

    taught = [one for one in drawn if one[0].supervised]
    known = (
        f" {_runs(taught)} learned the styles of the training pictures, which are among the dots "
        "and may lie together for that alone."
        if taught
        else ""
    )
    high = 1.0 + min(WIDTH / len(drawn), 3.5)
    return [
        Chart(
            "maps",
            f"Where {count(len(styles), 'style')} lie on the maps of {_runs(drawn)}",
            f"Maps of the embeddings of {_runs(drawn)}, a dot a painting; in colour "
            f"{', '.join(map(style_title, styles))}.",
            "A dot is a painting; only nearness has a meaning, and only as far as the "
            "trustworthiness goes. In colour: the styles whose clusters fit best on the first map; "
            f"all others are grey.{known}",
            (WIDTH, high),
            draw,
            560,
            (PHONE, 0.9 + 3.2 * len(drawn)),
            lifted=True,
        )
    ]


def _runs(drawn: Sequence[tuple[Atlas, Place]]) -> str:
    return ", ".join(_named(atlas, place) for atlas, place in drawn)


def _table(atlas: Atlas) -> Path:
    return atlas.path / "atlas.parquet"


def _coloured(atlas: Atlas, styles: Sequence[str]) -> dict[str, str]:
    """Colours of the styles with the best fits, as the atlas page has them.

    Args:
        atlas: whose fits count.
        styles: of its paintings, one each.
    """
    vocabulary = [row.style for row in atlas.styles]
    counts = Counter(styles)
    places = coloured([counts[style] for style in vocabulary])
    chosen = {}
    for row, _ in atlas.fits():
        place = places[vocabulary.index(row.style)]
        if place is not None:
            chosen[row.style] = COLOURS[place]
    return dict(list(chosen.items())[:COLOURED])


def _clusterings(atlas: Atlas, place: Place) -> Table:
    rows = []
    for at, row in enumerate(atlas.scored):
        k = row.k_test if atlas.scope == "test" else row.k
        scores, chance = row.scores[atlas.scope], row.chance[atlas.scope]
        cells: list[Inline] = [row.title, Number(str(k) if k else "as styles", k)]
        cells += [measured(getattr(scores, name), 3) for name in SCORES]
        ours = at == 0 and isinstance(row, RunClusters)
        rows.append(Row((*cells, number_cell(chance.ami.mean, 3)), ours))
    shuffled = atlas.clusterings[0].chance[atlas.scope].shuffled
    units = atlas.resampled[atlas.scope]
    name = f"Clusters of {place.name}" if place.name else "Scores of the clusters"
    return Table(
        name,
        f"{name}: agreement with the styles on {_where(atlas)}; in brackets 95 % intervals of "
        f"{units.text}, the clusters as they are. By chance: the mean of styles shuffled among "
        f"{shuffled}",
        columns("Clustered", numbers=("Clusters", *SCORES.values(), "AMI by chance")),
        tuple(rows),
        look="broad",
    )


def _styles(atlas: Atlas, place: Place) -> Table:
    numbers = ("Precision", "Recall", "F1", "By chance", "Colour", "Neighbours’ recall")
    rows = [
        Row(
            (
                style_title(style.style),
                share(fit.precision),
                share(fit.recall),
                *map(number_cell, (fit.f1, fit.chance_f1, fit.colour_f1)),
                share(style.knn.recall if style.knn else None),
                "yes" if fit.clusters else "no",
            )
        )
        for style, fit in atlas.fits()
    ]
    name = f"Styles of {place.name}" if place.name else "Clusters of each style"
    return Table(
        name,
        f"{name}: for each the cluster that fits it best, which share of the cluster is of the "
        "style (precision), which share of the style is in it (recall)",
        (*columns("Style", numbers=numbers), Column("A cluster of its own")),
        tuple(rows),
        sortable=True,
        look="broad",
    )

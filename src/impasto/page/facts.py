"""Facts of a study for the page: ``data/site.js``, which every panel may read."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from impasto.collection.collection import SPLITS, Collection
from impasto.images.palette import coloured
from impasto.page.atlas_data import RunAtlas
from impasto.page.sprites import Level
from impasto.page.story import frequent_artist, frequent_decade, worst_confusion
from impasto.plain_text import style_title
from impasto.records.atlas import MEASURES, Atlas, RunClusters, ScoredClusters, StyleRetrieval

FORMAT: Final = 1
SCORES: Final = {"nmi": "NMI", "ami": "AMI", "ari": "ARI", "purity": "Purity"}


def site_facts(
    name: str,
    collection: Collection,
    runs: Sequence[RunAtlas],
    levels: Sequence[Level],
    report: str | None,
) -> dict[str, Any]:
    """Return what the page shows beside columns, pictures and what was painted.

    Args:
        name: of the study.
        collection: the paintings.
        runs: with their atlases and predictions.
        levels: the sizes of the pictures.
        report: address of the report, where there is one.
    """
    years = [year for year in collection.column("year") if year is not None]
    known = {
        column: sum(value is not None for value in collection.column(column))
        for column in ("artist", "title", "year")
    }
    return {
        "format": FORMAT,
        "name": name,
        "command": "impasto site",
        "report": report,
        "count": len(collection),
        "styles": list(collection.vocabulary.styles),
        "titles": [style_title(style) for style in collection.vocabulary.styles],
        "colours": [-1 if place is None else place for place in style_colours(collection)],
        "splits": list(SPLITS),
        "known": known,
        "years": [min(years), max(years)] if years else None,
        "levels": [
            {"tile": level.tile, "across": level.across, "sheets": level.sheets} for level in levels
        ],
        "examples": _examples(collection, runs),
        "runs": [_run_facts(place, run) for place, run in enumerate(runs)],
    }


def _examples(collection: Collection, runs: Sequence[RunAtlas]) -> dict[str, Any]:
    """Selections for a first visit: an artist, a confusion, a decade; null where not known."""
    answers = next((run.answers for run in runs if run.answers), None)
    worst = worst_confusion(collection, answers) if answers else None
    return {
        "artist": frequent_artist(collection),
        "cell": None if worst is None else list(worst[0]),
        "years": frequent_decade(collection),
    }


def style_colours(collection: Collection) -> tuple[int | None, ...]:
    """Position of each style in the palette; ``None`` for those in grey."""
    counts = np.bincount(collection.labels, minlength=len(collection.vocabulary))
    return coloured(counts.tolist())


def _run_facts(place: int, run: RunAtlas) -> dict[str, Any]:
    atlas, heat = run.facts, run.answers.heat if run.answers else None
    maps = [
        {
            "name": made.name,
            "title": made.title,
            "axes": axes(made.axes),
            "trustworthiness": made.trustworthiness,
        }
        for made, _ in run.maps()
    ]
    clusterings = [
        {"name": made.name, "title": clustering_title(made)}
        for made in (atlas.clusterings if atlas else ())
    ]
    return {
        "place": place,
        "name": run.name,
        "kind": run.kind,
        "supervised": atlas is not None and atlas.supervised,
        "pretrained": atlas is not None and atlas.pretrained,
        "maps": maps,
        "clusterings": clusterings,
        "verdict": [*atlas.verdict, *_left_out(atlas)] if atlas else [],
        "tables": score_tables(atlas) if atlas else [],
        "answers": run.answers is not None,
        "heat": None if heat is None else list(heat.shape[1:]),
        "second_heat": run.answers is not None and run.answers.second_heat is not None,
        "likeness": run.likeness is not None,
        "neighbours": run.neighbours,
    }


def _left_out(atlas: Atlas) -> list[str]:
    """A sentence on the place of paintings without a vector, where there are any."""
    if atlas.unmatched is None or not atlas.unmatched.paintings:
        return []
    without = atlas.unmatched.paintings
    return [f"Paintings without a vector, {without:,}, lie in a block below the map."]


def axes(names: tuple[str, str]) -> str:
    """The meaning of a map's two axes in one line."""
    return names[0] if names[0] == names[1] else " · ".join(names)


def clustering_title(clusters: RunClusters) -> str:
    """A clustering with its number of clusters: ``Ward (13)``."""
    return f"{clusters.title} ({clusters.k})"


def score_tables(atlas: Atlas) -> list[dict[str, Any]]:
    """Tables of scores in the verdict's scope: ``caption``, ``head`` and ``lines``.

    A cell is text, a number, or a score with its interval.
    """
    where = "test pictures, clustered by themselves" if atlas.scope == "test" else "all pictures"

    def line(title: str, clusters: ScoredClusters) -> list[Any]:
        scores = clusters.scores[atlas.scope].model_dump()
        return [title, *(scores[name] for name in SCORES)]

    fits = [
        [style_title(row.style), fit.f1, fit.chance_f1, "yes" if fit.clusters else "no"]
        for row, fit in atlas.fits()
    ]
    return [
        {
            "caption": f"Clusters against styles: {where}",
            "head": ["", *SCORES.values()],
            "lines": [line(clustering_title(made), made) for made in atlas.clusterings],
        },
        {
            "caption": "Baselines, clustered alike",
            "head": ["", *SCORES.values()],
            "lines": [line(made.title, made) for made in atlas.baselines],
        },
        *_retrieval_tables(atlas),
        {
            "caption": f"Best cluster of each style: {where}",
            "head": ["", "F1", "by chance", "clusters"],
            "lines": fits,
        },
    ]


def _retrieval_tables(atlas: Atlas) -> list[dict[str, Any]]:
    """The table of retrieval between artists; none where nothing was retrieved."""
    if atlas.retrieval is None:
        return []

    def lines(title: str, found: StyleRetrieval) -> list[list[Any]]:
        made = []
        for measure, score in found.scores.items():
            level = score.chance.mean_average_precision.mean if score.chance else None
            precision, auc = score.mean_average_precision, score.pair_auc
            values = [precision.model_dump(), level, auc.model_dump(), round(score.hubness, 2)]
            made.append([f"{title}, {MEASURES[measure]}", *values])
        return made

    several = lines("Embedding", atlas.retrieval)
    for row in atlas.baselines:
        if row.retrieval:
            several += lines(row.title, row.retrieval)[:1]
    return [
        {
            "caption": "Same style by other artists retrieved: mean average precision (mAP), "
            "share of pairs in the right order (AUC), skewness of hubs",
            "head": ["", "mAP", "by chance", "AUC", "Hubs"],
            "lines": several,
        }
    ]

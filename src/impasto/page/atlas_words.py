"""Verdict and scores of an atlas as the page's panel "About" shows them."""

from typing import Any, Final

from impasto.records.atlas import Atlas, RunClusters, ScoredClusters

SCORES: Final = {"nmi": "NMI", "ami": "AMI", "ari": "ARI", "purity": "Purity"}


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
        [row.style.replace("_", " "), fit.f1, fit.chance_f1, "yes" if fit.clusters else "no"]
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
        {
            "caption": f"Best cluster of each style: {where}",
            "head": ["", "F1", "by chance", "clusters"],
            "lines": fits,
        },
    ]

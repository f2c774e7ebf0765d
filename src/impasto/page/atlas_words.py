"""What an atlas says in words and scores, for the page."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from impasto.page.atlas_data import AtlasPart, ScoredFacts
from impasto.reporting.words import shown

SCORES: Final = {"nmi": "NMI", "ami": "AMI", "ari": "ARI", "purity": "Purity"}
TEST: Final = "test pictures, clustered by themselves"
"""A network that was taught the styles is judged on pictures that it was not taught."""


def axes(text: str | Sequence[str] | None) -> str | None:
    """How a map's axes are read, in one line."""
    if text is None or isinstance(text, str):
        return text
    return text[0] if len(set(text)) == 1 else " · ".join(text)


def clustering_title(made: ScoredFacts) -> str:
    """A clustering as it is read: ``Ward (13)``."""
    title = made.title or shown(made.name)
    return f"{title} ({made.k})" if made.k else title


def score_tables(facts: AtlasPart) -> list[dict[str, Any]]:
    """Tables of scores.

    ``caption``, ``head`` and ``lines``; a cell is text, a number, or a score with its interval.
    """
    scope, of = ("test", TEST) if facts.supervised else ("all", "all pictures")
    rows = [[clustering_title(made), *_scores(made, scope)] for made in facts.clusterings]
    beside = [[made.title or shown(made.name), *_scores(made, scope)] for made in facts.baselines]
    styles = [
        [
            shown(row["style"]),
            fit["f1"],
            fit.get("chance_f1"),
            "yes" if fit.get("clusters") else "no",
        ]
        for row in facts.styles
        if (fit := row.get(scope)) and fit.get("f1") is not None
    ]
    head = ["", *SCORES.values()]
    made = [
        {"caption": f"Clusters against styles: {of}", "head": head, "lines": rows},
        {"caption": "What is clustered alike, to compare with", "head": head, "lines": beside},
        {
            "caption": f"Each style’s best cluster: {of}",
            "head": ["", "F1", "by chance", "clusters"],
            "lines": styles,
        },
    ]
    return [table for table in made if table["lines"]]


def _scores(made: ScoredFacts, scope: str) -> list[Any]:
    scores: Mapping[str, Any] = made.scores.get(scope) or {}
    return [scores.get(name) for name in SCORES]

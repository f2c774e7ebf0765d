"""An atlas record with made-up numbers, for the tests of all that reads one."""

from collections.abc import Sequence
from typing import Any

from impasto.records.atlas import (
    ArtistAgreement,
    Atlas,
    AtlasFigure,
    AtlasMap,
    AtlasRun,
    AtlasStyle,
    BaselineClusters,
    ByScope,
    ChanceLevel,
    ChanceScores,
    ClusterScores,
    RetrievalChance,
    RetrievalScores,
    RunClusters,
    ScoreGains,
    Stability,
    StyleFit,
    StyleRetrieval,
)
from impasto.records.evaluation import ResampledUnits
from impasto.records.record import Interval


def score(value: float, spread: float = 0.02) -> Interval:
    return Interval(value=value, low=value - spread, high=value + spread)


def scores(nmi: float) -> ClusterScores:
    """NMI, AMI 0.02 below it, ARI half of it."""
    rest = ("v_measure", "homogeneity", "completeness", "purity")
    others = {name: score(0.4) for name in rest}
    return ClusterScores(nmi=score(nmi), ami=score(nmi - 0.02), ari=score(nmi / 2), **others)


def chance(p: float = 0.005) -> ChanceScores:
    level = ChanceLevel(mean=0.023, high=0.03, p=p)
    return ChanceScores(shuffled="artists", nmi=level, ami=level, ari=level, purity=level)


def clusters(name: str, nmi: float, test: float, **more: Any) -> RunClusters:
    artists = ArtistAgreement(pictures=500, artists=40, artist_ami=score(0.1), style_ami=score(0.3))
    given = {
        "name": name, "title": f"By {name}", "k": 13, "k_test": 12, "parameters": {}, "noise": 0.0,
        "scores": ByScope(all=scores(nmi), test=scores(test)),
        "chance": ByScope(all=chance(), test=chance()),
        "artists": {"all": artists, "test": artists},
        "stability": Stability(seeds=5, ari=score(0.8)),
    }  # fmt: skip
    return RunClusters(**{**given, **more})


def baseline(name: str, nmi: float, test: float, gain: float = 0.2) -> BaselineClusters:
    gains = ScoreGains(**{name: score(gain, 0.03) for name in ScoreGains.model_fields})
    return BaselineClusters(
        name=name, title=name.replace("_", " ").capitalize(), k=13, k_test=12, dimensions=64,
        scores=ByScope(all=scores(nmi), test=scores(test)),
        chance=ByScope(all=chance(), test=chance()),
        difference=ByScope(all=gains, test=gains), probes=None,
    )  # fmt: skip


def fit(f1: float = 0.333, *, clusters: bool = True) -> StyleFit:
    return StyleFit(
        pictures=20, cluster=0, precision=0.5, recall=0.25, f1=f1, chance_f1=0.1, chance_high=0.15,
        colour_f1=0.2, clusters=clusters,
    )  # fmt: skip


def style(name: str, **more: Any) -> AtlasStyle:
    return AtlasStyle(**{"style": name, "all": fit(), "test": fit(), "knn": None, **more})


def retrieval(precision: float = 0.4, p: float = 0.005, **more: Any) -> StyleRetrieval:
    """Retrieval by cosine, and 0.05 better by mutual proximity; by chance 0.1."""
    levels = {
        "mean_average_precision": ChanceLevel(mean=0.1, high=0.12, p=p),
        "pair_auc": ChanceLevel(mean=0.5, high=0.52, p=p),
    }
    scores = {
        measure: RetrievalScores(
            mean_average_precision=score(precision + gain), pair_auc=score(0.7), hubness=1.5,
            chance=RetrievalChance(**levels),
        )
        for measure, gain in (("cosine", 0.0), ("mutual_proximity", 0.05))
    }  # fmt: skip
    given = {
        "scope": "all", "queries": 900, "artists": 120, "searched": 3000, "styles": 13,
        "shuffled": "artists", "scores": scores,
    }  # fmt: skip
    return StyleRetrieval(**{**given, **more})


def drawn(name: str, title: str, trustworthiness: float = 0.95) -> AtlasMap:
    none = "no meaning of its own"
    return AtlasMap(
        name=name, title=title, axes=(none, none), trustworthiness=trustworthiness, parameters={}
    )


def figure(file: str, caption: str) -> AtlasFigure:
    return AtlasFigure(file=file, title=file, caption=caption, command="impasto atlas run")


def atlas(names: Sequence[str] = ("Ukiyo_e", "Pop_Art"), **more: Any) -> Atlas:
    """An atlas of 9,000 paintings by an autoencoder, whose fields may be given."""
    given = {
        "format": 3, "command": "impasto atlas study/runs/classifier", "inputs": "0",
        "run": AtlasRun(path="run", kind="autoencoder", weights="0"), "collection": "collection",
        "collection_fingerprint": "0", "supervised": False, "paintings": 9000, "test": 600,
        "dimensions": 128, "preparation": "none",
        "settings": {"seed": 0, "permutations": 200}, "environment": {},
        "resampled": ByScope(
            all=ResampledUnits(unit="artists", count=280, unknown=1900),
            test=ResampledUnits(unit="artists", count=140, unknown=90),
        ),
        "maps": (drawn("tsne", "t-SNE"),), "clusterings": (clusters("kmeans", 0.3, 0.3),),
        "baselines": (baseline("colour_histogram", 0.1, 0.1),), "probes": None,
        "styles": tuple(style(name) for name in names), "captions": (),
        "verdict": ("The ground.", "The answer."),
    }  # fmt: skip
    return Atlas(**{**given, **more})

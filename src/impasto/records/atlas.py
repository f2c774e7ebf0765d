"""``atlas.json``: whether styles cluster in an embedding, beside chance, colour and pixels."""

from typing import Any, Final, Generic, Literal, TypeVar

from impasto.records.evaluation import ResampledUnits
from impasto.records.record import Interval, Record, Result, interval_columns
from impasto.records.run import RunKind

MapName = Literal["pca", "svd", "tsne", "umap"]
MethodName = Literal["kmeans", "kmeans_chosen", "gmm", "ward", "spectral", "hdbscan"]
Preparation = Literal["none", "standardise", "unit", "whiten"]
Scope = Literal["all", "test"]
"""Paintings that are clustered together: all of the collection, or the test pictures alone."""
Shuffled = Literal["artists", "paintings"]
"""What exchanges its styles for the level of chance."""
SourceKind = Literal[RunKind, "vectors", "encoder"]
"""What gave the embeddings: a run of a kind, a file of vectors, or a pre-trained encoder."""
Measure = Literal["cosine", "csls", "mutual_proximity"]
"""Similarity by which paintings are retrieved."""
MEASURES: Final[dict[Measure, str]] = {
    "cosine": "cosine",
    "csls": "CSLS",
    "mutual_proximity": "mutual proximity",
}
T = TypeVar("T")


class ByScope(Record, Generic[T]):
    """A value for each scope; ``test`` is ``None`` where too few test pictures were clustered."""

    all: T
    test: T | None

    def __getitem__(self, scope: Scope) -> T:
        if scope == "all":
            return self.all
        if self.test is None:
            raise KeyError(scope)
        return self.test


class AtlasRun(Record):
    """The source of the embeddings; ``weights`` is the fingerprint of a network, or of vectors.

    ``path`` is the folder of a run, the file of vectors, or the name of an encoder.
    """

    path: str
    kind: SourceKind
    weights: str

    @property
    def is_run(self) -> bool:
        """Whether a run of impasto's gave them."""
        return self.kind not in ("vectors", "encoder")


class UnmatchedIds(Record):
    """Paintings without a vector, and vectors of no painting; the first ids of each."""

    paintings: int
    vectors: int
    first_paintings: tuple[str, ...]
    first_vectors: tuple[str, ...]


class AtlasMap(Record):
    """A projection onto the plane; its coordinates are columns of ``atlas.parquet``."""

    name: MapName
    title: str
    axes: tuple[str, str]
    trustworthiness: float
    parameters: dict[str, Any]
    explained_variance: tuple[float, float] | None = None


class ClusterScores(Record):
    """Agreement of clusters with the styles; ``silhouette`` needs two clusters or more."""

    nmi: Interval
    ami: Interval
    ari: Interval
    v_measure: Interval
    homogeneity: Interval
    completeness: Interval
    purity: Interval
    silhouette: Interval | None = None


class ChanceLevel(Record):
    """A score under shuffled styles: mean, 95 % quantile, and the p value of the real one."""

    mean: float
    high: float
    p: float


class ChanceScores(Record):
    """Agreement of clusters with shuffled styles; ``shuffled`` tells what exchanged them."""

    shuffled: Shuffled
    nmi: ChanceLevel
    ami: ChanceLevel
    ari: ChanceLevel
    purity: ChanceLevel


class ScoreGains(Record):
    """Scores of the run's k-means clusters less those of a baseline's."""

    nmi: Interval
    ami: Interval
    ari: Interval
    purity: Interval


class ArtistAgreement(Record):
    """AMI of clusters with artists and with styles, on the paintings whose artist is known."""

    pictures: int
    artists: int
    artist_ami: Interval
    style_ami: Interval


class Stability(Record):
    """Adjusted Rand index of k-means from every two of several seeds: mean, minimum, maximum."""

    seeds: int
    ari: Interval


class RetrievalChance(Record):
    """Retrieval scores under shuffled styles."""

    mean_average_precision: ChanceLevel
    pair_auc: ChanceLevel


class RetrievalScores(Record):
    """Retrieval by one similarity; each score is the mean over styles.

    ``hubness`` is the skewness of how often a painting is among the ten nearest of another.
    ``chance`` is ``None`` for baselines.
    """

    mean_average_precision: Interval
    pair_auc: Interval
    hubness: float
    chance: RetrievalChance | None


class StyleRetrieval(Record):
    """Retrieval of paintings of the same style by other artists.

    Attributes:
        scope: the paintings that are searched.
        queries: paintings that others are looked for.
        artists: of the queries; whole artists are drawn again for the intervals.
        searched: paintings among which they are looked for.
        styles: that have queries.
        shuffled: what exchanged its styles for the level of chance.
        scores: by similarity.
    """

    scope: Scope
    queries: int
    artists: int
    searched: int
    styles: int
    shuffled: Shuffled
    scores: dict[Measure, RetrievalScores]


class ProbeScores(Record):
    """Scores of a probe on the test pictures."""

    accuracy: Interval
    balanced_accuracy: Interval
    macro_f1: Interval


class NeighbourProbe(Record):
    """k-nearest-neighbour classification; ``recall`` has one value for each style."""

    neighbours: int
    scores: ProbeScores
    recall: tuple[float | None, ...]


class LinearProbe(Record):
    """Logistic regression on ``fitted`` training pictures; ``strength`` is scikit-learn's ``C``."""

    strength: float
    fitted: int
    scores: ProbeScores
    recall: tuple[float | None, ...]


class Probes(Record):
    """Supervised probes of an embedding."""

    knn: NeighbourProbe
    linear_probe: LinearProbe


class ScoredClusters(Record):
    """A clustering with its scores against the styles in each scope."""

    name: str
    title: str
    k: int
    k_test: int | None
    scores: ByScope[ClusterScores]
    chance: ByScope[ChanceScores]


class RunClusters(ScoredClusters):
    """A clustering of the run's embeddings; ``noise`` is the share of paintings in no cluster."""

    name: MethodName
    parameters: dict[str, Any]
    noise: float
    artists: dict[Scope, ArtistAgreement | None]
    stability: Stability | None = None


class BaselineClusters(ScoredClusters):
    """The k-means clustering of colour histograms or raw pixels, for comparison."""

    dimensions: int
    difference: ByScope[ScoreGains]
    probes: Probes | None
    retrieval: StyleRetrieval | None = None


class StyleFit(Record):
    """Fit of a style's best cluster, beside shuffled styles and clusters of colours.

    ``chance_high`` is what 95 % of the shufflings reach for no style at all: corrected for the
    number of styles by the largest standardised F1 of each shuffling.
    """

    pictures: int
    cluster: int
    precision: float
    recall: float
    f1: float
    chance_f1: float
    chance_high: float
    colour_f1: float
    clusters: bool


class NeighbourRecall(Record):
    """Share of a style's test pictures that their nearest neighbours classify rightly."""

    recall: float | None
    chance: float


class AtlasStyle(Record):
    """A style in both scopes; ``None`` where it has no paintings."""

    style: str
    all: StyleFit | None
    test: StyleFit | None
    knn: NeighbourRecall | None

    def fit(self, scope: Scope) -> StyleFit | None:
        """The fit in a scope."""
        return self.test if scope == "test" else self.all


class AtlasFigure(Record):
    """An image file of the atlas, in ``figures/``."""

    file: str
    title: str
    caption: str
    command: str


class Atlas(Result):
    """Embeddings of a collection, clustered and projected, and the verdict on them.

    Attributes:
        run: the source of the embeddings; a run, a file of vectors, or a pre-trained encoder.
        inputs: fingerprint of weights, collection and settings.
        supervised: the network was trained on style labels.
        pretrained: the network was trained on other pictures before: a yardstick.
        unmatched: ids that a file of vectors and the collection do not share, else ``None``.
        paintings: of the collection; those with a vector alone.
        test: test pictures among them that the network was not trained on.
        dimensions: of the embedding.
        resampled: what the intervals of clusters and probes draw again, by scope.
        clusterings: of the embedding, k-means first.
        baselines: of colour histograms and of raw pixels.
        retrieval: of the same style by other artists; ``None`` where too few artists are known.
        captions: the image files with what they show.
        verdict: sentences, the answer first or second.
    """

    format: int
    command: str
    inputs: str
    run: AtlasRun
    collection: str
    collection_fingerprint: str
    supervised: bool
    pretrained: bool = False
    unmatched: UnmatchedIds | None = None
    paintings: int
    test: int
    dimensions: int
    preparation: Preparation
    settings: dict[str, Any]
    environment: dict[str, str]
    resampled: ByScope[ResampledUnits]
    maps: tuple[AtlasMap, ...]
    clusterings: tuple[RunClusters, ...]
    baselines: tuple[BaselineClusters, ...]
    probes: Probes | None
    retrieval: StyleRetrieval | None = None
    styles: tuple[AtlasStyle, ...]
    captions: tuple[AtlasFigure, ...]
    verdict: tuple[str, ...]

    @property
    def scope(self) -> Scope:
        """The paintings that the verdict rests on: test pictures where the network knew styles."""
        return "test" if self.supervised and self.clusterings[0].scores.test else "all"

    @property
    def scored(self) -> tuple[ScoredClusters, ...]:
        """Everything that was clustered, the run's embedding first."""
        return (*self.clusterings, *self.baselines)

    def fits(self) -> list[tuple[AtlasStyle, StyleFit]]:
        """Each style that has paintings in the verdict's scope with its fit, the best first."""
        pairs = [(row, fit) for row in self.styles if (fit := row.fit(self.scope))]
        return sorted(pairs, key=lambda pair: -pair[1].f1)

    @property
    def name(self) -> str:
        """The run's folder, the file of vectors without its ending, or the encoder's last name."""
        last = self.run.path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
        return last.rsplit(".", 1)[0] if self.run.kind == "vectors" and "." in last else last

    def rows(self) -> list[dict[str, Any]]:
        """One row for each clustering, with its scores in the verdict's scope."""
        return [self._row(clusters) for clusters in self.scored]

    def _row(self, clusters: ScoredClusters) -> dict[str, Any]:
        k = clusters.k_test if self.scope == "test" else clusters.k
        row: dict[str, Any] = {"clustering": clusters.title, "k": k}
        for name, score in clusters.scores[self.scope]:
            row |= interval_columns(name, score)
        return row

    def __repr__(self) -> str:
        maps = ", ".join(drawn.title for drawn in self.maps)
        return (
            f"Atlas({self.paintings:,} paintings, {len(self.clusterings)} clusterings, maps {maps})"
            f"\n{self.verdict[1]}"
        )

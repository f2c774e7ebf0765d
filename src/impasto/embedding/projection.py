"""Maps.

Vectors laid out in the plane, each with what its axes mean and how far its neighbourhoods can be
trusted.
"""

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.manifold import TSNE, trustworthiness

from impasto.embedding.settings import MAPS, MapName
from impasto.embedding.vectors import Vectors, reduced
from impasto.errors import MissingExtraError

Points = NDArray[np.float32]
Say = Callable[[str], None]
LEARNED: Final = 100  # principal components that t-SNE and UMAP see
PERPLEXITY: Final = 30
INTERPOLATED: Final = 3000  # paintings from which forces on a grid cost less than a tree
EXACT: Final = 20_000  # paintings up to which looking at every pair costs less than an index
UMAP_NEIGHBOURS: Final = 15
TRUSTED: Final = 2000  # paintings among which trustworthiness is measured
NEAR: Final = 12  # neighbours that it asks about
TITLES: Final[dict[MapName, str]] = {
    "pca": "PCA",
    "svd": "Truncated SVD",
    "tsne": "t-SNE",
    "umap": "UMAP",
}
_NOTHING: Final = "no meaning of its own; only who is near whom"


@dataclass(frozen=True, slots=True)
class Laid:
    """A map.

    Attributes:
        points: ``float32 (N, 2)``.
        axes: what the two of them mean, in words.
        explained: each axis's share of the variance, where that is defined.
        parameters: what was settled, as plain data.
    """

    points: Points
    axes: tuple[str, str]
    explained: tuple[float, float] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


def drawable(wanted: Sequence[MapName] | None, say: Say) -> list[MapName]:
    """The maps to make, the main one first.

    Args:
        wanted: by name; ``None``: all that can be.
        say: told in one line what is left out.

    Raises:
        MissingExtraError: UMAP was asked for by name and is not installed.
    """
    installed = importlib.util.find_spec("umap") is not None
    if wanted is None:
        if not installed:
            say("no UMAP map: it needs the extra maps (pip install 'impasto[maps]')")
        return [name for name in MAPS if name != "umap" or installed]
    if "umap" in wanted and not installed:
        raise MissingExtraError("the UMAP map", "maps")
    return [name for name in MAPS if name in wanted]


def lay(name: MapName, vectors: Vectors, seed: int) -> Laid:
    """One map of vectors ``(N, D)``."""
    if name == "pca":
        pca = PCA(2, random_state=seed)
        points = pca.fit_transform(vectors)
        return _linear(points, pca.explained_variance_ratio_, "principal component")
    if name == "svd":
        svd = TruncatedSVD(2, random_state=seed)
        points = svd.fit_transform(vectors)
        return _linear(points, svd.explained_variance_ratio_, "singular vector, not centred")
    seen = reduced(vectors, LEARNED, seed)
    return _tsne(seen, seed) if name == "tsne" else _umap(seen, seed)


def trust(vectors: Vectors, points: Points, seed: int) -> float:
    """Trustworthiness (Venna and Kaski 2001) in [0, 1]: are neighbours on the map neighbours among the vectors?

    Measured among ``TRUSTED`` paintings drawn with the seed; 1 is a map without false neighbours,
    and points strewn at random come to one half.
    """
    rows = np.random.default_rng([seed, 5]).permutation(len(vectors))[:TRUSTED]
    near = min(NEAR, (len(rows) - 1) // 2)
    return float(trustworthiness(vectors[rows], points[rows], n_neighbors=near))


def _linear(points: Points, ratio: NDArray[np.float64], what: str) -> Laid:
    shares = (float(ratio[0]), float(ratio[1]))
    axes = (
        f"first {what} ({shares[0]:.1%} of the variance)",
        f"second {what} ({shares[1]:.1%} of the variance)",
    )
    return Laid(points.astype(np.float32), axes, shares)


def tsne_maker(count: int, seed: int) -> Any:
    """OpenTSNE's t-SNE of ``count`` paintings, or ``None`` where it is not installed."""
    if importlib.util.find_spec("openTSNE") is None:
        return None
    import openTSNE  # noqa: PLC0415 – an extra

    return openTSNE.TSNE(
        perplexity=perplexity(count),
        initialization="pca",
        neighbors="exact" if count <= EXACT else "auto",
        negative_gradient_method="fft" if count > INTERPOLATED else "bh",
        n_jobs=torch.get_num_threads(),
        random_state=seed,
    )


def umap_maker(count: int, seed: int, **more: Any) -> Any:
    """umap-learn's UMAP of ``count`` paintings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # it tells that it has no TensorFlow
        from umap import UMAP  # noqa: PLC0415 – an extra
    return UMAP(
        n_neighbors=min(UMAP_NEIGHBOURS, count - 1),
        random_state=seed,
        n_jobs=1,
        n_epochs=200,
        **more,
    )


def perplexity(count: int) -> float:
    """The usual 30, or as much as few paintings allow."""
    return min(PERPLEXITY, (count - 1) / 3)


def _tsne(vectors: Vectors, seed: int) -> Laid:
    """Van der Maaten and Hinton 2008; openTSNE after Linderman et al. 2019 (arXiv:1712.09005)."""
    maker = tsne_maker(len(vectors), seed)
    told = {"perplexity": perplexity(len(vectors)), "dimensions": vectors.shape[1]}
    if maker is None:
        points = TSNE(
            perplexity=perplexity(len(vectors)), init="pca", random_state=seed
        ).fit_transform(vectors)
    else:
        points = np.asarray(maker.fit(vectors))
    library = "scikit-learn" if maker is None else "openTSNE"
    return Laid(points.astype(np.float32), (_NOTHING, _NOTHING), None, {"library": library, **told})


def _umap(vectors: Vectors, seed: int) -> Laid:
    """McInnes et al. 2018 (arXiv:1802.03426)."""
    points = umap_maker(len(vectors), seed).fit_transform(vectors)
    told = {"neighbours": min(UMAP_NEIGHBOURS, len(vectors) - 1), "dimensions": vectors.shape[1]}
    return Laid(np.asarray(points, np.float32), (_NOTHING, _NOTHING), None, told)

"""Projections of vectors onto the plane: PCA, truncated SVD, t-SNE and UMAP."""

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.manifold import TSNE, trustworthiness

from impasto.embedding.settings import MAPS
from impasto.embedding.vectors import Vectors, fit_pca, reduced
from impasto.errors import MissingExtraError, install_line
from impasto.records.atlas import MapName

Points = NDArray[np.float32]
DIMENSIONS: Final = 100  # principal components that t-SNE and UMAP are given
PERPLEXITY: Final = 30
INTERPOLATED: Final = 3000  # paintings from which forces on a grid cost less than a tree
EXACT: Final = 20_000  # paintings up to which looking at every pair costs less than an index
UMAP_NEIGHBOURS: Final = 15
TRUSTED: Final = 2000  # paintings among which trustworthiness is measured
NEAR: Final = 12  # neighbours that trustworthiness compares
TITLES: Final[dict[MapName, str]] = {
    "pca": "PCA",
    "svd": "Truncated SVD",
    "tsne": "t-SNE",
    "umap": "UMAP",
}
NO_AXES: Final = "no meaning of its own; only who is near whom"


@dataclass(frozen=True, slots=True)
class Projection:
    """A map.

    Attributes:
        points: ``float32 (N, 2)``.
        axes: meaning of the two, in words.
        explained: each axis's share of the variance, where that is defined.
        parameters: of the method, as plain data.
    """

    points: Points
    axes: tuple[str, str] = (NO_AXES, NO_AXES)
    explained: tuple[float, float] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


def available_maps(
    wanted: Sequence[MapName] | None, announce: Callable[[str], None]
) -> list[MapName]:
    """Return the maps to make, the main one first.

    Args:
        wanted: by name; ``None``: all that are installed.
        announce: called with a line about what is left out.

    Raises:
        MissingExtraError: UMAP was asked for by name and is not installed.
    """
    installed = importlib.util.find_spec("umap") is not None
    if wanted is None:
        if not installed:
            announce(f"no UMAP map: it needs the extra maps ({install_line('maps')})")
        return [name for name in MAPS if name != "umap" or installed]
    if "umap" in wanted and not installed:
        raise MissingExtraError("the UMAP map", "maps")
    return [name for name in MAPS if name in wanted]


def project(name: MapName, vectors: Vectors, seed: int) -> Projection:
    """Project vectors ``(N, D)`` onto the plane."""
    match name:
        case "pca":
            pca = PCA(2, random_state=seed)
            points = pca.fit_transform(vectors)
            return _linear(points, pca.explained_variance_ratio_, "principal component")
        case "svd":
            svd = TruncatedSVD(2, random_state=seed)
            points = svd.fit_transform(vectors)
            return _linear(points, svd.explained_variance_ratio_, "singular vector, not centred")
        case "tsne":
            return _tsne(reduced(vectors, DIMENSIONS, seed), seed)
        case "umap":
            return _umap(reduced(vectors, DIMENSIONS, seed), seed)
        case _:
            assert_never(name)


def place(name: MapName, points: Points, known: Vectors, new: Vectors, seed: int) -> Points:
    """Place new vectors ``(B, D)`` on the map ``(N, 2)`` of known ones ``(N, D)``, which stays.

    Raises:
        MissingExtraError: the library of the map is not installed.
    """
    match name:
        case "pca":
            return np.asarray(PCA(2, random_state=seed).fit(known).transform(new), np.float32)
        case "svd":
            svd = TruncatedSVD(2, random_state=seed).fit(known)
            return np.asarray(svd.transform(new), np.float32)
        case "tsne":
            reduce = fit_pca(known, DIMENSIONS, seed)
            return _place_on_tsne(points, reduce(known), reduce(new), seed)
        case "umap":
            reduce = fit_pca(known, DIMENSIONS, seed)
            return _place_on_umap(points, reduce(known), reduce(new), seed)
        case _:
            assert_never(name)


def trust(vectors: Vectors, points: Points, seed: int) -> float:
    """Trustworthiness (Venna and Kaski 2001) in [0, 1].

    Measured among ``TRUSTED`` paintings drawn with the seed; 1 is a map without false neighbours,
    and random points come to one half.
    """
    rows = np.random.default_rng([seed, 5]).permutation(len(vectors))[:TRUSTED]
    near = min(NEAR, (len(rows) - 1) // 2)
    return float(trustworthiness(vectors[rows], points[rows], n_neighbors=near))


def tsne_maker(count: int, seed: int) -> Any:
    """Return openTSNE's t-SNE for ``count`` paintings, or ``None`` where it is not installed."""
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


def umap_maker(count: int, seed: int) -> Any:
    """Return umap-learn's UMAP for ``count`` paintings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # it warns that it has no TensorFlow
        from umap import UMAP  # noqa: PLC0415 – an extra
    near = min(UMAP_NEIGHBOURS, count - 1)
    return UMAP(n_neighbors=near, random_state=seed, n_jobs=1, n_epochs=200)


def perplexity(count: int) -> float:
    """Return the usual 30, or as much as few paintings allow."""
    return min(PERPLEXITY, (count - 1) / 3)


def _linear(points: Points, ratio: NDArray[np.float64], kind: str) -> Projection:
    shares = (float(ratio[0]), float(ratio[1]))
    axes = (
        f"first {kind} ({shares[0]:.1%} of the variance)",
        f"second {kind} ({shares[1]:.1%} of the variance)",
    )
    return Projection(points.astype(np.float32), axes, shares)


def _tsne(vectors: Vectors, seed: int) -> Projection:
    """t-SNE (van der Maaten and Hinton 2008); openTSNE after Linderman et al. 2019."""
    maker, settled = tsne_maker(len(vectors), seed), perplexity(len(vectors))
    if maker is None:
        model = TSNE(perplexity=settled, init="pca", random_state=seed)
        points, library = model.fit_transform(vectors), "scikit-learn"
    else:
        points, library = np.asarray(maker.fit(vectors)), "openTSNE"
    parameters = {"library": library, "perplexity": settled, "dimensions": vectors.shape[1]}
    return Projection(points.astype(np.float32), parameters=parameters)


def _umap(vectors: Vectors, seed: int) -> Projection:
    """UMAP (McInnes et al. 2018, arXiv:1802.03426)."""
    points = umap_maker(len(vectors), seed).fit_transform(vectors)
    near = min(UMAP_NEIGHBOURS, len(vectors) - 1)
    parameters = {"neighbours": near, "dimensions": vectors.shape[1]}
    return Projection(np.asarray(points, np.float32), parameters=parameters)


def _place_on_tsne(points: Points, known: Vectors, new: Vectors, seed: int) -> Points:
    """t-SNE with the known points fixed (Poličar et al. 2023, openTSNE)."""
    try:
        from openTSNE import TSNEEmbedding  # noqa: PLC0415 – an extra
        from openTSNE.affinity import PerplexityBasedNN  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("placing pictures on a t-SNE map", "maps") from error
    near = PerplexityBasedNN(known, perplexity=perplexity(len(known)), random_state=seed)
    middle = points.mean(0, dtype=np.float64)  # openTSNE places about the origin
    fitted = TSNEEmbedding(points - middle, near, negative_gradient_method="bh", random_state=seed)
    few = len(known) // 3
    placed = fitted.transform(new, perplexity=min(5, few), k=min(25, few))
    return np.asarray(placed + middle, np.float32)


def _place_on_umap(points: Points, known: Vectors, new: Vectors, seed: int) -> Points:
    """umap-learn's transform, with the stored points in place of newly fitted ones."""
    try:
        model = umap_maker(len(known), seed)
    except ImportError as error:
        raise MissingExtraError("placing pictures on a UMAP map", "maps") from error
    model.init, model.n_epochs = points, 0  # fitting is needed for the graph of neighbours alone
    model.fit(known)
    model.embedding_, model.n_epochs = points, None
    return np.asarray(model.transform(new), np.float32)

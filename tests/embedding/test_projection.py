"""Maps: neighbours stay neighbours, axes say what they are, a missing extra is named."""

import importlib.util

import numpy as np
import pytest

from impasto.embedding import projection
from impasto.embedding.projection import available_maps, project, trust
from impasto.embedding.settings import MAPS
from impasto.errors import MissingExtraError
from impasto.records.atlas import MapName

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 4, 160)
ISLANDS = (6 * np.eye(4, 12)[TRUE] + RNG.normal(0, 0.5, (160, 12))).astype(np.float32)


@pytest.mark.parametrize("name", MAPS)
def test_paintings_lie_beside_their_like(name: MapName) -> None:
    if name == "umap":
        pytest.importorskip("umap")
    laid = project(name, ISLANDS, 0)
    gaps = np.linalg.norm(laid.points[:, None] - laid.points[None], axis=2) + 1e9 * np.eye(160)
    right = TRUE[gaps.argmin(1)] == TRUE
    assert right.mean() > (0.99 if name in ("tsne", "umap") else 0.6)
    assert trust(ISLANDS, laid.points, 0) > (0.85 if name in ("tsne", "umap") else 0.7)


@pytest.mark.parametrize("name", ["pca", "svd", "tsne"])
def test_the_same_seed_gives_the_same_map(name: MapName) -> None:
    assert np.array_equal(
        project(name, ISLANDS[:60], 0).points, project(name, ISLANDS[:60], 0).points
    )


def test_trust_tells_a_map_from_a_random_one() -> None:
    strewn = np.random.default_rng(1).random((160, 2)).astype(np.float32)
    assert trust(ISLANDS, strewn, 0) == pytest.approx(0.5, abs=0.06)
    assert trust(ISLANDS[:, :2], ISLANDS[:, :2], 0) == 1


def test_the_axes_of_pca_state_their_share() -> None:
    laid = project("pca", ISLANDS, 0)
    centred = ISLANDS - ISLANDS.mean(0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    assert laid.explained == pytest.approx(values[:2] / values.sum(), rel=1e-4)
    assert f"{laid.explained[0]:.1%}" in laid.axes[0]
    np.testing.assert_allclose(np.abs(laid.points.std(0) ** 2 * 160), values[:2], rtol=1e-3)


def test_without_openTSNE_scikit_learn_lays_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "tsne_maker", lambda count, seed: None)
    laid = project("tsne", ISLANDS, 0)
    assert laid.parameters["library"] == "scikit-learn"
    assert trust(ISLANDS, laid.points, 0) > 0.85


def test_a_missing_extra_is_named_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said: list[str] = []
    assert available_maps(None, said.append) == ["tsne", "pca", "svd"]
    assert len(said) == 1 and "pip install 'umap-learn" in said[0]
    with pytest.raises(MissingExtraError, match=r"UMAP.*pip install 'umap-learn"):
        available_maps(["pca", "umap"], said.append)

"""Vectors: what is done to them does what its name says."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from impasto.collection.collection import Collection
from impasto.embedding.vectors import (
    Vectors,
    fit_preparation,
    pixel_components,
    pixels,
    reduced,
)

VECTORS = (np.random.default_rng(0).normal(size=(200, 12)) * np.arange(1, 13) + 5).astype(
    np.float32
)


def prepared(vectors: Vectors, preparation: Any, seed: int) -> Vectors:
    return fit_preparation(vectors, preparation, seed)(vectors)


def test_preparations_do_what_they_are_called() -> None:
    assert prepared(VECTORS, "none", 0) is VECTORS
    standard = prepared(VECTORS, "standardise", 0)
    np.testing.assert_allclose(standard.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(standard.std(0), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(prepared(VECTORS, "unit", 0), axis=1), 1, atol=1e-5)
    white = prepared(VECTORS, "whiten", 0)
    np.testing.assert_allclose(np.cov(white.T), np.eye(12), atol=1e-3)


def test_a_number_that_never_changes_is_no_division_by_zero() -> None:
    still = np.concatenate([VECTORS, np.full((200, 1), 3, np.float32)], axis=1)
    assert not prepared(still, "standardise", 0)[:, 12].any()


def test_reduction_keeps_the_largest_distances_and_leaves_few_numbers_alone() -> None:
    assert reduced(VECTORS, 12, 0) is VECTORS
    small = reduced(VECTORS, 10, 0)
    gaps = [np.linalg.norm(v[:50, None] - v[None, :50], axis=2) for v in (VECTORS, small)]
    assert small.shape == (200, 10)
    np.testing.assert_allclose(gaps[1], gaps[0], rtol=0.25, atol=3)
    assert (gaps[1] <= gaps[0] + 1e-3).all()


def test_small_pictures_are_averages_of_blocks(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=4, test=0, stored=64, split="stratified")
    small = pixels(collection).reshape(len(collection), 32, 32, 3)
    for row in range(0, len(collection), 5):
        stored, corners = collection.pixels[row], range(0, 64, 2)
        slow = [[stored[y : y + 2, x : x + 2].mean((0, 1)) for x in corners] for y in corners]
        np.testing.assert_allclose((small[row] + 1) * 127.5, slow, atol=1e-3)


def test_components_of_many_pictures_equal_those_of_all_in_memory(
    make_collection: Callable[..., Collection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test picture of 8 pixels has 192 numbers; components are equal up to their signs."""
    collection = make_collection(train=4, test=0, stored=64, split="stratified")
    monkeypatch.setattr("impasto.embedding.vectors.SIDE", 8)
    monkeypatch.setattr("impasto.embedding.vectors.TOGETHER", 0)
    every = pixels(collection)
    expected = PCA(3, svd_solver="full").fit_transform(every.astype(np.float64))
    found = pixel_components(collection, 3, 0)
    signs = np.sign((found * expected).sum(0))
    np.testing.assert_allclose(found * signs, expected, atol=1e-3)
    assert np.array_equal(pixel_components(collection, 192, 0), every)

"""Nearest neighbours are those of a slow search."""

import numpy as np
import pytest

from impasto.numerics.neighbours import centred_unit, nearest, unit

VECTORS = (np.random.default_rng(0).normal(size=(200, 12)) * np.arange(1, 13) + 5).astype(
    np.float32
)


@pytest.mark.parametrize("itself", [True, False])
def test_neighbours_are_those_of_a_slow_search(
    itself: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "impasto.numerics.neighbours.BLOCK", 33
    )  # blocks that do not divide the number
    found, cosines = nearest(unit(VECTORS), unit(VECTORS), 5, itself=itself)
    for row in range(0, 200, 17):
        likeness = [
            -2.0
            if itself and other == row
            else float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
            for other, (a, b) in enumerate(zip([VECTORS[row]] * 200, VECTORS, strict=True))
        ]
        assert found[row].tolist() == np.argsort(-np.asarray(likeness), kind="stable")[:5].tolist()
        np.testing.assert_allclose(cosines[row], sorted(likeness)[::-1][:5], atol=1e-5)


def test_neighbours_among_very_many_are_those_of_a_slow_search() -> None:
    """More columns than are sorted at once, in a number that no group divides."""
    rng = np.random.default_rng(4)
    among = unit(rng.normal(size=(1301, 4)).astype(np.float32))
    found, cosines = nearest(among[:40], among, 5, itself=True)
    slow = among[:40] @ among.T
    slow[np.arange(40), np.arange(40)] = -2
    np.testing.assert_allclose(cosines, np.sort(slow, 1)[:, ::-1][:, :5], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(slow, found, 1), cosines, atol=1e-6)


def test_the_single_nearest_of_equal_ones_is_the_first() -> None:
    known = unit(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))
    places, cosines = nearest(known[2:], known, 1)
    assert places.tolist() == [[1]]
    assert cosines.tolist() == [[1.0]]


def test_unit_vectors_keep_their_type_and_a_zero_vector_stays() -> None:
    made = unit(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    assert made.dtype == np.float32
    assert made.tolist() == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0]]))


def test_dot_products_of_centred_vectors_are_correlations() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 30))
    made = centred_unit(np.stack((a, 3 * b + 7)))
    assert made[0] @ made[1] == pytest.approx(np.corrcoef(a, b)[0, 1])

"""Classifier on hand-made features: it learns, chooses on validation, and knows its styles."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from impasto.collection.collection import Collection
from impasto.collection.handmade_classifier import fit_handmade_classifier
from impasto.errors import CollectionError
from impasto.images.treatments import blurred, recompressed


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(train=(30, 15, 15), test=8, size=48, stored=48, validation_share=0.2)


def test_it_learns_styles(collection: Collection) -> None:
    fitted = fit_handmade_classifier(collection)
    test = collection.indices("test")
    shares = fitted.probabilities(collection.pixels[test])
    assert shares.shape == (24, 3) and shares.dtype == np.float64
    np.testing.assert_allclose(shares.sum(1), 1)
    assert (shares.argmax(1) == collection.labels[test]).mean() > 0.9
    # Pictures of another size are brought to its own
    large = np.asarray(collection.pixels[test]).repeat(2, 1).repeat(2, 2)
    assert (fitted.probabilities(large).argmax(1) == collection.labels[test]).mean() > 0.9


def test_it_is_deterministic(collection: Collection) -> None:
    pictures = collection.pixels[:10]
    first, second = (fit_handmade_classifier(collection, varied=True, seed=3) for _ in range(2))
    assert (first.probabilities(pictures) == second.probabilities(pictures)).all()


def test_a_frequent_style_is_no_likelier_without_evidence(
    make_collection: Callable[..., Collection],
) -> None:
    """Where the pictures do not tell, 60 of 80 training pictures of a style count for nothing."""
    made = make_collection(train=(60, 12, 12), test=2, size=32, validation_share=0.2)
    rng = np.random.default_rng(0)
    labels = rng.permutation(made.labels)  # of other pictures
    mixed = replace(made)
    mixed.__dict__["labels"] = labels  # the cached property
    shares = fit_handmade_classifier(mixed).probabilities(made.pixels).mean(0)
    assert 0.2 < shares[0] < 0.5


def test_a_style_without_training_pictures_has_probability_zero(collection: Collection) -> None:
    rows = collection.indices("train")
    rows = rows[collection.labels[rows] != 1]
    fitted = fit_handmade_classifier(collection, rows)
    shares = fitted.probabilities(collection.pixels[collection.indices("test")])
    assert (shares[:, 1] == 0).all()
    of_two = np.delete(np.arange(24), np.flatnonzero(np.repeat(np.arange(3), 8) == 1))
    test = collection.indices("test")[of_two]
    answers = fitted.probabilities(collection.pixels[test]).argmax(1)
    assert (answers == collection.labels[test]).mean() > 0.9


def test_without_validation_pictures_some_training_pictures_choose(
    collection: Collection,
) -> None:
    fitted = fit_handmade_classifier(collection, validation=np.empty(0, np.int64))
    test = collection.indices("test")
    answers = fitted.probabilities(collection.pixels[test]).argmax(1)
    assert (answers == collection.labels[test]).mean() > 0.8


def test_one_style_is_refused(collection: Collection) -> None:
    rows = collection.indices("train")
    with pytest.raises(CollectionError, match="fewer than two styles"):
        fit_handmade_classifier(collection, rows[collection.labels[rows] == 0])


def balanced(answers: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([(answers[labels == s] == s).mean() for s in np.unique(labels)]))


@pytest.mark.paintings
def test_real_paintings(paintings_collection: Collection) -> None:
    """With 4,000 pictures it tells 13 styles; copies in training make it hold when blurred."""
    made = paintings_collection
    train, test = made.indices("train"), made.indices("test")
    some = np.random.default_rng(0).permutation(train)[:2000]
    plain, varied = (fit_handmade_classifier(made, some, varied=v) for v in (False, True))
    pictures, labels = np.asarray(made.pixels[test]), made.labels[test]
    real = balanced(plain.probabilities(pictures).argmax(1), labels)
    assert real > 0.33  # chance: 1/13
    soft = blurred(pictures, 1.0)
    fallen = balanced(plain.probabilities(soft).argmax(1), labels)
    held = balanced(varied.probabilities(soft).argmax(1), labels)
    assert held > fallen + 0.05 and held > 0.25
    again = balanced(varied.probabilities(recompressed(pictures, 60)).argmax(1), labels)
    assert again > real - 0.12

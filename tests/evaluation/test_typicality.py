"""Typical works lie in the middle of their style, by a slow re-write, and by what was planted."""

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.evaluation.typicality import Typicality, likeness


def clouds(seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], (12, 7, 2))
    return (3 + 4 * np.eye(5)[labels] + rng.normal(0, 1, (21, 5))).astype(np.float32), labels


def test_likeness_is_a_plain_loop() -> None:
    embedded, labels = clouds()
    x = embedded.astype(float)
    origin = np.mean(
        [
            np.mean([v for v, s in zip(x, labels, strict=True) if s == style], 0)
            for style in range(3)
        ],
        0,
    )
    units = [(v - origin) / np.linalg.norm(v - origin) for v in x]
    for at, found in enumerate(likeness(embedded, labels)):
        others = [units[i] for i in range(len(x)) if i != at and labels[i] == labels[at]]
        if len(others) < 2:
            assert np.isnan(found)
            continue
        middle = np.mean(others, 0)
        assert found == pytest.approx(units[at] @ middle / np.linalg.norm(middle))


def test_what_all_share_and_how_it_is_turned_mean_nothing() -> None:
    embedded, labels = clouds()
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    same = likeness((embedded @ turned * 3 + 7).astype(np.float32), labels)
    assert same == pytest.approx(likeness(embedded, labels), abs=1e-5, nan_ok=True)


def test_a_stranger_is_the_most_atypical_and_no_picture_is_both() -> None:
    embedded, labels = clouds()
    embedded[4] = embedded[labels == 1].mean(0)  # of style 0, painted as style 1
    found = Typicality.of(embedded, labels, 3)
    near, far = zip(*(found.ends(style, 4) for style in range(3)), strict=True)
    assert far[0][0] == 4
    assert [len(part) for part in near] == [len(part) for part in far] == [4, 3, 0]  # half of seven
    assert not set(near[1]) & set(far[1])
    assert (np.diff(found.likeness[near[0]]) <= 0).all()
    nearer, further = found.halves()
    assert len(nearer) == len(further) == 9
    assert 4 in further and not set(nearer) & set(further)

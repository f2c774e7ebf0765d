"""The artist oracle: answering each artist's usual style without looking at the picture."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def artist_oracle(
    train_artists: Sequence[str | None],
    train_labels: NDArray[np.int64],
    test_artists: Sequence[str | None],
    styles: int,
    *,
    uniform: bool = False,
) -> NDArray[np.int64]:
    """The style that each test picture's artist painted most often in training, ``int64 (test,)``.

    An artist who is unknown or not in training gets the majority style. Of equally frequent styles
    the one met first counts.

    Args:
        train_artists: the artist of each training picture, ``None`` where unknown.
        train_labels: ``int64 (train,)``.
        test_artists: the artist of each test picture.
        styles: the number of styles.
        uniform: suppose every style equally frequent: an artist's works of a style count by their
            share of the style's training pictures. An unknown artist's style is then open, and
            stays the majority style.
    """
    counts = np.bincount(train_labels, minlength=styles)
    majority = int(counts.argmax())
    weight = 1 / np.maximum(counts, 1) if uniform else np.ones(styles)
    works: dict[str, Counter[int]] = {}
    for artist, label in zip(train_artists, train_labels.tolist(), strict=True):
        if artist is not None:
            works.setdefault(artist, Counter())[label] += 1
    usual: dict[str, int] = {}
    for artist, own in works.items():
        weighed = {label: count * weight[label] for label, count in own.items()}
        usual[artist] = max(weighed, key=weighed.__getitem__)
    answers = (
        usual.get(artist, majority) if artist is not None else majority for artist in test_artists
    )
    return np.fromiter(answers, np.int64, len(test_artists))

"""Is the second guess on a work that stands under two styles its second label?

Only works whose copies all are test pictures, and unknown to the network, count: of another it may
    have been taught the
second label.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.multi_style import copies_of, find_multi_style
from impasto.evaluation.loaded_classifier import Outputs
from impasto.numerics.bootstrap import estimate, resampled_means

Floats = NDArray[np.float64]
LISTED = 200


def second_guesses(
    found: Collection,
    looked: Outputs,
    shares: Floats,
    taught: AbstractSet[str],
    *,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """How often the second guess on test works under two styles is their second label, beside what else it would be.

    Args:
        found: the collection.
        looked: the test pictures.
        shares: their probabilities, ``(N, styles)``.
        taught: hashes of the pictures that the network was trained or chosen on, wherever they
            stand here.
        resamples: of the bootstrap.
        seed: of resampling.

    Returns:
        ``works`` (counted), ``taught`` (works with a copy that it was, left out), ``scores`` of
        ``second_guess_scores`` or ``None`` without works, and ``items``, a row a picture.
    """
    place = {int(row): at for at, row in enumerate(looked.rows)}
    tested = [
        rows
        for rows in find_multi_style(found, copies_of(found)).works(len(found))
        if set(rows.tolist()) & place.keys()
    ]
    marks = found.column("sha256")
    works = [
        np.array([place[row] for row in rows.tolist()])
        for rows in tested
        if all(row in place and marks[row] not in taught for row in rows.tolist())
    ]
    scores, items = None, []
    if works:
        scores = second_guess_scores(looked.labels, shares, works, resamples=resamples, seed=seed)
        guesses, ids, styles = (
            guessed(looked.labels, shares),
            found.column("id"),
            found.vocabulary.styles,
        )
        items = [
            {
                "id": ids[looked.rows[at]],
                "style": styles[looked.labels[at]],
                "second_label": ", ".join(styles[s] for s in _others(looked.labels, work, at)),
                "second_guess": styles[guesses[at]],
                "probability": float(shares[at, guesses[at]]),
            }
            for work in works
            for at in work.tolist()
        ]
    return {
        "works": len(works),
        "taught": len(tested) - len(works),
        "scores": scores,
        "items": items[:LISTED],
    }


def guessed(labels: NDArray[np.int64], shares: Floats) -> NDArray[np.int64]:
    """The second guess on each picture, ``int64 (N,)``.

    The likeliest style but the one that it stands under.
    """
    rest = shares.copy()
    rest[np.arange(len(labels)), labels] = -1
    return np.asarray(rest.argmax(1), np.int64)


def second_guess_scores(
    labels: NDArray[np.int64],
    shares: Floats,
    works: Sequence[NDArray[np.int64]],
    *,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """The share of works whose second guess is their second label, with 95 % bootstrap intervals over works.

    A work is the mean over its pictures, each of which has one of the labels as its own and the
    rest as second labels.

    Args:
        labels: of the test pictures, ``(N,)``.
        shares: their probabilities, ``(N, styles)``.
        works: places of each work's pictures.
        resamples: of the bootstrap.
        seed: of resampling.

    Returns:
        ``rate``; ``expected``: what the second guesses on the other test pictures of the same style
        would give; ``difference`` of the two; ``chance``: what drawing a second guess at random
        would give.
    """
    guesses, styles = guessed(labels, shares), shares.shape[1]
    single = np.ones(len(labels), bool)
    single[np.concatenate(works)] = False
    usual = np.full(
        (styles, styles), 1 / (styles - 1)
    )  # a style with no other test pictures: drawn at random
    for style in np.unique(labels[single]):
        usual[style] = (
            np.bincount(guesses[single & (labels == style)], minlength=styles)
            / (single & (labels == style)).sum()
        )
    values = []
    for work in works:
        seconds = [_others(labels, work, at) for at in work.tolist()]
        values.append(
            [
                np.mean([guesses[at] in other for at, other in zip(work, seconds, strict=True)]),
                np.mean(
                    [
                        usual[labels[at], other].sum()
                        for at, other in zip(work, seconds, strict=True)
                    ]
                ),
                np.mean([len(other) / (styles - 1) for other in seconds]),
            ]
        )
    table = np.array(values)  # (works, 3)
    drawn = resampled_means(table, resamples=resamples, seed=seed)
    rate, expected, chance = table.mean(0).tolist()
    return {
        "rate": estimate(rate, drawn[:, 0]),
        "expected": estimate(expected, drawn[:, 1]),
        "difference": estimate(rate - expected, drawn[:, 0] - drawn[:, 1]),
        "chance": chance,
    }


def _others(labels: NDArray[np.int64], work: NDArray[np.int64], at: int) -> list[int]:
    """The styles that a work stands under besides the one of this picture of it."""
    return sorted(set(labels[work].tolist()) - {int(labels[at])})

"""The most typical and the most atypical works of each style, among test pictures, as the network sees them.

Typical is what lies nearest to the middle of its style: the likeness of a picture is the cosine
    between its
representation and the mean of the representations of its style's other test pictures. The
probability of the own style would be another measure; it tells what is far from all other styles,
not what is like its own.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.evaluation.loaded_classifier import Outputs
from impasto.numerics.bootstrap import share_estimate
from impasto.numerics.neighbours import unit

Floats = NDArray[np.float64]
LEAST = 3  # test pictures from which a style has a middle


def likeness(embedded: NDArray[np.float32], labels: NDArray[np.int64]) -> Floats:
    """How near each picture is to the middle of its style, ``float64 (N,)`` in [-1, 1]; NaN with fewer than ``LEAST``.

    All representations are first moved so that the mean of the styles' means is the origin – what
    every painting shares tells nothing – and scaled to length 1. A picture does not count in the
    middle that it is compared with.

    Args:
        embedded: representations, ``(N, D)``.
        labels: their styles, ``(N,)``.
    """
    vectors, present = embedded.astype(np.float64), np.unique(labels)
    vectors = vectors - np.mean([vectors[labels == style].mean(0) for style in present], axis=0)
    vectors = unit(vectors)
    result = np.full(len(labels), np.nan)
    for style in present:
        mine = labels == style
        if mine.sum() >= LEAST:
            others = vectors[mine].sum(0) - vectors[mine]  # a sum points where the mean does
            result[mine] = (vectors[mine] * unit(others)).sum(1)
    return result


def typical(
    looked: Outputs,
    shares: Floats,
    ids: NDArray[np.object_],
    *,
    each: int,
    resamples: int,
    seed: int,
) -> tuple[list[list[int]], list[list[int]], dict[str, Any]]:
    """Places of the ``each`` most typical and most atypical test pictures of every style, and the same in words.

    Args:
        looked: what the network says of the test pictures.
        shares: their probabilities, ``(N, styles)``.
        ids: of the test pictures.
        each: how many of a style at each end; fewer where it has fewer than twice as many.
        resamples: of the bootstrap.
        seed: of resampling.

    Returns:
        Places among the test pictures, a list a style: typical ones first to last, and atypical
            ones, the most atypical
        first; and ``styles`` (a row each) and ``recognised``: the shares of right answers in the
        nearer and the further half of the styles, ``None`` where no style has a middle.
    """
    near, answers = likeness(looked.features, looked.labels), shares.argmax(1)
    ends: tuple[list[list[int]], list[list[int]]] = ([], [])
    halves: tuple[list[int], list[int]] = ([], [])
    for style in range(shares.shape[1]):
        mine = np.flatnonzero((looked.labels == style) & ~np.isnan(near))
        order = mine[np.argsort(-near[mine], kind="stable")].tolist()
        half = len(order) // 2
        ends[0].append(order[: min(each, half)])
        ends[1].append(order[::-1][: min(each, half)])
        halves[0].extend(order[:half])
        halves[1].extend(order[len(order) - half :])

    def row(place: int) -> dict[str, Any]:
        own = shares[place, looked.labels[place]]
        return {"id": ids[place], "likeness": float(near[place]), "probability": float(own)}

    def recognised(half: list[int]) -> dict[str, float]:
        hit = answers[half] == looked.labels[half]
        return share_estimate(hit, looked.labels[half], resamples=resamples, seed=seed)

    told = {
        "styles": [
            {"typical": [row(p) for p in first], "atypical": [row(p) for p in last]}
            for first, last in zip(*ends, strict=True)
        ],
        "recognised": {"nearer": recognised(halves[0]), "further": recognised(halves[1])}
        if halves[0]
        else None,
    }
    return *ends, told

"""Three arms of a painter's score, classified alike: painted, colour transfer, unchanged."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.painter_score_findings import ARMS
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.numerics.distances import colour_difference, frechet_distance, kernel_distance

POOL: Final = 1000  # size of the pool in which an original is looked for


@dataclass(frozen=True, slots=True)
class Arms:
    """The evaluator's answers on every arm, and the content kept of the originals.

    Attributes:
        hits: whether picture i is classified as target style t, ``bool (N, styles)`` each.
        contents: content measures of the pictures, style by style.
        kernel, frechet: distances to the real test pictures of a style, by its name.
        searched: size of the pool in which originals were looked for.
    """

    hits: dict[str, NDArray[np.bool_]]
    contents: dict[str, list[dict[str, NDArray[np.float64]]]]
    kernel: dict[str, dict[str, float | None]]
    frechet: dict[str, dict[str, float | None]]
    searched: int


def measure_arms(subject: PainterUnderTest, real: NDArray[np.float32], seed: int) -> Arms:
    """Paint every test picture in every other style, and classify the results.

    Args:
        subject: the painter, its evaluator and the test pictures.
        real: features of all test pictures, ``(M, D)``.
        seed: of the choice of pictures for colour transfer.
    """
    found, labels, names = subject.found, subject.labels, subject.found.vocabulary.styles
    rng, eye = np.random.default_rng(seed), torch.eye(len(names))
    train, test_labels = found.indices("train"), found.labels[found.indices("test")]
    haystack = _haystack(subject)
    arms = Arms(
        {arm: np.zeros((len(labels), len(names)), bool) for arm in ARMS}, {}, {}, {}, len(haystack)
    )
    for style in np.unique(labels).tolist():
        others = np.flatnonzero(labels != style)
        sources, models = subject.originals[others], train[found.labels[train] == style]
        lent = subject.stored(rng.choice(models, len(others))) if len(models) else sources
        made = {
            "painted": subject.painted(sources, eye[[style] * len(others)]),
            "histogram": np.stack(
                [numbers.matched(one, other) for one, other in zip(sources, lent, strict=True)]
            ),
            "unchanged": sources,
        }
        kernel = arms.kernel.setdefault(names[style], {})
        frechet = arms.frechet.setdefault(names[style], {})
        theirs = real[test_labels == style]
        for arm, pictures in made.items():
            shares, embedded = subject.classified(pictures)
            arms.hits[arm][others, style] = shares.argmax(1) == style
            kernel[arm] = kernel_distance(embedded, theirs)
            frechet[arm] = frechet_distance(embedded, theirs)
            arms.contents.setdefault(arm, []).append(_content(pictures, sources, others, haystack))
    return arms


def _haystack(subject: PainterUnderTest) -> NDArray[np.float64]:
    """Shades of the pool in which originals are looked for; the originals come first."""
    found = subject.found
    pool = np.concatenate([found.indices(split) for split in ("test", "train", "validation")])
    rest = pool[~np.isin(pool, subject.rows)][: max(0, POOL - len(subject.rows))]
    return numbers.shaded(np.concatenate((subject.originals, subject.stored(rest))))


def _content(
    pictures: NDArray[np.uint8],
    sources: NDArray[np.uint8],
    rows: NDArray[np.int64],
    haystack: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    return {
        **numbers.kept(pictures, sources),
        "retrieved": numbers.retrieved(numbers.shaded(pictures), rows, haystack).astype(np.float64),
        "colour_shift": colour_difference(pictures, sources),
        "picture": rows.astype(np.float64),
    }

"""Three arms of a painter's score, judged alike: painted, colours exchanged, unchanged."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.painter_score_findings import ARMS
from impasto.evaluation.painter_under_test import PainterUnderTest
from impasto.numerics.distances import colour_difference, frechet_distance, kernel_distance

POOL: Final = 1000  # pictures among which an original is looked for


@dataclass(frozen=True, slots=True)
class Arms:
    """What the evaluator says of every arm, and what is left of the originals.

    Attributes:
        hits: whether style t is seen in picture i where it is asked for, ``bool (N, styles)`` each.
        contents: what is kept of the pictures, style by style.
        kernel, frechet: distances to the real test pictures of a style, by its name.
        searched: pictures among which originals were looked for.
    """

    hits: dict[str, NDArray[np.bool_]]
    contents: dict[str, list[dict[str, NDArray[np.float64]]]]
    kernel: dict[str, dict[str, float | None]]
    frechet: dict[str, dict[str, float | None]]
    searched: int


def measure_arms(subject: PainterUnderTest, real: NDArray[np.float32], seed: int) -> Arms:
    """Paint everything in every other style, and look at it.

    Args:
        subject: who is scored on what.
        real: representations of all test pictures, ``(M, D)``.
        seed: of whose colours are taken.
    """
    found, labels, names = subject.found, subject.labels, subject.found.vocabulary.styles
    rng, eye = np.random.default_rng(seed), torch.eye(len(names))
    train, test_labels, haystack = (
        found.indices("train"),
        found.labels[found.indices("test")],
        _haystack(subject),
    )
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
        kernel, frechet = (
            table.setdefault(names[style], {}) for table in (arms.kernel, arms.frechet)
        )
        theirs = real[test_labels == style]
        for arm, pictures in made.items():
            shares, embedded = subject.classified(pictures)
            arms.hits[arm][others, style] = shares.argmax(1) == style
            kernel[arm], frechet[arm] = (
                kernel_distance(embedded, theirs),
                frechet_distance(embedded, theirs),
            )
            arms.contents.setdefault(arm, []).append(_content(pictures, sources, others, haystack))
    return arms


def _haystack(subject: PainterUnderTest) -> NDArray[np.float64]:
    """The pictures among which originals are looked for: these first."""
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

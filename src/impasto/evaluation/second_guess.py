"""Second guesses on works under two styles: how often they are the second label.

Only works whose copies all are test pictures, and unknown to the network, count: on others it may
have been trained under the second label.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.multi_style import copies_of, find_multi_style
from impasto.evaluation.loaded_classifier import Outputs
from impasto.numerics.bootstrap import resampled_means, share_interval
from impasto.records.explanation import SecondGuesses, SecondGuessItem, SecondGuessScores
from impasto.records.record import Interval

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
LISTED = 200


def second_guesses(
    collection: Collection,
    test: Outputs,
    probabilities: Floats,
    known: AbstractSet[str],
    *,
    resamples: int,
    seed: int,
) -> SecondGuesses:
    """Compare second guesses on test works under two styles with their second labels.

    Args:
        collection: with pictures.
        test: the classifier's outputs for test pictures.
        probabilities: of the test pictures, ``(N, styles)``.
        known: hashes of the pictures that the network was trained or chosen on.
        resamples: of the bootstrap.
        seed: of resampling.
    """
    place = {int(row): at for at, row in enumerate(test.rows)}
    hashes, styles = collection.column("sha256"), collection.vocabulary.styles
    works, taught = [], 0
    for rows in find_multi_style(collection, copies_of(collection)).works(len(collection)):
        if not any(row in place for row in rows.tolist()):
            continue
        if all(row in place and hashes[row] not in known for row in rows.tolist()):
            works.append(np.array([place[row] for row in rows.tolist()]))
        else:
            taught += 1
    if not works:
        return SecondGuesses(works=0, taught=taught, scores=None, items=())
    ids, guesses, items = collection.column("id"), guessed(test.labels, probabilities), []
    for work in works:
        for at in work.tolist():
            seconds = _other_labels(test.labels, work, at)
            item = SecondGuessItem(
                id=ids[test.rows[at]],
                style=styles[test.labels[at]],
                second_label=", ".join(styles[style] for style in seconds),
                second_guess=styles[guesses[at]],
                probability=float(probabilities[at, guesses[at]]),
            )
            items.append(item)
    return SecondGuesses(
        works=len(works),
        taught=taught,
        scores=second_guess_scores(
            test.labels, probabilities, works, resamples=resamples, seed=seed
        ),
        items=tuple(items[:LISTED]),
    )


def guessed(labels: Labels, probabilities: Floats) -> Labels:
    """Second guess on each picture, ``int64 (N,)``: the likeliest style but its label."""
    rest = probabilities.copy()
    rest[np.arange(len(labels)), labels] = -1
    return np.asarray(rest.argmax(1), np.int64)


def second_guess_scores(
    labels: Labels,
    probabilities: Floats,
    works: Sequence[Labels],
    *,
    resamples: int,
    seed: int,
) -> SecondGuessScores:
    """Share of works whose second guess is their second label, with intervals over works.

    A work is the mean over its pictures, each of which has one of the labels as its own and the
    rest as second labels. ``expected`` is what the second guesses on the other test pictures of the
    same style would give, ``chance`` what drawing a second guess at random would give.

    Args:
        labels: of the test pictures, ``(N,)``.
        probabilities: of the test pictures, ``(N, styles)``.
        works: places of each work's pictures.
        resamples: of the bootstrap.
        seed: of resampling.
    """
    guesses, styles = guessed(labels, probabilities), probabilities.shape[1]
    single = np.ones(len(labels), bool)
    single[np.concatenate(works)] = False
    # A style with no other test pictures: drawn at random
    usual = np.full((styles, styles), 1 / (styles - 1))
    for style in np.unique(labels[single]):
        others = guesses[single & (labels == style)]
        usual[style] = np.bincount(others, minlength=styles) / len(others)
    values = []
    for work in works:
        pictures = []
        for at in work.tolist():
            seconds = _other_labels(labels, work, at)
            hit, expected = guesses[at] in seconds, usual[labels[at], seconds].sum()
            pictures.append((hit, expected, len(seconds) / (styles - 1)))
        values.append([np.mean(column) for column in zip(*pictures, strict=True)])
    table = np.array(values)  # (works, 3)
    drawn = resampled_means(table, resamples=resamples, seed=seed)
    rate, expected, chance = table.mean(0).tolist()
    units: dict[str, float] = {"count": len(table), "freedom": len(table) - 1}
    return SecondGuessScores(
        rate=Interval(**share_interval(rate, drawn[:, 0], **units)),
        expected=Interval(**share_interval(expected, drawn[:, 1], **units)),
        difference=Interval(
            **share_interval(rate - expected, drawn[:, 0] - drawn[:, 1], **units, least=-1.0)
        ),
        chance=chance,
    )


def _other_labels(labels: Labels, work: Labels, at: int) -> list[int]:
    """Styles that a work stands under besides the label of one of its pictures."""
    return sorted(set(labels[work].tolist()) - {int(labels[at])})

"""What vectors know of styles: the vote of nearest neighbours and a linear probe, scored on test pictures.

Both are fitted on the training pictures with every style weighed the same; what is free is chosen
on validation.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from impasto.embedding.vectors import Vectors
from impasto.numerics import metrics
from impasto.numerics.bootstrap import confusion_estimates
from impasto.numerics.neighbours import nearest, unit

Labels = NDArray[np.int64]
NEIGHBOURS = (1, 5, 10, 20, 50)
STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # inverse regularisation of the logistic regression
FITTED = 20_000  # training pictures that a probe is fitted on, drawn with the seed


def neighbour_votes(
    vectors: Vectors, labels: Labels, rows: Mapping[str, Labels], styles: int
) -> dict[int, Labels]:
    """For each number of neighbours, what they name on validation and then on test pictures, ``int64 (V + T,)``.

    A vote counts one over the pictures that its style has in training; ties go to the first style.
    """
    train = rows["train"]
    asked = np.concatenate((rows["validation"], rows["test"]))
    most = min(max(NEIGHBOURS), len(train))
    near, _ = nearest(unit(vectors[asked]), unit(vectors[train]), most)
    weight = 1 / np.maximum(np.bincount(labels[train], minlength=styles), 1)
    votes = np.zeros((len(asked), styles))
    answers: dict[int, Labels] = {}
    for place in range(most):
        said = labels[train][near[:, place]]
        votes[np.arange(len(asked)), said] += weight[said]
        if place + 1 in NEIGHBOURS:
            answers[place + 1] = votes.argmax(1)
    return answers


def linear_answers(
    vectors: Vectors, labels: Labels, rows: Mapping[str, Labels], seed: int
) -> dict[float, Callable[[Labels], Labels]]:
    """For each strength a fitted probe: what it names on rows."""
    train = np.random.default_rng([seed, 4]).permutation(rows["train"])[:FITTED]
    known = vectors[train]
    middle, spread = known.mean(0), float(np.sqrt(known.var(0).mean())) or 1.0

    def scaled(at: Labels) -> Vectors:
        return np.asarray((vectors[at] - middle) / spread, np.float32)

    def fitted(strength: float) -> Callable[[Labels], Labels]:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=100, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ConvergenceWarning
            )  # validation chooses among what there is
            model.fit(scaled(train), labels[train])
        return lambda at: np.asarray(model.predict(scaled(at)), np.int64)

    return {
        strength: fitted(strength)
        for strength in (STRENGTHS if len(rows["validation"]) else STRENGTHS[1:2])
    }


def probe(
    vectors: Vectors,
    labels: Labels,
    rows: Mapping[str, Labels],
    *,
    styles: int,
    resamples: int,
    seed: int,
) -> dict[str, Any] | None:
    """``knn`` and ``linear_probe``: scores with intervals, what was chosen, and each style's recall.

    Args:
        vectors: ``(N, D)``.
        labels: styles, ``int64 (N,)``.
        rows: of ``train``, ``validation`` (may be empty) and ``test``.
        styles: the number of styles.
        resamples: of the bootstrap.
        seed: of resampling.

    Returns:
        ``None`` where training or test pictures are missing, or training has one style.
    """
    train, validation, test = (rows[name] for name in ("train", "validation", "test"))
    if not len(test) or len(np.unique(labels[train])) < 2:
        return None

    def told(answers: Labels, chosen: Mapping[str, Any]) -> dict[str, Any]:
        confusion = metrics.confusion_matrix(labels[test], answers, styles)
        recall = [None if np.isnan(value) else float(value) for value in metrics.recalls(confusion)]
        return {
            **chosen,
            "scores": confusion_estimates(confusion, resamples=resamples, seed=seed),
            "recall": recall,
        }

    def right(answers: Labels) -> float:
        return (
            metrics.scores(labels[validation], answers, styles)["balanced_accuracy"]
            if len(validation)
            else 0.0
        )

    votes = neighbour_votes(vectors, labels, rows, styles)
    k = (
        max(votes, key=lambda n: right(votes[n][: len(validation)]))
        if len(validation)
        else min(10, max(votes))
    )
    linear = linear_answers(vectors, labels, rows, seed)
    strength = max(linear, key=lambda c: right(linear[c](validation)) if len(validation) else 0.0)
    return {
        "knn": told(votes[k][len(validation) :], {"neighbours": k}),
        "linear_probe": told(
            linear[strength](test), {"strength": strength, "fitted": min(len(train), FITTED)}
        ),
    }

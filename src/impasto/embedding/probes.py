"""Supervised probes of an embedding: k nearest neighbours and logistic regression.

Both are fitted on the training pictures with every style weighed the same, choose their
hyper-parameter on validation, and are scored on test pictures.
"""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from impasto.embedding.vectors import Vectors
from impasto.numerics import metrics
from impasto.numerics.bootstrap import PictureDraws, confusion_estimates
from impasto.numerics.neighbours import nearest, unit
from impasto.records.atlas import LinearProbe, NeighbourProbe, Probes, ProbeScores

Labels = NDArray[np.int64]
NEIGHBOURS = (1, 5, 10, 20, 50)
STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # scikit-learn's C: inverse regularisation
FITTED = 20_000  # training pictures that a probe is fitted on, drawn with the seed


def neighbour_votes(
    vectors: Vectors, labels: Labels, splits: Mapping[str, Labels], styles: int
) -> dict[int, Labels]:
    """Classify validation and test pictures, ``int64 (V + T,)``, by each number of neighbours.

    A vote counts one over the pictures that its style has in training; ties go to the first style.
    """
    train = splits["train"]
    asked = np.concatenate((splits["validation"], splits["test"]))
    most = min(max(NEIGHBOURS), len(train))
    near, _ = nearest(unit(vectors[asked]), unit(vectors[train]), most)
    weight = 1 / np.maximum(np.bincount(labels[train], minlength=styles), 1)
    votes = np.zeros((len(asked), styles))
    answers: dict[int, Labels] = {}
    for place in range(most):
        named = labels[train][near[:, place]]
        votes[np.arange(len(asked)), named] += weight[named]
        if place + 1 in NEIGHBOURS:
            answers[place + 1] = votes.argmax(1)
    return answers


def linear_probes(
    vectors: Vectors, labels: Labels, splits: Mapping[str, Labels], seed: int
) -> dict[float, Callable[[Labels], Labels]]:
    """Fit a logistic regression of each strength; each classifies the rows that it is given."""
    train = np.random.default_rng([seed, 4]).permutation(splits["train"])[:FITTED]
    known = vectors[train]
    mean, deviation = known.mean(0), float(np.sqrt(known.var(0).mean())) or 1.0

    def scaled(rows: Labels) -> Vectors:
        return np.asarray((vectors[rows] - mean) / deviation, np.float32)

    def fitted(strength: float) -> Callable[[Labels], Labels]:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=100, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # validation chooses what it got to
            model.fit(scaled(train), labels[train])
        return lambda rows: np.asarray(model.predict(scaled(rows)), np.int64)

    strengths = STRENGTHS if len(splits["validation"]) else STRENGTHS[1:2]
    return {strength: fitted(strength) for strength in strengths}


def probe(
    vectors: Vectors,
    labels: Labels,
    splits: Mapping[str, Labels],
    *,
    styles: int,
    resamples: int,
    seed: int,
    artists: PictureDraws | None = None,
) -> Probes | None:
    """Fit and score both probes.

    Args:
        vectors: ``(N, D)``.
        labels: styles, ``int64 (N,)``.
        splits: rows of ``train``, ``validation`` (may be empty) and ``test``.
        styles: the number of styles.
        resamples: of the bootstrap.
        seed: of resampling.
        artists: of the test pictures drawn again, in place of ``resamples``; ``None``: pictures are
            drawn one by one.

    Returns:
        ``None`` where training or test pictures are missing, or training has one style.
    """
    train, validation, test = (splits[name] for name in ("train", "validation", "test"))
    if not len(test) or len(np.unique(labels[train])) < 2:
        return None

    def scored(answers: Labels) -> tuple[ProbeScores, tuple[float | None, ...]]:
        confusion = metrics.confusion_matrix(labels[test], answers, styles)
        recall = [None if np.isnan(value) else float(value) for value in metrics.recalls(confusion)]
        if artists is None:
            estimates = confusion_estimates(confusion, resamples=resamples, seed=seed)
        else:
            drawn = artists.scores(answers)
            estimates = {name: artists.estimate(values) for name, values in drawn.items()}
        scores = {name: estimates[name] for name in ProbeScores.model_fields}
        return ProbeScores.model_validate(scores), tuple(recall)

    def on_validation(answers: Labels) -> float:
        scores = metrics.scores(labels[validation], answers, styles)
        return scores["balanced_accuracy"]

    votes = neighbour_votes(vectors, labels, splits, styles)
    linear = linear_probes(vectors, labels, splits, seed)
    k, strength = min(10, max(votes)), next(iter(linear))
    if len(validation):
        k = max(votes, key=lambda n: on_validation(votes[n][: len(validation)]))
        strength = max(linear, key=lambda c: on_validation(linear[c](validation)))
    scores, recall = scored(votes[k][len(validation) :])
    knn = NeighbourProbe(neighbours=k, scores=scores, recall=recall)
    scores, recall = scored(linear[strength](test))
    fitted = min(len(train), FITTED)
    probed = LinearProbe(strength=strength, fitted=fitted, scores=scores, recall=recall)
    return Probes(knn=knn, linear_probe=probed)

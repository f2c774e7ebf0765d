"""What every score stands beside: answers that need no network, or that do not look at the picture.

The majority style; guessing in the training shares; colour histograms with logistic regression,
chosen on validation; and each artist's usual style.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection
from impasto.images.colour_histogram import histograms
from impasto.numerics import metrics
from impasto.numerics.bootstrap import confusion_estimates, draw_tables, estimate

Labels = NDArray[np.int64]
Rows = NDArray[np.int64]
STRENGTHS = (
    0.1,
    1.0,
    10.0,
)  # inverse regularisation of the logistic regression, tried on validation


def baselines(
    collection: Collection, rows: Mapping[str, Rows], *, uniform: bool, resamples: int, seed: int
) -> dict[str, dict[str, Any] | None]:
    """Each baseline's scores on the test rows with intervals and a note; ``None`` where it is not applicable.

    Args:
        collection: with pictures.
        rows: to learn from (``train``), to choose the histogram's regularisation on
            (``validation``; may be empty), and to answer (``test``).
        uniform: weigh every style the same when learning, as the network's answers do.
        resamples: of the bootstrap.
        seed: of resampling and guessing.
    """
    labels, styles = collection.labels, len(collection.vocabulary)
    train, test = rows["train"], rows["test"]

    def scored(answers: Labels, note: str) -> dict[str, Any]:
        confusion = metrics.confusion_matrix(labels[test], answers, styles)
        return {**confusion_estimates(confusion, resamples=resamples, seed=seed), "note": note}

    counts = np.bincount(labels[train], minlength=styles)
    if (counts > 0).sum() < 2:  # a collection of test pictures alone teaches nothing
        return dict.fromkeys(("majority", "prior_matched", "colour_histogram", "artist_oracle"))
    majority = int(counts.argmax())
    answers, note = _histogram(collection, rows, uniform)
    return {
        "majority": scored(
            np.full(len(test), majority), f"always {collection.vocabulary.styles[majority]}"
        ),
        "prior_matched": _guesses(labels[test], counts / counts.sum(), resamples, seed),
        "colour_histogram": scored(answers, note),
        "artist_oracle": _oracle(
            collection, np.sort(np.concatenate((train, rows["validation"]))), test, scored
        ),
    }


def _histogram(
    collection: Collection, rows: Mapping[str, Rows], uniform: bool
) -> tuple[Labels, str]:
    """Answers of the logistic regression on histograms."""
    labels, styles = collection.labels, len(collection.vocabulary)
    train, chosen_on, test = (rows[split] for split in ("train", "validation", "test"))
    known, tried = histograms(collection.pixels, train), histograms(collection.pixels, chosen_on)

    def fit(strength: float) -> LogisticRegression:
        weight = "balanced" if uniform else None
        return LogisticRegression(C=strength, class_weight=weight, max_iter=200, tol=1e-3).fit(
            known, labels[train]
        )

    def score(model: LogisticRegression) -> float:
        found = metrics.scores(labels[chosen_on], model.predict(tried), styles)
        return found["balanced_accuracy" if uniform else "accuracy"]

    if len(chosen_on) == 0:
        return fit(STRENGTHS[1]).predict(
            histograms(collection.pixels, test)
        ), f"C = {STRENGTHS[1]:g}, not chosen"
    models = {strength: fit(strength) for strength in STRENGTHS}
    best = max(models, key=lambda strength: score(models[strength]))
    answers = models[best].predict(histograms(collection.pixels, test))
    return answers, f"8×8×8 colours, logistic regression with C = {best:g} chosen on validation"


def _guesses(
    labels: Labels, shares: NDArray[np.float64], resamples: int, seed: int
) -> dict[str, Any]:
    """Scores of guessing in the shares of the training pictures.

    Their mean and spread over many rounds.
    """
    counts = np.bincount(labels, minlength=len(shares))
    rounds = np.tile(shares, (len(shares), 1))
    drawn = draw_tables(counts, rounds, resamples, np.random.default_rng(seed))
    scores = metrics.stacked_scores(drawn)
    note = f"mean of {resamples} rounds of guessing in the training shares"
    found = {name: estimate(values.mean(), values) for name, values in scores.items()}
    return {**found, "note": note}


def _oracle(
    collection: Collection, train: Rows, test: Rows, scored: Callable[[Labels, str], dict[str, Any]]
) -> dict[str, Any] | None:
    """The artist oracle's scores, where any test picture's artist is known from training."""
    artists = np.asarray(collection.column("artist"), object)
    known = {a for a in artists[train] if a is not None}
    met = sum(a in known for a in artists[test])
    if not met:
        return None
    answers = artist_oracle(
        artists[train].tolist(),
        collection.labels[train],
        artists[test].tolist(),
        len(collection.vocabulary),
    )
    return scored(answers, f"artist known from training for {met} of {len(test)} pictures")

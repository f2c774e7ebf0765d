"""Baselines: answers that need no network, or that do not look at the picture.

The majority style; guessing in the training shares; colour histograms with logistic regression,
chosen on validation; and each artist's usual style.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection
from impasto.images.colour_histogram import histograms
from impasto.numerics import metrics
from impasto.numerics.bootstrap import confusion_estimates, draw_tables, estimate
from impasto.records.evaluation import BaselineScores, score_table

Labels = NDArray[np.int64]
Rows = NDArray[np.int64]
# Inverse regularisation of the logistic regression, tried on validation
STRENGTHS = (0.1, 1.0, 10.0)


def baselines(
    collection: Collection, rows: Mapping[str, Rows], *, uniform: bool, resamples: int, seed: int
) -> dict[str, BaselineScores | None]:
    """Each baseline's scores on the test rows; ``None`` where it is not applicable.

    Args:
        collection: with pictures.
        rows: to learn from (``train``), to choose the histogram's regularisation on
            (``validation``; may be empty), and to answer (``test``).
        uniform: weigh every style the same when learning, as the network's answers do.
        resamples: of the bootstrap.
        seed: of resampling and guessing.
    """
    labels, styles = collection.labels, collection.vocabulary.styles
    train, test = rows["train"], rows["test"]

    def scored(answers: Labels, note: str) -> BaselineScores:
        confusion = metrics.confusion_matrix(labels[test], answers, len(styles))
        estimates = confusion_estimates(confusion, resamples=resamples, seed=seed)
        return BaselineScores(scores=score_table(estimates), note=note)

    counts = np.bincount(labels[train], minlength=len(styles))
    if (counts > 0).sum() < 2:  # a collection of test pictures alone teaches nothing
        return dict.fromkeys(("majority", "prior_matched", "colour_histogram", "artist_oracle"))
    majority = int(counts.argmax())
    always = np.full(len(test), majority)
    oracle = _oracle_answers(collection, np.sort(np.concatenate((train, rows["validation"]))), test)
    return {
        "majority": scored(always, f"always {styles[majority]}"),
        "prior_matched": _guesses(labels[test], counts / counts.sum(), resamples, seed),
        "colour_histogram": scored(*_histogram_answers(collection, rows, uniform)),
        "artist_oracle": scored(*oracle) if oracle else None,
    }


def _histogram_answers(
    collection: Collection, rows: Mapping[str, Rows], uniform: bool
) -> tuple[Labels, str]:
    """Answers of a logistic regression on colour histograms, and a note on it."""
    pixels, labels, styles = collection.pixels, collection.labels, len(collection.vocabulary)
    train, validation = rows["train"], rows["validation"]
    features = histograms(pixels, train)

    def fit(strength: float) -> LogisticRegression:
        weight = "balanced" if uniform else None
        model = LogisticRegression(C=strength, class_weight=weight, max_iter=200, tol=1e-3)
        return model.fit(features, labels[train])

    tested = histograms(pixels, rows["test"])
    if len(validation) == 0:
        return fit(STRENGTHS[1]).predict(tested), f"C = {STRENGTHS[1]:g}, not chosen"
    tried = histograms(pixels, validation)
    models = {strength: fit(strength) for strength in STRENGTHS}

    def score(strength: float) -> float:
        found = metrics.scores(labels[validation], models[strength].predict(tried), styles)
        return found["balanced_accuracy" if uniform else "accuracy"]

    best = max(models, key=score)
    note = f"8×8×8 colours, logistic regression with C = {best:g} chosen on validation"
    return models[best].predict(tested), note


def _guesses(
    labels: Labels, shares: NDArray[np.float64], resamples: int, seed: int
) -> BaselineScores:
    """Mean scores of guessing in the shares of the training pictures, over many rounds."""
    counts = np.bincount(labels, minlength=len(shares))
    rounds = np.tile(shares, (len(shares), 1))
    drawn = draw_tables(counts, rounds, resamples, np.random.default_rng(seed))
    scores = metrics.stacked_scores(drawn)
    estimates = {name: estimate(values.mean(), values) for name, values in scores.items()}
    note = f"mean of {resamples} rounds of guessing in the training shares"
    return BaselineScores(scores=score_table(estimates), note=note)


def _oracle_answers(collection: Collection, train: Rows, test: Rows) -> tuple[Labels, str] | None:
    """Each artist's usual style, and a note; ``None`` where no artist is known from training."""
    artists = np.asarray(collection.column("artist"), object)
    known = {artist for artist in artists[train] if artist is not None}
    met = sum(artist in known for artist in artists[test])
    if not met:
        return None
    answers = artist_oracle(
        artists[train].tolist(),
        collection.labels[train],
        artists[test].tolist(),
        len(collection.vocabulary),
    )
    return answers, f"artist known from training for {met} of {len(test)} pictures"

"""Baselines: answers that need no network, or that do not look at the picture.

The majority style; guessing in the shares of the prior; colour histograms with logistic regression,
chosen on validation; and each artist's usual style. Each answers under either prior, as the network
does: every style equally frequent, or as in the training.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection
from impasto.evaluation.prior_scores import Drawn, PriorScores
from impasto.images.colour_histogram import histograms
from impasto.numerics import metrics
from impasto.numerics.metrics import stacked_scores
from impasto.records.evaluation import AnswerPrior, BaselineScores

Labels = NDArray[np.int64]
Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Answers = dict[AnswerPrior, Labels]
# Inverse regularisation of the logistic regression, tried on validation
STRENGTHS = (0.1, 1.0, 10.0)
TITLES = ("majority", "prior_matched", "colour_histogram", "artist_oracle")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline's scores on the pictures as they are and on each draw, and a note on it."""

    drawn: Drawn
    note: str


def baselines(
    collection: Collection, rows: Mapping[str, Rows], scored: PriorScores, network: Drawn
) -> dict[str, BaselineScores | None]:
    """Each baseline's scores on the test rows; ``None`` where it is not applicable.

    Args:
        collection: with pictures.
        rows: to learn from (``train``), to choose the histogram's regularisation on
            (``validation``; may be empty), and to answer (``test``).
        scored: how the test rows are scored.
        network: the network's scores on them.
    """
    return beside(drawn_baselines(collection, rows, scored), scored, network)


def beside(
    simple: Mapping[str, Baseline | None], scored: PriorScores, network: Drawn
) -> dict[str, BaselineScores | None]:
    """Scores of baselines, and how much higher a network's are.

    Args:
        simple: the baselines.
        scored: how the test rows are scored.
        network: the network's scores on them.
    """
    return {
        name: scored.baseline(one.drawn, network, one.note) if one else None
        for name, one in simple.items()
    }


def drawn_baselines(
    collection: Collection, rows: Mapping[str, Rows], scored: PriorScores
) -> dict[str, Baseline | None]:
    """Each baseline on the test rows, whatever it is compared with; arguments as above."""
    labels, styles = collection.labels, collection.vocabulary.styles
    train, test = rows["train"], rows["test"]

    def of(answers: Answers, note: str) -> Baseline:
        return Baseline(scored.drawn(answers), note)

    counts = np.bincount(labels[train], minlength=len(styles))
    if (counts > 0).sum() < 2:  # a collection of test pictures alone teaches nothing
        return dict.fromkeys(TITLES)
    majority = int(counts.argmax())
    always = np.full(len(test), majority)
    oracle = _oracle_answers(collection, np.sort(np.concatenate((train, rows["validation"]))), test)
    guesses = _guesses(scored, counts / counts.sum())
    return {
        "majority": of({"uniform": always, "train": always}, f"always {styles[majority]}"),
        "prior_matched": Baseline(guesses, "expected scores of guessing"),
        "colour_histogram": of(*_histogram_answers(collection, rows)),
        "artist_oracle": of(*oracle) if oracle else None,
    }


def _histogram_answers(collection: Collection, rows: Mapping[str, Rows]) -> tuple[Answers, str]:
    """Answers of a logistic regression on colour histograms, and a note on it.

    It learns with every style weighing the same; under the training's prior the log shares are
    added to its log-probabilities, as to the network's.
    """
    pixels, labels, styles = collection.pixels, collection.labels, len(collection.vocabulary)
    train, validation = rows["train"], rows["validation"]
    features, tested = histograms(pixels, train), histograms(pixels, rows["test"])
    shares = np.bincount(labels[train], minlength=styles) / len(train)

    def fit(strength: float) -> LogisticRegression:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=200, tol=1e-3)
        return model.fit(features, labels[train])

    def answers(model: LogisticRegression, of: NDArray[np.float32]) -> Answers:
        log, known = model.predict_log_proba(of), model.classes_
        return {
            "uniform": known[log.argmax(1)],
            "train": known[(log + np.log(shares[known])).argmax(1)],
        }

    if len(validation) == 0:
        return answers(fit(STRENGTHS[1]), tested), f"C = {STRENGTHS[1]:g}, not chosen"
    tried = histograms(pixels, validation)
    models = {strength: fit(strength) for strength in STRENGTHS}
    found = {strength: answers(model, tried) for strength, model in models.items()}

    def best(prior: AnswerPrior, score: str) -> float:
        right = {
            strength: metrics.scores(labels[validation], one[prior], styles)[score]
            for strength, one in found.items()
        }
        return max(right, key=right.__getitem__)

    best_of: dict[AnswerPrior, float] = {
        "uniform": best("uniform", "balanced_accuracy"),
        "train": best("train", "accuracy"),
    }
    chosen: Answers = {
        prior: answers(models[strength], tested)[prior] for prior, strength in best_of.items()
    }
    strengths = " and ".join(sorted({f"{strength:g}" for strength in best_of.values()}))
    note = f"8×8×8 colours, logistic regression with C = {strengths} chosen on validation"
    return chosen, note


def _guesses(scored: PriorScores, shares: Floats) -> Drawn:
    """Expected scores of guessing each style as often as the prior has it."""
    held = scored.draws.confusions(scored.draws.labels).sum(-1)  # (1 + resamples, styles)
    even = np.full(len(shares), 1 / len(shares))
    beyond = scored.draws.styles - len(shares)  # answers that name no style are never guessed
    even, shares = (np.concatenate((each, np.zeros(beyond))) for each in (even, shares))
    return {
        "uniform": stacked_scores(held[..., None] * even),
        "train": stacked_scores(held[..., None] * shares),
    }


def _oracle_answers(collection: Collection, train: Rows, test: Rows) -> tuple[Answers, str] | None:
    """Each artist's usual style, and a note; ``None`` where no artist is known from training."""
    artists = np.asarray(collection.column("artist"), object)
    known = {artist for artist in artists[train] if artist is not None}
    met = sum(artist in known for artist in artists[test])
    if not met:
        return None

    def of(*, uniform: bool) -> Labels:
        return artist_oracle(
            artists[train].tolist(),
            collection.labels[train],
            artists[test].tolist(),
            len(collection.vocabulary),
            uniform=uniform,
        )

    answers: Answers = {"uniform": of(uniform=True), "train": of(uniform=False)}
    return answers, f"artist known from training for {met} of {len(test)} pictures"

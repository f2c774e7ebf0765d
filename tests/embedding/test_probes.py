"""Probes:

the neighbours' vote is that of a slow count; nothing is learned from or chosen on the test
pictures.
"""

import numpy as np

from impasto.embedding.probes import neighbour_votes, probe

RNG = np.random.default_rng(0)
LABELS = RNG.choice(3, 300, p=(0.7, 0.2, 0.1))
VECTORS = (np.eye(3, 6)[LABELS] + RNG.normal(0, 0.6, (300, 6))).astype(np.float32)
ROWS = {"train": np.arange(200), "validation": np.arange(200, 250), "test": np.arange(250, 300)}
FACTS = {"styles": 3, "resamples": 100, "seed": 0}


def test_votes_are_those_of_a_slow_count() -> None:
    answers = neighbour_votes(VECTORS, LABELS, ROWS, 3)
    counts = np.bincount(LABELS[:200], minlength=3)
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    for k, said in answers.items():
        for place, row in enumerate(range(200, 300)):
            near = np.argsort(-(unit[:200] @ unit[row]), kind="stable")[:k]
            votes = [
                sum(1 / counts[style] for n in near if LABELS[n] == style) for style in range(3)
            ]
            best = max(votes)
            assert votes[said[place]] == best or abs(votes[said[place]] - best) < 1e-9


def test_probes_know_what_the_vectors_know() -> None:
    found = probe(VECTORS, LABELS, ROWS, **FACTS)
    shuffled = probe(VECTORS, RNG.permutation(LABELS), ROWS, **FACTS)
    assert found and shuffled
    for _, scored in found:
        assert scored.scores.balanced_accuracy.value > 0.6
    for _, scored in shuffled:
        assert scored.scores.balanced_accuracy.value < 0.55


def test_test_labels_choose_nothing() -> None:
    found = probe(VECTORS, LABELS, ROWS, **FACTS)
    other = LABELS.copy()
    other[250:] = RNG.permutation(other[250:])
    again = probe(VECTORS, other, ROWS, **FACTS)
    assert found and again
    assert found.knn.neighbours == again.knn.neighbours
    assert found.linear_probe.strength == again.linear_probe.strength


def test_without_training_or_test_pictures_there_is_no_probe() -> None:
    nothing = np.empty(0, np.int64)
    assert probe(VECTORS, LABELS, {**ROWS, "train": nothing}, **FACTS) is None
    assert probe(VECTORS, LABELS, {**ROWS, "test": nothing}, **FACTS) is None
    assert probe(VECTORS, LABELS, {**ROWS, "validation": nothing}, **FACTS) is not None

"""Head-only remedies on a planted long tail:

representations whose styles are Gaussians, one of them rare.
"""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from impasto.numerics.metrics import confusion_matrix, recalls
from impasto.training.heads import Head, logit_adjusted, retrained, tau_normalised, weights_scaled

COUNTS = [2000, 1000, 30]
CENTRES = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.6, 0.6]])


def pictures(counts: list[int], seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), counts)
    noisy = CENTRES[labels] + generator.normal(0, 0.5, (len(labels), 3))
    return np.concatenate([noisy, generator.normal(0, 0.5, (len(labels), 5))], 1).astype(
        np.float32
    ), labels


def plain_head() -> Head:
    """Logistic regression to its end: what a network without remedies has learned."""
    embedded, labels = (torch.from_numpy(array) for array in pictures(COUNTS))
    weight, bias = torch.zeros(3, 8, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (
            F.cross_entropy(F.linear(embedded, weight, bias), labels) + 1e-4 * weight.square().sum()
        )
        loss.backward()
        return loss

    optimizer.step(closure)
    return Head(weight.detach().numpy(), bias.detach().numpy())


def found(head: Head) -> NDArray[np.float64]:
    """Recall of each style on new pictures, equally many of each."""
    embedded, labels = pictures([2000] * 3, seed=1)
    return recalls(confusion_matrix(labels, head.logits(embedded).argmax(1), 3))


PRIOR = np.array(COUNTS) / sum(COUNTS)


@pytest.fixture(scope="module")
def head() -> Head:
    return plain_head()


def same(one: Head, other: Head, **tolerance: float) -> None:
    np.testing.assert_allclose(one.weight, other.weight, **tolerance)
    np.testing.assert_allclose(one.bias, other.bias, **tolerance)


def test_without_strength_the_head_is_as_it_was(head: Head) -> None:
    same(logit_adjusted(head, PRIOR, 0.0), head)
    same(tau_normalised(head, 0.0), head)


def test_adjustment_is_its_formula(head: Head) -> None:
    made = logit_adjusted(head, PRIOR, 0.7)
    for style in range(3):
        assert made.bias[style] == pytest.approx(
            head.bias[style] - 0.7 * math.log(PRIOR[style]), rel=1e-5
        )
    assert np.array_equal(made.weight, head.weight)


def test_normalisation_is_its_formula(head: Head) -> None:
    made = tau_normalised(head, 0.6)
    for style in range(3):
        length = math.sqrt(sum(float(w) ** 2 for w in head.weight[style]))
        assert made.weight[style] == pytest.approx(head.weight[style] / length**0.6, rel=1e-5)
        assert made.bias[style] == pytest.approx(head.bias[style] / length**0.6, rel=1e-5)
    assert np.linalg.norm(tau_normalised(head, 1.0).weight, axis=1) == pytest.approx(
        [1.0] * 3, rel=1e-5
    )


def test_the_plain_head_misses_the_rare_style_and_the_remedies_find_it(head: Head) -> None:
    before = found(head)
    assert before[2] < 0.3
    embedded, labels = pictures(COUNTS)
    for made in (logit_adjusted(head, PRIOR, 1.0), retrained(embedded, labels, 3, seed=0)):
        after = found(made)
        assert after[2] > before[2] + 0.2
        assert after.mean() > before.mean() + 0.05


def test_scaling_finds_the_lengths_that_a_head_should_have() -> None:
    """The best head for equal shares, its rare style's row cut short:

    what the paper observes in plain training.
    """
    best = Head(
        np.pad(CENTRES, ((0, 0), (0, 5))).astype(np.float32) * 4, np.float32([1, 1, 1.08]) * -2
    )
    cut = Head(best.weight * np.float32([[1], [1], [0.4]]), best.bias * np.float32([1, 1, 0.4]))
    made = weights_scaled(cut, *pictures(COUNTS), seed=0)
    factors = made.bias / cut.bias
    np.testing.assert_allclose(made.weight, cut.weight * factors[:, None], rtol=1e-4)
    assert factors[2] / factors[:2].mean() == pytest.approx(1 / 0.4, rel=0.2)
    assert found(made)[2] > found(cut)[2] + 0.1
    assert found(made).mean() > found(cut).mean()
    assert found(tau_normalised(cut, 1.0))[2] > found(cut)[2] + 0.1


def test_re_training_comes_near_the_best_there_is() -> None:
    """For Gaussians of equal width and equal shares, the nearest centre is the best answer."""
    embedded, labels = pictures([2000] * 3, seed=1)
    nearest = ((embedded[:, None, :3] - CENTRES) ** 2).sum(2).argmin(1)
    best = recalls(confusion_matrix(labels, nearest, 3)).mean()
    assert found(retrained(*pictures(COUNTS), 3, seed=0)).mean() > best - 0.05


def test_re_training_does_not_hang_on_the_representations_unit() -> None:
    embedded, labels = pictures(COUNTS)
    moved = (embedded * 40 + 7).astype(np.float32)
    straight, other = (retrained(x, labels, 3, seed=0) for x in (embedded, moved))
    np.testing.assert_allclose(straight.logits(embedded), other.logits(moved), atol=1e-2)


def test_the_seed_decides_alone(head: Head) -> None:
    embedded, labels = pictures(COUNTS)
    torch.manual_seed(5)
    first = retrained(embedded, labels, 3, seed=0), weights_scaled(head, embedded, labels, seed=0)
    torch.manual_seed(6)
    again = retrained(embedded, labels, 3, seed=0), weights_scaled(head, embedded, labels, seed=0)
    for one, other in zip(first, again, strict=True):
        same(one, other)
    assert not np.array_equal(retrained(embedded, labels, 3, seed=1).weight, first[0].weight)


def test_every_view_of_a_picture_is_trained_on(head: Head) -> None:
    """A second view that shows a style where the first shows nothing is what is learned from."""
    embedded, labels = pictures(COUNTS)
    blank = np.zeros_like(embedded)
    seen = found(retrained(np.stack([blank, embedded]), labels, 3, seed=0))
    assert seen.mean() > 0.6
    half = retrained(embedded.astype(np.float16), labels, 3, seed=0)
    np.testing.assert_allclose(
        half.logits(embedded), retrained(embedded, labels, 3, seed=0).logits(embedded), atol=0.05
    )
    same(
        weights_scaled(head, np.stack([embedded]), labels, seed=0),
        weights_scaled(head, embedded, labels, seed=0),
    )

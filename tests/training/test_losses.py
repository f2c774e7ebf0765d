"""Losses against slow re-writes of their papers' formulas, and laws that relate them."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.training import losses
from impasto.training.imbalance import BalanceSettings, ClassBalance, Weights, ldam_margins

COUNTS = np.array([600, 250, 100, 50])
PRIOR = [0.6, 0.25, 0.1, 0.05]
Slow = Callable[[list[float], int], float]


def some_logits() -> tuple[Tensor, Tensor]:
    """Six pictures' logits of four styles, and targets as CutMix leaves them."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 4, generator=generator) * 3, torch.rand(
        6, 4, generator=generator
    ).softmax(1)


def made(settings: BalanceSettings, smoothing: float = 0.0, labels: Tensor | None = None) -> float:
    logits, targets = some_logits()
    targets = targets if labels is None else torch.eye(4)[labels]
    return float(
        ClassBalance(settings, COUNTS, steps=10).loss(logits, targets, 9, smoothing=smoothing)
    )


def slow(answer: Slow, weights: list[float], smoothing: float, adjustment: float = 0.0) -> float:
    """Picture by picture, label by label:

    a mixed target is so much of one label and so much of another.
    """
    logits, targets = some_logits()
    total = 0.0
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        adjusted = [z + adjustment * math.log(p) for z, p in zip(row, PRIOR, strict=True)]
        each = [answer(adjusted, style) for style in range(4)]
        for style, share in enumerate(target):
            spread = sum(
                p * w * cost for p, w, cost in zip(PRIOR, weights, each, strict=True)
            )  # by effective prior
            smoothed = (1 - smoothing) * each[style] + smoothing * spread
            total += share * weights[style] * smoothed
    return total / len(targets)


def probability(z: list[float], style: int) -> float:
    return math.exp(z[style]) / sum(map(math.exp, z))


def plain(z: list[float], style: int) -> float:
    return -math.log(probability(z, style))


def focal(z: list[float], style: int) -> float:
    p = probability(z, style)
    return -((1 - p) ** 1.5) * math.log(p)


def margin(z: list[float], style: int) -> float:
    """Cao et al.

    2019, with the rarest style's margin 0.4 and logits that are already scaled by 10.
    """
    delta = [10 * 0.4 * (50 / n) ** 0.25 for n in COUNTS.tolist()]
    right = math.exp(z[style] - delta[style])
    return -math.log(right / (right + sum(math.exp(z[j]) for j in range(4) if j != style)))


NONE = [1.0, 1.0, 1.0, 1.0]
INVERSE = [1 / (4 * p) for p in PRIOR]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("adjustment", [0.0, 1.0, 0.7])
@pytest.mark.parametrize(
    ("settings", "answer", "weights"),
    [
        ({}, plain, NONE),
        ({"weights": "inverse-frequency"}, plain, INVERSE),
        ({"loss": "focal", "focal_gamma": 1.5}, focal, NONE),
        ({"loss": "ldam", "ldam_margin": 0.4, "ldam_scale": 10.0}, margin, NONE),
    ],
)
def test_each_loss_is_its_formula(
    settings: dict[str, object],
    answer: Slow,
    weights: list[float],
    adjustment: float,
    smoothing: float,
) -> None:
    wanted = BalanceSettings(**{**settings, "logit_adjustment": adjustment})  # type: ignore[arg-type]
    # What is put in is the effective prior: where weights balance the styles, the same for all,
    # which no loss sees
    left = 0.0 if weights is INVERSE else adjustment
    assert made(wanted, smoothing) == pytest.approx(
        slow(answer, weights, smoothing, left), rel=1e-5
    )


def test_effective_number_weights_are_their_formula() -> None:
    beta = 0.99
    weights = [(1 - beta) / (1 - beta**n) for n in COUNTS.tolist()]
    mean = sum(p * w for p, w in zip(PRIOR, weights, strict=True))
    settings = BalanceSettings(
        weights="effective-number", effective_beta=beta, logit_adjustment=0.0
    )
    assert ClassBalance(settings, COUNTS, 10).weights(0) == pytest.approx(
        [w / mean for w in weights]
    )
    assert made(settings, 0.1) == pytest.approx(
        slow(plain, [w / mean for w in weights], 0.1), rel=1e-5
    )


def test_plain_it_is_torchs_cross_entropy() -> None:
    logits, targets = some_logits()
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    plain_settings = BalanceSettings(logit_adjustment=0.0)
    assert made(plain_settings, labels=labels) == pytest.approx(
        float(F.cross_entropy(logits, labels))
    )
    smooth = 0.9 * targets + 0.1 * torch.tensor(PRIOR)
    assert made(plain_settings, 0.1) == pytest.approx(float(F.cross_entropy(logits, smooth)))
    adjusted = float(F.cross_entropy(logits + torch.tensor(PRIOR).log(), smooth))
    assert made(BalanceSettings(), 0.1) == pytest.approx(adjusted)
    even = ClassBalance(BalanceSettings(), np.array([7, 7, 7, 7]), steps=10).loss(
        logits, targets, 0, smoothing=0.1
    )
    assert float(even) == pytest.approx(
        float(F.cross_entropy(logits, targets, label_smoothing=0.1))
    )


@pytest.mark.parametrize("tau", [0.0, 1.0])
@pytest.mark.parametrize("weights", ["none", "inverse-frequency"])
def test_smoothing_favours_no_style_once_the_prior_is_out(tau: float, weights: Weights) -> None:
    """The best logits for known shares are, without the prior, evidence plus a constant.

    An equal share for every style would leave the empty one with a hundred times what the others
    have.
    """
    counts = np.array([700, 250, 50, 0])
    balance = ClassBalance(BalanceSettings(logit_adjustment=tau, weights=weights), counts, steps=10)
    prior, weight = torch.from_numpy(balance.last_prior), torch.from_numpy(balance.weights(0))
    shares = torch.tensor(
        [[0.6, 0.3, 0.1, 0], [0.1, 0.8, 0.1, 0], [1, 0, 0, 0]], dtype=torch.float64
    )
    weighed = shares * weight / (shares @ weight)[:, None]
    bare = 0.9 * weighed / prior + 0.1
    logits = (bare.log() + (1 - tau) * prior.log()).requires_grad_()
    balance.loss(logits, shares, 0, smoothing=0.1).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), atol=1e-6, rtol=0)
    assert (bare[:, 3] == bare.min(1).values).all()


def test_the_rarest_style_with_pictures_has_ldams_widest_margin() -> None:
    assert ldam_margins(np.array([256, 16, 0]), 0.5) == pytest.approx([0.25, 0.5, 0])


@pytest.mark.parametrize(
    "settings",
    [
        BalanceSettings(loss="focal", focal_gamma=0.0),
        BalanceSettings(loss="ldam", ldam_margin=0.0),
        BalanceSettings(weights="effective-number", effective_beta=0.0),
        BalanceSettings(weights="inverse-frequency", drw_start=1.0),
    ],
)
def test_at_rest_every_loss_is_cross_entropy(settings: BalanceSettings) -> None:
    assert made(settings, 0.1) == pytest.approx(made(BalanceSettings(), 0.1), rel=1e-6)


def test_effective_numbers_near_one_are_the_inverse_frequency() -> None:
    near = BalanceSettings(weights="effective-number", effective_beta=1 - 1e-9)
    assert ClassBalance(near, COUNTS, 10).weights(0) == pytest.approx(INVERSE, rel=1e-4)


def test_equal_counts_leave_nothing_to_weigh() -> None:
    for weights in ("inverse-frequency", "effective-number"):
        settings = BalanceSettings(weights=weights)
        assert ClassBalance(settings, np.array([7, 7, 7]), 10).weights(3) == pytest.approx(
            [1.0, 1.0, 1.0]
        )


def test_deferred_weights_set_in_late() -> None:
    balance = ClassBalance(
        BalanceSettings(weights="inverse-frequency", drw_start=0.8), COUNTS, steps=10
    )
    assert balance.weights(7) == pytest.approx(NONE)
    assert balance.prior(7) == pytest.approx(PRIOR)
    assert balance.weights(8) == pytest.approx(INVERSE)
    assert balance.last_prior == pytest.approx([0.25] * 4)


def test_adjustment_pushes_rare_styles_up() -> None:
    """With equal evidence for both styles, the gradient weighted by frequency is balanced."""
    logits = torch.zeros(10, 2, requires_grad=True)
    targets = torch.eye(2)[torch.tensor([0] * 9 + [1])]
    ClassBalance(BalanceSettings(), np.array([9, 1]), 10).loss(
        logits, targets, 0, smoothing=0.0
    ).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad.sum(0), torch.zeros(2), atol=1e-6, rtol=0)


def test_weights_balance_what_smoothing_spreads() -> None:
    """Equal evidence for all:

    weighed by 1 / n, no style is pushed, however rare, also under smoothing.
    """
    logits = torch.zeros(20, 2, requires_grad=True)
    targets = torch.eye(2)[torch.tensor([0] * 19 + [1])]
    settings = BalanceSettings(weights="inverse-frequency", logit_adjustment=0.0)
    ClassBalance(settings, np.array([19, 1]), 10).loss(logits, targets, 0, smoothing=0.3).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad.sum(0), torch.zeros(2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_a_sure_answer_has_a_finite_slope(gamma: float) -> None:
    logits = torch.tensor([[80.0, -80.0]], requires_grad=True)
    losses.focal(logits, gamma).sum().backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_the_prior_of_a_style_without_pictures_is_finite() -> None:
    for settings in (BalanceSettings(), BalanceSettings(sampling="inverse-frequency")):
        prior = ClassBalance(settings, np.array([12, 0, 12]), 10).last_prior
        assert prior.sum() == pytest.approx(1)
        assert 0 < prior[1] < prior[0] == prior[2]

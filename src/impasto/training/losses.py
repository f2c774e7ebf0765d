"""Losses of the classifier for soft targets: cross-entropy, focal loss, LDAM.

A loss is a table ``(B, styles)``: its entry (b, y) is the loss of picture b if y were its style.
Mixed and smoothed targets are distributions over styles, so they weigh the table's entries,
whatever the loss.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def cross_entropy(logits: Tensor) -> Tensor:
    """−log p of each style, ``(B, styles)``."""
    return -F.log_softmax(logits, 1)


def focal(logits: Tensor, gamma: float) -> Tensor:
    """−(1 − p)^γ log p of each style, ``(B, styles)``: confident pictures count little.

    The focal loss, Lin et al. 2017, arXiv:1708.02002, equation 4; cross-entropy where γ is 0.
    """
    log_p = F.log_softmax(logits, 1)
    # 1 − p from the logarithm, and never quite 0, where the slope of a power below 1 is infinite
    missing = (-torch.expm1(log_p)).clamp(min=1e-6)
    return -(missing**gamma) * log_p


def with_margins(logits: Tensor, margins: Tensor) -> Tensor:
    """Cross-entropy of each style whose own logit is first lowered by its margin, ``(B, styles)``.

    LDAM, Cao et al. 2019, arXiv:1906.07413, for logits that are scaled cosines.

    Args:
        logits: ``(B, styles)``.
        margins: in the logits' unit, ``(styles,)``.
    """
    lowered = logits[:, None, :] - torch.diag(margins)  # (B, the style it is, styles)
    return -F.log_softmax(lowered, 2).diagonal(dim1=1, dim2=2)


def expected(
    each: Tensor, targets: Tensor, weights: Tensor, prior: Tensor, smoothing: float
) -> Tensor:
    """The mean over a batch of what its targets cost, a scalar.

    A picture weighs as much as its styles do, and only then is its target smoothed: the other way
    round the share that smoothing gives to a rare style would weigh as a picture of it. What is
    spread falls on the styles as the prior does (unigram smoothing, Pereyra et al. 2017,
    arXiv:1701.06548): taking the prior out of an answer divides by it, and an equal share for all
    would become evidence for the rare styles that no picture gave.

    Args:
        each: what each style would cost, ``(B, styles)``.
        targets: ``(B, styles)``, each row a distribution.
        weights: of the styles, ``(styles,)``.
        prior: the styles' shares of what weighted targets say in the mean, ``(styles,)``, summing
            to 1.
        smoothing: share of each target that is spread over the styles.
    """
    weighted = targets * weights
    smoothed = (1 - smoothing) * weighted + smoothing * weighted.sum(1, keepdim=True) * prior
    return (smoothed * each).sum(1).mean()

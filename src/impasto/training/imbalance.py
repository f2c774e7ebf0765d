"""Long-tail methods in training: settings, sampled shares, class weights and effective prior.

Samplers change how often a style is drawn (``samplers.py``), class weights how much a picture
counts, losses how hard a style is pushed (``losses.py``). All of it follows from the number of
training pictures a style has, and from nothing that is learned; so it is a function of the step,
equal in every process and after every resumption.
"""

from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from impasto.config import Settings
from impasto.numerics.calibration import UNSEEN
from impasto.training import losses

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Sampling = Literal[
    "natural", "cap-and-duplicate", "inverse-frequency", "square-root", "progressive"
]
Weights = Literal["none", "inverse-frequency", "effective-number"]
Loss = Literal["cross-entropy", "focal", "ldam"]


class BalanceSettings(Settings):
    """Settings of a long-tail method."""

    sampling: Sampling = Field("natural", description="how often each style's pictures are drawn")
    per_style: int = Field(
        300, ge=1, description="pictures a style an epoch under cap-and-duplicate"
    )
    weights: Weights = Field(
        "none", description="how much a picture counts in the loss, by its style"
    )
    effective_beta: float = Field(
        0.999, ge=0, lt=1, description="beta of effective-number weights; 0: no weights"
    )
    drw_start: float = Field(
        0.0, ge=0, le=1, description="share of the steps before weights set in (LDAM-DRW: 0.8)"
    )
    loss: Loss = Field(
        "cross-entropy", description="what is minimised; ldam brings a normalised head with it"
    )
    focal_gamma: float = Field(
        2.0, ge=0, description="exponent of the focal loss; 0: cross-entropy"
    )
    ldam_margin: float = Field(
        0.5, ge=0, le=1, description="LDAM's margin of the rarest style, as a cosine"
    )
    ldam_scale: float = Field(30.0, gt=0, description="what LDAM's cosines are multiplied by")
    logit_adjustment: float = Field(
        1.0, ge=0, description="tau of the logit-adjusted loss; 0: none"
    )

    @property
    def head_scale(self) -> float | None:
        """Scale of the cosine head that the loss needs; ``None``: a linear head."""
        return self.ldam_scale if self.loss == "ldam" else None


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """Long-tail method at work in one training.

    Attributes:
        settings: the method.
        counts: training pictures a style, ``int64 (styles,)``.
        steps: of the whole training.
        blended: the mean share of a target that comes from balanced partners in CutMix and mixup,
            in [0, 1].
    """

    settings: BalanceSettings
    counts: Counts
    steps: int
    blended: float = 0.0

    def progress(self, step: int) -> float:
        """Return the progress at a step: 0 at the first, 1 at the last."""
        return min(step / max(self.steps - 1, 1), 1.0)

    def drawn(self, step: int) -> Floats:
        """Return each style's mean share of the targets of a step, ``float64 (styles,)``."""
        shares = sampled_shares(self.settings.sampling, self.counts, self.progress(step))
        return (1 - self.blended) * shares + self.blended * sampled_shares(
            "inverse-frequency", self.counts
        )

    def weights(self, step: int) -> Floats:
        """Return the class weights, ``float64 (styles,)``, with mean 1 over the pictures drawn."""
        if step < self.settings.drw_start * self.steps:
            return np.ones(len(self.counts))
        weights = class_weights(self.settings.weights, self.counts, self.settings.effective_beta)
        return np.asarray(weights / (weights @ self.drawn(step)))

    def prior(self, step: int) -> Floats:
        """Return the effective prior, share times weight, ``float64 (styles,)``, summing to 1.

        A style without a training picture keeps a small one, and is never predicted more than it
        deserves.
        """
        floor = UNSEEN / max(int(self.counts.sum()), 1)
        prior = np.maximum(
            self.drawn(step) * self.weights(step), np.where(self.counts > 0, 0.0, floor)
        )
        return np.asarray(prior / prior.sum())

    @property
    def last_prior(self) -> Floats:
        """Effective prior at the end of training, which the logits hold less the adjustment."""
        return self.prior(self.steps - 1)

    def loss(self, logits: Tensor, targets: Tensor, step: int, *, smoothing: float) -> Tensor:
        """The mean loss of a batch, a scalar.

        Args:
            logits: ``(B, styles)``.
            targets: ``(B, styles)``, each row a distribution.
            step: of the training.
            smoothing: share of each target that is spread over the styles, by their effective
                prior.
        """
        settings, device = self.settings, logits.device
        weights, prior = (
            torch.as_tensor(values, dtype=torch.float32).to(device)
            for values in (self.weights(step), self.prior(step))
        )
        z = logits.float() + settings.logit_adjustment * prior.log()
        match settings.loss:
            case "cross-entropy":
                each = losses.cross_entropy(z)
            case "focal":
                each = losses.focal(z, settings.focal_gamma)
            case "ldam":
                margins = settings.ldam_scale * ldam_margins(self.counts, settings.ldam_margin)
                lowered = torch.as_tensor(margins, dtype=torch.float32).to(device)
                each = losses.with_margins(z, lowered)
            case _:
                assert_never(settings.loss)
        return losses.expected(each, targets, weights, prior, smoothing)


def sampled_shares(sampling: Sampling, counts: Counts, progress: float = 1.0) -> Floats:
    """The share of each style among the pictures drawn, ``float64 (styles,)``, summing to 1.

    With n pictures of a style, pictures of it are drawn in proportion to n (natural), √n
    (square-root; Mahajan et al. 2018, arXiv:1805.00932) or 1 (inverse-frequency,
    cap-and-duplicate). Progressively balanced sampling goes from the first to the last in a line
    (Kang et al. 2020, arXiv:1910.09217, section 3).

    Args:
        sampling: the sampler.
        counts: training pictures a style, ``int64 (styles,)``; styles without any are never drawn.
        progress: of the training, 0 at its beginning and 1 at its end.
    """
    natural = counts / max(int(counts.sum()), 1)
    balanced = (counts > 0) / max(int((counts > 0).sum()), 1)
    match sampling:
        case "natural":
            return np.asarray(natural)
        case "square-root":
            return np.asarray(np.sqrt(natural) / np.sqrt(natural).sum())
        case "progressive":
            return np.asarray((1 - progress) * natural + progress * balanced)
        case "inverse-frequency" | "cap-and-duplicate":
            return np.asarray(balanced)
        case _:
            assert_never(sampling)


def class_weights(weights: Weights, counts: Counts, beta: float) -> Floats:
    """Class weights up to a factor, ``float64 (styles,)``.

    Inverse frequency: 1 / n. Effective number (Cui et al. 2019, arXiv:1901.05555):
    (1 − β) / (1 − βⁿ), from all alike at β = 0 to 1 / n as β nears 1.
    """
    present = np.maximum(counts, 1)
    match weights:
        case "none":
            return np.ones(len(counts))
        case "inverse-frequency":
            return np.asarray(1.0 / present)
        case "effective-number":
            return np.asarray((1 - beta) / (1 - beta**present))
        case _:
            assert_never(weights)


def ldam_margins(counts: Counts, largest: float) -> Floats:
    """LDAM's margin of each style, in proportion to n^(−1/4).

    The rarest's is ``largest``, 0 without a picture.
    """
    rarity = np.where(counts > 0, np.maximum(counts, 1).astype(np.float64) ** -0.25, 0.0)
    return np.asarray(largest * rarity / rarity.max())


def pictures_per_epoch(settings: BalanceSettings, counts: Counts, progress: float = 0.5) -> Floats:
    """Return the (expected) pictures of each style in an epoch, ``float64 (styles,)``.

    Args:
        settings: the method; only its sampling matters here.
        counts: training pictures a style, ``int64 (styles,)``: what an epoch shows
            without a method.
        progress: of the training, which matters to progressive sampling alone; 0.5 is its mean over
            all epochs.
    """
    if settings.sampling == "cap-and-duplicate":
        return np.where(counts > 0, float(settings.per_style), 0.0)
    return np.asarray(sampled_shares(settings.sampling, counts, progress) * counts.sum())

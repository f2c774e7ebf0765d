"""Long-tail methods that change the last layer alone, of a network trained without any.

The representation of a plainly trained network is good for rare styles too; it is the linear head
that answers them too seldom (Kang et al. 2020, "Decoupling representation and classifier for
long-tailed recognition", arXiv:1910.09217). So the network looks at the training pictures once, and
everything here costs seconds. Pure functions of arrays and a seed; how strong a remedy is to be, τ,
is for the caller to choose on validation pictures.

Representations are ``float32`` or ``float16 (N, D)``, or ``(views, N, D)`` for several augmented
views of each picture.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from impasto.training.samplers import StyleBatches
from impasto.training.schedule import warmup_cosine

Array = NDArray[np.float32]
Embedded = NDArray[np.floating]
STEPS, BATCH = (
    300,
    512,
)  # of re-training: some twenty passes over 8,000 pictures, as Kang et al. make ten
# cRT: SGD as in the paper; the rate is divided by D, so that a long representation is not
# overfitted
HEAD_RATE, HEAD_DECAY, MOMENTUM = 1.0, 5e-4, 0.9
SCALE_RATE = 0.02  # LWS: of Adam


class Head(NamedTuple):
    """A linear head.

    Attributes:
        weight: ``float32 (styles, D)``.
        bias: ``float32 (styles,)``.
    """

    weight: Array
    bias: Array

    def logits(self, embedded: Embedded) -> Array:
        """Logits ``float32 (…, styles)`` of representations ``(…, D)``."""
        return np.asarray(embedded @ self.weight.T + self.bias, np.float32)


def logit_adjusted(head: Head, prior: NDArray[np.float64], tau: float) -> Head:
    """Post-hoc logit adjustment: the head less τ times the log prior.

    Menon et al. 2021, arXiv:2007.07314.

    Args:
        head: of a network trained on styles in the shares of ``prior``.
        prior: those shares, all above 0, ``(styles,)``.
        tau: 0 leaves the head as it is; 1 supposes every style equally frequent.
    """
    return Head(head.weight, np.asarray(head.bias - tau * np.log(prior), np.float32))


def tau_normalised(head: Head, tau: float) -> Head:
    """Tau-normalisation: each style's row divided by its length to the power of τ.

    Kang et al. 2020, section 4. The paper drops the bias; here it is divided as its row is, so that
    τ = 0 leaves the head as it is.

    Args:
        head: of a plainly trained network, whose frequent styles have the longer rows.
        tau: 0 leaves the head as it is; 1 makes all rows equally long.
    """
    factors = np.maximum(np.linalg.norm(head.weight, axis=1), 1e-12) ** -tau
    return _scaled(head, factors)


def retrained(embedded: Embedded, labels: NDArray[np.int64], styles: int, *, seed: int) -> Head:
    """Classifier re-training (cRT): a new head, trained under class-balanced sampling.

    Kang et al. 2020, section 4.

    Args:
        embedded: of the training pictures.
        labels: their styles, ``int64 (N,)``.
        styles: their number.
        seed: of the sampling.
    """
    views = embedded if embedded.ndim == 3 else embedded[None]
    mean, spread = views.mean((0, 1), np.float32), views.std((0, 1), np.float32) + np.float32(1e-6)
    shift, unit = torch.from_numpy(mean), torch.from_numpy(spread)
    weight = torch.zeros(styles, views.shape[2], requires_grad=True)
    bias = torch.zeros(styles, requires_grad=True)
    groups = [
        {"params": [weight], "weight_decay": HEAD_DECAY},
        {"params": [bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(
        groups, HEAD_RATE / views.shape[2], momentum=MOMENTUM, nesterov=True
    )
    _fit(optimizer, lambda x: F.linear((x - shift) / unit, weight, bias), views, labels, seed)
    made = weight.detach().numpy() / spread  # the standardisation becomes part of the head
    return Head(
        np.asarray(made, np.float32), np.asarray(bias.detach().numpy() - made @ mean, np.float32)
    )


def weights_scaled(head: Head, embedded: Embedded, labels: NDArray[np.int64], *, seed: int) -> Head:
    """Learnable weight scaling (LWS): each row times a factor, learned class-balanced.

    Kang et al. 2020, section 4. The bias is scaled as its row is.

    Args:
        head: of a plainly trained network.
        embedded: of the training pictures.
        labels: their styles, ``int64 (N,)``.
        seed: of the sampling.
    """
    logits = head.logits(embedded)
    factors = torch.ones(len(head.bias), requires_grad=True)
    optimizer = torch.optim.Adam([factors], SCALE_RATE)
    _fit(
        optimizer, lambda x: x * factors, logits if logits.ndim == 3 else logits[None], labels, seed
    )
    return _scaled(head, factors.detach().numpy())


def _scaled(head: Head, factors: NDArray[np.floating]) -> Head:
    weight, bias = head.weight * factors[:, None], head.bias * factors
    return Head(np.asarray(weight, np.float32), np.asarray(bias, np.float32))


def _fit(
    optimizer: torch.optim.Optimizer,
    logits: Callable[[Tensor], Tensor],
    views: Embedded,
    labels: NDArray[np.int64],
    seed: int,
) -> None:
    """Minimise the cross-entropy of class-balanced batches of views ``(views, N, …)``."""
    batches = StyleBatches(
        np.arange(len(labels)), labels, BATCH, seed, "inverse-frequency", epochs=1
    )
    generator = np.random.default_rng(seed)
    peaks = [group["lr"] for group in optimizer.param_groups]
    for step in range(STEPS):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * warmup_cosine(step, STEPS, 0)
        rows = batches.batch(step)
        shown = generator.integers(len(views), size=len(rows))
        x = torch.from_numpy(views[shown, rows].astype(np.float32))
        loss = F.cross_entropy(logits(x), torch.from_numpy(labels[rows]))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

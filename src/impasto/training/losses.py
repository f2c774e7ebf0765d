"""The classifier's loss."""

from torch import Tensor
from torch.nn import functional as F


def adjusted_cross_entropy(
    logits: Tensor, targets: Tensor, log_prior: Tensor, *, adjustment: float, smoothing: float
) -> Tensor:
    """Cross-entropy with label smoothing of logits to which the log prior is added.

    With ``adjustment`` 1 the logits learn what each style looks like apart from how frequent it is (logit adjustment,
    Menon et al. 2021, arXiv:2007.07314, equation 10); with 0 this is plain cross-entropy.

    Args:
        logits: ``(B, styles)``.
        targets: ``(B, styles)``, each row a distribution.
        log_prior: ``(styles,)``, the logarithm of each style's share of the training pictures.
        adjustment: the factor τ on the log prior.
        smoothing: share of each target that is spread over all styles (arXiv:1512.00567, section 7).

    Returns:
        The mean over the batch, a scalar.
    """
    return F.cross_entropy(logits.float() + adjustment * log_prior, targets, label_smoothing=smoothing)

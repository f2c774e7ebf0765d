"""NT-Xent: the contrastive loss of SimCLR, between two crops of each picture."""

import torch
from torch import Tensor
from torch.nn import functional as F


def contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The mean of the normalised, temperature-scaled cross-entropy (NT-Xent).

    Chen et al. 2020, "A simple framework for contrastive learning of visual representations"
    (arXiv:2002.05709), equation 1: each crop's positive is the other crop of the same picture,
    its negatives are all other crops of the batch.

    Args:
        first: the embedding of a crop of each picture, of unit length, ``(B, D)``.
        second: of another crop of each.
        temperature: small ones let the most similar negatives weigh most.
    """
    both = torch.cat((first, second))
    similar = both @ both.T / temperature
    similar.fill_diagonal_(float("-inf"))  # mask self-similarity
    place = torch.arange(len(first), device=first.device)
    return F.cross_entropy(similar, torch.cat((place + len(first), place)))

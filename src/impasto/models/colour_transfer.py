"""Colour transfer by the optimal transport map between the colours of two pictures.

The linear Monge–Kantorovich map of Gaussians with the pictures' means and covariances (Pitié and
Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour
transfer", CVMP).
"""

import torch
from torch import Tensor

RIDGE = 0.01  # added to variances, of pictures in [-1, 1]
STRETCH = (0.3, 2.5)  # least and most that a direction of colour is stretched


def colour_statistics(x: Tensor) -> Tensor:
    """Mean and covariance of red, green and blue, ``(B, 12)``, of pictures ``(B, 3, H, W)``."""
    flat = x.float().flatten(2)
    mean = flat.mean(2)
    centred = flat - mean[:, :, None]
    with torch.autocast(x.device.type, enabled=False):
        covariance = centred @ centred.transpose(1, 2) / flat.shape[2]
    return torch.cat((mean, covariance.flatten(1)), 1)


def transport(source: Tensor, target: Tensor) -> Tensor:
    """Affine maps ``(N, 3, 4)`` from colours to colours, of statistics ``(N, 12)``.

    T = Σs^-½ (Σs^½ Σt Σs^½)^½ Σs^-½, with eigenvalues clamped: black-and-white pictures have no
    colour to stretch.
    """
    with torch.autocast(source.device.type, enabled=False):
        ridge = RIDGE * torch.eye(3, device=source.device)
        before, after = (s[:, 3:].reshape(-1, 3, 3).float() + ridge for s in (source, target))
        root, inverse = _powers(before, 0.5, -0.5)
        (middle,) = _powers(root @ after @ root, 0.5)
        matrix = inverse @ middle @ inverse
        values, vectors = torch.linalg.eigh((matrix + matrix.transpose(1, 2)) / 2)
        matrix = (vectors * values.clamp(*STRETCH)[:, None]) @ vectors.transpose(1, 2)
        shift = target[:, :3, None] - matrix @ source[:, :3, None]
        return torch.cat((matrix, shift), 2)


def applied(maps: Tensor, x: Tensor) -> Tensor:
    """Colour maps ``(B, 3, 4)`` applied to pictures ``(B, 3, H, W)``, clamped to [-1, 1]."""
    with torch.autocast(x.device.type, enabled=False):
        flat = x.float().permute(0, 2, 3, 1).flatten(1, 2)  # (B, H·W, 3), as it lies in memory
        mapped = torch.baddbmm(maps[:, None, :, 3].float(), flat, maps[..., :3].float().mT)
    return mapped.clamp(-1, 1).view(x.shape[0], *x.shape[-2:], 3).permute(0, 3, 1, 2)


def _powers(matrix: Tensor, *exponents: float) -> list[Tensor]:
    """Powers of symmetric positive matrices ``(N, 3, 3)``, by one eigendecomposition."""
    values, vectors = torch.linalg.eigh(matrix)
    values = values.clamp(min=1e-6)
    return [(vectors * values.pow(e)[:, None]) @ vectors.transpose(1, 2) for e in exponents]

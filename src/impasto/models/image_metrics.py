"""PSNR, SSIM, multi-scale SSIM and local correlation, as losses and as scores."""

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW, SIGMA = 11, 1.5  # of the Gaussian that SSIM's authors weigh neighbourhoods by, in pixels
K1, K2 = 0.01, 0.03
RANGE = 2.0  # of pictures in [-1, 1]
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601
FLAT = 0.002  # variance, of pictures in [-1, 1], below which a window counts as empty


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """PSNR in dB, ``(B,)``, of pictures ``(B, 3, H, W)`` in [-1, 1]; infinite where equal."""
    error = (a - b).square().flatten(1).mean(1)
    return 10 * torch.log10(RANGE**2 / error)


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """SSIM in [-1, 1], ``(B,)``, of pictures ``(B, C, H, W)`` in [-1, 1] of 11 pixels or more.

    Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity"
    (IEEE Transactions on Image Processing 13): Gaussian windows that lie wholly within the picture,
    the mean over windows and channels.
    """
    a, b = a + 1, b + 1  # the comparison of brightness is made for values from zero
    mean_a, mean_b = _blurred(a), _blurred(b)
    variance_a, variance_b = _blurred(a * a) - mean_a.square(), _blurred(b * b) - mean_b.square()
    covariance = _blurred(a * b) - mean_a * mean_b
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    light = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return (light * structure).flatten(1).mean(1)


def multiscale_ssim(a: Tensor, b: Tensor, scales: int = 3) -> Tensor:
    """Multi-scale SSIM ``(B,)``: the mean over at most ``scales`` sizes, each half the last.

    Sizes end at 11 pixels. After Wang et al. 2003, "Multiscale structural similarity for image
    quality assessment" (Asilomar), in plainer form: their five scales need 161 pixels, and their
    product has no slope where a scale's similarity is negative.
    """
    values = [ssim(a, b)]
    while len(values) < scales and min(a.shape[-2:]) >= 2 * WINDOW:
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        values.append(ssim(a, b))
    return torch.stack(values).mean(0)


def lightness(x: Tensor) -> Tensor:
    """The luma ``(B, 1, H, W)`` of pictures ``(B, 3, H, W)``."""
    return (x * x.new_tensor(LUMA)[None, :, None, None]).sum(1, keepdim=True)


def correlation(a: Tensor, b: Tensor, window: int = 7) -> Tensor:
    """Mean local correlation in [-1, 1], ``(B,)``, of pictures ``(B, C, H, W)``.

    The structure term of SSIM alone (Wang et al. 2004, equation 10): brightness and contrast may
    change as they like, as long as light and dark lie where they lay. Where both are flat it is 1,
    where one of them is it is near 0.

    Args:
        a: pictures in [-1, 1], at least ``window`` high and wide.
        b: likewise.
        window: height and width in pixels.
    """
    mean_a, mean_b = (F.avg_pool2d(x, window, 1) for x in (a, b))
    variance_a = (F.avg_pool2d(a * a, window, 1) - mean_a.square()).clamp(min=0) + FLAT
    variance_b = (F.avg_pool2d(b * b, window, 1) - mean_b.square()).clamp(min=0) + FLAT
    covariance = F.avg_pool2d(a * b, window, 1) - mean_a * mean_b
    return ((covariance + FLAT) / (variance_a * variance_b).sqrt()).flatten(1).mean(1)


def _blurred(x: Tensor) -> Tensor:
    """Means of Gaussian windows ``(B, C, H - 10, W - 10)`` by matrix products.

    A third of the time of convolutions.
    """
    ticks = torch.arange(WINDOW, dtype=torch.float32, device=x.device) - WINDOW // 2
    weights = torch.exp(-ticks.square() / (2 * SIGMA**2))
    weights = weights / weights.sum()
    down, across = (_sliding(weights, length) for length in x.shape[-2:])
    # Variances are small differences of large means: autocast's bfloat16 would make noise of them,
    # and infinities
    with torch.autocast(x.device.type, enabled=False):
        return down @ x.float() @ across.T


def _sliding(weights: Tensor, length: int) -> Tensor:
    """The matrix ``(length - n + 1, length)`` that weighs every window of ``n`` values."""
    places = length - len(weights) + 1
    rows = torch.arange(places, device=weights.device)[:, None]
    matrix = weights.new_zeros(places, length)
    return matrix.scatter_(
        1, rows + torch.arange(len(weights), device=weights.device), weights.expand(places, -1)
    )

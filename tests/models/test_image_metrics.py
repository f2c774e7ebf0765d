import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from impasto.models.image_metrics import FLAT, correlation, lightness, multiscale_ssim, psnr, ssim


def pictures(seed: int, count: int = 3, size: int = 48) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 6, 6, generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear")


def slow_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """One pair of pictures in [0, 255], as the paper's authors compute it:

    channel by channel, position by position.
    """
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for x, y in zip(a.astype(np.float64), b.astype(np.float64), strict=True):
        blur = [
            gaussian_filter(z, 1.5, truncate=3.0)[5:-5, 5:-5] for z in (x, y, x * x, y * y, x * y)
        ]
        mx, my = blur[0], blur[1]
        vx, vy, vxy = blur[2] - mx**2, blur[3] - my**2, blur[4] - mx * my
        values.append(
            ((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
        )
    return float(np.mean(values))


def test_ssim_agrees_with_a_slow_one() -> None:
    a = pictures(0)
    b = (0.8 * a + 0.1 * torch.randn(a.shape, generator=torch.Generator().manual_seed(1))).clamp(
        -1, 1
    )
    expected = [
        slow_ssim((x.numpy() + 1) * 127.5, (y.numpy() + 1) * 127.5)
        for x, y in zip(a, b, strict=True)
    ]
    assert ssim(a, b).tolist() == pytest.approx(expected, abs=1e-4)


def test_a_picture_is_most_like_itself() -> None:
    a = pictures(0)
    assert ssim(a, a).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert multiscale_ssim(a, a).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert torch.isinf(psnr(a, a)).all()
    assert (ssim(a, -a) < 0.1).all()  # a negative: the structure is turned round


def test_psnr_of_a_known_error() -> None:
    a = torch.zeros(2, 3, 16, 16)
    error = torch.tensor([0.2, 0.02])[:, None, None, None].expand_as(
        a
    )  # a tenth and a hundredth of the range
    assert psnr(a, a + error).tolist() == pytest.approx([20, 40], abs=1e-4)


def test_coarse_likeness_counts_at_coarse_scales() -> None:
    a = pictures(2)
    noisy = a + 0.3 * torch.randn(a.shape, generator=torch.Generator().manual_seed(3))
    assert (
        multiscale_ssim(a, noisy) > ssim(a, noisy)
    ).all()  # noise averages out where pictures are halved


def test_autocast_does_not_touch_ssim() -> None:
    """Variances are small differences of large means:

    in bfloat16 a noisy picture once passed for a copy.
    """
    a = pictures(4)
    b = (a + 0.05 * torch.randn(a.shape, generator=torch.Generator().manual_seed(5))).clamp(-1, 1)
    expected = ssim(a, b)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ssim(a, b), expected)
    assert float(expected.mean()) < 0.98


def slow_correlation(a: np.ndarray, b: np.ndarray, window: int) -> float:
    values = []
    for y in range(a.shape[0] - window + 1):
        for x in range(a.shape[1] - window + 1):
            one, other = (z[y : y + window, x : x + window].astype(np.float64) for z in (a, b))
            shared = np.mean((one - one.mean()) * (other - other.mean()))
            values.append((shared + FLAT) / np.sqrt((one.var() + FLAT) * (other.var() + FLAT)))
    return float(np.mean(values))


def test_correlation_agrees_with_a_slow_one_and_forgives_brightness() -> None:
    a, b = lightness(pictures(6, size=16)), lightness(pictures(7, size=16))
    expected = [slow_correlation(x[0].numpy(), y[0].numpy(), 5) for x, y in zip(a, b, strict=True)]
    assert correlation(a, b, 5).tolist() == pytest.approx(expected, abs=1e-4)
    assert correlation(a, a, 5).tolist() == pytest.approx([1] * 3, abs=1e-5)
    brighter = correlation(a, a + 0.3, 5)
    assert brighter.tolist() == pytest.approx([1] * 3, abs=1e-3)
    assert (correlation(a, -a, 5) < 0.2).all()

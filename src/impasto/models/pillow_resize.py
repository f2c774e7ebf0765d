"""Resizing of pictures as Pillow does it, equal to the bit, in tensor operations.

Bicubic interpolation with antialiasing (Keys 1981, a = -0.5) in fixed-point numbers of 22 bits,
first along rows, then along columns, each rounded to 8 bits. Whole pictures that are six times too
large or more are first averaged over blocks (``reducing_gap=3``). All sums are whole numbers below
2⁵³ and so exact in float64, in any order. The operations take any height and width when they are
exported to ONNX.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SUPPORT = 2.0  # pixels on either side that the cubic kernel reaches
BITS = 22  # of the fixed-point weights
GAP = 3  # blocks are averaged while at least so many pixels a result remain


def resized(pictures: Tensor, side: int, *, crop: bool, pillow: int) -> Tensor:
    """Resize pictures ``uint8 (B, H, W, 3)`` to whole levels ``float32 (B, 3, side, side)``.

    Args:
        pictures: of any height and width.
        side: height and width of the result in pixels.
        crop: cut the longer side to a square, as ``PIL.ImageOps.fit``; else squash the whole, as
            ``Image.resize(..., reducing_gap=3)``.
        pillow: the major version of Pillow that is equalled: it decides which pictures are so tall
            that their columns are shortened before their rows.
    """
    height, width = pictures.shape[1:3]
    if crop:
        x = pictures.permute(0, 3, 1, 2)
        rows, columns = _centred(height, width), _centred(width, height)
    else:
        high, wide = _blocks(height, side), _blocks(width, side)
        x = _block_means(pictures, high, wide)
        start = torch.zeros((), dtype=torch.float64)
        rows = start, _float32(start + height / high)
        columns = start, _float32(start + width / wide)
    tall = _is_tall(x.shape[2], x.shape[3], side, pillow)
    x = _lying(x.to(torch.uint8), tall).double()
    length, across = x.shape[2], x.shape[3]
    turned = torch.full((), tall) > 0
    rows, columns = _chosen(turned, columns, rows), _chosen(turned, rows, columns)
    x = _pass(x, _weights(across, *columns, side)).transpose(2, 3)
    x = _pass(x, _weights(length, *rows, side))  # (B, 3, columns, rows) of a picture not turned
    return torch.where(turned, x, x.transpose(2, 3)).float()


def _is_tall(height: int, width: int, side: int, pillow: int) -> int:
    """1 where Pillow shortens the columns first, else 0; a whole number, to compute shapes with."""
    if pillow >= 13:
        beyond = height - side - _larger(0, 2 * (width - side))
    else:
        beyond = height - _larger(side, 100 * width)
    return 1 - _larger(0, 1 - _larger(0, beyond))


def _chosen(
    which: Tensor, a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    return torch.where(which, a[0], b[0]), torch.where(which, a[1], b[1])


def _larger(a: int, b: int) -> int:
    found: int = torch.sym_max(a, b)  # type: ignore[no-untyped-call]
    return found


def _lying(x: Tensor, tall: int) -> Tensor:
    """Pictures ``(B, C, H, W)``, with rows and columns exchanged where ``tall`` is 1."""
    height, width = x.shape[2:]
    longer, change = _larger(height, width), tall * (width - height)
    x = F.pad(x, (0, longer - width, 0, longer - height))
    x = torch.where(torch.full((), tall) > 0, x.transpose(2, 3), x)
    return x[:, :, : height + change, : width - change]


def _pass(x: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums along rows ``(B, C, H, W)``, rounded to 8 bits: ``(B, C, H, side)``."""
    total = torch.matmul(x, weights.transpose(0, 1)) + (1 << (BITS - 1))
    return (total / (1 << BITS)).floor().clamp(0, 255)


def _blocks(length: int, side: int) -> int:
    """Pixels of a block along a side that is ``length`` long."""
    return _larger(1, length // (GAP * side))


def _centred(length: int, other: int) -> tuple[Tensor, Tensor]:
    """First and last place of a side of which at most ``other`` is kept, from its middle."""
    whole = torch.full((), length, dtype=torch.float64)
    kept = torch.clamp(torch.full((), other, dtype=torch.float64), max=whole)
    low = (whole - kept) * 0.5
    return _float32(low), _float32(low + kept)


def _float32(x: Tensor) -> Tensor:
    """A place as Pillow keeps it."""
    return x.float().double()


def _block_means(pictures: Tensor, down: int, across: int) -> Tensor:
    """Mean levels of blocks, ``float64 (B, 3, h, w)``; blocks at the end may be smaller."""
    batch, height, width, _ = pictures.shape
    high, wide = (height + down - 1) // down, (width + across - 1) // across
    x = F.pad(pictures.float(), (0, 0, 0, wide * across - width, 0, high * down - height))
    x = x.reshape(batch, high, down, wide * across, 3).sum(2)
    x = x.permute(0, 1, 3, 2).reshape(batch, high, 3, wide, across).sum(4)  # exact: below 2²⁴
    rows = (height - down * torch.arange(high)).clamp(max=down)
    columns = (width - across * torch.arange(wide)).clamp(max=across)
    count = (rows[:, None] * columns).float()
    multiplier = (float(1 << 24) / count).trunc().double()  # divided in float32, as by Pillow
    x = x.transpose(1, 2).double() + (count / 2).floor()
    return (x * multiplier / (1 << 24)).floor()


def _weights(length: int, low: Tensor, high: Tensor, side: int) -> Tensor:
    """Fixed-point weights ``float64 (side, length)`` of places from ``low`` to ``high``."""
    scale = (high - low) / side
    filter_scale = scale.clamp(min=1.0)
    support = SUPPORT * filter_scale
    centre = low + (torch.arange(side, dtype=torch.float64) + 0.5) * scale
    first = (centre - support + 0.5).trunc().clamp(min=0)[:, None]
    last = (centre + support + 0.5).trunc()[:, None]
    place = torch.arange(length, dtype=torch.float64)
    weight = _cubic((place - centre[:, None] + 0.5) / filter_scale)
    weight = torch.where((place >= first) & (place < last), weight, torch.zeros_like(weight))
    weight = weight / weight.sum(1, keepdim=True)
    return (weight * (1 << BITS) + torch.where(weight < 0, -0.5, 0.5)).trunc()


def _cubic(x: Tensor) -> Tensor:
    """The cubic convolution kernel with a = -0.5."""
    a, x = -0.5, x.abs()
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))

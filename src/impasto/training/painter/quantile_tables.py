"""Sliced Wasserstein distances between a picture's maps and tables of a style's quantiles.

A filter turns a map into numbers, one a place; the distance compares their sorted values with the
quantiles of the same filter on real paintings (sliced Wasserstein distance, Rabin et al. 2011; for
textures Heitz et al. 2021, arXiv:2006.07229; of patches Elnekave and Weiss 2022, arXiv:2203.11862).
The tables are made once, so no step of a training reads or sorts real paintings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

MANY = 8  # height and width of maps that have places to spare
EASED = 1e-3  # share of the mean eigenvalue that is added before whitening


def quantiles(values: Tensor, count: int) -> Tensor:
    """Quantiles ``(F, count)`` at (j + ½) / count of values ``(F, n)``."""
    return at_quantiles(values.sort(1).values, count)


def at_quantiles(ordered: Tensor, count: int) -> Tensor:
    """Sorted values ``(F, n)``, at (i + ½) / n, interpolated at (j + ½) / count: ``(F, count)``."""
    n = ordered.shape[1]
    place = (torch.arange(count, device=ordered.device, dtype=torch.float32) + 0.5) * (n / count)
    place = (place - 0.5).clamp(0, n - 1)
    low = place.floor().long()
    high = (low + 1).clamp(max=n - 1)
    return torch.lerp(ordered[:, low], ordered[:, high], place - low)


def responses(maps: Tensor, filters: Tensor, stride: int, offset: tuple[int, int]) -> Tensor:
    """Responses ``(B, F, n)`` of filters ``(F, C, k, k)`` at every ``stride``-th place of maps.

    Args:
        maps: ``(B, C, H, W)``.
        filters: as for a convolution; no padding.
        stride: distance of the places, down and across.
        offset: row and column of the first place, each less than ``stride``.
    """
    with torch.autocast(maps.device.type, enabled=False):
        part = maps.float()[..., offset[0] :, offset[1] :]
        return F.conv2d(part, filters, stride=stride).flatten(2)


@dataclass(frozen=True, slots=True)
class QuantileTables:
    """Filters of one kind of map, and the quantiles of every style under them.

    Attributes:
        filters: ``(F, C, k, k)``, of deviation 1 over the paintings of all styles.
        stride: distance of the places that are looked at.
        quantiles: ``(styles, F, Q)``.
    """

    filters: Tensor
    stride: int
    quantiles: Tensor

    def distances(
        self, maps: Tensor, styles: Tensor, used: Tensor, offset: tuple[int, int]
    ) -> Tensor:
        """Squared distances ``(B,)`` of maps ``(B, C, H, W)``, each to its style ``(B,)``.

        The mean over the filters numbered ``used`` and over the sorted values of a map.
        """
        values = responses(maps, self.filters[used], self.stride, offset).sort(2).values
        tables = self.quantiles[styles][:, used]
        expected = at_quantiles(tables.flatten(0, 1), values.shape[2]).view_as(values)
        return (values - expected).square().mean((1, 2))


def quantile_tables(
    maps: Sequence[Tensor], filters: Tensor, stride: int, count: int, generator: torch.Generator
) -> QuantileTables:
    """Tables of ``count`` quantiles, from maps ``(B, C, H, W)`` of each style in turn.

    Filters are scaled to a deviation of 1 over all maps. A style without maps has zeros. Where
    maps are large, only every second of the places is looked at.
    """
    wide = 2 * stride if maps[0].shape[-1] > MANY else stride
    room = min(wide, maps[0].shape[-1] - filters.shape[-1] + 1)
    shifts = torch.randint(0, room, (len(maps), 2), generator=generator).tolist()
    values = [
        responses(one, filters, wide, (down, across)).transpose(0, 1).flatten(1)
        if len(one)
        else filters.new_zeros(len(filters), 0)
        for one, (down, across) in zip(maps, shifts, strict=True)
    ]
    scale = torch.cat(values, 1).std(1, keepdim=True).clamp(min=1e-6)
    tables = [
        quantiles(one / scale, count) if one.numel() else filters.new_zeros(len(filters), count)
        for one in values
    ]
    return QuantileTables(filters / scale[..., None, None], stride, torch.stack(tables))


def patch_filters(maps: Tensor, size: int, count: int, generator: torch.Generator) -> Tensor:
    """Filters ``(count, C, size, size)`` for patches of pictures ``(B, C, H, W)``.

    A third are random directions of partly whitened patches, a third differences of two patches
    under a stronger whitening, a third random and small: 2 × 2 and 3 × 3.
    """
    patches = sampled_patches(maps, size, 4096, generator)
    centred = patches - patches.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))
    values = values + EASED * values.mean()
    third = count // 3
    random = torch.randn(third, len(values), generator=generator).to(maps.device)
    random = (random * values.pow(-0.3)) @ vectors.T
    pairs = torch.randint(0, len(patches), (2, third), generator=generator).to(maps.device)
    found = (patches[pairs[0]] - patches[pairs[1]]) @ vectors * values.pow(-0.6) @ vectors.T
    small = torch.zeros(count - 2 * third, maps.shape[1], size, size)
    for index, one in enumerate(small):
        side = 2 + index % 2
        one[:, :side, :side] = torch.randn(maps.shape[1], side, side, generator=generator)
    shape = (third, maps.shape[1], size, size)
    return torch.cat((random.view(shape), found.view(shape), small.to(maps.device)))


def sampled_patches(maps: Tensor, size: int, count: int, generator: torch.Generator) -> Tensor:
    """Some ``count`` patches ``(n, C · size²)`` of maps ``(B, C, H, W)``, at random places."""
    each = -(-count // len(maps))
    room = [side - size + 1 for side in maps.shape[-2:]]
    rows, columns = (
        torch.randint(0, limit, (len(maps), each), generator=generator).to(maps.device)
        for limit in room
    )
    ticks = torch.arange(size, device=maps.device)
    which = torch.arange(len(maps), device=maps.device)[:, None, None, None]
    down = (rows[..., None] + ticks)[..., :, None]  # (B, each, size, 1)
    across = (columns[..., None] + ticks)[..., None, :]  # (B, each, 1, size)
    patches = maps.permute(0, 2, 3, 1)[which, down, across]  # (B, each, size, size, C)
    return patches.permute(0, 1, 4, 2, 3).flatten(0, 1).flatten(1)

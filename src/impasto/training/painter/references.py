"""Real paintings as the painter's training sees them: colours, and quantiles of every style.

Typical paintings stand for a style: those that the style classifier gives the highest probability
of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.collection.collection import Collection
from impasto.models.classifier import Classifier
from impasto.models.colour_transfer import colour_statistics
from impasto.models.painter import BANK
from impasto.models.preprocess import plain
from impasto.training.augment import AugmentSettings, crop_boxes, cropped
from impasto.training.painter.quantile_tables import (
    QuantileTables,
    patch_filters,
    quantile_tables,
)
from impasto.training.pixel_batches import Pictures

CROP: Final = AugmentSettings(crop_scale=(0.5, 1.0), crop_ratio=1.0)
"""Random crops, brought to the size of the whole, that the style classifier is given."""
TYPICAL: Final = 0.5  # share of a style's training paintings that stand for it,
FEWEST: Final = 64  # but at least as many, where there are
TABLED: Final = 64  # paintings of a style behind its tables
SIZES: Final = (7, 7, 7, 5)  # of patches at the full size and each half of it, in pixels
STRIDES: Final = (4, 2, 1, 1)  # of the places where patches are compared
FILTERS: Final = 192  # of a kind of map; a step uses some
USED: Final = 64
QUANTILES: Final = 256
LOOKED_AT: Final = 64  # pictures that the style classifier is given at once


@dataclass(frozen=True, slots=True)
class StyleReferences:
    """Colours and tables of all styles.

    Attributes:
        bank: means and covariances of colour, ``(styles, BANK, 12)``.
        patches: tables of pixel patches, the full size first.
        features: tables of the style classifier's feature maps; none where there is none.
    """

    bank: Tensor
    patches: tuple[QuantileTables, ...]
    features: tuple[QuantileTables, ...]

    def patch_distances(self, x: Tensor, styles: Tensor, draw: int) -> Tensor:
        """Sums over sizes of the distances of pictures ``(B, 3, H, W)`` to their styles, ``(B,)``.

        ``draw`` is the seed of the filters and places.
        """
        return _distances(self.patches, pyramid(x, len(self.patches)), styles, draw)

    def feature_distances(self, maps: tuple[Tensor, ...], styles: Tensor, draw: int) -> Tensor:
        """Sums of the distances of the style classifier's feature maps, ``(B,)``."""
        return _distances(self.features, maps, styles, draw)


def pyramid(x: Tensor, levels: int) -> tuple[Tensor, ...]:
    """Pictures ``(B, 3, H, W)``, and as often halved as they have room for a patch."""
    sizes = [x]
    for size in SIZES[1:levels]:
        if min(sizes[-1].shape[-2:]) < 2 * size:
            break
        sizes.append(F.avg_pool2d(sizes[-1], 2))
    return tuple(sizes)


def style_references(
    half: Collection,
    resolution: int,
    crop: int,
    seed: int,
    classifier: nn.Module | None,
    device: torch.device,
) -> StyleReferences:
    """Colours and tables of all styles, from the training paintings of the painter's half.

    Args:
        half: of the collection.
        resolution: height and width of painted pictures.
        crop: height and width of the training's crops.
        seed: of filters, places and choices.
        classifier: the style classifier; ``None``: any paintings stand for a style.
        device: to compute on.
    """
    generator = torch.Generator().manual_seed(seed % 2**63)
    chosen = typical(half, resolution, classifier, device, np.random.default_rng([seed, 9]))
    styles, bank, wholes = len(half.vocabulary), [], []
    for style in range(styles):
        rows = chosen.get(style, np.empty(0, np.int64))
        x = plain(Pictures.gather(half, rows[: max(TABLED, BANK)]).to(device), resolution)
        bank.append(_repeated(colour_statistics(x[:BANK]), BANK))
        wholes.append(x[:TABLED])
    every = torch.cat([x[:: max(1, len(x) // 16)] for x in wholes])
    levels = [pyramid(x, len(SIZES)) for x in wholes]
    patches = []
    for level, one in enumerate(pyramid(every, len(SIZES))):
        filters = patch_filters(one, SIZES[level], FILTERS, generator)
        maps = [parts[level] for parts in levels]
        patches.append(quantile_tables(maps, filters, STRIDES[level], QUANTILES, generator))
    features: list[QuantileTables] = []
    if isinstance(classifier, Classifier):
        seen = [_feature_maps(classifier, _views(x, crop, generator)) for x in wholes]
        for number in range(len(seen[0])):
            maps = [parts[number] for parts in seen]
            deviation = torch.cat(maps).std((0, 2, 3)).clamp(min=1e-3)
            filters = torch.randn(FILTERS, len(deviation), generator=generator).to(device)
            filters = (filters / deviation)[..., None, None]
            features.append(quantile_tables(maps, filters, 1, QUANTILES, generator))
    return StyleReferences(torch.stack(bank), tuple(patches), tuple(features))


@torch.no_grad()
def typical(
    half: Collection,
    resolution: int,
    classifier: nn.Module | None,
    device: torch.device,
    rng: np.random.Generator,
) -> Mapping[int, NDArray[np.int64]]:
    """Rows of the typical training paintings of each style, in random order."""
    rows = half.indices("train")
    chosen = {}
    for style in np.unique(half.labels[rows]):
        own = rows[half.labels[rows] == style]
        count = max(min(FEWEST, len(own)), round(TYPICAL * len(own)))
        if classifier is not None:
            scores = [
                classifier(plain(Pictures.gather(half, part).to(device), resolution))
                .float()
                .log_softmax(1)[:, int(style)]
                .cpu()
                for part in np.split(own, range(LOOKED_AT, len(own), LOOKED_AT))
            ]
            own = own[np.argsort(-torch.cat(scores).numpy(), kind="stable")]
        chosen[int(style)] = rng.permutation(own[:count])
    return chosen


@torch.no_grad()
def _feature_maps(classifier: Classifier, x: Tensor) -> tuple[Tensor, ...]:
    parts = [classifier.features(part) for part in torch.split(x, LOOKED_AT)]
    return tuple(torch.cat(maps).float() for maps in zip(*parts, strict=True))


def _views(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Two crops of each picture, and a crop of each of these, as the training's paintings are."""
    crops = random_crops(torch.cat((x, x)), size, generator)
    return cropped(crops, crop_boxes(len(crops), CROP, generator).to(x.device), size)


def random_crops(x: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """A random crop of each picture ``(B, 3, R, R)``, ``(B, 3, side, side)``."""
    if side == x.shape[-1] or not len(x):
        return x[..., :side, :side]
    corners = torch.randint(0, x.shape[-1] - side + 1, (len(x), 2), generator=generator).tolist()
    crops = [
        one[:, top : top + side, left : left + side]
        for one, (top, left) in zip(x, corners, strict=True)
    ]
    return torch.stack(crops).contiguous(memory_format=torch.channels_last)


def _repeated(rows: Tensor, count: int) -> Tensor:
    """``count`` rows, by repeating the first ones where there are fewer; identities for none."""
    if not len(rows):
        empty = torch.cat((rows.new_zeros(3), torch.eye(3, device=rows.device).flatten()))
        return empty.repeat(count, 1)
    return rows[torch.arange(count, device=rows.device) % len(rows)]


def _distances(
    tables: tuple[QuantileTables, ...], maps: tuple[Tensor, ...], styles: Tensor, draw: int
) -> Tensor:
    generator = torch.Generator().manual_seed(draw)
    total = maps[0].new_zeros(len(maps[0]), dtype=torch.float32)
    for table, one in zip(tables, maps, strict=False):  # small pictures have fewer sizes
        used = torch.randperm(len(table.filters), generator=generator)[:USED].to(one.device)
        down, across = torch.randint(0, table.stride, (2,), generator=generator).tolist()
        total = total + table.distances(one, styles, used, (down, across))
    return total

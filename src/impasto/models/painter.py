"""Painter: a U-Net over the recoloured picture, conditioned on style embeddings by FiLM.

The picture is first given the colours of a painting of the style, by the optimal transport map of
means and covariances (Pitié and Kokaram 2007, "The linear Monge–Kantorovitch linear colour
mapping"). Of a bank of paintings a style it is the one with the nearest mean and deviation of
lightness. A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) adds a residual to this picture b,
and a gate g for each pixel lets it wipe detail: y = b + g (blur(b) - b) + residual. Upsampling is
bilinear, after a convolution each time: no mark lies on a grid.

After each normalisation of the decoder every channel is scaled and shifted, and given a plane of
noise; a small network computes the three factors from the style's embedding (Dumoulin et al. 2017,
arXiv:1610.07629; FiLM, Perez et al. 2018, arXiv:1709.07871; noise planes, Karras et al. 2019,
arXiv:1812.04948). Embeddings lie on the unit sphere. One more embedding stands for no style: the
painter then reconstructs the picture.

*plane* is the course's form, kept as the baseline (``PlaneNetwork``): an autoencoder that gets the
embedding as one more channel of its encoding, a plane of 16 × 16 numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.classifier import Size
from impasto.models.colour_transfer import applied, colour_statistics, transport

Styling = Literal["modulation", "plane"]
WIDTHS: dict[Size, int] = {"tiny": 8, "small": 16, "base": 32}
"""Channels at full height and width; twice and four times as many at a half and a quarter."""
SHRINK = 4  # height and width of a picture over those of its encoding
GROUP = 8  # channels that are normalised together outside the bottleneck: as fine as is fast
PLANE = 16
BANK = 64  # paintings of a style whose colours are stored
BLUR = 2.0  # standard deviation in pixels of the blur that the gate lets in
STROKE = 5.0  # standard deviation in pixels of the means that are taken out of the residual
RESIDUAL = 0.25  # factor of the residual: an early step of training shall not drown the picture
MARGIN = 16  # pixels of reflection around a picture, against marks at its edges
TABLES = (251, 257)  # heights and widths of the tables of noise: together they repeat after 64,507


@dataclass(frozen=True, slots=True)
class PainterConfig:
    """Configuration of a painter.

    Attributes:
        styles: number of styles.
        size: width of the network: tiny, small or base.
        styling: conditioning of the decoder.
        embedding: dimension of a style's embedding.
    """

    styles: int
    size: Size = "small"
    styling: Styling = "modulation"
    embedding: int = 64


def configured(settings: Mapping[str, Any], styles: int) -> PainterConfig:
    """Return the configuration in the settings of a run."""
    return PainterConfig(styles, settings["size"], settings["styling"], settings["embedding"])


def standardised(x: Tensor) -> Tensor:
    """``(B, C, H, W)`` with mean 0 and deviation 1 in every channel of every picture.

    As ``F.instance_norm``, in half of its time where channels lie last in memory.
    """
    flat = x.permute(0, 2, 3, 1).flatten(1, 2).float()  # (B, H·W, C), as it lies in memory
    mean = flat.mean(1)
    scale = torch.rsqrt((flat.square().mean(1) - mean.square()).clamp(min=0) + 1e-5)
    shift, scale = ((part[:, :, None, None]).to(x.dtype) for part in (-mean * scale, scale))
    return torch.addcmul(shift, x, scale)


class Norm(nn.Module):
    """Group normalisation (Wu and He 2018, arXiv:1803.08494), scaled and shifted by a condition."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.groups = channels // GROUP
        self.learned = nn.Parameter(torch.stack((torch.ones(channels), torch.zeros(channels))))
        self.read = _read(condition, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``(B, C, H, W)`` normalised; ``condition`` is ``(B, condition)``."""
        factors = self.learned.flatten() + self.read(condition)
        scale, shift = (part[:, :, None, None].to(x.dtype) for part in factors.chunk(2, 1))
        return torch.addcmul(shift, F.group_norm(x, self.groups), scale)


class Block(nn.Module):
    """Two 3×3 convolutions, each after normalisation and ReLU; noise before the first of them."""

    def __init__(self, channels: int, condition: int, *, noisy: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = Norm(channels, condition), Norm(channels, condition)
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.grain = _read(condition, channels) if noisy else None

    def forward(self, x: Tensor, condition: Tensor, noise: Tensor | None = None) -> Tensor:
        """``(B, C, H, W)`` to the same; ``noise`` is ``(B, 1, H, W)``."""
        y = self.norm1(x, condition)
        if self.grain is not None and noise is not None:
            grain = self.grain(condition)[:, :, None, None].to(y.dtype)
            y = torch.addcmul(y, noise.to(y.dtype), grain)
        y = self.first(F.relu(y))
        changed: Tensor = x + self.second(F.relu(self.norm2(y, condition)))
        return changed


class Noise(nn.Module):
    """Fixed Gaussian noise as a function of place: neighbouring tiles of a picture agree."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        for number, side in enumerate(TABLES):
            table = torch.randn(side, side, generator=generator)
            self.register_buffer(f"table{number}", table, persistent=False)

    def forward(self, origin: Tensor, shape: tuple[int, int], planes: tuple[int, ...]) -> Tensor:
        """Noise ``(B, planes, H, W)`` of deviation 1.

        Args:
            origin: row and column of the first place, ``int64 (B, 2)``.
            shape: height and width.
            planes: numbers of the planes, each with noise of its own.
        """
        shift = 83 * torch.tensor(planes, device=origin.device)
        total = origin.new_zeros((), dtype=torch.float32)
        for side, table in zip(TABLES, self.buffers(), strict=True):
            row, column = (
                (
                    origin[:, axis, None, None]
                    + shift[None, :, None] * (1 + axis)
                    + torch.arange(shape[axis], device=origin.device)
                )
                % side
                for axis in (0, 1)
            )  # (B, planes, H) and (B, planes, W)
            total = total + table[row[..., :, None], column[..., None, :]]
        noise: Tensor = total / len(TABLES) ** 0.5
        return noise


class StrokeNetwork(nn.Module):
    """U-Net from recoloured pictures to painted ones, fully convolutional."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        condition = 2 * embedding
        self.read = nn.Sequential(
            nn.Linear(embedding, condition),
            nn.ReLU(),
            nn.Linear(condition, condition),
            nn.ReLU(),
        )
        self.noise = Noise()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.halve = nn.Conv2d(width, 2 * width, 4, 2, padding=1)
        self.quarter = nn.Conv2d(2 * width, 4 * width, 4, 2, padding=1)
        self.form = nn.ModuleList(Block(4 * width, condition, noisy=False) for _ in range(3))
        self.norm4 = Norm(4 * width, condition)
        self.up2 = nn.Conv2d(4 * width, 2 * width, 3, padding=1)
        self.skip2 = nn.Conv2d(2 * width, 2 * width, 1)
        self.stroke2 = Block(2 * width, condition, noisy=True)
        self.norm2 = Norm(2 * width, condition)
        self.up1 = nn.Conv2d(2 * width, width, 3, padding=1)
        self.skip1 = nn.Conv2d(width, width, 1)
        self.stroke1 = Block(width, condition, noisy=True)
        self.norm1 = Norm(width, condition)
        self.paint = nn.Conv2d(width, 4, 3, padding=1)  # the residual's three channels, the gate
        nn.init.normal_(self.paint.weight, std=0.02)
        with torch.no_grad():
            self.paint.bias.copy_(torch.tensor([0.0, 0.0, 0.0, -2.0]))  # type: ignore[union-attr]

    def encode(self, x: Tensor) -> Tensor:
        """Encode pictures ``(B, 3, H, W)`` in [-1, 1] as ``(B, C, H / 4, W / 4)``."""
        return self._encoded(x)[0]

    def forward(self, base: Tensor, style: Tensor, origin: Tensor) -> Tensor:
        """Paint over ``(B, 3, H, W)``, conditioned on embeddings ``(B, embedding)``.

        ``origin`` is each picture's place in the noise, ``int64 (B, 2)``.
        """
        condition = self.read(style)
        x, half, full = self._encoded(base)
        for block in self.form:
            x = block(x, condition)
        x = self.skip2(half) + _doubled(self.up2(F.relu(self.norm4(x, condition))))
        x = self.stroke2(x, condition, self.noise(origin // 2, x.shape[-2:], (0,)))
        x = self.skip1(full) + _doubled(self.up1(F.relu(self.norm2(x, condition))))
        x = self.stroke1(x, condition, self.noise(origin, x.shape[-2:], (1,)))
        x = self.paint(F.relu(self.norm1(x, condition))).float()
        gate, marks = torch.sigmoid(x[:, 3:]), RESIDUAL * x[:, :3]
        marks = marks - _blurred(marks, STROKE)  # no blotches: colours are the recoloured picture's
        painted: Tensor = base + gate * (_blurred(base, BLUR) - base) + marks
        return painted

    def _encoded(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The encoding, and the maps at a half and at full height and width."""
        full = F.relu(self.stem(x))
        half = F.relu(self.halve(full))
        return standardised(self.quarter(half)), half, full


class PlaneNetwork(nn.Module):
    """The course's autoencoder: the embedding as a plane beside the encoding."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.read = nn.Linear(embedding, PLANE**2)
        self.encoder = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 4, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(2 * width + 1, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 3, 4, 2, padding=1),
        )

    def encode(self, x: Tensor) -> Tensor:
        """Encode pictures ``(B, 3, H, W)`` in [-1, 1] as ``(B, C, H / 4, W / 4)``."""
        code: Tensor = self.encoder(x)
        return code

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Reconstruct ``(B, 3, H, W)`` in [-1, 1], given embeddings ``(B, embedding)``."""
        code = self.encode(x)
        plane = self.read(style).view(-1, 1, PLANE, PLANE)
        if code.shape[-2:] != plane.shape[-2:]:
            plane = F.interpolate(plane, code.shape[-2:], mode="bilinear", align_corners=False)
        return torch.tanh(self.decoder(torch.cat((code, plane.to(code.dtype)), 1)).float())


class Painter(nn.Module):
    """Pictures and mixtures of styles to pictures, with an embedding of each style."""

    bank: Tensor

    def __init__(self, config: PainterConfig) -> None:
        super().__init__()
        self.config = config
        self.styles = nn.Parameter(
            F.normalize(torch.randn(config.styles + 1, config.embedding), dim=1)
        )
        width = WIDTHS[config.size]
        self.network: StrokeNetwork | PlaneNetwork
        if config.styling == "modulation":
            unchanged = torch.cat((torch.zeros(3), torch.eye(3).flatten()))
            self.register_buffer("bank", unchanged.repeat(config.styles, BANK, 1))
            self.network = StrokeNetwork(width, config.embedding)
        else:
            self.network = PlaneNetwork(2 * width, config.embedding)

    def style(self, weights: Tensor) -> Tensor:
        """Embeddings ``(B, embedding)`` of unit length of mixed styles.

        Args:
            weights: of each style, ``(B, styles)``, each row summing to at most 1; the rest is no
                style at all.
        """
        rest = 1 - weights.sum(1, keepdim=True)
        mixed = torch.cat((weights, rest), 1) @ F.normalize(self.styles, dim=1)
        return F.normalize(mixed, dim=1)

    def encode(self, x: Tensor) -> Tensor:
        """Encode pictures ``(B, 3, H, W)`` in [-1, 1] as ``(B, C, H / 4, W / 4)``."""
        return self.network.encode(x)

    def embed(self, x: Tensor) -> Tensor:
        """Features of the content, ``(B, 16 C)``: means of the encoding over 4 × 4 places."""
        return F.adaptive_avg_pool2d(self.encode(x).float(), 4).flatten(1)

    def colours(self, x: Tensor, weights: Tensor) -> Tensor:
        """Colour maps ``(B, 3, 4)`` of pictures: ``nearest_colours``; the course's has none."""
        if self.config.styling == "plane":
            return torch.eye(3, 4, device=x.device).repeat(x.shape[0], 1, 1)
        return nearest_colours(self.bank, colour_statistics(x), weights)

    def forward(
        self,
        x: Tensor,
        weights: Tensor,
        colours: Tensor | None = None,
        origin: Tensor | None = None,
    ) -> Tensor:
        """Repaint ``(B, 3, H, W)`` in [-1, 1] in styles mixed by ``weights`` ``(B, styles)``.

        In training there are no margins, and values may leave [-1, 1].

        Args:
            x: pictures, or parts of pictures; ``SHRINK`` divides height and width.
            weights: of each style; the rest to 1 is no style.
            colours: colour maps ``(B, 3, 4)`` of whole pictures; ``None``: ``x`` is whole.
            origin: row and column of a part within its picture, ``int64 (B, 2)``; ``None``: 0.
        """
        style = self.style(weights) * self.config.embedding**0.5  # numbers of about 1
        if isinstance(self.network, PlaneNetwork):
            made: Tensor = self.network(x, style)
            return made
        base = applied(self.colours(x, weights) if colours is None else colours, x)
        if origin is None:
            origin = torch.zeros(x.shape[0], 2, dtype=torch.int64, device=x.device)
        if self.training:
            made = self.network(base, style, origin)
            return made
        margin = min(MARGIN, (min(x.shape[-2:]) - 1) // SHRINK * SHRINK)
        wide = F.pad(base, (margin,) * 4, mode="reflect")
        wide = wide.contiguous(memory_format=torch.channels_last)
        made = self.network(wide, style, origin - margin).clamp(-1, 1)
        height, width = x.shape[-2:]
        return made[..., margin : margin + height, margin : margin + width]


def nearest_colours(bank: Tensor, statistics: Tensor, weights: Tensor) -> Tensor:
    """Colour maps ``(B, 3, 4)`` of pictures with ``statistics`` ``(B, 12)``.

    Each style's is that to the painting in its bank ``(styles, BANK, 12)`` whose mean and deviation
    of lightness are nearest; ``weights`` ``(B, styles)`` mix them, the rest to 1 changes nothing.
    """
    lightness = _lightness(statistics)[:, None, None]  # (B, 1, 1, 2)
    nearest = (_lightness(bank) - lightness).square().sum(-1).argmin(-1)  # (B, styles)
    chosen = bank[torch.arange(len(bank), device=bank.device), nearest]
    identity = torch.eye(3, 4, device=bank.device)
    used = weights != 0  # most are not
    maps = identity.repeat(*weights.shape, 1, 1)
    own = statistics[:, None].expand_as(chosen)
    if torch.compiler.is_exporting():  # a graph selects no rows by their values
        every = transport(own.flatten(0, 1), chosen.flatten(0, 1)).view(maps.shape)
        maps = torch.where(used[..., None, None], every, maps)
    else:
        maps[used] = transport(own[used], chosen[used])
    rest = 1 - weights.sum(1)
    return (weights[:, :, None, None] * maps).sum(1) + rest[:, None, None] * identity


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _read(condition: int, out: int) -> nn.Linear:
    """A linear layer that begins near 0: all styles begin nearly alike."""
    layer = nn.Linear(condition, out)
    nn.init.normal_(layer.weight, std=0.2)
    nn.init.zeros_(layer.bias)
    return layer


def _blurred(x: Tensor, deviation: float) -> Tensor:
    """Pictures ``(B, 3, H, W)`` without detail: Gaussian means by two matrix products."""
    with torch.autocast(x.device.type, enabled=False):
        down, across = (_gaussian(side, deviation, x.device) for side in x.shape[-2:])
        return down @ x @ across.mT


def _gaussian(side: int, deviation: float, device: torch.device) -> Tensor:
    """The matrix ``(side, side)`` whose rows weigh all places by distance, with a sum of 1."""
    place = torch.arange(side, device=device, dtype=torch.float32)
    weights = torch.exp(-(place[:, None] - place).square() / (2 * deviation**2))
    return weights / weights.sum(1, keepdim=True)


def _lightness(statistics: Tensor) -> Tensor:
    """Mean and deviation ``(…, 2)`` of the luma, from means and covariances ``(…, 12)``."""
    weights = statistics.new_tensor((0.299, 0.587, 0.114))
    mean = statistics[..., :3] @ weights
    covariance = statistics[..., 3:].reshape(*statistics.shape[:-1], 3, 3)
    variance = (covariance @ weights) @ weights
    return torch.stack((mean, variance.clamp(min=0).sqrt()), -1)

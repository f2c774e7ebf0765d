"""Scenes: layered descriptions of pictures, which every subject builds and every style renders.

A style can therefore not be recognised by its subjects. Lengths are in picture sizes: (0, 0) is the
upper left corner, (1, 1) the lower right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from impasto.gallery.colour import Labels, Pixels, turned

Mask = NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator


@dataclass(slots=True)
class Scene:
    """A layered description of a picture of S × S pixels.

    Attributes:
        albedo: (S, S, 3) colour of the things themselves, in Oklab.
        shade: (S, S) light that falls on them: 1 is full, below is shadow.
        label: (S, S) which thing a pixel belongs to; 0 is the ground.
        flow: (S, S) direction in which a hand would stroke it, in radians.
        depth: (S, S) nearness: 0 far away, 1 near.
    """

    albedo: Pixels
    shade: Pixels
    label: Labels
    flow: Pixels
    depth: Pixels

    @property
    def size(self) -> int:
        """Height and width in pixels."""
        return len(self.albedo)

    def lit(self) -> Pixels:
        """(S, S, 3) the colours as seen: shaded, with shadows a little cooler than lights."""
        seen = self.albedo * self.shade[..., None]
        seen[..., 2] -= 0.035 * np.clip(1 - self.shade, 0, 1)
        return seen


class SceneBuilder:
    """Builds a scene back to front.

    Attributes:
        x: (S, S) horizontal place of every pixel, 0 to 1.
        y: (S, S) vertical place, 0 to 1 downwards.
        scene: what stands so far.
        light: -1 where light comes from the left, 1 from the right.
        rng: the picture's chance.
    """

    def __init__(self, size: int, rng: Rng) -> None:
        centres = (np.arange(size, dtype=np.float32) + 0.5) / size
        self.x, self.y = np.meshgrid(centres, centres)
        flat = np.zeros((size, size), np.float32)
        self.scene = Scene(
            np.full((size, size, 3), 0.5, np.float32),
            np.ones_like(flat),
            np.zeros((size, size), np.int32),
            flat.copy(),
            flat,
        )
        self.rng = rng
        self.light = float(rng.choice([-1.0, 1.0]))
        self._things = 0

    def place(
        self,
        where: Mask,
        colour: Pixels,
        *,
        shade: float | Pixels = 1.0,
        flow: float | Pixels | tuple[float, float] = 0.0,
        depth: float = 0.5,
    ) -> None:
        """Put a thing in front of everything so far.

        Args:
            where: (S, S) the pixels it covers.
            colour: (3,) or (S, S, 3) its colour.
            shade: a number or (S, S), the light on it.
            flow: a number or (S, S), the direction to stroke it in radians; or a point to stroke
                around.
            depth: its nearness.
        """
        scene = self.scene
        if isinstance(flow, tuple):
            scene.flow[where] = (
                np.arctan2(self.y[where] - flow[1], self.x[where] - flow[0]) + np.pi / 2
            )
        else:
            scene.flow[where] = flow[where] if isinstance(flow, np.ndarray) else flow
        scene.albedo[where] = colour[where] if colour.ndim == 3 else colour
        scene.shade[where] = shade[where] if isinstance(shade, np.ndarray) else shade
        scene.depth[where] = depth
        scene.label[where] = self._things
        self._things += 1

    def darken(self, where: Mask, factor: float) -> None:
        """Cast a shadow: multiply the light on the pixels ``where``."""
        self.scene.shade[where] *= factor

    def noise(self, cells: float, stretch: float = 1.0) -> Pixels:
        """Smooth noise (S, S) in about ±1 with ``cells`` bumps a side, widened by ``stretch``."""
        return noise(self.rng, self.scene.size, cells, stretch)

    def ellipse(
        self, x: float, y: float, wide: float, high: float, tilt: float = 0.0
    ) -> tuple[Mask, Pixels]:
        """An ellipse by centre and half axes: its mask, and the light on a ball of that outline."""
        cos, sin, reach = np.cos(tilt), np.sin(tilt), max(wide, high)
        rows, columns = self._span(y, reach), self._span(x, reach)
        dx, dy = self.x[rows, columns] - x, self.y[rows, columns] - y
        across, down = (dx * cos + dy * sin) / wide, (dy * cos - dx * sin) / high
        square = across**2 + down**2
        facing = np.sqrt(np.clip(1 - square, 0, 1))
        light = 0.62 + 0.5 * (0.6 * facing + 0.5 * self.light * across - 0.55 * down)
        mask, whole = np.zeros(self.x.shape, dtype=bool), np.ones(self.x.shape, np.float32)
        mask[rows, columns], whole[rows, columns] = square < 1, np.clip(light, 0.35, 1.22)
        return mask, whole

    def _span(self, centre: float, reach: float) -> slice:
        size = self.scene.size
        return slice(max(0, int((centre - reach) * size)), max(0, int((centre + reach) * size) + 2))

    def around(self, x: float, y: float) -> Pixels:
        """(S, S) the direction that circles a point, in radians."""
        return (np.arctan2(self.y - y, self.x - x) + np.pi / 2).astype(np.float32)

    def polygon(self, points: Sequence[tuple[float, float]]) -> Mask:
        """The mask of a polygon."""
        size = self.scene.size
        drawn = Image.new("L", (size, size))
        ImageDraw.Draw(drawn).polygon([(px * size, py * size) for px, py in points], fill=1)
        return np.asarray(drawn, dtype=bool)

    def ridge(self, height: float, roughness: float, cells: float) -> tuple[Mask, Pixels]:
        """Everything under a hilly line about ``height``.

        Its mask, and the slope of the line as a direction.
        """
        line = (
            height + roughness * self.noise(cells)[0] + 0.35 * roughness * self.noise(cells * 3)[0]
        )
        slope = np.arctan(np.gradient(line) * self.scene.size).astype(np.float32)
        return self.y > line, np.broadcast_to(slope, self.y.shape)


def noise(rng: Rng, size: int, cells: float, stretch: float = 1.0) -> Pixels:
    """Smooth noise (size, size) in about ±1 with ``cells`` bumps a side, widened by ``stretch``."""
    rows, columns = max(2, round(cells) + 1), max(2, round(cells / stretch) + 1)
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((size, size), Image.Resampling.BICUBIC))


def graded(
    scene: Scene, *, hue: float, chroma: float, contrast: float, tint: Pixels, strength: float
) -> Scene:
    """The scene under a palette.

    Hue in degrees, chroma, contrast, and a share ``strength`` of the colour ``tint``.
    """
    albedo = turned(scene.albedo, hue, chroma)
    albedo[..., 1:] += strength * (tint[1:] * albedo[..., :1] * 1.4 - albedo[..., 1:])
    albedo[..., 0] = np.clip(tint[0] + (albedo[..., 0] - tint[0]) * contrast, 0.04, 0.98)
    return Scene(albedo, scene.shade, scene.label, scene.flow, scene.depth)

"""The colours that a subject is made of, before a palette and a style change them."""

from typing import Final

from impasto.gallery.colour import Pixels, lch
from impasto.gallery.scene import Rng

_ROLES: Final = {
    "sky": (0.76, 0.085, 238),
    "haze": (0.90, 0.045, 85),
    "far": (0.64, 0.06, 255),
    "mid": (0.60, 0.10, 138),
    "near": (0.47, 0.10, 130),
    "field": (0.75, 0.12, 95),
    "earth": (0.55, 0.085, 65),
    "water": (0.56, 0.085, 232),
    "wall": (0.78, 0.06, 75),
    "roof": (0.54, 0.135, 38),
    "skin": (0.77, 0.075, 58),
    "leaf": (0.50, 0.115, 140),
    "dark": (0.27, 0.035, 285),
    "light": (0.94, 0.03, 95),
    "wood": (0.47, 0.08, 55),
    "cloth": (0.55, 0.12, 20),
}
_BRIGHT: Final = (
    28,
    48,
    70,
    95,
    125,
    195,
    255,
    300,
    350,
)  # hues of fruit, flowers, sails and clothes


class Paints:
    """The colours of one picture: each role's usual colour, a little off."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng

    def __getitem__(self, role: str) -> Pixels:
        lightness, chroma, hue = _ROLES[role]
        r = self._rng
        return lch(
            lightness + r.normal(0, 0.035),
            max(0.0, chroma * r.uniform(0.75, 1.3)),
            hue + r.normal(0, 12),
        )

    def bright(self) -> Pixels:
        """A strong colour of any hue."""
        r = self._rng
        return lch(
            r.uniform(0.5, 0.85), r.uniform(0.1, 0.17), float(r.choice(_BRIGHT)) + r.normal(0, 8)
        )

"""Styles by name: a way to render any scene, and the years in which its artists work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.gallery import painted, printed, washed
from impasto.gallery.colour import Pixels, lch, to_srgb
from impasto.gallery.painted import Hand
from impasto.gallery.scene import Rng, Scene, graded
from impasto.gallery.subjects import build

_FINER: Final = 1.5  # pictures are painted larger and reduced, so that edges are smooth


@dataclass(frozen=True, slots=True)
class Style:
    """A way to paint.

    Attributes:
        render: a scene, an artist's hand and chance to (S, S, 3) Oklab colours.
        years: the first and the last year of the style.
    """

    render: Callable[[Scene, Hand, Rng], Pixels]
    years: tuple[int, int]


STYLES: Final[Mapping[str, Style]] = MappingProxyType(
    {
        "Broken_Colour": Style(painted.broken_colour, (1867, 1912)),
        "Lamplight": Style(washed.lamplight, (1598, 1668)),
        "Impasto": Style(painted.impasto, (1881, 1934)),
        "Flat_Gouache": Style(printed.flat_gouache, (1922, 1971)),
        "Wet_Wash": Style(washed.wet_wash, (1796, 1905)),
        "Wild_Colour": Style(painted.wild_colour, (1903, 1926)),
        "Floating_Print": Style(printed.floating_print, (1761, 1868)),
        "Cubist_Facets": Style(printed.cubist_facets, (1908, 1931)),
        "Soft_Pastel": Style(painted.soft_pastel, (1738, 1899)),
        "Pointillist": Style(painted.pointillist, (1884, 1911)),
        "Woodcut": Style(printed.woodcut, (1906, 1938)),
        "Colour_Field": Style(printed.colour_field, (1948, 1979)),
        "Deco_Geometry": Style(printed.deco_geometry, (1919, 1941)),
        "Mosaic": Style(painted.mosaic, (1889, 1957)),
        "Stained_Glass": Style(printed.stained_glass, (1862, 1933)),
        "Ink_Wash": Style(washed.ink_wash, (1644, 1829)),
    }
)
"""Name to style, the most frequent first in a gallery."""


def paint(style: str, subject: str, hand: Hand, size: int, rng: Rng) -> NDArray[np.uint8]:
    """One picture, (size, size, 3) sRGB.

    Palettes come from one distribution for all styles: full, faded, turned or nearly of one hue.
    """
    scene = build(subject, round(_FINER * size), rng)
    scene = _in_a_palette(scene, hand, rng)
    colours = STYLES[style].render(scene, hand, rng)
    colours = _aged(colours, rng)
    large = Image.fromarray(to_srgb(colours))
    return np.asarray(large.resize((size, size), Image.Resampling.LANCZOS))


def _in_a_palette(scene: Scene, hand: Hand, rng: Rng) -> Scene:
    hue, strength = rng.uniform(0, 360), float(rng.beta(0.6, 2.4)) * 0.75
    key = rng.uniform(0.35, 0.75)
    turn = hand.hue + rng.normal(0, 12) + (rng.uniform(-180, 180) if rng.random() < 0.12 else 0)
    chroma = hand.chroma * rng.uniform(0.85, 1.35)
    contrast = hand.contrast * rng.uniform(0.75, 1.15)
    tint = lch(key, rng.uniform(0.02, 0.09), hue)
    return graded(scene, hue=turn, chroma=chroma, contrast=contrast, tint=tint, strength=strength)


def _aged(colours: Pixels, rng: Rng) -> Pixels:
    """Varnish, fading and the photographer's light, the same for every style."""
    aged = colours * np.float32(rng.uniform(0.8, 1.08)) + lch(rng.uniform(-0.01, 0.05), 0.0, 0.0)
    aged[..., 1:] = (
        aged[..., 1:] * rng.uniform(0.85, 1.2)
        + lch(0, rng.uniform(0, 0.025), rng.uniform(0, 360))[1:]
    )
    return np.asarray(aged, dtype=np.float32)

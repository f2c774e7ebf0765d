"""Invented artists with habits of their own, and the titles they give."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from impasto.gallery.painted import Hand
from impasto.gallery.scene import Rng
from impasto.gallery.styles import STYLES
from impasto.gallery.subjects import SUBJECTS

_FIRST: Final = (
    "Ada", "Anselm", "Bela", "Celia", "Dora", "Edvin", "Elio", "Fenna", "Gerrit", "Hanako",
    "Ilse", "Ivo", "Jorun", "Kaspar", "Lene", "Livia", "Marek", "Mirela", "Nils", "Odette",
    "Orsolya", "Paulin", "Quirin", "Renzo", "Saskia", "Sunniva", "Tadeo", "Teodor", "Ulla",
    "Veit", "Wanda", "Yrsa",
)  # fmt: skip
_ONSET: Final = (
    "Bra", "Cal", "Dor", "El", "Far", "Gil", "Hol", "Is", "Kel", "Lor", "Mar", "Nor", "Os",
    "Per", "Quel", "Ro", "Sten", "Tal", "Ur", "Ver", "Wil", "Zan",
)  # fmt: skip
_MIDDLE: Final = ("a", "de", "en", "i", "la", "mi", "no", "o", "ri", "ve")
_CODA: Final = (
    "beck", "court", "dahl", "feld", "ghi", "kov", "lund", "mont", "nari", "quist", "rade",
    "sen", "tier", "velde", "wick", "zon",
)  # fmt: skip
_TIMES: Final = (
    "morning",
    "noon",
    "evening",
    "dusk",
    "autumn",
    "spring",
    "winter",
    "frost",
    "august",
)
_PLACES: Final = (
    "ardenholm", "bellavane", "corsolo", "dunmere", "estrella", "fennmark", "grannoy", "hollin",
    "isola-verde", "kestrel-bay", "lowmarsh", "monteval", "norwick", "old-mill", "aubrel",
)  # fmt: skip
_THINGS: Final = {
    "landscape": (
        "hills-at",
        "the-road-to",
        "cypresses-near",
        "fields-of",
        "the-orchard-at",
        "the-river-at",
    ),
    "seascape": (
        "boats-off",
        "the-bay-of",
        "regatta-at",
        "calm-water-off",
        "sails-at",
        "the-cliffs-of",
    ),
    "town": (
        "the-quay-at",
        "rooftops-of",
        "market-square-in",
        "the-old-town-of",
        "houses-in",
        "the-tower-of",
    ),
    "still life": (
        "fruit-and-bottles",
        "still-life-with-a-jug",
        "flowers-and-plums",
        "the-laid-table",
        "oranges",
    ),
    "portrait": (
        "portrait-of-a-teacher",
        "the-painters-sister",
        "head-of-a-young-man",
        "the-hat",
        "the-neighbour",
    ),
    "abstract": (
        "composition",
        "rhythm",
        "counterpoint",
        "arcs-and-wedges",
        "improvisation",
        "interval",
    ),
}
_PLACED: Final = frozenset({"landscape", "seascape", "town"})


@dataclass(frozen=True, slots=True)
class Artist:
    """Somebody who never lived.

    Attributes:
        slug: the name as file names have it.
        hand: habits of the hand.
        weight: how much of a style's work is theirs, relative to others.
        favourite: the subject painted most.
        years: of the first and the last picture.
    """

    slug: str
    hand: Hand
    weight: float
    favourite: str
    years: tuple[int, int]


def artists(seed: int, per_style: int) -> dict[str, list[Artist]]:
    """Artists of every style; of four or more, the last is a guest from the next style.

    Guests make "this artist's usual style" a strong guess that is sometimes wrong, as among real
    painters.
    """
    rng = np.random.default_rng([seed, 0])
    names: list[str] = []
    while len(names) < per_style * len(STYLES):
        name = _name(rng)
        if name not in names:
            names.append(name)
    home = {
        style: [
            _artist(names[i * per_style + j], STYLES[style].years, rng) for j in range(per_style)
        ]
        for i, style in enumerate(STYLES)
    }
    if per_style < 4:
        return home
    order = list(STYLES)
    return {
        style: [*home[style][:-1], home[order[(i + 1) % len(order)]][0]]
        for i, style in enumerate(order)
    }


def title(subject: str, rng: Rng) -> str:
    """A slug that fits the subject."""
    thing = str(rng.choice(_THINGS[subject]))
    if subject in _PLACED:
        place = f"{thing}-{rng.choice(_PLACES)}"
        return f"{place}-{rng.choice(_TIMES)}" if rng.random() < 0.4 else place
    if subject == "abstract":
        numbers = ("i", "ii", "iii", "iv", "v", "vi", "in-red", "in-blue", "in-ochre", "for-two")
        return f"{thing}-{rng.choice(numbers)}"
    return f"{thing}-{rng.choice(_TIMES)}"


def year(style: str, artist: Artist, rng: Rng) -> int:
    """A year of the artist's working life that is also one of the style's."""
    first, last = STYLES[style].years
    low, high = max(first, artist.years[0]), min(last, artist.years[1])
    return int(rng.integers(low, high + 1)) if low <= high else int(rng.integers(first, last + 1))


def _name(rng: Rng) -> str:
    family = (
        str(rng.choice(_ONSET))
        + (str(rng.choice(_MIDDLE)) if rng.random() < 0.6 else "")
        + str(rng.choice(_CODA))
    )
    return f"{rng.choice(_FIRST)}-{family}".lower()


def _artist(slug: str, years: tuple[int, int], rng: Rng) -> Artist:
    hand = Hand(
        scale=float(np.exp(rng.uniform(-0.28, 0.24))),
        angle=float(rng.normal(0, 0.35)),
        hue=float(rng.normal(0, 11)),
        chroma=float(rng.uniform(0.85, 1.25)),
        contrast=float(rng.uniform(0.9, 1.2)),
    )
    start = int(rng.integers(years[0], max(years[1] - 18, years[0]) + 1))
    working = (start, min(start + int(rng.integers(12, 35)), years[1]))
    return Artist(
        slug, hand, float(rng.uniform(0.5, 2.0)), str(rng.choice(list(SUBJECTS))), working
    )

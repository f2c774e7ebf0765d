"""File names: artist, title and year in them, also where a name was encoded twice.

WikiArt's names read ``<artist-slug>_<title-slug>[-year][(n)].jpg``. Some went through UTF-8 twice
and were lower-cased in between: ``ö`` (C3 B6) became ``Ã¶`` and then ``ã¶``. Lower-casing only
ever adds 0x20 to the lead byte of a two-byte sequence, so every such name can be read back.
"""

import re
import unicodedata
from dataclasses import dataclass

# Lead bytes of Latin, Greek, Cyrillic and punctuation only: é before a guillemet or a hard space is
# what it seems
_TWICE = re.compile(
    "\u00f0[\u0080-\u00bf]{3}|[\u00e2\u00e3][\u0080-\u00bf]{2}"
    "|[\u00e2-\u00e5\u00ee-\u00f1][\u0080-\u00bf]"
)
_YEAR = re.compile(r"^(.+)-(\d{4})$")  # after a title: alone, "monet_1143" may be the file's number
_COPY = re.compile(r"\(\d+\)$")
_CAMERAS = frozenset(
    [
        *("dsc", "dscn", "img", "image", "images", "photo", "pic", "picture", "pxl", "scan"),
        *("screenshot", "test", "train"),
    ]
)
UNKNOWN_ARTISTS = frozenset({"", "unknown", "unknown-artist", "anonymous", "none"})


@dataclass(frozen=True, slots=True)
class Name:
    """Artist, title and year as a file name gives them; ``None`` where it does not."""

    artist: str | None
    title: str | None
    year: int | None
    repaired: bool


def read_name(path: str) -> Name:
    """Artist, title and year of a picture by its path within the source (``/`` between folders)."""
    written = path.rsplit("/", 1)[-1]
    name = repair(written)
    stem = name.rsplit(".", 1)[0] if "." in name else name
    stem = _COPY.sub("", stem)
    artist, line, title = stem.partition("_")
    if not line or artist.lower() in _CAMERAS or not any(c.isalpha() for c in artist):
        artist, title = "", stem
    year = None
    if found := _YEAR.match(title):
        number = int(found[2])
        if 1000 <= number <= 2100:  # years of paintings, not numbers of files
            title, year = found[1], number
    words = " ".join(title.replace("-", " ").replace("_", " ").split())
    return Name(artist_slug(artist), words or None, year, _TWICE.sub(_once, path) != path)


def repair(text: str) -> str:
    """Read doubly encoded letters as they were meant; drop soft hyphens and hard spaces; NFC."""
    text = _TWICE.sub(_once, text)
    return unicodedata.normalize(
        "NFC", text.replace("\u00ad", "").replace("\u00a0", " ").strip()
    ).replace(" .", ".")


def artist_slug(name: str | None) -> str | None:
    """An artist's name in lower case with hyphens, ``None`` where nobody is named."""
    slug = "-".join(repair(name or "").lower().replace("_", " ").replace("-", " ").split())
    return None if slug in UNKNOWN_ARTISTS else slug


def year_of(value: object) -> int | None:
    """A year as a whole number of at most four digits, also from text; else ``None``.

    ``c. 1880`` and ``1880-85`` give 1880, ``19th c.`` gives none.
    """
    try:
        year = int(float(str(value)))
    except OverflowError:
        return None
    except ValueError:
        found = re.search(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)", str(value))
        return int(found[0]) if found else None
    return year if -9999 <= year <= 9999 else None


def _once(found: re.Match[str]) -> str:
    raw = found[0].encode("latin-1")
    upper = bytes([raw[0] - 0x20, *raw[1:]])  # as it was before lower-casing
    for candidate in (upper, raw):
        try:
            return candidate.decode("utf-8").lower().replace("\u00a0", "")
        except UnicodeDecodeError:
            continue
    return found[0]

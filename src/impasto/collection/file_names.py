"""File names: artist, title and year in them, also where a name was encoded twice.

WikiArt's names read ``<artist-slug>_<title-slug>[-year][(n)].jpg``. Some went through UTF-8 twice
and were lower-cased in between: ``ö`` (C3 B6) became ``Ã¶`` and then ``ã¶``. Lower-casing only
ever adds 0x20 to the lead byte of a two-byte sequence, so every such name can be read back.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

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
UNKNOWN_ARTISTS = frozenset(
    [
        *("", "unknown", "unknown-artist", "anonymous", "none", "anon", "anon."),
        *("nan", "n/a", "?", "null", "unbekannt", "anonym", "inconnu", "anonyme", "desconocido"),
    ]
)
LONGEST_RANGE: Final = 30
"""Years between the first and the last of a date that still tells when a picture was made."""
_FIRST_YEAR: Final = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
_LAST_YEAR: Final = re.compile(r"\s*(?:[-–—/]|to|bis|and|or|à)\s*(\d{4}|\d{1,2})(?!\d)")
_DECADE: Final = re.compile(r"(?<!\d)(1\d\d0|20\d0)(?:'?s|er)\b")
_CENTURY: Final = re.compile(
    r"\b(\d{1,2}|[XVI]{1,5})(?:st|nd|rd|th|er|ème|e|\.)?\s*"
    r"(?:c\.|cent\.|century|jh\b|jhd\b|jahrhundert|siècle)",
    re.IGNORECASE,
)
_ROMAN: Final = {"I": 1, "V": 5, "X": 10}


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


def year_range(value: object) -> tuple[int, int] | None:
    """First and last year that a date names, ``None`` where it names none.

    ``1880`` and ``c. 1880`` are one year, ``1880–85`` and ``1880/5`` two, ``1880s`` ten and
    ``19th c.``, ``19. Jh.`` and ``XIX century`` a hundred.
    """
    text = " ".join(str(value).split())
    try:
        number = float(text)
    except ValueError:
        return _range_in_words(text)
    if not number.is_integer():  # 03.1907
        return _range_in_words(text)
    return (int(number), int(number)) if -9999 <= number <= 9999 else None


def year_of(value: object) -> int | None:
    """The first year of a date, ``None`` where it names none or more than ``LONGEST_RANGE``."""
    found = year_range(value)
    return found[0] if found and found[1] - found[0] <= LONGEST_RANGE else None


def _range_in_words(text: str) -> tuple[int, int] | None:
    if decade := _DECADE.search(text):
        return int(decade[1]), int(decade[1]) + 9
    if first := _FIRST_YEAR.search(text):
        start = int(first[1])
        last = _LAST_YEAR.match(text, first.end())
        if last is None:
            return start, start
        end = int(first[1][: 4 - len(last[1])] + last[1])
        return (start, end) if end >= start else (start, start)
    if century := _CENTURY.search(text):
        number = century[1]
        count = int(number) if number.isdigit() else _roman(number.upper())
        return (100 * (count - 1) + 1, 100 * count) if 1 <= count <= 21 else None
    return None


def _roman(number: str) -> int:
    """A Roman number of I, V and X."""
    values = [_ROMAN[letter] for letter in number]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _once(found: re.Match[str]) -> str:
    raw = found[0].encode("latin-1")
    upper = bytes([raw[0] - 0x20, *raw[1:]])  # as it was before lower-casing
    for candidate in (upper, raw):
        try:
            return candidate.decode("utf-8").lower().replace("\u00a0", "")
        except UnicodeDecodeError:
            continue
    return found[0]

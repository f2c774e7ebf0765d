"""Fonts for labels in pictures: DejaVu Sans, or a CJK font of the machine where a text needs one.

DejaVu comes with matplotlib and covers Latin, Greek and Cyrillic. A text with glyphs that no known
font has is drawn with boxes in their places.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
CJK: Final = (
    "notosanscjk",
    "notoserifcjk",
    "notosansjp",
    "notosanssc",
    "sourcehan",
    "wqy-",
    "droidsansfallback",
    "arialunicode",
    "arial unicode",
    "pingfang",
    "hiragino",
    "msyh",
    "msgothic",
    "malgun",
)
"""Beginnings of the file names of fonts with Chinese, Japanese or Korean glyphs."""


@cache
def font(text: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a font of ``size`` pixels with every glyph of a text, or else DejaVu Sans."""
    needed = {ord(char) for char in text if char.isprintable() and not char.isspace()}
    files = (path for path in _files() if needed <= _glyphs(path))
    return ImageFont.truetype(next(files, dejavu()), size)


def dejavu() -> Path:
    """Return the file of DejaVu Sans, which comes with matplotlib."""
    import matplotlib  # noqa: PLC0415 – slow to import

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def _files() -> Iterator[Path]:
    yield dejavu()
    yield from _cjk_files()


@cache
def _cjk_files() -> tuple[Path, ...]:
    """CJK fonts of this machine, in the order of ``CJK``."""
    found = []
    for folder in FOLDERS:
        for path in Path(folder).expanduser().rglob("*.[ot]t[fc]"):
            for rank, name in enumerate(CJK):
                if path.name.lower().startswith(name):
                    found.append((rank, path))
    return tuple(path for _, path in sorted(found))


@cache
def _glyphs(path: Path) -> frozenset[int]:
    """Code points that a font file has glyphs for; none where it cannot be read."""
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415 – slow to import

    try:
        return frozenset(FT2Font(str(path)).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()

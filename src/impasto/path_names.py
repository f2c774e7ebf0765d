"""Names of files and folders after styles, artists and pictures, on every system.

A style may be called anything, ``../outside`` or ``CON`` too. A name that is safe everywhere stays
as it is; any other is cleaned and carries a digest of the original.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

LONGEST: Final = 100
"""Bytes of a name at most; systems take 255, and endings and temporary names are added."""
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, turns of direction and lone surrogates."""
_DEVICES: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE
)


def path_name(name: str) -> str:
    """A name for a file or folder, free of separators: the name itself where it is safe.

    Two names may share it on a disk that does not tell case; see ``path_names``.
    """
    return name if _clean(name) == name else _marked(name)


def path_names(names: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """A name for a file or folder by each name; no two are the same, whatever the disk tells apart.

    Args:
        names: all that lie beside each other.
        taken: what else lies there.
    """
    several = list(dict.fromkeys(names))
    found = {name: path_name(name) for name in several}
    while True:
        keys = Counter(_key(one) for one in [*found.values(), *taken])
        double = [name for name in several if keys[_key(found[name])] > 1]
        if all(found[name] == _marked(name) for name in double):
            return found
        found |= {name: _marked(name) for name in double}


def unused(name: str, taken: set[str]) -> str:
    """``path_name``, with a number where it is taken already; it is added to what is taken."""
    plain = path_name(name)
    found, number = plain, 1
    while _key(found) in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(_key(found))
    return found


def _key(name: str) -> str:
    """Equal for names that some system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _clean(name: str, longest: int = LONGEST) -> str:
    """A name without all that some system forbids; not always another than that of others."""
    text = unicodedata.normalize("NFC", name)
    letters = [
        "-" if letter in _FORBIDDEN or unicodedata.category(letter) in _UNSEEN else letter
        for letter in text
    ]
    text = "".join(letters).lstrip(". ").encode()[:longest].decode(errors="ignore").rstrip(". ")
    return f"-{text}" if not text or _DEVICES.fullmatch(text) else text


def _marked(name: str) -> str:
    """The clean name and a digest of the original."""
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{_clean(name, LONGEST - 17)}-{digest}"

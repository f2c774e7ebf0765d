"""Data as classic scripts: the one form in which a page that was opened from disk may load it.

Each file calls ``Impasto.receive(key, value)``. Numbers go as base64 of little-endian arrays,
pictures as base64 JPEG. See docs/decisions/0008-atlas-page.md.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.files import write_text


class ScriptFolder:
    """A folder of data scripts that is being written.

    Attributes:
        path: the folder.
        names: the files written so far, by path within the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: set[str] = set()
        self._digest = hashlib.sha256()

    def add(self, key: str, value: Any) -> None:
        """Write ``value`` as ``KEY.js``.

        Raises:
            OutputError: it cannot be written.
        """
        text = script(key, value)
        self._digest.update(text.encode("ascii"))
        self.names.add(f"{key}.js")
        write_text(self.path / f"{key}.js", text)

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits that change with any of the content."""
        return self._digest.hexdigest()[:10]


def script(key: str, value: Any) -> str:
    """``Impasto.receive(key, value)``, in ASCII and without ``<``.

    Nothing in it can end a script or a string.
    """
    return f"Impasto.receive({_literal(key)},{_literal(value)});\n"


def encoded(values: NDArray[Any], kind: str) -> str:
    """An array as base64 of little-endian numbers of a NumPy kind, as in ``"i2"``."""
    return base64.b64encode(
        np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<")).tobytes()
    ).decode("ascii")


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )

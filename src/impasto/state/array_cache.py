"""Cache of arrays that cost time, in files that carry the key of what they were made from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialised

from impasto.files import write_bytes
from impasto.files.checksums import damage

Arrays = Mapping[str, NDArray[Any]]


def cached_arrays(
    path: Path, key: str, make: Callable[[], dict[str, NDArray[np.floating]]]
) -> Arrays:
    """Read the arrays of a file that carries ``key``; else make them and write them there.

    A damaged file counts as one with another key.
    """
    if path.is_file() and damage(path) is None:
        try:
            with safe_open(path, framework="numpy") as file:
                if (file.metadata() or {}).get("key") == key:
                    names = file.keys()  # the file itself is no mapping
                    return {name: file.get_tensor(name) for name in names}
        except (OSError, SafetensorError):
            pass
    # safetensors writes memory as it lies: an array in Fortran's order, as PCA gives, would come
    # back scrambled
    made = {name: np.ascontiguousarray(array) for name, array in make().items()}
    write_bytes(path, serialised(made, metadata={"key": key}))
    return made

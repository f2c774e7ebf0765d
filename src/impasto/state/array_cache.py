"""Arrays that cost time, kept in a file beside the key of what they were made from; under another key, made anew."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialised

from impasto.files import replacing

Arrays = Mapping[str, NDArray[Any]]


def kept(path: Path, key: str, make: Callable[[], dict[str, NDArray[np.floating]]]) -> Arrays:
    """The arrays of the file at ``path`` where it carries ``key``, else those of ``make``, which are then kept there.

    A damaged file is one that carries another key.
    """
    if path.is_file():
        try:
            with safe_open(path, framework="numpy") as file:
                if (file.metadata() or {}).get("key") == key:
                    return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – not a dict
        except (OSError, SafetensorError):
            pass
    # safetensors writes memory as it lies: an array in Fortran's order, as PCA gives, would come
    # back scrambled
    made = {name: np.ascontiguousarray(array) for name, array in make().items()}
    with replacing(path) as temporary:
        temporary.write_bytes(serialised(made, metadata={"key": key}))
    return made

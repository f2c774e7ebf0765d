"""Cache of the parts of an atlas, from which one that was cut off continues."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.state.array_cache import cached_arrays


@dataclass(frozen=True, slots=True)
class AtlasCache:
    """A folder of arrays that took time.

    Attributes:
        folder: of the files.
        key: fingerprint of what the arrays were made from; those of another are made anew.
    """

    folder: Path
    key: str

    def array(
        self, name: str, make: Callable[[], tuple[NDArray[Any], Any]]
    ) -> tuple[NDArray[Any], Any]:
        """Read an array with plain data beside it; else make and keep both."""

        def made() -> dict[str, NDArray[Any]]:
            array, data = make()
            return {"array": array, "data": np.frombuffer(json.dumps(data).encode(), np.uint8)}

        found = cached_arrays(self.folder / f"{name}.safetensors", self.key, made)
        return found["array"], json.loads(bytes(found["data"]))

"""PyTorch dataset of one split; imported on demand, so that a collection needs no torch."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset


class StyleDataset(Dataset[tuple[Any, int]]):
    """Pictures of one split with their styles as positions in the vocabulary.

    Args:
        pixels: of the whole collection, ``uint8 (N, H, W, 3)``, memory-mapped.
        rows: of the split, ``int64 (M,)``.
        labels: of these rows, ``int64 (M,)``.
        transform: see ``Collection.dataset``.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        rows: NDArray[np.int64],
        labels: NDArray[np.int64],
        transform: Callable[[Tensor], Any] | Literal["float"] | None = None,
    ) -> None:
        self.pixels, self.rows, self.labels, self.transform = pixels, rows, labels, transform

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """A picture and the position of its style."""
        pixels = np.array(self.pixels[self.rows[index]])  # a copy: the map is read-only
        picture = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
        label = int(self.labels[index])
        if self.transform is None:
            return picture, label
        if self.transform == "float":
            return picture.float() / 127.5 - 1, label
        return self.transform(picture), label

    def __getstate__(self) -> dict[str, Any]:
        """The state for another process: the file of the pixels, not the pixels."""
        state = dict(self.__dict__)
        if isinstance(self.pixels, np.memmap):
            state["pixels"] = self.pixels.filename
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the pixels again where they lie."""
        if not isinstance(state["pixels"], np.ndarray):
            state = {**state, "pixels": np.load(state["pixels"], mmap_mode="r")}
        self.__dict__.update(state)

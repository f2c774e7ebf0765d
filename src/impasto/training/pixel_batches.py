"""Training pictures from the memory-mapped pixels, or from the device where they all fit."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.images.tensors import byte_tensor

SHARE = 0.5  # of a device's free memory that the pictures may take


class Pictures:
    """Rows of a collection as ``uint8 (B, 3, H, W)`` on a device."""

    def __init__(
        self, collection: Collection, rows: NDArray[np.int64], device: torch.device
    ) -> None:
        self.collection, self.device = collection, device
        self.resident: Tensor | None = None
        self.position = np.full(len(collection), -1, np.int64)
        needed = len(rows) * int(np.prod(collection.pixels.shape[1:]))
        if device.type == "cuda" and needed < SHARE * torch.cuda.mem_get_info(device)[0]:
            self.resident = self.gather(collection, rows).to(device)
            self.position[rows] = np.arange(len(rows))

    def take(self, rows: NDArray[np.int64]) -> Tensor:
        """The pictures of some rows, ``uint8 (B, 3, H, W)``."""
        if self.resident is not None:
            return self.resident[torch.from_numpy(self.position[rows]).to(self.device)]
        return self.gather(self.collection, rows).to(self.device)

    @staticmethod
    def gather(collection: Collection, rows: NDArray[np.int64]) -> Tensor:
        """The pictures of some rows from disk, ``uint8 (B, 3, H, W)``, channels last in memory."""
        return byte_tensor(collection.pixels[rows])

"""Cache of latents and text embeddings, a chunk a file: an interruption loses one chunk.

The folder's name is a digest of all that the numbers depend on, so what another base or collection
left is never read.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import OutputError
from impasto.files import make_folder, replacing, write_json
from impasto.state.fingerprint import fingerprint

CHUNK: Final = 32  # pictures or captions between two writes
MARGIN: Final = 1.05  # times the arrays' size: headers, and other files on the disk
Arrays = Mapping[str, Tensor]


def address(folder: Path, depends: Mapping[str, Any]) -> Path:
    """Make the folder for arrays that depend on ``depends``, and write ``depends`` into it.

    Raises:
        OutputError: it cannot be written.
    """
    path = make_folder(folder / fingerprint(**depends)[:16])
    write_json(path / "made-from.json", dict(depends))
    return path


@dataclass
class Shelf:
    """Rows of arrays under one name, in chunks of ``CHUNK`` rows a file.

    Attributes:
        folder: where the files are.
        name: of this kind of rows.
        count: how many rows there are.
    """

    folder: Path
    name: str
    count: int
    _open: dict[Path, NDArray[np.float16]] = field(default_factory=dict)

    def missing(self) -> list[int]:
        """The numbers of the chunks that are not there yet."""
        chunks = -(-self.count // CHUNK)
        return [chunk for chunk in range(chunks) if not self._done(chunk).exists()]

    def fill(
        self,
        make: Callable[[int, int], Arrays],
        advance: Callable[[int], None],
        share: tuple[int, int],
    ) -> None:
        """Make what is missing.

        Args:
            make: the arrays of rows from one number up to another, ``(rows, …)`` each.
            advance: called with the number of rows made.
            share: this process's number and the number of processes, which divide the chunks.

        Raises:
            OutputError: the disk is full.
        """
        index, processes = share
        # By number, not by place among the missing ones: other processes write at the same time
        local = [chunk for chunk in self.missing() if chunk % processes == index]
        if local:
            self._room(make)
        for chunk in local:
            start, stop = chunk * CHUNK, min((chunk + 1) * CHUNK, self.count)
            made = make(start, stop)
            for key, tensor in made.items():
                with replacing(self._path(key, chunk)) as temporary, temporary.open("wb") as stream:
                    np.save(stream, tensor.detach().to("cpu", torch.float16).numpy())
            write_json(self._done(chunk), sorted(made))
            advance(stop - start)

    def row(self, number: int) -> dict[str, Tensor]:
        """The arrays of a row, ``float32``."""
        chunk, place = divmod(number, CHUNK)
        keys = json.loads(self._done(chunk).read_text(encoding="utf-8"))
        return {
            key: torch.from_numpy(self._array(self._path(key, chunk))[place].astype(np.float32))
            for key in keys
        }

    def _room(self, make: Callable[[int, int], Arrays]) -> None:
        """Refuse to begin what the disk cannot hold, by the size of one row."""
        each = sum(tensor[0].numel() * 2 for tensor in make(0, 1).values())
        needed = MARGIN * each * len(self.missing()) * CHUNK
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise OutputError(
                f"{self.folder} needs {needed / 2**30:.1f} GiB for {self.name}, and the disk has "
                f"{free / 2**30:.1f}: "
                "free some space, or name a folder on another disk with cache=…"
            )

    def _array(self, path: Path) -> NDArray[np.float16]:
        if path not in self._open:
            self._open[path] = np.load(path, mmap_mode="r")
        return self._open[path]

    def _path(self, key: str, chunk: int) -> Path:
        return self.folder / f"{self.name}-{key}-{chunk:05d}.npy"

    def _done(self, chunk: int) -> Path:
        return self.folder / f"{self.name}-{chunk:05d}.json"

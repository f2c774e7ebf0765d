"""Cache of latents and text embeddings, a chunk a file: an interruption loses one chunk.

The folder's name is a digest of all that the numbers depend on, so what another base or collection
left is never read. Rows may have shapes of their own: each file holds them one after the other.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.errors import OutputError, RunError
from impasto.files import make_folder, read_json, replacing, write_json
from impasto.files.checksums import digest_of
from impasto.state.fingerprint import fingerprint

CHUNK: Final = 32  # pictures or captions between two writes
MARGIN: Final = 1.05  # times the arrays' size: headers, and other files on the disk
LARGEST: Final = 6e4  # that half precision holds; larger numbers are kept in float32
FORMAT: Final = 2
Rows = Sequence[Mapping[str, Tensor]]


def address(folder: Path, depends: Mapping[str, Any]) -> Path:
    """Make the folder for arrays that depend on ``depends``, and write ``depends`` into it.

    Raises:
        OutputError: it cannot be written.
    """
    depends = {"format": FORMAT, **depends}
    path = make_folder(folder / fingerprint(**depends)[:16])
    write_json(path / "made-from.json", depends)
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
    _open: dict[Path, NDArray[Any]] = field(default_factory=dict)
    _shapes: dict[int, dict[str, list[list[int]]]] = field(default_factory=dict)

    def missing(self) -> list[int]:
        """The numbers of the chunks that are not there yet."""
        chunks = -(-self.count // CHUNK)
        return [chunk for chunk in range(chunks) if not self._done(chunk).exists()]

    def fill(
        self,
        make: Callable[[int, int], Rows],
        advance: Callable[[int], None],
        share: tuple[int, int],
    ) -> None:
        """Make what is missing.

        Args:
            make: the rows from one number up to another, each a mapping of arrays by name.
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
            about: dict[str, Any] = {}
            for key in made[0]:
                flat = torch.cat([row[key].detach().to("cpu", torch.float32).flatten()
                                  for row in made])  # fmt: skip
                array = flat.numpy()
                if not len(array) or float(np.abs(array).max()) < LARGEST:
                    array = array.astype(np.float16)
                path = self._path(key, chunk)
                with replacing(path, noted=False) as temporary, temporary.open("wb") as stream:
                    np.save(stream, array)
                shapes = [list(row[key].shape) for row in made]
                about[key] = {"shapes": shapes, "sha256": digest_of(path)}
            # Not in the folder's checksums: other processes write there at the same time
            write_json(self._done(chunk), about, noted=False)
            advance(stop - start)

    def row(self, number: int) -> dict[str, Tensor]:
        """The arrays of a row, ``float32``.

        Raises:
            RunError: a file is damaged.
        """
        chunk, place = divmod(number, CHUNK)
        if chunk not in self._shapes:
            self._shapes[chunk] = self._opened(chunk)
        row = {}
        for key, shapes in self._shapes[chunk].items():
            start = sum(int(np.prod(shape)) for shape in shapes[:place])
            flat = self._open[self._path(key, chunk)][start : start + int(np.prod(shapes[place]))]
            row[key] = torch.from_numpy(flat.astype(np.float32)).reshape(shapes[place])
        return row

    def _room(self, make: Callable[[int, int], Rows]) -> None:
        """Refuse to begin what the disk cannot hold, by the size of one row."""
        each = sum(tensor.numel() * 2 for tensor in make(0, 1)[0].values())
        needed = MARGIN * each * len(self.missing()) * CHUNK
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise OutputError(
                f"{self.folder} needs {needed / 2**20:.1f} MiB for {self.name}, and the disk has "
                f"{free / 2**20:.1f}: "
                "free some space, or name a folder on another disk with cache=…"
            )

    def _opened(self, chunk: int) -> dict[str, list[list[int]]]:
        """Shapes of the rows of a chunk; its arrays are checked and mapped from their files."""
        shapes = {}
        for key, about in read_json(self._done(chunk)).items():
            path = self._path(key, chunk)
            if not path.is_file() or digest_of(path) != about["sha256"]:
                raise RunError(f"{path} is damaged: remove {self._done(chunk)} and train again")
            self._open[path] = np.load(path, mmap_mode="r")
            shapes[key] = about["shapes"]
        return shapes

    def _path(self, key: str, chunk: int) -> Path:
        return self.folder / f"{self.name}-{key}-{chunk:05d}.npy"

    def _done(self, chunk: int) -> Path:
        return self.folder / f"{self.name}-{chunk:05d}.json"

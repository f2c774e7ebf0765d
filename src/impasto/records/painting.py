"""Records of painted pictures: each is the JSON file beside a picture, enough to paint it again."""

from pathlib import Path, PurePath
from typing import Literal

from PIL import Image
from pydantic import PrivateAttr

from impasto.images.contact_sheet import write_png
from impasto.numerics.formatting import percent
from impasto.records.record import Record


class Painted(Record):
    """A painted picture, and how it was made.

    Attributes:
        image: the picture to begin with; ``None``: words alone.
        style: the target style, a mixture as ``A-0.7+B-0.3``; ``None``: none.
        strength: share of the way from that picture; ``None`` where there is none.
        size: width and height in pixels.
    """

    _path: Path | None = PrivateAttr(default=None)
    format: int = 1
    image: str | None
    style: str | None
    strength: float | None
    size: tuple[int, int]
    device: str
    command: str
    environment: dict[str, str]

    def save(self, picture: Image.Image, path: Path) -> None:
        """Write the picture, whole or not at all, and the record beside it."""
        write_png(path, picture, noted=False)
        self.write(path.with_suffix(".json"), noted=False)
        self._path = path

    @property
    def path(self) -> Path:
        """The picture's file."""
        if self._path is None:
            raise RuntimeError("this picture was not saved")
        return self._path

    @property
    def label(self) -> str:
        """The style, and what else is worth a word, in a line."""
        return self.style or "no style"

    def __repr__(self) -> str:
        """The file and its label in a line."""
        return f"<{type(self).__name__} {self._path}: {self.label}>"

    def _repr_png_(self) -> bytes:
        return self.path.read_bytes()


class Borrowed(Record):
    """A painting that patches of a picture come from, and its share of the picture.

    ``painting`` is its id in the collection, or its file. Artist and title are ``None`` where they
    are not known, the style where the picture belongs to no collection.
    """

    painting: str
    style: str | None
    artist: str | None = None
    title: str | None = None
    share: float

    @property
    def name(self) -> str:
        """The title, or the name of the file without its ending."""
        return self.title or PurePath(self.painting).stem


class Repainted(Painted):
    """A picture repainted by a painter, by patches of real paintings, or by both.

    Attributes:
        weights: shares of the target styles, by name; empty where only references were given.
        run: of the painter; ``None``: patches alone.
        collection: of the references, where no run was given.
        finish: whether patches were used.
        boldness: octaves of the synthesis; ``None`` without patches.
        references: paintings that the patches come from.
    """

    format: int = 2
    run: str | None = None
    run_weights: str | None = None
    collection: str | None = None
    weights: dict[str, float]
    keep_colour: bool
    finish: Literal["patches", "none"]
    boldness: int | None
    references: tuple[Borrowed, ...] = ()

    @property
    def label(self) -> str:
        """The style, and the paintings that patches come from with their shares."""
        lent = ", ".join(f"{one.name} {percent(one.share, 0)}" for one in self.references)
        parts = (self.style or "", f"patches of {lent}" if lent else "")
        return "; ".join(part for part in parts if part)


class PaintedByLora(Painted):
    """A picture painted by a base with a LoRA; ``caption`` is the prompt in the target style."""

    run: str
    prompt: str | None
    negative: str | None = None
    caption: str
    seed: int
    steps: int
    guidance: float
    scale: float
    base: str
    base_fingerprint: str
    adapter_sha256: str
    precision: str

"""Records of painted pictures: each is the JSON file beside a picture, enough to paint it again."""

from pathlib import Path

from PIL import Image
from pydantic import PrivateAttr

from impasto.images.contact_sheet import write_png
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
    run: str
    image: str | None
    style: str | None
    strength: float | None
    size: tuple[int, int]
    device: str
    command: str
    environment: dict[str, str]

    def save(self, picture: Image.Image, path: Path) -> None:
        """Write the picture, whole or not at all, and the record beside it."""
        write_png(path, picture)
        self.write(path.with_suffix(".json"))
        self._path = path

    @property
    def path(self) -> Path:
        """The picture's file."""
        if self._path is None:
            raise RuntimeError("this picture was not saved")
        return self._path

    def __repr__(self) -> str:
        """The file and the style in a line."""
        return f"<{type(self).__name__} {self._path}: {self.style}>"

    def _repr_png_(self) -> bytes:
        return self.path.read_bytes()


class PaintedByPainter(Painted):
    """A picture repainted by a painter; ``weights`` are the shares of the styles, by name."""

    run_weights: str
    weights: dict[str, float]
    keep_colour: bool


class PaintedByLora(Painted):
    """A picture painted by a base with a LoRA; ``caption`` is the prompt in the target style."""

    prompt: str | None
    caption: str
    seed: int
    steps: int
    guidance: float
    scale: float
    base: str
    base_fingerprint: str
    adapter_sha256: str
    precision: str

"""Collection: labelled paintings in a fixed order, with their pixels, on disk and in memory.

COLLECTION/paintings.parquet   one row a painting; row i belongs to pixels[i]
COLLECTION/pixels.npy          uint8 (N, H, W, 3), absent where only names were found
COLLECTION/styles.json         the vocabulary
COLLECTION/collection.json     sources, settings, fingerprint
COLLECTION/findings.json       what prepare found
COLLECTION/audit.json          what audit found
"""

import hashlib
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from impasto.collection.vocabulary import Vocabulary
from impasto.errors import CollectionError, InputError
from impasto.files import read_array, read_json, read_table, verify
from impasto.files.checksums import is_noted
from impasto.records import finding as findings
from impasto.records.collection import CollectionRecord
from impasto.records.finding import Finding
from impasto.records.place import way_on
from impasto.records.record import first_error

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.collection.torch_dataset import StyleDataset

Split = Literal["train", "validation", "test"]
FORMAT: Final = 2
AGAIN: Final = "run impasto prepare again"
SPLITS: tuple[Split, ...] = get_args(Split)

SCHEMA = pa.schema(
    [
        # Path within the source, POSIX, as it stands on disk; unique
        pa.field("id", pa.string(), nullable=False),
        pa.field("style", pa.string(), nullable=False),  # a name of the vocabulary
        pa.field("split", pa.string(), nullable=False),  # train, validation or test
        pa.field("given_split", pa.string()),  # as the source names it, if it does
        pa.field("artist", pa.string()),  # slug, repaired; null where unknown
        pa.field("title", pa.string()),
        pa.field("year", pa.int16()),
        pa.field("width", pa.int32()),  # of the original, after EXIF rotation, in pixels
        pa.field("height", pa.int32()),
        pa.field("format", pa.string()),  # JPEG, PNG, …: by content, not by file name
        pa.field("bytes", pa.int64()),
        pa.field("modified", pa.int64()),  # ns since the epoch; with bytes, shows a changed file
        pa.field("sha256", pa.string()),  # of the file
        pa.field("phash", pa.uint64()),  # 64-bit DCT perceptual hash of the stored pixels
    ]
)


@dataclass(frozen=True, repr=False)
class Collection:
    """An opened collection; the pixels stay on disk, memory-mapped.

    Attributes:
        path: its folder.
        table: one row a painting, see ``SCHEMA``.
        vocabulary: the styles.
        record: content of ``collection.json``.
        fingerprint: changes with any picture, label, split, style, or the stored size.
        stored_rows: the row of ``pixels.npy`` of each painting; ``None``: all, in order.
    """

    path: Path
    table: pa.Table
    vocabulary: Vocabulary
    record: CollectionRecord
    fingerprint: str
    stored_rows: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        """Paintings, styles, splits and folder."""
        splits = ", ".join(f"{len(self.indices(split))} {split}" for split in SPLITS)
        styles = len(self.vocabulary)
        return (
            f"Collection({len(self)} paintings, {styles} styles, {splits}, path={str(self.path)!r})"
        )

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{split}</th>" for split in SPLITS)
        rows = ""
        for place, style in enumerate(self.vocabulary.styles):
            cells = "".join(f"<td>{self.counts(split)[place]}</td>" for split in SPLITS)
            rows += f"<tr><th>{html.escape(style)}</th>{cells}</tr>"
        caption = f"{len(self)} paintings in {html.escape(str(self.path))}"
        return f"<table><caption>{caption}</caption><tr><th>style</th>{heads}</tr>{rows}</table>"

    def __len__(self) -> int:
        """The number of paintings."""
        return int(self.table.num_rows)

    @property
    def has_pictures(self) -> bool:
        """Whether it holds pixels, and not names alone.

        Raises:
            CollectionError: its pixels are gone.
        """
        path = self.path / "pixels.npy"
        if not path.is_file() and is_noted(path):
            raise CollectionError(f"{path} is missing: {AGAIN}")
        return path.is_file()

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """``uint8 (N, H, W, 3)``, read-only, memory-mapped; of some paintings alone in memory.

        Raises:
            CollectionError: as for ``stored``.
        """
        return self.stored if self.stored_rows is None else self.stored[self.stored_rows]

    @cached_property
    def stored(self) -> NDArray[np.uint8]:
        """All pictures of the folder, ``uint8 (M, H, W, 3)``, read-only, memory-mapped.

        Raises:
            CollectionError: the collection holds names only, or pixels that are damaged or of
                another shape than its table says.
        """
        path = self.path / "pixels.npy"
        if not self.has_pictures:
            raise CollectionError(
                f"{self.path} holds names without pictures: prepare it from the folder of pictures"
            )
        try:
            pixels: NDArray[np.uint8] = read_array(path, mapped=True, way_out=AGAIN)
        except InputError as error:
            raise CollectionError(str(error)) from error
        fits = pixels.ndim == 4 and pixels.shape[3] == 3
        fits &= self.stored_rows is not None or len(pixels) == len(self)
        if not fits or pixels.dtype != np.uint8:
            raise CollectionError(f"{path} and paintings.parquet do not match: {AGAIN}")
        return pixels

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The style of each painting as a position in the vocabulary, ``int64 (N,)``."""
        return self.vocabulary.encode(self.column("style"))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of ``prepare``, as plain data."""
        return self.record.settings

    @property
    def findings(self) -> list[Finding]:
        """Findings of prepare.

        Raises:
            InputError: ``findings.json`` is missing or damaged.
        """
        return findings.load(self.path / "findings.json")

    def column(self, name: str) -> list[Any]:
        """A column of the table as Python values, ``None`` where unknown."""
        return list(self.table.column(name).to_pylist())

    def indices(self, split: Split) -> NDArray[np.int64]:
        """The rows of one split, ascending, ``int64``."""
        return np.flatnonzero(np.asarray(self.column("split")) == split).astype(np.int64)

    def counts(self, split: Split) -> NDArray[np.int64]:
        """Pictures per style in one split, ``int64 (styles,)``."""
        return np.bincount(self.labels[self.indices(split)], minlength=len(self.vocabulary)).astype(
            np.int64
        )

    def dataset(
        self, split: Split, *, transform: "Callable[[Tensor], Any] | Literal['float'] | None" = None
    ) -> "StyleDataset":
        """One split as a torch ``Dataset`` of pictures and labels.

        Args:
            split: train, validation or test.
            transform: ``None`` gives pictures ``uint8 (3, H, W)``, "float" pictures
                ``float32 (3, H, W)`` in [-1, 1]; a function is called with the ``uint8`` picture.
        """
        from impasto.collection.torch_dataset import StyleDataset  # noqa: PLC0415 – torch is slow

        rows = self.indices(split)
        return StyleDataset(self.pixels, rows, self.labels[rows], transform)

    def with_splits(self, splits: Sequence[Split]) -> "Collection":
        """The same paintings divided otherwise, with a fingerprint of its own; nothing is written.

        Args:
            splits: one for each painting, in the order of the table.
        """
        place = self.table.schema.get_field_index("split")
        table = self.table.set_column(place, SCHEMA.field("split"), pa.array(splits, pa.string()))
        return replace(
            self, table=table, fingerprint=fingerprint(table, self.vocabulary, self.settings)
        )

    def part(self, rows: NDArray[np.int64]) -> "Collection":
        """Some of the paintings, with a fingerprint of their own; nothing is written.

        Args:
            rows: ascending, ``int64``.
        """
        table = self.table.take(pa.array(rows))
        kept = rows if self.stored_rows is None else self.stored_rows[rows]
        mark = fingerprint(table, self.vocabulary, self.settings)
        return replace(self, table=table, fingerprint=mark, stored_rows=kept)


def open_collection(path: Path | str) -> Collection:
    """The collection in a folder.

    Raises:
        CollectionError: there is none, it is damaged, empty, or written by a newer impasto.
        VocabularyError: its vocabulary is missing or damaged.
    """
    path = Path(path)
    if not (path / "collection.json").is_file():
        raise CollectionError(
            f"no collection in {path} (collection.json is missing): "
            + (way_on(path) or "make one with impasto prepare")
        )
    for name in ("collection.json", "paintings.parquet"):
        verify(path / name, AGAIN, refusal=CollectionError)
    try:
        content = read_json(path / "collection.json")
        if content["format"] != FORMAT:
            age, way_out = ("a newer", "upgrade impasto")
            if content["format"] < FORMAT:
                age, way_out = ("an earlier", "run impasto prepare again")
            raise CollectionError(
                f"{path} was written by {age} impasto (format {content['format']}): {way_out}"
            )
        record = CollectionRecord.model_validate(content)
        table = read_table(path / "paintings.parquet", way_out=AGAIN)
        if not table.schema.equals(SCHEMA):
            raise CollectionError(
                f"{path / 'paintings.parquet'} has other columns: run impasto prepare again"
            )
        if table.num_rows == 0:
            raise CollectionError(
                f"{path} is empty: run impasto prepare again on a folder with pictures"
            )
        vocabulary = Vocabulary.load(path / "styles.json")
    except (InputError, OSError, pa.ArrowException, KeyError, TypeError, ValidationError) as error:
        reason = first_error(error) if isinstance(error, ValidationError) else error
        raise CollectionError(
            f"{path} is not a whole collection ({reason}): run impasto prepare again"
        ) from error
    return Collection(path, table, vocabulary, record, record.fingerprint)


def fingerprint(table: pa.Table, vocabulary: Vocabulary, settings: Mapping[str, Any]) -> str:
    """Short hash that changes with any picture, label, split, style, or the stored size."""
    digest = hashlib.sha256(
        repr((vocabulary.styles, settings.get("pixels"), settings.get("fit"))).encode()
    )
    for name in ("id", "style", "split", "sha256"):
        digest.update(repr(table.column(name).to_pylist()).encode())
    return digest.hexdigest()[:16]

"""``site/atlas.parquet``: one table with pictures and maps, for Embedding Atlas and the like."""

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from impasto.collection.collection import Collection
from impasto.files import replacing
from impasto.page.atlas_data import RunAtlas, neighbour_rows

BATCH: Final = 1000
SIDE: Final = 128
"""The longer side of a picture in the table, in pixels."""
COPIED: Final = ("style", "split", "artist", "title", "year")
PICTURE: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""A picture as Hugging Face ``datasets`` stores it."""
NEIGHBOURS: Final = pa.struct(
    [("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float32()))]
)
"""Nearest paintings as Embedding Atlas reads them: rows from 0, and their distances."""


def write_embedding(path: Path, collection: Collection, run: RunAtlas) -> None:
    """Write the table, one row a painting in the collection's order.

    Args:
        path: the file.
        collection: the paintings.
        run: one with an atlas.
    """
    columns = _columns(collection, run)
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    fields.insert(3, pa.field("image", PICTURE))
    schema = pa.schema(fields)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for start in range(0, len(collection), BATCH):
            rows = range(start, min(start + BATCH, len(collection)))
            part = {name: column.slice(start, len(rows)) for name, column in columns.items()}
            part["image"] = pa.array([_picture(collection, row) for row in rows], PICTURE)
            writer.write_table(pa.table(part).select(schema.names).cast(schema))


def _columns(collection: Collection, run: RunAtlas) -> dict[str, Any]:
    columns: dict[str, Any] = {"id": collection.table["id"].combine_chunks()}
    maps = run.maps()
    columns |= {axis: pa.array(maps[0][1][:, at]) for at, axis in enumerate("xy")}
    columns |= {name: collection.table[name].combine_chunks() for name in COPIED}
    if run.answers:
        named, sure = np.full(len(collection), None, object), np.full(len(collection), np.nan)
        named[run.answers.rows] = np.asarray(collection.vocabulary.styles, object)[
            run.answers.predicted
        ]
        sure[run.answers.rows] = run.answers.probabilities.max(1)
        columns |= {
            "predicted": pa.array(named, pa.string()),
            "confidence": pa.array(sure, from_pandas=True),
        }
    for made, points in maps:
        columns |= {f"{made.name}_{axis}": pa.array(points[:, at]) for at, axis in enumerate("xy")}
    if run.facts and run.table is not None:
        names = [f"cluster_{made.name}" for made in run.facts.clusterings]
        columns |= {name: run.table[name].combine_chunks() for name in names}
        if run.likeness is not None:
            columns["neighbors"] = _neighbours(run)
    return columns


def _neighbours(run: RunAtlas) -> pa.Array:
    """Rows of the nearest paintings and their cosine distances; null for a painting without."""
    assert run.likeness is not None
    found = []
    for rows, cosines in zip(neighbour_rows(run.table), run.likeness, strict=True):
        known = rows >= 0
        distances = (1 - cosines[known]).clip(min=0).tolist()
        found.append({"ids": rows[known].tolist(), "distances": distances} if known.any() else None)
    return pa.array(found, NEIGHBOURS)


def _picture(collection: Collection, row: int) -> dict[str, Any]:
    """The stored picture as JPEG, in the shape of the original where it was squashed."""
    width, height = (collection.table[name][row].as_py() or 1 for name in ("width", "height"))
    ratio = (
        min(max(width / height, 0.4), 2.5) if collection.settings.get("fit") == "squash" else 1.0
    )
    size = (
        (SIDE, max(1, round(SIDE / ratio))) if ratio >= 1 else (max(1, round(SIDE * ratio)), SIDE)
    )
    image = Image.fromarray(np.ascontiguousarray(collection.pixels[row]))
    buffer = io.BytesIO()
    (image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)).save(
        buffer, "JPEG", quality=85
    )
    return {"bytes": buffer.getvalue(), "path": collection.table["id"][row].as_py()}

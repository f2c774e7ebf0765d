"""Vectors that any program computed, read from a file and put in a collection's order.

FILE.npy           float (N, D); the ids stand beside, or in the file named with --ids
FILE.npz           arrays ids and vectors
FILE.safetensors   one table (N, D); ids as for .npy
FILE.parquet       a column of ids or paths, and one column of lists or several of numbers
FILE.csv           likewise, with columns of numbers

Nothing is unpickled. Ids are paths of pictures as ``prepare`` saw them; other slashes, other
spellings, paths from another folder and missing endings are found too.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from impasto.collection.collection import Collection
from impasto.collection.layouts.picture_paths import PathIndex, cleaned
from impasto.collection.vocabulary import plain
from impasto.embedding.vectors import Vectors
from impasto.errors import InputError
from impasto.records.atlas import UnmatchedIds

ENDINGS: Final = (".npy", ".npz", ".safetensors", ".parquet", ".csv")
ID_ENDINGS: Final = (".ids.txt", ".ids.npy", ".ids.json", ".txt", ".json")
"""Endings, in place of .npy or .safetensors, of the file of ids that stands beside."""
ID_NAMES: Final = (
    "id", "ids", "path", "paths", "filepath", "filepaths", "file_path", "image_path", "file",
    "files", "filename", "filenames", "file_name", "image",
)  # fmt: skip
VECTOR_NAMES: Final = ("vectors", "vector", "embeddings", "embedding", "features", "feature", "x")
INDICES: Final = ("", "__index_level_0__", "Unnamed: 0")
"""Columns of numbers that pandas writes of its index."""
NAMED: Final = 5  # ids that are named in a message
BLOCK: Final = 8192  # rows that are checked at a time


@dataclass(frozen=True, slots=True)
class GivenVectors:
    """Vectors of the paintings of a collection.

    Attributes:
        rows: of the collection, ascending; those that have a vector.
        vectors: ``float32 (len(rows), D)``.
        unmatched: ids that file and collection do not share; ``None`` where there are none.
        digest: of the vectors.
    """

    rows: NDArray[np.int64]
    vectors: Vectors
    unmatched: UnmatchedIds | None
    digest: str


def read_vectors(
    path: Path, collection: Collection, ids: Path | Sequence[str] | None = None
) -> GivenVectors:
    """Read a file of vectors.

    Args:
        path: the file.
        collection: whose order they are put in.
        ids: a file of ids, or the ids themselves; ``None``: those in the file or beside it.

    Raises:
        InputError: the file cannot be read, has no ids, or its vectors cannot be used.
    """
    found, table = read_named(path, ids)
    return aligned(table, found, collection, str(path))


def read_named(
    path: Path, ids: Path | Sequence[str] | None = None
) -> tuple[list[str], NDArray[Any]]:
    """Read ids and vectors of any pictures, ``(N, D)``, in the order of the file.

    Args:
        path: the file.
        ids: a file of ids, or the ids themselves; ``None``: those in the file or beside it.

    Raises:
        InputError: the file cannot be read, has no ids, or another number of them.
    """
    if not path.is_file():
        raise InputError(f"no file of vectors {path}: give a {', '.join(ENDINGS)} file")
    try:
        found, table = _content(path)
    except (OSError, ValueError, KeyError, SafetensorError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"{path} cannot be read ({reason}): write it again") from error
    if ids is not None:
        found = _read_ids(ids) if isinstance(ids, Path) else list(ids)
    if found is None:
        found = _ids_beside(path)
    require_table(table, found, str(path))
    return found, table


def require_table(vectors: NDArray[Any], ids: Sequence[str], name: str) -> None:
    """Refuse what is no table of numbers with an id a row.

    Raises:
        InputError: it is not.
    """
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or vectors.shape[1] < 2:
        raise InputError(
            f"{name} holds {vectors.dtype} {vectors.shape}: give a table of numbers, a row a "
            "painting and two columns or more"
        )
    if len(ids) != len(vectors):
        raise InputError(
            f"{name} has {len(vectors):,} vectors and {len(ids):,} ids: give one id for each vector"
        )


def aligned(
    vectors: NDArray[Any], ids: Sequence[str], collection: Collection, name: str
) -> GivenVectors:
    """Check vectors and put them in a collection's order.

    Args:
        vectors: numbers of any kind, ``(N, D)``.
        ids: of their paintings.
        collection: whose order they are put in.
        name: of the vectors, for messages.

    Raises:
        InputError: they are no table of numbers, not finite or all equal, of another number than
            the ids, two are of one painting, or none is of a painting of the collection.
    """
    require_table(vectors, ids, name)
    matches = _paintings(collection, ids)
    counts = Counter(match for match in matches if match is not None)
    if doubled := [id_ for id_, count in counts.items() if count > 1]:
        raise InputError(
            f"{name} has more than one vector for {_named(doubled, 'painting')}: keep one of each"
        )
    if not counts:
        raise InputError(
            f"no id of {name} is a painting of {collection.path}: it has ids such as "
            f"{collection.column('id')[0]!r}, the file {ids[0]!r}"
        )
    place = {match: row for row, match in enumerate(matches) if match is not None}
    known = collection.column("id")
    rows = np.array([row for row, id_ in enumerate(known) if id_ in place], np.int64)
    chosen = np.array([place[known[row]] for row in rows], np.int64)
    result = _finite(vectors, chosen, ids, name)
    if not np.ptp(result, axis=0).any():
        raise InputError(f"all vectors of {name} are equal: compute them anew")
    missing = [known[row] for row in np.setdiff1d(np.arange(len(known)), rows)]
    extra = [id_ for id_, match in zip(ids, matches, strict=True) if match is None]
    unmatched = UnmatchedIds(
        paintings=len(missing),
        vectors=len(extra),
        first_paintings=tuple(missing[:NAMED]),
        first_vectors=tuple(extra[:NAMED]),
    )
    digest = hashlib.sha256(np.ascontiguousarray(result).data).hexdigest()[:16]
    return GivenVectors(rows, result, unmatched if missing or extra else None, digest)


def lines(unmatched: UnmatchedIds, name: str) -> list[str]:
    """Return what was left out, a line each."""
    found = []
    if unmatched.paintings:
        named = _named(unmatched.first_paintings, "painting", unmatched.paintings)
        found.append(f"{name} has no vector for {named}: left out")
    if unmatched.vectors:
        named = _named(unmatched.first_vectors, "vector", unmatched.vectors)
        found.append(f"the collection has no painting for {named} of {name}: left out")
    return found


def _content(path: Path) -> tuple[list[str] | None, NDArray[Any]]:
    """Ids, where the file has them, and vectors."""
    match path.suffix.lower():
        case ".npy":
            return None, np.load(path, mmap_mode="r", allow_pickle=False)
        case ".npz":
            return _from_arrays(path)
        case ".safetensors":
            return None, _from_safetensors(path)
        case ".parquet":
            return _from_table(pq.ParquetFile(path).read(), path)
        case ".csv":
            return _from_table(pyarrow.csv.read_csv(path), path)
        case other:
            raise InputError(
                f"{path} is a {other or 'file without an ending'}: give a {', '.join(ENDINGS)} file"
            )


def _from_arrays(path: Path) -> tuple[list[str] | None, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as arrays:
        names = {name.lower(): name for name in arrays.files}
        vectors = next((names[name] for name in VECTOR_NAMES if name in names), None)
        ids = next((names[name] for name in ID_NAMES if name in names), None)
        if vectors is None:
            raise InputError(
                f"{path} has no array vectors: it has {', '.join(arrays.files) or 'none'}"
            )
        return None if ids is None else [str(one) for one in arrays[ids]], arrays[vectors]


def _from_safetensors(path: Path) -> NDArray[Any]:
    with safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        known = {name.lower(): name for name in names}
        chosen = next((known[name] for name in VECTOR_NAMES if name in known), None)
        if chosen is None and len(names) == 1:
            chosen = names[0]
        if chosen is None:
            raise InputError(f"{path} has no tensor vectors: it has {', '.join(names) or 'none'}")
        array: NDArray[Any] = file.get_tensor(chosen)
        return array


def _from_table(table: pa.Table, path: Path) -> tuple[list[str] | None, NDArray[Any]]:
    id_name = _id_column(table)
    ids = None if id_name is None else _texts(table[id_name])
    lists = [
        field.name
        for field in table.schema
        if pa.types.is_list(field.type)
        or pa.types.is_fixed_size_list(field.type)
        or pa.types.is_large_list(field.type)
    ]
    named = [name for name in lists if name.lower() in VECTOR_NAMES]
    if len(named or lists) > 1:
        raise InputError(f"{path} has several columns of lists: keep one of {', '.join(lists)}")
    if lists:
        return ids, _from_lists(table[(named or lists)[0]], path)
    columns = [
        table[field.name].to_numpy()
        for field in table.schema
        if field.name not in (id_name, *INDICES) and _is_number(field.type)
    ]
    if not columns:
        raise InputError(f"{path} has neither a column of lists nor columns of numbers")
    return ids, np.stack(columns, 1)


def _id_column(table: pa.Table) -> str | None:
    """The column of ids: the first of ``ID_NAMES``, else the only column of text.

    Of several with such names, one that names each row otherwise is preferred: a table made of
    several files has the file of each row. Pictures of ``datasets`` have a path beside their bytes.
    """
    names = {name.lower(): name for name in reversed(table.column_names)}
    ids = {names[name]: _texts(table[names[name]]) for name in ID_NAMES if name in names}
    known = [name for name, found in ids.items() if any(found)]
    several = (name for name in known if len(set(ids[name])) == len(table))
    texts = [field.name for field in table.schema if _is_text(field.type)]
    only = texts[0] if len(texts) == 1 else None
    return next(several, known[0] if known else only)


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Ids of a column; none of one that holds neither text, whole numbers nor paths."""
    kind = column.type
    if pa.types.is_struct(kind) and kind.get_field_index("path") >= 0:
        return [str(one or "") for one in pc.struct_field(column, "path").to_pylist()]
    whole = pa.types.is_integer(kind) or pa.types.is_dictionary(kind)
    return [str(one) for one in column.to_pylist()] if whole or _is_text(kind) else []


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _from_lists(column: pa.ChunkedArray, path: Path) -> NDArray[np.float32]:
    """A column of lists of one length as a table, chunk by chunk."""
    if column.null_count:
        raise InputError(f"{path} has {column.null_count:,} rows without a vector: leave them out")
    lengths = set(pc.list_value_length(column).unique().to_pylist())
    if len(lengths) != 1:
        raise InputError(
            f"{path} has vectors of {len(lengths)} lengths ({_listed(sorted(lengths))}): give "
            "vectors of one length"
        )
    wide = int(lengths.pop())
    result = np.empty((len(column), wide), np.float32)
    start = 0
    for chunk in column.chunks:
        values = chunk.flatten().to_numpy(zero_copy_only=False)
        result[start : start + len(chunk)] = values.reshape(len(chunk), wide)
        start += len(chunk)
    return result


def _ids_beside(path: Path) -> list[str]:
    """The ids in a file beside the vectors."""
    if path.suffix.lower() in (".npz", ".parquet", ".csv"):
        raise InputError(
            f"{path} names no paintings: add the column or array id, or name a file with --ids"
        )
    places = [path.with_suffix(ending) for ending in ID_ENDINGS]
    places += [path.parent / f"ids{ending}" for ending in (".txt", ".npy", ".json")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise InputError(
            f"no ids beside {path} ({places[0].name} and {places[-3].name} are missing): name the "
            "file with --ids; the paintings.parquet of the collection where the order is its own"
        )
    return _read_ids(found)


def _read_ids(path: Path) -> list[str]:
    """Ids from a file: a line each, a JSON list, a NumPy array, or a table with a column id."""
    if not path.is_file():
        raise InputError(f"no file of ids {path}: write one id a line")
    try:
        match path.suffix.lower():
            case ".npy":
                return [str(one) for one in np.load(path, allow_pickle=False).ravel()]
            case ".json":
                content = json.loads(path.read_text(encoding="utf-8"))
                if not isinstance(content, list):
                    raise InputError(f"{path} is no list: give a JSON list of ids")
                return [str(one) for one in content]
            case ".parquet" | ".csv":
                table = (
                    pq.ParquetFile(path).read()
                    if path.suffix.lower() == ".parquet"
                    else pyarrow.csv.read_csv(path)
                )
                name = _id_column(table)
                if name is None:
                    listed = ", ".join(table.column_names)
                    raise InputError(f"{path} has no column id: it has {listed}")
                return _texts(table[name])
            case _:
                text = path.read_text(encoding="utf-8-sig")
                return [line for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"{path} cannot be read ({reason}): write one id a line") from error


def _paintings(collection: Collection, ids: Sequence[str]) -> list[str | None]:
    """The painting that each id means.

    A painting in another folder than the id's counts only where all are, as in a flat copy of the
    pictures: ``Cubism/1.jpg`` is not ``Baroque/1.jpg``, even where that is the only ``1.jpg``.
    """
    index = PathIndex(collection.column("id"))
    matches: list[str | None] = []
    for id_ in ids:
        found = index.find(id_)
        matches.append(found.path if found else index.with_tail(id_))
    moved = [
        match is not None and _folder(id_) not in ("", _folder(match))
        for id_, match in zip(ids, matches, strict=True)
    ]
    if all(away or match is None for away, match in zip(moved, matches, strict=True)):
        return matches
    return [None if away else match for away, match in zip(moved, matches, strict=True)]


def _folder(path: str) -> str:
    """The folder that a path names a file in, in the form in which names are compared."""
    return plain("/".join(cleaned(path).split("/")[:-1][-1:]))


def _finite(
    vectors: NDArray[Any], chosen: NDArray[np.int64], ids: Sequence[str], name: str
) -> Vectors:
    """The chosen rows as float32, refused where one of them is not finite."""
    result = np.empty((len(chosen), vectors.shape[1]), np.float32)
    broken: list[str] = []
    for start in range(0, len(chosen), BLOCK):
        places = chosen[start : start + BLOCK]
        with np.errstate(over="ignore"):
            result[start : start + len(places)] = vectors[places]
        whole = np.isfinite(result[start : start + len(places)]).all(1)
        broken += [ids[place] for place in places[~whole]]
    if broken:
        raise InputError(
            f"{name} has numbers that are not finite (NaN or infinite) in the vectors of "
            f"{_named(broken, 'painting')}: compute these anew or leave them out"
        )
    return result


def _named(ids: Sequence[str], noun: str, count: int | None = None) -> str:
    """A number of things with the first of them: ``3 paintings (a.jpg, b.jpg, …)``."""
    many = len(ids) if count is None else count
    rest = ", …" if many > min(len(ids), NAMED) else ""
    return f"{many:,} {noun}{'' if many == 1 else 's'} ({', '.join(ids[:NAMED])}{rest})"


def _listed(numbers: Sequence[int | None]) -> str:
    return ", ".join(map(str, numbers[:NAMED])) + (", …" if len(numbers) > NAMED else "")

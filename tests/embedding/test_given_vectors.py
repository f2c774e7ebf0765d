"""Vectors of other programs are read from every kind of file, and unusable ones refused."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from impasto.collection.collection import Collection
from impasto.embedding.given_vectors import lines, read_vectors
from impasto.errors import InputError


def _vectors(collection: Collection) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(len(collection), 5)).astype(np.float32)


def _beside(path: Path, ids: list[str], vectors: np.ndarray) -> None:
    np.save(path, vectors)
    path.with_suffix(".ids.txt").write_text("\n".join(ids) + "\n", encoding="utf-8")


def _json_beside(path: Path, ids: list[str], vectors: np.ndarray) -> None:
    np.save(path, vectors.astype(np.float64))
    path.with_suffix(".json").write_text(json.dumps(ids), encoding="utf-8")


def _tensor(path: Path, ids: list[str], vectors: np.ndarray) -> None:
    save_file({"features": vectors}, path)
    np.save(path.parent / "ids.npy", np.array(ids))


def _lists(path: Path, ids: list[str], vectors: np.ndarray) -> None:
    pq.write_table(pa.table({"Path": ids, "embedding": list(vectors), "n": range(len(ids))}), path)


def _columns(path: Path, ids: list[str], vectors: np.ndarray) -> None:
    columns = {f"v{place}": vectors[:, place] for place in range(5)}
    pq.write_table(pa.table({"id": ids, **columns, "note": ids}), path)


def _csv(path: Path, ids: list[str], vectors: np.ndarray) -> None:
    columns = {f"v{place}": vectors[:, place] for place in range(5)}
    pyarrow.csv.write_csv(pa.table({"file": ids, **columns}), path)


WRITERS = {
    "a.npy": _beside,
    "b.npy": _json_beside,
    "c.npz": lambda path, ids, vectors: np.savez(path, ids=np.array(ids), vectors=vectors),
    "d.safetensors": _tensor,
    "e.parquet": _lists,
    "f.parquet": _columns,
    "g.csv": _csv,
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_kind_of_file_gives_the_vectors_in_the_collections_order(
    name: str, four_styles: Collection, tmp_path: Path
) -> None:
    vectors, ids = _vectors(four_styles), four_styles.column("id")
    order = np.random.default_rng(2).permutation(len(ids))
    WRITERS[name](tmp_path / name, [ids[row] for row in order], vectors[order])
    found = read_vectors(tmp_path / name, four_styles)
    assert found.unmatched is None
    np.testing.assert_allclose(found.vectors, vectors, rtol=1e-6)
    assert found.rows.tolist() == list(range(len(ids)))


def test_ids_from_another_folder_are_found_and_the_rest_is_counted_and_named(
    four_styles: Collection, tmp_path: Path
) -> None:
    vectors, ids = _vectors(four_styles), four_styles.column("id")
    given = [f"/home/me/{id_}".replace("/", "\\") for id_ in ids[2:]] + ["nobody.jpg"]
    _beside(tmp_path / "v.npy", given, vectors[1:])
    found = read_vectors(tmp_path / "v.npy", four_styles)
    assert found.rows.tolist() == list(range(2, len(ids)))
    np.testing.assert_array_equal(found.vectors, vectors[1:-1])
    assert found.unmatched is not None
    said = lines(found.unmatched, "v.npy")
    assert "no vector for 2 paintings" in said[0]
    assert ids[0] in said[0]
    assert "1 vector (nobody.jpg)" in said[1]


def test_a_picture_of_the_same_name_in_another_folder_is_no_match(
    four_styles: Collection, tmp_path: Path
) -> None:
    """A collection lacks pictures that the file has; a flat copy has no folders to tell by."""
    vectors, ids = _vectors(four_styles), four_styles.column("id")
    elsewhere = f"/data/test/Elsewhere/{Path(ids[0]).name}"
    _beside(tmp_path / "v.npy", [f"/data/{id_}" for id_ in ids[1:]] + [elsewhere], vectors)
    found = read_vectors(tmp_path / "v.npy", four_styles)
    assert found.rows.tolist() == list(range(1, len(ids)))
    assert found.unmatched is not None and found.unmatched.first_vectors == (elsewhere,)
    _beside(tmp_path / "w.npy", [f"/flat/{Path(id_).name}" for id_ in ids], vectors)
    assert read_vectors(tmp_path / "w.npy", four_styles).unmatched is None


def test_the_collections_own_table_names_the_ids(four_styles: Collection, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", _vectors(four_styles))
    with pytest.raises(InputError, match=r"no ids beside .*--ids"):
        read_vectors(tmp_path / "v.npy", four_styles)
    table = four_styles.path / "paintings.parquet"
    assert read_vectors(tmp_path / "v.npy", four_styles, table).unmatched is None


BROKEN = {
    r"not finite .* 2 paintings \(": lambda ids, v: (
        ids, np.where(np.arange(len(v))[:, None] < 2, np.nan, v),
    ),
    r"more than one vector for 1 painting \(": lambda ids, v: ([*ids[:-1], ids[0]], v),
    r"float32 \(\d+,\): give a table": lambda ids, v: (ids, v[:, 0]),
    r"\d+ vectors and \d+ ids": lambda ids, v: (ids[:-1], v),
    r"are equal": lambda ids, v: (ids, np.ones_like(v)),
    r"no id of .* is a painting": lambda ids, v: ([f"x{row}" for row in range(len(ids))], v),
    r"holds <U\d+": lambda ids, v: (ids, v.astype(str)),
}  # fmt: skip


@pytest.mark.parametrize("message", BROKEN)
def test_unusable_vectors_are_refused_in_one_line(
    message: str, four_styles: Collection, tmp_path: Path
) -> None:
    ids, vectors = BROKEN[message](four_styles.column("id"), _vectors(four_styles))
    _beside(tmp_path / "v.npy", ids, vectors)
    with pytest.raises(InputError, match=message) as caught:
        read_vectors(tmp_path / "v.npy", four_styles)
    assert "\n" not in str(caught.value)


def test_lists_of_several_lengths_and_pickles_are_refused(
    four_styles: Collection, tmp_path: Path
) -> None:
    ids = four_styles.column("id")
    pq.write_table(pa.table({"id": ids[:2], "v": [[1.0, 2], [1.0]]}), tmp_path / "v.parquet")
    with pytest.raises(InputError, match=r"2 lengths \(1, 2\)"):
        read_vectors(tmp_path / "v.parquet", four_styles)
    np.save(tmp_path / "v.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read"):
        read_vectors(tmp_path / "v.npy", four_styles)
    with pytest.raises(InputError, match=r"is a \.pt"):
        (tmp_path / "v.pt").write_bytes(b"")
        read_vectors(tmp_path / "v.pt", four_styles)


@pytest.mark.parametrize(
    ("name", "wide"),
    [("sklearn-pca.npz", 6), ("transformers-pandas.parquet", 8), ("pandas-index.csv", 8)],
)
def test_outputs_of_other_programs_are_read_as_they_are(
    name: str, wide: int, four_styles: Collection
) -> None:
    found = read_vectors(Path(__file__).parent / "peer_outputs" / name, four_styles)
    assert found.unmatched is None
    assert found.vectors.shape == (len(four_styles), wide)


@pytest.mark.parametrize("name", ["timm.npy", "fiftyone.npz", "embedding-atlas.parquet"])
def test_vectors_of_timm_go_through_fiftyone_and_embedding_atlas(
    name: str, four_styles: Collection
) -> None:
    """Of the test pictures alone: the paintings of the other splits are named and left out."""
    folder = Path(__file__).parent / "peer_outputs"
    found = read_vectors(folder / name, four_styles)
    ids, splits = four_styles.column("id"), four_styles.column("split")
    assert found.rows.tolist() == [row for row, split in enumerate(splits) if split == "test"]
    assert found.unmatched
    assert (found.unmatched.paintings, found.unmatched.vectors) == (len(ids) - len(found.rows), 0)
    paths = (folder / "timm.ids.txt").read_text().splitlines()
    stored = dict(
        zip((Path(path).name for path in paths), np.load(folder / "timm.npy"), strict=True)
    )
    for row, vector in zip(found.rows, found.vectors, strict=True):
        np.testing.assert_allclose(vector, stored[Path(ids[row]).name], rtol=1e-5)


def test_pictures_without_a_path_name_no_paintings(four_styles: Collection, tmp_path: Path) -> None:
    """``datasets`` may keep the bytes of a picture alone: these are no ids."""
    picture = {"bytes": b"/" * 5000, "path": None}
    table = {"image": [picture] * 2, "vector": [[1.0, 2], [3.0, 4]]}
    pq.write_table(pa.table(table), tmp_path / "v.parquet")
    with pytest.raises(InputError, match="names no paintings"):
        read_vectors(tmp_path / "v.parquet", four_styles)
    table |= {"file_name": ["all.parquet"] * 2, "filepath": list(four_styles.column("id")[:2])}
    pq.write_table(pa.table(table), tmp_path / "v.parquet")
    assert read_vectors(tmp_path / "v.parquet", four_styles).rows.tolist() == [0, 1]


def test_vectors_of_scikit_learn_stand_by_their_paintings(four_styles: Collection) -> None:
    path = Path(__file__).parent / "peer_outputs" / "sklearn-pca.npz"
    found, stored = read_vectors(path, four_styles), np.load(path)
    by_name = {
        id_.rsplit("\\", 1)[-1]: vector
        for id_, vector in zip(stored["ids"].tolist(), stored["vectors"], strict=True)
    }
    for row in (0, 101, 206):
        name = Path(four_styles.column("id")[row]).name
        np.testing.assert_allclose(found.vectors[row], by_name[name], rtol=1e-5)

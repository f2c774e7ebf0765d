"""Hugging Face data sets in parquet, on disk and at the hub:

pictures inside, labels as numbers, one read each.
"""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.collection.layouts import hf_parquet as parquet
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_source
from impasto.errors import InputError, MissingExtraError

STYLES = [
    "Realism",
    "Abstract",
    "Baroque",
]  # in the data set's order, which is not the vocabulary's
SETTINGS = PrepareSettings(pixels=16, workers=1)


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (4, 4, 3)).astype(np.uint8)
    Image.fromarray(noise).resize((20, 20)).save(stream, "PNG")
    return stream.getvalue()


def write_dataset(
    path: Path, labels: Sequence[int | None], first: int = 0, **columns: Sequence[Any]
) -> Path:
    """A file as ``datasets`` writes it:

    an image struct, ClassLabels, their names in the schema's metadata.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"bytes": png(first + row), "path": None} for row in range(len(labels))]
    table = pa.table({"image": images, "style": pa.array(labels, pa.int64()), **columns})
    features = {
        "image": {"_type": "Image"},
        "style": {"names": STYLES, "_type": "ClassLabel"},
        "artist": {"names": ["Unknown Artist", "claude-monet"], "_type": "ClassLabel"},
        "tags": [{"dtype": "string"}],
    }
    table = table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    pq.write_table(table, path, row_group_size=3)
    return path


def test_labels_are_read_by_their_names_and_pictures_from_their_rows(tmp_path: Path) -> None:
    labels = [0, 1, 2, 0, 1, 2, 0]
    file = write_dataset(
        tmp_path / "source/wikiart.parquet",
        labels,
        artist=[0, 1] * 3 + [0],
        year=["1888", "c."] + [""] * 5,
    )
    found = read_source(tmp_path / "source")
    assert found == read_source(file)
    assert [entry.style for entry in found.entries] == [STYLES[label] for label in labels]
    assert [entry.artist for entry in found.entries[:2]] == [None, "claude-monet"]
    assert [entry.year for entry in found.entries[:3]] == [1888, None, None]
    assert found.entries[4].row == (1, 1)
    collection = prepare(tmp_path / "source", tmp_path / "collection", SETTINGS)
    assert collection.vocabulary.styles == ("Abstract", "Baroque", "Realism")
    for row in range(len(labels)):
        expected = np.asarray(
            Image.open(io.BytesIO(png(row))).resize((16, 16), Image.Resampling.BICUBIC)
        )
        assert np.array_equal(collection.pixels[row], expected)


def test_sides_by_file_name_folder_and_column(tmp_path: Path) -> None:
    data = tmp_path / "a/data"
    write_dataset(data / "train-00000-of-00002.parquet", [0, 1])
    write_dataset(data / "train-00001-of-00002.parquet", [0, 1])
    write_dataset(data / "test-00000-of-00001.parquet", [0, 1])
    entries = read_source(tmp_path / "a").entries
    assert [(entry.id, entry.split) for entry in entries[1:4]] == [
        ("test-00000-of-00001/000001", "test"),
        ("train-00000-of-00002/000000", "train"),
        ("train-00000-of-00002/000001", "train"),
    ]
    for side in ("partial-train", "validation"):  # as the hub's own conversion lays them out
        write_dataset(tmp_path / "b" / side / "0000.parquet", [0, 1])
    found = [(entry.id, entry.split) for entry in read_source(tmp_path / "b").entries]
    assert found == [
        ("partial-train/0000/000000", "train"),
        ("partial-train/0000/000001", "train"),
        ("validation/0000/000000", "validation"),
        ("validation/0000/000001", "validation"),
    ]
    write_dataset(tmp_path / "c/all.parquet", [0, 1, 2], split=["train", "test", "nowhere"])
    assert [entry.split for entry in read_source(tmp_path / "c").entries] == ["train", "test", None]


def test_rows_without_label_or_picture_are_set_aside_by_name(tmp_path: Path) -> None:
    file = write_dataset(tmp_path / "source/d.parquet", [0, 1, -1, None, 0, 1])
    table = pq.read_table(file)
    images = table.column("image").to_pylist()
    images[1] = {"bytes": b"no picture", "path": None}
    images[5] = {"bytes": None, "path": "gone.jpg"}
    pq.write_table(table.set_column(0, "image", [images]), file)
    with pytest.raises(
        InputError, match=r"fewer than two styles in .* have a picture that can be read"
    ):
        prepare(tmp_path / "source", tmp_path / "collection", SETTINGS)
    write_dataset(tmp_path / "source/e.parquet", [2, 1], first=20)
    made = prepare(tmp_path / "source", tmp_path / "collection", SETTINGS)
    assert made.column("id") == ["d/000000", "d/000004", "e/000000", "e/000001"]
    aside = json.loads((made.path / "findings.json").read_text())["findings"][0]["items"]
    assert {item["id"]: item["reason"] for item in aside} == {
        "d/000001": "not a picture in a format that can be read",
        "d/000002": "no style is given",
        "d/000003": "no style is given",
        "d/000005": "no such file: gone.jpg",
    }


def test_a_changed_file_is_decoded_anew(tmp_path: Path) -> None:
    file = write_dataset(tmp_path / "source/d.parquet", [0, 1, 0, 1])
    before = np.array(prepare(file, tmp_path / "collection", SETTINGS).pixels)
    write_dataset(file, [0, 1, 0, 1], first=50)
    after = prepare(file, tmp_path / "collection", SETTINGS).pixels
    assert not any(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"image": [b""], "x": [0]},
            "needs a column style; it has image .binary., x .int64.: .*--columns path=…,style=…",
        ),
        ({"image": [b""], "style": [3]}, "no name"),
    ],
)
def test_unfit_files_are_refused_by_name(
    tmp_path: Path, columns: dict[str, Any], said: str
) -> None:
    metadata = {"huggingface": json.dumps({"info": {"features": {"style": {"names": STYLES}}}})}
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), tmp_path / "d.parquet")
    with pytest.raises(InputError, match=rf"d\.parquet.*{said}"):
        read_source(tmp_path)


def test_a_damaged_row_group_is_one_line(tmp_path: Path) -> None:
    file = write_dataset(tmp_path / "source/d.parquet", [0, 1, 0, 1, 0, 1])
    data = bytearray(file.read_bytes())
    start = data.index(png(3)[:40])
    data[start - 60 : start + 200] = bytes(260)
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"cannot read row group 0 of .*d\.parquet") as refusal:
        prepare(file, tmp_path / "collection", SETTINGS)
    assert "\n" not in str(refusal.value)


class Hub:
    """The hub's file system, holding the files of one folder and no connection to anywhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened: list[str] = []

    def glob(self, pattern: str) -> list[str]:
        base = pattern.removesuffix("/**/*.parquet")
        found = [
            path.relative_to(self.root).as_posix() for path in (self.root / base).rglob("*.parquet")
        ]
        return sorted(found, reverse=True)

    def open(self, address: str, mode: str) -> Any:
        self.opened.append(address)
        return (self.root / address.removeprefix("hf://")).open(mode)


def at_hub(monkeypatch: pytest.MonkeyPatch, hub: Any) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(HfFileSystem=lambda: hub))
    monkeypatch.setattr(parquet.fsspec, "open", getattr(hub, "open", fsspec.open))


def test_the_hub_is_read_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(tmp_path / "hub")
    for number in range(2):
        name = f"datasets/owner/art/data/train-0000{number}-of-00002.parquet"
        write_dataset(hub.root / name, [0, 1, 2], first=3 * number)
    at_hub(monkeypatch, hub)
    collection = prepare("hf:owner/art", tmp_path / "collection", SETTINGS)
    assert collection.column("id")[2:4] == [
        "train-00000-of-00002/000002",
        "train-00001-of-00002/000000",
    ]
    assert collection.column("given_split") == ["train"] * 6
    assert set(hub.opened) == {
        f"hf://datasets/owner/art/data/train-0000{n}-of-00002.parquet" for n in range(2)
    }
    opened = len(hub.opened)
    again = prepare("hf:owner/art", tmp_path / "collection", SETTINGS)
    assert again.fingerprint == collection.fingerprint
    assert len(hub.opened) == opened + 2  # the labels are read again, no picture is


def test_the_hubs_own_conversion_is_the_second_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(tmp_path / "hub")
    for side in ("train", "test"):
        write_dataset(
            hub.root / f"datasets/owner/art@refs%2Fconvert%2Fparquet/default/{side}/0000.parquet",
            [0, 1],
        )
    at_hub(monkeypatch, hub)
    assert [(entry.id, entry.split) for entry in read_source("hf:owner/art").entries] == [
        ("test/0000/000000", "test"),
        ("test/0000/000001", "test"),
        ("train/0000/000000", "train"),
        ("train/0000/000001", "train"),
    ]


def test_the_hub_may_fail_on_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(pattern: str) -> list[str]:
        raise ConnectionError("no route\nto host")

    with pytest.raises(InputError, match="hf:art: a data set's name has the form owner/name"):
        at_hub(monkeypatch, Hub(tmp_path))
        read_source("hf:art")
    with pytest.raises(InputError, match="hf:owner/art has no parquet files"):
        read_source("hf:owner/art")
    at_hub(monkeypatch, SimpleNamespace(glob=unreachable))
    with pytest.raises(
        InputError, match=r"cannot read hf:owner/art \(no route to host\): check the name"
    ):
        read_source("hf:owner/art")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"-m pip install 'huggingface_hub>="):
        read_source("hf:owner/art")


def test_a_connection_lost_while_decoding_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(tmp_path / "hub")
    write_dataset(hub.root / "datasets/owner/art/all.parquet", [0, 1, 2, 0])
    at_hub(monkeypatch, hub)
    source = read_source("hf:owner/art")

    def lost(address: str, mode: str) -> Any:
        if len(hub.opened) > 1:
            raise OSError("connection reset")
        return hub.open(address, mode)

    monkeypatch.setattr(parquet.fsspec, "open", lost)
    hub.opened.clear()
    assert len(source.entries) == 4
    with pytest.raises(
        InputError, match=r"cannot read row group 1 of hf://.* \(connection reset\): run again"
    ):
        prepare("hf:owner/art", tmp_path / "collection", SETTINGS)
